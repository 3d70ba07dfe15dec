import ipaddr from 'ipaddr.js';
import type { Peer } from '../types.ts';

type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** As whom somebody calls, as far as that decides whom a number rings, and what is believed of what it says. */
export type Origin = Pick<Peer, 'name' | 'dialPlan' | 'voicemail' | 'trustCallerId'>;

/** Who may send calls, by source address. */
export interface PeerTable {
  /** The first peer whose `allow` holds the address; null for a stranger. */
  find(address: string | undefined): Peer | null;
  /** The peer of that name. */
  named(name: string): Peer | null;
}

/** @throws Error naming the peer whose `allow` has something that is no CIDR. */
export function createPeerTable(peers: readonly Peer[]): PeerTable {
  const ranges = peers.flatMap((peer) => peer.allow.map((text) => ({ peer, cidr: parseCidr(text, peer.name) })));
  const byName = new Map(peers.map((peer) => [peer.name, peer]));
  return {
    named: (name) => byName.get(name) ?? null,
    find(address) {
      const parsed = parseIp(address);
      if (parsed === null) return null;
      return ranges.find(({ cidr }) => cidr[0].kind() === parsed.kind() && parsed.match(cidr))?.peer ?? null;
    },
  };
}

function parseCidr(text: string, peer: string): Cidr {
  try {
    const [address, bits] = text.includes('/') ? ipaddr.parseCIDR(text) : singleAddress(text);
    // ::ffff:10.0.0.0/104 is 10.0.0.0/8, as which its packets arrive.
    if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96) {
      return [address.toIPv4Address(), bits - 96];
    }
    return [address, bits];
  } catch (cause) {
    const message = `peers: '${text}' in the allow list of '${peer}' is no address or CIDR; write e.g. 192.0.2.0/24`;
    throw new Error(message, { cause });
  }
}

function singleAddress(text: string): Cidr {
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** IPv4 addresses arrive as IPv6 ones on a dual-stack socket, IPv6 ones in brackets from some engines. */
function parseIp(text: string | undefined): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const address = text?.replace(/^\[|\]$/g, '') ?? '';
  return ipaddr.isValid(address) ? ipaddr.process(address) : null;
}
