import {
  nextHopOf,
  parseUri,
  type Dialog as DialogState,
  type Flow,
  type RequestTarget,
  type SipUri,
} from '../sip/index.ts';

/** Where a dialog's requests go (drachtio-protocol 3.4). */

const DEFAULT_PORT = 5060;
const DEFAULT_TLS_PORT = 5061;

/**
 * Whether the peer's Contact names another place than its packets come from: it is behind NAT, and what it wrote there
 * reaches nobody. Our caller may have used any port; a callee was called at its own, so only the host counts.
 */
export function isBehindNat(role: 'uas' | 'uac', remoteTarget: string, flow: Flow): boolean {
  const contact = parseUri(remoteTarget);
  if (contact === null || contact.host !== flow.remoteAddress) {
    return true;
  }
  return role === 'uas' && (contact.port ?? DEFAULT_PORT) !== flow.remotePort;
}

/** A route whose address belongs to a private network while the peer's does not: only the flow leads there. */
function isHiddenRoute(route: SipUri, flow: Flow): boolean {
  return isPrivate(route.host) && !isPrivate(flow.remoteAddress) && route.host !== flow.remoteAddress;
}

/** RFC 1918. */
export function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)\d/.test(address);
}

/**
 * A way that no other stands for: a WebSocket, which only its client can open (RFC 7118 4), and the TLS connection to the very
 * address that the uri names, whose certificate was verified by another name (RFC 5922 4).
 */
function isOnlyWay(uri: SipUri, flow: Flow): boolean {
  if (flow.protocol === 'ws' || flow.protocol === 'wss') {
    return uri.params.get('transport')?.toLowerCase() === 'ws';
  }
  return (
    flow.protocol === 'tls' && uri.host === flow.remoteAddress && (uri.port ?? DEFAULT_TLS_PORT) === flow.remotePort
  );
}

/** `flow`: the peer's latest way to us, null where its connection has ended. */
export function dialogTarget(role: 'uas' | 'uac', state: DialogState, flow: Flow | null): RequestTarget {
  const uri = nextHopOf(state);
  if (flow === null) {
    return { uri };
  }
  const parsed = parseUri(uri);
  if (parsed !== null && isOnlyWay(parsed, flow)) {
    return { flow };
  }
  if (state.routeSet.length > 0) {
    return parsed !== null && isHiddenRoute(parsed, flow) ? { flow } : { uri, by: flow };
  }
  // A caller's connection is the way back to it, whatever its Contact says (RFC 5923, 5626).
  const useFlow = (role === 'uas' && flow.connectionId !== null) || isBehindNat(role, state.remoteTarget, flow);
  return useFlow ? { flow } : { uri, by: flow };
}
