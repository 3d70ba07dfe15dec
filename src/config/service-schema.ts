import { z } from 'zod';
import { duration } from '../yamlfile/index.ts';
import { list, orFalse, owner, parsed, says, sipUri, text, whole } from './schema-values.ts';
import { byteCount, isHost, isVoicemailAddress } from './values.ts';

export const MAX_VOICEMAIL_TARGETS = 1_000;
export const MAX_CONTACTS_PER_PHONE = 100;
/** Less holds no call; more than a disk is a mistake of the unit. */
const SMALLEST_TRACE_BYTES = 1024 ** 2;
const LARGEST_TRACE_BYTES = 1024 ** 4;

const sipAddress = (help: string) => parsed(sipUri, 'a SIP URI that calls can be sent to', help);

export const voicemail = z
  .strictObject({
    owner: owner.optional(),
    target: sipAddress('The voicemail system: sip:voicemail@192.0.2.30.').optional(),
    targets: list(
      z
        .string()
        .refine(isVoicemailAddress, says('is neither a number nor a SIP URI'))
        .describe('A number that people dial, in quotes ("*97"), or a SIP URI (sip:5000@192.0.2.30).'),
      MAX_VOICEMAIL_TARGETS,
      'Further addresses of voicemail systems: a list such as ["*97", sip:5000@192.0.2.30].',
    ).default([]),
    greeting: duration(0, 'From the answer of the voicemail system to its beep.').prefault('10s'),
    minimumMessage: duration(0, 'A shorter message does not count as one.').prefault('3s'),
    settle: duration(0, 'How long a verdict waits for evidence.').prefault('90s'),
    mwi: z
      .strictObject({
        subscribe: sipAddress('The system that knows how many messages a mailbox has: sip:192.0.2.30.'),
        expires: duration(60_000, 'How long a subscription lasts before it is renewed, at least 1m.').prefault('1h'),
      })
      .optional()
      .describe('Where message totals are asked for: { subscribe: sip:192.0.2.30, expires: 1h }.'),
    eventTokenFile: text(
      'A file that holds what the voicemail system shows when it reports messages over HTTP, relative to this file.',
    ).optional(),
    byeHeader: z
      .string()
      .regex(/^[A-Za-z0-9.!*_`'~+-]{1,64}$/, says('is not the name of a header'))
      .transform((name) => name.toLowerCase())
      .optional()
      .describe("The header of the voicemail system's BYE that says whether a message was left: X-Voicemail-Message."),
  })
  .prefault({})
  .describe('Who takes calls that nobody answers.');

export const registrar = z
  .strictObject({
    realm: z
      .string()
      .refine(isHost, says('is not a realm'))
      .describe('What phones are told when they are asked for a password: a domain such as example.com.'),
    phones: text('The file of phones, relative to this file.').prefault('phones.yaml'),
    dialPlan: text(
      'The dial plan of policy.yaml in which numbers called by phones are looked up; all of them where it is left out.',
    ).optional(),
    minExpires: duration(10_000, 'A registration is at least that long.').prefault('60s'),
    maxExpires: duration(60_000, 'A registration is at most that long.').prefault('1h'),
    maxContacts: whole(
      1,
      MAX_CONTACTS_PER_PHONE,
      `How many devices one number may register: a whole number from 1 to ${MAX_CONTACTS_PER_PHONE}.`,
    ).prefault(10),
  })
  .describe('Phones that register at this gateway: { realm: example.com, phones: phones.yaml }.');

const code = (what: string) =>
  z
    .string()
    .regex(/^[*#][*#0-9]{1,9}$/, says('is not a feature code'))
    .describe(
      `What users dial to switch their notifications ${what}: a star or hash and up to nine digits, in quotes.`,
    );

export const featureCodes = orFalse(
  z.strictObject({
    notificationsOn: code('on').prefault('*56'),
    notificationsOff: code('off').prefault('*57'),
  }),
)
  .prefault({})
  .describe('What users dial: { notificationsOn: "*56", notificationsOff: "*57" }, or false.');

export const trace = z
  .strictObject({
    path: text('The folder of the trace, relative to this file.').prefault('../var/trace'),
    maxSize: parsed(
      (written) => byteCount(written, SMALLEST_TRACE_BYTES, LARGEST_TRACE_BYTES),
      'a size from 1MB to 1024GB',
      'How much the trace may take on the disk: 64MB, 2GB.',
    ).prefault('64MB'),
  })
  .describe('SIP messages are kept for mcg trace: { path: ../var/trace, maxSize: 64MB }.');
