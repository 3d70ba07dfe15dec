import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createVoicemailTargets,
  keepVoicemailParameters,
  MAX_REDIRECTIONS,
  NO_SIGNS,
  observe,
  parseMessageWord,
  voicemailParameters,
  type Found,
  type Signalled,
} from '../../../src/gateway/voicemail/voicemail-signs.ts';

const TARGETS = createVoicemailTargets({
  target: 'sip:voicemail@vm.example:5095',
  targets: ['*97', '5000', 'sip:um.example', 'sip:inbox@um2.example;transport=tcp'],
});

/** What is told of these messages of a leg, in their order. */
function told(...messages: readonly Signalled[]): Found[] {
  let signs = NO_SIGNS;
  return messages.flatMap((message) => {
    const seen = observe(signs, message, TARGETS);
    signs = seen.signs;
    return seen.found;
  });
}

const ringing = (headers: Record<string, string> = {}): Signalled => ({ type: 'provisional', headers });
const answer = (headers: Record<string, string> = {}): Signalled => ({ type: 'answer', headers });
const request = (headers: Record<string, string> = {}): Signalled => ({ type: 'request', headers });
const brief = (found: readonly Found[]): string[] => found.map(({ kind, strength }) => `${kind} ${strength}`);

describe('an address is voicemail', () => {
  it.each([
    ['sip:voicemail@vm.example:5095', 'certain'],
    ['sip:voicemail@VM.example;transport=tcp', 'certain'],
    ['sip:inbox@um2.example:5060', 'certain'],
    // A URI without a user is a whole server.
    ['sip:+33140001001@um.example;user=phone', 'certain'],
    ['sip:um.example:5060', 'certain'],
    ['sip:1001@pbx.example;target=sip%3A1001%40pbx.example;cause=408', 'certain'],
    ['sip:5000@pbx.example', 'strong'],
    ['sip:*97@10.0.0.1:5062', 'strong'],
    ['tel:5000', 'strong'],
    ['sip:voicemail@elsewhere.example', 'strong'],
    ['sip:alice@lync.example;opaque=app:voicemail', 'strong'],
    ['sip:alice@lync.example;gruu;opaque=app:voicemail;x=y', 'strong'],
  ])('%s: %s', (uri, strength) => expect(TARGETS.sign(uri)?.strength).toBe(strength));

  it.each([
    'sip:1001@pbx.example',
    'sip:50001@pbx.example',
    'sip:+335000@pbx.example',
    'sip:vm.example:5095',
    // Another server on the same machine.
    'sip:1001@um.example:5070',
    'sip:1001@pbx.example;cause=408',
    'sip:1001@pbx.example;target=nobody;cause=408',
    'sip:alice@lync.example;opaque=user:epid:abc',
    'sip:alice@lync.example?opaque=app:voicemail',
    'nonsense',
    '',
  ])('but not %s', (uri) => expect(TARGETS.sign(uri)).toBeNull());

  it('and only numbers of these are dialled to listen to messages', () => {
    expect(['voicemail', '*97', '5000', 'inbox'].every((number) => TARGETS.isPilot(number))).toBe(true);
    expect([null, '', '1001', 'um.example'].some((number) => TARGETS.isPilot(number))).toBe(false);
  });

  it('or nothing is, where nothing is configured', () => {
    const none = createVoicemailTargets({ target: null, targets: [] });
    expect(none.sign('sip:voicemail@vm.example')).toBeNull();
    expect(none.isPilot('5000')).toBe(false);
  });
});

describe('who answered is the voicemail system', () => {
  it.each([
    {
      title: 'after a 181 whose Diversion names a voicemail number',
      messages: [ringing({ diversion: '<sip:5000@pbx.example>;reason=no-answer' }), answer()],
      expected: ['voicemail-reached strong'],
    },
    {
      title: 'after a 181 whose Diversion names a whole address',
      messages: [ringing({ Diversion: '<sip:voicemail@vm.example>;reason=no-answer' }), ringing(), answer()],
      expected: ['voicemail-reached certain'],
    },
    {
      title: 'where the last entry of History-Info is a voicemail number',
      messages: [
        answer({
          'history-info':
            '<sip:1001@pbx.example?Reason=SIP%3Bcause%3D486>;index=1, <sip:5000@pbx.example;cause=486>;index=1.1;mp=1',
        }),
      ],
      expected: ['voicemail-reached strong'],
    },
    {
      title: 'where its P-Asserted-Identity is, whatever else it is',
      messages: [ringing(), answer({ 'p-asserted-identity': '"Messages" <sip:5000@pbx.example>, <tel:+331>' })],
      expected: ['voicemail-reached strong'],
    },
    {
      title: 'where its Remote-Party-ID is',
      messages: [answer({ 'remote-party-id': '<sip:*97@pbx.example>;party=called' })],
      expected: ['voicemail-reached strong'],
    },
    {
      title: 'where its Contact is',
      messages: [answer({ contact: '<sip:1001@um.example:5060;transport=tcp>' })],
      expected: ['voicemail-reached strong'],
    },
    {
      title: 'once a later UPDATE says so',
      messages: [
        ringing({ server: 'Phone 1' }),
        answer({ server: 'Phone 1' }),
        request({ 'p-asserted-identity': '<sip:5000@pbx>' }),
      ],
      expected: ['voicemail-reached strong'],
    },
    {
      title: 'where it calls itself so, and something else rang',
      messages: [ringing({ server: 'PBX 4.2' }), answer({ server: 'RTCC/5.0.0.0 MSExchangeUM/15.00' })],
      expected: ['voicemail-reached weak'],
    },
    {
      title: 'weakly first, and more strongly later: each strength is told once',
      messages: [
        ringing(),
        answer({ server: 'Cisco Unity Connection' }),
        request({ 'user-agent': 'Cisco Unity Connection', contact: '<sip:5000@pbx.example>' }),
        request({ contact: '<sip:5000@pbx.example>' }),
        request({ 'user-agent': 'Cisco Unity Connection' }),
        request({ 'history-info': '<sip:voicemail@vm.example>;index=1' }),
      ],
      expected: ['voicemail-reached weak', 'voicemail-reached strong', 'voicemail-reached certain'],
    },
  ])('$title', ({ messages, expected }) => expect(brief(told(...messages))).toEqual(expected));
});

describe('nothing says so', () => {
  it.each([
    { title: 'before anybody answers', messages: [ringing({ diversion: '<sip:voicemail@vm.example>' })] },
    {
      title: 'of an ordinary answer',
      messages: [ringing(), answer({ contact: '<sip:1001@10.0.0.9>', server: 'PBX' })],
    },
    {
      title: 'where the same software rang',
      messages: [ringing({ server: 'Exchange' }), answer({ server: 'Exchange' })],
    },
    { title: 'where nothing rang before it', messages: [answer({ server: 'Unity Connection' })] },
    { title: 'of software that only sounds like it', messages: [ringing(), answer({ server: 'Album Summit/1.0' })] },
    {
      title: 'where the call went on from voicemail to somebody',
      messages: [
        ringing({ 'history-info': '<sip:5000@pbx.example>;index=1' }),
        answer({ 'history-info': '<sip:5000@pbx.example>;index=1, <sip:operator@pbx.example>;index=1.1;rc=1' }),
      ],
    },
  ])('$title', ({ messages }) => expect(told(...messages)).toEqual([]));
});

describe('a redirection to somebody else', () => {
  it('is told in words, once, and says nothing of voicemail', () => {
    const diverted = ringing({ diversion: '<sip:1001@pbx.example>;reason=user-busy' });
    expect(told(diverted, diverted, answer())).toEqual([
      { kind: 'redirected', strength: 'strong', detail: 'sip:1001@pbx.example diverted the call (user-busy)' },
    ]);
    const mapped = '<sip:1001@pbx.example>;index=1, <sip:1002@pbx.example>;index=1.1;mp=1';
    expect(told(answer({ 'history-info': mapped }))).toEqual([
      { kind: 'redirected', strength: 'strong', detail: 'the call went on to sip:1002@pbx.example' },
    ]);
  });

  it('is told no more often than a person would read', () => {
    const many = Array.from({ length: 50 }, (_, n) => ringing({ diversion: `<sip:${n}@pbx.example>` }));
    expect(told(...many)).toHaveLength(MAX_REDIRECTIONS);
  });

  it('to a contact of the same user is none', () => {
    const own = '<sip:1001@pbx.example>;index=1, <sip:1001@10.0.0.9>;index=1.1;rc=1';
    expect(told(answer({ 'history-info': own }))).toEqual([]);
  });
});

describe('a voicemail system’s word at the end', () => {
  it.each([
    ['yes', 'voicemail-left'],
    [' TRUE ', 'voicemail-left'],
    ['no', 'voicemail-none'],
    ['none', 'voicemail-none'],
    ['blank', 'voicemail-blank'],
    ['12', 'voicemail-left'],
    ['3', 'voicemail-left'],
    ['2.5', 'voicemail-blank'],
    ['0', 'voicemail-none'],
    ['maybe', undefined],
    ['-1', undefined],
    ['999999', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %s', (value, kind) => expect(parseMessageWord(value, 3_000)?.kind).toBe(kind));
});

describe('RFC 4458', () => {
  it.each([
    ['sip:vm@um.example;target=sip:1001%40pbx.example;cause=486', 'sip:1001@pbx.example', 'user-busy'],
    ['sip:vm@um.example;cause=408;target=tel%3A%2B33140001001', 'tel:+33140001001', 'no-answer'],
    ['sip:vm@um.example;target=sip:1001@pbx.example;cause=302', 'sip:1001@pbx.example', 'unconditional'],
    ['sip:vm@um.example;target=sip:1001@pbx.example;cause=999', 'sip:1001@pbx.example', 'unknown'],
  ])('%s: the voicemail of %s, %s', (uri, target, reason) => {
    expect(voicemailParameters(uri)).toEqual({ target, reason });
  });

  it('what the voicemail system was told goes on to it, and nothing else does', () => {
    const dialled = 'sip:vm@gw.example;transport=tls;target=sip:1001%40pbx;cause=486;opaque=app:voicemail;x=y';
    expect(keepVoicemailParameters('sip:vm@um.example;transport=tcp', dialled)).toBe(
      'sip:vm@um.example;transport=tcp;target=sip:1001%40pbx;cause=486;opaque=app:voicemail',
    );
    expect(keepVoicemailParameters('sip:vm@um;cause=404', 'sip:vm@gw;cause=486')).toBe('sip:vm@um;cause=404');
    expect(keepVoicemailParameters('sip:vm@um', 'sip:vm@gw')).toBe('sip:vm@um');
  });
});

describe('hostile signalling', () => {
  it('is read without an error, and told in one short line of text', () => {
    const uri = fc.constantFrom(
      '<sip:5000@pbx>',
      '<sip:voicemail@vm.example',
      '"',
      '<sip:%E0%A4%A@x;target=%;cause=408>',
      '\u0000',
    );
    const value = fc
      .array(fc.oneof(uri, fc.string({ unit: 'binary' }), fc.constantFrom(',', ';reason=', ';mp=1')))
      .map((parts) => parts.join(''));
    const headers = fc.dictionary(
      fc.constantFrom('diversion', 'history-info', 'p-asserted-identity', 'remote-party-id', 'contact', 'server'),
      value,
    );
    const message = fc.record({ type: fc.constantFrom('provisional', 'answer', 'request'), headers });
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        for (const { detail } of told(...(messages as Signalled[]))) {
          expect(detail.length).toBeLessThan(300);
          expect(detail).not.toMatch(/\p{Cc}/u);
        }
      }),
    );
  });
});
