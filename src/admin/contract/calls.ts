import { z } from 'zod';
import { type Operation, page, pageQuery, time } from './operation.ts';
import { mailbox } from './policy.ts';

/** Of explanations. */
const LANGUAGES = ['en', 'fr'] as const;

export const notificationState = z.enum(['due', 'claimed', 'sent', 'dead', 'dropped']);

/** A call in the log. A caller who hides is `null`, everywhere. */
export const call = z.object({
  id: z.string(),
  startedAt: time,
  endedAt: time.nullable(),
  caller: z.object({ number: z.string().nullable(), displayName: z.string().nullable() }).nullable(),
  callee: z.string(),
  mailbox: z.string().nullable(),
  group: z.string().nullable(),
  peer: z.string(),
  rangMs: z.number().nullable(),
  outcome: z.string().nullable(),
  cause: z.string().nullable(),
  pendingUntil: time.nullable(),
  decision: z.enum(['notify', 'skip']).nullable(),
  reason: z.string().nullable(),
  notification: notificationState.nullable(),
});
export type Call = z.output<typeof call>;

/** A call with all that is known of it. */
export const callDetails = call.extend({
  callId: z.string(),
  node: z.string(),
  rule: z.string().nullable(),
  /** The way from evidence to mail in plain sentences, one a line. */
  explanation: z.array(z.string()),
  evidence: z.array(
    z.object({
      at: time,
      kind: z.string(),
      source: z.string(),
      strength: z.enum(['certain', 'strong', 'weak']),
      detail: z.string(),
    }),
  ),
  decisions: z.array(
    z.object({
      mailbox: z.string().nullable(),
      decision: z.enum(['notify', 'skip']),
      reason: z.string(),
      detail: z.string().nullable(),
      notifications: z.array(
        z.object({
          id: z.string(),
          channel: z.string(),
          state: notificationState,
          attempts: z.number().int(),
          lastError: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type CallDetails = z.output<typeof callDetails>;

/** A call that lives now. */
export const liveCall = z.object({
  id: z.string(),
  startedAt: time,
  caller: z.object({ number: z.string().nullable(), displayName: z.string().nullable() }).nullable(),
  callee: z.string(),
  mailbox: z.string().nullable(),
  peer: z.string(),
  state: z.enum(['calling', 'ringing', 'answered', 'voicemail']),
});
export type LiveCall = z.output<typeof liveCall>;

/** What the event stream tells; the `event:` field is its `kind`. */
export const liveEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('calls'), calls: z.array(liveCall), total: z.number().int() }),
  z.object({ kind: z.literal('ended'), call }),
  z.object({ kind: z.literal('policy'), version: z.string(), broken: z.boolean() }),
]);
export type LiveEvent = z.output<typeof liveEvent>;

export const notification = z.object({
  id: z.string(),
  callId: z.string(),
  mailbox: z.string(),
  channel: z.string(),
  state: notificationState,
  attempts: z.number().int(),
  createdAt: time,
  dueAt: time,
  sentAt: time.nullable(),
  recipient: z.string(),
  lastError: z.string().nullable(),
});
export type Notification = z.output<typeof notification>;

/** A mail as its reader will see it. */
export const mailPreview = z.object({
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  /** Where the HTML is to be had for a frame, for a while: nothing in it runs or loads there. */
  page: z.string(),
  problems: z.array(z.string()),
});
export type MailPreview = z.output<typeof mailPreview>;

const range = { from: time.optional(), to: time.optional() };
const text = z.string().max(256);
export const callFilter = {
  ...range,
  mailbox: text.optional(),
  group: text.optional(),
  outcome: z.enum(['answered', 'voicemail', 'missed', 'elsewhere', 'rejected', 'failed', 'pending']).optional(),
  decision: z.enum(['notify', 'skip']).optional(),
  reason: text.optional(),
  /** The beginning of the caller's or the called number. */
  number: text.optional(),
};

const reportRow = z.object({
  /** A mailbox, a group, an hour (ISO 8601) or a day. */
  key: z.string(),
  answered: z.number().int(),
  voicemail: z.number().int(),
  missed: z.number().int(),
  elsewhere: z.number().int(),
  other: z.number().int(),
  notified: z.number().int(),
});
export type ReportRow = z.output<typeof reportRow>;

const unreturned = z.object({
  mailbox: z.string(),
  caller: z.string(),
  displayName: z.string().nullable(),
  missed: z.number().int(),
  lastAt: time,
  lastCall: z.string(),
});
export type Unreturned = z.output<typeof unreturned>;

const P = '/api/v1';
const id = z.object({ id: text });
const calls = { tag: 'Calls', permission: 'calls.read', method: 'GET' } as const;
const mails = { tag: 'Notifications', permission: 'notifications.read' } as const;
const self = { tag: 'Self', permission: 'self' } as const;

export const callOperations = {
  calls: {
    ...calls,
    path: `${P}/calls`,
    summary: 'The call log, newest first',
    query: z.object({ ...pageQuery, ...callFilter }),
    response: page(call),
  },
  call: {
    ...calls,
    path: `${P}/calls/:id`,
    summary: 'A call, and why it was or was not told of',
    params: id,
    query: z.object({ language: z.enum(LANGUAGES).default('en') }),
    response: callDetails,
  },
  exportCalls: {
    ...calls,
    path: `${P}/calls.csv`,
    summary: 'The call log as CSV, 100,000 calls at most',
    query: z.object(callFilter),
    contentType: 'text/csv',
    response: z.string(),
  },
  liveCalls: {
    ...calls,
    path: `${P}/live-calls`,
    summary: 'Calls that live now, newest first, a hundred at most',
    response: z.object({ items: z.array(liveCall), total: z.number().int() }),
  },
  events: {
    ...calls,
    path: `${P}/events`,
    summary: 'Server-sent events: live calls, ended calls, the policy file',
    contentType: 'text/event-stream',
    response: liveEvent,
  },
  missedReport: {
    ...calls,
    tag: 'Reports',
    permission: 'reports.read',
    path: `${P}/reports/calls`,
    summary: 'Calls by outcome, per mailbox, group, hour or day',
    query: z.object({ ...range, by: z.enum(['mailbox', 'group', 'hour', 'day']), timeZone: text.default('UTC') }),
    response: z.object({ rows: z.array(reportRow), truncated: z.boolean() }),
  },
  unreturned: {
    ...calls,
    tag: 'Reports',
    permission: 'reports.read',
    path: `${P}/reports/unreturned`,
    summary: 'Missed callers whom nobody has called back, and who have not got through since',
    query: z.object({ ...range, mailbox: text.optional() }),
    response: z.object({ rows: z.array(unreturned), truncated: z.boolean() }),
  },
  notifications: {
    ...mails,
    method: 'GET',
    path: `${P}/notifications`,
    summary: 'Mails owed and sent, newest first',
    query: z.object({ ...pageQuery, state: notificationState.optional() }),
    response: page(notification).extend({ counts: z.record(notificationState, z.number().int()) }),
  },
  previewNotification: {
    ...mails,
    method: 'GET',
    path: `${P}/notifications/:id/preview`,
    summary: 'The mail as it will look',
    params: id,
    response: mailPreview,
  },
  retryNotification: {
    ...mails,
    permission: 'notifications.write',
    method: 'POST',
    path: `${P}/notifications/:id/retry`,
    summary: 'Makes it due now',
    params: id,
    response: notification,
  },
  dropNotification: {
    ...mails,
    permission: 'notifications.write',
    method: 'POST',
    path: `${P}/notifications/:id/drop`,
    summary: 'It is not sent',
    params: id,
    response: notification,
  },
  testNotification: {
    ...mails,
    permission: 'notifications.write',
    method: 'POST',
    path: `${P}/notifications/test`,
    summary: 'Sends a test mail to a mailbox’s address',
    body: z.strictObject({ mailbox: text }),
    response: z.object({ to: z.string(), accepted: z.boolean(), answer: z.string() }),
  },
  myMailbox: {
    ...self,
    method: 'GET',
    path: `${P}/me/mailbox`,
    summary: 'One’s own mailbox, and whether its policy allows notifications',
    response: mailbox.extend({ allowed: z.boolean() }),
  },
  switchMyMailbox: {
    ...self,
    method: 'PUT',
    path: `${P}/me/mailbox/missed-call-notification`,
    summary: 'One’s own switch',
    body: z.strictObject({ enabled: z.boolean() }),
    response: mailbox,
  },
  myCalls: {
    ...self,
    method: 'GET',
    path: `${P}/me/calls`,
    summary: 'One’s own missed calls, newest first',
    query: z.object(pageQuery),
    response: page(call),
  },
} as const satisfies Record<string, Operation>;
