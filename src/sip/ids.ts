import { randomInt, randomUUID } from 'node:crypto';
import { BRANCH_COOKIE } from './message/via.ts';

/** Every random word of the stack is made here. `randomUUID` draws 122 bits from a pool, so a call costs little. */

/** RFC 3261 8.1.1.7: unique across space and time, with the magic cookie. */
export function newBranch(): string {
  return `${BRANCH_COOKIE}-${randomUUID()}`;
}

/** RFC 3261 19.3 wants 32 random bits at least; this has 60. */
export function newTag(): string {
  return randomUUID().replaceAll('-', '').slice(0, 16);
}

/** RFC 3261 8.1.1.4, without a host: it need not tell where it was made. */
export function newCallId(): string {
  return randomUUID();
}

export function newTransactionId(): string {
  return randomUUID();
}

/** RFC 3262 3: the first RSeq, chosen uniformly from 1 to 2^31 - 1. */
export function newRSeq(): number {
  return randomInt(1, 2 ** 31);
}

const RANDOM_STEPS = 2 ** 32;

/** 0 <= n < 1, for choices among equals (RFC 2782). */
export function randomFraction(): number {
  return randomInt(RANDOM_STEPS) / RANDOM_STEPS;
}
