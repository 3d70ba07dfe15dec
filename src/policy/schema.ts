import { z } from 'zod';
import { duration, shown } from '../yamlfile/index.ts';
import {
  MAX_DIALLING_CODE_LENGTH,
  MAX_DIAL_PLAN_NAME_LENGTH,
  MAX_DIAL_PLANS,
  MAX_DISPLAY_NAME_LENGTH,
  MAX_EMAIL_LENGTH,
  MAX_EXTENSIONS_PER_MAILBOX,
  MAX_GROUPS,
  MAX_MAILBOX_POLICIES,
  MAX_MAILBOXES,
  MAX_MEMBERS,
  MAX_NAME_LENGTH,
  MAX_NUMBER_PREFIXES,
  MAX_SIP_ADDRESS_LENGTH,
  MAX_SIP_ADDRESSES_PER_MAILBOX,
  MIN_RING_TIMEOUT_MS,
} from './limits.ts';
import {
  COUNTRY_CODE,
  DIALLING_CODE,
  EMAIL_ADDRESS,
  EXTENSION_OR_NUMBER,
  isLanguage,
  isTimeZone,
  NAME,
  NUMBER_PREFIX,
  SIP_ADDRESS,
  timeZones,
} from './syntax.ts';

/** The message of a refused value (zod hands the value in), after which no other complaint about it is made. */
const says = (what: string) => ({
  error: (issue: { readonly input?: unknown }): string => `${shown(issue.input)} ${what}`,
  abort: true,
});

function name(maxLength: number, description: string): z.ZodString {
  return z
    .string()
    .min(1, { error: 'the name is empty', abort: true })
    .max(maxLength, says(`is longer than ${maxLength} characters`))
    .regex(NAME, says('holds a character that names may not have (" / \\ [ ] : ; | = , + * ? < >)'))
    .regex(/^(?! )(?!.* $)/, says('begins or ends with a space'))
    .describe(description);
}

function list<Item extends z.ZodType>(item: Item, max: number, description: string): z.ZodDefault<z.ZodArray<Item>> {
  const tooLong = (issue: { readonly input?: unknown }): string =>
    `${Array.isArray(issue.input) ? issue.input.length : 'too many'} entries; at most ${max} are taken`;
  return z.array(item).max(max, { error: tooLong }).default([]).describe(description);
}

const language = z
  .string()
  .refine(isLanguage, says('is not a language'))
  .describe('A language by its BCP 47 tag, such as "en-US" or "fr-FR".');

const timeZone = z
  .string()
  .refine(isTimeZone, { ...says('is not a time zone'), params: { known: timeZones } })
  .describe('A time zone by its IANA name, such as "Europe/Paris".');

function diallingCode(description: string) {
  return z
    .string()
    .regex(DIALLING_CODE, says('is not a code of digits'))
    .max(MAX_DIALLING_CODE_LENGTH, says(`is longer than ${MAX_DIALLING_CODE_LENGTH} digits`))
    .nullable()
    .default(null)
    .describe(description);
}

function displayName(description: string) {
  return z
    .string()
    .min(1, { error: 'the name is empty', abort: true })
    .max(MAX_DISPLAY_NAME_LENGTH, says(`is longer than ${MAX_DISPLAY_NAME_LENGTH} characters`))
    .regex(/^\P{Cc}*$/u, says('holds a control character'))
    .optional()
    .describe(description);
}

const extension = z
  .string()
  .regex(EXTENSION_OR_NUMBER, says('is neither an extension nor a number'))
  .describe('Digits in quotes, as many as the dial plan says, such as "1001"; in an E164 plan also "+33140001001".');

const sipAddress = z
  .string()
  .max(MAX_SIP_ADDRESS_LENGTH, says(`is longer than ${MAX_SIP_ADDRESS_LENGTH} characters`))
  .regex(SIP_ADDRESS, says('is not a SIP address'))
  .describe('A SIP address without parameters, such as "sip:alice@example.com".');

const dialPlan = z
  .strictObject({
    name: name(
      MAX_DIAL_PLAN_NAME_LENGTH,
      `The dial plan's name: 1 to ${MAX_DIAL_PLAN_NAME_LENGTH} characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
    ),
    uriType: z
      .enum(['TelExtn', 'SipName', 'E164'])
      .default('TelExtn')
      .describe('How the plan names its users: TelExtn (extensions), SipName (SIP addresses) or E164 (full numbers).'),
    numberOfDigitsInExtension: z
      .int()
      .min(1, says('is less than 1 digit'))
      .max(20, says('is more than 20 digits'))
      .describe('How many digits each extension of this plan has: a whole number from 1 to 20.'),
    countryOrRegionCode: z
      .string()
      .regex(COUNTRY_CODE, says('is not a country code'))
      .nullable()
      .default(null)
      .describe('The country code, 1 to 4 digits in quotes and without "+", such as "33".'),
    defaultLanguage: language
      .default('en-US')
      .describe('The language of mails to users who have none of their own: a BCP 47 tag such as "en-US" or "fr-FR".'),
    timeZone: timeZone
      .default('UTC')
      .describe('The time zone of users who have none of their own: an IANA name such as "Europe/Paris".'),
    numberPrefixes: list(
      z
        .string()
        .regex(NUMBER_PREFIX, says('is not the beginning of a number'))
        .describe('The digits before the extension, in quotes, with or without "+", such as "+3314000".'),
      MAX_NUMBER_PREFIXES,
      'What stands before an extension when the whole number is dialled: ["+3314000"] makes +33140001001 the extension 1001.',
    ),
    nationalNumberPrefix: diallingCode(
      'What is dialled before a national number, digits in quotes, such as "0"; needs countryOrRegionCode.',
    ),
    internationalAccessCode: diallingCode(
      'What is dialled before an international number, digits in quotes, such as "00".',
    ),
    outsideLineAccessCode: diallingCode('What is dialled to get an outside line, digits in quotes, such as "9".'),
  })
  .describe('A numbering domain (New-UMDialPlan): { name: Paris, numberOfDigitsInExtension: 4 }.');

const told = (description: string) => z.boolean().default(true).describe(description);

const conditions = z
  .strictObject({
    internalCalls: told(
      'Calls from a number that has a mailbox here, or from a registered phone: told of (true) or not.',
    ),
    externalCalls: told('Calls from anybody else: told of (true) or not.'),
    hiddenCallers: told('Calls whose caller hides the number: told of (true) or not.'),
    minimumRing: duration(0, 'Calls that rang shorter are not told of; 0s: all are.').prefault('0s'),
    busy: told('Calls that found the user busy, and were not taken to voicemail: told of (true) or not.'),
    declined: told('Calls that the user declined, and were not taken to voicemail: told of (true) or not.'),
    unreachable: told('Calls that found no phone of the user, and were not taken to voicemail: told of (true) or not.'),
    groupCalls: told('Calls to a group that the user belongs to: told of (true) or not.'),
  })
  .prefault({})
  .describe('Which missed calls are told of, all where it is left out: { internalCalls: false, minimumRing: 2s }.');

const mailboxPolicy = z
  .strictObject({
    name: name(
      MAX_NAME_LENGTH,
      `The policy's name: 1 to ${MAX_NAME_LENGTH} characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
    ),
    dialPlan: z.string().describe('The name of the dial plan that the policy belongs to.'),
    allowMissedCallNotifications: z
      .boolean()
      .default(true)
      .describe('true: users of this policy get an e-mail about each missed call; false: none of them does.'),
    conditions,
  })
  .describe(
    'What its users may have (Set-UMMailboxPolicy): { name: Staff, dialPlan: Paris, allowMissedCallNotifications: true }.',
  );

const mailbox = z
  .strictObject({
    identity: name(
      MAX_NAME_LENGTH,
      `The mailbox's own name, such as "alice": 1 to ${MAX_NAME_LENGTH} characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
    ),
    displayName: displayName("The user's name as mails show it; the identity where it is left out."),
    emailAddress: z
      .string()
      .max(MAX_EMAIL_LENGTH, says(`is longer than ${MAX_EMAIL_LENGTH} characters`))
      .regex(EMAIL_ADDRESS, says('is not an e-mail address'))
      .nullable()
      .default(null)
      .describe('Where notifications go: one plain address, such as "alice@example.com"; without it no mail is sent.'),
    extensions: list(
      extension,
      MAX_EXTENSIONS_PER_MAILBOX,
      'The extensions that ring this user: a list of digits in quotes, such as ["1001"].',
    ),
    sipAddresses: list(
      sipAddress,
      MAX_SIP_ADDRESSES_PER_MAILBOX,
      'The SIP addresses that ring this user: a list such as ["sip:alice@example.com"].',
    ),
    mailboxPolicy: z.string().describe('The name of the one mailbox policy that holds for this user.'),
    missedCallNotificationEnabled: z
      .boolean()
      .default(true)
      .describe("The user's own switch: true or false. A mail is sent only where the policy allows it too."),
    language: language
      .nullable()
      .default(null)
      .describe(
        'The language of mails to this user, a BCP 47 tag such as "fr-FR"; the dial plan\'s where it is left out.',
      ),
    timeZone: timeZone
      .nullable()
      .default(null)
      .describe('The user\'s time zone, an IANA name such as "Europe/Paris"; the dial plan\'s where it is left out.'),
  })
  .describe(
    'A user who can be notified (Enable-UMMailbox): { identity: alice, extensions: ["1001"], mailboxPolicy: Staff }, each key on a line of its own or in braces.',
  );

const group = z
  .strictObject({
    identity: name(
      MAX_NAME_LENGTH,
      `The group's own name, such as "sales": 1 to ${MAX_NAME_LENGTH} characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
    ),
    displayName: displayName("The group's name as mails show it; the identity where it is left out."),
    dialPlan: z.string().describe('The name of the dial plan that the group has its extensions in.'),
    extensions: list(
      extension,
      MAX_EXTENSIONS_PER_MAILBOX,
      'The extensions that ring this group: a list of digits in quotes, such as ["1100"].',
    ),
    sipAddresses: list(
      sipAddress,
      MAX_SIP_ADDRESSES_PER_MAILBOX,
      'The SIP addresses that ring this group: a list such as ["sip:sales@example.com"].',
    ),
    members: z
      .array(z.string().describe('The identity of a mailbox, or a number in quotes, such as "+33612345678".'))
      .min(1, 'the group has no members: nobody would ring')
      .max(MAX_MEMBERS, `too many members; at most ${MAX_MEMBERS} are taken`)
      .describe('Who rings: a list of identities of mailboxes, or numbers in quotes: [alice, bob, "+33612345678"].'),
    ring: z
      .enum(['simultaneous', 'serial'])
      .default('simultaneous')
      .describe('How the members ring: simultaneous (all at once) or serial (one after the other, in this order).'),
    ringTimeout: duration(
      MIN_RING_TIMEOUT_MS,
      'How long the members ring, each by itself where ring is serial; as long as any number does where it is left out.',
    )
      .nullable()
      .prefault(null),
    notify: z
      .enum(['nobody', 'group', 'first', 'last', 'all'])
      .optional()
      .describe(
        "Who is told of a missed call: nobody, group (the group's mailbox), first or last (the member that rang first or last), all (each that rang). Default: group where mailbox is set, else nobody.",
      ),
    mailbox: z
      .string()
      .nullable()
      .default(null)
      .describe("The identity of the mailbox that is told of the group's calls, where it has one."),
  })
  .describe(
    'A number that rings several users: { identity: sales, dialPlan: Paris, extensions: ["1100"], members: [alice, bob] }.',
  );

export const policyFile = z
  .strictObject({
    dialPlans: list(
      dialPlan,
      MAX_DIAL_PLANS,
      'The dial plans: a list, each entry after a dash: - { name: Paris, numberOfDigitsInExtension: 4 }.',
    ),
    mailboxPolicies: list(
      mailboxPolicy,
      MAX_MAILBOX_POLICIES,
      'The mailbox policies: a list, each entry after a dash. A dial plan that has none here gets one named "<dial plan> Default Policy", which allows.',
    ),
    mailboxes: list(mailbox, MAX_MAILBOXES, 'The users who can be notified: a list, each entry after a dash.'),
    groups: list(group, MAX_GROUPS, 'The numbers that ring several users: a list, each entry after a dash.'),
  })
  .describe('policy.yaml has the keys dialPlans, mailboxPolicies, mailboxes and groups, each with a list.');

/** One entry of each list, and the order in which its keys are written. */
export const ENTRY_SCHEMAS = { dialPlans: dialPlan, mailboxPolicies: mailboxPolicy, mailboxes: mailbox, groups: group };
export const CONDITION_KEYS: readonly string[] = Object.keys(conditions.unwrap().shape);

export type PolicyFile = z.output<typeof policyFile>;
export type MailboxEntry = PolicyFile['mailboxes'][number];
export type GroupEntry = PolicyFile['groups'][number];

/** The JSON Schema by which editors complete and check policy.yaml, as the text of policy.schema.json. */
export function policyJsonSchema(): string {
  const schema = z.toJSONSchema(policyFile, { io: 'input' });
  return `${JSON.stringify({ $id: 'policy.schema.json', title: 'policy.yaml', ...schema }, null, 2)}\n`;
}
