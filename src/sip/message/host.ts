import { isIPv6 } from 'node:net';

export interface HostPort {
  /** An IPv6 reference without its brackets. */
  readonly host: string;
  readonly port: number | null;
}

const hostChars = new Uint8Array(256);
// The underscore is in no host name of RFC 1123, and in the names of many a container.
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_') {
  hostChars[char.charCodeAt(0)] = 1;
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, the whole text (RFC 3261 25.1 hostport); null where it is none. */
export function parseHostPort(text: string): HostPort | null {
  const hostEnd = endOfHost(text);
  if (hostEnd <= 0) return null;
  const host = text.startsWith('[') ? withTwoColons(text.slice(1, hostEnd - 1)) : text.slice(0, hostEnd);
  if (hostEnd === text.length) return { host, port: null };
  if (text.charAt(hostEnd) !== ':') return null;
  const port = parsePort(text.slice(hostEnd + 1));
  return port === null ? null : { host, port };
}

function endOfHost(text: string): number {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    return isIPv6(withTwoColons(text.slice(1, end))) ? end + 1 : -1;
  }
  let index = 0;
  while (index < text.length && hostChars[text.charCodeAt(index)] === 1) index++;
  return index;
}

/** RFC 5118 4.10: the grammar of RFC 3261 has a third colon before an embedded IPv4 address; it has to be tolerated. */
function withTwoColons(reference: string): string {
  return reference.includes(':::') ? reference.replace(/:::(?=\d{1,3}(?:\.\d{1,3}){3}$)/, '::') : reference;
}

/** 1 to 5 digits up to 65535. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port <= 65_535 ? port : null;
}

/** `[::1]:5060`, `example.com`. */
export function formatHostPort(host: string, port: number | null): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return port === null ? shown : `${shown}:${port}`;
}
