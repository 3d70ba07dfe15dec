import { cutParams, endOfToken, formatParams, parseParams, skipSpace, sliceTrimmed, splitList } from './grammar.ts';
import { formatHostPort, parseHostPort } from './host.ts';
import type { SipRequest, Via } from './message.ts';

/** RFC 3261 8.1.1.7: branches that are unique across space and time begin so. */
export const BRANCH_COOKIE = 'z9hG4bK';

/** One element of Via (RFC 3261 20.42), white space around its separators allowed; null where it is none. */
export function parseVia(text: string): Via | null {
  let index = readWord(text, skipSpace(text, 0), 'SIP');
  if (index < 0) return null;
  index = readSlash(text, index);
  index = index < 0 ? -1 : readWord(text, index, '2.0');
  index = index < 0 ? -1 : readSlash(text, index);
  if (index < 0) return null;

  const transportEnd = endOfToken(text, index);
  const hostStart = skipSpace(text, transportEnd);
  if (transportEnd === index || hostStart === transportEnd) return null;
  const semicolon = text.indexOf(';', hostStart);
  const hostEnd = semicolon < 0 ? text.length : semicolon;
  const hostPort = parseHostPort(withoutSpace(sliceTrimmed(text, hostStart, hostEnd)));
  const params = parseParams(text, hostEnd);
  if (hostPort === null || params === null) return null;
  return { transport: text.slice(index, transportEnd).toUpperCase(), host: hostPort.host, port: hostPort.port, params };
}

function readWord(text: string, from: number, word: string): number {
  const end = from + word.length;
  return text.slice(from, end).toUpperCase() === word ? end : -1;
}

function readSlash(text: string, from: number): number {
  const slash = skipSpace(text, from);
  return text.charAt(slash) === '/' ? skipSpace(text, slash + 1) : -1;
}

/** `host : 5060` (RFC 3261 25.1: COLON allows white space around it). */
function withoutSpace(text: string): string {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return text;
  return `${sliceTrimmed(text, 0, colon)}:${sliceTrimmed(text, colon + 1, text.length)}`;
}

export function formatVia(via: Via): string {
  return `SIP/2.0/${via.transport} ${formatHostPort(via.host, via.port)}${formatParams(via.params)}`;
}

/** The topmost Via; null where it is missing or broken. */
export function topVia(message: { readonly headers: SipRequest['headers'] }): Via | null {
  const top = topElement(message);
  return top === undefined ? null : parseVia(top);
}

function topElement({ headers }: { readonly headers: SipRequest['headers'] }): string | undefined {
  // Nearly always the first field has it; `elements` looks at all of them.
  const [top = headers.elements('Via')[0]] = splitList(headers.get('Via') ?? '');
  return top;
}

/** What we say about where a request came from. */
const STAMPED = ['received', 'rport'] as const;

/**
 * Writes into the top Via of a request where it really came from: `received` where the sent-by is not that address (RFC
 * 3261 18.2.1) or rport was asked for (RFC 3581 4), and `rport` always, so that a phone behind NAT that does not ask is
 * answered all the same. What the sender claimed in these two is overwritten; all else stays as it was written, for its
 * sender compares the branch byte by byte, legal or not.
 */
export function stampTopVia(request: SipRequest, remoteAddress: string, remotePort: number): void {
  const written = topElement(request);
  const via = written === undefined ? null : parseVia(written);
  if (written === undefined || via === null) return;
  const asked = via.params.has('rport');
  const claimed = asked || via.params.has('received');
  let stamped = claimed ? cutParams(written, written.indexOf(';'), STAMPED) : written;
  stamped += `;rport=${remotePort}`;
  if (asked || via.host !== remoteAddress) stamped += `;received=${remoteAddress}`;
  request.headers.setFirstElement('Via', stamped);
}
