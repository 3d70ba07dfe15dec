import { describe, expect, it } from 'vitest';
import { createHopPeers } from '../../../src/gateway/hops/hop-peers.ts';
import type { Failure } from '../../../src/gateway/hunt/outcome.ts';
import { createPeerTable } from '../../../src/gateway/access/peers.ts';
import { demandsOf, trunkInvite, type TrunkFacts } from '../../../src/gateway/message/trunk.ts';
import type { Peer } from '../../../src/gateway/index.ts';
import { LOCAL_PEER } from '../support.ts';

const FACTS: TrunkFacts = {
  trunk: null,
  demanded: null,
  incoming: {},
  calledUri: 'sip:1001@pbx',
  hop: { uri: 'sip:192.0.2.20' },
  hasOffer: true,
  toE164: () => null,
};
const NEEDED = {
  from: '<sip:1@a>',
  to: '<sip:2@b>',
  'max-forwards': '69',
  'content-type': 'application/sdp',
  'X-MCG-Call': 'c',
};

function sent(
  settings: Partial<Peer>,
  headers: Record<string, string> = {},
  facts: Partial<TrunkFacts> = {},
  uri = 'sip:1001@192.0.2.20',
) {
  const invite = { uri, headers: { ...NEEDED, ...headers } };
  return trunkInvite(invite, { ...FACTS, trunk: { ...LOCAL_PEER, ...settings }, ...facts });
}

describe('an INVITE towards a peer', () => {
  it('is as it came where the peer wants nothing else', () => {
    const headers = { 'X-Customer': '7', Diversion: '<sip:a@b>', 'history-info': '<sip:a@b>;index=1' };
    expect(sent({}, headers)).toEqual({ uri: 'sip:1001@192.0.2.20', headers: { ...NEEDED, ...headers } });
  });

  it('carries of extension headers only those that pass, and P-Asserted-Identity', () => {
    const headers = {
      'X-Customer': '7',
      'X-Other': '8',
      'P-Charging-Vector': 'v',
      'P-Asserted-Identity': '<sip:1@a>',
      Subject: 's',
    };
    expect(sent({ headers: { pass: ['x-customer'], drop: [] } }, headers).headers).toEqual({
      ...NEEDED,
      'X-Customer': '7',
      'P-Asserted-Identity': '<sip:1@a>',
      Subject: 's',
    });
    expect(sent({ headers: { pass: [], drop: [] } }, headers).headers).not.toHaveProperty('X-Customer');
  });

  it('carries none of those that are dropped, whatever passes; but what an INVITE needs stays', () => {
    const drop = [
      'p-asserted-identity',
      'subject',
      'x-customer',
      'from',
      'to',
      'max-forwards',
      'content-type',
      'x-mcg-call',
    ];
    const headers = { 'X-Customer': '7', 'P-Asserted-Identity': '<sip:1@a>', Subject: 's' };
    expect(sent({ headers: { pass: ['x-customer'], drop } }, headers).headers).toEqual(NEEDED);
  });

  const two = {
    Diversion: '<sip:9@x>;reason=unconditional, <sip:1001@pbx>;reason=no-answer',
    'history-info': '<sip:9@x>;index=1',
  };
  it.each([
    ['all', two, two],
    ['single', two, { Diversion: '<sip:1001@pbx>;reason=no-answer' }],
    ['single', { Diversion: '<tel:10001>;reason=no-answer' }, { Diversion: '<tel:10001>;reason=no-answer' }],
    ['single', {}, {}],
    ['none', two, {}],
  ] as const)('tells who diverted it: %s', (diversion, headers, told) => {
    expect(sent({ diversion }, headers, { incoming: headers }).headers).toEqual({ ...NEEDED, ...told });
  });

  it('tells Exchange UM by one Diversion whose voicemail RFC 4458 asks for', () => {
    const uri = 'sip:voicemail@um.example;target=sip:1001%40pbx.example;cause=486';
    const told = (peer: Partial<Peer>, headers = {}) => sent(peer, headers, {}, uri).headers['Diversion'];
    expect(told({ diversion: 'single' })).toBe('<sip:1001@pbx.example>;reason=user-busy');
    expect(told({ diversion: 'single' }, { Diversion: '<sip:9@x>;reason=away' })).toBe('<sip:9@x>;reason=away');
    expect(told({ diversion: 'all' })).toBeUndefined();
    expect(told({ diversion: 'none' })).toBeUndefined();
  });

  it.each([
    ['off', true, {}],
    ['supported', true, { supported: '100rel' }],
    ['required', true, { supported: '100rel', require: '100rel' }],
    ['required', false, {}],
  ] as const)('asks for reliable provisional responses: %s, offer %s', (reliableProvisional, hasOffer, asked) => {
    expect(sent({ reliableProvisional }, {}, { hasOffer }).headers).toEqual({ ...NEEDED, ...asked });
  });

  it('asks for a session timer in seconds, beside what is supported already', () => {
    expect(sent({ sessionExpiresMs: 1_800_000 }, { supported: 'histinfo' }).headers).toEqual({
      ...NEEDED,
      supported: 'histinfo, timer',
      'session-expires': '1800',
    });
  });

  it('has its numbers in the peer’s style: called, caller, asserted', () => {
    const toE164 = (number: string): string => `+33${number}`;
    const headers = { from: '"A" <sip:1002@a>', to: '<sip:1001@b>', 'P-Asserted-Identity': '<sip:1002@a>' };
    expect(sent({ numberFormat: 'e164', userPhone: true }, headers, { toE164 })).toMatchObject({
      uri: 'sip:+331001@192.0.2.20;user=phone',
      headers: {
        from: '"A" <sip:+331002@a;user=phone>',
        to: '<sip:+331001@b;user=phone>',
        'P-Asserted-Identity': '<sip:+331002@a;user=phone>',
      },
    });
    expect(sent({ numberFormat: 'as-dialled' }, headers, { toE164 }).uri).toBe('sip:1001@192.0.2.20');
  });

  it('a hop that names a user is dialled as it stands', () => {
    const fixed = sent({ userPhone: true }, {}, { hop: { uri: 'sip:1001@192.0.2.20' } });
    expect(fixed.uri).toBe('sip:1001@192.0.2.20');
  });
});

describe('what a next hop insists on', () => {
  const final = (status: number, headers: Record<string, string>): Failure => ({
    kind: 'final',
    status,
    phrase: '',
    headers,
    reasons: [],
    rang: false,
    alerted: false,
  });

  it.each([
    [
      '421 with what the engine can do',
      final(421, { require: '100rel' }),
      { options: ['100rel'], minSessionSeconds: null },
    ],
    ['421 with something else', final(421, { require: 'foo' }), null],
    ['422 with its shortest session', final(422, { 'min-se': '600;x=y' }), { options: [], minSessionSeconds: 600 }],
    ['422 without', final(422, {}), null],
    ['422 with nonsense', final(422, { 'min-se': 'soon' }), null],
    ['another failure', final(486, { 'min-se': '600' }), null],
  ])('%s', (_name, failure, demands) => {
    expect(demandsOf(failure)).toEqual(demands);
  });

  it('it gets, also where it is nobody’s peer', () => {
    const demanded = { options: ['100rel'], minSessionSeconds: 600 };
    expect(trunkInvite({ uri: 'sip:1@h', headers: NEEDED }, { ...FACTS, demanded }).headers).toEqual({
      ...NEEDED,
      supported: '100rel',
      'session-expires': '600',
      'min-se': '600',
    });
  });
});

describe('whether a URI that a peer named leads to that peer', () => {
  const um: Peer = { ...LOCAL_PEER, name: 'um', allow: ['192.0.2.0/28'] };
  const other: Peer = { ...LOCAL_PEER, name: 'other', allow: ['198.51.100.1'] };
  const names: Readonly<Record<string, readonly string[]>> = {
    'um1.example': ['192.0.2.1', '192.0.2.2'],
    'half.example': ['192.0.2.1', '198.51.100.1'],
    'other.example': ['198.51.100.1'],
    'none.example': [],
  };
  const hops = createHopPeers([], createPeerTable([um, other]), async (host) => {
    const found = names[host];
    if (found === undefined) throw new Error('ENOTFOUND');
    return found;
  });

  it.each([
    ['sip:1001@192.0.2.7:5065;transport=tcp', true],
    ['sip:192.0.2.77', false],
    ['sip:198.51.100.1', false],
    ['sip:UM1.example:5066', true],
    ['sip:half.example', false],
    ['sip:other.example', false],
    ['sip:none.example', false],
    ['sip:unknown.example', false],
    ['tel:+331', false],
    ['mailto:a@b', false],
  ])('%s: %s', async (uri, leads) => {
    expect(await hops.leadsTo(uri, um)).toBe(leads);
  });

  it('a peer is found by its name', () => {
    expect(createPeerTable([um, other]).named('other')).toBe(other);
    expect(createPeerTable([um, other]).named('toString')).toBeNull();
  });
});
