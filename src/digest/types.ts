/** What is hashed with (RFC 7616 6.1), as challenges name it. The `-sess` variants are neither offered nor answered. */
export type DigestAlgorithm = 'SHA-512-256' | 'SHA-256' | 'MD5';

/** RFC 8760 2.4: what we ask with, the one we prefer first. */
export const OFFERED_ALGORITHMS: readonly DigestAlgorithm[] = ['SHA-256', 'MD5'];

/** What an Authorization or Proxy-Authorization field shows (RFC 7616 3.4). Nothing in it is believed yet. */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Hex, in lower case. */
  readonly response: string;
  /** Null: none that we know. */
  readonly algorithm: DigestAlgorithm | null;
  /** `auth`, in lower case; empty: none, as RFC 2069 had it. */
  readonly qop: string;
  readonly cnonce: string;
  /** Eight hex digits; empty: none. */
  readonly nc: string;
}

/** What a WWW-Authenticate or Proxy-Authenticate field asks for (RFC 7616 3.3). */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  /** `auth` is among those it offers; false: it offers none, as RFC 2069 had it. */
  readonly qopAuth: boolean;
  readonly opaque: string | null;
  readonly stale: boolean;
}
