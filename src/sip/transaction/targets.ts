import { LRUCache } from 'lru-cache';
import type { SipUri } from '../message/message.ts';
import { parseUri } from '../message/uri.ts';
import type { Clock, RequestTarget } from '../stack.types.ts';
import type { BoundAddress, Destination, Flow, Resolver, TransportLayer } from '../transport/transport.ts';

/** RFC 3261 18.1.1: "larger than 1300 bytes and the path MTU is unknown". */
export const DEFAULT_UDP_MTU_BYTES = 1_300;
/** How long a TCP connection may take that only the size of a request asks for: it goes by UDP then. */
export const TCP_TRIAL_MS = 1_000;
/** How long a host that takes no TCP is not asked again. */
export const TCP_REFUSED_MS = 600_000;
export const MAX_TCP_REFUSERS = 1_000;

/** One address a request may go to. */
export type Hop = Flow | Destination;

/** Where a target leads. */
export interface Reach {
  /** RFC 3263; at once for what needs no look-up. Rejects with a TransportError. */
  readonly hops: readonly Hop[] | Promise<readonly Hop[]>;
  /** Our address towards it, a guess while it is looked up; undefined where no bound transport fits, or it is no SIP URI. */
  readonly local: BoundAddress | undefined;
  /** `transport=udp`: its size moves no request to TCP. */
  readonly fixed: boolean;
}

export interface Targets {
  reach(target: RequestTarget): Reach;
  /** The address our Via shows to this hop. */
  localFor(hop: Hop): BoundAddress | undefined;
  /**
   * Where a request of this size goes in place of the hop (RFC 3261 18.1.1): to the same address over TCP. null: it stays, for
   * it is small enough, a flow, or no UDP at all; no TCP socket is bound; or the host refused TCP lately.
   */
  overTcp(hop: Hop, sizeBytes: number): Destination | null;
  /** The host takes no TCP. */
  refusedTcp(tried: Hop): void;
  /** It gave no answer, or 503: it is tried after all others for some time. */
  failed(hop: Hop): void;
  answered(hop: Hop): void;
}

export interface TargetParts {
  readonly resolver: Resolver;
  readonly transport: TransportLayer;
  readonly clock: Clock;
  readonly udpMtuBytes: number;
}

const NOWHERE: Reach = { hops: [], local: undefined, fixed: true };

export function createTargets({ resolver, transport, clock, udpMtuBytes }: TargetParts): Targets {
  /** Until when, by address and port. */
  const refusers = new LRUCache<string, number>({ max: MAX_TCP_REFUSERS });
  const localFor = (hop: Hop): BoundAddress | undefined => transport.localFor(hop);

  return {
    reach(target) {
      if ('flow' in target) return { hops: [target.flow], local: localFor(target.flow), fixed: true };
      const uri = parseUri(target.uri);
      if (uri === null) return NOWHERE;
      const hops = hopsOf(resolver, uri, target.by);
      const named = uri.params.get('transport')?.toLowerCase();
      const fixed = named === 'udp';
      // A name of both families is reached by the one that is bound (RFC 3263 4.3 tries them in turn).
      if (!(hops instanceof Promise)) return { hops, local: firstLocal(hops, localFor), fixed };
      const protocol = named ?? (uri.scheme === 'sips' ? 'tls' : null);
      // RFC 7118 5.2: `transport=ws` stands for both kinds of WebSocket.
      const fits = (bound: BoundAddress): boolean =>
        protocol === null || bound.protocol === protocol || (protocol === 'ws' && bound.protocol === 'wss');
      const local = transport.addresses.find(fits);
      return { hops, local, fixed };
    },

    localFor,

    overTcp(hop, sizeBytes) {
      if (sizeBytes <= udpMtuBytes || hop.protocol !== 'udp' || 'connectionId' in hop) return null;
      if ((refusers.get(addressOf(hop)) ?? -Infinity) > clock.now()) return null;
      const { address, port } = hop;
      const tcp: Destination = { protocol: 'tcp', address, port, connectTimeoutMs: TCP_TRIAL_MS };
      return localFor(tcp) === undefined ? null : tcp;
    },

    refusedTcp(tried) {
      if ('connectionId' in tried) return;
      refusers.set(addressOf(tried), clock.now() + TCP_REFUSED_MS);
    },

    failed(hop) {
      if (!('connectionId' in hop)) resolver.failed(hop);
    },

    answered(hop) {
      if (!('connectionId' in hop)) resolver.answered(hop);
    },
  };
}

function hopsOf(resolver: Resolver, uri: SipUri, by: Flow | undefined): readonly Hop[] | Promise<readonly Hop[]> {
  const hops = resolver.resolve(uri);
  if (by?.protocol !== 'udp') return hops;
  // One who called us at this socket knows no other of ours, and may take nothing from another (symmetric NAT, firewalls).
  const known = (hop: Destination): Hop =>
    hop.protocol === 'udp' && hop.address === by.remoteAddress ? { ...by, remotePort: hop.port } : hop;
  return hops instanceof Promise ? hops.then((found) => found.map(known)) : hops.map(known);
}

function firstLocal(hops: readonly Hop[], localFor: (hop: Hop) => BoundAddress | undefined): BoundAddress | undefined {
  for (const hop of hops) {
    const local = localFor(hop);
    if (local !== undefined) return local;
  }
  return undefined;
}

function addressOf({ address, port }: Destination): string {
  return `${address} ${port}`;
}
