import { z } from 'zod';
import { duration } from '../yamlfile/index.ts';
import { peer } from './peer-schema.ts';
import {
  atLeastOne,
  cidr,
  list,
  MAX_CIDRS_PER_PEER,
  onOff,
  parsed,
  says,
  secret,
  SIP_URI_HELP,
  sipUri,
  text,
  whole,
} from './schema-values.ts';
import { featureCodes, registrar, trace, voicemail } from './service-schema.ts';
import { isHost, isMailbox, isRegularExpression, listenAddress, mailTarget, webOrigin } from './values.ts';
import { admin } from './admin-schema.ts';

export const MAX_PEERS = 1_000;
export const MAX_ROUTES = 10_000;
export const MAX_NEXT_HOPS = 50;
export const MAX_LISTEN = 32;
export const MAX_ENGINES = 16;
export const MAX_ORIGINS = 100;

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
    voicemail,
    registrar: registrar.optional(),
    featureCodes,
    trace: trace.optional(),
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
        templates: text(
          'The folder of texts that take the place of the built-in ones, relative to this file: FOLDER/fr/subject.txt, text.txt, html.html.',
        ).prefault('templates'),
      })
      .describe('How mails leave: { transport, from }.'),
    admin,
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
