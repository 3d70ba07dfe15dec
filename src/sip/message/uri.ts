import { formatHostPort, parseHostPort } from './host.ts';
import type { SipUri } from './message.ts';
import { encodeText } from './text.ts';

/** Characters that end a URI wherever it stands, or that no URI holds (RFC 3261 25.1, RFC 3986 2). */
const notInUri = /[^!#-;=?-~\u0080-\uffff]/;
/** What a user part may hold unescaped: unreserved and user-unreserved of RFC 3261 25.1. */
const userChars = new Uint8Array(256);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,;?/") {
  userChars[char.charCodeAt(0)] = 1;
}

/** `scheme:` in lower case without the colon, null where the text is no URI (RFC 3986 3.1). */
export function schemeOf(uri: string): string | null {
  const colon = uri.indexOf(':');
  if (colon < 1 || colon === uri.length - 1 || notInUri.test(uri)) return null;
  const scheme = uri.slice(0, colon);
  return /^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme) ? scheme.toLowerCase() : null;
}

/**
 * A sip or sips URI (RFC 3261 19.1); null for other schemes and for what is none. Tolerant of characters that should have
 * been escaped in the user part (`#`, raw UTF-8) and of `@` in parameters, as phones and PBXs write them.
 */
export function parseUri(text: string): SipUri | null {
  const scheme = schemeOf(text);
  if (scheme !== 'sip' && scheme !== 'sips') return null;
  const rest = text.slice(scheme.length + 1);
  const at = rest.indexOf('@');
  const userInfo = at < 0 ? null : parseUserInfo(rest.slice(0, at));
  if (at >= 0 && userInfo === null) return null;

  const afterUser = rest.slice(at + 1);
  const question = afterUser.indexOf('?');
  const beforeHeaders = question < 0 ? afterUser : afterUser.slice(0, question);
  const semicolon = beforeHeaders.indexOf(';');
  const hostPort = parseHostPort(semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon));
  if (hostPort === null) return null;
  const params = semicolon < 0 ? NO_PARAMS : parseUriParams(beforeHeaders.slice(semicolon + 1));
  if (params === null) return null;
  return {
    scheme,
    user: userInfo === null ? null : userInfo.user,
    password: userInfo === null ? null : userInfo.password,
    host: hostPort.host,
    port: hostPort.port,
    params,
    headers: question < 0 ? '' : afterUser.slice(question + 1),
  };
}

const NO_PARAMS: ReadonlyMap<string, string> = new Map();

function parseUserInfo(text: string): { user: string; password: string | null } | null {
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  if (user === '') return null;
  return { user: unescapeUri(user), password: colon < 0 ? null : text.slice(colon + 1) };
}

function parseUriParams(text: string): Map<string, string> | null {
  const params = new Map<string, string>();
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    if (name === '') return null;
    if (!params.has(name)) params.set(name, equals < 0 ? '' : part.slice(equals + 1));
  }
  return params;
}

/** The reverse of `parseUri`; the user part is escaped, everything else stands as it is. */
export function formatUri(uri: SipUri): string {
  let text = `${uri.scheme}:`;
  if (uri.user !== null) {
    text += escapeUser(uri.user);
    if (uri.password !== null) text += `:${uri.password}`;
    text += '@';
  }
  text += formatHostPort(uri.host, uri.port);
  for (const [name, value] of uri.params) text += value === '' ? `;${name}` : `;${name}=${value}`;
  return uri.headers === '' ? text : `${text}?${uri.headers}`;
}

/** `%41` -> `A`, one character per byte; what is no escape stays (RFC 3261 19.1.2). */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Escapes what a user part may not hold; characters beyond a byte become their UTF-8 bytes. */
export function escapeUser(user: string): string {
  const bytes = /[\u0100-\uffff]/.test(user) ? encodeText(user) : user;
  let text = '';
  for (let index = 0; index < bytes.length; index++) {
    const code = bytes.charCodeAt(index);
    text += userChars[code] === 1 ? bytes.charAt(index) : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
