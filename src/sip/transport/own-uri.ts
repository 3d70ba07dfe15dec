import { BlockList, isIP } from 'node:net';
import type { SipUri } from '../message/message.ts';
import { isWildcard, readOwnAddresses } from './local-address.ts';
import type { BoundAddress } from './transport.ts';
import { defaultPort } from './via-destination.ts';

/**
 * Tells whether a URI leads to one of our own sockets: by its address, one of this machine's where the socket is bound to all, or
 * the host it shows. A name that has to be looked up is never known.
 */
export function createOwnUris(bound: () => readonly BoundAddress[]): (uri: SipUri) => boolean {
  const ofMachine = new BlockList();
  // Whatever is in there reaches this machine: RFC 1122 3.2.1.3, and what systems make of their wildcards.
  ofMachine.addSubnet('127.0.0.0', 8, 'ipv4');
  for (const address of ['0.0.0.0', '::', '::1', ...readOwnAddresses().map((own) => own.address)]) {
    ofMachine.addAddress(address, familyOf(address));
  }
  return (uri) => {
    const host = (uri.params.get('maddr') ?? uri.host).replace(/^\[(.*)\]$/, '$1').toLowerCase();
    const named = uri.params.get('transport')?.toLowerCase();
    const protocol = named ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
    return bound().some((own) => {
      if (own.protocol !== protocol || own.port !== (uri.port ?? defaultPort(own.protocol))) return false;
      if (own.host.toLowerCase() === host) return true;
      if (isIP(host) === 0 || isIP(host) !== isIP(own.address)) return false;
      return isWildcard(own.address) ? ofMachine.check(host, familyOf(host)) : isSame(own.address, host);
    });
  };
}

/** IPv6 addresses have many spellings (RFC 5952 1). */
function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const list = new BlockList();
  list.addAddress(one, familyOf(one));
  return list.check(other, familyOf(other));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
