import type { ClientTransaction, Dialog as DialogState, Flow, ServerTransaction } from '../sip/index.ts';
import type { Client } from './client.ts';

/** What the engine remembers while something is under way: dialogs, and requests in both directions. */

/**
 * A dialog as applications know it: `<Call-ID>;from-tag=<From tag of the request that created it>` in both roles
 * (drachtio-protocol 2.2). The To tag is not in it, so that all early dialogs of one INVITE share an entry.
 */
export interface Dialog {
  readonly id: string;
  readonly role: 'uas' | 'uac';
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
   * CSeq numbers of INVITEs whose 2xx the peer has not acknowledged, with the txnId that their ACK is delivered on; '' for
   * one of its own.
   */
  readonly unacknowledged: Map<number, string>;
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
}

/** An INVITE of an application, for its CANCEL and its ACK. */
export interface OutgoingInvite {
  readonly transaction: ClientTransaction;
  readonly client: Client;
  /** The application has asked for its end. */
  cancelled: boolean;
  /** A 2xx came. */
  readonly succeeded: boolean;
  /** The application has sent the ACK to that 2xx. */
  acknowledged: boolean;
  /** Ends it for the application with a response made here; without effect once it had its final one. */
  conclude(status: number, reason: string): void;
}
