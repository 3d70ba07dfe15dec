import type Srf from 'drachtio-srf';
import { header, tagOf, type Headers } from '../message/headers.ts';
import { readMessage, readResponse } from './received.ts';
import { outgoing, type SentListener } from './sending.ts';
import type { OutgoingSubscribe, Reply, Subscription, SubscriptionListener } from './user-agent.ts';

/** Sends a request of ours. */
export type Send = (uri: string, options: Srf.RequestOptions, listener: Pick<SentListener, 'sent' | 'final'>) => void;

/**
 * The subscriptions of one engine connection (RFC 6665). A NOTIFY is known by Call-ID and our tag: one that overtakes the 2xx
 * of its SUBSCRIBE, and one that comes after its engine has forgotten the dialog, is handed over as a new request.
 */
export class Subscriptions {
  readonly #send: Send;
  readonly #listeners = new Map<string, SubscriptionListener>();

  constructor(send: Send) {
    this.#send = send;
  }

  get size(): number {
    return this.#listeners.size;
  }

  open(offer: OutgoingSubscribe, listener: SubscriptionListener): Subscription {
    const auth = offer.credentials === undefined ? {} : { auth: offer.credentials };
    let id = '';
    let closed = false;
    const close = (): void => {
      closed = true;
      this.#listeners.delete(id);
    };
    this.#send(
      offer.uri,
      { method: 'SUBSCRIBE', ...outgoing(offer), ...auth },
      {
        sent: (sent) => {
          id = dialogIdOf(sent.get('call-id'), tagOf(sent.get('from')));
          if (!closed) this.#listeners.set(id, listener);
        },
        final: (response) => {
          if (response === null || response.status >= 300) close();
          listener.answered(response === null ? null : readResponse(response));
        },
      },
    );
    return {
      refresh: (headers: Headers, done) => {
        const options = { method: 'SUBSCRIBE', headers: { ...headers }, stackDialogId: id, ...auth };
        this.#send('sip:placeholder', options, {
          final: (response) => done(response === null ? null : readResponse(response)),
        });
      },
      close,
    };
  }

  /** @returns whether it was a NOTIFY of one of them */
  receive(request: Srf.Request, reply: Reply): boolean {
    if (request.method !== 'NOTIFY' || this.#listeners.size === 0) return false;
    const { headers } = request;
    const listener = this.#listeners.get(dialogIdOf(header(headers, 'call-id'), tagOf(header(headers, 'to'))));
    listener?.notify(readMessage(request, request), reply);
    return listener !== undefined;
  }

  /** The engine is gone, and every dialog with it. */
  clear(): void {
    this.#listeners.clear();
  }
}

/** As engines name dialogs. */
function dialogIdOf(callId: string | undefined, tag: string | null): string {
  return `${callId ?? ''};from-tag=${tag ?? ''}`;
}
