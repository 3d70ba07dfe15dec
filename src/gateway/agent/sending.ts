import type Srf from 'drachtio-srf';
import { header, type Headers } from '../message/headers.ts';
import type { Acknowledge, OutgoingMessage } from './user-agent.ts';

/** What comes of a request that we sent. */
export interface SentListener {
  sent?(request: Srf.Request): void;
  update(request: Srf.Request, response: Srf.Response): void;
  provisional?(response: Srf.Response, ack: Srf.Ack): void;
  /** Exactly once; null where the engine did not take it. */
  final(response: Srf.Response | null, ack: Srf.Ack): void;
}

/** How messages of ours get to the engine, and out of it even where it refuses a header that was passed on. */

/** Cancels the INVITE. */
export function canceller(request: Srf.Request): (headers: Headers) => void {
  const cancel = (headers: Headers): void => {
    const done = (error: Error | null): void => {
      // Where the engine refuses it because the INVITE is over, nothing is lost by asking again.
      if (error !== null && bareOf({ headers }) !== null) cancel({});
    };
    attempt(() => request.cancel({ headers: { ...headers } }, done));
  };
  return cancel;
}

export function acknowledge(ack: Srf.Ack): Acknowledge {
  const acknowledged: Acknowledge = (message) => {
    const sent = (error: string | Error | null): void => {
      const bare = error === null ? null : bareOf(message);
      if (bare !== null) acknowledged(bare);
    };
    // Throws where the connection is gone, and with it the dialog.
    attempt(() => ack(outgoing(message), sent));
  };
  return acknowledged;
}

export function outgoing({ headers, body }: OutgoingMessage): { headers: Record<string, string>; body?: string } {
  return body === undefined || body === '' ? { headers: { ...headers } } : { headers: { ...headers }, body };
}

/**
 * A message with nothing but its body: for what must get through even where the engine refuses a header that was passed on.
 * Null where there is nothing to leave out.
 */
export function bareOf({
  headers = {},
  body = '',
  phrase,
}: OutgoingMessage & { readonly phrase?: string }): OutgoingMessage | null {
  const type = body === '' ? undefined : header(headers, 'content-type');
  const kept: Headers = type === undefined ? {} : { 'content-type': type };
  const same = Object.keys(headers).length === Object.keys(kept).length && phrase === undefined;
  return same ? null : { headers: kept, body };
}

export function textOf(error: string | Error): string {
  return typeof error === 'string' ? error : error.message;
}

/** For what can only fail where its purpose is already served, or something else serves it. */
export function attempt(action: () => void, otherwise: () => void = () => undefined): void {
  try {
    action();
  } catch {
    otherwise();
  }
}
