import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import { systemClock } from '../clock.ts';
import { LineBudget } from '../line-budget.ts';
import { parseMessage } from '../message/parse.ts';
import { stampTopVia } from '../message/via.ts';
import type { SipMessage } from '../message/message.ts';
import type { Clock } from '../stack.types.ts';
import { ConnectionTable } from './connections.ts';
import type { Sent } from './connection.ts';
import type { Framed } from './framer.ts';
import { DEFAULT_TRANSPORT_LIMITS, NOTICE_LINES_PER_MINUTE, type TransportLimits } from './limits.ts';
import { listenStream } from './listener.ts';
import {
  boundOf,
  chooseBound,
  isLoopback,
  isWildcard,
  networksOf,
  reachableAddress,
  readOwnAddresses,
} from './local-address.ts';
import { checkTls, type TlsSettings } from './tls.ts';
import {
  TransportError,
  type BoundAddress,
  type Destination,
  type Flow,
  type ListenAddress,
  type TransportHandlers,
  type TransportLayer,
} from './transport.ts';
import { UdpSocket } from './udp.ts';

/** Characters of an Origin that get into a line. */
const MAX_ORIGIN_SHOWN = 200;

/** Peers whose matching own address is remembered. */
const MAX_REMEMBERED_PEERS = 1_000;

export interface TransportLayerOptions {
  /** Host shown in place of every bound address. */
  readonly advertise?: string;
  /** CIDRs: destinations in them are shown the bound address all the same. */
  readonly localNet?: readonly string[];
  readonly clock?: Clock;
  readonly limits?: Partial<TransportLimits>;
  /** Needed to listen for tls and wss, and to connect by tls. */
  readonly tls?: TlsSettings;
  /** Web sites whose pages may open a WebSocket, `https://phone.example.com`; every one where it is absent. */
  readonly origins?: readonly string[];
  /** Whether a source may keep a connection on which no request was let in (`keep`); everybody by default. */
  readonly isExpected?: (address: string) => boolean;
  /** One line for an operator, some a minute at most. */
  readonly log?: (text: string) => void;
}

/** A listening socket and what it is known by. */
interface Listener {
  readonly bound: BoundAddress;
  /** null for streams. */
  readonly udp: UdpSocket | null;
  setTls(tls: TlsSettings): void;
  close(): Promise<void>;
}

/** Every socket of a stack, bound by `start`. `listen`: port 0 takes a free one. */
export function createTransportLayer(
  listen: readonly ListenAddress[],
  options: TransportLayerOptions = {},
): TransportLayer {
  return new SocketLayer(listen, options);
}

class SocketLayer implements TransportLayer {
  readonly #listen: readonly ListenAddress[];
  readonly #advertise: string | undefined;
  readonly #isInLocalNet: (address: string) => boolean;
  readonly #own = readOwnAddresses();
  readonly #reachableBy = new LRUCache<string, string>({ max: MAX_REMEMBERED_PEERS });
  readonly #options: TransportLayerOptions;
  readonly #connections: ConnectionTable;
  readonly #lines: LineBudget;
  #handlers: TransportHandlers | null = null;
  #listeners: Listener[] = [];
  #addresses: BoundAddress[] = [];
  #closing = false;

  constructor(listen: readonly ListenAddress[], options: TransportLayerOptions) {
    this.#listen = listen;
    this.#advertise = options.advertise;
    this.#isInLocalNet = networksOf(options.localNet ?? []);
    this.#options = options;
    const clock = options.clock ?? systemClock;
    this.#lines = new LineBudget(clock, NOTICE_LINES_PER_MINUTE);
    this.#connections = new ConnectionTable({
      limits: { ...DEFAULT_TRANSPORT_LIMITS, ...options.limits },
      clock,
      isExpected: options.isExpected ?? (() => true),
      onFramed: (framed, flow) => this.#receiveFramed(framed, flow),
      onClosed: (flow) => this.#handlers?.onClosed(flow),
      onDefect: this.#onDefect,
      onHandshakeFailed: (peer, error) => this.#notice(`no TLS with ${peer}`, error.message),
    });
  }

  get addresses(): readonly BoundAddress[] {
    return this.#addresses;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    // Before anything is bound: it throws where certificate and key are no pair.
    if (this.#options.tls !== undefined) this.#connections.setTls(this.#options.tls);
    for (const address of this.#listen) {
      try {
        this.#listeners.push(await this.#bind(address));
      } catch (error) {
        await this.close();
        const why = error instanceof Error ? error.message : String(error);
        throw new TransportError('failed', `cannot listen on ${describe(address)}: ${why}`, { cause: error });
      }
    }
    this.#addresses = this.#listeners.map((listener) => listener.bound);
  }

  localFor(to: Destination | Flow): BoundAddress | undefined {
    const bound = this.#boundFor(to);
    if (bound === undefined) return undefined;
    const address = 'connectionId' in to ? to.remoteAddress : to.address;
    const wildcard = isWildcard(bound.address);
    // Nobody on this machine is reached by the advertised address of a NAT; a socket bound to one address shows what it was told.
    const advertised =
      this.#advertiseOn(bound.address) !== null && !(wildcard && isLoopback(address)) && !this.#isInLocalNet(address);
    if (advertised) return bound;
    const host = wildcard ? this.#reachable(bound.address, address) : bound.address;
    return host === bound.host ? bound : { ...bound, host };
  }

  send(bytes: Buffer, to: Flow | Destination, onSent: Sent): void {
    if (this.#closing) onSent(new TransportError('closed', 'the transports are closed'), null);
    else if ('connectionId' in to) this.#sendToFlow(bytes, to, onSent);
    else this.#sendToDestination(bytes, to, onSent);
  }

  closeIfSilent(flow: Flow, silentMs: number): void {
    if (flow.connectionId !== null) this.#connections.get(flow.connectionId)?.closeIfSilent(silentMs);
  }

  keep(flow: Flow): void {
    if (flow.connectionId !== null) this.#connections.keep(flow.connectionId);
  }

  isOpen(flow: Flow): boolean {
    if (this.#closing) return false;
    return flow.connectionId === null || this.#connections.get(flow.connectionId)?.open === true;
  }

  setTls(tls: TlsSettings): void {
    checkTls(tls);
    this.#connections.setTls(tls);
    for (const listener of this.#listeners) listener.setTls(tls);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#connections.close();
    const listeners = this.#listeners;
    this.#listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  async #bind(listen: ListenAddress): Promise<Listener> {
    if (isIP(listen.address) === 0) throw new Error('give an IP address, 0.0.0.0 or [::] for all');
    if (listen.protocol === 'udp') {
      const udp: UdpSocket = await UdpSocket.bind(listen, {
        onDatagram: (bytes, remote) => this.#receiveDatagram(udp, bytes, remote.address, remote.port),
        onSendError: (error, address, port) => this.#receiveSendError(udp, error, address, port),
      });
      return { bound: this.#bound(listen, udp.port), udp, setTls: () => undefined, close: () => udp.close() };
    }
    const { tls, origins } = this.#options;
    const { port, setTls, close } = await listenStream(listen, {
      ...(tls === undefined ? {} : { tls }),
      ...(origins === undefined ? {} : { origins }),
      accept: (socket) => this.#connections.accept(listen.protocol, socket),
      onHandshakeFailed: (source, error) => this.#notice(`no TLS with ${source}`, error.message),
      onOriginRefused: (source, origin) => {
        const name = JSON.stringify(origin.slice(0, MAX_ORIGIN_SHOWN));
        this.#notice(`a WebSocket from ${source} is refused`, `its Origin ${name} is not among those allowed`);
      },
    });
    return { bound: this.#bound(listen, port), udp: null, setTls, close };
  }

  #bound(listen: ListenAddress, port: number): BoundAddress {
    const host = this.#advertiseOn(listen.address) ?? reachableAddress(listen.address, null, this.#own);
    return { protocol: listen.protocol, address: listen.address, port, host };
  }

  /** A literal stands for the sockets of its own family alone: who comes by the other could not answer to it. */
  #advertiseOn(address: string): string | null {
    if (this.#advertise === undefined) return null;
    const family = isIP(this.#advertise);
    return family === 0 || family === isIP(address) ? this.#advertise : null;
  }

  /** The socket a flow came in by; for a connection of ours, whose port nobody could call, as for its far end. */
  #boundFor(to: Destination | Flow): BoundAddress | undefined {
    if (!('connectionId' in to)) return this.#chosenFor(to);
    const { protocol, remoteAddress: address, remotePort: port } = to;
    return boundOf(this.#addresses, to) ?? chooseBound(this.#addresses, { protocol, address, port }, this.#own);
  }

  #chosenFor(to: Destination): BoundAddress | undefined {
    const bound = chooseBound(this.#addresses, to, this.#own);
    if (bound !== undefined || to.protocol !== 'ws') return bound;
    // RFC 7118 5.2: `transport=ws` stands in URIs for both.
    return chooseBound(this.#addresses, { ...to, protocol: 'wss' }, this.#own);
  }

  /** Asked for every datagram, hence remembered. */
  #reachable(wildcard: string, remote: string): string {
    let address = this.#reachableBy.get(remote);
    if (address === undefined) {
      address = reachableAddress(wildcard, remote, this.#own);
      this.#reachableBy.set(remote, address);
    }
    return address;
  }

  // --- UDP

  #receiveDatagram(udp: UdpSocket, bytes: Buffer, address: string, port: number): void {
    // Keep-alives: empty, line breaks, or a word of some phones. A source port of 0 cannot be answered.
    if (bytes.length <= 4 || port === 0 || this.#closing) return;
    try {
      const flow = this.#udpFlow(udp, address, port);
      const outcome = parseMessage(bytes, 'datagram');
      if (outcome.ok) this.#deliver(outcome.message, flow);
      else this.#handlers?.onFailure(outcome, flow);
    } catch (error) {
      this.#onDefect(`a datagram from udp:${address}:${port}`, error);
    }
  }

  #receiveSendError(udp: UdpSocket, error: TransportError, address: string, port: number): void {
    try {
      this.#handlers?.onSendError?.(error, this.#udpFlow(udp, address, port));
    } catch (thrown) {
      this.#onDefect(`a send error to udp:${address}:${port}`, thrown);
    }
  }

  #udpFlow(udp: UdpSocket, remoteAddress: string, remotePort: number): Flow {
    return {
      protocol: 'udp',
      localAddress: isWildcard(udp.address) ? this.#reachable(udp.address, remoteAddress) : udp.address,
      localPort: udp.port,
      remoteAddress,
      remotePort,
      connectionId: null,
    };
  }

  #sendDatagram(udp: UdpSocket | null, bytes: Buffer, address: string, port: number, onSent: Sent): void {
    if (udp === null) {
      onSent(new TransportError('no-transport', `no UDP socket is bound that reaches ${address}`), null);
      return;
    }
    const error = udp.send(bytes, address, port);
    onSent(error, error === null ? this.#udpFlow(udp, address, port) : null);
  }

  /** The socket a datagram came in on. */
  #udpOf(flow: Flow): UdpSocket | null {
    const bound = boundOf(this.#addresses, flow);
    return this.#listeners.find((each) => each.bound === bound)?.udp ?? null;
  }

  // --- connections

  #receiveFramed(framed: Framed, flow: Flow): void {
    if (framed.kind === 'message') this.#deliver(framed.message, flow);
    else if (framed.kind === 'failure') this.#handlers?.onFailure(framed.failure, flow);
  }

  // --- both

  /** Nothing that comes in may end the thread: what is thrown in a socket's callback would. */
  readonly #onDefect = (what: string, error: unknown): void => {
    this.#handlers?.onDefect?.(what, error);
  };

  #deliver(message: SipMessage, flow: Flow): void {
    if (message.kind === 'request') stampTopVia(message, flow.remoteAddress, flow.remotePort);
    this.#handlers?.onMessage(message, flow);
  }

  #sendToFlow(bytes: Buffer, flow: Flow, onSent: Sent): void {
    if (flow.connectionId === null) {
      this.#sendDatagram(this.#udpOf(flow), bytes, flow.remoteAddress, flow.remotePort, onSent);
      return;
    }
    const connection = this.#connections.get(flow.connectionId);
    if (connection !== undefined) connection.send(bytes, onSent);
    else onSent(new TransportError('closed', `the connection to ${flow.remoteAddress} is closed`), null);
  }

  #sendToDestination(bytes: Buffer, to: Destination, onSent: Sent): void {
    const bound = this.#chosenFor(to);
    if (bound === undefined) {
      onSent(new TransportError('no-transport', `no ${to.protocol} socket is bound that reaches ${to.address}`), null);
    } else if (to.protocol === 'udp') {
      const listener = this.#listeners.find((each) => each.bound === bound);
      this.#sendDatagram(listener?.udp ?? null, bytes, to.address, to.port, onSent);
    } else {
      this.#sendByConnection(bytes, to, bound, onSent);
    }
  }

  #sendByConnection(bytes: Buffer, to: Destination, bound: BoundAddress, onSent: Sent): void {
    const connection = this.#connections.reach(to, isWildcard(bound.address) ? null : bound.address);
    if (connection instanceof TransportError) onSent(connection, null);
    else connection.send(bytes, onSent);
  }

  #notice(what: string, why: string): void {
    const before = this.#lines.take();
    if (before !== null) this.#options.log?.(`${what}${before}: ${why}`);
  }
}

function describe(listen: ListenAddress): string {
  const host = isIP(listen.address) === 6 ? `[${listen.address}]` : listen.address;
  return `${listen.protocol}://${host}:${listen.port}`;
}
