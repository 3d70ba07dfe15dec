import type {
  ClientTransaction,
  Dialog as DialogState,
  Flow,
  Refresher,
  ServerTransaction,
  SipRequest,
  SipResponse,
} from '../sip/index.ts';
import type { Client } from './protocol/client.ts';
import type { EngineTimer } from './timers.ts';

/** What the engine remembers while something is under way: dialogs, and requests in both directions. */

/**
 * A dialog as applications know it: `<Call-ID>;from-tag=<From tag of the request that created it>` in both roles
 * (drachtio-protocol 2.2). The To tag is not in it, so that all early dialogs of one INVITE share an entry.
 */
export interface Dialog {
  readonly id: string;
  readonly role: 'uas' | 'uac';
  /** What made it: an INVITE, or a SUBSCRIBE. */
  readonly kind: 'call' | 'subscription';
  /** Who gets its requests, and what the engine does to it by itself. */
  readonly client: Client;
  /** Confirmed; null until the 2xx. */
  state: DialogState | null;
  /** By the peer's tag. */
  readonly early: Map<string, DialogState>;
  /** The peer's latest way to us; null before there was one and after its connection has ended. */
  flow: Flow | null;
  /** The connection it came by has ended. */
  lostConnection: boolean;
  /** The peer's INVITE that creates the dialog, until it has its final answer. */
  invite: IncomingRequest | null;
  /** Requests of the peer in this dialog which the application has not answered. */
  readonly unanswered: Set<IncomingRequest>;
  /** Our latest INVITE in it: its 2xx is what the application's ACK acknowledges. */
  ours: OutgoingInvite | null;
  /**
   * By CSeq number: the peer's INVITEs whose 2xx it has not acknowledged. The ACK to the one that made the dialog is delivered on
   * its txnId, others get one of their own.
   */
  readonly unacknowledged: Map<number, IncomingRequest>;
  /** The application's BYE, which has to wait for the peer's ACK (RFC 3261 15). */
  heldBye: HeldRequest | null;
  /** RSeq and CSeq number of a reliable provisional response whose PRACK may come after our 2xx; '' where none may. */
  latePrack: string;
  /** Our side of the session, as we described it last: for the refresh that the application knows nothing of. */
  readonly local: LocalSession;
  /** Null where there never was a session timer. */
  session: SessionTimer | null;
  /** When the engine forgets it, where somebody else should have ended it by then (`forgetLater`). */
  expiry: EngineTimer | null;
}

/** A request from the network that was delivered to an application and waits for its final answer. */
export interface IncomingRequest {
  readonly transaction: ServerTransaction;
  readonly client: Client;
  /** The dialog it belongs to, or would create; null for requests that do neither. */
  readonly dialog: Dialog | null;
  /** It came inside `dialog`. */
  readonly inDialog: boolean;
  /** The To tag of its responses, '' until the first one above 100. */
  toTag: string;
  /** Its reliable provisional responses; null before the first. */
  reliable: ReliableResponses | null;
  /** The application has answered it with a 2xx, which waits for a PRACK. */
  held: boolean;
}

/** Reliable provisional responses to one INVITE of the peer (reliable.ts). */
export interface ReliableResponses {
  readonly nextRSeq: number;
  readonly isFull: boolean;
  /** RSeq of the one whose PRACK is still to come. */
  readonly unacknowledged: number | null;
  /** Null where it waits for the PRACK of another. */
  provisional(response: SipResponse): Buffer | null;
  /** Null where it has to wait for a PRACK. */
  final(response: SipResponse): Buffer | null;
  /** False where the PRACK acknowledges nothing. */
  prack(rseq: number): boolean;
  close(): void;
}

/** Reliable provisional responses to an INVITE of an application (reliable.ts). */
export interface ReceivedResponses {
  /** What a PRACK of the application acknowledges; null where nothing. */
  acknowledge(rseq: number | null, tag: string): { readonly tag: string; readonly rseq: number } | null;
}

/** RFC 4028 (session.ts). */
export interface SessionTimer {
  readonly running: boolean;
  /** Our refresh is under way. */
  readonly refreshing: boolean;
  readonly refresher: Refresher;
  readonly seconds: number;
  /** What a 2xx has agreed on; null where no timer. */
  agreed(session: { readonly seconds: number; readonly refresher: Refresher } | null): void;
  /** Runs `command` once our refresh is over; false where too many wait. */
  hold(command: () => void): boolean;
  /** The application has said BYE: nothing is refreshed any more, nor ended by us. */
  rest(): void;
  /** The dialog has ended. */
  close(): void;
}

/** A SUBSCRIBE of an application without a final answer. */
export interface PendingSubscribe {
  readonly client: Client;
  readonly transaction: ClientTransaction;
  /** The dialog that a NOTIFY made before the 2xx came (RFC 6665 4.4.1). */
  notified: Dialog | null;
  readonly request: SipRequest;
}

export interface LocalSession {
  contact: string;
  contentType: string;
  /** Empty where we have described nothing. */
  body: Buffer;
}

/** A request that the application believes sent. */
export interface HeldRequest {
  send(): void;
  /** It never goes out: this is its answer. */
  conclude(status: number, reason: string): void;
}

/** An INVITE of an application, for its CANCEL and its ACK. */
export interface OutgoingInvite {
  readonly transaction: ClientTransaction;
  readonly client: Client;
  /** It has been cancelled, by the application or by the engine. */
  cancelled: boolean;
  /** The application has asked for its end. */
  unwanted: boolean;
  /** A 2xx came. */
  readonly succeeded: boolean;
  /** The application has sent the ACK to that 2xx. */
  acknowledged: boolean;
  readonly reliable: ReceivedResponses;
  /** Ends it for the application with a response made here; without effect once it had its final one. */
  conclude(status: number, reason: string): void;
}
