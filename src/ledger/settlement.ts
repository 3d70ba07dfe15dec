import type { CallStart, CallState, Evidence, Judgement } from '../call/index.ts';
import type {
  CallView,
  NotificationContent,
  NotificationRecord,
  NotificationSummary,
  Settlement,
} from '../journal/index.ts';
import type { Policy } from '../policy/index.ts';
import { decide } from './decide.ts';

/** How a call went, apart from what was known when it began. */
export interface CallCourse {
  readonly rangAt: number | null;
  readonly rangMs: number | null;
  readonly answeredAt: number | null;
  readonly answeredBy: 'phone' | 'voicemail' | null;
  readonly endedAt: number;
  readonly state: CallState | null;
}

export interface Judged extends Judgement {
  readonly start: CallStart;
  readonly course: CallCourse;
  /** All of it. */
  readonly evidence: readonly Evidence[];
  /** The part of it that the journal has not seen. */
  readonly newEvidence: readonly Evidence[];
}

export interface SettlementMaker {
  readonly policy: Policy;
  readonly node: string;
  readonly newId: () => string;
  readonly now: number;
}

/** Everything that is committed about a call that has been judged. A pending verdict decides nothing yet. */
export function settlementOf(judged: Judged, maker: SettlementMaker): Settlement {
  const { start, course, rule, verdict, evidence, newEvidence } = judged;
  const common = { callId: start.id, ...course, rule, evidence: newEvidence };
  if (verdict.outcome === null) {
    const { pendingUntil } = verdict;
    return { ...common, verdict: { outcome: null, pendingUntil }, decisions: [], notifications: [] };
  }
  const { rangAt, rangMs, endedAt, state } = course;
  const decisions = decide({ call: start, verdict, rangAt, rangMs, endedAt, state, evidence, policy: maker.policy });
  const notifications = decisions.flatMap(({ record: { mailbox }, content }) =>
    content === null || mailbox === null ? [] : [notificationFor(start.id, mailbox, content, maker)],
  );
  const { outcome, cause } = verdict;
  return { ...common, verdict: { outcome, cause }, decisions: decisions.map(({ record }) => record), notifications };
}

function notificationFor(
  callId: string,
  mailbox: string,
  content: NotificationContent,
  maker: SettlementMaker,
): NotificationRecord {
  const id = maker.newId();
  return {
    id,
    callId,
    mailbox,
    channel: 'email',
    state: 'due',
    attempts: 0,
    createdAt: maker.now,
    dueAt: maker.now,
    claimedBy: null,
    leaseUntil: null,
    messageId: messageIdOf(id, maker.node),
    lastError: null,
    sentAt: null,
    content,
  };
}

/**
 * The Message-ID (RFC 5322 3.6.4) of a notification: the same at every attempt, so that a mail system which has taken the
 * mail already can tell. The node's name is brought into the shape of a host name.
 */
export function messageIdOf(notificationId: string, node: string): string {
  const labels = node
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .split('.')
    .map((label) => label.slice(0, MAX_LABEL_LENGTH).replaceAll(/^-+|-+$/g, ''))
    .filter((label) => label !== '');
  return `<${notificationId}@${['missed-call', ...labels.slice(0, MAX_LABELS)].join('.')}>`;
}

/** RFC 1035 2.3.4; four labels of it keep the Message-ID within one line of a header (RFC 5322 2.1.1). */
const MAX_LABEL_LENGTH = 63;
const MAX_LABELS = 4;

/** The call as the journal shows it once the settlement is committed. */
export function viewOf({ start, evidence }: Judged, settlement: Settlement, node: string): CallView {
  const { verdict } = settlement;
  return {
    id: start.id,
    sipCallId: start.sipCallId,
    node,
    caller: start.caller,
    callee: start.callee,
    calleeUri: start.calleeUri,
    mailbox: start.mailbox,
    group: start.group,
    peer: start.peer,
    startedAt: start.startedAt,
    rangAt: settlement.rangAt,
    answeredAt: settlement.answeredAt,
    answeredBy: settlement.answeredBy,
    endedAt: settlement.endedAt,
    rangMs: settlement.rangMs,
    outcome: verdict.outcome,
    cause: verdict.outcome === null ? null : verdict.cause,
    pendingUntil: verdict.outcome === null ? verdict.pendingUntil : null,
    state: settlement.state,
    rule: settlement.rule,
    evidence,
    decisions: settlement.decisions.map((decision) => ({
      ...decision,
      notifications: settlement.notifications.filter(({ mailbox }) => mailbox === decision.mailbox).map(summaryOf),
    })),
  };
}

function summaryOf({ id, channel, state, attempts, messageId, lastError }: NotificationRecord): NotificationSummary {
  return { id, channel, state, attempts, messageId, lastError };
}
