import { z } from 'zod';
import { duration, shown } from '../yamlfile/index.ts';
import {
  adminListen,
  isCidr,
  isHost,
  isMailbox,
  isRegularExpression,
  listenAddress,
  mailTarget,
  sipTarget,
  webOrigin,
} from './values.ts';

export const MAX_PEERS = 1_000;
export const MAX_ROUTES = 10_000;
export const MAX_NEXT_HOPS = 50;
export const MAX_CIDRS_PER_PEER = 1_000;
export const MAX_LISTEN = 32;
export const MAX_ENGINES = 16;
export const MAX_ORIGINS = 100;

const says = (what: string) => ({
  error: (issue: { readonly input?: unknown }): string => `${shown(issue.input)} ${what}`,
  abort: true,
});

function text(description: string): z.ZodString {
  return z.string().min(1, { error: 'the text is empty', abort: true }).describe(description);
}

function list<Item extends z.ZodType>(item: Item, max: number, description: string): z.ZodArray<Item> {
  return z
    .array(item)
    .max(max, { error: `the list is too long; at most ${max} entries are taken` })
    .describe(description);
}

function atLeastOne<Item extends z.ZodType>(item: Item, max: number, description: string): z.ZodArray<Item> {
  return list(item, max, description).min(1, 'the list is empty').describe(description);
}

/** A text that `parse` takes apart; the result is what it makes of it. */
function parsed<Value>(parse: (text: string) => Value | null, what: string, description: string) {
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

function whole(min: number, max: number, description: string) {
  const bounds = z
    .int()
    .min(min, says(`is less than ${min}`))
    .max(max, says(`is more than ${max}`));
  return z.preprocess(digitsToNumber, bounds).describe(description);
}

const cidr = z
  .string()
  .refine(isCidr, says('is neither an address nor a CIDR'))
  .describe('An address or a CIDR, such as "192.0.2.10" or "10.0.0.0/8".');

const secret = {
  password: text('The password; better kept in a file (passwordFile) or the environment: "${NAME}".').optional(),
  passwordFile: text('A file that holds the password, relative to this file.').optional(),
};

const sipUri = (written: string): string | null => (sipTarget(written) === null ? null : written);
const SIP_URI_HELP =
  'Where calls are sent: a SIP URI such as sip:192.0.2.20:5060 or sip:pbx.example.com;transport=tcp.';

const hopUri = parsed(sipUri, 'a SIP URI that calls can be sent to', SIP_URI_HELP);

const nextHop = z
  .union([
    hopUri.transform((uri) => ({ uri })),
    z.strictObject({
      uri: hopUri,
      prefix: z
        .string()
        .regex(/^[0-9A-Za-z+*#]{1,20}$/, says('is not a prefix'))
        .optional()
        .describe(
          'What is put before the called number on this hop: up to 20 digits or letters in quotes, such as "9".',
        ),
      username: text('The user name where the hop asks for digest authentication.').optional(),
      ...secret,
    }),
  ])
  .describe(`${SIP_URI_HELP} Or { uri, prefix, username, passwordFile }.`);

const nextHops = 'The hops that are tried in order: a list such as [sip:192.0.2.20:5060].';

const owner = z
  .enum(['gateway', 'upstream', 'downstream', 'none'])
  .describe(
    'Who has the voicemail: gateway (voicemail.target is called), upstream (the sending PBX takes the call back), downstream (the PBX that is rung answers) or none.',
  );

const onOff = (description: string) => z.boolean().default(false).describe(description);

const credentials = {
  certificate: text('The certificate and those between it and its authority, a PEM file.'),
  keyFile: text('Its private key, a PEM file.'),
};

const sip = z
  .strictObject({
    engine: z
      .enum(['embedded', 'drachtio'])
      .default('embedded')
      .describe('What speaks SIP: embedded (this program) or drachtio (drachtio-servers, listed under sip.drachtio).'),
    listen: atLeastOne(
      parsed(
        listenAddress,
        'an address to listen on',
        'Protocol, address and port to listen on, such as udp://0.0.0.0:5060, tcp://[::]:5060, tls://0.0.0.0:5061, ws://… or wss://….',
      ),
      MAX_LISTEN,
      'Where the embedded engine listens: a list such as [udp://0.0.0.0:5060, tcp://0.0.0.0:5060].',
    ).optional(),
    advertise: z
      .string()
      .refine(isHost, says('is neither an address nor a host name'))
      .optional()
      .describe('The address that others reach this gateway at, behind NAT or in a container, such as 203.0.113.5.'),
    localNet: list(
      cidr,
      MAX_CIDRS_PER_PEER,
      'Networks that see the bound address and not `advertise`: a list of CIDRs.',
    ).default([]),
    tls: z
      .strictObject({
        ...credentials,
        clientCa: text(
          'The authorities of those who connect to the gateway, a PEM file: with it everybody must show a certificate of theirs.',
        ).optional(),
        serverCa: text('Authorities of next hops, a PEM file, beside those of the system.').optional(),
        hosts: z
          .record(
            z.string(),
            z.strictObject(credentials).describe('Their certificate: { certificate: FILE, keyFile: FILE }.'),
          )
          .optional()
          .describe(
            'Other certificates, by the name that is asked for: { voice.example.net: { certificate, keyFile } }.',
          ),
      })
      .optional()
      .describe('Certificates for tls:// and wss://: { certificate: gateway.pem, keyFile: gateway.key }.'),
    origins: list(
      parsed(webOrigin, 'an origin', 'A web site as browsers name it: https://phone.example.com, without a path.'),
      MAX_ORIGINS,
      'The web sites whose pages may open a WebSocket here: a list such as [https://phone.example.com].',
    ).optional(),
    drachtio: atLeastOne(
      z
        .strictObject({
          host: z
            .string()
            .refine(isHost, says('is neither an address nor a host name'))
            .default('127.0.0.1')
            .describe('Where the drachtio-server runs.'),
          port: whole(1, 65_535, 'Its port for applications, 1 to 65535.').prefault(9_022),
          secret: text(
            'Its shared secret; better kept in a file (secretFile) or the environment: "${NAME}".',
          ).optional(),
          secretFile: text('A file that holds the shared secret, relative to this file.').optional(),
        })
        .describe('A drachtio-server: { host: 127.0.0.1, port: 9022, secretFile: drachtio.secret }.'),
      MAX_ENGINES,
      'The drachtio-servers: a list such as [{ host: 127.0.0.1, port: 9022, secretFile: drachtio.secret }].',
    ).optional(),
    timerB: duration(100, 'No response at all from a hop for this long: the next one is tried.').prefault('4s'),
  })
  .describe('How this gateway speaks SIP.');

const peer = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, says('is not a peer name'))
      .describe("The peer's name: up to 64 letters, digits, dots, dashes or underscores."),
    allow: atLeastOne(
      cidr,
      MAX_CIDRS_PER_PEER,
      'The addresses that the peer calls from: a list such as [192.0.2.10, 10.0.0.0/8].',
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
      .default(true)
      .describe('true: the Reason header of a CANCEL from this peer is believed (answered elsewhere, busy, declined).'),
    voicemail: owner.optional(),
    options: duration(1_000, 'OPTIONS are sent to the peer this often.')
      .optional()
      .describe('OPTIONS are sent to the peer this often, at least 1s apart: options: 30s. Left out: never.'),
    maxCalls: whole(1, 1_000_000, 'How many calls the peer may have at once: a whole number from 1.').optional(),
    maxCallsPerSecond: whole(
      1,
      1_000_000,
      'How many calls the peer may start in a second: a whole number from 1.',
    ).optional(),
  })
  .describe('Who may send calls: { name: pbx, allow: [192.0.2.10] }.');

const route = z
  .strictObject({
    from: text('The name of the peer whose calls take this route; any peer where it is left out.').optional(),
    to: z
      .string()
      .refine(isRegularExpression, says('is not a regular expression'))
      .optional()
      .describe("A regular expression on the called number, in single quotes: '^0'. Any number where it is left out."),
    nextHop: atLeastOne(nextHop, MAX_NEXT_HOPS, nextHops),
    hairpin: onOff('true: the route may lead back to the peer that the call came from.'),
  })
  .describe("A route: { from: pbx, to: '^0', nextHop: [sip:carrier.example] }. The first that matches is taken.");

export const configFile = z
  .strictObject({
    sip: sip.prefault({}),
    peers: atLeastOne(peer, MAX_PEERS, 'Who may send calls: a list such as [{ name: pbx, allow: [192.0.2.10] }].'),
    routing: z
      .strictObject({
        nextHop: list(nextHop, MAX_NEXT_HOPS, nextHops).default([]),
        routes: list(route, MAX_ROUTES, 'Routes for some calls, tried before nextHop.').default([]),
        ringTimeout: duration(1_000, 'How long a called number rings.').optional(),
      })
      .describe('Where calls go: { nextHop: [sip:192.0.2.20:5060] }.'),
    voicemail: z
      .strictObject({
        owner: owner.optional(),
        target: parsed(
          sipUri,
          'a SIP URI that calls can be sent to',
          'The voicemail system: sip:voicemail@192.0.2.30.',
        ).optional(),
        greeting: duration(0, 'From the answer of the voicemail system to its beep.').prefault('10s'),
        minimumMessage: duration(0, 'A shorter message does not count as one.').prefault('3s'),
        settle: duration(0, 'How long a verdict waits for evidence.').prefault('90s'),
      })
      .prefault({})
      .describe('Who takes calls that nobody answers.'),
    policy: text('policy.yaml, relative to this file.'),
    journal: text('The journal: sqlite:PATH, relative to this file, such as sqlite:../var/gateway.db.'),
    notification: z
      .strictObject({
        transport: parsed(
          mailTarget,
          'a mail transport',
          'How mails leave: maildir:PATH, smtp://user@host:port or smtps://user@host:port; ?tls=required or ?tls=off after smtp.',
        ),
        ...secret,
        ca: text("The authority that signed the mail server's certificate, a PEM file.").optional(),
        from: z
          .string()
          .refine(isMailbox, says('is not a sender'))
          .describe('The sender of the mails: "Missed calls <missed-calls@example.com>".'),
        replyTo: z
          .string()
          .refine(isMailbox, says('is not an address'))
          .optional()
          .describe('Where answers to the mails go: "Help desk <help@example.com>".'),
      })
      .describe('How mails leave: { transport, from }.'),
    admin: z
      .strictObject({
        listen: parsed(adminListen, 'an address to listen on', 'The admin listener: http://127.0.0.1:8080.').prefault(
          'http://127.0.0.1:8080',
        ),
        certificate: text('The certificate for https, a PEM file.').optional(),
        keyFile: text('Its private key, a PEM file.').optional(),
      })
      .prefault({})
      .describe('The admin listener: health, metrics.'),
    node: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, says('is not a node name'))
      .optional()
      .describe("This gateway's name in the journal: up to 64 letters, digits, dots, dashes or underscores."),
    lab: z
      .strictObject({ phone: onOff('true: a phone that rings and never answers runs in the gateway.') })
      .prefault({})
      .describe('What a lab needs.'),
    stopTimeout: duration(0, 'How long calls may go on when the gateway is stopped.').prefault('30s'),
  })
  .describe('gateway.yaml of the missed-call gateway.');

export type ConfigFile = z.output<typeof configFile>;
