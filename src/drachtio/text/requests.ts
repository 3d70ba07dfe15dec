import {
  newCallId,
  newTag,
  parseNameAddress,
  parseUri,
  SipHeaders,
  type BoundAddress,
  type SipRequest,
} from '../../sip/index.ts';
import { appendAppHeaders, labelBody, type Refused } from './app-headers.ts';
import { newSequence } from '../ids.ts';
import { ownContact, ownHostPort } from './own-address.ts';
import { replaceLocalhost, splitAddress, tagIn } from './placeholder.ts';

/** What an application's request becomes on the wire (drachtio-protocol 3.2). */

/** RFC 3261, 3262, 3311, 3428, 3515, 3903, 6086, 6665: everything srf can send, and everything we understand. */
export const METHODS: ReadonlySet<string> = new Set([
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'INFO',
  'PRACK',
  'UPDATE',
  'SUBSCRIBE',
  'NOTIFY',
  'REFER',
  'MESSAGE',
  'PUBLISH',
]);

/** Requests that change the remote target, so that they carry a Contact (RFC 3261 12.2, 3311 5.1, 3515 2.2, 6665 4.1.2). */
const WITH_CONTACT: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'UPDATE']);

/** Not the application's to write: Via and Content-Length are the stack's, routes the dialog's; the others are made here. */
const NOT_COPIED = [
  'Via',
  'Route',
  'Record-Route',
  'RSeq',
  'Content-Length',
  'Max-Forwards',
  'From',
  'To',
  'Call-ID',
  'CSeq',
] as const;

/** What may stand in a request line whose next hop is known by other means: a tel uri too. */
export function isRequestUri(uri: string): boolean {
  return parseUri(uri) !== null || /^tel:\+?[0-9A-Fa-f.()*#-]+(;[^\s<>"]*)?$/.test(uri);
}

/** Characters of an application's header that its refusal repeats. */
const MAX_QUOTED = 100;

/**
 * A request outside a dialog.
 * @param routed the application has named the next hop: then its Route headers hold, which a drachtio-server always drops
 */
export function buildRequest(app: SipRequest, own: BoundAddress, routed = false): SipRequest | Refused {
  const callId = app.headers.get('Call-ID') ?? newCallId();
  const from = fromValue(app.headers.get('From'), own);
  if (callId.includes('|') || tagIn(from).includes('|')) {
    return { refused: 'a Call-ID or From tag may hold no |' };
  }
  if (parseNameAddress(from) === null) {
    const given = (app.headers.get('From') ?? '').replaceAll('|', ' ').slice(0, MAX_QUOTED);
    return { refused: `From: "${given}" is no address, write <sip:user@host>` };
  }
  const headers = new SipHeaders();
  headers.append('Max-Forwards', app.headers.get('Max-Forwards') ?? '70');
  headers.append('From', from);
  const to = app.headers.get('To');
  // RFC 3261 8.1.1.2: without brackets the parameters of the uri would become those of the header (20).
  headers.append('To', to === undefined ? replaceLocalhost(`<${app.uri}>`, ownHostPort(own)) : bracketed(to, own));
  headers.append('Call-ID', callId);
  headers.append('CSeq', `${appSequence(app) ?? newSequence()} ${app.method}`);
  // The way to a phone that registered through a proxy (RFC 3327 5.3): it begins at the next hop that the application names.
  for (const route of routed ? app.headers.all('Route') : []) {
    headers.append('Route', route);
  }
  const request: SipRequest = { kind: 'request', method: app.method, uri: app.uri, headers, body: app.body };
  return addAppParts(request, app, own) ?? request;
}

/** Adds what is the application's in any request: its headers and body, and a Contact where there must be one. */
export function addAppParts(request: SipRequest, app: SipRequest, own: BoundAddress): Refused | null {
  const { headers } = request;
  const maxForwards = app.headers.get('Max-Forwards');
  if (maxForwards !== undefined) {
    headers.set('Max-Forwards', maxForwards);
  }
  appendAppHeaders(headers, app, NOT_COPIED, own);
  if (WITH_CONTACT.has(request.method) && !headers.has('Contact')) {
    headers.append('Contact', ownContact(own));
  }
  request.body = app.body;
  return labelBody(headers, app.body);
}

/** The sequence number of the application's CSeq, which digest authentication counts up by itself (srf: uac auth). */
export function appSequence(app: SipRequest): number | null {
  const digits = /^(\d{1,10})\b/.exec(app.headers.get('CSeq') ?? '')?.[1];
  const sequence = Number(digits);
  return digits !== undefined && sequence < 2 ** 31 ? sequence : null;
}

function fromValue(given: string | undefined, own: BoundAddress): string {
  if (given === undefined) {
    return `${ownContact(own)};tag=${newTag()}`;
  }
  const from = bracketed(given, own);
  return tagIn(from) === '' ? `${from};tag=${newTag()}` : from;
}

/** srf writes `sip:123@localhost` without brackets, to which no tag could be added (RFC 3261 20.20). */
function bracketed(given: string, own: BoundAddress): string {
  const { address, params } = splitAddress(replaceLocalhost(given, ownHostPort(own)));
  return address + params;
}
