import { PHONES } from '../access/admission.ts';
import { callerLabel, type Party } from '../../call/index.ts';
import type { PolicyStore } from '../../policy/index.ts';
import { header } from '../message/headers.ts';
import { inactiveAnswer } from './inactive-answer.ts';
import { RETRY_AFTER_FULL, type GatewayLimits } from '../limits.ts';
import type { GatewayOptions, Peer } from '../types.ts';
import type { Dialog, IncomingInvite } from '../agent/user-agent.ts';

/** Switchings that wait for their turn; beyond, 503: each reads and writes the policy file. */
export const MAX_SWITCHINGS = 50;
/** Those of one mailbox: one at work, and the next. */
export const MAX_SWITCHINGS_PER_MAILBOX = 2;

/** Calls by which users switch their own notifications (`*56`, `*57`). They are no calls: nothing of them is journalled. */
export interface FeatureCodeCalls {
  /** Takes the INVITE in hand where it called a feature code. @returns false where it is a call like any other */
  take(invite: IncomingInvite, peer: Peer, called: string | null, caller: Party): boolean;
  /** Ends what is left. */
  stop(): void;
}

type Options = Pick<GatewayOptions, 'switchNotifications' | 'log'> & {
  readonly codes: GatewayOptions['settings']['featureCodes'];
  readonly policy: PolicyStore;
  readonly limits: Pick<GatewayLimits, 'confirmationMs'>;
};

interface Switching {
  readonly invite: IncomingInvite;
  readonly mailbox: string;
  /** Who it was, and from where, for the log: its only record. */
  readonly who: { readonly caller: string; readonly peer: string; readonly from: string };
  readonly on: boolean;
  readonly answer: string;
  /** The caller hung up before the answer: the engine has told it so. */
  cancelled: boolean;
}

export function createFeatureCodeCalls({ codes, policy, switchNotifications, log, limits }: Options): FeatureCodeCalls {
  /** Confirmed, until we hang up. */
  const confirmed = new Map<Dialog, NodeJS.Timeout>();
  let waiting = 0;
  const waitingOf = new Map<string, number>();
  const count = (mailbox: string, by: 1 | -1): void => {
    waiting += by;
    const left = (waitingOf.get(mailbox) ?? 0) + by;
    if (left === 0) waitingOf.delete(mailbox);
    else waitingOf.set(mailbox, left);
  };
  let stopped = false;
  /** One after the other: the last one dialled is the one that holds. */
  let last: Promise<void> = Promise.resolve();

  const forget = (dialog: Dialog): void => {
    clearTimeout(confirmed.get(dialog));
    confirmed.delete(dialog);
  };
  const hangUp = (dialog: Dialog, on: boolean): void => {
    forget(dialog);
    // RFC 3326: why a call ends that the phone's user did not end.
    dialog.bye({ Reason: `Q.850;cause=16;text="Notifications ${on ? 'on' : 'off'}"` });
  };
  const confirm = ({ invite, on, answer }: Switching): void => {
    invite.answer(
      { headers: { 'Content-Type': 'application/sdp' }, body: answer },
      (dialog) => {
        if (stopped) {
          dialog.bye();
          return;
        }
        dialog.listener = {
          request: (_request, reply) => reply(488),
          ack: () => undefined,
          ended: () => forget(dialog),
        };
        confirmed.set(
          dialog,
          setTimeout(() => hangUp(dialog, on), limits.confirmationMs),
        );
      },
      (why) => log.debug({ sipCallId: invite.callId, why }, 'a switching could not be confirmed'),
    );
  };
  const run = async (switching: Switching): Promise<void> => {
    const { invite, mailbox, who, on } = switching;
    const said = { ...who, mailbox, notifications: on ? 'on' : 'off', sipCallId: invite.callId };
    try {
      await switchNotifications(mailbox, on);
      log.info(said, 'a user switched missed-call notifications by phone');
      if (!switching.cancelled) confirm(switching);
    } catch (error) {
      log.error({ ...said, error }, 'notifications could not be switched by phone');
      if (!switching.cancelled) invite.reply(500);
    } finally {
      count(mailbox, -1);
    }
  };
  const refuse = (invite: IncomingInvite, status: number, fields: object, why: string): void => {
    log.info({ ...fields, sipCallId: invite.callId, status, why }, 'switching of notifications refused');
    invite.reply(status, status === 503 ? { headers: RETRY_AFTER_FULL } : {});
  };

  return {
    take(invite, peer, called, caller) {
      const on = called === null || codes === null ? null : switchOf(called, codes);
      if (on === null) return false;
      const who = { caller: callerLabel(caller), peer: peer.name, from: invite.request.source };
      const fields = { ...who, notifications: on ? 'on' : 'off' };
      const mailbox = mailboxOf(caller, peer, policy);
      const answer = isSdp(invite) ? inactiveAnswer(invite.request.body) : null;
      if (!isKnown(peer)) {
        refuse(invite, 403, fields, `who calls from ${peer.name} is not believed (trustCallerId)`);
      } else if (mailbox === null) {
        refuse(invite, 403, fields, caller.hidden ? 'the caller is hidden' : 'the caller has no mailbox');
      } else if (answer === null) refuse(invite, 488, fields, 'the offer is no SDP');
      else if ((waitingOf.get(mailbox) ?? 0) >= MAX_SWITCHINGS_PER_MAILBOX) {
        refuse(invite, 503, fields, 'the same mailbox is being switched');
      } else if (waiting >= MAX_SWITCHINGS || stopped) refuse(invite, 503, fields, `${waiting} others wait`);
      else {
        const switching: Switching = { invite, mailbox, who, on, answer, cancelled: false };
        invite.listen({ cancelled: () => (switching.cancelled = true) });
        count(mailbox, 1);
        last = last.then(() => run(switching));
      }
      return true;
    },
    stop() {
      stopped = true;
      for (const dialog of confirmed.keys()) {
        forget(dialog);
        dialog.bye();
      }
    },
  };
}

function switchOf(called: string, codes: NonNullable<Options['codes']>): boolean | null {
  if (called === codes.notificationsOn) return true;
  return called === codes.notificationsOff ? false : null;
}

/** Whether callers are who they say: those of a peer that is believed about it, and phones, by their passwords. */
function isKnown({ name, trustCallerId }: Peer): boolean {
  return trustCallerId || name === PHONES;
}

/** Whose switch it is: a caller who hides is nobody, whatever else the INVITE says. */
function mailboxOf(caller: Party, peer: Peer, policy: PolicyStore): string | null {
  if (caller.hidden) return null;
  const found = policy.current().findMailbox({ user: caller.number, uri: caller.uri }, peer.dialPlan);
  return found.kind === 'found' ? found.mailbox.identity : null;
}

function isSdp({ request: { headers, body } }: IncomingInvite): boolean {
  return body === '' || /^application\/sdp\b/i.test(header(headers, 'content-type') ?? '');
}
