import { z } from 'zod';
import { duration } from '../yamlfile/index.ts';
import {
  atLeastOne,
  cidr,
  list,
  MAX_CIDRS_PER_PEER,
  onOff,
  orFalse,
  owner,
  parsed,
  says,
  secret,
  text,
  whole,
} from './schema-values.ts';
import { PROFILES } from './types.ts';
import { durationRange } from './values.ts';

export const MAX_HEADER_NAMES = 100;

/** RFC 4028 5: no session is shorter than 90 s. */
const SHORTEST_SESSION_MS = 90_000;

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9.!*_`'~+-]{1,64}$/, says('is not the name of a header'))
  .transform((name) => name.toLowerCase())
  .describe('The name of a header, such as X-Customer.');

/** How calls are sent to a peer, and what its answers mean. */
const sending = {
  answersAfter: parsed(
    durationRange,
    'two durations',
    "When the peer's voicemail answers, counted from the first ring: answersAfter: 20s..22s.",
  ).optional(),
  carrierVoicemailGuard: duration(1, 'An answer sooner than this, without a ring before it, is a voicemail.')
    .optional()
    .describe(
      'An answer sooner than this after the INVITE, without a ring before it, is a voicemail: carrierVoicemailGuard: 1500ms.',
    ),
  headers: z
    .strictObject({
      pass: list(
        headerName,
        MAX_HEADER_NAMES,
        'Of headers that begin with X- or P- only these reach the peer: a list such as [X-Customer].',
      ).optional(),
      drop: list(
        headerName,
        MAX_HEADER_NAMES,
        'Headers that do not reach the peer: a list such as [P-Charging-Vector].',
      ).default([]),
    })
    .optional()
    .describe('Which headers reach the peer: { pass: [X-Customer], drop: [P-Charging-Vector] }.'),
  diversion: z
    .enum(['all', 'single', 'none'])
    .optional()
    .describe('Diversion and History-Info towards the peer: all, single (one Diversion at most) or none.'),
  reliableProvisional: z
    .enum(['off', 'supported', 'required'])
    .optional()
    .describe('Reliable provisional responses (PRACK) of the peer: off, supported or required.'),
  sessionExpires: duration(
    SHORTEST_SESSION_MS,
    'The session timer that the peer is asked for, at least 90s.',
  ).optional(),
  numberFormat: z
    .enum(['as-dialled', 'e164'])
    .optional()
    .describe('How numbers are written towards the peer: as-dialled or e164 (+33140001001).'),
  userPhone: z.boolean().optional().describe('true: ;user=phone stands behind numbers towards the peer.'),
  followRedirects: z
    .boolean()
    .optional()
    .describe('true: a 302 of the peer is followed to the host and port that it names, where that is the peer too.'),
};

export const peer = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, says('is not a peer name'))
      .describe("The peer's name: up to 64 letters, digits, dots, dashes or underscores."),
    profile: z
      .enum(PROFILES)
      .default('generic')
      .describe(`The system behind it, which sets the defaults of its other keys: ${PROFILES.join(', ')}.`),
    allow: atLeastOne(
      cidr,
      MAX_CIDRS_PER_PEER,
      'The addresses that the peer calls from: a list such as [192.0.2.10, 10.0.0.0/8].',
    ).optional(),
    digest: z
      .strictObject({
        username: text('The user name that the peer shows when it is asked for one.'),
        ...secret,
      })
      .optional()
      .describe(
        'How a peer without a fixed address is known: digest: { username: trunk, passwordFile: trunk.password }.',
      ),
    dialPlan: text(
      'The dial plan of policy.yaml in which numbers called by this peer are looked up; all of them where it is left out.',
    ).optional(),
    calledFrom: z
      .enum(['request-uri', 'to', 'p-called-party-id'])
      .default('request-uri')
      .describe('Where the called number stands: request-uri, to or p-called-party-id.'),
    forks: onOff('true: the peer rings others than this gateway at the same time for one call.'),
    trustReason: z
      .boolean()
      .optional()
      .describe('true: the Reason header of a CANCEL from this peer is believed (answered elsewhere, busy, declined).'),
    trustCallerId: z.boolean().optional().describe('true: its P-Asserted-Identity is the caller; false: its From is.'),
    voicemail: owner.optional(),
    options: orFalse(duration(1_000, 'OPTIONS are sent to the peer this often.'))
      .optional()
      .describe('OPTIONS are sent to the peer this often, at least 1s apart: options: 30s; or false: never.'),
    maxCalls: whole(1, 1_000_000, 'How many calls the peer may have at once: a whole number from 1.').optional(),
    maxCallsPerSecond: whole(
      1,
      1_000_000,
      'How many calls the peer may start in a second: a whole number from 1.',
    ).optional(),
    ...sending,
  })
  .describe('Who may send calls: { name: pbx, allow: [192.0.2.10] }.');
