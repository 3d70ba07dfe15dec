import { means } from '../../call/index.ts';
import type { Failure } from './outcome.ts';

/**
 * The best of several failures (RFC 3261 16.7 step 6): a user's 6xx before all else, else the lowest class; within a class
 * what tells most of the called user. Of equals, the first.
 * @param of `group`: several users, of whom one cannot speak for the others: its 6xx comes last
 * @returns null where there is none
 */
export function bestFailure(failures: readonly Failure[], of: 'user' | 'group'): Failure | null {
  let best: Failure | null = null;
  for (const failure of failures) {
    if (best === null || rank(failure, of) < rank(best, of)) best = failure;
  }
  return best;
}

function rank(failure: Failure, of: 'user' | 'group'): number {
  const status = statusOf(failure);
  const kind = Math.floor(status / 100);
  if (kind === 6 && of === 'user') return 0;
  // RFC 3261 16.7 step 6: a redirection that nobody followed is for us; the caller would get 480 for it.
  return (kind === 3 ? 4 : kind) * 10 + weight(failure, status);
}

/** RFC 3261 16.7 step 6 and 16.9: silence counts as 408, what could not be sent as 503. */
function statusOf(failure: Failure): number {
  switch (failure.kind) {
    case 'final':
      return failure.status;
    case 'timed-out':
      return 408;
    case 'failed':
      return failure.failure === 'timeout' ? 408 : 503;
  }
}

/** The lower, the more it tells. */
function weight(failure: Failure, status: number): number {
  if (failure.kind === 'failed') return 6;
  if (failure.kind === 'timed-out') return 1;
  if (means.busy(failure) || means.declined(failure)) return 0;
  if (failure.rang) return 1;
  // RFC 3261 16.7 step 6 prefers what makes the caller send a better request. 401 and 407 are challenges to us, not to it.
  if ([415, 420, 484].includes(status)) return 2;
  return status === 401 || status === 407 || status < 400 ? 5 : 3;
}
