import type { SQLOutputValue } from 'node:sqlite';
import type { CallState, Evidence, Party } from '../../call/index.ts';
import type {
  CallRecord,
  DecisionRecord,
  NotificationContent,
  NotificationRecord,
  MessageTotalsRecord,
  NotificationState,
  NotificationSummary,
  RegistrationRecord,
} from '../types.ts';

/** One row as SQLite gives it. What may stand in which column is the schema's business (its CHECKs), so it is believed here. */
export type Row = Record<string, SQLOutputValue>;

export function parse(json: SQLOutputValue | undefined): unknown {
  return JSON.parse(String(json));
}

export function text(value: SQLOutputValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

export function integer(value: SQLOutputValue | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

export function callRecord(row: Row): CallRecord {
  return {
    id: String(row['id']),
    sipCallId: String(row['sip_call_id']),
    node: String(row['node']),
    caller: parse(row['caller']) as Party,
    callee: String(row['callee']),
    calleeUri: String(row['callee_uri']),
    mailbox: text(row['mailbox']),
    group: text(row['called_group']),
    peer: String(row['peer']),
    startedAt: Number(row['started_at']),
    rangAt: integer(row['rang_at']),
    answeredAt: integer(row['answered_at']),
    answeredBy: text(row['answered_by']) as CallRecord['answeredBy'],
    endedAt: integer(row['ended_at']),
    rangMs: integer(row['rang_ms']),
    outcome: text(row['outcome']) as CallRecord['outcome'],
    cause: text(row['cause']) as CallRecord['cause'],
    pendingUntil: integer(row['pending_until']),
    state: row['state'] === null ? null : (parse(row['state']) as CallState),
    rule: text(row['rule']),
    evidence: parse(row['evidence']) as Evidence[],
  };
}

export function decisionRecord(row: Row): DecisionRecord {
  return {
    mailbox: text(row['mailbox']),
    primary: row['is_primary'] === 1,
    decision: String(row['decision']) as DecisionRecord['decision'],
    reason: String(row['reason']) as DecisionRecord['reason'],
    detail: text(row['detail']),
  };
}

export function notificationRecord(row: Row): NotificationRecord {
  return {
    id: String(row['id']),
    callId: String(row['call_id']),
    mailbox: String(row['mailbox']),
    channel: 'email',
    state: String(row['state']) as NotificationState,
    attempts: Number(row['attempts']),
    createdAt: Number(row['created_at']),
    dueAt: Number(row['due_at']),
    claimedBy: text(row['claimed_by']),
    leaseUntil: integer(row['lease_until']),
    messageId: String(row['message_id']),
    lastError: text(row['last_error']),
    sentAt: integer(row['sent_at']),
    content: parse(row['content']) as NotificationContent,
  };
}

export function notificationSummary(row: Row): NotificationSummary {
  return {
    id: String(row['id']),
    channel: String(row['channel']),
    state: String(row['state']) as NotificationState,
    attempts: Number(row['attempts']),
    messageId: String(row['message_id']),
    lastError: text(row['last_error']),
  };
}

export function messageTotalsRecord(row: Row): MessageTotalsRecord {
  return { mailbox: String(row['mailbox']), total: Number(row['total']), at: Number(row['at']) };
}

export function registrationRecord(row: Row): RegistrationRecord {
  return {
    aor: String(row['aor']),
    contact: String(row['contact']),
    instance: text(row['instance']),
    regId: integer(row['reg_id']),
    path: parse(row['path']) as string[],
    q: Number(row['q']),
    callId: String(row['call_id']),
    cseq: Number(row['cseq']),
    userAgent: String(row['user_agent']),
    source: String(row['source']),
    expiresAt: Number(row['expires_at']),
  };
}
