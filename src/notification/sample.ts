import type { NotificationRecord } from '../journal/index.ts';

/** A Monday in Paris. */
const ARRIVED = Date.UTC(2026, 10, 16, 13, 3, 20);

/** About a call that never was: for previews, test mails, and to warm up. */
export function sampleNotification(
  recipient: Partial<NotificationRecord['content']['recipient']>,
  about: { readonly id: string; readonly at: number } = { id: 'sample', at: ARRIVED },
): NotificationRecord {
  const { id, at } = about;
  return {
    id,
    callId: id,
    mailbox: id,
    channel: 'email',
    state: 'due',
    attempts: 1,
    createdAt: at,
    dueAt: at,
    claimedBy: null,
    leaseUntil: null,
    messageId: `<${id}@localhost>`,
    lastError: null,
    sentAt: null,
    content: {
      recipient: {
        address: 'alice@example.com',
        displayName: 'Alice Martin',
        language: 'en-GB',
        timeZone: 'Europe/Paris',
        ...recipient,
      },
      caller: {
        number: '+33140005678',
        uri: 'sip:+33140005678@example.com',
        displayName: 'Zoé Leblanc',
        hidden: false,
      },
      callee: '1001',
      startedAt: at,
      rangMs: 12_000,
      cause: 'no-answer',
      sipCallId: id,
    },
  };
}
