import type { Party } from '../call/index.ts';
import { plainText } from './text.ts';

/** Longest caller name shown. */
export const MAX_NAME_LENGTH = 80;
/** Longest number or address shown. */
export const MAX_NUMBER_LENGTH = 64;
/** Longest URI that is made a link. */
export const MAX_URI_LENGTH = 128;
/** Digits of a number that is made a `tel:` link; E.164 has 15, some numbering plans dial prefixes before that. */
export const MAX_TEL_DIGITS = 20;

/** Who called, as a mail may show it. */
export interface ShownCaller {
  /** Null where the caller gave none, or is hidden. */
  readonly name: string | null;
  /** A number, or `user@host` of a caller without one. Null where there is none, or the caller is hidden. */
  readonly number: string | null;
  /** `tel:` and `sip:` URIs to call back; none for a caller who is hidden or whose URI is not plainly one. */
  readonly links: readonly string[];
  readonly hidden: boolean;
}

const HIDDEN: ShownCaller = { name: null, number: null, links: [], hidden: true };

/** RFC 3323 `Privacy: id`: of a hidden caller nothing is shown, whatever the headers said. */
export function shownCaller(party: Party): ShownCaller {
  if (party.hidden) return HIDDEN;
  const dialable = telNumber(party.number);
  const tel = dialable ?? telNumber(telUriNumber(party.uri));
  const sip = sipUri(party.uri);
  const address = sip === null ? null : sip.replace(/^sips?:/, '');
  const number = plain(dialable === null ? (tel ?? address ?? party.number) : party.number, MAX_NUMBER_LENGTH);
  const name = plain(party.displayName, MAX_NAME_LENGTH);
  // Phones without a name of their own put the number there.
  const repeatsNumber = name !== null && (name === number || (tel !== null && telNumber(name) === tel));
  return {
    name: repeatsNumber ? null : name,
    number,
    links: [...(tel === null ? [] : [`tel:${tel}`]), ...(sip === null ? [] : [sip])],
    hidden: false,
  };
}

function plain(text: string | null, maxLength: number): string | null {
  return text === null ? null : plainText(text, maxLength) || null;
}

/** Digits with an optional `+`, visual separators (RFC 3966 3: `-`, `.`, `(`, `)`) and spaces taken out; else null. */
function telNumber(text: string | null): string | null {
  if (text === null || text.length > MAX_NUMBER_LENGTH) return null;
  const digits = text.replace(/[-.() ]/g, '');
  return /^\+?[0-9]+$/.test(digits) && digits.length <= MAX_TEL_DIGITS ? digits : null;
}

function telUriNumber(uri: string): string | null {
  return /^tel:([^;]+)/i.exec(uri.slice(0, MAX_URI_LENGTH))?.[1] ?? null;
}

// RFC 3261 25.1, narrowed to what a link needs: no password, no headers, no parameters.
const sipUriPattern =
  /^(sips?):((?:[A-Za-z0-9\-_.!~*&=+$,/]|%[0-9A-Fa-f]{2})+)@([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(?:;[^?]*)?$/i;

/** The URI without its parameters where it is plainly a SIP address one can call; else null. */
function sipUri(uri: string): string | null {
  if (uri.length > MAX_URI_LENGTH) return null;
  const [, scheme, user, host, port = ''] = sipUriPattern.exec(uri) ?? [];
  if (scheme === undefined || user === undefined || host === undefined) return null;
  // RFC 3323 4.1.1.3: this host names nobody.
  if (/(^|\.)invalid$/i.test(host)) return null;
  return `${scheme.toLowerCase()}:${user}@${host}${port}`;
}
