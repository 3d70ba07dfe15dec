import type { AdminOptions, VoicemailEventReport } from '../admin/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import type { Policy } from '../policy/index.ts';
import type { Parts } from './readiness.ts';

/** The door for voicemail systems, where the configuration has a token for it. */
export function voicemailEvents(
  { voicemail: { eventToken } }: GatewayConfig,
  parts: Parts,
  now: () => number,
): Pick<AdminOptions, 'voicemailEvents'> {
  if (eventToken === null) return {};
  return {
    voicemailEvents: {
      token: eventToken,
      now,
      async receive(report) {
        const { policy, ledger } = parts;
        if (policy === null || ledger === null) return 'starting';
        const mailbox = mailboxOf(report, policy.current());
        if (mailbox === null) return 'unknown-mailbox';
        const { event, call = null, caller = null, durationSeconds, messages } = report;
        const told = { mailbox, at: now(), source: 'event' };
        const durationMs = durationSeconds === undefined ? null : durationSeconds * 1_000;
        // The visit first: the message that it was about explains a rise of the total.
        const found =
          event === undefined ? null : await ledger.voicemailEvent({ ...told, kind: event, call, caller, durationMs });
        if (messages !== undefined) ledger.messageTotals({ ...told, total: messages.new + messages.old });
        return { call: found };
      },
    },
  };
}

function mailboxOf(report: VoicemailEventReport, policy: Policy): string | null {
  if (report.mailbox !== undefined) return policy.mailbox(report.mailbox)?.identity ?? null;
  const { number = '' } = report;
  const isUri = /^(sips?|tel):/i.test(number);
  const user = isUri ? number.replace(/^\w+:/, '').replace(/[@;].*$/, '') : number.replace(/@.*$/, '');
  const found = policy.findMailbox({ user, uri: isUri ? number : `sip:${number}` });
  return found.kind === 'found' ? found.mailbox.identity : null;
}
