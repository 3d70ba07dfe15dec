import { isIP } from 'node:net';
import type Srf from 'drachtio-srf';
import { answerChallenge, parseChallenges, type DigestChallenge } from '../../digest/index.ts';
import { parseUri } from '../message/address.ts';
import type { SentListener } from './sending.ts';
import type { OutgoingInviteHandle } from './user-agent.ts';

/** Challenges that one request may be met with: two systems on the way, each with a nonce that has just expired. */
export const MAX_CHALLENGES = 4;

/** Names and values of headers by which a request of ours goes out again. */
export interface Again {
  readonly headers: Record<string, string>;
  /** Where it has to go, because only who asked knows its nonce. */
  readonly proxy?: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Answers challenges (RFC 3261 22.2, RFC 8760) to one request of ours. drachtio-srf could, but knows MD5 alone and reads two
 * challenges as a mixture of both; within dialogs it hashes a URI that is none.
 */
export class ChallengeAnswers {
  readonly #credentials: Credentials;
  /** By header name and realm. */
  readonly #answers = new Map<string, { readonly header: string; readonly value: string }>();
  #count = 0;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /**
   * How the request goes out again after this response; null: it is final. A password that was wrong once is not shown again, so
   * that nobody is asked for ever.
   */
  to(response: Srf.Response, request: Srf.Request, options: Srf.RequestOptions): Again | null {
    const proxy = response.status === 407;
    if ((response.status !== 401 && !proxy) || this.#count === MAX_CHALLENGES) return null;
    this.#count += 1;
    const header = proxy ? 'Proxy-Authorization' : 'Authorization';
    const asked = response.get(proxy ? 'proxy-authenticate' : 'www-authenticate') ?? '';
    if (!this.#answer(header, parseChallenges(asked), request)) return null;
    const own = { ...(options.stackDialogId === undefined ? sameCall(request) : {}), ...this.#headers() };
    return {
      headers: { ...without(options.headers, own), ...own },
      ...(options.proxy === undefined ? pinned(response, request) : {}),
    };
  }

  /** RFC 8760 2.4: the topmost challenge of each realm. False: there is nothing new to say. */
  #answer(header: string, challenges: readonly DigestChallenge[], { method, uri }: Srf.Request): boolean {
    let answered = false;
    const realms = new Set<string>();
    for (const challenge of challenges) {
      if (realms.has(challenge.realm)) continue;
      realms.add(challenge.realm);
      const key = `${header} ${challenge.realm}`;
      // RFC 7616 3.3: only a nonce that has expired is no word about the password.
      if (this.#answers.has(key) && !challenge.stale) continue;
      const value = answerChallenge(challenge, { ...this.#credentials, method, uri, count: 1 });
      this.#answers.set(key, { header, value });
      answered = true;
    }
    return answered;
  }

  #headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const { header, value } of this.#answers.values()) {
      const before = headers[header];
      headers[header] = before === undefined ? value : `${before}, ${value}`;
    }
    return headers;
  }
}

/** Headers whose names are not among these, however they are written. */
function without(headers: Record<string, string>, names: Record<string, string>): Record<string, string> {
  const lower = new Set(Object.keys(names).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !lower.has(name.toLowerCase())));
}

/** RFC 3261 22.2: the same Call-ID and From, a CSeq one higher. In a dialog the engine sees to it. */
function sameCall(request: Srf.Request): Record<string, string> {
  const [sequence = '1'] = /^\d+/.exec(request.get('cseq') ?? '') ?? [];
  return {
    from: request.get('from') ?? '',
    'call-id': request.get('call-id') ?? '',
    cseq: `${Number(sequence) + 1} ${request.method}`,
  };
}

/** A name may lead to several servers, of which each knows its own nonces only. By TLS the name is who was verified. */
function pinned({ source_address: address, source_port: port, protocol }: Srf.Response, { uri }: Srf.Request) {
  const named = isIP(parseUri(uri)?.host ?? '') === 0;
  if (!named || isIP(address) === 0 || (protocol !== 'udp' && protocol !== 'tcp')) return {};
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return { proxy: `sip:${host}:${port};transport=${protocol}` };
}

type Send = (uri: string, options: Srf.RequestOptions, listener: SentListener) => OutgoingInviteHandle;
export type SendAs = (credentials: Credentials | undefined, ...request: Parameters<Send>) => OutgoingInviteHandle;

/** Sends a request, and again with an answer each time that it is challenged: to its listener it is one request. */
export function sendAnswering(
  credentials: Credentials,
  send: Send,
  ...[uri, first, listener]: Parameters<Send>
): OutgoingInviteHandle {
  const answers = new ChallengeAnswers(credentials);
  let cancelled = false;
  const go = (options: Srf.RequestOptions, isFirst: boolean): OutgoingInviteHandle => {
    let sent: Srf.Request | null = null;
    return send(uri, options, {
      ...listener,
      sent: (request) => {
        sent = request;
        if (isFirst) listener.sent?.(request);
      },
      final: (response, ack) => {
        // Nobody wants an INVITE that was cancelled to go out again.
        const again = response === null || sent === null || cancelled ? null : answers.to(response, sent, options);
        if (again === null) listener.final(response, ack);
        else handle = go({ ...options, ...again }, false);
      },
    });
  };
  let handle = go(first, true);
  return {
    cancel: (headers) => {
      cancelled = true;
      handle.cancel(headers);
    },
  };
}
