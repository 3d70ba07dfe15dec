import { hashOf, newSecret } from '../ids.ts';

/** A link that was never followed is of no use to whoever finds it later. */
export const LINK_LIVES_MS = 24 * 60 * 60_000;

/** The one-time secret by which the first account is made; it lives as long as the process at most. */
export interface FirstAccount {
  /** Another secret, in the place of any before. */
  offer(): string;
  /** Whether it is the one; it is no more after that, unless `again` is called. */
  take(secret: string): boolean;
  /** It was taken, but the account could not be made. */
  again(secret: string): void;
}

export function createFirstAccount(now: () => number): FirstAccount {
  let hash: string | null = null;
  let until = 0;
  return {
    offer() {
      const secret = newSecret();
      hash = hashOf(secret);
      until = now() + LINK_LIVES_MS;
      return secret;
    },
    take(secret) {
      // Of digests: how much of it is right shows in no time.
      if (hash === null || now() >= until || hashOf(secret) !== hash) return false;
      hash = null;
      return true;
    },
    again(secret) {
      hash = hashOf(secret);
    },
  };
}
