import { describe, expect, it } from 'vitest';
import { classify, advance, newCall, type CallEvent, type Reason } from '../../../src/call/index.ts';
import { diversionHeaders, singleDiversion } from '../../../src/gateway/message/diversion.ts';
import { diversionCause, failsOver, finalAnswer, type Asked, type Failure } from '../../../src/gateway/hunt/outcome.ts';

function final(
  status: number,
  options: { readonly rang?: boolean; readonly reasons?: readonly Reason[] } = {},
): Failure {
  const { rang = false, reasons = [] } = options;
  const headers = { server: 'x', contact: '<sip:a@b>' };
  return { kind: 'final', status, phrase: 'Because', headers, reasons, rang, alerted: rang };
}

const BUSY = { reason: 'user-busy', cause: 486 } as const;
const timedOut: Failure = { kind: 'timed-out', rang: true, alerted: true };
const dead: Failure = { kind: 'failed', failure: 'transport', sent: true, rang: false, alerted: false };
const silent: Failure = { ...dead, failure: 'timeout' };

describe('failover', () => {
  it.each([
    [dead, true],
    [silent, true],
    [final(503), true],
    [final(503, { rang: true }), false],
    [{ ...silent, alerted: true }, false],
    [final(500), false],
    [final(408), false],
    [final(486), false],
    [final(603), false],
    [timedOut, false],
  ])('of %j: %s', (failure, expected) => {
    expect(failsOver(failure)).toBe(expected);
  });
});

describe('what the caller gets', () => {
  it.each([
    [timedOut, 480],
    [dead, 503],
    [final(486), 486],
    [final(487), 480],
    [final(503), 500],
    [final(302), 480],
    [final(401), 403],
    [final(407), 403],
    [final(404), 404],
    [final(606), 606],
  ])('for %j: %i', (failure, status) => {
    expect(finalAnswer(failure).status).toBe(status);
  });

  it.each([
    [420, 'Unsupported', 'replaces'],
    [421, 'Require', 'precondition'],
    [422, 'Min-SE', '600'],
  ])('keeps of a %i what %s says, and of no other response', (status, name, value) => {
    const headers = { [name]: value };
    expect(finalAnswer({ ...final(status), headers } as Failure)).toMatchObject({
      status,
      headers: { [name.toLowerCase()]: value },
    });
    expect(finalAnswer({ ...final(488), headers } as Failure).headers).toEqual({});
  });

  it('keeps the words of a final that passes, without its Contact', () => {
    expect(finalAnswer(final(486))).toEqual({ status: 486, phrase: 'Because', headers: { server: 'x' } });
  });
});

describe('diversion to voicemail', () => {
  const VOICEMAIL = { owner: 'gateway', greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: 90_000 } as const;

  /** What the table of verdicts says of one phone that ended so. */
  function verdictOf(failure: Failure, hasMailbox: boolean): string {
    const leg = 'leg-1';
    const events: CallEvent[] = [
      { type: 'caller-invited', at: 0, caller: 'caller', returned: false },
      { type: 'leg-invited', at: 0, leg, caller: 'caller', kind: 'phone', target: 'sip:x' },
    ];
    if (failure.rang) events.push({ type: 'leg-provisional', at: 1, leg, status: 180, sdp: false });
    if (failure.kind === 'timed-out') events.push({ type: 'leg-timed-out', at: 2, leg });
    else if (failure.kind === 'failed') events.push({ type: 'leg-failed', at: 2, leg, failure: failure.failure });
    else events.push({ type: 'leg-final', at: 2, leg, status: failure.status, reasons: failure.reasons });
    const state = events.reduce(advance, newCall({ voicemailAccess: false }));
    return (
      classify({ state, evidence: [], endedAt: 3, hasMailbox }, { voicemail: VOICEMAIL }, { settled: true }).outcome ??
      ''
    );
  }

  const reasons: Reason[][] = [
    [],
    ...[3, 16, 17, 18, 19, 20, 21, 27, 28, 38].map((cause): Reason[] => [{ protocol: 'Q.850', cause }]),
  ];
  const failures: Failure[] = [timedOut, dead, { ...dead, failure: 'timeout' }, { ...dead, rang: true, alerted: true }];
  for (let status = 300; status < 700; status += 1) {
    for (const because of reasons) {
      failures.push(final(status, { reasons: because }), final(status, { reasons: because, rang: true }));
    }
  }

  it('happens to every call that the verdict calls missed, and to no other', () => {
    for (const failure of failures) {
      for (const hasMailbox of [true, false]) {
        const diverted = diversionCause([{ failure, mailbox: null }], hasMailbox) !== null;
        expect({ failure, hasMailbox, diverted }).toEqual({
          failure,
          hasMailbox,
          diverted: verdictOf(failure, hasMailbox) === 'missed',
        });
      }
    }
  });

  const of = (failure: Failure): Asked[] => [{ failure, mailbox: null }];

  it('lets one member of a group speak for no other', () => {
    const declined = { failure: final(607), mailbox: 'alice' };
    const rangOut = { failure: timedOut, mailbox: 'bob' };
    expect(diversionCause([declined, rangOut], true)).toMatchObject({ reason: 'no-answer' });
    expect(diversionCause([declined, { ...rangOut, mailbox: 'alice' }], true)).toBeNull();
  });

  it('asks nothing of those in whose place another was rung, but whether they rang', () => {
    expect(diversionCause(of(final(484)), true, [final(503)])).toBeNull();
    expect(diversionCause(of(final(488)), true, [dead])).toBeNull();
    expect(diversionCause(of(final(404)), false, [final(302, { rang: true })])).toMatchObject({ reason: 'no-answer' });
  });

  it('says why in RFC 5806 words', () => {
    expect(diversionCause(of(timedOut), true)).toMatchObject({ reason: 'no-answer', cause: 408 });
    expect(diversionCause(of(final(486)), true)).toMatchObject({ reason: 'user-busy', cause: 486 });
    expect(diversionCause(of(dead), true)).toMatchObject({ reason: 'unavailable' });
  });

  it('builds on the History-Info that came in', () => {
    const calledUri = 'sip:1001@gw;user=phone?x=y';
    const headers = diversionHeaders({
      incoming: { 'history-info': '<sip:0800@x>;index=1, <sip:1001@gw>;index=1.2;rc=1', Diversion: '<sip:0800@x>' },
      calledUri,
      target: 'sip:vm@host;transport=tcp',
      diversions: [{ by: calledUri, why: BUSY }],
      only: calledUri,
    });
    expect(headers).toEqual({
      Diversion: '<sip:1001@gw>;reason=user-busy',
      'history-info':
        '<sip:0800@x>;index=1, <sip:1001@gw?Reason=SIP%3Bcause%3D486>;index=1.2;rc=1, ' +
        '<sip:vm@host;transport=tcp;cause=486>;index=1.2.1;mp=1.2',
    });
  });

  it('never puts anything into the header that could end it', () => {
    const by = 'sip:a>;evil=1@x';
    const call = { incoming: {}, calledUri: by, target: 'sip:vm@x', diversions: [{ by, why: BUSY }] } as const;
    for (const only of [by, null]) {
      const headers = diversionHeaders({ ...call, only });
      expect(headers['Diversion']).toBe('<sip:unknown@unknown.invalid>;reason=user-busy');
      expect(headers['history-info']).not.toContain('evil');
    }
  });

  it('passes one of several Diversions on: the called user’s, or the latest', () => {
    const incoming = { Diversion: '<sip:2@x>;reason=no-answer;counter=2, "Al" <sip:1@x>;reason="bad reason"' };
    expect(singleDiversion(incoming, 'sip:1@x')).toEqual({ Diversion: '<sip:1@x>;reason=unknown' });
    expect(singleDiversion(incoming, 'sip:9@x')).toEqual({ Diversion: '<sip:2@x>;reason=no-answer' });
    expect(singleDiversion({}, 'sip:9@x')).toEqual({});
  });
});
