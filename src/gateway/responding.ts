import type Srf from 'drachtio-srf';
import { bareOf, outgoing, textOf } from './sending.ts';
import type { OutgoingMessage } from './user-agent.ts';

/** Keeps what a listener throws out of the framework. */
export type Guard = <Args extends unknown[]>(listener: (...args: Args) => void) => (...args: Args) => void;

/**
 * Sends a response, at last without the headers that the engine does not take.
 * @param done gets why it could not be sent, or null; throws where the framework does not know the status
 */
export function respond(
  response: Srf.Response,
  status: number,
  message: OutgoingMessage & { readonly phrase?: string },
  guard: Guard,
  done: (why: string | null) => void,
): void {
  const sent = guard((error: string | Error | null) => {
    // A word comes from the engine: whoever asked waits for a final answer, even if it cannot be the one that was passed on.
    const bare = typeof error === 'string' && status >= 200 ? bareOf(message) : null;
    if (bare === null) {
      done(error === null ? null : textOf(error));
      return;
    }
    response.finished = false;
    respond(response, status, bare, guard, done);
  });
  response.send(status, message.phrase, outgoing(message), sent);
}
