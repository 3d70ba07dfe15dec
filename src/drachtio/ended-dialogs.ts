import {
  ackInDialog,
  parseCSeq,
  requestInDialog,
  serialize,
  type ClientTransaction,
  type ClientTransactionHandlers,
  type Dialog as DialogState,
  type Flow,
  type SipRequest,
} from '../sip/index.ts';
import { cdrStop } from './cdr.ts';
import type { EngineCore } from './core.ts';
import { refuse, settle } from './incoming-requests.ts';
import { dialogTarget } from './next-hop.ts';
import type { Dialog } from './records.ts';
import { sipLine, UNKNOWN_WAY } from './protocol/token-line.ts';
import { peerWay } from './way.ts';

/** Dialogs that the engine ends by itself (drachtio-protocol 2.4, 3.1, 3.6, 3.7). */

/** Whatever becomes of such a BYE, the dialog is over. */
const NOBODY_WAITS: ClientTransactionHandlers = {
  onResponse: () => undefined,
  onTimeout: () => undefined,
  onTransportError: () => undefined,
};

/** Sends a BYE, tells the application by an unsolicited copy of it, and forgets the dialog. */
export function endDialog(core: EngineCore, dialog: Dialog, reason: string): void {
  if (dialog.state !== null) {
    const headers = [{ name: 'Reason', value: `SIP;cause=200;text="${reason}"` }];
    const bye = requestInDialog(dialog.state, 'BYE', { headers }).request;
    const sent = sendBye(core, dialog.role, dialog.state, dialog.flow, bye);
    const why = reason === 'Session timer expired' ? 'session-expired' : 'system-initiated-termination';
    cdrStop(core, 'application', why, bye);
    // Also where it could not be sent: nobody else tells the application that the call is over.
    const bytes = sent?.bytes ?? serialize(bye);
    const flow = sent?.flow ?? null;
    const way = flow === null ? UNKNOWN_WAY : peerWay(flow);
    dialog.client.send(sipLine('application', bytes.length, way, core.now(), 'unsolicited', dialog.id, null), bytes);
  }
  forgetDialog(core, dialog);
}

/** The dialog is over; what still waits in it is answered. */
export function forgetDialog(core: EngineCore, dialog: Dialog): void {
  core.dialogs.remove(dialog);
  // No ACK is missed any more.
  for (const { transaction } of dialog.unacknowledged.values()) {
    // A caller that says BYE needs no copies of the 2xx (RFC 3261 13.3.1.4 wants them only until the ACK, which may never come).
    transaction.stopRepeating();
  }
  dialog.unacknowledged.clear();
  dialog.heldBye?.conclude(481, 'Call/Transaction Does Not Exist');
  // The application's own re-INVITE must not wait for an answer that nobody sends (drachtio-protocol 3.9).
  dialog.ours?.conclude(487, 'Request Terminated');
  for (const pending of dialog.unanswered) {
    // RFC 3261 15.1.2: pending requests MUST still be answered; 487 is RECOMMENDED.
    refuse(pending.transaction, 487, 'Request Terminated');
    settle(core, pending);
  }
}

/** Forgets the dialog after that time, unless it ends before or is given more: nobody may be left who would end it. */
export function forgetLater(core: EngineCore, dialog: Dialog, delayMs: number): void {
  if (core.dialogs.get(dialog.id) !== dialog) {
    return;
  }
  core.timers.stop(dialog.expiry);
  dialog.expiry = core.timers.start('a dialog', delayMs, () => forgetDialog(core, dialog));
}

/** A 2xx that no application will acknowledge: an ACK, so that it is not repeated, and a BYE (RFC 3261 13.2.2.4). */
export function acknowledgeAndEnd(
  core: EngineCore,
  invite: ClientTransaction,
  role: Dialog['role'],
  state: DialogState,
  flow: Flow | null,
): void {
  acknowledge(core, invite, role, state, flow);
  sendBye(core, role, state, flow, requestInDialog(state, 'BYE').request);
}

export function acknowledge(
  core: EngineCore,
  invite: ClientTransaction,
  role: Dialog['role'],
  state: DialogState,
  flow: Flow | null,
): void {
  const sequence = parseCSeq(invite.request.headers.get('CSeq') ?? '')?.sequence ?? 0;
  try {
    invite.acknowledge(ackInDialog(state, sequence).request, dialogTarget(role, state, flow));
  } catch (error) {
    // The peer's Contact or Record-Route names a transport that is not bound. It ends the dialog after 64*T1 by itself.
    core.log('info', `an ACK could not be sent: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function sendBye(
  core: EngineCore,
  role: Dialog['role'],
  state: DialogState,
  flow: Flow | null,
  bye: SipRequest,
): ClientTransaction | null {
  try {
    return core.stack.request(bye, dialogTarget(role, state, flow), NOBODY_WAITS);
  } catch (error) {
    core.log('info', `a BYE could not be sent: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
