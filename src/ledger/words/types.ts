import type { Cause, DecisionReason, EvidenceKind, EvidenceStrength, Outcome } from '../../call/index.ts';
import type { NotificationState } from '../../journal/index.ts';

/** Whom a call came to: a number of a group's, a mailbox's, or nobody's. */
export interface Owner {
  readonly group: string | null;
  readonly mailbox: string | null;
}

/** The sentences of an explanation in one language. A `detail` is as it was recorded: addresses, counts, what a peer said. */
export interface Words {
  readonly outcomes: Record<Outcome, string>;
  readonly causes: Record<Cause, string>;
  /** `detail` is the decision's, e.g. the name of the policy that says no. */
  readonly reasons: Record<DecisionReason, (detail: string) => string>;
  /** Between what was seen and its detail. */
  readonly colon: string;
  readonly strengths: Record<EvidenceStrength, string>;
  /** What became of the mail, and what an admin can do; `id` is the notification's. */
  readonly states: Record<NotificationState, (id: string) => string>;
  /** What a kind of evidence means; left out where its detail alone says so. */
  readonly evidence: Readonly<Partial<Record<EvidenceKind, string>>>;
  /** Rules of the verdict, by their names; left out: as they are. */
  readonly rules: Readonly<Record<string, string>>;

  readonly came: (call: { id: string; sipCallId: string; peer: string; node: string }) => string;
  readonly called: (at: string, caller: string, callee: string, owner: Owner) => string;
  readonly hidden: string;
  readonly stillGoing: string;
  /** @param rang null: never; 'unknown': it did, how long is not known */
  readonly ended: (after: string, rang: string | null) => string;
  readonly foundStopped: (rang: string | null) => string;
  readonly seen: string;
  readonly nothingYet: string;
  readonly verdict: (name: string, outcome: Outcome, cause: Cause | null) => string;
  readonly rule: (rule: string) => string;
  readonly waits: (hasTotals: boolean, until: string) => string;
  readonly waitingRule: (rule: string) => string;
  readonly noVerdict: string;
  /** @param rang who, with the time after the start */
  readonly members: (group: string, rang: readonly { mailbox: string; after: string }[]) => string;
  readonly decision: (notify: boolean, mailbox: string | null, reason: DecisionReason, because: string) => string;
  readonly mail: (mail: {
    id: string;
    channel: string;
    state: NotificationState;
    attempts: number;
    messageId: string;
    lastError: string | null;
  }) => string;
}
