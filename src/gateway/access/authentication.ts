import { DigestServer, ha1, OFFERED_ALGORITHMS, type DigestAlgorithm, type FindHa1 } from '../../digest/index.ts';
import { numberOf, parseAddress, parseUri } from '../message/address.ts';
import { Guesses } from './guesses.ts';
import { header, type Headers } from '../message/headers.ts';
import { RETRY_AFTER_FULL } from '../limits.ts';
import type { DigestSettings, Peer, PhoneAccount, PhoneDirectory } from '../types.ts';

/** What of a request its sender is known by. */
export interface ShownRequest {
  readonly method: string;
  /** The Request-URI. */
  readonly uri: string;
  readonly headers: Headers;
  /** The source address of the packet. */
  readonly sourceAddress: string;
}

/** `www`: we are where it goes (401); `proxy`: it goes on through us (407). Either header is read for both. */
export type ChallengeKind = 'www' | 'proxy';

export type Authenticated =
  | { readonly kind: 'phone'; readonly account: PhoneAccount }
  | { readonly kind: 'peer'; readonly peer: Peer }
  /** Ask for the password: reply with this. */
  | { readonly kind: 'challenge'; readonly status: 401 | 407; readonly headers: Record<string, string> }
  /** Reply with this. `why` is for the log alone. */
  | {
      readonly kind: 'refused';
      readonly status: 400 | 403 | 503;
      readonly headers: Record<string, string>;
      readonly why: string;
    };

/** Who a request is from, by its password. */
export interface Authentication {
  /** The same answer, at the same cost, to who is not there and to who has a wrong password. Never throws. */
  check(request: ShownRequest, kind: ChallengeKind): Authenticated;
}

export interface AuthenticationParts {
  /** `settings.registrar`, or `settings.digest` where no phones register. */
  readonly settings: DigestSettings;
  readonly phones: PhoneDirectory;
  readonly peers: readonly Peer[];
  readonly now: () => number;
}

const ALL: readonly DigestAlgorithm[] = ['SHA-512-256', ...OFFERED_ALGORITHMS];

export function createAuthentication({ settings, phones, peers, now }: AuthenticationParts): Authentication {
  const { realm, nonceKey, algorithms = OFFERED_ALGORITHMS } = settings;
  const server = new DigestServer({ realm, key: nonceKey, now });
  const guesses = new Guesses(now);
  const digestPeers = peersByUsername(peers, realm);
  const find: FindHa1 = (username, algorithm) => {
    const peer = digestPeers.get(username);
    if (peer !== undefined) return peer.ha1.get(algorithm) ?? null;
    return ha1Of(phones.find(username), algorithm);
  };
  /** What every account can answer, whoever asks: which of them are there must not show. */
  const offered = (): readonly DigestAlgorithm[] => {
    const common = phones.algorithms;
    return common === undefined ? algorithms : algorithms.filter((each) => common.includes(each));
  };
  const challenge = (kind: ChallengeKind, source: string, stale: boolean): Authenticated => {
    const value = server.challenges(source, stale, offered()).join(', ');
    return kind === 'www'
      ? { kind: 'challenge', status: 401, headers: { 'www-authenticate': value } }
      : { kind: 'challenge', status: 407, headers: { 'proxy-authenticate': value } };
  };

  return {
    check(request, kind) {
      const { method, uri, headers, sourceAddress: source } = request;
      const shown = shownIn(headers);
      if (shown.length === 0) return challenge(kind, source, false);
      if (guesses.isLockedOut(source)) {
        return refused(503, 'too many wrong passwords from there', RETRY_AFTER_FULL);
      }
      const verdict = server.check({ method, headers: shown, source, algorithms: offered() }, find);
      if (verdict.kind === 'none' || verdict.kind === 'stale') {
        return challenge(kind, source, verdict.kind === 'stale');
      }
      if (verdict.kind === 'wrong') {
        guesses.failed(source);
        return refused(403, `wrong user name or password (${JSON.stringify(verdict.username.slice(0, 64))})`);
      }
      // RFC 7616 3.4.6: 400 where it speaks of another resource, for then it was made for another request.
      if (!isSameResource(verdict.uri, uri)) return refused(400, `its digest is for ${verdict.uri.slice(0, 64)}`);
      return identify(verdict.username, request);
    },
  };

  function identify(username: string, { method, headers }: ShownRequest): Authenticated {
    const peer = digestPeers.get(username)?.peer;
    const account = phones.find(username);
    if (method === 'REGISTER') {
      // RFC 3261 10.3 step 4: whether this user may change the bindings of that address-of-record.
      const aor = numberOf(parseUri(parseAddress(header(headers, 'to') ?? header(headers, 't') ?? '')?.uri ?? ''));
      if (peer !== undefined || aor === null || aor !== account?.number) {
        return refused(403, `${username} may not register ${aor ?? 'nobody'}`);
      }
    }
    if (peer !== undefined) return { kind: 'peer', peer };
    return account === undefined ? refused(403, 'the account is gone') : { kind: 'phone', account };
  }
}

function shownIn(headers: Headers): string[] {
  const values = [header(headers, 'authorization') ?? '', header(headers, 'proxy-authorization') ?? ''];
  return values.filter((value) => value.trim() !== '');
}

function refused(status: 400 | 403 | 503, why: string, headers: Record<string, string> = {}): Authenticated {
  return { kind: 'refused', status, headers, why };
}

function ha1Of(account: PhoneAccount | undefined, algorithm: DigestAlgorithm): string | null {
  if (account === undefined) return null;
  if (algorithm === 'MD5') return account.ha1.md5;
  return algorithm === 'SHA-256' ? account.ha1.sha256 : null;
}

interface DigestPeer {
  readonly peer: Peer;
  readonly ha1: ReadonlyMap<DigestAlgorithm, string>;
}

function peersByUsername(peers: readonly Peer[], realm: string): ReadonlyMap<string, DigestPeer> {
  const byUsername = new Map<string, DigestPeer>();
  for (const peer of peers) {
    if (peer.digest === null) continue;
    const { username, password } = peer.digest;
    const secrets = new Map(ALL.map((algorithm) => [algorithm, ha1(algorithm, username, realm, password)]));
    byUsername.set(username, { peer, ha1: secrets });
  }
  return byUsername;
}

/**
 * As servers compare them: user and host. Phones leave ports and parameters out of the one or the other, and what stands before us may
 * have added some.
 */
function isSameResource(given: string, requested: string): boolean {
  if (given === requested) return true;
  const [a, b] = [parseUri(given), parseUri(requested)];
  return a !== null && b !== null && a.host === b.host && numberOf(a) === numberOf(b);
}
