import { algorithmOf } from './credentials.ts';
import { digestResponse, ha1 } from './hash.ts';
import { newCnonce } from './ids.ts';
import { parseElements, quoted, type AuthenticationElement } from './parameters.ts';
import type { DigestAlgorithm, DigestChallenge } from './types.ts';

/** The challenges of a 401 or 407 that can be answered, in the order in which they came. Headers may be joined by commas. */
export function parseChallenges(header: string): readonly DigestChallenge[] {
  return (parseElements(header) ?? []).map(challengeOf).filter((each) => each !== null);
}

/** RFC 8760 2.4: the topmost that we can answer is the one to answer. */
export function chooseChallenge(header: string): DigestChallenge | null {
  return parseChallenges(header)[0] ?? null;
}

function challengeOf({ scheme, parameters }: AuthenticationElement): DigestChallenge | null {
  const algorithm: DigestAlgorithm | null = algorithmOf(parameters.get('algorithm'));
  const [realm, nonce] = [parameters.get('realm'), parameters.get('nonce')];
  if (scheme !== 'digest' || algorithm === null || realm === undefined || nonce === undefined) return null;
  const offered =
    parameters
      .get('qop')
      ?.toLowerCase()
      .split(/[\s,]+/)
      .filter((word) => word !== '') ?? [];
  // auth-int alone would want a hash of the body, which hops before the one that asks may have changed.
  if (offered.length > 0 && !offered.includes('auth')) return null;
  return {
    realm,
    nonce,
    algorithm,
    qopAuth: offered.includes('auth'),
    opaque: parameters.get('opaque') ?? null,
    stale: parameters.get('stale')?.toLowerCase() === 'true',
  };
}

export interface Answering {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  /** The Request-URI. */
  readonly uri: string;
  /** How often this nonce has been answered, this time included. */
  readonly count: number;
  /** A fresh one by default. */
  readonly cnonce?: string;
}

/** The value of Authorization or Proxy-Authorization that answers a challenge (RFC 7616 3.4). */
export function answerChallenge(challenge: DigestChallenge, answering: Answering): string {
  const { realm, nonce, algorithm, qopAuth, opaque } = challenge;
  const { username, password, method, uri, cnonce = newCnonce() } = answering;
  const count = qopAuth ? { nc: answering.count.toString(16).padStart(8, '0'), cnonce } : null;
  const response = digestResponse(algorithm, ha1(algorithm, username, realm, password), { method, uri, nonce, count });
  const parts = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(count === null ? [] : ['qop=auth', `nc=${count.nc}`, `cnonce=${quoted(cnonce)}`]),
    ...(opaque === null ? [] : [`opaque=${quoted(opaque)}`]),
  ];
  return `Digest ${parts.join(', ')}`;
}
