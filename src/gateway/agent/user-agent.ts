import type { EngineWatchLimits } from './engine-watch.ts';
import type { Headers } from '../message/headers.ts';
import type { EngineAddress, GatewayLog } from '../types.ts';

/**
 * The SIP user agent that the gateway is written against: thin enough to be one engine connection, and without the traps
 * of the framework behind it (srf.ts). Everything is told by a call at the moment it happens, in the order of the wire:
 * a BYE that follows its 200 in the same packet finds its handlers in place. No listener may throw; what one throws is
 * logged and goes no further.
 */
export interface UserAgent {
  readonly connected: boolean;
  /** `udp/127.0.0.1:5060`, … as the engine reports them. */
  readonly sipAddresses: readonly string[];
  /** What it keeps at this moment, for those who look for leaks. */
  readonly holdings: { readonly dialogs: number; readonly pendingInvites: number; readonly unanswered: number };
  /** Sends an INVITE. Nothing is told before this returns. */
  invite(offer: OutgoingInvite, listener: OutgoingInviteListener): OutgoingInviteHandle;
  /** Sends a request outside a dialog. `done` gets its final status, null where none came. */
  request(
    method: string,
    uri: string,
    headers: Headers,
    done: (status: number | null) => void,
    /** `proxy`: where it is sent, whatever its URI says. */
    extra?: { readonly body?: string; readonly proxy?: string },
  ): void;
  /** Sends a SUBSCRIBE (RFC 6665). Nothing is told before this returns; nothing more once the engine is lost. */
  subscribe(offer: OutgoingSubscribe, listener: SubscriptionListener): Subscription;
  close(): void;
}

export interface UserAgentOptions {
  readonly engine: EngineAddress;
  readonly limits: EngineWatchLimits;
  readonly log: GatewayLog;
  readonly listener: UserAgentListener;
}

export interface UserAgentListener {
  /** The engine took us as its application: the first time, and after every loss. */
  connected(): void;
  /** The engine does not accept the secret. */
  refused(): void;
  /** The connection is gone, and with it every dialog and transaction of it. */
  lost(): void;
  /** A new INVITE. */
  invite(invite: IncomingInvite): void;
  /** Any other request outside a dialog; it must be replied to. */
  request(request: SipRequest, reply: Reply): void;
}

export interface SipRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: string;
  /** The source address of the packet. */
  readonly sourceAddress: string;
  /** The same with its protocol and port: `udp/192.0.2.7:5060`. A WebSocket is shown as `tcp`. */
  readonly source: string;
}

export interface SipResponse {
  readonly status: number;
  readonly phrase: string;
  readonly headers: Headers;
  readonly body: string;
  /** Made by the engine, because nothing came from the other side (408) or nothing could be sent (503, 410). */
  readonly local: boolean;
}

export interface OutgoingMessage {
  readonly headers?: Headers;
  readonly body?: string;
}

/** Sends the ACK to a 2xx. */
export type Acknowledge = (message: OutgoingMessage) => void;

/** Sends a response. `failed` is told where it could not be sent because its request is over. */
export type Reply = (
  status: number,
  message?: OutgoingMessage & { readonly phrase?: string },
  failed?: (why: string) => void,
) => void;

export interface IncomingInvite {
  readonly request: SipRequest;
  readonly callId: string;
  readonly agent: UserAgent;
  /** At once: what happens before is lost. */
  listen(listener: IncomingInviteListener): void;
  /** 1xx and 3xx-6xx. */
  readonly reply: Reply;
  /** 200. Exactly one of the two is told, later: the dialog once the answer has left, or why it could not leave. */
  answer(message: OutgoingMessage, answered: (dialog: Dialog) => void, failed: (why: string) => void): void;
}

export interface IncomingInviteListener {
  /** CANCEL; the engine has sent 200 and 487. */
  cancelled(cancel: SipRequest): void;
  /** A response above 100 has left, with this To tag and (2xx and some 1xx) Contact of ours. */
  responded?(toTag: string, contact: string | null): void;
}

export interface OutgoingInvite extends OutgoingMessage {
  readonly uri: string;
  /** Where it is sent, whatever its URI says: `sip:192.0.2.7:5060;transport=udp`. */
  readonly proxy?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
}

export interface OutgoingSubscribe extends OutgoingMessage {
  readonly uri: string;
  readonly credentials?: { readonly username: string; readonly password: string };
}

export interface SubscriptionListener {
  /** The final answer to the first SUBSCRIBE, null where none came. After anything but a 2xx nothing more is told. */
  answered(response: SipResponse | null): void;
  /** A NOTIFY, perhaps before `answered`. It must be replied to. */
  notify(notify: SipRequest, reply: Reply): void;
}

export interface Subscription {
  /** Another SUBSCRIBE in its dialog; null where none came or the engine does not know the dialog any more. */
  refresh(headers: Headers, done: (response: SipResponse | null) => void): void;
  /** Forgets it: NOTIFYs get 481. */
  close(): void;
}

export interface OutgoingInviteListener {
  /** The engine took the INVITE, gave it this Call-ID, and wrote this Contact into it. */
  sent(callId: string, contact: string | null): void;
  provisional(response: SipResponse): void;
  /** A 2xx: the dialog waits for its `ack`. */
  answered(response: SipResponse, dialog: Dialog): void;
  /** A final response, or null where the engine did not take the INVITE. */
  failed(response: SipResponse | null): void;
}

export interface OutgoingInviteHandle {
  /** At any time; sent as soon as RFC 3261 9.1 lets it. A 2xx may still come. */
  cancel(headers: Headers): void;
}

/** One side of an answered call. */
export interface Dialog {
  /** Until it is set, requests wait for it, a few; an end is told as soon as it is set. */
  listener: DialogListener | null;
  /** Acknowledges the 2xx that made the dialog, where the other side sent it; the first time counts. */
  ack(message: OutgoingMessage): void;
  /**
   * Sends a request in the dialog. `done` gets its final response; null where the engine no longer knows the dialog or the
   * request. To a 2xx of an INVITE, `ack` must be called.
   */
  request(
    method: string,
    message: OutgoingMessage,
    done: (response: SipResponse | null, ack: Acknowledge) => void,
  ): OutgoingInviteHandle;
  /** Ends it. Nothing is told afterwards but, to `done`, the answer to our BYE; null where none came. */
  bye(headers?: Headers, done?: (response: SipResponse | null) => void): void;
}

export interface DialogListener {
  request(request: SipRequest, reply: Reply, onCancel: (listener: (cancel: SipRequest) => void) => void): void;
  ack(ack: SipRequest): void;
  /** The other side said BYE, or the engine gave the dialog up (`silent`: no ACK came, a session timer ran out). */
  ended(bye: SipRequest, silent: boolean): void;
}
