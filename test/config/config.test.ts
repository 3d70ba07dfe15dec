import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assumptions,
  changedSettings,
  loadConfig,
  type GatewayConfig,
  unknownDialPlans,
} from '../../src/config/index.ts';
import { readConfig } from '../../src/config/load.ts';
import type { GatewaySettings } from '../../src/gateway/index.ts';
import { durationMs, problemLines } from '../../src/yamlfile/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcg-config-'));
const path = join(folder, 'gateway.yaml');
beforeAll(() => {
  writeFileSync(join(folder, 'smtp.password'), 'open sesame\n');
  writeFileSync(join(folder, 'empty'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The least that a file must say; a section that is given takes the place of this one's. */
const least: Readonly<Record<string, string>> = {
  peers: '[{ name: pbx, allow: [192.0.2.10] }]',
  routing: '{ nextHop: [sip:192.0.2.20] }',
  policy: 'policy.yaml',
  journal: 'sqlite:gateway.db',
  notification: '{ transport: maildir:mail, from: gw@example.com }',
};

function textOf(sections: Readonly<Record<string, string>>): string {
  return Object.entries({ ...least, ...sections })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');
}

function configOf(sections: Readonly<Record<string, string>> = {}, env: Record<string, string> = {}): GatewayConfig {
  const reading = readConfig(textOf(sections), path, env);
  if (!reading.ok) throw new Error(problemLines(path, reading.problems).join('\n'));
  return reading.config;
}

/** `path: message`, without what to do. */
function mistakesOf(sections: Readonly<Record<string, string>>, env: Record<string, string> = {}): string[] {
  const reading = readConfig(textOf(sections), path, env);
  if (reading.ok) return [];
  expect(reading.problems.filter(({ remedy }) => remedy === '')).toEqual([]);
  return reading.problems.map((problem) => `${problem.path}: ${problem.message}`);
}

describe('what gateway.yaml leaves out', () => {
  it('has its defaults', () => {
    expect(configOf()).toEqual({
      path,
      node: hostname(),
      sip: {
        engine: 'embedded',
        listen: [
          { protocol: 'udp', address: '0.0.0.0', port: 5060 },
          { protocol: 'tcp', address: '0.0.0.0', port: 5060 },
        ],
        localNet: [],
        drachtio: [],
        timerBMs: 4_000,
      },
      peers: [
        {
          name: 'pbx',
          allow: ['192.0.2.10'],
          profile: 'generic',
          digest: null,
          calledFrom: 'request-uri',
          forks: false,
          trustReason: true,
          trustCallerId: true,
          voicemail: null,
          optionsMs: null,
          maxCalls: null,
          maxCallsPerSecond: null,
          answersAfter: null,
          voicemailEscapeMs: null,
          headers: { pass: null, drop: [] },
          diversion: 'all',
          reliableProvisional: 'off',
          sessionExpiresMs: null,
          numberFormat: 'as-dialled',
          userPhone: false,
          followRedirects: false,
        },
      ],
      routing: { nextHop: [{ uri: 'sip:192.0.2.20' }], routes: [], ringTimeoutMs: 180_000 },
      voicemail: {
        owner: 'none',
        target: null,
        greetingMs: 10_000,
        minimumMessageMs: 3_000,
        settleMs: 90_000,
        targets: [],
        mwi: null,
        eventToken: null,
        byeHeader: null,
      },
      registrar: null,
      featureCodes: { notificationsOn: '*56', notificationsOff: '*57' },
      trace: null,
      policy: join(folder, 'policy.yaml'),
      journal: { kind: 'sqlite', path: join(folder, 'gateway.db') },
      notification: {
        transport: { uri: `maildir:${join(folder, 'mail')}` },
        from: 'gw@example.com',
        templates: join(folder, 'templates'),
      },
      admin: { listen: { host: '127.0.0.1', port: 8080 }, tls: null, publicUrl: null, oidc: [] },
      lab: { phone: false },
      stopTimeoutMs: 30_000,
    } satisfies GatewayConfig);
  });

  it('gives the gateway what it needs', () => {
    const { peers, routing, voicemail, featureCodes } = configOf();
    const settings: GatewaySettings = { peers, routing, voicemail, registrar: null, featureCodes };
    expect(settings.routing.nextHop).toHaveLength(1);
  });

  it('a voicemail target makes the gateway the owner, and ringing short', () => {
    const config = configOf({ voicemail: '{ target: sip:vm@192.0.2.30 }' });
    expect(config.voicemail).toMatchObject({ owner: 'gateway', target: 'sip:vm@192.0.2.30' });
    expect(config.routing.ringTimeoutMs).toBe(20_000);
  });

  it('somebody else’s voicemail is never cut off', () => {
    const config = configOf({ voicemail: '{ owner: downstream, target: sip:vm@192.0.2.30 }' });
    expect(config.routing.ringTimeoutMs).toBe(180_000);
  });
});

describe('what gateway.yaml says', () => {
  it('every key of a peer', () => {
    const peers =
      '[{ name: pbx, allow: [10.0.0.0/8, "::1"], dialPlan: Paris, calledFrom: to, forks: true, trustReason: false, options: 30s, maxCalls: 10, maxCallsPerSecond: 2 }]';
    expect(configOf({ peers }).peers).toMatchObject([
      {
        name: 'pbx',
        allow: ['10.0.0.0/8', '::1'],
        dialPlan: 'Paris',
        calledFrom: 'to',
        forks: true,
        trustReason: false,
        optionsMs: 30_000,
        maxCalls: 10,
        maxCallsPerSecond: 2,
      },
    ]);
  });

  it('routes, hops with prefix and digest, and times', () => {
    const routing =
      "{ nextHop: [{ uri: 'sip:192.0.2.20;transport=tcp', prefix: '9', username: gw, passwordFile: smtp.password }], ringTimeout: 1m, routes: [{ from: pbx, to: '^0', nextHop: [sip:carrier.example], hairpin: true }] }";
    expect(configOf({ routing }).routing).toEqual({
      nextHop: [{ uri: 'sip:192.0.2.20;transport=tcp', prefix: '9', username: 'gw', password: 'open sesame' }],
      routes: [{ from: 'pbx', to: '^0', nextHop: [{ uri: 'sip:carrier.example' }], hairpin: true }],
      ringTimeoutMs: 60_000,
    });
  });

  it('drachtio-servers, with their secrets', () => {
    const sip =
      '{ engine: drachtio, drachtio: [{ secretFile: smtp.password }, { host: sip1.example, port: 9023, secret: cymru }] }';
    expect(configOf({ sip }).sip).toMatchObject({
      engine: 'drachtio',
      listen: [],
      drachtio: [
        { host: '127.0.0.1', port: 9022, secret: 'open sesame' },
        { host: 'sip1.example', port: 9023, secret: 'cymru' },
      ],
    });
  });

  it('a mail server, its user and its password apart from each other', () => {
    writeFileSync(join(folder, 'ca.pem'), 'PEM');
    const notification =
      '{ transport: "smtp://gw%40example.com@mail.example.com:587?tls=required", passwordFile: smtp.password, ca: ca.pem, from: "Missed calls <gw@example.com>", replyTo: help@example.com }';
    expect(configOf({ notification }).notification).toEqual({
      transport: {
        uri: 'smtp://mail.example.com:587?tls=required',
        username: 'gw@example.com',
        password: 'open sesame',
        ca: 'PEM',
      },
      from: 'Missed calls <gw@example.com>',
      replyTo: 'help@example.com',
      templates: join(folder, 'templates'),
    });
  });

  it('addresses of IPv6', () => {
    const config = configOf({ sip: '{ listen: ["udp://[::]:0"] }', admin: '{ listen: "http://[::1]:0" }' });
    expect(config.sip.listen).toEqual([{ protocol: 'udp', address: '::', port: 0 }]);
    expect(config.admin.listen).toEqual({ host: '::1', port: 0 });
  });

  it.each([
    ['500ms', 500],
    ['20s', 20_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['20', null],
    ['20 s', null],
    ['s', null],
    ['-1s', null],
    ['1d', null],
  ])('the duration %s is %s ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
});

describe('gateway.yaml that is no ordinary file', () => {
  it.each([
    ['a pipe', (place: string) => execFileSync('mkfifo', [place]), 'it is a pipe or a device'],
    ['a device without end', (place: string) => symlinkSync('/dev/zero', place), 'it is a pipe or a device'],
    ['a directory', (place: string) => mkdirSync(place), 'it is a directory'],
  ])('is refused at once: %s', async (name, make, says) => {
    const place = join(folder, `${name}.yaml`);
    make(place);
    const reading = await loadConfig(place, {});
    expect(reading.ok ? '' : reading.problems[0]?.message).toContain(`the file cannot be read: ${says}`);
  });
});

describe('variables', () => {
  it('take their values from the environment, as texts and as numbers', () => {
    const sip = '{ engine: drachtio, drachtio: [{ host: "${HOST}", port: "${PORT}", secret: "a${SECRET}c" }] }';
    const config = configOf({ sip }, { HOST: 'sip1.example', PORT: '9999', SECRET: 'b' });
    expect(config.sip.drachtio).toEqual([{ host: 'sip1.example', port: 9999, secret: 'abc' }]);
  });

  it('a value is a text, whatever YAML would make of it', () => {
    const config = configOf({ node: '"${NODE}"' }, { NODE: '0x10' });
    expect(config.node).toBe('0x10');
  });

  it('one that is not set is a mistake, with what was meant', () => {
    const reading = readConfig(textOf({ node: '${HOSTNAM}' }), path, { HOSTNAME: 'gw1' });
    expect(reading.ok ? [] : reading.problems).toMatchObject([
      { line: 6, column: 7, path: 'node', remedy: 'Did you mean "HOSTNAME"?' },
    ]);
    expect(reading.ok ? [] : reading.problems).toHaveLength(1);
  });

  it('one that is not set is told once, wherever it stands', () => {
    const unset = ['the environment has no variable "X".'];
    const mistakes = (sections: Record<string, string>): string[] => {
      const reading = readConfig(textOf(sections), path, {});
      return reading.ok ? [] : reading.problems.map(({ message }) => message);
    };
    expect(mistakes({ stopTimeout: '${X}' })).toEqual(unset);
    expect(mistakes({ journal: '${X}' })).toEqual(unset);
    expect(mistakes({ notification: '{ transport: "smtp://u@${X}", from: gw@example.com }' })).toEqual(unset);
    expect(mistakes({ routing: '{ nextHop: [{ uri: "sip:192.0.2.20", passwordFile: "${X}" }] }' })).toEqual(unset);
    expect(mistakes({ routing: '{ nextHop: [{ uri: "${X}" }] }' })).toEqual(unset);
  });

  it('$${ is a ${', () => {
    expect(mistakesOf({ node: '"$${HOME}"' })).toEqual(['node: "${HOME}" is not a node name.']);
  });
});

describe('each mistake in gateway.yaml is told', () => {
  const hop = 'sip:192.0.2.20';
  const mistakes: readonly (readonly [name: string, sections: Record<string, string>, problems: string[]])[] = [
    ['an unknown key', { voicmail: '{}' }, ['voicmail: unknown key "voicmail".']],
    ['no peer', { peers: '[]' }, ['peers: the list is empty.']],
    ['a peer without addresses', { peers: '[{ name: pbx, allow: [] }]' }, ['peers[0].allow: the list is empty.']],
    [
      'a peer twice',
      { peers: '[{ name: pbx, allow: [192.0.2.1] }, { name: pbx, allow: [192.0.2.2] }]' },
      ['peers[1].name: peer "pbx" is already defined at peers[0].'],
    ],
    [
      'no CIDR',
      { peers: '[{ name: pbx, allow: [192.0.2.0/33, pbx.example, 10.0.0] }]' },
      [
        'peers[0].allow[0]: "192.0.2.0/33" is neither an address nor a CIDR.',
        'peers[0].allow[1]: "pbx.example" is neither an address nor a CIDR.',
        'peers[0].allow[2]: "10.0.0" is neither an address nor a CIDR.',
      ],
    ],
    [
      'a limit below one',
      { peers: '[{ name: pbx, allow: [192.0.2.1], maxCalls: 0 }]' },
      ['peers[0].maxCalls: the number 0 is less than 1.'],
    ],
    ['nowhere to ring', { routing: '{ ringTimeout: 20s }' }, ['routing: there is nowhere to ring a called number.']],
    [
      'one hop without a list',
      { routing: `{ nextHop: ${hop} }` },
      [`routing.nextHop: expected a list, found "${hop}".`],
    ],
    [
      'a hop that is no SIP URI',
      { routing: '{ nextHop: [192.0.2.20, { uri: "tel:1" }, { url: sip:x }] }' },
      [
        'routing.nextHop[0]: "192.0.2.20" is not a SIP URI that calls can be sent to.',
        'routing.nextHop[1].uri: "tel:1" is not a SIP URI that calls can be sent to.',
        'routing.nextHop[2].uri: "uri" is missing.',
        'routing.nextHop[2].url: unknown key "url".',
      ],
    ],
    [
      'a hop that cannot be called from here',
      {
        routing:
          '{ nextHop: [sips:192.0.2.20, "sip:192.0.2.20;transport=ws", "sip:192.0.2.20;transport=sctp", "sip:192.0.2.20;transport=tls"] }',
      },
      [
        'routing.nextHop[0]: it is called by TLS, and the gateway does not listen by TLS.',
        'routing.nextHop[1]: a WebSocket is opened by its client; nobody is called by it.',
        'routing.nextHop[2]: sctp is not a transport of the gateway.',
        'routing.nextHop[3]: it is called by TLS, and the gateway does not listen by TLS.',
      ],
    ],
    [
      'a hop that is the gateway',
      { routing: '{ nextHop: [sip:127.0.0.1, "sip:localhost:5060;transport=tcp"] }' },
      [
        'routing.nextHop[0]: "sip:127.0.0.1" is this gateway itself.',
        'routing.nextHop[1]: "sip:localhost:5060;transport=tcp" is this gateway itself.',
      ],
    ],
    [
      'a route from nobody',
      { routing: `{ routes: [{ from: pxb, nextHop: [${hop}] }] }` },
      ['routing.routes[0].from: "pxb" is not a peer of this file.'],
    ],
    [
      'a route by no regular expression',
      { routing: `{ routes: [{ to: '(', nextHop: [${hop}] }] }` },
      ['routing.routes[0].to: "(" is not a regular expression.'],
    ],
    [
      'two passwords',
      { routing: `{ nextHop: [{ uri: ${hop}, password: a, passwordFile: smtp.password }] }` },
      ['routing.nextHop[0].password: password and passwordFile stand here both.'],
    ],
    [
      'a secret without a file',
      { routing: `{ nextHop: [{ uri: ${hop}, passwordFile: nowhere }] }` },
      ['routing.nextHop[0].passwordFile: "nowhere" does not exist.'],
    ],
    [
      'an empty secret',
      { routing: `{ nextHop: [{ uri: ${hop}, passwordFile: empty }] }` },
      ['routing.nextHop[0].passwordFile: "empty" is empty.'],
    ],
    ['a duration without a unit', { stopTimeout: '30' }, ['stopTimeout: the number 30 has no unit.']],
    ['a duration in words', { stopTimeout: 'long' }, ['stopTimeout: "long" is not a duration.']],
    ['a duration too long', { stopTimeout: '25h' }, ['stopTimeout: "25h" is more than a day.']],
    ['a duration too short', { sip: '{ timerB: 1ms }' }, ['sip.timerB: "1ms" is less than 100ms.']],
    [
      'an engine that is not there',
      { sip: '{ engine: asterisk }' },
      ['sip.engine: "asterisk" is not one of embedded, drachtio.'],
    ],
    ['listening on nothing', { sip: '{ listen: [] }' }, ['sip.listen: the list is empty.']],
    [
      'listening by name',
      { sip: '{ listen: [udp://gw.example:5060] }' },
      ['sip.listen[0]: "udp://gw.example:5060" is not an address to listen on.'],
    ],
    [
      'listening twice',
      { sip: '{ listen: [udp://0.0.0.0:5060, udp://0.0.0.0:5060] }' },
      ['sip.listen[1]: "udp://0.0.0.0:5060" is listed twice.'],
    ],
    [
      'TLS without a certificate',
      { sip: '{ listen: [tls://0.0.0.0:5061, ws://0.0.0.0:80, wss://0.0.0.0:443] }' },
      ['sip.listen[0]: tls:// needs a certificate.', 'sip.listen[2]: wss:// needs a certificate.'],
    ],
    [
      'a port that is left out',
      { sip: '{ listen: ["tls://0.0.0.0", "ws://0.0.0.0"] }' },
      [
        'sip.listen[0]: "tls://0.0.0.0" is not an address to listen on.',
        'sip.listen[1]: "ws://0.0.0.0" is not an address to listen on.',
      ],
    ],
    [
      'origins that are none, and nobody to use them',
      { sip: '{ origins: [phone.example.com, "https://phone.example.com/app"] }' },
      [
        'sip.origins: nothing here listens for WebSockets.',
        'sip.origins[0]: "phone.example.com" is not an origin.',
        'sip.origins[1]: "https://phone.example.com/app" is not an origin.',
      ],
    ],
    [
      'a drachtio-server that nobody uses',
      { sip: '{ drachtio: [{ secret: cymru }] }' },
      ['sip.drachtio: the embedded engine needs no drachtio-server.'],
    ],
    [
      'engine drachtio without one',
      { sip: '{ engine: drachtio, listen: [udp://0.0.0.0:5060] }' },
      [
        'sip: engine drachtio needs at least one drachtio-server.',
        'sip.listen: a drachtio-server listens by its own configuration.',
      ],
    ],
    [
      'a drachtio-server without its secret',
      { sip: '{ engine: drachtio, drachtio: [{ host: 127.0.0.1 }] }' },
      ['sip.drachtio[0]: the secret is missing.'],
    ],
    [
      'a voicemail target that no owner uses',
      { voicemail: '{ owner: none, target: sip:vm@192.0.2.30 }' },
      ['voicemail.target: nobody is diverted to it, as voicemail.owner is none.'],
    ],
    [
      'a voicemail without target',
      { voicemail: '{ owner: gateway }' },
      ['voicemail.owner: the gateway has the voicemail, and no target to divert to.'],
    ],
    [
      'a journal in PostgreSQL',
      { journal: 'postgres://gw@db.example/mcg' },
      ['journal: a journal in PostgreSQL is not built yet.'],
    ],
    ['a journal that is a path', { journal: 'gateway.db' }, ['journal: "gateway.db" is not a journal.']],
    [
      'a transport that is not there',
      { notification: '{ transport: http://mail.example, from: gw@example.com }' },
      ['notification.transport: "http://mail.example" is not a mail transport.'],
    ],
    [
      'a password in the transport',
      { notification: '{ transport: "smtp://gw:secret@mail.example", from: gw@example.com }' },
      ['notification.transport: the password stands in the transport.'],
    ],
    [
      'a user without a password',
      { notification: '{ transport: "smtp://gw@mail.example", from: gw@example.com }' },
      ['notification.transport: the password of "gw" is missing.'],
    ],
    [
      'a password without a user',
      { notification: '{ transport: "smtp://mail.example", password: x, from: gw@example.com }' },
      ['notification.transport: there is a password and no user name.'],
    ],
    [
      'a sender with a line break',
      { notification: '{ transport: maildir:m, from: "a\\nBcc: b <gw@example.com>" }' },
      ['notification.from: "a\\nBcc: b <gw@example.com>" is not a sender.'],
    ],
    [
      'plain http for everybody',
      { admin: '{ listen: http://0.0.0.0:8080 }' },
      ['admin.listen: plain http is taken on loopback addresses only.'],
    ],
    [
      'https without what it needs',
      { admin: '{ listen: https://0.0.0.0:8443, certificate: c }' },
      ['admin.listen: https needs a keyFile.', 'admin.certificate: "c" does not exist.'],
    ],
    [
      'a sign-in provider that anybody could overhear, and a role that is none',
      {
        admin:
          '{ oidc: [{ id: corp, name: Corp, issuer: "http://login.example.com", clientId: mcg, roles: { staff: Boss } }] }',
      },
      [
        'admin.oidc[0].issuer: "http://login.example.com" is no https address.',
        expect.stringContaining('admin.oidc[0].roles.staff'),
      ],
    ],
  ];

  it.each(mistakes)('%s', (_name, sections, problems) => {
    expect(mistakesOf(sections)).toEqual(problems);
  });

  it('all at once, each with its line and column', () => {
    const reading = readConfig('peers: []\nroutin: {}\njournal: x\nadmin: { listen: http://192.0.2.1:80 }\n', path, {});
    const problems = reading.ok ? [] : reading.problems;
    expect(problems.map(({ line, column, path: at }) => `${line}:${column} ${at}`)).toEqual([
      '1:1 routing',
      '1:1 policy',
      '1:1 notification',
      '1:8 peers',
      '2:1 routin',
      '3:10 journal',
      '4:18 admin.listen',
    ]);
  });

  it.each(['smtp://gw:hunter2@mail.example', 'smtp://gw:hunter2@mail example', 'smtp://gw:hunter2@mail.example/x'])(
    'a secret never stands in a message: %s',
    (transport) => {
      const reading = readConfig(textOf({ notification: `{ transport: "${transport}", from: x }` }), path, {});
      expect(reading.ok ? [] : reading.problems).toHaveLength(2);
      expect(JSON.stringify(reading)).not.toContain('hunter2');
    },
  );
});

describe('a route back to the peer that the call came from', () => {
  const back = 'calls from peer "pbx" are sent straight back to it.';
  const routes: readonly (readonly [rule: string, routing: string, problems: string[]])[] = [
    ['is refused', '{ nextHop: [sip:192.0.2.10] }', [`routing.nextHop[0]: ${back}`]],
    [
      'is refused in a route for any peer',
      "{ nextHop: [sip:192.0.2.20], routes: [{ to: '^0', nextHop: [sip:192.0.2.20, sip:192.0.2.10] }] }",
      [`routing.routes[0].nextHop[1]: ${back}`],
    ],
    ['is loop-back with a prefix', "{ nextHop: [{ uri: sip:192.0.2.10, prefix: '9' }] }", []],
    [
      'is meant with hairpin',
      '{ nextHop: [sip:192.0.2.20], routes: [{ nextHop: [sip:192.0.2.10], hairpin: true }] }',
      [],
    ],
    [
      'is none where another route takes all its calls',
      '{ nextHop: [sip:192.0.2.10], routes: [{ from: pbx, nextHop: [sip:carrier.example] }] }',
      [],
    ],
    [
      'is one where another route takes some of its calls',
      "{ nextHop: [sip:192.0.2.10], routes: [{ from: pbx, to: '^0', nextHop: [sip:carrier.example] }] }",
      [`routing.nextHop[0]: ${back}`],
    ],
  ];
  it.each(routes)('%s', (_rule, routing, problems) => {
    expect(mistakesOf({ routing })).toEqual(problems);
  });

  it('cannot be told among programs of one machine', () => {
    expect(
      mistakesOf({ peers: '[{ name: pbx, allow: [127.0.0.1] }]', routing: '{ nextHop: [sip:127.0.0.1:5090] }' }),
    ).toEqual([]);
  });
});

describe('files', () => {
  it('the shipped gateway.yaml loads and works out of the box', async () => {
    const shipped = fileURLToPath(new URL('../../sip-config/gateway.yaml', import.meta.url));
    const reading = await loadConfig(shipped, {});
    if (!reading.ok) throw new Error(problemLines(shipped, reading.problems).join('\n'));
    const { config } = reading;
    const root = dirname(dirname(shipped));
    expect(config.sip.listen.map(({ protocol, address, port }) => `${protocol}://${address}:${port}`)).toEqual([
      'udp://0.0.0.0:5060',
      'tcp://0.0.0.0:5060',
    ]);
    expect(config.peers.flatMap(({ allow }) => allow)).toEqual(['127.0.0.0/8', '::1/128']);
    expect(config.routing.nextHop).toEqual([{ uri: 'sip:127.0.0.1:5090' }]);
    expect(config.lab.phone).toBe(true);
    expect(config.voicemail.owner).toBe('none');
    expect(config.policy).toBe(join(root, 'sip-config', 'policy.yaml'));
    expect(config.journal.path).toBe(join(root, 'var', 'gateway.db'));
    expect(config.notification.transport.uri).toBe(`maildir:${join(root, 'var', 'mail')}`);
    expect(config.admin.listen).toEqual({ host: '127.0.0.1', port: 8080 });
  });

  it('a file that is not there is one problem, with what to do', async () => {
    const reading = await loadConfig(join(folder, 'nowhere.yaml'), {});
    expect(reading.ok ? [] : reading.problems).toMatchObject([
      { message: expect.stringContaining('ENOENT') as string, remedy: expect.stringContaining('--config') as string },
    ]);
  });
});

describe('what another reading changes', () => {
  const changed = (before: Record<string, string>, after: Record<string, string>): string[] =>
    changedSettings(configOf(before), configOf(after));

  it('is nothing where the file says the same', () => {
    expect(changed({ voicemail: '{ owner: none }' }, {})).toEqual([]);
  });

  it('is named as the file names it, durations too', () => {
    expect(changed({}, { node: 'gw2', peers: '[{ name: sbc, allow: [192.0.2.11] }]' })).toEqual(['node', 'peers']);
    expect(changed({}, { sip: '{ listen: ["udp://127.0.0.1:5070"], timerB: 2s }' })).toEqual([
      'sip.listen',
      'sip.timerB',
    ]);
    expect(changed({}, { sip: '{ advertise: 203.0.113.5 }' })).toEqual(['sip.advertise']);
    expect(changed({ stopTimeout: '30s' }, { stopTimeout: '10s' })).toEqual(['stopTimeout']);
    expect(changed({}, { journal: 'sqlite:other.db' })).toEqual(['journal']);
  });

  it('of certificates is whether there are any: what they say is read again without a restart', () => {
    const before = configOf({});
    const tls = { certificate: 'a', key: 'b' };
    const secure = {
      ...before,
      sip: { ...before.sip, tls: { ...tls, keyFiles: [] } },
      admin: { ...before.admin, tls },
    };
    const renewed = {
      ...before,
      sip: { ...before.sip, tls: { ...tls, key: 'c', keyFiles: ['c.key'] } },
      admin: { ...before.admin, tls: { ...tls, key: 'c' } },
    };
    expect(changedSettings(secure, renewed)).toEqual([]);
    expect(changedSettings(before, secure)).toEqual(['sip.tls', 'admin.certificate']);
  });

  it('includes what follows from a change: with a voicemail to divert to, the time to ring is another', () => {
    expect(changed({}, { voicemail: '{ target: sip:vm@192.0.2.30 }' })).toEqual([
      'routing.ringTimeout',
      'voicemail.owner',
      'voicemail.target',
    ]);
  });
});

describe('what mcg check says of a good configuration', () => {
  const saying = (words: string, sections: Record<string, string> = {}): boolean =>
    assumptions(configOf(sections)).some((line) => line.includes(words));

  it('whose voicemail is assumed', () => {
    expect(saying('voicemail.owner is none')).toBe(true);
    expect(saying('voicemail.owner is gateway', { voicemail: '{ target: sip:vm@192.0.2.30 }' })).toBe(true);
    expect(saying('voicemail.owner is upstream', { voicemail: '{ owner: upstream }' })).toBe(true);
    // Nothing tells its voicemail from its phones yet: no verdict waits.
    const downstream = { voicemail: '{ owner: downstream, settle: 77s }' };
    expect(saying('counts as answered at once, also where its voicemail took it', downstream)).toBe(true);
    expect(saying('77 s', downstream)).toBe(false);
    expect(
      saying('it may end the ringing', {
        voicemail: '{ owner: downstream }',
        routing: '{ nextHop: [sip:192.0.2.20], ringTimeout: 20s }',
      }),
    ).toBe(true);
  });

  it('what is without effect beside a drachtio-server', () => {
    const sip = (more: string): string => `{ engine: drachtio, drachtio: [{ secret: cymru }]${more} }`;
    expect(saying('have no effect', { sip: sip(', advertise: 203.0.113.5') })).toBe(true);
    expect(saying('have no effect', { sip: sip('') })).toBe(false);
  });

  it('what a stock drachtio-server cannot do', () => {
    const sip = '{ engine: drachtio, drachtio: [{ secret: cymru }] }';
    expect(saying('482', { sip })).toBe(true);
    expect(saying('timerB', { sip })).toBe(true);
    expect(saying('482')).toBe(false);
  });

  it('a dial plan that policy.yaml does not have', () => {
    const config = configOf({ peers: '[{ name: pbx, allow: [192.0.2.10], dialPlan: Pariss }]' });
    expect(unknownDialPlans(config, ['Paris'])).toHaveLength(1);
    expect(unknownDialPlans(config, ['PARISS'])).toEqual([]);
  });
});
