import { createHash, randomInt, randomUUID, timingSafeEqual } from 'node:crypto';

/** Message ids of the protocol: lower-case v4 UUIDs. */
export function newUuid(): string {
  return randomUUID();
}

/** The first CSeq of a request to which the application gave none: below 2^27, far from 2^31 (RFC 3261 8.1.1.5). */
export function newSequence(): number {
  return randomInt(1, 1 << 27);
}

/** Compares secrets in a time that does not tell how much of them was right. `given` has one character per byte. */
export function sameSecret(given: string, expected: string): boolean {
  const a = createHash('sha256').update(given, 'latin1').digest();
  const b = createHash('sha256').update(expected, 'utf8').digest();
  return timingSafeEqual(a, b);
}
