import type Srf from 'drachtio-srf';
import { sendAnswering, type SendAs } from './challenges.ts';
import type { Headers } from '../message/headers.ts';
import { dropDecodedNames } from './received.ts';
import type { Guard } from './responding.ts';
import { attempt, bareOf, canceller, outgoing, type SentListener } from './sending.ts';
import type { OutgoingInviteHandle } from './user-agent.ts';

/** The requests that we send over an engine connection, each until its final response. */
export class Requests {
  readonly #srf: Srf;
  readonly #guard: Guard;
  /** Ends each of them that has no final response yet, where its engine is gone. */
  readonly #unanswered = new Set<() => void>();

  constructor(srf: Srf, guard: Guard) {
    this.#srf = srf;
    this.#guard = guard;
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** The engine is gone: none of them will be answered. */
  giveUp(): void {
    for (const giveUp of this.#unanswered) giveUp();
  }

  /** Answers challenges where there is something to answer. */
  readonly sendAs: SendAs = (credentials, ...request) => {
    if (credentials === undefined) return this.send(...request);
    return sendAnswering(credentials, this.send.bind(this), ...request);
  };

  /** Nothing is told before this returns. */
  send(uri: string, options: Srf.RequestOptions, listener: SentListener): OutgoingInviteHandle {
    let cancel: ((headers: Headers) => void) | null = null;
    let over = false;
    let cancelHeaders: Headers | null = null;
    const final = (response: Srf.Response | null, ack: Srf.Ack): void => {
      if (over) return;
      over = true;
      this.#unanswered.delete(giveUp);
      listener.final(response, ack);
    };
    const giveUp = this.#guard(() => final(null, () => undefined));
    this.#unanswered.add(giveUp);
    const onSent = this.#guard((error: Error | null, request: Srf.Request) => {
      if (error !== null) {
        const bare = options.method === 'BYE' ? bareOf(options) : null;
        if (bare === null) {
          giveUp();
          return;
        }
        over = true;
        this.#unanswered.delete(giveUp);
        this.send(uri, { ...options, ...outgoing(bare) }, listener);
        return;
      }
      cancel = canceller(request);
      this.#listen(request, listener, final);
      listener.sent?.(request);
      // RFC 3261 9.1: it may be cancelled from now on; the engine waits for the first provisional response.
      if (cancelHeaders !== null) cancel(cancelHeaders);
    });
    // The engine answers later, but a connection that is gone is told at once: listeners hear of both later.
    let returned = false;
    attempt(
      () => {
        this.#srf.request(uri, options, (error, request) => {
          if (returned) onSent(error, request);
          else queueMicrotask(() => onSent(error, request));
        });
      },
      () => queueMicrotask(giveUp),
    );
    returned = true;
    return {
      cancel: (headers) => {
        if (over || cancelHeaders !== null) return;
        cancelHeaders = headers;
        cancel?.(headers);
      },
    };
  }

  #listen(request: Srf.Request, listener: SentListener, final: SentListener['final']): void {
    const onResponse = this.#guard((response: Srf.Response, ack: Srf.Ack) => {
      dropDecodedNames(response);
      if (response.status < 200) listener.provisional?.(response, ack);
      else final(response, ack);
    });
    const onUpdate = this.#guard(listener.update.bind(listener));
    request.on('response', onResponse);
    request.on('update', onUpdate);
  }
}
