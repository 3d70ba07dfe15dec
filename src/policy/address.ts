const COLON = 0x3a;
const SEMICOLON = 0x3b;
const QUESTION_MARK = 0x3f;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
/** Set, it makes an ASCII letter lower case. */
const LOWER = 0x20;

/** `%61lice` is `alice` (RFC 3261 19.1.4); what is not an escape stays as it is. */
function unescaped(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where `sip:` or `sips:` ends, in any case; 0 for every other scheme. Looked at by code: this is on the way of each call. */
function afterScheme(uri: string): number {
  const isSip =
    (uri.charCodeAt(0) | LOWER) === 0x73 &&
    (uri.charCodeAt(1) | LOWER) === 0x69 &&
    (uri.charCodeAt(2) | LOWER) === 0x70;
  if (!isSip) return 0;
  if (uri.charCodeAt(3) === COLON) return 4;
  return (uri.charCodeAt(3) | LOWER) === 0x73 && uri.charCodeAt(4) === COLON ? 5 : 0;
}

/**
 * The part of a SIP URI by which an address of record is known: user (case-sensitive), host (not), port where it is not
 * the scheme's own. Parameters, headers and password say nothing about whose address it is; `sip:` and `sips:` are the
 * same user (RFC 3261 10.3, 19.1.4). Null for anything but a SIP URI with a user.
 */
export function sipAddressKey(uri: string): string | null {
  const start = afterScheme(uri);
  const at = start === 0 ? -1 : uri.indexOf('@', start);
  if (at <= start) return null;
  let portAt = -1;
  let end = at + 1;
  let plain = true;
  for (let bracketed = false; end < uri.length; end += 1) {
    const code = uri.charCodeAt(end);
    if (code === SEMICOLON || code === QUESTION_MARK) break;
    if (code >= UPPER_A && code <= UPPER_Z) plain = false;
    else if (code === OPEN_BRACKET) bracketed = true;
    else if (code === CLOSE_BRACKET) bracketed = false;
    else if (code === COLON && !bracketed) portAt = end;
  }
  const port = portAt < 0 ? '' : uri.slice(portAt + 1, end);
  const hostEnd = port === (start === 4 ? '5060' : '5061') ? portAt : end;
  const user = uri.slice(start, at);
  // Nearly every URI is plain: its key is a piece of it, and nothing is put together.
  if (plain && !user.includes(':') && !user.includes('%')) return uri.slice(start, hostEnd);
  const [name = ''] = user.split(':', 1);
  return `${unescaped(name)}@${uri.slice(at + 1, hostEnd).toLowerCase()}`;
}

/** The user part of a `sip:`, `sips:` or `tel:` URI. */
function userOf(uri: string): string | null {
  const start = afterScheme(uri);
  if (start > 0) {
    const at = uri.indexOf('@', start);
    return at < 0 ? null : uri.slice(start, at);
  }
  return uri.slice(0, 4).toLowerCase() === 'tel:' ? uri.slice(4) : null;
}

/** The user part of a SIP address as it is dialled, without escapes. */
export function sipUserOf(uri: string): string | null {
  const user = userOf(uri);
  return user === null ? null : unescaped(user);
}

/**
 * The number that was called: without parameters (`1001;phone-context=…`), and a global number without the visual
 * separators of RFC 3966 5.1.1 (`+33-1-4000-1001`). A local number keeps every character: `10-01` is not `1001`.
 */
export function calledNumber(called: { readonly user: string | null; readonly uri: string }): string | null {
  let number = called.user ?? userOf(called.uri);
  if (number === null) return null;
  const parameters = number.indexOf(';');
  if (parameters >= 0) number = number.slice(0, parameters);
  number = unescaped(number);
  return number.startsWith('+') ? number.replace(/[-.()]/g, '') : number;
}
