import { passHeaders, tagOf, header } from '../message/headers.ts';
import type { Reply, SipResponse } from '../agent/user-agent.ts';

/** The caller's early dialog: what of the other sides' provisional responses it gets to see. */
export interface EarlyMedia {
  /** @param mayFollow another target may still answer in this one's place */
  provisional(response: SipResponse, mayFollow: boolean): void;
  /** A session description went to the caller before the answer. */
  readonly started: boolean;
}

/**
 * One To tag never carries two answers (RFC 3261 13.2.1): while something else may still answer, a session description is
 * held back and the caller hears its own ringing; afterwards that of one early dialog passes, and no other's.
 * @param gone told where a response finds the caller's INVITE over
 */
export function createEarlyMedia(reply: Reply, gone: (why: string) => void): EarlyMedia {
  /** The To tag on the other side whose description the caller has. */
  let shown: { readonly tag: string | null; readonly sdp: string } | null = null;

  const failed = (why: string): void => {
    // Other refusals are about this one response, not about the INVITE.
    if (/unknown transaction|transport|socket|connection/i.test(why)) gone(why);
  };
  return {
    get started() {
      return shown !== null;
    },
    provisional(response, mayFollow) {
      const { status, phrase, headers, body } = response;
      // RFC 6228: one of several early dialogs ended; the caller never knew them apart.
      if (status === 199) return;
      const tag = tagOf(header(headers, 'to'));
      const passes = body !== '' && !mayFollow && (shown === null || (shown.tag === tag && shown.sdp === body));
      if (passes) {
        shown = { tag, sdp: body };
        reply(status, { phrase, headers: passHeaders(headers), body }, failed);
      } else if (body !== '') {
        reply(status === 183 ? 180 : status, { headers: withoutBody(passHeaders(headers)) }, failed);
      } else {
        reply(status, { phrase, headers: passHeaders(headers) }, failed);
      }
    },
  };
}

function withoutBody(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(content-|mime-version|c$|e$)/i.test(name)));
}
