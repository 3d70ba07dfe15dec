import Srf from 'drachtio-srf';
import { header, type Headers } from '../message/headers.ts';
import type { SipRequest, SipResponse } from './user-agent.ts';

/** What came from the network, out of the framework's reading of it, which is made good first. */

/** @param request the one it came with: a CANCEL has no source of its own */
export function readMessage(message: Srf.Message, request: Srf.Request): SipRequest {
  dropDecodedNames(message);
  return {
    method: message === request ? request.method : 'CANCEL',
    uri: request.uri,
    ...contentOf(message),
    sourceAddress: request.source_address,
    source: sourceOf(request),
  };
}

function sourceOf({ protocol, source_address: address, source_port: port }: Srf.Request): string {
  const host = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
  return `${protocol.toLowerCase()}/${host}:${port}`;
}

export function readResponse(response: Srf.Response): SipResponse {
  dropDecodedNames(response);
  return {
    status: response.status,
    phrase: response.reason,
    ...contentOf(response),
    // Nothing came from the network: the engine has no address to tell.
    local: response.source_address === '',
  };
}

/**
 * The framework decodes %-escapes in header names, which RFC 3261 25.1 does not know: `%50-Asserted-Identity` becomes part of
 * the real one, `Foo%0D%0AX` becomes two lines. A header with such a name is as if it had not been sent.
 */
export function dropDecodedNames(message: Srf.Message): void {
  const { raw } = message;
  if (raw?.includes('%') !== true) return;
  const end = raw.indexOf('\r\n\r\n');
  const head = end === -1 ? raw : raw.slice(0, end);
  const [start = '', ...fields] = head.split(/\r\n(?![ \t])/);
  const plain = fields.filter((field) => !field.slice(0, Math.max(0, field.indexOf(':'))).includes('%'));
  if (plain.length === fields.length) return;
  const read = new Srf.SipMessage([start, ...plain].join('\r\n') + raw.slice(head.length));
  for (const name of Object.keys(message.headers)) delete message.headers[name];
  Object.assign(message.headers, read.headers);
  message.body = read.body ?? '';
}

/** RFC 3261 20.15: the type of a body must be said. SDP is known by its first line (RFC 4566 5.1), nothing else is. */
export function hasUnknownBody({ headers, body = '' }: Srf.Message): boolean {
  return body !== '' && header(headers, 'content-type') === undefined && !body.startsWith('v=0');
}

/** A body that does not say what it is is SDP, or is left out with all that was said about it. */
function contentOf(message: Srf.Message): { headers: Headers; body: string } {
  const { headers, body = '' } = message;
  unfold(headers);
  if (hasUnknownBody(message)) {
    for (const name of Object.keys(headers)) if (/^(content-|mime-version$)/i.test(name)) delete headers[name];
    return { headers, body: '' };
  }
  if (body !== '' && header(headers, 'content-type') === undefined) headers['content-type'] = 'application/sdp';
  return { headers, body };
}

/** RFC 3261 7.3.1: a folded line reads as one; the framework leaves the line break in the value. */
function unfold(headers: Record<string, string>): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? '';
    if (value.includes('\n') || value.includes('\r')) headers[name] = value.replaceAll(/\s*[\r\n]+\s*/g, ' ');
  }
}
