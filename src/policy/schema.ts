import { z } from 'zod';
import { shown } from '../yamlfile/index.ts';
import {
  MAX_DIAL_PLAN_NAME_LENGTH,
  MAX_DIAL_PLANS,
  MAX_DISPLAY_NAME_LENGTH,
  MAX_EMAIL_LENGTH,
  MAX_EXTENSIONS_PER_MAILBOX,
  MAX_MAILBOX_POLICIES,
  MAX_MAILBOXES,
  MAX_NAME_LENGTH,
  MAX_NUMBER_PREFIXES,
  MAX_SIP_ADDRESS_LENGTH,
  MAX_SIP_ADDRESSES_PER_MAILBOX,
} from './limits.ts';
import {
  COUNTRY_CODE,
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
  })
  .describe('A numbering domain (New-UMDialPlan): { name: Paris, numberOfDigitsInExtension: 4 }.');

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
    displayName: z
      .string()
      .min(1, { error: 'the name is empty', abort: true })
      .max(MAX_DISPLAY_NAME_LENGTH, says(`is longer than ${MAX_DISPLAY_NAME_LENGTH} characters`))
      .regex(/^\P{Cc}*$/u, says('holds a control character'))
      .optional()
      .describe("The user's name as mails show it; the identity where it is left out."),
    emailAddress: z
      .string()
      .max(MAX_EMAIL_LENGTH, says(`is longer than ${MAX_EMAIL_LENGTH} characters`))
      .regex(EMAIL_ADDRESS, says('is not an e-mail address'))
      .nullable()
      .default(null)
      .describe('Where notifications go: one plain address, such as "alice@example.com"; without it no mail is sent.'),
    extensions: list(
      z
        .string()
        .regex(EXTENSION_OR_NUMBER, says('is neither an extension nor a number'))
        .describe(
          'Digits in quotes, as many as the dial plan says, such as "1001"; in an E164 plan also "+33140001001".',
        ),
      MAX_EXTENSIONS_PER_MAILBOX,
      'The extensions that ring this user: a list of digits in quotes, such as ["1001"].',
    ),
    sipAddresses: list(
      z
        .string()
        .max(MAX_SIP_ADDRESS_LENGTH, says(`is longer than ${MAX_SIP_ADDRESS_LENGTH} characters`))
        .regex(SIP_ADDRESS, says('is not a SIP address'))
        .describe('A SIP address without parameters, such as "sip:alice@example.com".'),
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
    groups: z
      .array(z.unknown())
      .max(0, 'groups are not served yet')
      .default([])
      .describe('Reserved for ring groups, which are not served yet: leave the list empty or remove the key.'),
  })
  .describe('policy.yaml has the keys dialPlans, mailboxPolicies and mailboxes, each with a list.');

export type PolicyFile = z.output<typeof policyFile>;
export type MailboxEntry = PolicyFile['mailboxes'][number];
export type DialPlanEntry = PolicyFile['dialPlans'][number];

/** The JSON Schema by which editors complete and check policy.yaml, as the text of policy.schema.json. */
export function policyJsonSchema(): string {
  const schema = z.toJSONSchema(policyFile, { io: 'input' });
  return `${JSON.stringify({ $id: 'policy.schema.json', title: 'policy.yaml', ...schema }, null, 2)}\n`;
}
