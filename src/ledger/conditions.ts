import type { Verdict } from '../call/index.ts';
import type { Conditions, Policy } from '../policy/index.ts';
import type { CallFacts } from './question.ts';

/** A call as the conditions of a mailbox policy see it. */
export interface ConditionedCall {
  readonly call: CallFacts;
  readonly verdict: Verdict;
  /** How long the mailbox's own phones rang. */
  readonly rangMs: number | null;
  /** It was called as a member of a group. */
  readonly asMember: boolean;
}

/** The peer that registered phones call as. */
const PHONES = 'phones';

/**
 * The first condition that says no, as its key stands in policy.yaml; null where all hold. How long it rang is asked of calls
 * that rang: for those that did not there are `busy`, `declined` and `unreachable`.
 */
export function unmetCondition(asked: ConditionedCall, conditions: Conditions, policy: Policy): string | null {
  const { call, verdict, rangMs, asMember } = asked;
  const { cause } = verdict;
  const internal = isInternal(call, policy);
  if (internal && !conditions.internalCalls) return 'conditions.internalCalls';
  if (!internal && !conditions.externalCalls) return 'conditions.externalCalls';
  if (call.caller.hidden && !conditions.hiddenCallers) return 'conditions.hiddenCallers';
  if (rangMs !== null && rangMs < conditions.minimumRingMs) return 'conditions.minimumRing';
  if (cause === 'busy' && !conditions.busy) return 'conditions.busy';
  if (cause === 'declined' && !conditions.declined) return 'conditions.declined';
  if (cause === 'unreachable' && !conditions.unreachable) return 'conditions.unreachable';
  return asMember && !conditions.groupCalls ? 'conditions.groupCalls' : null;
}

/** From a registered phone, or from a number or address that is a mailbox's, in whatever dial plan. */
function isInternal({ peer, caller }: CallFacts, policy: Policy): boolean {
  return peer === PHONES || policy.findMailbox({ user: caller.number, uri: caller.uri }).kind !== 'none';
}
