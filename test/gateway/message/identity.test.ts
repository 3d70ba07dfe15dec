import { describe, expect, it } from 'vitest';
import { calledOf, callerOf, voicemailAccessOf, redirectedTo } from '../../../src/gateway/message/identity.ts';
import { LOCAL_PEER, policyOf } from '../support.ts';

describe('the caller', () => {
  it.each([
    {
      title: 'is From where a peer asserts nothing',
      headers: { from: '"Bob B" <sip:2001@x>;tag=1' },
      party: { number: '2001', uri: 'sip:2001@x', displayName: 'Bob B', hidden: false },
    },
    {
      title: 'is P-Asserted-Identity before From',
      headers: { from: '<sip:0000@x>', 'p-asserted-identity': '"Bob" <sip:+3311@x>, <tel:+3311>' },
      party: { number: '+3311', uri: 'sip:+3311@x', displayName: 'Bob', hidden: false },
    },
    {
      title: 'is hidden by Privacy: id',
      headers: { from: '<sip:2001@x>', privacy: 'critical;ID' },
      party: { number: '2001', hidden: true },
    },
    {
      title: 'is not hidden by Privacy: none',
      headers: { from: '<sip:2001@x>', privacy: 'none' },
      party: { hidden: false },
    },
    {
      title: 'is hidden by an anonymous From, also where it is asserted',
      headers: {
        from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
        'p-asserted-identity': '<sip:+3311@x>',
      },
      party: { number: '+3311', hidden: true },
    },
    {
      title: 'has no number where From is anonymous and nothing asserted',
      headers: { from: '<sip:anonymous@pbx>' },
      party: { number: null, hidden: true },
    },
    { title: 'is nobody where From cannot be read', headers: { from: 'x' }, party: { number: null, hidden: true } },
  ])('$title', ({ headers, party }) => {
    expect(callerOf(headers)).toMatchObject(party);
  });
});

describe('the called user', () => {
  const policy = policyOf();
  const called = (uri: string, headers: Record<string, string> = {}, peer: Partial<typeof LOCAL_PEER> = {}) =>
    calledOf({ uri, headers }, { ...LOCAL_PEER, ...peer }, policy);

  it('is the Request-URI’s number', () => {
    expect(called('sip:1001@gw')).toMatchObject({ number: '1001', dialled: '1001', diverted: false });
    expect(called('sip:1001@gw').mailbox?.identity).toBe('alice');
    expect(called('sip:+33140001002@gw;user=phone').mailbox?.identity).toBe('bob');
    expect(called('sip:alice@example.com').mailbox?.identity).toBe('alice');
    expect(called('sip:+4412341001@gw').mailbox).toBeNull();
  });

  it('is where calledFrom says', () => {
    const headers = { to: '<sip:1001@gw>', 'P-Called-Party-ID': '<sip:1002@gw>;x=1' };
    expect(called('sip:trunk@gw', headers, { calledFrom: 'to' }).number).toBe('1001');
    expect(called('sip:trunk@gw', headers, { calledFrom: 'p-called-party-id' }).number).toBe('1002');
    expect(called('sip:trunk@gw', {}, { calledFrom: 'p-called-party-id' }).number).toBe('trunk');
  });

  it('is the oldest diverting number that has a mailbox', () => {
    const diversion = '<sip:1002@x>;reason=no-answer, <sip:1001@x>;reason=unconditional, <sip:0800@x>';
    expect(called('sip:vm@gw', { Diversion: diversion })).toMatchObject({
      number: '1001',
      dialled: 'vm',
      divertedBy: 'Diversion',
      diverted: true,
    });
    const history = '<sip:0800@x>;index=1, <sip:1001@x?Reason=SIP%3Bcause%3D302>;index=1.1, <sip:vm@x>;index=1.1.1';
    expect(called('sip:vm@gw', { 'history-info': history })).toMatchObject({
      number: '1001',
      divertedBy: 'History-Info',
    });
  });

  it('is the number dialled where no diverting number has a mailbox, or History-Info names the target only', () => {
    expect(called('sip:1001@gw', { Diversion: '<sip:9999@x>' })).toMatchObject({ number: '1001', diverted: true });
    expect(called('sip:1001@gw', { 'history-info': '<sip:1001@x>;index=1' })).toMatchObject({ diverted: false });
  });

  const TO_DEVICE = '<sip:1001@x>;index=1, <sip:desk@x>;index=1.1;rc=1';
  it.each([
    ['leads to another address of the same user (rc)', 'sip:desk@gw', TO_DEVICE, null],
    ['is passed on as it was (np)', 'sip:1002@gw', '<sip:1001@x>;index=1, <sip:1002@x>;index=1.1;np=1', null],
    ['names the same user part', 'sip:1001@gw', '<sip:1001@x>;index=1, <sip:1001@gw>;index=1.1;mp=1', null],
    ['leads to another user (mp)', 'sip:vm@gw', '<sip:1001@x>;index=1, <sip:vm@x>;index=1.1;mp=1', '1001'],
    [
      'says why in the old target',
      'sip:vm@gw',
      '<sip:1001@x?Reason=SIP%3Bcause%3D302>;index=1, <sip:vm@x>;index=1.1;rc=1',
      '1001',
    ],
    ['says why in the new target', 'sip:vm@gw', '<sip:1001@x>;index=1, <sip:vm@x;cause=408>;index=1.1;rc=1', '1001'],
    ['does not say how (RFC 4244)', 'sip:vm@gw', '<sip:1001@x>;index=1, <sip:vm@x>;index=1.1', '1001'],
    [
      'leads to a device, and from there to another user',
      'sip:vm@gw',
      `${TO_DEVICE}, <sip:vm@x>;index=1.1.1;mp=1.1`,
      '1001',
    ],
  ])('is whom a History-Info diverted the call from: one that %s', (_what, uri, history, number) => {
    expect(called(uri, { 'history-info': history })).toMatchObject(
      number === null ? { diverted: false, divertedBy: null } : { number, diverted: true, divertedBy: 'History-Info' },
    );
  });

  it('is nobody’s where two plans have the number', () => {
    expect(called('sip:1003@gw')).toMatchObject({ mailbox: null, ambiguous: [{}, {}] });
    expect(called('sip:1003@gw', {}, { dialPlan: 'Lyon' }).mailbox?.identity).toBe('claire');
  });
});

describe('somebody listens to messages', () => {
  const policy = policyOf();
  const access = (uri: string, from: string, headers: Record<string, string> = {}) =>
    voicemailAccessOf(calledOf({ uri, headers }, LOCAL_PEER, policy), callerOf({ from }), 'voicemail', {
      policy,
      dialPlan: undefined,
      isPeer: (of) => of.includes('@pbx'),
    }) !== null;

  it.each([
    ['the pilot number', 'sip:voicemail@gw', '<sip:2001@x>', {}, true],
    ['the pilot number, diverted', 'sip:voicemail@gw', '<sip:2001@x>', { Diversion: '<sip:1001@x>' }, false],
    ['the own number', 'sip:1001@gw', '<sip:+33140001001@x>', {}, true],
    ['the own extension at a peer', 'sip:1001@gw', '<sip:1001@pbx>', {}, true],
    ['the own extension in the domain that was called', 'sip:1001@gw', '<sip:1001@gw>', {}, true],
    ['the same digits of somebody elsewhere', 'sip:1001@gw', '<sip:1001@elsewhere.example>', {}, false],
    ['another number', 'sip:1001@gw', '<sip:1002@x>', {}, false],
    ['an unknown caller', 'sip:1001@gw', '<sip:anonymous@anonymous.invalid>', {}, false],
  ] as const)('%s', (_title, uri, from, headers, expected) => {
    expect(access(uri, from, headers)).toBe(expected);
  });
});

describe('redirectedTo', () => {
  it.each([
    ['<sip:1002@x>', '1002'],
    ['<sip:1@x>;q=0.1, <sip:2@x>;q=0.9', '2'],
    ['<sip:x>, <tel:+33-1>', '+331'],
    ['<sip:host-only>', null],
    [undefined, null],
  ])('%s is %s', (contact, number) => {
    expect(redirectedTo(contact)?.number ?? null).toBe(number);
  });
});
