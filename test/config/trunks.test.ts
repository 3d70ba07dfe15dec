import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROFILE_DEFAULTS } from '../../src/config/profiles.ts';
import { PROFILES } from '../../src/config/types.ts';
import { byteCount, durationRange } from '../../src/config/values.ts';
import { readerAt, type Sections } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcg-trunks-'));
const { config, mistakes } = readerAt(join(folder, 'gateway.yaml'));
beforeAll(() => {
  writeFileSync(join(folder, 'trunk.password'), 'open sesame\n');
  writeFileSync(join(folder, 'events.token'), '0123456789abcdef\n');
  writeFileSync(join(folder, 'short.token'), 'secret\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const peer = (keys: string): string => `[{ name: pbx, allow: [192.0.2.10]${keys === '' ? '' : `, ${keys}`} }]`;

describe('a peer', () => {
  it('says how calls are sent to it', () => {
    const peers = peer(
      'voicemail: downstream, trustCallerId: false, answersAfter: 20s..22.5s, carrierVoicemailGuard: 1500ms, headers: { pass: [X-Customer], drop: [P-Charging-Vector] }, diversion: none, reliableProvisional: required, sessionExpires: 30m, numberFormat: e164, userPhone: true, followRedirects: true',
    );
    expect(config({ peers }).peers[0]).toEqual({
      name: 'pbx',
      profile: 'generic',
      allow: ['192.0.2.10'],
      digest: null,
      calledFrom: 'request-uri',
      forks: false,
      trustReason: true,
      trustCallerId: false,
      voicemail: 'downstream',
      optionsMs: null,
      maxCalls: null,
      maxCallsPerSecond: null,
      answersAfter: { fromMs: 20_000, toMs: 22_500 },
      voicemailEscapeMs: 1_500,
      headers: { pass: ['x-customer'], drop: ['p-charging-vector'] },
      diversion: 'none',
      reliableProvisional: 'required',
      sessionExpiresMs: 1_800_000,
      numberFormat: 'e164',
      userPhone: true,
      followRedirects: true,
    });
  });

  it('is known by its password, wherever it calls from', () => {
    const peers = '[{ name: trunk, digest: { username: trunk, passwordFile: trunk.password } }]';
    expect(config({ peers }).peers[0]).toMatchObject({
      allow: [],
      digest: { username: 'trunk', password: 'open sesame' },
    });
  });
});

describe('the profile of a peer', () => {
  it.each(PROFILES)('%s sets what the file does not, and nothing else', (profile) => {
    const plain = config({ peers: peer('') }).peers[0];
    expect(config({ peers: peer(`profile: ${profile}`) }).peers[0]).toEqual({
      ...plain,
      profile,
      ...PROFILE_DEFAULTS[profile],
    });
  });

  it.each([
    ['asterisk', {}],
    ['cucm', {}],
    ['freeswitch', { trustReason: false }],
    ['lync', { optionsMs: 30_000, numberFormat: 'e164', userPhone: true, reliableProvisional: 'supported' }],
    ['exchange-um', { diversion: 'single', followRedirects: true }],
  ] as const)('%s differs from generic in what that system needs', (profile, differs) => {
    expect(PROFILE_DEFAULTS[profile]).toEqual({ ...PROFILE_DEFAULTS.generic, ...differs });
  });

  it('yields to what is written', () => {
    const written =
      'profile: lync, options: false, numberFormat: as-dialled, userPhone: false, reliableProvisional: off';
    expect(config({ peers: peer(written) }).peers[0]).toMatchObject({
      optionsMs: null,
      numberFormat: 'as-dialled',
      userPhone: false,
      reliableProvisional: 'off',
    });
    expect(config({ peers: peer('profile: freeswitch, trustReason: true') }).peers[0]?.trustReason).toBe(true);
    const um = config({ peers: peer('profile: exchange-um, followRedirects: false, diversion: all') }).peers[0];
    expect(um).toMatchObject({ followRedirects: false, diversion: 'all' });
  });
});

describe('services', () => {
  it('a registrar has defaults for all but its realm', () => {
    expect(config({ registrar: '{ realm: example.com }' }).registrar).toEqual({
      realm: 'example.com',
      phones: join(folder, 'phones.yaml'),
      minExpiresMs: 60_000,
      maxExpiresMs: 3_600_000,
      maxContacts: 10,
    });
    const all =
      '{ realm: example.com, phones: p.yaml, dialPlan: Paris, minExpires: 2m, maxExpires: 10m, maxContacts: 1 }';
    expect(config({ registrar: all }).registrar).toEqual({
      realm: 'example.com',
      phones: join(folder, 'p.yaml'),
      dialPlan: 'Paris',
      minExpiresMs: 120_000,
      maxExpiresMs: 600_000,
      maxContacts: 1,
    });
  });

  it('calls of registered phones may have routes of their own', () => {
    const routing = '{ routes: [{ from: phones, nextHop: [sip:192.0.2.20] }] }';
    expect(config({ registrar: '{ realm: example.com }', routing }).routing.routes[0]?.from).toBe('phones');
  });

  it('feature codes can be others, and none', () => {
    expect(config({ featureCodes: '{ notificationsOff: "#21" }' }).featureCodes).toEqual({
      notificationsOn: '*56',
      notificationsOff: '#21',
    });
    expect(config({ featureCodes: 'false' }).featureCodes).toBeNull();
  });

  it('a trace is kept where it is asked for', () => {
    expect(config({ trace: '{}' }).trace).toEqual({ path: join(folder, '../var/trace'), maxBytes: 64 * 1024 ** 2 });
    expect(config({ trace: '{ path: t, maxSize: 2GB }' }).trace).toEqual({
      path: join(folder, 't'),
      maxBytes: 2 * 1024 ** 3,
    });
  });

  it('voicemail says where it turns up and who tells of messages', () => {
    const voicemail =
      '{ target: sip:vm@192.0.2.30, targets: ["*97", sip:5000@192.0.2.30], mwi: { subscribe: sip:192.0.2.30 }, eventTokenFile: events.token, byeHeader: X-Voicemail-Message }';
    expect(config({ voicemail }).voicemail).toMatchObject({
      targets: ['*97', 'sip:5000@192.0.2.30'],
      mwi: { subscribe: 'sip:192.0.2.30', expiresMs: 3_600_000 },
      eventToken: '0123456789abcdef',
      byeHeader: 'x-voicemail-message',
    });
  });

  it('a voicemail of the gateway may be for the calls of one peer alone', () => {
    const voicemail = '{ owner: none, target: sip:vm@192.0.2.30 }';
    expect(config({ voicemail, peers: peer('voicemail: gateway') }).peers[0]?.voicemail).toBe('gateway');
  });

  it('a voicemail number at the PBX that is rung is no way back', () => {
    const sections = {
      voicemail: '{ target: "sip:*97@192.0.2.10" }',
      routing: '{ nextHop: [{ uri: sip:192.0.2.10, prefix: "9" }] }',
    };
    expect(mistakes(sections)).toEqual([]);
  });
});

const bad: readonly (readonly [string, Sections, readonly string[]])[] = [
  ['nothing knows the peer', { peers: '[{ name: pbx }]' }, ['peers[0]: nothing says how the peer is known.']],
  [
    'a profile that is none',
    { peers: peer('profile: avaya') },
    ['peers[0].profile: "avaya" is not one of generic, asterisk, freeswitch, cucm, lync, exchange-um.'],
  ],
  [
    'a peer without its password',
    { peers: '[{ name: a, digest: { username: a } }]' },
    ['peers[0].digest: the password is missing.'],
  ],
  [
    'two passwords',
    { peers: '[{ name: a, digest: { username: a, password: b, passwordFile: trunk.password } }]' },
    ['peers[0].digest.password: password and passwordFile stand here both.'],
  ],
  [
    'two peers of one user name',
    { peers: '[{ name: a, digest: { username: u, password: b } }, { name: c, digest: { username: u, password: d } }]' },
    ['peers[1].digest.username: "u" is already the user name of peers[0].'],
  ],
  [
    'a peer named as phones are',
    { peers: '[{ name: phones, allow: [192.0.2.1] }]', registrar: '{ realm: example.com }' },
    ['peers[0].name: "phones" is the peer of phones that register here.'],
  ],
  [
    'a route of phones where none register',
    { routing: '{ routes: [{ from: phones, nextHop: [sip:192.0.2.20] }] }' },
    ['routing.routes[0].from: "phones" is not a peer of this file.'],
  ],
  [
    'answers of one duration',
    { peers: peer('answersAfter: 20s') },
    ['peers[0].answersAfter: "20s" is not two durations.'],
  ],
  [
    'answers backwards',
    { peers: peer('answersAfter: 9s..8s') },
    ['peers[0].answersAfter: "9s..8s" is not two durations.'],
  ],
  [
    'a guard without a unit',
    { peers: peer('carrierVoicemailGuard: 1500') },
    ['peers[0].carrierVoicemailGuard: the number 1500 has no unit.'],
  ],
  [
    'a session that may not be so short',
    { peers: peer('sessionExpires: 30s') },
    ['peers[0].sessionExpires: "30s" is less than 90000ms.'],
  ],
  [
    'a header that is needed, dropped',
    { peers: peer('headers: { drop: [From] }') },
    ['peers[0].headers.drop[0]: no call can be made without From.'],
  ],
  [
    'a header in both lists',
    { peers: peer('headers: { pass: [X-A], drop: [x-a] }') },
    ['peers[0].headers.drop[0]: x-a is to pass and to be dropped.'],
  ],
  [
    'a header that passes anyway',
    { peers: peer('headers: { pass: [Subject] }') },
    ['peers[0].headers.pass[0]: Subject passes anyway: the list is about headers that begin with X- or P-.'],
  ],
  [
    'a name of no header',
    { peers: peer('headers: { drop: ["a b"] }') },
    ['peers[0].headers.drop[0]: "a b" is not the name of a header.'],
  ],
  [
    'Exchange UM by UDP',
    {
      peers: peer('profile: exchange-um'),
      routing: '{ nextHop: [sip:192.0.2.20] }',
      voicemail: '{ target: sip:192.0.2.10 }',
    },
    ['voicemail.target: it is called by UDP, and peer "pbx" is exchange-um: Exchange UM has no UDP.'],
  ],
  [
    'Lync by UDP, in a range',
    {
      peers: '[{ name: l, profile: lync, allow: [198.51.100.0/24] }]',
      routing: '{ nextHop: [sip:198.51.100.7:5068] }',
    },
    ['routing.nextHop[0]: it is called by UDP, and peer "l" is lync: a Lync Mediation Server has no UDP.'],
  ],
  [
    'a voicemail of the gateway for one peer, and none there',
    { peers: peer('voicemail: gateway') },
    ['peers[0].voicemail: the gateway has the voicemail of this peer, and no target to divert to.'],
  ],
  [
    'a voicemail that is the number called, at the PBX that is rung',
    { voicemail: '{ target: sip:192.0.2.10 }', routing: '{ nextHop: [{ uri: sip:192.0.2.10, prefix: "9" }] }' },
    [
      'voicemail.target: it names no voicemail number, so that peer "pbx" would get the call for the called number again.',
    ],
  ],
  [
    'a voicemail that is the gateway',
    { voicemail: '{ target: sip:vm@127.0.0.1:5060 }' },
    ['voicemail.target: "sip:vm@127.0.0.1:5060" is this gateway itself.'],
  ],
  [
    'message totals asked of the gateway, by its outside address',
    { sip: '{ advertise: 203.0.113.5 }', voicemail: '{ mwi: { subscribe: sip:203.0.113.5 } }' },
    ['voicemail.mwi.subscribe: "sip:203.0.113.5" is this gateway itself.'],
  ],
  [
    'a target that is no address',
    { voicemail: '{ targets: ["a b"] }' },
    ['voicemail.targets[0]: "a b" is neither a number nor a SIP URI.'],
  ],
  [
    'a token that can be guessed',
    { voicemail: '{ eventTokenFile: short.token }' },
    ['voicemail.eventTokenFile: the token in it is no text of 16 characters or more without spaces.'],
  ],
  [
    'a token that is not there',
    { voicemail: '{ eventTokenFile: none }' },
    ['voicemail.eventTokenFile: "none" does not exist.'],
  ],
  ['OPTIONS too often', { peers: peer('options: 10ms') }, ['peers[0].options: "10ms" is less than 1000ms.']],
  ['OPTIONS without a unit', { peers: peer('options: 10') }, ['peers[0].options: the number 10 has no unit.']],
  ['OPTIONS without a value', { peers: peer('options: ') }, ['peers[0].options: nothing is not a duration.']],
  [
    'feature codes that are on',
    { featureCodes: 'true' },
    ['featureCodes: expected a group of keys, found the switch true.'],
  ],
  [
    'a feature code that is a number',
    { featureCodes: '{ notificationsOn: "56" }' },
    ['featureCodes.notificationsOn: "56" is not a feature code.'],
  ],
  ['a feature code that has another name', { featureCodes: '{ on: "*56" }' }, ['featureCodes.on: unknown key "on".']],
  ['no realm', { registrar: '{}' }, ['registrar.realm: "realm" is missing.']],
  ['a realm that is none', { registrar: '{ realm: "a b" }' }, ['registrar.realm: "a b" is not a realm.']],
  [
    'registrations longer than they may be',
    { registrar: '{ realm: example.com, minExpires: 2h }' },
    ['registrar.minExpires: a registration would have to be longer than it may be.'],
  ],
  [
    'too many contacts',
    { registrar: '{ realm: example.com, maxContacts: 101 }' },
    ['registrar.maxContacts: the number 101 is more than 100.'],
  ],
  [
    'one code for both',
    { featureCodes: '{ notificationsOff: "*56" }' },
    ['featureCodes.notificationsOff: one code cannot switch notifications both on and off.'],
  ],
  [
    'a code that is the voicemail’s',
    { voicemail: '{ targets: ["*56"] }' },
    ['voicemail.targets[0]: "*56" is the feature code that switches notifications on.'],
  ],
  ['a trace without a size', { trace: '{ maxSize: 64 }' }, ['trace.maxSize: expected a text, found the number 64.']],
  ['a trace too small', { trace: '{ maxSize: 10KB }' }, ['trace.maxSize: "10KB" is not a size from 1MB to 1024GB.']],
];

describe('each mistake about trunks and services is told', () => {
  it.each(bad)('%s', (_name, sections, problems) => {
    expect(mistakes(sections)).toEqual(problems);
  });
});

describe('values', () => {
  it.each([
    ['20s..22s', { fromMs: 20_000, toMs: 22_000 }],
    ['1.5s..1.5s', { fromMs: 1_500, toMs: 1_500 }],
    ['500ms..1m', { fromMs: 500, toMs: 60_000 }],
    ['20..22', null],
    ['20s...22s', null],
    ['..', null],
  ])('%s as two durations', (text, range) => {
    expect(durationRange(text)).toEqual(range);
  });

  it.each([
    ['1KB', 1024],
    ['64 MB', 64 * 1024 ** 2],
    ['1.5GB', null],
    ['5', null],
    ['5TB', null],
  ])('%s as a size', (text, bytes) => {
    expect(byteCount(text, 1, 1024 ** 4)).toBe(bytes);
  });
});
