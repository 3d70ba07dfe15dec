import { parseParameters } from '../message/address.ts';
import { header, type Headers } from '../message/headers.ts';

/** A subscription of ours is made anew this long after it failed for the first time, twice as long after the second, … */
export const RETRY_FIRST_MS = 30_000;
export const RETRY_MAX_MS = 30 * 60_000;
/** After an answer that will be the same next time: the mailbox is none there, or we may not know. */
export const REFUSED_RETRY_MS = 60 * 60_000;
/** No wait that the other side asks for is longer, … */
const MAX_ASKED_MS = 24 * 60 * 60_000;
/** … and no refresh comes sooner, whatever it grants. */
export const MIN_REFRESH_MS = 10_000;
/** It is refreshed so long before it runs out, or when a tenth of it is left, whichever is later. */
const MARGIN_MS = 60_000;

/** How often in a row a longer expiry is taken over at once. */
const MAX_RAISES = 3;

/** What to do about a subscription next. */
export type Step =
  /** It stands: refresh it then. */
  | { readonly kind: 'refresh'; readonly inMs: number }
  /** It is over: subscribe anew then; with that expiry where the other side demanded a longer one. */
  | { readonly kind: 'renew'; readonly inMs: number; readonly expiresMs?: number };

/**
 * After the final answer to a SUBSCRIBE (RFC 6665 4.1.2).
 * @param answer null: none came
 * @param failures how often in a row it had failed before
 */
export function afterAnswer(
  answer: { readonly status: number; readonly headers: Headers } | null,
  askedMs: number,
  failures: number,
): Step {
  if (answer === null) return renew(backoff(failures));
  const { status, headers } = answer;
  if (status >= 200 && status < 300) {
    const grantedMs = secondsOf(header(headers, 'expires')) ?? askedMs;
    if (grantedMs === 0) return renew(backoff(failures));
    return { kind: 'refresh', inMs: Math.max(MIN_REFRESH_MS, grantedMs - Math.min(MARGIN_MS, grantedMs / 10)) };
  }
  // RFC 6665 4.1.2.1: Interval Too Brief says what is long enough.
  const minimumMs = status === 423 ? secondsOf(header(headers, 'min-expires')) : null;
  if (minimumMs !== null && minimumMs > askedMs && failures < MAX_RAISES)
    return { kind: 'renew', inMs: 0, expiresMs: minimumMs };
  // RFC 6665 4.1.2.2: a refresh found nothing there (481, or 412 where conditions are kept): it is made anew.
  if ((status === 481 || status === 412) && failures === 0) return renew(0);
  const askedWaitMs = secondsOf(header(headers, 'retry-after')?.split(/[ ;(]/, 1)[0]);
  if (askedWaitMs !== null) return renew(Math.max(RETRY_FIRST_MS, askedWaitMs));
  return renew([408, 412, 480, 481, 500, 503, 504].includes(status) ? backoff(failures) : REFUSED_RETRY_MS);
}

/** After a NOTIFY that ended it (RFC 6665 4.1.3); null: it did not, or did not say so. */
export function afterNotify(headers: Headers, failures: number): Step | null {
  const state = header(headers, 'subscription-state') ?? '';
  if (!/^\s*terminated\s*(;|$)/i.test(state)) return null;
  const parameters = parseParameters(state);
  const askedMs = secondsOf(parameters.get('retry-after'));
  switch (parameters.get('reason')?.toLowerCase()) {
    case 'deactivated':
    case 'timeout':
      return renew(failures === 0 ? 0 : backoff(failures));
    case 'rejected':
    case 'noresource':
    case 'invariant':
      return renew(REFUSED_RETRY_MS);
    default:
      return renew(askedMs === null ? backoff(failures) : Math.max(RETRY_FIRST_MS, askedMs));
  }
}

function renew(inMs: number): Step {
  return { kind: 'renew', inMs };
}

function backoff(failures: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 16));
}

/** A number of seconds, in milliseconds. */
function secondsOf(text: string | undefined): number | null {
  const seconds = text?.trim() ?? '';
  return /^\d{1,10}$/.test(seconds) ? Math.min(MAX_ASKED_MS, Number(seconds) * 1_000) : null;
}
