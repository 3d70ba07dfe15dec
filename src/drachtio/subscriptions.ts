import {
  parseCSeq,
  parseNameAddress,
  type Dialog as DialogState,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import type { EngineCore } from './core.ts';
import { newDialogId, type DialogNames, type FoundDialog } from './dialogs.ts';
import { forgetLater } from './ended-dialogs.ts';
import type { Dialog } from './records.ts';

/** Dialogs that SUBSCRIBE makes (RFC 6665). */

/** Whether a NOTIFY with such an answer is the last of its subscription (RFC 6665 4.1.3, 4.2.2). */
export function endsSubscription(notify: SipRequest, status: number): boolean {
  if (notify.method !== 'NOTIFY') {
    return false;
  }
  const terminated = /^\s*terminated\s*(;|$)/i.test(notify.headers.get('Subscription-State') ?? '');
  // A challenged one is sent again.
  return status === 481 || status === 408 || (terminated && status !== 401 && status !== 407);
}

/** RFC 6665 leaves it to the event package; most say an hour. */
const DEFAULT_EXPIRES_S = 3_600;
/** No timeout of ours lasts longer. */
const MAX_LEASE_MS = 2 ** 31 - 1;

/**
 * A 2xx to a SUBSCRIBE: the subscription lasts as long as it says (RFC 6665 4.2.1.1), and 64*T1 more for its last NOTIFY. A
 * peer that is gone never ends it, and an application may forget to.
 */
export function subscriptionGranted(
  core: EngineCore,
  dialog: Dialog,
  request: SipRequest,
  response: SipResponse,
): void {
  if (dialog.kind !== 'subscription' || request.method !== 'SUBSCRIBE') {
    return;
  }
  const said = [response.headers.get('Expires'), request.headers.get('Expires')].find((text) =>
    /^\d+$/.test(text ?? ''),
  );
  const leaseMs = Number(said ?? DEFAULT_EXPIRES_S) * 1000 + core.stack.timers.t1x64Ms;
  forgetLater(core, dialog, Math.min(leaseMs, MAX_LEASE_MS));
}

/**
 * A NOTIFY that overtakes the 2xx to the application's SUBSCRIBE makes the dialog (RFC 6665 4.4.1): it is known by Call-ID and our tag. Of
 * the dialogs that a forking proxy may make of one SUBSCRIBE the first is kept; the NOTIFYs of others are new requests.
 */
export function dialogOfNotify(core: EngineCore, notify: SipRequest, names: DialogNames): FoundDialog | null {
  const id = awaitedDialog(core, notify, names);
  const pending = id === null ? undefined : core.subscribes.get(id);
  if (id === null || pending === undefined || core.dialogs.get(id) !== undefined || !core.dialogs.hasRoom()) {
    return null;
  }
  const dialog = core.dialogs.create(id, 'uac', pending.client, 'subscription');
  const state = stateOf(notify, names, pending.request);
  dialog.state = state;
  pending.notified = dialog;
  return { dialog, state };
}

/** The dialog that a SUBSCRIBE of ours asked for with these names; null: none did. */
export function awaitedDialog(
  { subscribes }: Pick<EngineCore, 'subscribes'>,
  notify: SipRequest,
  names: DialogNames,
): string | null {
  if (subscribes.size === 0 || notify.method !== 'NOTIFY' || names.toTag === null) return null;
  const id = newDialogId({ ...names, fromTag: names.toTag });
  return id !== null && subscribes.has(id) ? id : null;
}

function stateOf(notify: SipRequest, names: DialogNames, subscribe: SipRequest): DialogState {
  const { headers } = notify;
  const [contact = ''] = headers.elements('Contact');
  return {
    callId: names.callId,
    localTag: names.toTag ?? '',
    remoteTag: names.fromTag ?? '',
    localParty: headers.get('To') ?? '',
    remoteParty: headers.get('From') ?? '',
    remoteTarget: parseNameAddress(contact)?.uri ?? subscribe.uri,
    // RFC 6665 4.4.1: a request made the dialog, so that its Record-Route is taken in order (RFC 3261 12.1.1).
    routeSet: headers.elements('Record-Route'),
    localSequence: parseCSeq(subscribe.headers.get('CSeq') ?? '')?.sequence ?? null,
    remoteSequence: null,
    early: false,
  };
}
