import {
  makeResponse,
  newTag,
  parseCSeq,
  requestInDialog,
  serialize,
  sourceOf,
  type Flow,
  type ResponseParts,
  type ServerTransaction,
  type SipRequest,
} from '../sip/index.ts';
import { cdrStop } from './cdr.ts';
import type { Client } from './protocol/client.ts';
import type { EngineCore } from './core.ts';
import { deliveredText } from './protocol/delivery.ts';
import type { Dialog, IncomingRequest } from './records.ts';
import { sipLine, UNKNOWN_WAY } from './protocol/token-line.ts';
import { peerWay } from './way.ts';

/** The life of a request from the network, from its delivery to its final answer. */

export function newIncoming(
  transaction: ServerTransaction,
  client: Client,
  dialog: Dialog | null,
  inDialog: boolean,
): IncomingRequest {
  return { transaction, client, dialog, inDialog, toTag: '', reliable: null, held: false };
}

/** From here until its final answer the request is the application's. */
export function track(core: EngineCore, incoming: IncomingRequest): void {
  const { transaction } = incoming;
  core.incoming.set(transaction.id, incoming);
  core.shares.add(sourceOf(transaction.flow.remoteAddress));
  transaction.onTerminated = () => {
    // Nobody hears an answer any more: the application was silent for too long, or the caller's connection broke.
    if (core.incoming.get(transaction.id) === incoming) {
      if (transaction.request.method === 'INVITE' && !incoming.inDialog) {
        deliverCancel(core, incoming, cancelFor(transaction.request), transaction.flow);
      }
      settle(core, incoming);
    }
  };
}

/** The request has its final answer. A call that was not answered with a 2xx leaves no dialog. */
export function settle(core: EngineCore, incoming: IncomingRequest): void {
  if (core.incoming.delete(incoming.transaction.id)) {
    core.shares.remove(sourceOf(incoming.transaction.flow.remoteAddress));
  }
  const { dialog, reliable } = incoming;
  reliable?.close();
  dialog?.unanswered.delete(incoming);
  if (dialog === null) {
    return;
  }
  const unacknowledged = reliable?.unacknowledged ?? null;
  if (unacknowledged !== null) {
    // RFC 3262 3: after the final response the PRACK may still come.
    const cseq = parseCSeq(incoming.transaction.request.headers.get('CSeq') ?? '')?.sequence ?? 0;
    dialog.latePrack = `${unacknowledged} ${cseq}`;
  }
  if (dialog.invite === incoming) {
    dialog.invite = null;
    if (dialog.state === null) {
      core.dialogs.remove(dialog);
      dialog.heldBye?.conclude(481, 'Call/Transaction Does Not Exist');
    }
  }
}

/** Tells the application on the INVITE's own txnId; srf finds the call by its Call-ID. */
export function deliverCancel(core: EngineCore, incoming: IncomingRequest, cancel: SipRequest, flow: Flow): void {
  const { transaction, client, dialog } = incoming;
  cdrStop(core, 'network', 'call-canceled', cancel);
  if (incoming.held) {
    deliverEnd(core, incoming);
    return;
  }
  const text = deliveredText(cancel);
  const dialogId = incoming.toTag === '' ? '' : (dialog?.id ?? '');
  client.send(sipLine('network', text.length, peerWay(flow), core.now(), transaction.id, dialogId, null), text);
}

/**
 * The application has answered, but the 2xx still waited for a PRACK: to it the call is up, and ends as by a BYE of ours (drachtio-protocol
 * 2.4). None goes to the peer, which knows of no dialog.
 */
function deliverEnd(core: EngineCore, { dialog, client }: IncomingRequest): void {
  const state = dialog?.state ?? dialog?.early.values().next().value;
  if (dialog === null || state === undefined) {
    return;
  }
  const headers = [{ name: 'Reason', value: 'SIP;cause=200;text="CANCEL after 200 OK"' }];
  const bye = serialize(requestInDialog(state, 'BYE', { headers }).request);
  client.send(sipLine('application', bye.length, UNKNOWN_WAY, core.now(), 'unsolicited', dialog.id, null), bye);
}

/** A CANCEL that the caller would have sent (RFC 3261 9.1), for calls that end in another way before they are answered. */
export function cancelFor(invite: SipRequest): SipRequest {
  const headers = invite.headers.clone();
  for (const name of ['Contact', 'Content-Type', 'Content-Length', 'Require', 'Supported', 'Allow']) {
    headers.delete(name);
  }
  headers.set('CSeq', (headers.get('CSeq') ?? '').replace('INVITE', 'CANCEL'));
  return { kind: 'request', method: 'CANCEL', uri: invite.uri, headers, body: Buffer.alloc(0) };
}

/** An answer which the engine gives by itself. */
export function refuse(
  transaction: ServerTransaction,
  status: number,
  reason: string,
  parts: ResponseParts = {},
): void {
  if (transaction.open) {
    transaction.respond(makeResponse(transaction.request, status, reason, { toTag: newTag(), ...parts }));
  }
}
