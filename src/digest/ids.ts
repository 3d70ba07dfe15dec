import { randomBytes } from 'node:crypto';

/** Told apart from every other nonce of the same millisecond. */
export function nonceSalt(bytes: number): Buffer {
  return randomBytes(bytes);
}

/** RFC 7616 3.4: what a client adds, so that nobody knows the hashed text beforehand. */
export function newCnonce(): string {
  return randomBytes(12).toString('hex');
}

/** For `Nonces`: one for each process. */
export function newNonceKey(): string {
  return randomBytes(32).toString('base64url');
}
