import type { HeaderField, SipRequest, SipResponse, SipUri } from './message/message.ts';
import type { NameService } from './transport/names.ts';
import type { Tap } from './transport/tapped.ts';
import type { TlsSettings } from './transport/tls.ts';
import type { BoundAddress, Flow, ListenAddress, TransportError } from './transport/transport.ts';

/** RFC 3261 table 4; everything else is made of these. */
export interface SipTimers {
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t4Ms: number;
  /** 64*T1 by default: timers B, D, F, H, J, L, M and the wait for an ACK. */
  readonly t1x64Ms: number;
  /** Timer B alone, where a silent next hop should be given up sooner: 64*T1 by default. */
  readonly timerBMs?: number;
}

export const DEFAULT_TIMERS: SipTimers = { t1Ms: 500, t2Ms: 4_000, t4Ms: 5_000, t1x64Ms: 32_000 };

/** Time, passed in, so that tests can let it elapse. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

export interface SipStackOptions {
  readonly listen: readonly ListenAddress[];
  /** Host shown in Via and Contact in place of the bound address. */
  readonly advertise?: string;
  /** CIDRs: peers in them are shown the bound address although `advertise` is set. Throws where one cannot be read. */
  readonly localNet?: readonly string[];
  readonly timers?: Partial<SipTimers>;
  readonly clock?: Clock;
  /** The system's by default. */
  readonly names?: NameService;
  /**
   * A request over so many bytes goes by TCP (RFC 3261 18.1.1) where neither `transport=udp` nor a known flow says otherwise,
   * and by UDP if it is not taken there: 1,300 by default. Infinity: size decides nothing.
   */
  readonly udpMtuBytes?: number;
  /**
   * Asked for every request but ACK and CANCEL before a transaction is made for it: a status refuses it statelessly. A To tag
   * proves no dialog, anybody can make one up: who knows the dialogs admits what belongs to one.
   */
  readonly admit?: (request: SipRequest, flow: Flow) => Refusal | null;
  /**
   * Transactions that may live at once: 100,000 by default. Beyond it new requests outside a dialog get a stateless 503, and
   * ours are refused.
   */
  readonly maxTransactions?: number;
  /** Needed to listen for tls and wss, and to connect by tls. */
  readonly tls?: TlsSettings;
  /** Web sites whose pages may open a WebSocket, `https://phone.example.com`; every one where it is absent. */
  readonly origins?: readonly string[];
  /**
   * Whether a source may keep a connection although no request was admitted on it yet; everybody by default. Others lose theirs
   * after `idleStrangerMs`.
   */
  readonly isExpected?: (address: string) => boolean;
  /**
   * Whether a request that was admitted keeps the connection it came by; every one does by default. Where another does not, `keep`
   * does once more is known of its sender.
   */
  readonly keeps?: (request: SipRequest, flow: Flow) => boolean;
  readonly user: StackUser;
  /** Told of every message that came in or left; for traces. */
  readonly tap?: Tap;
  /** One line for an operator; the stack never logs by itself. */
  readonly log?: (level: 'warn' | 'info' | 'debug', text: string) => void;
}

/** An answer without a transaction. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: readonly HeaderField[];
}

/**
 * Where a request goes. `uri` is resolved (RFC 3263); `flow` is a way already known, used as it is. `by`: a way that the same
 * peer came by; over UDP its address is answered from the socket it knows.
 */
export type RequestTarget = { readonly uri: string; readonly by?: Flow } | { readonly flow: Flow };

/** What the layer above the stack is told. What its functions throw costs the one message; a request gets 500. */
export interface StackUser {
  /**
   * A new request (never ACK or CANCEL, never a retransmission, never a merged INVITE: that got its 482). INVITEs had their 100.
   * What is like an INVITE that was answered 300-699, on another branch, is new: a proxy forks serially.
   */
  onRequest(transaction: ServerTransaction, request: SipRequest, flow: Flow): void;
  /** The ACK to a 2xx. `transaction` is the INVITE it acknowledges where that still lives; ACKs to failures never come here. */
  onAck(ack: SipRequest, flow: Flow, transaction: ServerTransaction | null): void;
  /** A CANCEL matched an INVITE that had no final answer: 200 and 487 have been sent. A CANCEL that matches nothing got 481. */
  onCancel(transaction: ServerTransaction, cancel: SipRequest, flow: Flow): void;
  /** A connection ended. */
  onClosed?(flow: Flow): void;
}

export interface ServerTransaction {
  /** UUID, one per transaction. */
  readonly id: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  /** False once a final answer was sent, the INVITE was cancelled, or the transaction died. */
  readonly open: boolean;
  /**
   * Sends a response made with `makeResponse` (sip/message): Via, From, To, Call-ID, CSeq are already in it. Returns the
   * bytes as sent. 2xx to INVITE over any transport are repeated until the ACK (RFC 3261 13.3.1.4).
   * Throws where `open` is false.
   */
  respond(response: SipResponse): Buffer;
  /**
   * Sends the last response again as long as none is final, over a new connection where that of the request has closed
   * (RFC 3261 18.2.2): where that fails too the transaction ends, for its peer is gone.
   */
  repeat(): void;
  /** Ends the repetition of our 2xx without its ACK: the peer has ended the dialog by a BYE. `onAckTimeout` is not called then. */
  stopRepeating(): void;
  /** No ACK for our 2xx within 64*T1. */
  onAckTimeout: (() => void) | null;
  /** The transaction ended: its response could not be sent, or the application never answered within its limit. */
  onTerminated: ((error: TransportError | null) => void) | null;
}

export interface ClientTransactionHandlers {
  /**
   * The address that the request leaves from, before it is written: From and Contact may still be made to show it. Called for
   * each address that is tried (RFC 3263 4.3), for the first maybe while `request` still runs.
   */
  onLocal?(local: BoundAddress): void;
  /**
   * Every 101-699 once, and every 2xx to an INVITE of another To tag; never 100, never a retransmission. Such a 2xx may follow the
   * end, `onTimeout` too, for a phone that answers late must not be left alone: it is to be acknowledged and ended by a BYE.
   */
  onResponse(response: SipResponse, flow: Flow): void;
  /** Exactly one of these ends a transaction without a final response; nothing but late 2xx to an INVITE follow. */
  onTimeout(): void;
  onTransportError(error: TransportError): void;
}

export interface ClientTransaction {
  readonly id: string;
  /** The request with our Via, Call-ID, CSeq, Max-Forwards. */
  readonly request: SipRequest;
  /** Known at once for literal addresses, UDP and open connections; null while a name is looked up or a connection made. */
  readonly flow: Flow | null;
  /** The bytes as sent, or as they will be. */
  readonly bytes: Buffer;
  /**
   * CANCELs the INVITE: at once after a provisional, else when the first comes (RFC 3261 9.1). `extra`: headers such as
   * Reason. Returns the CANCEL, or null where a final response was there already. Calling it twice is an error of the caller.
   * Where no final follows within 64*T1 a 487 is made up and delivered (9.1).
   */
  cancel(extra?: readonly HeaderField[]): SipRequest | null;
  /** Remembers the ACK to this INVITE's 2xx, sends it, and repeats it for every retransmitted 2xx of the same To tag. */
  acknowledge(ack: SipRequest, target: RequestTarget): Buffer;
}

/** A SIP endpoint: transports, transactions, matching. It knows nothing of dialogs (sip/dialog is pure, for its users). */
export interface SipStack {
  start(): Promise<void>;
  readonly addresses: readonly BoundAddress[];
  readonly timers: SipTimers;
  /**
   * The own address shown to such a target; undefined where no bound transport fits (then `request` throws no-transport).
   * A guess where a name has to be looked up: `onLocal` tells how it ended.
   */
  localFor(target: RequestTarget): BoundAddress | undefined;
  /** Whether a request to this URI would come back to one of our own sockets; never known of names that are looked up. */
  isOwn(uri: SipUri): boolean;
  /**
   * Sends a request outside of any transaction of ours. Adds the Via (with a fresh branch), Max-Forwards where absent, and
   * Content-Length. Never throws for the network: errors come to the handlers, always after this call has returned.
   * The request is the stack's from then on: where several addresses are tried (RFC 3263), its Via changes with each.
   * Throws TransportError `no-transport` where no bound transport fits the target, or the target is no SIP URI; `full` where
   * `maxTransactions` live already (requests within dialogs have a reserve).
   */
  request(request: SipRequest, target: RequestTarget, handlers: ClientTransactionHandlers): ClientTransaction;
  /** The connection of this flow may stay, and may be used for requests of ours; see `keeps`. Nothing over UDP. */
  keep(flow: Flow): void;
  /** Whether it still leads somewhere: always over UDP, else while its connection lives. */
  isOpen(this: void, flow: Flow): boolean;
  /** How many transactions live now (server and client): for limits, metrics and leak tests. */
  readonly transactionCount: number;
  /** How often something was thrown while a message, a timer or an event was handled: each cost that one alone. */
  readonly defectCount: number;
  /** Other certificates and authorities for connections that open from now on. Throws, and nothing has changed, where one cannot be used. */
  setTls(tls: TlsSettings): void;
  close(): Promise<void>;
}
