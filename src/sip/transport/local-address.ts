import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { BoundAddress, Destination } from './transport.ts';

/** An address of this machine and the network it is in. */
interface OwnAddress {
  readonly address: string;
  readonly internal: boolean;
  readonly network: BlockList;
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
      network.addSubnet(address, Number(cidr.slice(cidr.indexOf('/') + 1)), family === 'IPv6' ? 'ipv6' : 'ipv4');
      own.push({ address, internal, network });
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

/** The bound address for a destination: of its protocol and family, loopback towards loopback, else not loopback. */
export function chooseBound<T extends BoundAddress>(addresses: readonly T[], to: Destination): T | undefined {
  const family = isIP(to.address);
  const fitting = addresses.filter((each) => each.protocol === to.protocol && isIP(each.address) === family);
  const wanted = isLoopback(to.address);
  return (
    fitting.find((each) => isLoopback(each.address) === wanted && !isWildcard(each.address)) ??
    fitting.find((each) => isWildcard(each.address)) ??
    fitting[0]
  );
}
