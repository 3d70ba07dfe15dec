/** The closed sets of words a verdict is made of (the table is in classifier.ts). */

export const OUTCOMES = ['answered', 'voicemail', 'missed', 'elsewhere', 'rejected', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why. Null where the outcome says it all. */
export const CAUSES = [
  'caller-hung-up',
  'no-answer',
  'busy',
  'declined',
  'unreachable',
  'voicemail-abandoned',
  'voicemail-blank',
  'voicemail-access',
  'unwanted',
  'interrupted',
] as const;
export type Cause = (typeof CAUSES)[number];

/** Every decision carries one of these. `missed` is the only one that notifies. */
export const DECISION_REASONS = [
  'missed',
  'answered',
  'answered-elsewhere',
  'voicemail-left',
  'voicemail-access',
  'rejected',
  'not-rung',
  'policy-disabled',
  'mailbox-disabled',
  'no-mailbox',
  'no-email-address',
  'condition',
  'duplicate',
  'collapsed',
  'called-back',
] as const;
export type DecisionReason = (typeof DECISION_REASONS)[number];

/** A judgement on a whole call. `reason` is the default decision's: `missed` notifies, any other skips. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly cause: Cause | null;
  readonly reason: DecisionReason;
}

/** A verdict that waits for evidence until `pendingUntil` (milliseconds since the epoch). */
export interface PendingVerdict {
  readonly outcome: null;
  readonly pendingUntil: number;
}

/** A verdict and the line of the table that made it. */
export interface Judgement {
  readonly rule: string;
  readonly verdict: Verdict | PendingVerdict;
  /** What it rests on where no evidence says so: one plain clause, for people. Absent: the evidence says it. */
  readonly note?: string;
}

export function verdict(outcome: Outcome, cause: Cause | null, reason: DecisionReason): Verdict {
  return { outcome, cause, reason };
}

export function missed(cause: Cause): Verdict {
  return verdict('missed', cause, 'missed');
}

export const VOICEMAIL_ACCESS = verdict('answered', 'voicemail-access', 'voicemail-access');
export const ELSEWHERE = verdict('elsewhere', null, 'answered-elsewhere');

/** Nobody is mailed about a call to their own voicemail or from their own number, however it ended. */
export function unmailed(found: Verdict | PendingVerdict): Verdict | PendingVerdict {
  return found.outcome !== null && found.reason === 'missed' ? { ...found, reason: 'voicemail-access' } : found;
}
