import type { Headers } from '../message/headers.ts';
import type {
  Dialog,
  DialogListener,
  IncomingInvite,
  OutgoingInviteListener,
  SipResponse,
  UserAgent,
} from '../agent/user-agent.ts';

/**
 * What only a system that we trust may say: who somebody is (RFC 3325), whose call it was, and how a phone is to take it. RFC 3325 5: from anybody else it is
 * removed. That is done where it comes in, so that nothing behind it need ask who said it.
 */
const ASSERTIONS: ReadonlySet<string> = new Set([
  'p-asserted-identity',
  'p-preferred-identity',
  'remote-party-id',
  'diversion',
  'history-info',
  'p-called-party-id',
  'p-charging-vector',
  // What makes a desk phone pick up by itself, or ring as somebody else's calls do.
  'alert-info',
  'call-info',
  'answer-mode',
  'priv-answer-mode',
]);

/** The headers without what their sender may not assert; the same object where there is none of it. */
export function withoutAssertions(headers: Headers): Headers {
  const kept = Object.entries(headers).filter(([name]) => !ASSERTIONS.has(name.toLowerCase()));
  return kept.length === Object.keys(headers).length ? headers : Object.fromEntries(kept);
}

/** A message without what its sender may not assert. */
export function unasserted<Message extends { readonly headers: Headers }>(message: Message): Message {
  const headers = withoutAssertions(message.headers);
  return headers === message.headers ? message : { ...message, headers };
}

/** An INVITE of somebody who may assert nothing, and the dialog that it makes. */
export function unassertingInvite(invite: IncomingInvite): IncomingInvite {
  return {
    ...invite,
    request: unasserted(invite.request),
    listen: (listener) => invite.listen({ ...listener, cancelled: (cancel) => listener.cancelled(unasserted(cancel)) }),
    answer: (message, answered, failed) =>
      invite.answer(message, (dialog) => answered(unassertingDialog(dialog)), failed),
  };
}

/** Sends INVITEs to somebody who may assert nothing. */
export function unassertingInviter(agent: Pick<UserAgent, 'invite'>): Pick<UserAgent, 'invite'> {
  return { invite: (offer, listener) => agent.invite(offer, unassertingInviteListener(listener)) };
}

function unassertingInviteListener(listener: OutgoingInviteListener): OutgoingInviteListener {
  return {
    sent: (callId, contact) => listener.sent(callId, contact),
    provisional: (response) => listener.provisional(unasserted(response)),
    answered: (response, dialog) => listener.answered(unasserted(response), unassertingDialog(dialog)),
    failed: (response) => listener.failed(unassertedOrNone(response)),
  };
}

function unassertingDialog(dialog: Dialog): Dialog {
  let listener: DialogListener | null = null;
  return {
    get listener() {
      return listener;
    },
    set listener(next) {
      listener = next;
      dialog.listener = next === null ? null : unassertingListener(next);
    },
    ack: (message) => dialog.ack(message),
    request: (method, message, done) =>
      dialog.request(method, message, (response, ack) => done(unassertedOrNone(response), ack)),
    bye: (headers, done) =>
      dialog.bye(headers, done === undefined ? undefined : (response) => done(unassertedOrNone(response))),
  };
}

function unassertingListener(listener: DialogListener): DialogListener {
  return {
    request: (request, reply, onCancel) =>
      listener.request(unasserted(request), reply, (cancelled) => onCancel((cancel) => cancelled(unasserted(cancel)))),
    ack: (ack) => listener.ack(unasserted(ack)),
    ended: (bye, silent) => listener.ended(unasserted(bye), silent),
  };
}

function unassertedOrNone(response: SipResponse | null): SipResponse | null {
  return response === null ? null : unasserted(response);
}
