import type { NotificationRecord } from '../journal/index.ts';
import { composeMail } from './email/message.ts';
import { renderMail } from './render.ts';
import type { MailSettings } from './types.ts';

/** Seen by nobody. Two languages, and characters that must be encoded: what a mail may need is loaded once it was written. */
const SAMPLES = ['en-GB', 'fr-FR'].map((language): NotificationRecord => ({
  id: 'warm-up',
  callId: 'warm-up',
  mailbox: 'warm-up',
  channel: 'email',
  state: 'due',
  attempts: 1,
  createdAt: 0,
  dueAt: 0,
  claimedBy: null,
  leaseUntil: null,
  messageId: '<warm-up@localhost>',
  lastError: null,
  sentAt: null,
  content: {
    recipient: { address: 'nobody@localhost', displayName: 'Zoé', language, timeZone: 'Europe/Paris' },
    caller: { number: '+33140001001', uri: 'sip:+33140001001@localhost', displayName: 'Zoé', hidden: false },
    callee: '1001',
    startedAt: 0,
    rangMs: 1_000,
    cause: 'no-answer',
    sipCallId: 'warm-up',
  },
}));

/** Writes mails and throws them away: the first one costs 30 ms (time zones, tables of encodings), and calls would wait for it. */
export function warmUp(settings: MailSettings): void {
  for (const sample of SAMPLES) composeMail(renderMail(sample, settings));
}
