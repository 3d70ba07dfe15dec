/** URIs and addresses as headers carry them: cut up, never trusted. All of it is linear in the length of its input. */

export interface Uri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** As written, still escaped, with its own parameters (`+331;ext=2`), without password. */
  readonly user: string | null;
  /** Without brackets; empty for `tel:`. */
  readonly host: string;
  readonly port: number | null;
  /** `;transport=tcp;lr`, or empty. */
  readonly parameters: string;
}

/** A name-addr or addr-spec (RFC 3261 20.10), with the header's parameters. */
export interface Address {
  readonly displayName: string | null;
  readonly uri: string;
  /** Names in lower case; quotes of the values taken off. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_DISPLAY_NAME_LENGTH = 128;
/** A header list of a call has a few entries; the rest of a hostile one is not read. */
const MAX_LIST_LENGTH = 32;

const SIP_URI =
  /^(sips?):(?:([^@\s<>"]*)@)?(\[[0-9a-f:.]+\]|[^:;?@\s<>"[\]]+)(?::(\d{1,5}))?(;[^?\s<>"]*)?(?:\?[^\s<>"]*)?$/i;
const TEL_URI = /^tel:([^;\s<>"]+)(;[^?\s<>"]*)?$/i;

/** Null for anything but a `sip:`, `sips:` or `tel:` URI. */
export function parseUri(text: string): Uri | null {
  const sip = SIP_URI.exec(text);
  if (sip !== null) {
    const [, scheme = '', userinfo, host = '', port, parameters = ''] = sip;
    const user = userinfo?.split(':', 1)[0] ?? '';
    return {
      scheme: scheme.toLowerCase() === 'sips' ? 'sips' : 'sip',
      user: user === '' ? null : user,
      host: host.replace(/^\[|\]$/g, '').toLowerCase(),
      port: port === undefined ? null : Number(port),
      parameters,
    };
  }
  const tel = TEL_URI.exec(text);
  if (tel === null) return null;
  return { scheme: 'tel', user: tel[1] ?? null, host: '', port: null, parameters: tel[2] ?? '' };
}

/** `host`, `[v6]`, with the port where it is written. */
export function hostPort(uri: Uri): string {
  const host = uri.host.includes(':') ? `[${uri.host}]` : uri.host;
  return uri.port === null ? host : `${host}:${uri.port}`;
}

/**
 * What a URI says about headers (RFC 3261 19.1.1) belongs into no request line. A user part may hold a `?` of its own: without what
 * follows that, another host would be called.
 */
export function withoutHeaders(uri: string): string {
  const question = uri.indexOf('?', uri.indexOf('@') + 1);
  return question < 0 ? uri : uri.slice(0, question);
}

/**
 * The number (or name) that a URI's user part dials: escapes resolved, parameters cut off, and the visual separators of a
 * telephone number (RFC 3966 5.1.1) taken out of a global one. Null where there is none.
 */
export function numberOf(uri: Uri | null): string | null {
  if (uri === null || uri.user === null) return null;
  const written = unescaped(uri.user.split(';', 1)[0] ?? '');
  const number = /^\+[\d().-]+$/.test(written) ? written.replaceAll(/[().-]/g, '') : written;
  return number === '' ? null : withoutControls(number);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Cuts a header value at its commas, those inside `"…"` and `<…>` excepted. */
export function splitList(value: string): string[] {
  const found: string[] = [];
  let from = 0;
  let quoted = false;
  let angled = false;
  for (let at = 0; at <= value.length && found.length < MAX_LIST_LENGTH; at += 1) {
    const char = value[at];
    if (quoted && char === '\\') at += 1;
    else if (char === '"' && !angled) quoted = !quoted;
    else if (char === '<' && !quoted) angled = true;
    else if (char === '>' && !quoted) angled = false;
    if (at >= value.length || (char === ',' && !quoted && !angled)) {
      const element = value.slice(from, at).trim();
      if (element !== '') found.push(element);
      from = at + 1;
    }
  }
  return found;
}

const QUOTED_NAME = /^"((?:[^"\\]|\\.)*)"\s*$/;

/** Null where there is no URI in it. */
export function parseAddress(value: string): Address | null {
  const text = value.trim();
  const open = text.startsWith('"') ? text.indexOf('<', endOfQuoted(text)) : text.indexOf('<');
  const close = open < 0 ? -1 : text.indexOf('>', open);
  if (open >= 0 && close < 0) return null;
  // RFC 3261 20.10: without angle brackets, parameters belong to the header, not to the URI.
  const bareEnd = text.includes(';') ? text.indexOf(';') : text.length;
  const uri = (open >= 0 ? text.slice(open + 1, close) : text.slice(0, bareEnd)).trim();
  if (!/^[a-z][a-z\d+.-]*:\S+$/i.test(uri)) return null;
  return {
    displayName: open > 0 ? displayName(text.slice(0, open).trim()) : null,
    uri,
    parameters: parseParameters(open >= 0 ? text.slice(close + 1) : text.slice(bareEnd)),
  };
}

function endOfQuoted(text: string): number {
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function displayName(written: string): string | null {
  const quoted = QUOTED_NAME.exec(written);
  const name = quoted === null ? written : (quoted[1] ?? '').replaceAll(/\\(.)/g, '$1');
  const clean = withoutControls(name).trim().slice(0, MAX_DISPLAY_NAME_LENGTH);
  return clean === '' ? null : clean;
}

function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}

/** `;reason=no-answer;text="a b"` to a map. */
export function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare] of text.matchAll(
    /;\s*([^\s;="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*)))?/g,
  )) {
    // Of a name that stands twice the first counts, here as in the engine.
    if (parameters.has(name.toLowerCase())) continue;
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
  }
  return parameters;
}
