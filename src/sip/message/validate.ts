import { parseCSeq } from './cseq.ts';
import { isTokenCode } from './grammar.ts';
import { canonicalName, type SipHeaders } from './headers.ts';
import { MAX_BODY_BYTES, MAX_MAX_FORWARDS } from './limits.ts';
import type { SipMessage, SipRequest } from './message.ts';
import { parseNameAddress } from './name-address.ts';
import { badRequest, TOO_LARGE, type Problem } from './problem.ts';
import { parseUri, schemeOf } from './uri.ts';
import { BRANCH_COOKIE, topVia } from './via.ts';

/** RFC 3261 8.1.1. Max-Forwards is missing in what RFC 2543 elements send, and 16.3 lets that pass. */
const MANDATORY = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];

/** Headers that decide what a message means and may stand once (RFC 3261 7.3.1 and table 2, RFC 3262, 3515, 3891, 4028, 6665). */
const SINGLE = new Set(
  [
    'From',
    'To',
    'Call-ID',
    'CSeq',
    'Max-Forwards',
    'Content-Length',
    'Content-Type',
    'Expires',
    'Event',
    'Subscription-State',
    'Session-Expires',
    'Min-SE',
    'RSeq',
    'RAck',
    'Refer-To',
    'Replaces',
  ].map(canonicalName),
);

/** The Request-URIs that somebody here can be reached by; others get 416 (RFC 3261 8.2.2.1). */
const SCHEMES = new Set(['sip', 'sips', 'tel']);

/** The first thing that RFC 3261 makes mandatory and the message breaks; null where there is none. */
export function problemOf(message: SipMessage, headers: SipHeaders): Problem | null {
  return (
    missing(message) ??
    repeated(headers) ??
    badCSeq(message) ??
    badMaxForwards(message) ??
    badAddress(message, 'From') ??
    badAddress(message, 'To') ??
    badCallId(message) ??
    badVia(message) ??
    badContentLength(message) ??
    (message.kind === 'request' ? badRequestUri(message) : null)
  );
}

function missing(message: SipMessage): Problem | null {
  const name = MANDATORY.find((header) => !message.headers.has(header));
  return name === undefined ? null : badRequest(`Missing ${name}`);
}

function repeated({ fields, keys }: SipHeaders): Problem | null {
  const index = keys.findIndex((key, at) => SINGLE.has(key) && keys.indexOf(key) < at);
  return index < 0 ? null : badRequest(`Repeated ${fields[index]?.name}`);
}

function badCSeq(message: SipMessage): Problem | null {
  const value = message.headers.get('CSeq') ?? '';
  const cseq = parseCSeq(value);
  if (cseq === null) return badRequest('Bad CSeq', value);
  if (message.kind === 'request' && cseq.method !== message.method) {
    return badRequest('CSeq Method Mismatch', `${cseq.method} in CSeq of ${message.method}`);
  }
  return null;
}

function badMaxForwards(message: SipMessage): Problem | null {
  const value = message.headers.get('Max-Forwards');
  return value === undefined || isNumberUpTo(value, MAX_MAX_FORWARDS) ? null : badRequest('Bad Max-Forwards', value);
}

/** Digits only, any number of leading zeros (RFC 4475 3.1.1.1). */
function isNumberUpTo(value: string, limit: number): boolean {
  return /^\d+$/.test(value) && Number(value) <= limit;
}

function badAddress(message: SipMessage, name: 'From' | 'To'): Problem | null {
  const value = message.headers.get(name) ?? '';
  return parseNameAddress(value) === null ? badRequest(`Bad ${name}`, value) : null;
}

function badCallId(message: SipMessage): Problem | null {
  const value = message.headers.get('Call-ID') ?? '';
  return value === '' || /[^!-\uffff]/.test(value) ? badRequest('Bad Call-ID', value) : null;
}

function badVia(message: SipMessage): Problem | null {
  const via = topVia(message);
  if (via === null) return badRequest('Bad Via', message.headers.get('Via'));
  // RFC 4475 3.2.1: the cookie alone identifies no transaction.
  const branch = via.params.get('branch') ?? '';
  if (branch === BRANCH_COOKIE || !isBranch(branch)) return badRequest('Bad Via Branch', branch);
  return null;
}

/** A token, `@`, `:` and the like, which some stacks put there; nothing that needs quotes. */
function isBranch(branch: string): boolean {
  for (let index = 0; index < branch.length; index++) {
    const code = branch.charCodeAt(index);
    if (!isTokenCode(code) && (code <= 0x20 || code >= 0x7f || code === 0x22)) return false;
  }
  return true;
}

function badContentLength(message: SipMessage): Problem | null {
  const value = message.headers.get('Content-Length');
  return value === undefined ? null : contentLengthProblem(value);
}

/** Digits only (RFC 3261 20.14), and no more than we take. */
export function contentLengthProblem(value: string): Problem | null {
  if (!/^\d+$/.test(value)) return badRequest('Bad Content-Length', value);
  return Number(value) > MAX_BODY_BYTES ? TOO_LARGE : null;
}

function badRequestUri(request: SipRequest): Problem | null {
  const scheme = schemeOf(request.uri);
  if (scheme === null) return badRequest('Bad Request-URI', request.uri);
  if (!SCHEMES.has(scheme))
    return { status: 416, reason: 'Unsupported URI Scheme', detail: `Unsupported URI Scheme: ${scheme.slice(0, 20)}` };
  if (scheme === 'tel') return null;
  const uri = parseUri(request.uri);
  // RFC 3261 19.1.1: a Request-URI has no headers part (RFC 4475 3.1.2.11).
  return uri === null || uri.headers !== '' ? badRequest('Bad Request-URI', request.uri) : null;
}
