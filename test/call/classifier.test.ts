import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  classify,
  evidenceOf,
  EVIDENCE_KINDS,
  judgeInterrupted,
  newCall,
  rangMs,
  type CallEvent,
  type CallState,
  type EndedCall,
  type Evidence,
  type EvidenceKind,
  type Reason,
  type VerdictSettings,
} from '../../src/call/index.ts';
import { ended, oneCall, START, story } from '../support/call-events.ts';

type Owner = VerdictSettings['voicemail']['owner'];

function settings(owner: Owner = 'none'): VerdictSettings {
  return { voicemail: { owner, greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: 90_000 } };
}

const sip = (cause: number): Reason[] => [{ protocol: 'SIP', cause }];
const q850 = (cause: number): Reason[] => [{ protocol: 'Q.850', cause }];
const seen = (kind: EvidenceKind): Evidence[] => [
  { at: START, kind, source: 'voicemail', strength: 'strong', detail: 'seen by the test' },
];
const diverted = (endsAfterSeconds: number) =>
  oneCall()
    .rings(1)
    .timesOut(20)
    .invites(20, 'leg-2', { kind: 'voicemail' })
    .answers(21, 'leg-2')
    .relayed(21, 'leg-2')
    .byes(21 + endsAfterSeconds, 'leg-2');

/** `outcome / cause / reason of the default decision`. */
type Expected = string;

function spoken(call: EndedCall, owner: Owner = 'none', settled = false): Expected {
  const verdict = classify(call, settings(owner), { settled });
  return verdict.outcome === null
    ? `pending ${(verdict.pendingUntil - call.endedAt) / 1_000} s`
    : `${verdict.outcome} / ${verdict.cause} / ${verdict.reason}`;
}

const MISSED = (cause: string): Expected => `missed / ${cause} / missed`;
const ANSWERED = 'answered / null / answered';
const ELSEWHERE = 'elsewhere / null / answered-elsewhere';
const REJECTED = 'rejected / null / rejected';
const FAILED = 'failed / null / not-rung';

describe('the verdict table, line by line', () => {
  const rows: [string, EndedCall, Expected, Owner?, boolean?][] = [
    ['a phone answered', ended(oneCall().rings(1).answers(5).relayed(5).byes(60)), ANSWERED],
    ['our 200 left before the CANCEL arrived', ended(oneCall().rings(1).answers(5).relayed(5).cancels(5.01)), ANSWERED],
    [
      'the second of two phones answered',
      ended(oneCall().final(1, 503).invites(1, 'leg-2').answers(3, 'leg-2').relayed(3, 'leg-2')),
      ANSWERED,
    ],
    [
      'one inbound leg answered silences another that was cancelled',
      ended(
        oneCall().rings(1).caller(0, 'caller-2').answers(4).relayed(4).cancels(4, sip(200), { caller: 'caller-2' }),
      ),
      ANSWERED,
    ],
    [
      'pickup: another phone takes a call that rings (Replaces of an early dialog)',
      ended(
        oneCall()
          .rings(1)
          .invites(5, 'leg-2')
          .answers(5, 'leg-2')
          .relayed(5, 'leg-2')
          .final(5.1, 487)
          .byes(60, 'leg-2'),
      ),
      ANSWERED,
    ],
    [
      'attended transfer: another phone takes an answered call over (Replaces)',
      ended(oneCall().answers(2).relayed(2).invites(9, 'leg-2').answers(9, 'leg-2').relayed(9, 'leg-2').byes(9.1)),
      ANSWERED,
    ],
    [
      'transfer: the target answers',
      ended(
        oneCall()
          .answers(2)
          .relayed(2)
          .invites(9, 'leg-2')
          .rings(10, 'leg-2')
          .answers(12, 'leg-2')
          .relayed(12, 'leg-2'),
      ),
      ANSWERED,
    ],
    [
      'transfer: the target does not answer, but somebody had',
      ended(
        oneCall().answers(2).relayed(2).invites(9, 'leg-2').rings(10, 'leg-2').final(30, 486, [], 'leg-2').byes(31),
      ),
      ANSWERED,
    ],
    [
      'a voicemail system hands the caller to somebody, who answers',
      ended(
        diverted(6).invites(24, 'leg-3').rings(25, 'leg-3').answers(26, 'leg-3').relayed(26, 'leg-3').byes(60, 'leg-3'),
      ),
      ANSWERED,
      'gateway',
    ],
    [
      'a voicemail system hands the caller to somebody, who does not answer',
      ended(diverted(6).invites(24, 'leg-3').rings(25, 'leg-3').final(27, 480, [], 'leg-3')),
      MISSED('voicemail-abandoned'),
      'gateway',
    ],
    [
      'park: somebody answered and parked it, another phone retrieves it',
      ended(
        oneCall()
          .rings(1)
          .answers(5)
          .relayed(5)
          .byes(9, 'leg-1', 'callee')
          .invites(40, 'leg-2')
          .answers(40, 'leg-2')
          .relayed(40, 'leg-2')
          .byes(80, 'leg-2'),
      ),
      ANSWERED,
    ],
    [
      'park: nobody retrieves it, but somebody had answered',
      ended(oneCall().rings(1).answers(5).relayed(5).byes(9, 'leg-1', 'callee')),
      ANSWERED,
    ],
    ['a leg answered but the CANCEL won', ended(oneCall().rings(1).cancels(5).answers(5.01)), MISSED('caller-hung-up')],
    ['CANCEL with Reason SIP 200 from a trusted peer', ended(oneCall().rings(1).cancels(5, sip(200))), ELSEWHERE],
    ['CANCEL with Reason Q.850 26 from a trusted peer', ended(oneCall().rings(1).cancels(5, q850(26))), ELSEWHERE],
    [
      'the same from a peer without trustReason',
      ended(oneCall().rings(1).cancels(5, sip(200), { trusted: false })),
      MISSED('caller-hung-up'),
    ],
    [
      'contradicted: two legs here, both cancelled so, none answered',
      ended(oneCall().rings(1).caller(0, 'caller-2').cancels(5, sip(200)).cancels(5, sip(200), { caller: 'caller-2' })),
      MISSED('caller-hung-up'),
    ],
    [
      'not contradicted by our own leg that came back',
      ended(
        oneCall()
          .rings(1)
          .caller(0, 'caller-2', true)
          .cancels(5, sip(200))
          .cancels(5, sip(200), { caller: 'caller-2' }),
      ),
      ELSEWHERE,
    ],
    [
      'not contradicted where only one of two was cancelled so',
      ended(
        oneCall()
          .rings(1)
          .final(3, 486)
          .caller(0, 'caller-2')
          .invites(0, 'leg-2', { caller: 'caller-2' })
          .cancels(5, sip(200), { caller: 'caller-2' }),
      ),
      ELSEWHERE,
    ],
    ['CANCEL with Reason SIP 486', ended(oneCall().rings(1).cancels(5, sip(486))), MISSED('busy')],
    ['CANCEL with Reason SIP 600', ended(oneCall().rings(1).cancels(5, sip(600))), MISSED('busy')],
    ['CANCEL with Reason SIP 603', ended(oneCall().rings(1).cancels(5, sip(603))), MISSED('declined')],
    ...[486, 600, 603].map((cause): [string, EndedCall, Expected] => [
      `CANCEL with Reason SIP ${cause} from a peer without trustReason is an ordinary hang-up`,
      ended(oneCall().rings(1).cancels(5, sip(cause), { trusted: false })),
      MISSED('caller-hung-up'),
    ]),
    [
      'the same before it rang, and soon',
      ended(oneCall().cancels(2, sip(486), { trusted: false })),
      'missed / caller-hung-up / not-rung',
    ],
    [
      'one of two forks was cancelled as busy by a peer that is believed',
      ended(
        oneCall()
          .rings(1)
          .caller(0, 'caller-2')
          .cancels(5, sip(603), { trusted: false })
          .cancels(5, sip(486), { caller: 'caller-2' }),
      ),
      MISSED('busy'),
    ],
    [
      'CANCEL after it rang, voicemail owner none',
      ended(oneCall().rings(1).cancels(2)),
      MISSED('caller-hung-up'),
      'none',
    ],
    [
      'CANCEL after it rang, voicemail owner gateway',
      ended(oneCall().rings(1).cancels(2)),
      MISSED('caller-hung-up'),
      'gateway',
    ],
    [
      'CANCEL after it rang, voicemail owner downstream',
      ended(oneCall().rings(1).cancels(2)),
      MISSED('caller-hung-up'),
      'downstream',
    ],
    ['a 183 with SDP is ringing', ended(oneCall().rings(1, 'leg-1', 183, true).cancels(2)), MISSED('caller-hung-up')],
    [
      'CANCEL after it rang, owner upstream: pending',
      ended(oneCall().rings(1).cancels(20)),
      'pending 90 s',
      'upstream',
    ],
    [
      'the same, voicemail by evidence',
      ended(oneCall().rings(1).cancels(20), { evidence: seen('voicemail-left') }),
      'voicemail / null / voicemail-left',
      'upstream',
    ],
    [
      'the same, answered meanwhile',
      ended(oneCall().rings(1).cancels(20), { evidence: seen('answered') }),
      ELSEWHERE,
      'upstream',
    ],
    [
      'the same, nothing by the end of settle',
      ended(oneCall().rings(1).cancels(20)),
      MISSED('no-answer'),
      'upstream',
      true,
    ],
    ['CANCEL before it rang, after 5 s', ended(oneCall().cancels(5)), MISSED('unreachable')],
    ['CANCEL before it rang, sooner', ended(oneCall().cancels(4.999)), 'missed / caller-hung-up / not-rung'],
    [
      'a 183 without SDP is not ringing',
      ended(oneCall().rings(1, 'leg-1', 183, false).cancels(2)),
      'missed / caller-hung-up / not-rung',
    ],
    [
      'a 181 is not ringing',
      ended(oneCall().rings(1, 'leg-1', 181, true).cancels(2)),
      'missed / caller-hung-up / not-rung',
    ],
    ['diverted: the caller left in the greeting', ended(diverted(12.9)), MISSED('voicemail-abandoned'), 'gateway'],
    [
      'diverted: recording evidence says blank',
      ended(diverted(30), { evidence: seen('voicemail-blank') }),
      MISSED('voicemail-blank'),
      'gateway',
    ],
    [
      'diverted: stayed from greeting + minimumMessage on',
      ended(diverted(13)),
      'voicemail / null / voicemail-left',
      'gateway',
    ],
    [
      'diverted: evidence of a message outranks a short stay',
      ended(diverted(5), { evidence: seen('voicemail-left') }),
      'voicemail / null / voicemail-left',
      'gateway',
    ],
    [
      'voicemail refused: the phone’s own final response',
      ended(oneCall().rings(1).final(3, 486).invites(3, 'leg-2', { kind: 'voicemail' }).final(3, 503, [], 'leg-2')),
      MISSED('busy'),
      'gateway',
    ],
    [
      'voicemail rang and refused, after a phone that was not there: it is the phone that did not ring',
      ended(
        oneCall().final(1, 404).invites(1, 'leg-2', { kind: 'voicemail' }).rings(2, 'leg-2').final(3, 486, [], 'leg-2'),
      ),
      MISSED('unreachable'),
      'gateway',
    ],
    [
      'voicemail unreachable after our timer',
      ended(oneCall().rings(1).timesOut(20).invites(20, 'leg-2', { kind: 'voicemail' }).fails(24, 'timeout', 'leg-2')),
      MISSED('no-answer'),
      'gateway',
    ],
    [
      'the caller hung up while voicemail was tried',
      ended(oneCall().rings(1).timesOut(20).invites(20, 'leg-2', { kind: 'voicemail' }).cancels(21)),
      MISSED('caller-hung-up'),
      'gateway',
    ],
    [
      'a busy phone, and the caller hung up while voicemail was tried',
      ended(oneCall().final(1, 486).invites(1, 'leg-2', { kind: 'voicemail' }).cancels(2).final(2.1, 487, [], 'leg-2')),
      MISSED('voicemail-abandoned'),
      'gateway',
    ],
    [
      'the same, however long it took',
      ended(oneCall().final(1, 486).invites(1, 'leg-2', { kind: 'voicemail' }).cancels(9)),
      MISSED('voicemail-abandoned'),
      'gateway',
    ],
    [
      'no phone is there: straight to voicemail, and the caller hung up before it answered',
      ended(story().caller(0).invites(0, 'leg-1', { kind: 'voicemail' }).cancels(1)),
      MISSED('voicemail-abandoned'),
      'gateway',
    ],
    [
      'from the mailbox’s own number, hung up before voicemail answered',
      ended(story().caller(0).invites(0, 'leg-1', { kind: 'voicemail' }).cancels(1), { voicemailAccess: true }),
      'missed / caller-hung-up / not-rung',
      'gateway',
    ],
    [
      'a call to a voicemail pilot',
      ended(story().caller(0).invites(0, 'leg-1', { kind: 'voicemail' }).answers(1).relayed(1).byes(3), {
        voicemailAccess: true,
      }),
      'answered / voicemail-access / voicemail-access',
    ],
    [
      'from the mailbox’s own number',
      ended(diverted(3), { voicemailAccess: true }),
      'answered / voicemail-access / voicemail-access',
      'gateway',
    ],
    [
      'from the mailbox’s own number, answered by a PBX that has the voicemail',
      ended(oneCall().answers(1).relayed(1).byes(9), { voicemailAccess: true }),
      'answered / voicemail-access / voicemail-access',
    ],
    [
      'from the mailbox’s own number, and busy: nobody is mailed about a call of their own',
      ended(oneCall().final(1, 486), { voicemailAccess: true }),
      'missed / busy / voicemail-access',
    ],
    [
      'one fork was cancelled while another was in voicemail: a message left',
      ended(diverted(40).caller(0, 'caller-2').cancels(20, sip(200), { caller: 'caller-2' })),
      'voicemail / null / voicemail-left',
      'gateway',
    ],
    [
      'the same, hung up in the greeting',
      ended(diverted(4).caller(0, 'caller-2').cancels(20, sip(200), { caller: 'caller-2' })),
      MISSED('voicemail-abandoned'),
      'gateway',
    ],
    [
      'our own leg came back and was answered, but the CANCEL of the caller won',
      ended(
        oneCall()
          .rings(1)
          .caller(0.1, 'caller-2', true)
          .invites(0.1, 'leg-2', { caller: 'caller-2' })
          .cancels(5)
          .answers(5.01, 'leg-2')
          .relayed(5.01, 'leg-2', 'caller-2'),
      ),
      MISSED('caller-hung-up'),
    ],
    ['final 486', ended(oneCall().final(1, 486)), MISSED('busy')],
    ['final 600', ended(oneCall().final(1, 600)), MISSED('busy')],
    ['Reason Q.850 17', ended(oneCall().final(1, 480, q850(17))), MISSED('busy')],
    ['final 603', ended(oneCall().rings(1).final(2, 603)), MISSED('declined')],
    ['403 with Q.850 21', ended(oneCall().final(1, 403, q850(21))), MISSED('declined')],
    ['480 with Q.850 21', ended(oneCall().final(1, 480, q850(21))), MISSED('declined')],
    ['Q.850 28', ended(oneCall().final(1, 500, q850(28))), REJECTED],
    ['refused by the gateway', ended(story().caller(0).refused(0, 404)), REJECTED],
    ['no phone is registered', ended(story().caller(0).refused(0, 480)), MISSED('unreachable')],
    ['no phone is registered, no mailbox', ended(story().caller(0).refused(0, 480), { hasMailbox: false }), FAILED],
    ['rang, then our timer', ended(oneCall().rings(1).timesOut(20).final(20, 487)), MISSED('no-answer')],
    ['rang, then a transport error', ended(oneCall().rings(1).fails(9, 'transport')), MISSED('no-answer')],
    ['not rung: transport error', ended(oneCall().fails(0, 'transport')), MISSED('unreachable')],
    ['not rung: no response at all', ended(oneCall().fails(4, 'timeout')), MISSED('unreachable')],
    ['not rung: our timer', ended(oneCall().timesOut(30)), MISSED('unreachable')],
    [
      'not rung, no mailbox: a transport error is a failure',
      ended(oneCall().fails(0, 'transport'), { hasMailbox: false }),
      FAILED,
    ],
    ...[3, 18, 20, 27, 38].map((cause): [string, EndedCall, Expected] => [
      `not rung: 500 with Q.850 ${cause}`,
      ended(oneCall().final(1, 500, q850(cause))),
      MISSED('unreachable'),
    ]),
    [
      'one hop dead, the next busy',
      ended(oneCall().fails(4, 'timeout').invites(4, 'leg-2').final(5, 486, [], 'leg-2')),
      MISSED('busy'),
    ],
    [
      'one phone rang out, another number was unknown',
      ended(oneCall().rings(1).timesOut(20).invites(0, 'leg-2').final(1, 484, [], 'leg-2')),
      MISSED('no-answer'),
    ],
    [
      'the gateway stopped while it rang',
      ended(oneCall().rings(1), { evidence: seen('interrupted') }),
      MISSED('interrupted'),
    ],
    [
      'the gateway stopped while they talked',
      ended(oneCall().rings(1).answers(3).relayed(3), { evidence: seen('interrupted') }),
      'answered / interrupted / answered',
    ],
    [
      'the gateway stopped when a phone had answered, and before the caller knew',
      ended(oneCall().rings(1).answers(3), { evidence: seen('interrupted') }),
      'answered / interrupted / answered',
    ],
    [
      'the gateway stopped while voicemail had it: pending',
      ended(diverted(30), { evidence: seen('interrupted') }),
      'pending 90 s',
      'gateway',
    ],
    [
      'the same, nothing by the end of settle',
      ended(diverted(30), { evidence: seen('interrupted') }),
      MISSED('interrupted'),
      'gateway',
      true,
    ],
  ];
  it.each(rows)('%s', (_, call, expected, owner, settled) => {
    expect(spoken(call, owner, settled)).toBe(expected);
  });

  const interrupted: ['phone' | 'voicemail' | null, EvidenceKind | null, boolean, string][] = [
    [null, null, false, 'missed / interrupted'],
    [null, 'voicemail-access', false, 'missed / interrupted'],
    ['voicemail', 'voicemail-access', false, 'answered / voicemail-access'],
    ['phone', null, false, 'answered / interrupted'],
    ['voicemail', null, false, 'pending'],
    ['voicemail', 'voicemail-left', false, 'voicemail / null'],
    ['voicemail', null, true, 'missed / interrupted'],
  ];
  it.each(interrupted)(
    'the gateway died, answered by %s, evidence %s, settled %s: %s',
    (answeredBy, kind, settled, expected) => {
      const call = { answeredBy, evidence: kind === null ? [] : seen(kind), endedAt: START };
      const { verdict } = judgeInterrupted(call, settings('gateway'), { settled });
      expect(verdict.outcome === null ? 'pending' : `${verdict.outcome} / ${verdict.cause}`).toBe(expected);
    },
  );
});

/** What design.md 4.1 says of a lone final response: when nothing had rung, and after a ring. */
const FINALS: Record<number, [unrung: Expected, rung: Expected]> = (() => {
  const table: Record<number, [Expected, Expected]> = {};
  const known = [
    300, 301, 302, 305, 380, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417,
    420, 421, 422, 423, 424, 425, 428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484, 485,
    486, 487, 488, 489, 491, 493, 494, 500, 501, 502, 503, 504, 505, 513, 555, 580, 600, 603, 604, 606, 607, 608,
  ];
  for (const status of known)
    table[status] = [FAILED, status >= 400 && (status < 600 || status === 606) ? MISSED('no-answer') : FAILED];
  for (const status of [404, 408, 410, 430, 480, 502, 503, 504])
    table[status] = [MISSED('unreachable'), MISSED('no-answer')];
  for (const status of [416, 482, 483, 484, 485, 604]) table[status] = [REJECTED, REJECTED];
  for (const status of [607, 608, 428, 433, 436, 437, 438])
    table[status] = ['rejected / unwanted / rejected', 'rejected / unwanted / rejected'];
  for (const status of [486, 600]) table[status] = [MISSED('busy'), MISSED('busy')];
  table[603] = [MISSED('declined'), MISSED('declined')];
  return table;
})();

describe('how long it rang', () => {
  const rows: [string, EndedCall, number | null][] = [
    ['until the answer', ended(oneCall().rings(1).answers(5).relayed(5).byes(60)), 4_000],
    ['until the caller hung up', ended(oneCall().rings(1).cancels(9).final(9.2, 487)), 8_000],
    ['until our timer', ended(oneCall().rings(1).timesOut(20).final(20.1, 487)), 19_000],
    ['until it was declined', ended(oneCall().rings(1).final(3, 603)), 2_000],
    ['not at all', ended(oneCall().final(3, 486)), null],
    [
      'in no phone: voicemail rang',
      ended(oneCall().final(1, 404).invites(1, 'v', { kind: 'voicemail' }).rings(2, 'v').final(3, 503, [], 'v')),
      null,
    ],
    [
      'as long as any phone rang, though another fork was cancelled',
      ended(oneCall().rings(0.1).caller(0, 'caller-2').cancels(1, [], { caller: 'caller-2' }).timesOut(20)),
      19_900,
    ],
    [
      'in two phones one after the other',
      ended(oneCall().rings(1).final(5, 480).invites(5, 'leg-2').rings(6, 'leg-2').cancels(9)),
      8_000,
    ],
  ];
  it.each(rows)('%s', (_, { state, endedAt }, expected) => {
    expect(rangMs(state, endedAt)).toBe(expected);
  });
});

describe('every final status from 300 to 699', () => {
  it.each(Object.entries(FINALS))('%s', (status, [unrung, rung]) => {
    expect(spoken(ended(oneCall().final(1, Number(status))))).toBe(unrung);
    expect(spoken(ended(oneCall().rings(1).final(9, Number(status))))).toBe(rung);
  });
});

const legs = fc.constantFrom('leg-1', 'leg-2', 'leg-3');
const callers = fc.constantFrom('caller', 'caller-2');
const reasons = fc.array(
  fc.record({
    protocol: fc.constantFrom('SIP' as const, 'Q.850' as const),
    cause: fc.constantFrom(16, 17, 21, 26, 200, 486, 603),
  }),
  { maxLength: 2 },
);
const at = fc.integer({ min: START, max: START + 60_000 });
const anyEvent: fc.Arbitrary<CallEvent> = fc.oneof(
  fc.record({ type: fc.constant('caller-invited' as const), at, caller: callers, returned: fc.boolean() }),
  fc.record({
    type: fc.constant('leg-invited' as const),
    at,
    leg: legs,
    caller: callers,
    kind: fc.constantFrom('phone' as const, 'voicemail' as const),
    target: fc.constant('sip:x'),
    insteadOf: legs,
  }),
  fc.record({
    type: fc.constant('leg-provisional' as const),
    at,
    leg: legs,
    status: fc.integer({ min: 101, max: 199 }),
    sdp: fc.boolean(),
  }),
  fc.record({ type: fc.constant('leg-answered' as const), at, leg: legs }),
  fc.record({
    type: fc.constant('leg-final' as const),
    at,
    leg: legs,
    status: fc.integer({ min: 300, max: 699 }),
    reasons,
  }),
  fc.record({
    type: fc.constant('leg-failed' as const),
    at,
    leg: legs,
    failure: fc.constantFrom('timeout' as const, 'transport' as const),
  }),
  fc.record({ type: fc.constant('leg-timed-out' as const), at, leg: legs }),
  fc.record({
    type: fc.constant('leg-ended' as const),
    at,
    leg: legs,
    by: fc.constantFrom('caller' as const, 'callee' as const),
  }),
  fc.record({ type: fc.constant('answer-relayed' as const), at, caller: callers, leg: legs }),
  fc.record({ type: fc.constant('caller-cancelled' as const), at, caller: callers, reasons, trusted: fc.boolean() }),
  fc.record({ type: fc.constant('caller-ended' as const), at, caller: callers }),
);
const evidences = fc.array(fc.constantFrom(...EVIDENCE_KINDS), { maxLength: 3 }).map((kinds) => kinds.flatMap(seen));
const owners = fc.constantFrom<Owner>('gateway', 'upstream', 'downstream', 'none');

describe('properties of the verdict', () => {
  it('any order of events ends in exactly one settled outcome, and never throws', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 30 }),
        owners,
        evidences,
        fc.boolean(),
        (events, owner, evidence, flag) => {
          const state = events.reduce<CallState>(advance, newCall({ voicemailAccess: flag }));
          const call = { state, evidence, endedAt: START + 60_000, hasMailbox: flag };
          const verdict = classify(call, settings(owner), { settled: true });
          expect(verdict.outcome).not.toBeNull();
          expect(evidenceOf(state, call.endedAt).every((evidence) => evidence.detail !== '')).toBe(true);
        },
      ),
    );
  });

  it('a call whose answer by a phone reached the caller is answered, whatever happened before and after', () => {
    const events = fc.array(anyEvent, { maxLength: 30 });
    const others = events.map((all) =>
      all.filter(
        (event) => !('leg' in event && event.leg === 'leg-1') && !('caller' in event && event.caller === 'caller'),
      ),
    );
    const answered = oneCall().answers(5).relayed(5).events;
    fc.assert(
      fc.property(
        others,
        events,
        owners,
        evidences,
        fc.boolean(),
        (before, after, owner, evidence, voicemailAccess) => {
          const state = [...before, ...answered, ...after].reduce<CallState>(advance, newCall({ voicemailAccess }));
          const call = { state, evidence, endedAt: START, hasMailbox: true };
          expect(classify(call, settings(owner), { settled: false }).outcome).toBe('answered');
        },
      ),
    );
  });

  it('a call that nobody answered and that no one took elsewhere is not answered', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), owners, (events, owner) => {
        const state = events
          .filter((event) => event.type !== 'answer-relayed')
          .reduce<CallState>(advance, newCall({ voicemailAccess: false }));
        const { outcome } = classify({ state, evidence: [], endedAt: START, hasMailbox: true }, settings(owner), {
          settled: true,
        });
        expect(outcome).not.toBe('answered');
        expect(outcome).not.toBe('voicemail');
      }),
    );
  });

  it('the state survives JSON: a pending verdict is judged the same after a restart', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), owners, (events, owner) => {
        const state = events.reduce<CallState>(advance, newCall({ voicemailAccess: false }));
        const call = { state, evidence: [], endedAt: START + 60_000, hasMailbox: true };
        const revived = { ...call, state: JSON.parse(JSON.stringify(state)) as CallState };
        expect(classify(revived, settings(owner), { settled: true })).toEqual(
          classify(call, settings(owner), { settled: true }),
        );
      }),
    );
  });
});
