import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assumptions, unknownDialPlans } from '../../src/config/index.ts';
import { readerAt, type Sections } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcg-assumptions-'));
writeFileSync(join(folder, 'events.token'), '0123456789abcdef\n');
afterAll(() => rmSync(folder, { recursive: true }));
const { config } = readerAt(join(folder, 'gateway.yaml'));

const said = (sections: Sections = {}): string => assumptions(config(sections)).join('\n');
const CARRIER = '{ name: carrier, allow: [198.51.100.1] }';
const PBX = '{ name: pbx, allow: [192.0.2.10] }';

/** What the gateway is blind to where it stands, and the settings by which that is seen. */
const topologies: readonly (readonly [string, Sections, string])[] = [
  [
    'front: a carrier’s calls are rung at a PBX',
    {
      peers: `[${CARRIER}, ${PBX}]`,
      routing: '{ nextHop: [sip:192.0.2.10], routes: [{ from: pbx, nextHop: [sip:198.51.100.1] }] }',
    },
    'calls of peer carrier are rung at peer pbx (front): calls between phones behind it do not come here',
  ],
  [
    'loop-back with a prefix',
    { peers: `[${PBX}]`, routing: '{ nextHop: [{ uri: sip:192.0.2.10, prefix: "9" }] }' },
    'calls of peer pbx go back to it with prefix "9" (loop-back)',
  ],
  [
    'a branch of a fork',
    { peers: '[{ name: pbx, allow: [192.0.2.10], forks: true }]' },
    'peer pbx rings others beside this gateway (forks): what they do is not seen',
  ],
  [
    'a Lync trunk',
    { peers: '[{ name: lync, profile: lync, allow: [192.0.2.10] }]' },
    'does not see which of its users’ devices answered, nor Exchange UM behind it',
  ],
  [
    'before voicemail only',
    { voicemail: '{ target: sip:vm@192.0.2.30 }', routing: '{ nextHop: [sip:192.0.2.30] }' },
    'the gateway stands before voicemail only',
  ],
  [
    'before Exchange UM only',
    {
      peers: `[${PBX}, { name: um, profile: exchange-um, allow: [192.0.2.30] }]`,
      routing: '{ routes: [{ from: pbx, nextHop: ["sip:192.0.2.30;transport=tcp"] }] }',
    },
    'the gateway stands before voicemail only',
  ],
  ['phones that register', { registrar: '{ realm: example.com }' }, 'phones register here (realm example.com)'],
];

describe('mcg check says where the gateway stands', () => {
  it.each(topologies)('%s', (_name, sections, sentence) => {
    expect(said(sections)).toContain(sentence);
  });

  it('and only there', () => {
    for (const [, , sentence] of topologies) expect(said()).not.toContain(sentence);
    // A front that has a voicemail besides is no gateway before voicemail only.
    expect(said({ voicemail: '{ target: sip:vm@192.0.2.30 }' })).not.toContain('before voicemail only');
  });

  it('a voicemail on the machine that is rung may be that of a PBX, which rings phones too', () => {
    const voicemail = '{ target: sip:vm@192.0.2.30:5060 }';
    const saidFor = (nextHop: string): string => said({ voicemail, routing: `{ nextHop: [${nextHop}] }` });
    expect(saidFor('sip:192.0.2.30')).toContain(
      'Where it is a PBX that rings phones too, every call that is sent here is seen',
    );
    expect(saidFor('sip:192.0.2.30:5070')).not.toContain('voicemail only');
    expect(saidFor('sip:192.0.2.30, sip:192.0.2.31')).not.toContain('voicemail only');
  });

  it('a prefix at another system is no loop-back', () => {
    const routing = '{ nextHop: [{ uri: sip:192.0.2.99, prefix: "9" }] }';
    expect(said({ routing })).not.toContain('loop-back');
  });
});

const peer = (keys: string): Sections => ({ peers: `[{ name: pbx, ${keys} }]` });

describe('mcg check says what a setting means', () => {
  it.each([
    ['FreeSWITCH', peer('allow: [192.0.2.10], profile: freeswitch'), 'whose "answered elsewhere" is not believed'],
    ['CUCM', peer('allow: [192.0.2.10], profile: cucm'), 'Redirecting Diversion Header Delivery'],
    ['Exchange UM', peer('allow: [192.0.2.10], profile: exchange-um'), 'sends its message totals unasked'],
    ['digest', peer('digest: { username: trunk, password: x }'), 'whoever knows the password of trunk.'],
    [
      'digest and addresses',
      peer('allow: [192.0.2.1], digest: { username: t, password: x }'),
      'from its addresses without',
    ],
    ['an untrusted caller id', peer('allow: [192.0.2.1], trustCallerId: false'), 'the caller is whom From names'],
    ['answersAfter', peer('allow: [192.0.2.1], answersAfter: 20s..22s'), 'an answer 20 s to 22 s after the first ring'],
    ['the guard', peer('allow: [192.0.2.1], carrierVoicemailGuard: 1500ms'), 'within 1.5 s of the INVITE'],
    ['lists of headers', peer('allow: [192.0.2.1], headers: { pass: [] }'), 'about the INVITEs that it gets'],
    ['E.164 without a plan', peer('allow: [192.0.2.1], numberFormat: e164'), 'no peer names one (dialPlan)'],
    ['an owner of its own', peer('allow: [192.0.2.1], voicemail: upstream'), 'its calls have voicemail upstream'],
    ['MWI', { voicemail: '{ mwi: { subscribe: sip:192.0.2.30 } }' }, 'totals are asked for at sip:192.0.2.30'],
    ['events', { voicemail: '{ eventTokenFile: events.token }' }, 'every verdict about voicemail waits up to 90 s'],
    ['a header of BYE', { voicemail: '{ byeHeader: X-Left }' }, 'what x-left in the BYE'],
    ['no word of messages', { voicemail: '{ owner: upstream }' }, 'nothing is asked whether a message was left'],
    ['feature codes', {}, '*56 and *57, called by a number with a mailbox'],
    ['a trace', { trace: '{ maxSize: 2MB }' }, 'at most 2 MB'],
  ] satisfies [string, Sections, string][])('%s', (_name, sections, sentence) => {
    expect(said(sections)).toContain(sentence);
  });

  it('and nothing of what is not set', () => {
    const plain = said({ featureCodes: 'false', peers: '[{ name: pbx, allow: [192.0.2.10], trustReason: false }]' });
    for (const word of ['peer pbx', '*56', 'voicemail.mwi', 'trace:', 'byeHeader']) expect(plain).not.toContain(word);
  });

  it('a token is not told', () => {
    expect(said({ voicemail: '{ eventTokenFile: events.token }' })).not.toContain('0123456789abcdef');
  });

  it('the dial plan of registered phones must be there', () => {
    const loaded = config({ registrar: '{ realm: example.com, dialPlan: Pariss }' });
    expect(unknownDialPlans(loaded, ['Paris'])).toEqual([
      'registrar.dialPlan: policy.yaml has no dial plan "Pariss", so calls from registered phones find no mailbox.',
    ]);
  });
});
