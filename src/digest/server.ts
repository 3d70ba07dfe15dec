import { digestResponse, hash, sameHash } from './hash.ts';
import { Nonces } from './nonce.ts';
import { NonceCounts } from './nonce-counts.ts';
import { parseCredentials } from './credentials.ts';
import { quoted } from './parameters.ts';
import { OFFERED_ALGORITHMS, type DigestAlgorithm, type DigestCredentials } from './types.ts';

/**
 * The values of a challenge's header fields, one for each algorithm, in the order of preference (RFC 8760 2.4). They share the nonce:
 * who reads two of them as one gets a challenge that can be answered.
 */
export function challengesFor(
  realm: string,
  nonce: string,
  stale: boolean,
  algorithms: readonly DigestAlgorithm[] = OFFERED_ALGORITHMS,
): readonly string[] {
  const said = `realm=${quoted(realm)}, qop="auth", nonce=${quoted(nonce)}`;
  return algorithms.map((name) => `Digest ${said}${stale ? ', stale=TRUE' : ''}, algorithm=${name}`);
}

export interface DigestServerSettings {
  readonly realm: string;
  /** For nonces: a secret of the process. */
  readonly key: string;
  readonly now: () => number;
  readonly counts?: NonceCounts;
}

export interface DigestRequest {
  readonly method: string;
  /** Authorization and Proxy-Authorization, each value; several may stand in one, joined by commas. */
  readonly headers: readonly string[];
  /** The IP address that it came from. */
  readonly source: string;
  /** What is answered now. */
  readonly algorithms: readonly DigestAlgorithm[];
}

/** The HA1 of a user, in hex; null: no such user, or none of this algorithm. */
export type FindHa1 = (username: string, algorithm: DigestAlgorithm) => string | null;

export type DigestVerdict =
  /** It shows nothing for our realm that we could check: to be challenged. */
  | { readonly kind: 'none' }
  /** Its nonce is not ours any more, or was used so before: to be challenged with `stale`. */
  | { readonly kind: 'stale' }
  /** No such user, or not the password: nobody can tell which. */
  | { readonly kind: 'wrong'; readonly username: string }
  /** `uri`: of which it speaks; to be compared with the request's. */
  | { readonly kind: 'right'; readonly username: string; readonly uri: string };

/** Checks what requests show against what we asked for. */
export class DigestServer {
  readonly #realm: string;
  readonly #nonces: Nonces;
  readonly #counts: NonceCounts;
  readonly #now: () => number;
  /** Stands for users who are not there. */
  readonly #nobody: string;

  constructor({ realm, key, now, counts = new NonceCounts() }: DigestServerSettings) {
    this.#realm = realm;
    this.#nonces = new Nonces({ key, realm });
    this.#counts = counts;
    this.#now = now;
    this.#nobody = hash('SHA-256', `nobody:${key}`);
  }

  challenges(source: string, stale: boolean, algorithms?: readonly DigestAlgorithm[]): readonly string[] {
    return challengesFor(this.#realm, this.#nonces.issue(source, this.#now()), stale, algorithms);
  }

  check({ method, headers, source, algorithms }: DigestRequest, find: FindHa1): DigestVerdict {
    const shown = shownFor(this.#realm, headers);
    if (shown === undefined) return { kind: 'none' };
    const { username, nonce, uri, algorithm, response, qop, cnonce, nc } = shown;
    const issuedAt = this.#nonces.issuedAt(nonce, source, this.#now());
    if (issuedAt === null) return { kind: 'stale' };
    // RFC 3261 22.4: who was offered qop has to use it; without it anybody could repeat what it overheard (RFC 2069).
    if (algorithm === null || !algorithms.includes(algorithm) || qop !== 'auth' || cnonce === '' || nc === '') {
      return { kind: 'none' };
    }
    // The same work for who is there and who is not.
    const known = find(username, algorithm);
    const expected = digestResponse(algorithm, known ?? this.#nobody, { method, uri, nonce, count: { nc, cnonce } });
    if (!sameHash(response, expected) || known === null) return { kind: 'wrong', username };
    return this.#counts.use(nonce, issuedAt, Number.parseInt(nc, 16))
      ? { kind: 'right', username, uri }
      : { kind: 'stale' };
  }
}

/** RFC 3261 22.3: there may be some for other realms. */
function shownFor(realm: string, headers: readonly string[]): DigestCredentials | undefined {
  for (const header of headers) {
    const found = parseCredentials(header).find((each) => each.realm === realm);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether credentials show a nonce that is ours, this address's and not expired: as much as can be known without a password. */
export function showsNonce(
  nonces: Nonces,
  realm: string,
  headers: readonly string[],
  source: string,
  nowMs: number,
): boolean {
  const shown = shownFor(realm, headers);
  return shown !== undefined && nonces.issuedAt(shown.nonce, source, nowMs) !== null;
}
