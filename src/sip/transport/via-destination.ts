import { isIP } from 'node:net';
import type { Via } from '../message/message.ts';
import type { Destination, TransportProtocol } from './transport.ts';

const PROTOCOLS: ReadonlyMap<string, TransportProtocol> = new Map([
  ['UDP', 'udp'],
  ['TCP', 'tcp'],
  ['TLS', 'tls'],
  ['WS', 'ws'],
  ['WSS', 'wss'],
]);

/** RFC 3261 19.1.2 and 18.2.2, RFC 7118 for ws. */
export function defaultPort(protocol: TransportProtocol): number {
  if (protocol === 'tls') return 5061;
  if (protocol === 'ws') return 80;
  return protocol === 'wss' ? 443 : 5060;
}

/**
 * Where a response goes when its request's flow is gone (RFC 3261 18.2.2, RFC 3581 4): the received address, over UDP at the
 * rport, else at the port of sent-by. `maddr` is not followed: with it anyone could direct our answers at a third party.
 * null where the transport is unknown or only a name is left (our own requests always get `received`, see `stampTopVia`).
 */
export function destinationOfVia(via: Via): Destination | null {
  const protocol = PROTOCOLS.get(via.transport);
  // RFC 5118 4.5: IPv6 addresses are seen here with brackets and without.
  const address = (via.params.get('received') ?? via.host).replace(/^\[(.*)\]$/, '$1');
  if (protocol === undefined || isIP(address) === 0) return null;
  const rport = Number(via.params.get('rport') ?? '');
  const port = protocol === 'udp' && rport > 0 ? rport : (via.port ?? defaultPort(protocol));
  return port > 0 && port <= 65_535 ? { protocol, address, port } : null;
}
