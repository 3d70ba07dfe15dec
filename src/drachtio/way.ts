import type { BoundAddress, Flow } from '../sip/index.ts';
import { UNKNOWN_WAY, type Way } from './protocol/token-line.ts';

/** The peer of a flow: where a message came from, or a response goes to. A WebSocket peer is shown as `tcp` (2.1). */
export function peerWay(flow: Flow): Way {
  return { protocol: shown(flow.protocol), address: flow.remoteAddress, port: flow.remotePort };
}

/** The same for an ACK, whose protocol stays empty. */
export function ackWay(flow: Flow): Way {
  return { protocol: '', address: flow.remoteAddress, port: flow.remotePort };
}

/** How the OK to a request describes its way: our own address for UDP, the peer for connections (1.5). */
export function requestWay(flow: Flow | null, own: BoundAddress | undefined): Way {
  if (flow === null) {
    return UNKNOWN_WAY;
  }
  return flow.protocol === 'udp' && own !== undefined
    ? { protocol: 'udp', address: own.host, port: own.port }
    : peerWay(flow);
}

function shown(protocol: Flow['protocol']): string {
  return protocol === 'ws' || protocol === 'wss' ? 'tcp' : protocol;
}
