/** Nonces whose count is remembered: each lives for minutes, and a phone has one or two. */
export const MAX_NONCES = 50_000;

interface Seen {
  readonly issuedAt: number;
  nc: number;
}

/**
 * How often each nonce was used (RFC 7616 3.4, `nc`): who repeats what it overheard is refused. Only what came with the right
 * password is entered, so that no stranger takes a place. Where all are taken the oldest go, and they, with all that are no younger,
 * count as expired.
 */
export class NonceCounts {
  readonly #max: number;
  /** In the order in which they were first used. */
  readonly #seen = new Map<string, Seen>();
  #forgottenUntil = -Infinity;

  constructor(max = MAX_NONCES) {
    this.#max = max;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Whether this use is the nonce's next one; then it is remembered. False: a repetition, or a nonce that was forgotten. */
  use(nonce: string, issuedAt: number, nc: number): boolean {
    const seen = this.#seen.get(nonce);
    if (seen !== undefined) {
      if (nc <= seen.nc) return false;
      seen.nc = nc;
      return true;
    }
    if (nc < 1 || issuedAt <= this.#forgottenUntil) return false;
    if (this.#seen.size >= this.#max) this.#forgetOldest();
    this.#seen.set(nonce, { issuedAt, nc });
    return true;
  }

  #forgetOldest(): void {
    for (const [nonce, { issuedAt }] of this.#seen) {
      this.#seen.delete(nonce);
      this.#forgottenUntil = Math.max(this.#forgottenUntil, issuedAt);
      return;
    }
  }
}
