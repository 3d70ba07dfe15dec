import { z } from 'zod';
import { shown } from '../yamlfile/index.ts';
import { isCidr, sipTarget } from './values.ts';

/** What several parts of the schema are made of. A value's description is its remedy too. */

export const MAX_CIDRS_PER_PEER = 1_000;

export const says = (what: string) => ({
  error: (issue: { readonly input?: unknown }): string => `${shown(issue.input)} ${what}`,
  abort: true,
});

export function text(description: string): z.ZodString {
  return z.string().min(1, { error: 'the text is empty', abort: true }).describe(description);
}

export function list<Item extends z.ZodType>(item: Item, max: number, description: string): z.ZodArray<Item> {
  return z
    .array(item)
    .max(max, { error: `the list is too long; at most ${max} entries are taken` })
    .describe(description);
}

export function atLeastOne<Item extends z.ZodType>(item: Item, max: number, description: string): z.ZodArray<Item> {
  return list(item, max, description).min(1, 'the list is empty').describe(description);
}

/** A text that `parse` takes apart; the result is what it makes of it. */
export function parsed<Value>(parse: (text: string) => Value | null, what: string, description: string) {
  return z
    .string()
    .transform((written, context): Value => {
      const value = parse(written);
      if (value !== null) return value;
      // A password that stands in a URI stays out of messages.
      const shownText = shown(written.replace(/:\/\/.*@/, '://…@'));
      context.addIssue({ code: 'custom', message: `${shownText} is not ${what}` });
      return z.NEVER;
    })
    .describe(description);
}

/** Digits that came from the environment are a number too. */
const digitsToNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;

export function whole(min: number, max: number, description: string) {
  const bounds = z
    .int()
    .min(min, says(`is less than ${min}`))
    .max(max, says(`is more than ${max}`));
  return z.preprocess(digitsToNumber, bounds).describe(description);
}

export const cidr = z
  .string()
  .refine(isCidr, says('is neither an address nor a CIDR'))
  .describe('An address or a CIDR, such as "192.0.2.10" or "10.0.0.0/8".');

export const secret = {
  password: text('The password; better kept in a file (passwordFile) or the environment: "${NAME}".').optional(),
  passwordFile: text('A file that holds the password, relative to this file.').optional(),
};

export const sipUri = (written: string): string | null => (sipTarget(written) === null ? null : written);
export const SIP_URI_HELP =
  'Where calls are sent: a SIP URI such as sip:192.0.2.20:5060 or sip:pbx.example.com;transport=tcp.';

export const owner = z
  .enum(['gateway', 'upstream', 'downstream', 'none'])
  .describe(
    'Who has the voicemail: gateway (voicemail.target is called), upstream (the sending PBX takes the call back), downstream (the PBX that is rung answers) or none.',
  );

export const onOff = (description: string) => z.boolean().default(false).describe(description);

const falseToNull = (written: unknown): unknown => (written === false ? null : (written ?? undefined));

/** What can be switched off by `false`, which is null once read. A key without a value is a mistake all the same. */
export function orFalse<Value extends z.ZodType>(value: Value) {
  return z.preprocess(falseToNull, value.nullable());
}
