import ipaddr from 'ipaddr.js';
import type { Flow, SipRequest } from '../sip/index.ts';

export type Admit = (request: SipRequest, flow: Flow) => { readonly status: number; readonly reason: string } | null;

/** Verdicts kept per address; a flood of forged sources must not fill the memory. */
const MAX_REMEMBERED = 10_000;
const FORBIDDEN = { status: 403, reason: 'Forbidden' } as const;

/** Refuses requests outside a dialog from those who are not allowed. */
export function createAdmission(isAllowed: (address: string) => boolean): Admit {
  return (_request, { remoteAddress }) => (isAllowed(remoteAddress) ? null : FORBIDDEN);
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
