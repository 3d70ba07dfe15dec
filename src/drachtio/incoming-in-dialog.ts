import {
  parseCSeq,
  receiveRequest,
  type Dialog as DialogState,
  type Flow,
  type ServerTransaction,
  type SipRequest,
} from '../sip/index.ts';
import { cdrStop } from './cdr.ts';
import type { EngineCore } from './core.ts';
import { deliveredText } from './protocol/delivery.ts';
import { update } from './dialogs.ts';
import { forgetDialog } from './ended-dialogs.ts';
import { newUuid } from './ids.ts';
import { cancelFor, deliverCancel, newIncoming, refuse, settle, track } from './incoming-requests.ts';
import type { Dialog, IncomingRequest } from './records.ts';
import { receivePrack } from './reliable.ts';
import { asksTooShort } from './session.ts';
import { sipLine } from './protocol/token-line.ts';
import { ackWay, peerWay } from './way.ts';

/** Requests of the peer in a dialog (drachtio-protocol 3.5, 3.8, 3.9). */

export function receiveInDialog(
  core: EngineCore,
  transaction: ServerTransaction,
  request: SipRequest,
  flow: Flow,
  dialog: Dialog,
  state: DialogState,
): void {
  const received = receiveRequest(state, request);
  if (received.outOfOrder) {
    refuse(transaction, 500, 'CSeq Out Of Order');
    return;
  }
  heard(dialog, received.dialog);
  if (dialog.client.closed) {
    // Nobody is left who knows this call (drachtio-protocol 3.1).
    refuse(transaction, 481, 'Call/Transaction Does Not Exist');
    if (request.method === 'BYE') {
      cdrStop(core, 'network', 'normal-release', request);
      forgetDialog(core, dialog);
    }
    return;
  }
  core.dialogs.setFlow(dialog, flow);
  if (request.method === 'BYE' && dialog.invite !== null) {
    endBeforeAnswer(core, transaction, request, flow, dialog.invite);
  } else if (!refusedHere(core, transaction, request, dialog)) {
    deliver(core, transaction, request, flow, dialog);
  }
}

/** The dialog that was heard of last comes last: it is what a request of the application that names none goes to. */
function heard(dialog: Dialog, state: DialogState): void {
  if (dialog.state === null && dialog.early.size > 1) {
    dialog.early.delete(state.remoteTag);
  }
  update(dialog, state);
}

/** What the application never sees: what the engine has to refuse, or answers by itself. */
function refusedHere(core: EngineCore, transaction: ServerTransaction, request: SipRequest, dialog: Dialog): boolean {
  const { method } = request;
  if (method === 'PRACK') {
    return !receivePrack(transaction, request, dialog);
  }
  if (method !== 'INVITE' && method !== 'UPDATE') {
    return false;
  }
  if (method === 'INVITE' ? dialog.invite !== null : hasUnanswered(dialog, 'UPDATE')) {
    // RFC 3261 14.2, RFC 3311 5.2: a second one before the first is answered gets 500 with Retry-After.
    refuse(transaction, 500, 'Server Internal Error', { headers: [{ name: 'Retry-After', value: '5' }] });
    return true;
  }
  if (dialog.session?.refreshing === true && (method === 'INVITE' || request.body.length > 0)) {
    // RFC 3261 14.2, RFC 3311 5.2: our own offer is under way, of which the application knows nothing.
    refuse(transaction, 491, 'Request Pending');
    return true;
  }
  if (asksTooShort(core, request)) {
    const headers = [{ name: 'Min-SE', value: String(core.limits.minSessionExpiresS) }];
    refuse(transaction, 422, 'Session Interval Too Small', { headers });
    return true;
  }
  return false;
}

function hasUnanswered(dialog: Dialog, method: string): boolean {
  for (const { transaction } of dialog.unanswered) {
    if (transaction.request.method === method) {
      return true;
    }
  }
  return false;
}

function deliver(
  core: EngineCore,
  transaction: ServerTransaction,
  request: SipRequest,
  flow: Flow,
  dialog: Dialog,
): void {
  const full = core.incoming.size >= core.limits.maxUnansweredRequests || dialog.client.isOverrun();
  // Its sender takes the call for ended whatever the answer (RFC 3261 15.1.1), and the application must hear so: one for each dialog.
  if (full && request.method !== 'BYE') {
    refuse(transaction, 503, 'Service Unavailable');
    return;
  }
  const incoming = newIncoming(transaction, dialog.client, dialog, true);
  track(core, incoming);
  const text = deliveredText(request);
  const line = sipLine('network', text.length, peerWay(flow), core.now(), transaction.id, dialog.id, null);
  dialog.client.send(line, text);
  if (request.method === 'BYE') {
    // Over before the application answers (3.5).
    cdrStop(core, 'network', 'normal-release', request);
    forgetDialog(core, dialog);
  } else {
    dialog.unanswered.add(incoming);
  }
}

/**
 * A caller may end an early dialog by BYE (RFC 3261 15). srf knows no BYE before the answer, so that the application hears
 * what amounts to the same: a CANCEL, with the BYE's Reason.
 */
function endBeforeAnswer(
  core: EngineCore,
  transaction: ServerTransaction,
  bye: SipRequest,
  flow: Flow,
  invite: IncomingRequest,
): void {
  refuse(transaction, 200, 'OK');
  const cancel = cancelFor(invite.transaction.request);
  const reason = bye.headers.get('Reason');
  if (reason !== undefined) {
    cancel.headers.set('Reason', reason);
  }
  deliverCancel(core, invite, cancel, flow);
  refuse(invite.transaction, 487, 'Request Terminated', { toTag: invite.toTag });
  settle(core, invite);
}

export function receiveAckInDialog(core: EngineCore, ack: SipRequest, flow: Flow, dialog: Dialog): void {
  const sequence = parseCSeq(ack.headers.get('CSeq') ?? '')?.sequence ?? 0;
  const invite = dialog.unacknowledged.get(sequence);
  // A copy: it acknowledges a copy of our 2xx.
  if (invite === undefined) {
    return;
  }
  dialog.unacknowledged.delete(sequence);
  core.dialogs.setFlow(dialog, flow);
  const text = deliveredText(ack);
  // The ACK of the first INVITE keeps its txnId, the ACK of a re-INVITE gets one of its own (drachtio-protocol 3.7).
  const id = invite.inDialog ? newUuid() : invite.transaction.id;
  dialog.client.send(sipLine('network', text.length, ackWay(flow), core.now(), id, dialog.id, null), text);
  dialog.heldBye?.send();
}
