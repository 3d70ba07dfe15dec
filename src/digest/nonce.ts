import { createHmac, timingSafeEqual } from 'node:crypto';
import { nonceSalt } from './ids.ts';

/** A nonce counts for so long; its phone is asked again then, with `stale`, and need not ask its user. */
export const NONCE_LIFETIME_MS = 300_000;
/** A nonce may be so much from the future: threads of one machine share a clock that may be set back a little. */
export const NONCE_SKEW_MS = 5_000;

const TIME_BYTES = 6;
const SALT_BYTES = 6;
const SEAL_BYTES = 16;
const BYTES = TIME_BYTES + SALT_BYTES + SEAL_BYTES;
/** Base64url of `BYTES`, without padding. */
const CHARACTERS = Math.ceil((BYTES * 4) / 3);

export interface NonceSettings {
  /** Only who has it makes nonces that count: a secret of the process, shared by its threads. */
  readonly key: string;
  readonly realm: string;
  readonly lifetimeMs?: number;
}

/**
 * Nonces that need no memory: the time, and a seal over time, realm and the address that asked (RFC 7616 3.3 proposes such). What
 * one address was given is nothing to another, so that nobody can spread one nonce over a flood of forged addresses.
 */
export class Nonces {
  readonly #key: string;
  readonly #realm: string;
  readonly #lifetimeMs: number;

  constructor({ key, realm, lifetimeMs = NONCE_LIFETIME_MS }: NonceSettings) {
    if (key === '') throw new Error('Nonces need a key: without one anybody could make them.');
    this.#key = key;
    this.#realm = realm;
    this.#lifetimeMs = lifetimeMs;
  }

  /** @param source the IP address that will show it */
  issue(source: string, nowMs: number): string {
    const bytes = Buffer.alloc(BYTES);
    bytes.writeUIntBE(Math.max(0, Math.trunc(nowMs)), 0, TIME_BYTES);
    nonceSalt(SALT_BYTES).copy(bytes, TIME_BYTES);
    this.#seal(bytes, source).copy(bytes, TIME_BYTES + SALT_BYTES);
    return bytes.toString('base64url');
  }

  /** When it was issued; null: it is not ours, not this address's, or it has expired. */
  issuedAt(nonce: string, source: string, nowMs: number): number | null {
    if (nonce.length !== CHARACTERS) return null;
    const bytes = Buffer.from(nonce, 'base64url');
    // Characters that are none are passed over by the decoder, and the last one has bits to spare: one nonce, one text.
    if (bytes.length !== BYTES || bytes.toString('base64url') !== nonce) return null;
    if (!timingSafeEqual(this.#seal(bytes, source), bytes.subarray(TIME_BYTES + SALT_BYTES))) return null;
    const issuedAt = bytes.readUIntBE(0, TIME_BYTES);
    const ageMs = nowMs - issuedAt;
    return ageMs >= -NONCE_SKEW_MS && ageMs <= this.#lifetimeMs ? issuedAt : null;
  }

  #seal(bytes: Buffer, source: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(bytes.subarray(0, TIME_BYTES + SALT_BYTES))
      .update(`${addressOf(source)}\0${this.#realm}`, 'utf8')
      .digest()
      .subarray(0, SEAL_BYTES);
  }
}

/** One spelling: a socket for both families shows ::ffff:192.0.2.1 for 192.0.2.1, and some write brackets. */
function addressOf(source: string): string {
  return source
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:(?=\d+\.)/, '');
}
