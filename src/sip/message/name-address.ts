import { endOfQuoted, formatParams, parseParams, quote, skipSpace, sliceTrimmed, unfold, unquote } from './grammar.ts';
import type { NameAddress } from './message.ts';
import { schemeOf } from './uri.ts';

/**
 * One element of From, To, Contact, Route, Diversion, P-Asserted-Identity, …: name-addr or addr-spec with parameters
 * (RFC 3261 20.10, 25.1). Parameter values come without their quotes. null where it is none; `*` is none.
 */
export function parseNameAddress(text: string): NameAddress | null {
  const value = unfold(text);
  const start = skipSpace(value, 0);
  if (value.charAt(start) === '"') {
    const end = endOfQuoted(value, start);
    if (end < 0) return null;
    const angle = skipSpace(value, end);
    return value.charAt(angle) === '<' ? parseAngles(value, angle, unquote(value.slice(start, end))) : null;
  }
  const angle = value.indexOf('<', start);
  return angle < 0 ? parseAddrSpec(value, start) : parseAngles(value, angle, plainName(value, start, angle));
}

/** '' for no display name; null where it needs quotes (RFC 4475 3.1.2.15). Raw UTF-8 is taken: many phones send it. */
function plainName(text: string, from: number, to: number): string | null {
  const name = sliceTrimmed(text, from, to);
  return /[",;>]/.test(name) ? null : name;
}

function parseAngles(text: string, angle: number, displayName: string | null): NameAddress | null {
  const end = text.indexOf('>', angle);
  if (displayName === null || end < 0) return null;
  const uri = text.slice(angle + 1, end);
  const params = parseParams(text, end + 1);
  if (params === null || schemeOf(uri) === null) return null;
  return { displayName: displayName === '' ? null : displayName, uri, params };
}

/** Without `<>` every parameter belongs to the header, and the URI holds no comma or question mark (RFC 3261 20). */
function parseAddrSpec(text: string, from: number): NameAddress | null {
  const semicolon = text.indexOf(';', from);
  const end = semicolon < 0 ? text.length : semicolon;
  const uri = sliceTrimmed(text, from, end);
  const params = parseParams(text, end);
  if (params === null || uri.includes(',') || uri.includes('?') || schemeOf(uri) === null) return null;
  return { displayName: null, uri, params };
}

/** `"Display" <uri>;tag=1`. */
export function formatNameAddress(address: NameAddress): string {
  const name = address.displayName === null ? '' : `${quote(address.displayName)} `;
  return `${name}<${address.uri}>${formatParams(address.params)}`;
}

/** The tag of a From or To value; null where there is none. */
export function tagOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  return parseNameAddress(text)?.params.get('tag') ?? null;
}
