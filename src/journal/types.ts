import type { CallStart, CallState, Cause, DecisionReason, Evidence, Outcome, Party } from '../call/index.ts';

/** A call as the journal has it. Times are milliseconds since the epoch. */
export interface CallRecord {
  readonly id: string;
  readonly sipCallId: string;
  readonly node: string;
  readonly caller: Party;
  readonly callee: string;
  readonly calleeUri: string;
  readonly mailbox: string | null;
  readonly group: string | null;
  readonly peer: string;
  readonly startedAt: number;
  readonly rangAt: number | null;
  readonly answeredAt: number | null;
  readonly answeredBy: 'phone' | 'voicemail' | null;
  readonly endedAt: number | null;
  readonly rangMs: number | null;
  readonly outcome: Outcome | null;
  readonly cause: Cause | null;
  readonly pendingUntil: number | null;
  /** The folded call, kept from the end of the call on (a pending verdict is judged from it later, also after a restart). */
  readonly state: CallState | null;
  /** The rule that made the verdict (or left it pending), in words: rules change, what was decided does not. */
  readonly rule: string | null;
  readonly evidence: readonly Evidence[];
}

export const NOTIFICATION_STATES = ['due', 'claimed', 'sent', 'dead', 'dropped'] as const;
export type NotificationState = (typeof NOTIFICATION_STATES)[number];

/** Everything a notification's renderer needs, fixed when the decision was made. Strings from SIP are hostile. */
export interface NotificationContent {
  readonly recipient: {
    readonly address: string;
    readonly displayName: string;
    /** BCP 47. */
    readonly language: string;
    /** IANA zone. */
    readonly timeZone: string;
  };
  readonly caller: Party;
  /** The user's number that was dialled. */
  readonly callee: string;
  readonly startedAt: number;
  readonly rangMs: number | null;
  readonly cause: Cause | null;
  readonly sipCallId: string;
}

export interface NotificationRecord {
  /** UUIDv7. */
  readonly id: string;
  readonly callId: string;
  readonly mailbox: string;
  readonly channel: 'email';
  readonly state: NotificationState;
  /** Sends begun so far. */
  readonly attempts: number;
  readonly createdAt: number;
  /** Not claimed before this time. */
  readonly dueAt: number;
  /** Who sends it now, until when. */
  readonly claimedBy: string | null;
  readonly leaseUntil: number | null;
  /** Derived from `id`: set at creation, the same at every attempt. */
  readonly messageId: string;
  readonly lastError: string | null;
  readonly sentAt: number | null;
  readonly content: NotificationContent;
}

export interface DecisionRecord {
  readonly mailbox: string | null;
  /** The called user's own decision (others: group members, later). */
  readonly primary: boolean;
  readonly decision: 'notify' | 'skip';
  readonly reason: DecisionReason;
  /** What a person is told besides, e.g. the condition's name, or the policy that says no. */
  readonly detail: string | null;
}

/** What is committed when a call has its verdict: all of it in one transaction, or none. */
export interface Settlement {
  readonly callId: string;
  readonly endedAt: number;
  readonly rangAt: number | null;
  readonly rangMs: number | null;
  readonly answeredAt: number | null;
  readonly answeredBy: 'phone' | 'voicemail' | null;
  readonly state: CallState | null;
  readonly rule: string | null;
  /** Added to what the journal has already. */
  readonly evidence: readonly Evidence[];
  readonly verdict:
    | { readonly outcome: Outcome; readonly cause: Cause | null }
    | { readonly outcome: null; readonly pendingUntil: number };
  readonly decisions: readonly DecisionRecord[];
  readonly notifications: readonly NotificationRecord[];
}

/** A call with all that was decided about it, for lists and `explain`. */
export interface CallView extends CallRecord {
  readonly decisions: readonly (DecisionRecord & { readonly notifications: readonly NotificationSummary[] })[];
}

export interface NotificationSummary {
  readonly id: string;
  readonly channel: string;
  readonly state: NotificationState;
  readonly attempts: number;
  readonly messageId: string;
  readonly lastError: string | null;
}

/** How many messages a mailbox had when its voicemail system last told. */
export interface MessageTotalsRecord {
  readonly mailbox: string;
  readonly total: number;
  readonly at: number;
}

/** One contact of a registered phone (RFC 3261 10). */
export interface RegistrationRecord {
  /** The user part of the address-of-record, as the phone registered it. */
  readonly aor: string;
  /** The Contact URI. */
  readonly contact: string;
  /** RFC 5626: `+sip.instance` and `reg-id`, null where it gave none. */
  readonly instance: string | null;
  readonly regId: number | null;
  /** RFC 3327, outermost first. */
  readonly path: readonly string[];
  /** Lower is rung later (RFC 3261 20.10), 0 to 1. */
  readonly q: number;
  readonly callId: string;
  readonly cseq: number;
  readonly userAgent: string;
  /** `udp/192.0.2.7:5060`: where the REGISTER came from. */
  readonly source: string;
  readonly expiresAt: number;
}

export interface QueueCounts {
  readonly notifications: Readonly<Record<NotificationState, number>>;
  /** Of those that have not been handed over nor given up, the one that was made first. */
  readonly oldest: { readonly createdAt: number; readonly attempts: number; readonly lastError: string | null } | null;
}

/**
 * The durable record, behind one interface and one behaviour suite (test/journal/behaviour.ts) for every backend.
 * Statements of calls made without awaiting the one before are committed in the order of the calls (group commit).
 */
export interface Journal {
  /** First record of a call. A second one of the same id changes nothing. */
  begin(start: CallStart): Promise<void>;
  rang(callId: string, at: number): Promise<void>;
  /** The first answer counts, and a phone's over the voicemail system's. */
  answered(callId: string, at: number, by: 'phone' | 'voicemail'): Promise<void>;
  addEvidence(callId: string, evidence: readonly Evidence[]): Promise<void>;
  /**
   * Commits a settlement in one transaction. Unique by call, mailbox and channel: settling again a call that already has
   * its outcome changes nothing and answers false.
   */
  settle(settlement: Settlement): Promise<boolean>;
  /**
   * Calls that have neither outcome nor end: a starting gateway settles them as interrupted. A backend that serves one gateway
   * at a time (SQLite: its lock) gives those of every node, one that several share only this node's.
   */
  unfinished(): Promise<CallRecord[]>;
  /** Calls of this mailbox (as the called user's, or a group member's) whose verdict is pending, oldest first. */
  pendingOf(mailbox: string): Promise<CallRecord[]>;
  /** Calls whose pending verdict is due. */
  pendingDue(now: number, limit: number): Promise<CallRecord[]>;

  /** Frees the claims of an earlier life (a starting gateway); whose, as with `unfinished`. Returns how many. */
  releaseClaims(now: number): Promise<number>;
  /** Claims up to `limit` due notifications (and those whose lease has run out) for `owner`; counts the attempt. */
  claim(owner: string, now: number, leaseMs: number, limit: number): Promise<NotificationRecord[]>;
  /** Prolongs leases still held by `owner`; answers the ids that are. */
  renew(owner: string, ids: readonly string[], leaseUntil: number): Promise<string[]>;
  /** `claimed` by owner -> `sent`. False where the claim was lost. */
  complete(owner: string, id: string, sentAt: number): Promise<boolean>;
  /** `claimed` by owner -> `due` again at `dueAt`, or `dead`. False where the claim was lost. */
  fail(owner: string, id: string, error: string, next: { readonly dueAt: number } | 'dead'): Promise<boolean>;
  /** When the next notification falls due (or its lease runs out), null where none waits. */
  nextDueAt(): Promise<number | null>;
  /** An admin's retry of a dead or due one (due now, attempts kept), or drop of one not sent. False where state forbids. */
  retry(id: string, now: number): Promise<boolean>;
  drop(id: string): Promise<boolean>;

  /** The last known total of every mailbox; a starting gateway compares what it is told with it. */
  messageTotals(): Promise<MessageTotalsRecord[]>;
  /** Takes the place of the mailbox's, unless that is newer. */
  saveMessageTotals(totals: MessageTotalsRecord): Promise<void>;
  /** Those that have not expired, by address-of-record. Which of them still hold after a restart is the gateway's to say. */
  registrations(): Promise<RegistrationRecord[]>;
  /** Puts these in the place of all that the address-of-record had. */
  saveRegistrations(aor: string, contacts: readonly RegistrationRecord[]): Promise<void>;

  /** Newest last. */
  calls(query: { readonly limit: number; readonly before?: string }): Promise<CallView[]>;
  /** By our id, an unambiguous prefix or suffix of it, or the SIP Call-ID (then the newest). */
  call(idOrCallId: string): Promise<CallView | null>;
  notifications(query: {
    readonly states?: readonly NotificationState[];
    readonly limit: number;
  }): Promise<NotificationRecord[]>;
  /** Costs the same however many there are: it is asked at each scrape of the metrics. */
  counts(): Promise<QueueCounts>;
  /** Resolves if a write can be committed now. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
