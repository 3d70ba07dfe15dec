import {
  parseUri,
  TransportError,
  type BoundAddress,
  type ClientTransaction,
  type RequestTarget,
  type SipRequest,
} from '../sip/index.ts';
import type { Refused } from './text/app-headers.ts';
import { cdrAttempt } from './cdr.ts';
import type { Client } from './protocol/client.ts';
import type { EngineCore } from './core.ts';
import { namesOf, newDialogId } from './dialogs.ts';
import { OutgoingRequest } from './outgoing-request.ts';
import type { Dialog } from './records.ts';
import { isUnknown, ownUntilSent, showOwn } from './text/own-address.ts';
import { buildRequest, isRequestUri } from './text/requests.ts';
import { rememberLocal } from './session.ts';
import { nokLine, requestSentLine } from './protocol/token-line.ts';
import { requestWay } from './way.ts';

/** Requests of the application outside a dialog (drachtio-protocol 1.4 point 4, 3.2, 3.4). */

export const UNKNOWN_DIALOG = 'Server error: unable to find dialog for dialog id provided';
const NO_TRANSPORT = 'requested protocol/transport not available';

/** These have no meaning outside a dialog. */
const ONLY_IN_DIALOGS: ReadonlySet<string> = new Set(['ACK', 'BYE', 'PRACK', 'UPDATE']);

/** `routeUrl` is the next hop, '' for the Request-URI; no Route header comes of it. */
export function sendRequest(
  core: EngineCore,
  client: Client,
  askedId: string,
  app: SipRequest,
  routeUrl: string,
): void {
  const refused = trySend(core, client, askedId, app, routeUrl);
  if (refused !== null) {
    client.send(nokLine(askedId, refused.refused));
  }
}

function trySend(core: EngineCore, client: Client, askedId: string, app: SipRequest, routeUrl: string): Refused | null {
  if (ONLY_IN_DIALOGS.has(app.method)) {
    // Not UNKNOWN_DIALOG, which srf takes for the race of two BYEs.
    return { refused: `${app.method} exists only inside dialogs: use the dialog's own methods, or name the dialog` };
  }
  const nextHop = routeUrl === '' ? app.uri : routeUrl;
  const parsed = parseUri(nextHop);
  if (parsed === null || (routeUrl !== '' && !isRequestUri(app.uri))) {
    return { refused: `invalid request-uri: ${app.method} ${app.uri} SIP/2.0` };
  }
  // It would come back as a new one, for ever.
  if (core.stack.isOwn(parsed)) {
    return { refused: 'can not send request to myself' };
  }
  // A route URL is the application's own word on where to send it (3.4).
  const flow = routeUrl === '' ? core.contacts.flowTo(parsed, core.now()) : null;
  const target: RequestTarget = flow === null ? { uri: nextHop } : { flow };
  const own = core.stack.localFor(target);
  if (own === undefined) {
    return { refused: NO_TRANSPORT };
  }
  const shown = ownUntilSent(target, own, app);
  const request = buildRequest(app, shown, routeUrl !== '');
  if ('refused' in request) {
    return request;
  }
  const dialog = request.method === 'INVITE' ? newDialog(core, client, request) : null;
  if (dialog !== null && 'refused' in dialog) {
    return dialog;
  }
  if (dialog !== null) {
    rememberLocal(dialog, request);
    cdrAttempt(core, 'application', request);
  }
  const byConnection = flow !== null;
  const txnId = null;
  return send({ core, client, askedId, txnId, dialog, inDialog: false, byConnection, request, target, own, shown });
}

/** An INVITE takes its place in the table at once, so that its early dialogs can be found. */
function newDialog(core: EngineCore, client: Client, request: SipRequest): Dialog | Refused {
  const names = namesOf(request);
  const id = newDialogId(names);
  if (id === null || names.fromTag === null) {
    return { refused: 'the Call-ID or From tag holds characters that SIP does not allow there' };
  }
  if (core.dialogs.get(id) !== undefined) {
    return { refused: 'dialog already exists, rejecting this request' };
  }
  if (!core.dialogs.hasRoom()) {
    return { refused: `the engine holds ${core.dialogs.size} dialogs, which is its limit` };
  }
  return core.dialogs.create(id, 'uac', client);
}

export interface Sending {
  readonly core: EngineCore;
  readonly client: Client;
  /** The command that asked for it; null where that had its answer already. */
  readonly askedId: string | null;
  /** Where the application was told it already. */
  readonly txnId: string | null;
  readonly dialog: Dialog | null;
  readonly inDialog: boolean;
  readonly byConnection: boolean;
  readonly request: SipRequest;
  readonly target: RequestTarget;
  /** Our address towards it. */
  readonly own: BoundAddress;
  /** What `request` was built with: `ownUntilSent`. */
  readonly shown: BoundAddress;
}

/** Gives the request to the stack and tells the application so, before anything that comes of it (4.2 rule 1). */
export function send(sending: Sending): Refused | null {
  const { core, client, askedId, dialog, inDialog, request, target, own } = sending;
  const written = isUnknown(sending.shown) ? request.headers.clone() : null;
  if (written !== null) {
    showOwn(request.headers, written, own);
  }
  const outgoing = new OutgoingRequest({ ...sending, written });
  let transaction: ClientTransaction;
  try {
    transaction = core.stack.request(request, target, outgoing);
  } catch (error) {
    if (dialog !== null && !inDialog) {
      core.dialogs.remove(dialog);
    }
    core.log('info', `${request.method} could not be sent: ${error instanceof Error ? error.message : String(error)}`);
    return { refused: whyNot(core, error) };
  }
  outgoing.sent(transaction);
  if (dialog !== null && request.method === 'INVITE') {
    dialog.ours = outgoing;
  }
  if (askedId === null) {
    return null;
  }
  const { flow, bytes } = transaction;
  const way = requestWay(flow, own);
  const line = requestSentLine(askedId, flow === null ? 0 : bytes.length, way, core.now(), transaction.id);
  client.send(line, bytes);
  return null;
}

function whyNot(core: EngineCore, error: unknown): string {
  const code = error instanceof TransportError ? error.code : null;
  if (code === 'no-transport') {
    return NO_TRANSPORT;
  }
  if (code === 'full') {
    return `the engine holds ${core.stack.transactionCount} transactions, which is its limit`;
  }
  return 'Error creating sip transaction for uac request';
}
