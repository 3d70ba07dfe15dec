import ipaddr from 'ipaddr.js';
import { challengesFor, Nonces, showsNonce, type DigestAlgorithm } from '../digest/index.ts';
import type { Flow, Refusal, SipRequest } from '../sip/index.ts';

/** The answer to a request outside a dialog; null: it may go on. */
export type Admit = (request: SipRequest, flow: Flow) => Refusal | null;

/** How strangers are asked for a password (RFC 7616); the application has the same, and judges what they show. */
export interface DigestOptions {
  readonly realm: string;
  /** Makes nonces that only we and the application can have made. */
  readonly nonceKey: string;
  /** What is offered, the preferred one first; SHA-256 and MD5 by default. */
  readonly algorithms?: readonly DigestAlgorithm[];
}

/** Verdicts kept per address; a flood of forged sources must not fill the memory. */
const MAX_REMEMBERED = 10_000;
const FORBIDDEN = { status: 403, reason: 'Forbidden' } as const;

/**
 * What becomes of a stranger's request outside a dialog. Without `digest` it is refused. With it, who does not show a nonce that is
 * really ours is asked for a password: 401 also for an INVITE, for we are where it goes (RFC 3261 22.2), and an answer that is the
 * same for every method and number tells nothing. All that costs no transaction.
 */
export function createAdmission(digest: DigestOptions | undefined, now: () => number): Admit {
  if (digest === undefined) return () => FORBIDDEN;
  const { realm, nonceKey, algorithms } = digest;
  const nonces = new Nonces({ realm, key: nonceKey });
  return ({ headers }, { remoteAddress }) => {
    const shown = [...headers.all('Authorization'), ...headers.all('Proxy-Authorization')];
    const at = now();
    if (shown.length > 0 && showsNonce(nonces, realm, shown, remoteAddress, at)) return null;
    // RFC 7616 3.3: who shows a nonce that counts no more need not ask its user again. So it is after our restart, too.
    const challenges = challengesFor(realm, nonces.issue(remoteAddress, at), shown.length > 0, algorithms);
    return {
      status: 401,
      reason: 'Unauthorized',
      headers: challenges.map((value) => ({ name: 'WWW-Authenticate', value })),
    };
  };
}

/** Whether a peer is allowed, by its address (CIDR); everybody is where there are no ranges. Throws where one cannot be read. */
export function createAllowed(allow: readonly string[] | undefined): (address: string) => boolean {
  if (allow === undefined) {
    return () => true;
  }
  const ranges = allow.map(parseRange);
  const remembered = new Map<string, boolean>();
  return (remoteAddress) => {
    let allowed = remembered.get(remoteAddress);
    if (allowed === undefined) {
      allowed = isIn(remoteAddress, ranges);
      if (remembered.size >= MAX_REMEMBERED) {
        remembered.clear();
      }
      remembered.set(remoteAddress, allowed);
    }
    return allowed;
  };
}

type Range = ReturnType<typeof ipaddr.parseCIDR>;

function parseRange(text: string): Range {
  try {
    if (text.includes('/')) {
      return ipaddr.parseCIDR(text);
    }
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch (error) {
    throw new Error(`${text} is no address range: write 192.0.2.0/24, 2001:db8::/32 or one address`, { cause: error });
  }
}

function isIn(text: string, ranges: readonly Range[]): boolean {
  if (!ipaddr.isValid(text)) {
    return false;
  }
  // `process` also reads ::ffff:192.0.2.1, which a socket for both families shows, as 192.0.2.1.
  const address = ipaddr.process(text);
  return ranges.some(([network, bits]) => network.kind() === address.kind() && address.match([network, bits] as never));
}
