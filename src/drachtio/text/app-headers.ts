import { SipHeaders, type BoundAddress, type Headers, type SipMessage } from '../../sip/index.ts';
import { wireName } from './header-names.ts';
import { ownHostPort, ownHostPortTransport } from './own-address.ts';
import { replaceLocalhost, replaceLocalhostInContact } from './placeholder.ts';

/**
 * Copies what the application wrote under its wire names, but for the headers named in `except`. In Contact and
 * P-Asserted-Identity `@localhost` stands for our own address; From and To are made elsewhere.
 */
export function appendAppHeaders(
  headers: Headers,
  app: SipMessage,
  except: readonly string[],
  own: BoundAddress,
): void {
  // The application's message is ours alone: cutting it down is cheaper than comparing each name.
  for (const name of except) {
    app.headers.delete(name);
  }
  for (const { name, value } of app.headers.fields) {
    const known = wireName(name);
    for (const line of linesOf(known, value)) {
      headers.append(known, withOwnAddress(known, line, own));
    }
  }
}

function withOwnAddress(name: string, value: string, own: BoundAddress): string {
  switch (name) {
    case 'Contact':
      return replaceLocalhostInContact(value, ownHostPort(own), ownHostPortTransport(own));
    case 'P-Asserted-Identity':
      return replaceLocalhost(value, ownHostPort(own));
    default:
      return value;
  }
}

/** Lists that drachtio-server sends one element a line. */
const LISTS: ReadonlySet<string> = new Set(['Contact', 'Path', 'Service-Route', 'P-Asserted-Identity', 'Warning']);

/** RFC 3261 7.3.1: these "MUST NOT be combined into a single header field row". */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'WWW-Authenticate',
  'Proxy-Authenticate',
  'Authorization',
  'Proxy-Authorization',
]);

/** `Digest realm=…`, and not `realm = …`. */
const BEGINS_CREDENTIALS = /^[\w.!%*+`'~-]+[ \t]+[^\s=]/;

/** The lines of a header: srf joins an array with commas (RFC 8760 2.4: two algorithms are two challenges). */
function linesOf(name: string, value: string): readonly string[] {
  const credentials = CREDENTIALS.has(name);
  if (!value.includes(',') || !(credentials || LISTS.has(name))) {
    return [value];
  }
  const elements = new SipHeaders([{ name, value }]).elements(name);
  if (!credentials) {
    return elements;
  }
  const begin = [...elements.keys()].filter((index) => BEGINS_CREDENTIALS.test(elements[index] ?? ''));
  if (begin.length < 2 || begin[0] !== 0) {
    return [value];
  }
  return begin.map((from, index) => elements.slice(from, begin[index + 1]).join(', '));
}

/** Adds the label that an SDP body lacks; only SDP is recognised. Otherwise the reason of the NOK (drachtio-protocol 3.2). */
export function labelBody(headers: Headers, body: Buffer): Refused | null {
  if (body.length === 0 || headers.has('Content-Type')) {
    return null;
  }
  if (body.toString('latin1', 0, 3) !== 'v=0') {
    return { refused: 'missing content-type' };
  }
  headers.append('Content-Type', 'application/sdp');
  return null;
}

/** A text that goes back to the application as the reason of its NOK. */
export interface Refused {
  readonly refused: string;
}
