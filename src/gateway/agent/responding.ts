import type Srf from 'drachtio-srf';
import { tagOf } from '../message/headers.ts';
import { bareOf, outgoing, textOf } from './sending.ts';
import type { IncomingInviteListener, OutgoingMessage } from './user-agent.ts';

/** Keeps what a listener throws out of the framework. */
export type Guard = <Args extends unknown[]>(listener: (...args: Args) => void) => (...args: Args) => void;

/**
 * Sends a response, at last without the headers that the engine does not take.
 * @param done gets why it could not be sent, or null and what was sent; throws where the framework does not know the status
 */
export function respond(
  response: Srf.Response,
  status: number,
  message: OutgoingMessage & { readonly phrase?: string },
  guard: Guard,
  done: (why: string | null, sent: Srf.Message | null) => void,
): void {
  const told = guard((error: string | Error | null, sent: Srf.Message | null = null) => {
    // A word comes from the engine: whoever asked waits for a final answer, even if it cannot be the one that was passed on.
    const bare = typeof error === 'string' && status >= 200 ? bareOf(message) : null;
    if (bare === null) {
      done(error === null ? null : textOf(error), sent);
      return;
    }
    response.finished = false;
    respond(response, status, bare, guard, done);
  });
  response.send(status, message.phrase, outgoing(message), told);
}

/** A response to an INVITE has left. */
export function tellSent(sent: Srf.Message | null, listener: IncomingInviteListener | null): void {
  const tag = tagOf(sent?.get('to'));
  if (tag !== null) listener?.responded?.(tag, sent?.get('contact') ?? null);
}
