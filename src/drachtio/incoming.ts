import {
  parseNameAddress,
  sourceOf,
  type Flow,
  type Refusal,
  type ServerTransaction,
  type SipRequest,
} from '../sip/index.ts';
import { cdrAttempt } from './cdr.ts';
import { logRefusal, type EngineCore } from './core.ts';
import { deliveredText } from './protocol/delivery.ts';
import { namesOf, newDialogId } from './dialogs.ts';
import { deliverCancel, newIncoming, refuse, settle, track } from './incoming-requests.ts';
import { receiveAckInDialog, receiveInDialog } from './incoming-in-dialog.ts';
import { RETRY_AFTER_S } from './limits.ts';
import { METHODS } from './text/requests.ts';
import { dialogOfNotify } from './subscriptions.ts';
import { sipLine } from './protocol/token-line.ts';
import { peerWay } from './way.ts';

/** Requests from the network (drachtio-protocol 3.1, 3.5, 3.6). */

/** Without a dialog these mean nothing; others may be requests of their own (3.5). */
const ONLY_IN_DIALOGS: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'PRACK']);
/** What a request of these asks for is done with its Contact. */
const CONTACT_DECIDES: ReadonlySet<string> = new Set(['INVITE', 'REGISTER', 'SUBSCRIBE']);
/** A 503 without it is a 500 to its receiver (RFC 3261 21.5.4). */
const RETRY_LATER = { headers: [{ name: 'Retry-After', value: String(RETRY_AFTER_S) }] };
const ALLOW = [{ name: 'Allow', value: [...METHODS].join(', ') }];
const REFUSED_IN_UNKNOWN_DIALOG: ReadonlySet<string> = new Set(['INVITE', 'BYE', 'UPDATE', 'PRACK', 'REFER']);

export function receiveRequest(
  core: EngineCore,
  transaction: ServerTransaction,
  request: SipRequest,
  flow: Flow,
): void {
  if (!METHODS.has(request.method)) {
    // RFC 3261 8.2.1 asks for the methods we do understand.
    refuse(transaction, 501, 'Not Implemented', { headers: ALLOW });
    return;
  }
  if (CONTACT_DECIDES.has(request.method) && !hasUsableContacts(request)) {
    refuse(transaction, 400, 'Bad Contact');
    return;
  }
  const names = namesOf(request);
  const id = newDialogId(names);
  if (id === null) {
    refuse(transaction, 400, 'Bad Call-ID Or Tag');
    return;
  }
  const found = core.dialogs.match(names) ?? dialogOfNotify(core, request, names);
  if (found !== null) {
    receiveInDialog(core, transaction, request, flow, found.dialog, found.state);
    return;
  }
  if (names.toTag !== null) {
    receiveInUnknownDialog(core, transaction, request, flow);
    return;
  }
  if (ONLY_IN_DIALOGS.has(request.method)) {
    refuse(transaction, 481, 'Call/Transaction Does Not Exist');
    return;
  }
  if (request.method === 'INVITE') {
    receiveCall(core, transaction, request, flow, names.fromTag === null ? null : id);
  } else {
    deliverNew(core, transaction, request, flow, '');
  }
}

/**
 * RFC 3261 8.1.1.8: each is an address; 10.2.2: or the one is `*` and removes all bindings with Expires 0. srf answers an INVITE
 * with any other, and then forgets the call. None at all is the application's to judge, as it is with drachtio-server.
 */
function hasUsableContacts({ method, headers }: SipRequest): boolean {
  const contacts = headers.elements('Contact');
  if (method === 'REGISTER' && contacts.includes('*'))
    return contacts.length === 1 && /^0+$/.test(headers.get('Expires') ?? '');
  return contacts.every((contact) => parseNameAddress(contact) !== null);
}

function receiveInUnknownDialog(
  core: EngineCore,
  transaction: ServerTransaction,
  request: SipRequest,
  flow: Flow,
): void {
  if (REFUSED_IN_UNKNOWN_DIALOG.has(request.method)) {
    refuse(transaction, 481, 'Call/Transaction Does Not Exist');
    return;
  }
  deliverNew(core, transaction, request, flow, '');
}

/** A new INVITE; `dialogId` is null where its From has no tag. */
function receiveCall(
  core: EngineCore,
  transaction: ServerTransaction,
  request: SipRequest,
  flow: Flow,
  dialogId: string | null,
): void {
  if (dialogId === null) {
    // RFC 3261 8.1.1.3: the From field MUST contain a tag; without one no dialog could be told from another.
    refuse(transaction, 400, 'Missing From Tag');
  } else if (core.dialogs.get(dialogId) !== undefined) {
    // As RFC 3261 8.2.2.2: the call is here already, with another CSeq or as a leg of ours. srf keys calls by Call-ID alone.
    refuse(transaction, 482, 'Loop Detected');
  } else if (!core.dialogs.hasRoom()) {
    refuseBeyondLimit(core, transaction, `${core.dialogs.size} dialogs are open`);
  } else {
    deliverNew(core, transaction, request, flow, dialogId);
  }
}

/** Whether a new request from there may wait for an application: of those that do, most belong to nobody alone. */
export function hasRoomFor(core: EngineCore, { remoteAddress }: Flow): boolean {
  return core.shares.hasRoom(sourceOf(remoteAddress), core.limits.maxUnansweredRequests - core.incoming.size);
}

/**
 * The answer where it may not. Without a transaction: it would be kept for as long as the others are, and its answer be sent over and
 * over to whoever a forged source belongs to.
 */
export function crowded(core: EngineCore, { method }: SipRequest, { remoteAddress }: Flow): Refusal {
  const source = sourceOf(remoteAddress);
  const [all, own] = [core.incoming.size, core.shares.of(source)];
  logRefusal(core, `${method} of ${source} was refused: ${all} requests are unanswered, ${own} of its own`);
  return { status: 503, reason: 'Service Unavailable', ...RETRY_LATER };
}

function refuseBeyondLimit(core: EngineCore, transaction: ServerTransaction, why: string): void {
  logRefusal(core, `${transaction.request.method} was refused: ${why}`);
  refuse(transaction, 503, 'Service Unavailable', RETRY_LATER);
}

/** `dialogId`: of the dialog that an INVITE would create, '' for other methods. */
function deliverNew(
  core: EngineCore,
  transaction: ServerTransaction,
  request: SipRequest,
  flow: Flow,
  dialogId: string,
): void {
  if (request.body.length > core.limits.maxNewRequestBodyBytes) {
    refuse(transaction, 513, 'Message Too Large');
    return;
  }
  const client = core.routes.pick(request.method.toLowerCase());
  if (client === null) {
    answerWithoutApplication(core, transaction, request);
    return;
  }
  if (client.isBusy()) {
    refuse(transaction, 503, 'Service Unavailable', RETRY_LATER);
    return;
  }
  const dialog = dialogId === '' ? null : core.dialogs.create(dialogId, 'uas', client);
  const incoming = newIncoming(transaction, client, dialog, false);
  if (dialog !== null) {
    dialog.invite = incoming;
    core.dialogs.setFlow(dialog, flow);
    cdrAttempt(core, 'network', request);
  }
  track(core, incoming);
  const text = deliveredText(request);
  const receivedOn = { address: flow.localAddress, port: flow.localPort };
  client.send(sipLine('network', text.length, peerWay(flow), core.now(), transaction.id, '', receivedOn), text);
}

/**
 * Nobody routed the method: 503 (drachtio-protocol 3.1). OPTIONS at an engine without any application gets 200: it asks the
 * server, which is there, and a peer that went by 503 would leave the server for as long as an application takes to restart.
 */
function answerWithoutApplication(core: EngineCore, transaction: ServerTransaction, request: SipRequest): void {
  if (request.method === 'OPTIONS' && core.applications.size === 0) {
    // RFC 3261 11.2.
    refuse(transaction, 200, 'OK', { headers: ALLOW });
  } else {
    refuse(transaction, 503, 'Service Unavailable');
  }
}

/** The stack has answered 200 and 487. */
export function receiveCancel(core: EngineCore, transaction: ServerTransaction, cancel: SipRequest, flow: Flow): void {
  const incoming = core.incoming.get(transaction.id);
  if (incoming === undefined) {
    return;
  }
  // The end of a re-INVITE concerns nobody but the engine (3.6).
  if (!incoming.inDialog) {
    deliverCancel(core, incoming, cancel, flow);
  }
  settle(core, incoming);
}

export function receiveAck(core: EngineCore, ack: SipRequest, flow: Flow): void {
  const found = core.dialogs.match(namesOf(ack));
  if (found !== null) {
    receiveAckInDialog(core, ack, flow, found.dialog);
  }
}
