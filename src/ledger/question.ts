import type { CallStart, CallState, Evidence, Verdict } from '../call/index.ts';
import type { Policy } from '../policy/index.ts';

/** What is known of a call from its first INVITE on: a CallStart has it, and a CallRecord. */
export type CallFacts = Pick<
  CallStart,
  'id' | 'sipCallId' | 'caller' | 'callee' | 'mailbox' | 'group' | 'peer' | 'startedAt'
>;

export interface Question {
  readonly call: CallFacts;
  readonly verdict: Verdict;
  readonly rangAt: number | null;
  readonly rangMs: number | null;
  readonly endedAt: number;
  /** Which legs rang for whom; null where the gateway did not see the call to its end. */
  readonly state: CallState | null;
  readonly evidence: readonly Evidence[];
  /** The policy that holds now, not the one that held when the call came. */
  readonly policy: Policy;
}
