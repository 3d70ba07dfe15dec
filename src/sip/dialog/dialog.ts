import { parseCSeq } from '../message/cseq.ts';
import type { SipMessage, SipRequest, SipResponse } from '../message/message.ts';
import { parseNameAddress, tagOf } from '../message/name-address.ts';

/**
 * A dialog (RFC 3261 12) as plain data: what a peer and we have agreed on, from our side. Functions take one and give a new one.
 */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** '' where the peer gave none (RFC 2543). */
  readonly remoteTag: string;
  /** Our From or To value as it goes out, with its tag. */
  readonly localParty: string;
  readonly remoteParty: string;
  /** URI: the Request-URI of what we send. */
  readonly remoteTarget: string;
  /** Route elements (`<sip:proxy;lr>`) in the order in which requests of ours travel them. */
  readonly routeSet: readonly string[];
  /** CSeq number of our last request; null before the first. */
  readonly localSequence: number | null;
  /** CSeq number of the peer's last request; null before the first. */
  readonly remoteSequence: number | null;
  /** Made by a 101-199, and not confirmed by a 2xx yet. */
  readonly early: boolean;
}

/**
 * The dialog that our response to a request makes (RFC 3261 12.1.1). null where the response makes none: it is a 100 or a
 * failure, or has no To tag, or the request lacks Call-ID or CSeq.
 */
export function dialogAsUas(request: SipRequest, response: SipResponse): Dialog | null {
  const cseq = parseCSeq(request.headers.get('CSeq') ?? '');
  const callId = request.headers.get('Call-ID');
  const from = request.headers.get('From');
  const to = response.headers.get('To');
  const localTag = tagOf(to);
  if (!makesDialog(response) || cseq === null || callId === undefined) return null;
  if (from === undefined || to === undefined || localTag === null) return null;
  return {
    callId,
    localTag,
    // 12.1.1: a request without From tag comes from an RFC 2543 client; its tag "is considered to have a value of null".
    remoteTag: tagOf(from) ?? '',
    localParty: to,
    remoteParty: from,
    // 12.1.1 takes the Contact, which an INVITE must have; one that has none is answered where it says it comes from.
    remoteTarget: contactUri(request) ?? parseNameAddress(from)?.uri ?? '',
    // 12.1.1: "the list of URIs in the Record-Route header field from the request, taken in order and preserving all URI parameters".
    routeSet: request.headers.elements('Record-Route'),
    localSequence: null,
    remoteSequence: cseq.sequence,
    early: response.status < 200,
  };
}

/** The dialog that a response to our request makes (RFC 3261 12.1.2); null where it makes none. */
export function dialogAsUac(request: SipRequest, response: SipResponse): Dialog | null {
  const cseq = parseCSeq(request.headers.get('CSeq') ?? '');
  const callId = request.headers.get('Call-ID');
  const from = request.headers.get('From');
  const to = response.headers.get('To');
  const localTag = tagOf(from);
  const remoteTag = tagOf(to);
  if (!makesDialog(response) || cseq === null || callId === undefined) return null;
  if (from === undefined || to === undefined || localTag === null) return null;
  // A provisional response without To tag makes no dialog; a 2xx without one comes from an RFC 2543 server (12.1.2).
  if (remoteTag === null && response.status < 200) return null;
  return {
    callId,
    localTag,
    remoteTag: remoteTag ?? '',
    localParty: from,
    remoteParty: to,
    // Many phones send 180 without a Contact: until the 2xx brings one, the way of the INVITE is the best known.
    remoteTarget: contactUri(response) ?? request.uri,
    // 12.1.2: "taken in reverse order".
    routeSet: response.headers.elements('Record-Route').toReversed(),
    localSequence: cseq.sequence,
    remoteSequence: null,
    early: response.status < 200,
  };
}

/**
 * An early dialog of ours as UAC when its 2xx arrives (RFC 3261 13.2.2.4): the route set is computed again from the 2xx, for an old
 * server may not have had it in the 18x; the sequence numbers stay.
 */
export function confirmAsUac(dialog: Dialog, response: SipResponse): Dialog {
  return {
    ...dialog,
    remoteParty: response.headers.get('To') ?? dialog.remoteParty,
    remoteTarget: contactUri(response) ?? dialog.remoteTarget,
    routeSet: response.headers.elements('Record-Route').toReversed(),
    early: false,
  };
}

/** An early dialog of ours as UAS when we send its 2xx. */
export function confirmAsUas(dialog: Dialog): Dialog {
  return { ...dialog, early: false };
}

/**
 * A request of the peer in the dialog (RFC 3261 12.2.2). `outOfOrder`: its CSeq is lower than one we have seen; to be answered 500,
 * and the dialog is as it was. ACK and CANCEL bear the number of their INVITE and are not looked at.
 */
export function receiveRequest(dialog: Dialog, request: SipRequest): { dialog: Dialog; outOfOrder: boolean } {
  const cseq = parseCSeq(request.headers.get('CSeq') ?? '');
  if (request.method === 'ACK' || request.method === 'CANCEL') return { dialog, outOfOrder: false };
  if (cseq === null) return { dialog, outOfOrder: true };
  if (dialog.remoteSequence !== null && cseq.sequence < dialog.remoteSequence) return { dialog, outOfOrder: true };
  return { dialog: { ...dialog, remoteSequence: cseq.sequence }, outOfOrder: false };
}

/** RFC 3261 12.2 (INVITE), RFC 3311 (UPDATE), RFC 6665 4.4 (SUBSCRIBE, NOTIFY), RFC 5057 5.4 (REFER). */
const TARGET_REFRESH: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

/**
 * The dialog after a target refresh (RFC 3261 12.2.1.2, 12.2.2): a re-INVITE, UPDATE, … of the peer that we accept, or the 2xx to
 * one of ours. The Contact becomes the remote target; the route set never changes. Other messages change nothing.
 */
export function refreshTarget(dialog: Dialog, message: SipMessage): Dialog {
  const method =
    message.kind === 'request' ? message.method : (parseCSeq(message.headers.get('CSeq') ?? '')?.method ?? '');
  if (!TARGET_REFRESH.has(method)) return dialog;
  if (message.kind === 'response' && (message.status < 200 || message.status >= 300)) return dialog;
  const remoteTarget = contactUri(message);
  return remoteTarget === null ? dialog : { ...dialog, remoteTarget };
}

/** What finds a dialog among many: Call-ID and both tags (RFC 3261 12). */
export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

/** The key of the dialog in which a received request claims to be; null without To tag: it is in none. */
export function dialogKeyOfRequest(request: SipRequest): string | null {
  const localTag = tagOf(request.headers.get('To'));
  const callId = request.headers.get('Call-ID');
  if (localTag === null || callId === undefined) return null;
  return dialogKey(callId, localTag, tagOf(request.headers.get('From')) ?? '');
}

/** 12.1: responses 101-199 and 2xx to a request that makes dialogs. */
function makesDialog(response: SipResponse): boolean {
  return response.status > 100 && response.status < 300;
}

/** The URI of the first Contact; null where there is none, or it is `*` or broken. */
function contactUri(message: SipMessage): string | null {
  const [contact] = message.headers.elements('Contact');
  return contact === undefined ? null : (parseNameAddress(contact)?.uri ?? null);
}
