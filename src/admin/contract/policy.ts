import { z } from 'zod';
import { type Operation, page, pageQuery, time } from './operation.ts';

/** As policy.yaml names them; every value there is, defaults filled in. */
export const dialPlan = z.object({
  name: z.string(),
  uriType: z.enum(['TelExtn', 'SipName', 'E164']),
  numberOfDigitsInExtension: z.number().int(),
  countryOrRegionCode: z.string().nullable(),
  defaultLanguage: z.string(),
  timeZone: z.string(),
  numberPrefixes: z.array(z.string()),
  nationalNumberPrefix: z.string().nullable(),
  internationalAccessCode: z.string().nullable(),
  outsideLineAccessCode: z.string().nullable(),
  policyCount: z.number().int(),
});
export type DialPlan = z.output<typeof dialPlan>;

export const conditions = z.object({
  internalCalls: z.boolean(),
  externalCalls: z.boolean(),
  hiddenCallers: z.boolean(),
  minimumRingMs: z.number().int(),
  busy: z.boolean(),
  declined: z.boolean(),
  unreachable: z.boolean(),
  groupCalls: z.boolean(),
});

export const mailboxPolicy = z.object({
  name: z.string(),
  dialPlan: z.string(),
  allowMissedCallNotifications: z.boolean(),
  conditions,
  mailboxCount: z.number().int(),
});
export type MailboxPolicy = z.output<typeof mailboxPolicy>;

export const mailbox = z.object({
  identity: z.string(),
  displayName: z.string(),
  emailAddress: z.string().nullable(),
  extensions: z.array(z.string()),
  sipAddresses: z.array(z.string()),
  mailboxPolicy: z.string(),
  missedCallNotificationEnabled: z.boolean(),
  language: z.string().nullable(),
  timeZone: z.string().nullable(),
});
export type Mailbox = z.output<typeof mailbox>;

export const group = z.object({
  identity: z.string(),
  displayName: z.string(),
  dialPlan: z.string(),
  extensions: z.array(z.string()),
  sipAddresses: z.array(z.string()),
  members: z.array(z.string()),
  ring: z.enum(['simultaneous', 'serial']),
  ringTimeoutMs: z.number().int().nullable(),
  notify: z.enum(['nobody', 'group', 'first', 'last', 'all']),
  mailbox: z.string().nullable(),
});
export type Group = z.output<typeof group>;

export const policyStatus = z.object({
  path: z.string(),
  version: z.string(),
  loadedAt: time,
  mailboxCount: z.number().int(),
  /** The file cannot be used as it stands; the version above still holds. */
  error: z
    .object({
      at: time,
      message: z.string(),
      problems: z.array(
        z.object({
          line: z.number().int(),
          column: z.number().int(),
          path: z.string(),
          message: z.string(),
          remedy: z.string(),
        }),
      ),
    })
    .nullable(),
});
export type PolicyStatus = z.output<typeof policyStatus>;

export const policyVersion = z.object({
  version: z.string(),
  at: time,
  by: z.string().nullable(),
  bytes: z.number().int(),
});
export type PolicyVersion = z.output<typeof policyVersion>;

/** `why` goes into the audit record. */
const why = { why: z.string().max(512).optional() };
const text = z.string().max(512);
const newDialPlan = z.strictObject({
  ...dialPlan.omit({ policyCount: true }).partial().shape,
  name: text,
  numberOfDigitsInExtension: z.number().int(),
  generateMailboxPolicy: z.boolean().default(true),
  ...why,
});
const conditionChanges = { conditions: conditions.partial().optional() };
const newPolicy = z.strictObject({
  name: text,
  dialPlan: text,
  allowMissedCallNotifications: z.boolean().default(true),
  ...conditionChanges,
  ...why,
});
const newMailbox = z.strictObject({ ...mailbox.partial().shape, identity: text, mailboxPolicy: text, ...why });
const newGroup = z.strictObject({
  ...group.partial().shape,
  identity: text,
  dialPlan: text,
  members: z.array(text),
  ...why,
});
const name = z.object({ name: text });
const csv = 8 * 1024 * 1024;

/** One row of a CSV that was sent, and what it would do, or did. */
export const importRow = z.object({
  line: z.number().int(),
  identity: z.string(),
  action: z.enum(['new', 'change', 'same', 'error']),
  /** `displayName: "A" -> "B"`, or what is wrong. */
  detail: z.string(),
});
export const importResult = z.object({
  counts: z.object({ new: z.number(), change: z.number(), same: z.number(), error: z.number() }),
  /** The first thousand that are not `same`. */
  rows: z.array(importRow),
  applied: z.boolean(),
  version: z.string(),
});
export type ImportResult = z.output<typeof importResult>;

const tag = 'Policy';
const P = '/api/v1';
const read = { method: 'GET', tag, permission: 'policy.read', versioned: true } as const;
const write = { tag, permission: 'policy.write', versioned: true } as const;
const mailboxes = { tag: 'Mailboxes', permission: 'mailboxes.write', versioned: true } as const;

export const policyOperations = {
  policy: {
    ...read,
    path: `${P}/policy`,
    summary: 'The policy file: its version, when it was loaded, what is wrong with it',
    response: policyStatus,
  },
  policyVersions: {
    ...read,
    path: `${P}/policy/versions`,
    summary: 'The versions that are kept, newest first',
    response: page(policyVersion),
  },
  policyVersion: {
    ...read,
    path: `${P}/policy/versions/:version`,
    summary: 'The text of a version, and of what differs from now',
    params: z.object({ version: text }),
    response: policyVersion.extend({ text: z.string(), diff: z.string() }),
  },
  rollBack: {
    ...write,
    method: 'POST',
    path: `${P}/policy/versions/:version/rollback`,
    summary: 'Brings a version back',
    params: z.object({ version: text }),
    body: z.strictObject(why),
    response: policyStatus,
  },
  dialPlans: {
    ...read,
    path: `${P}/dial-plans`,
    summary: 'UM dial plans',
    query: z.object({ ...pageQuery, search: text.optional() }),
    response: page(dialPlan),
  },
  dialPlan: {
    ...read,
    path: `${P}/dial-plans/:name`,
    summary: 'A dial plan with its mailbox policies',
    params: name,
    response: dialPlan.extend({ policies: z.array(mailboxPolicy) }),
  },
  newDialPlan: {
    ...write,
    method: 'POST',
    path: `${P}/dial-plans`,
    summary: 'New-UMDialPlan',
    body: newDialPlan,
    response: dialPlan,
  },
  changeDialPlan: {
    ...write,
    method: 'PATCH',
    path: `${P}/dial-plans/:name`,
    summary: 'Set-UMDialPlan',
    params: name,
    body: z.strictObject({ ...newDialPlan.omit({ generateMailboxPolicy: true }).partial().shape }),
    response: dialPlan,
  },
  removeDialPlan: {
    ...write,
    method: 'DELETE',
    path: `${P}/dial-plans/:name`,
    summary: 'Remove-UMDialPlan',
    params: name,
    response: null,
  },
  mailboxPolicies: {
    ...read,
    path: `${P}/mailbox-policies`,
    summary: 'UM mailbox policies',
    query: z.object({ ...pageQuery, dialPlan: text.optional(), search: text.optional() }),
    response: page(mailboxPolicy),
  },
  mailboxPolicy: {
    ...read,
    path: `${P}/mailbox-policies/:name`,
    summary: 'A mailbox policy',
    params: name,
    response: mailboxPolicy,
  },
  newMailboxPolicy: {
    ...write,
    method: 'POST',
    path: `${P}/mailbox-policies`,
    summary: 'New-UMMailboxPolicy',
    body: newPolicy,
    response: mailboxPolicy,
  },
  changeMailboxPolicy: {
    ...write,
    method: 'PATCH',
    path: `${P}/mailbox-policies/:name`,
    summary: 'Set-UMMailboxPolicy',
    params: name,
    body: z.strictObject({
      name: text.optional(),
      allowMissedCallNotifications: z.boolean().optional(),
      ...conditionChanges,
      ...why,
    }),
    response: mailboxPolicy,
  },
  removeMailboxPolicy: {
    ...write,
    method: 'DELETE',
    path: `${P}/mailbox-policies/:name`,
    summary: 'Remove-UMMailboxPolicy',
    params: name,
    response: null,
  },
  groups: {
    ...read,
    path: `${P}/groups`,
    summary: 'Hunt groups',
    query: z.object({ ...pageQuery, search: text.optional() }),
    response: page(group),
  },
  group: { ...read, path: `${P}/groups/:name`, summary: 'A group', params: name, response: group },
  newGroup: {
    ...write,
    method: 'POST',
    path: `${P}/groups`,
    summary: 'Makes a group',
    body: newGroup,
    response: group,
  },
  changeGroup: {
    ...write,
    method: 'PATCH',
    path: `${P}/groups/:name`,
    summary: 'Changes a group',
    params: name,
    body: z.strictObject({ ...newGroup.partial().shape }),
    response: group,
  },
  removeGroup: {
    ...write,
    method: 'DELETE',
    path: `${P}/groups/:name`,
    summary: 'Removes a group',
    params: name,
    response: null,
  },
  mailboxes: {
    ...read,
    tag: 'Mailboxes',
    permission: 'mailboxes.read',
    path: `${P}/mailboxes`,
    summary: 'UM mailboxes, by identity',
    query: z.object({ ...pageQuery, search: text.optional(), mailboxPolicy: text.optional() }),
    response: page(mailbox).extend({ total: z.number().int() }),
  },
  mailbox: {
    ...read,
    tag: 'Mailboxes',
    permission: 'mailboxes.read',
    path: `${P}/mailboxes/:name`,
    summary: 'A mailbox',
    params: name,
    response: mailbox,
  },
  newMailbox: {
    ...mailboxes,
    method: 'POST',
    path: `${P}/mailboxes`,
    summary: 'Enable-UMMailbox',
    body: newMailbox,
    response: mailbox,
  },
  changeMailbox: {
    ...mailboxes,
    method: 'PATCH',
    path: `${P}/mailboxes/:name`,
    summary: 'Set-UMMailbox',
    params: name,
    body: z.strictObject({ ...newMailbox.partial().shape }),
    response: mailbox,
  },
  switchMailbox: {
    ...mailboxes,
    permission: 'mailboxes.switch',
    method: 'PUT',
    path: `${P}/mailboxes/:name/missed-call-notification`,
    summary: 'A user’s own switch (Set-UMMailbox -MissedCallNotificationEnabled)',
    params: name,
    body: z.strictObject({ enabled: z.boolean(), ...why }),
    response: mailbox,
  },
  removeMailbox: {
    ...mailboxes,
    method: 'DELETE',
    path: `${P}/mailboxes/:name`,
    summary: 'Disable-UMMailbox',
    params: name,
    response: null,
  },
  exportMailboxes: {
    ...read,
    tag: 'Mailboxes',
    permission: 'mailboxes.read',
    path: `${P}/mailboxes.csv`,
    summary: 'All mailboxes as CSV',
    contentType: 'text/csv',
    response: z.string(),
  },
  importMailboxes: {
    ...mailboxes,
    method: 'POST',
    path: `${P}/mailboxes/import`,
    summary: 'Takes a CSV in: `apply: false` says what it would do',
    body: z.strictObject({ csv: z.string().max(csv), apply: z.boolean().default(false), ...why }),
    maxBodyBytes: 2 * csv,
    response: importResult,
  },
} as const satisfies Record<string, Operation>;
