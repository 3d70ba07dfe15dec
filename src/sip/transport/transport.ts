import type { ParseFailure, SipMessage, SipUri } from '../message/message.ts';
import type { TlsSettings } from './tls.ts';

export type TransportProtocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** `udp://0.0.0.0:5060`, `tcp://[::1]:0` taken apart. Port 0 takes a free one. */
export interface ListenAddress {
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
}

/** A socket that is bound. `host` is what Via and Contact show: the advertised one, else an address others can reach. */
export interface BoundAddress extends ListenAddress {
  readonly host: string;
}

/** One way to one peer: a UDP pair of addresses, or one connection. Responses and in-dialog requests go back over it. */
export interface Flow {
  readonly protocol: TransportProtocol;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Identifies the connection for as long as it lives; null for UDP. */
  readonly connectionId: number | null;
}

/** Where a request may be sent: one address of RFC 3263's answer. */
export interface Destination {
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
  /**
   * TLS: the host of the URI that led here, never a name that the DNS gave for it (RFC 5922 4): the certificate of the far end
   * must bear it. Without one the address itself must be in the certificate.
   */
  readonly serverName?: string;
  /** How long a new connection to it may take to open, where the layer's own limit is too long for this request. */
  readonly connectTimeoutMs?: number;
}

/** The message did not leave, or its connection died. `code`: `refused`, `timeout`, `closed`, `no-transport`, `dns`, `too-large`, `full`. */
export class TransportError extends Error {
  readonly code: 'refused' | 'timeout' | 'closed' | 'no-transport' | 'dns' | 'too-large' | 'full' | 'failed';
  constructor(code: TransportError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.code = code;
  }
}

export interface TransportHandlers {
  onMessage(message: SipMessage, flow: Flow): void;
  /** Bytes that are no SIP message; the stack answers (statelessly) where `failure.status` says so. */
  onFailure(failure: ParseFailure, flow: Flow): void;
  /** A connection ended; transactions that wait on it fail. */
  onClosed(flow: Flow): void;
  /**
   * The system refused a datagram after `send` had taken it (no route to the peer, no permission): `onSent` told of success
   * already. Transactions towards this peer need not wait for their timers.
   */
  onSendError?(error: TransportError, flow: Flow): void;
  /** Something was thrown while `what` (with its source) was handled: that one is lost, the sockets go on. */
  onDefect?(what: string, error: unknown): void;
}

/** Every socket of the stack. Implemented in layer.ts. */
export interface TransportLayer {
  /** Binds all or none; rejects with the address that could not be bound. */
  start(handlers: TransportHandlers): Promise<void>;
  readonly addresses: readonly BoundAddress[];
  /**
   * The bound address that Via and Contact of a message to this destination show; for a flow, that of the very socket it came
   * in by. Undefined where none fits.
   */
  localFor(to: Destination | Flow): BoundAddress | undefined;
  /**
   * Sends to an existing flow, or to a destination (an open connection to it is used again, else one is made).
   * `onSent` tells the flow used, or why it failed; synchronously for UDP and open connections.
   */
  send(bytes: Buffer, to: Flow | Destination, onSent: (error: TransportError | null, flow: Flow | null) => void): void;
  /**
   * A request over this flow was not answered: a connection on which nothing at all came for `silentMs` is closed, so that the
   * next request opens another.
   */
  closeIfSilent(flow: Flow, silentMs: number): void;
  /**
   * A request over this flow was let in: its connection may stay, and is kept alive (RFC 5626 3.5.1). Without it a connection from
   * a source that is not expected is closed soon, whatever came over it.
   */
  keep(flow: Flow): void;
  /** Whether the flow still stands (always true for UDP). */
  isOpen(flow: Flow): boolean;
  /**
   * Other certificates and authorities for connections that open from now on; those that are open stay as they are. Throws, and
   * nothing has changed, where one of them cannot be used. For layers that were made with `tls`.
   */
  setTls(tls: TlsSettings): void;
  close(): Promise<void>;
}

/**
 * RFC 3263: a literal answers at once (synchronously, as an array), and so does what is remembered (for its TTL). A host with a
 * port is looked up as A/AAAA; without one NAPTR and SRV come first. Rejects with TransportError `dns`.
 */
export interface Resolver {
  resolve(uri: SipUri): readonly Destination[] | Promise<readonly Destination[]>;
  /** It could not be reached, or said that it cannot serve: for some time it comes after all others of its name. */
  failed(destination: Destination): void;
  /** It is well. */
  answered(destination: Destination): void;
}
