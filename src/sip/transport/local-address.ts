import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { BoundAddress, Destination, Flow } from './transport.ts';

/** An address of this machine and the network it is in. */
interface OwnAddress {
  readonly address: string;
  readonly internal: boolean;
  readonly network: BlockList;
  /** How many leading bits the network is known by. */
  readonly prefixBits: number;
}

/** This machine's addresses as they were at the start. */
export type OwnAddresses = readonly OwnAddress[];

export function readOwnAddresses(): OwnAddresses {
  const own: OwnAddress[] = [];
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, family, internal, cidr } of addresses ?? []) {
      // A link-local address means nothing without its interface: no peer could answer to it.
      if (cidr === null || address.startsWith('fe80:')) continue;
      const network = new BlockList();
      const prefixBits = Number(cidr.slice(cidr.indexOf('/') + 1));
      network.addSubnet(address, prefixBits, family === 'IPv6' ? 'ipv6' : 'ipv4');
      own.push({ address, internal, network, prefixBits });
    }
  }
  return own;
}

/** CIDRs and single addresses. Throws where one cannot be read. */
export function networksOf(cidrs: readonly string[]): (address: string) => boolean {
  const networks = new BlockList();
  for (const cidr of cidrs) {
    try {
      const slash = cidr.indexOf('/');
      const address = slash < 0 ? cidr : cidr.slice(0, slash);
      const family = familyOf(address);
      networks.addSubnet(address, slash < 0 ? (family === 'ipv6' ? 128 : 32) : Number(cidr.slice(slash + 1)), family);
    } catch (cause) {
      throw new Error(`localNet: ${cidr} is no address range; write 192.0.2.0/24, 2001:db8::/32 or one address`, {
        cause,
      });
    }
  }
  return (address) => networks.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Who an address counts as: of IPv6 the /64, all of which one host may use (RFC 4291 2.5.4, RFC 8981). */
export function sourceOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const bare = address.replace(/%.*$/, '');
  const [head = '', tail] = bare.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + after < 8) groups.push('0');
    if (tail !== '') groups.push(...tail.split(':'));
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/**
 * The own address that a peer can answer to: for a socket bound to one, that one; for a wildcard the loopback address
 * towards loopback, the address in the peer's network, or the first that is not internal.
 */
export function reachableAddress(bound: string, remote: string | null, own: OwnAddresses): string {
  if (!isWildcard(bound)) return bound;
  const family = isIP(bound);
  const loopback = family === 6 ? '::1' : '127.0.0.1';
  if (remote !== null && isLoopback(remote)) return loopback;
  const outside = own.filter((each) => !each.internal && isIP(each.address) === family);
  const near =
    remote === null ? undefined : outside.find((each) => each.network.check(remote, family === 6 ? 'ipv6' : 'ipv4'));
  return (near ?? outside[0])?.address ?? loopback;
}

/**
 * The bound address for a destination: of its protocol and family, loopback towards loopback, else the one in the peer's own
 * network (the narrowest of several), else the first that is not loopback.
 */
export function chooseBound<T extends BoundAddress>(
  addresses: readonly T[],
  to: Destination,
  own: OwnAddresses,
): T | undefined {
  const family = isIP(to.address);
  const fitting = addresses.filter((each) => each.protocol === to.protocol && isIP(each.address) === family);
  if (fitting.length < 2) return fitting[0];
  const wanted = isLoopback(to.address);
  const candidates = fitting.filter((each) => isLoopback(each.address) === wanted && !isWildcard(each.address));
  return (
    (wanted ? undefined : nearest(candidates, to.address, own)) ??
    candidates[0] ??
    fitting.find((each) => isWildcard(each.address)) ??
    fitting[0]
  );
}

function nearest<T extends BoundAddress>(bound: readonly T[], remote: string, own: OwnAddresses): T | undefined {
  let best: { readonly bound: T; readonly prefixBits: number } | undefined;
  for (const each of bound) {
    const at = own.find(({ address, network }) => address === each.address && network.check(remote, familyOf(remote)));
    if (at !== undefined && at.prefixBits > (best?.prefixBits ?? -1)) best = { bound: each, prefixBits: at.prefixBits };
  }
  return best?.bound;
}

/** The socket that a flow came in by: its address, else the wildcard with its port. None for a connection that we made. */
export function boundOf<T extends BoundAddress>(addresses: readonly T[], flow: Flow): T | undefined {
  const { protocol, localAddress, localPort } = flow;
  const family = isIP(localAddress);
  const fitting = addresses.filter(
    (each) => each.protocol === protocol && each.port === localPort && isIP(each.address) === family,
  );
  return fitting.find(({ address }) => address === localAddress) ?? fitting.find(({ address }) => isWildcard(address));
}
