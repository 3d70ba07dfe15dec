import { formatCSeq, parseCSeq } from '../message/cseq.ts';
import { SipHeaders } from '../message/headers.ts';
import type { HeaderField, SipRequest, SipResponse } from '../message/message.ts';

/** RFC 3261 8.1.1.6. */
export const MAX_FORWARDS = 70;

/**
 * The CANCEL of an INVITE (RFC 3261 9.1): Request-URI, Call-ID, To, From, CSeq number and Route of the INVITE, and its top Via alone,
 * so that every hop finds the same transaction.
 */
export function cancelFor(invite: SipRequest, extra: readonly HeaderField[]): SipRequest {
  const headers = hopHeaders(invite, invite.headers.get('To') ?? '', 'CANCEL');
  for (const field of extra) headers.append(field.name, field.value);
  return { kind: 'request', method: 'CANCEL', uri: invite.uri, headers, body: Buffer.alloc(0) };
}

/** The ACK to a failure (RFC 3261 17.1.1.3): as a CANCEL is made, but with the To of the response. */
export function ackForFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const headers = hopHeaders(invite, response.headers.get('To') ?? invite.headers.get('To') ?? '', 'ACK');
  return { kind: 'request', method: 'ACK', uri: invite.uri, headers, body: Buffer.alloc(0) };
}

function hopHeaders(invite: SipRequest, to: string, method: string): SipHeaders {
  const headers = new SipHeaders();
  const [via] = invite.headers.elements('Via');
  if (via !== undefined) headers.append('Via', via);
  headers.append('Max-Forwards', String(MAX_FORWARDS));
  for (const route of invite.headers.all('Route')) headers.append('Route', route);
  headers.append('From', invite.headers.get('From') ?? '');
  headers.append('To', to);
  headers.append('Call-ID', invite.headers.get('Call-ID') ?? '');
  const sequence = parseCSeq(invite.headers.get('CSeq') ?? '')?.sequence ?? 0;
  headers.append('CSeq', formatCSeq({ sequence, method }));
  return headers;
}
