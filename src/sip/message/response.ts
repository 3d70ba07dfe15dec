import { SipHeaders } from './headers.ts';
import type { HeaderField, SipRequest, SipResponse } from './message.ts';
import { tagOf } from './name-address.ts';

export interface ResponseParts {
  /** Given to the To header where the request has none; never to a 100 (RFC 3261 8.2.6.2). */
  readonly toTag?: string;
  /** More header fields, after those that come from the request. */
  readonly headers?: readonly HeaderField[];
  readonly body?: Buffer;
}

/**
 * A response as RFC 3261 8.2.6 builds it: Via, From, To, Call-ID and CSeq of the request; Record-Route in 101 to 299
 * (12.1.1); Timestamp in 100 (8.2.6.1).
 */
export function makeResponse(
  request: SipRequest,
  status: number,
  reason: string,
  parts: ResponseParts = {},
): SipResponse {
  const headers = new SipHeaders();
  copyFields(request, headers, 'Via');
  if (status > 100 && status < 300) copyFields(request, headers, 'Record-Route');
  copyFields(request, headers, 'From');
  copyFields(request, headers, 'To');
  copyFields(request, headers, 'Call-ID');
  copyFields(request, headers, 'CSeq');
  if (status === 100) copyFields(request, headers, 'Timestamp');
  else if (parts.toTag !== undefined) addToTag(headers, parts.toTag);
  for (const field of parts.headers ?? []) headers.append(field.name, field.value);
  return { kind: 'response', status, reason, headers, body: parts.body ?? Buffer.alloc(0) };
}

function copyFields(request: SipRequest, headers: SipHeaders, name: string): void {
  for (const value of request.headers.all(name)) headers.append(name, value);
}

/** Adds the tag where To has none. */
export function addToTag(headers: SipHeaders, tag: string): void {
  const to = headers.get('To');
  if (to !== undefined && tagOf(to) === null) headers.set('To', `${to};tag=${tag}`);
}
