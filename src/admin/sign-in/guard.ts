import type { FastifyRequest } from 'fastify';
import { sameSecret } from '../ids.ts';
import type { Identity, Sessions } from './sessions.ts';

export const SESSION_COOKIE = '__Host-mcg-session';
export const CSRF_HEADER = 'x-csrf-token';

export interface Refused {
  readonly status: 401 | 403;
  readonly refused: string;
  /** It came from a page of another site: not even what is anybody's is done for it. */
  readonly isForeign?: true;
}

/**
 * Who a request is from: a token (RFC 6750 2.1) before a session. A request that changes something must come from a page
 * of ours: what a browser says of its origin, and with a session the CSRF token that only our pages can read.
 */
export async function identify(
  request: FastifyRequest,
  sessions: Sessions,
  { changes, origin }: { readonly changes: boolean; readonly origin: string },
): Promise<Identity | Refused> {
  const shown = request.headers.authorization;
  if (shown !== undefined) {
    const [, token = ''] = /^Bearer +(\S{1,256}) *$/i.exec(shown) ?? [];
    const identity = token === '' ? null : await sessions.byToken(token, request.ip);
    return identity ?? { status: 401, refused: 'The token is unknown, has been revoked, or has run out.' };
  }
  if (changes && isForeign(request, origin)) {
    return { status: 403, refused: `This came from a page of another site: use ${origin}.`, isForeign: true };
  }
  const secret = request.cookies[SESSION_COOKIE] ?? '';
  const identity = secret === '' ? null : await sessions.bySecret(secret, request.ip);
  if (identity === null) return { status: 401, refused: 'Sign in, or show an API token.' };
  if (changes) {
    const csrf = request.headers[CSRF_HEADER];
    if (typeof csrf !== 'string' || !sameSecret(csrf, identity.session?.csrfToken ?? '')) {
      return { status: 403, refused: 'The X-CSRF-Token is missing or not this session’s: load the page again.' };
    }
  }
  return identity;
}

/** Of programs, which say nothing of where they come from, nobody's session is at stake. */
function isForeign(request: FastifyRequest, origin: string): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const from = request.headers.origin;
  // By another name of this machine (localhost for 127.0.0.1) it is the same origin as the browser asked.
  return from !== undefined && from !== origin && hostOf(from) !== request.headers.host;
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
