import { formatCSeq } from '../message/cseq.ts';
import { SipHeaders } from '../message/headers.ts';
import { MAX_CSEQ } from '../message/limits.ts';
import type { HeaderField, SipRequest } from '../message/message.ts';
import { parseNameAddress } from '../message/name-address.ts';
import { formatUri, parseUri } from '../message/uri.ts';
import type { Dialog } from './dialog.ts';

/** What the user adds to a request; Contact too, in requests that refresh the target. */
export interface DialogRequestParts {
  readonly headers?: readonly HeaderField[];
  readonly body?: Buffer;
}

export interface DialogRequest {
  readonly dialog: Dialog;
  /** Without Via and Max-Forwards, which the stack adds. */
  readonly request: SipRequest;
  /** The URI to send it to: that of the first route, else the remote target (RFC 3261 8.1.2, 12.2.1.1). */
  readonly nextHop: string;
}

/** A request in the dialog (RFC 3261 12.2.1.1), and the dialog with its next sequence number. Not for ACK and CANCEL. */
export function requestInDialog(dialog: Dialog, method: string, parts: DialogRequestParts = {}): DialogRequest {
  // 12.2.1.1: numbers grow by one. 8.1.1.5: they stay below 2^31; then the last is used again, since 12.2.2 refuses lower ones alone.
  const sequence = Math.min((dialog.localSequence ?? peersSequence(dialog)) + 1, MAX_CSEQ);
  return {
    dialog: { ...dialog, localSequence: sequence },
    request: makeRequest(dialog, method, sequence, parts),
    nextHop: nextHopOf(dialog),
  };
}

/**
 * 12.2.1.1: the first number is free where the peer made the dialog; one above the peer's is easy to follow in a trace. A peer whose
 * number is nearly the last would leave us no room.
 */
function peersSequence({ remoteSequence }: Dialog): number {
  return remoteSequence === null || remoteSequence > MAX_CSEQ / 2 ? 0 : remoteSequence;
}

/**
 * The ACK to the 2xx of our INVITE (RFC 3261 13.2.2.4): a request of the dialog with the INVITE's CSeq number. Credentials of the
 * INVITE belong in `parts.headers`.
 */
export function ackInDialog(
  dialog: Dialog,
  inviteSequence: number,
  parts: DialogRequestParts = {},
): { readonly request: SipRequest; readonly nextHop: string } {
  return { request: makeRequest(dialog, 'ACK', inviteSequence, parts), nextHop: nextHopOf(dialog) };
}

/** Where requests of the dialog are sent (RFC 3261 12.2.1.1): to the first route, strict or loose, else to the remote target. */
export function nextHopOf(dialog: Dialog): string {
  const [first] = dialog.routeSet;
  return (first === undefined ? null : parseNameAddress(first)?.uri) ?? dialog.remoteTarget;
}

function makeRequest(dialog: Dialog, method: string, sequence: number, parts: DialogRequestParts): SipRequest {
  const { uri, routes } = routing(dialog);
  const headers = new SipHeaders();
  for (const route of routes) headers.append('Route', route);
  headers.append('From', dialog.localParty);
  headers.append('To', dialog.remoteParty);
  headers.append('Call-ID', dialog.callId);
  headers.append('CSeq', formatCSeq({ sequence, method }));
  for (const field of parts.headers ?? []) headers.append(field.name, field.value);
  return { kind: 'request', method, uri, headers, body: parts.body ?? Buffer.alloc(0) };
}

function routing(dialog: Dialog): { uri: string; routes: readonly string[] } {
  const { remoteTarget, routeSet } = dialog;
  const [first, ...others] = routeSet;
  const firstUri = first === undefined ? undefined : parseNameAddress(first)?.uri;
  if (firstUri === undefined) return { uri: requestUri(remoteTarget), routes: [] };
  // 12.2.1.1: a first route with `lr` is a loose router: the remote target is the Request-URI, the whole set goes into Route.
  if (parseUri(firstUri)?.params.has('lr') === true) return { uri: requestUri(remoteTarget), routes: routeSet };
  // 12.2.1.1: a strict router wants itself in the Request-URI; the remote target goes to the end of Route.
  return { uri: requestUri(firstUri), routes: [...others, `<${remoteTarget}>`] };
}

/** 19.1.1 table 1: a Request-URI has no headers and no `method` parameter. */
function requestUri(text: string): string {
  if (!text.includes('?') && !text.includes('method=')) return text;
  const uri = parseUri(text);
  if (uri === null) return text;
  const params = new Map(uri.params);
  params.delete('method');
  return formatUri({ ...uri, params, headers: '' });
}
