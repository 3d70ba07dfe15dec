import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { CallStart, Evidence, Party } from '../../src/call/index.ts';
import type { NotificationRecord, RegistrationRecord, Settlement } from '../../src/journal/index.ts';

export const T0 = 1_790_000_000_000;

export const bob: Party = {
  number: '+33140009999',
  uri: 'sip:+33140009999@carrier.example',
  displayName: 'Bob Dupont',
  hidden: false,
};

export function evidence(detail: string, at = T0): Evidence {
  return { at, kind: 'rang', source: 'leg-1', strength: 'certain', detail };
}

export function callStart(changes: Partial<CallStart> = {}): CallStart {
  const id = changes.id ?? uuidv7();
  return {
    id,
    sipCallId: `${id}@10.0.0.1`,
    caller: bob,
    callee: '1001',
    calleeUri: 'sip:1001@pbx.example',
    mailbox: 'alice',
    group: null,
    peer: 'pbx',
    startedAt: T0,
    evidence: [],
    ...changes,
  };
}

export function notification(callId: string, changes: Partial<NotificationRecord> = {}): NotificationRecord {
  const id = changes.id ?? uuidv7();
  return {
    id,
    callId,
    mailbox: 'alice',
    channel: 'email',
    state: 'due',
    attempts: 0,
    createdAt: T0,
    dueAt: T0,
    claimedBy: null,
    leaseUntil: null,
    messageId: `<${id}@missed-call.gw1>`,
    lastError: null,
    sentAt: null,
    content: {
      recipient: { address: 'alice@example.com', displayName: 'Alice', language: 'fr-FR', timeZone: 'Europe/Paris' },
      caller: bob,
      callee: '1001',
      startedAt: T0,
      rangMs: 20_000,
      cause: 'no-answer',
      sipCallId: 'a@b',
    },
    ...changes,
  };
}

/** A missed call with one notification. */
export function missed(callId: string, changes: Partial<Settlement> = {}): Settlement {
  return {
    callId,
    endedAt: T0 + 21_000,
    rangAt: T0 + 1_000,
    rangMs: 20_000,
    answeredAt: null,
    answeredBy: null,
    state: { voicemailAccess: false, callers: [], legs: [] },
    rule: 'rang, and nobody answered',
    evidence: [],
    verdict: { outcome: 'missed', cause: 'no-answer' },
    decisions: [{ mailbox: 'alice', primary: true, decision: 'notify', reason: 'missed', detail: null }],
    notifications: [notification(callId)],
    ...changes,
  };
}

/** The same, while its verdict waits for evidence. */
export function pending(callId: string, pendingUntil: number): Settlement {
  return missed(callId, { verdict: { outcome: null, pendingUntil }, decisions: [], notifications: [] });
}

/** A phone's contact, which has an hour to live. */
export function registration(changes: Partial<RegistrationRecord> = {}): RegistrationRecord {
  return {
    aor: '1001',
    contact: 'sip:1001@192.0.2.7:5062;transport=udp',
    instance: '<urn:uuid:00000000-0000-1000-8000-000a95a0e128>',
    regId: 1,
    path: ['<sip:edge.example;lr>', '<sip:inner.example;lr>'],
    q: 0.7,
    callId: 'register-1@192.0.2.7',
    cseq: 4,
    userAgent: 'phone/1.0',
    source: 'udp/192.0.2.7:5062',
    expiresAt: T0 + 3_600_000,
    ...changes,
  };
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'mcg-journal-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
