import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classify,
  evidenceOf,
  type CallState,
  type EndedCall,
  type Reason,
  type VerdictSettings,
} from '../../src/call/index.ts';
import { ended, oneCall, START, story, type Story } from '../support/call-events.ts';

const SETTINGS: VerdictSettings = {
  voicemail: { owner: 'none', greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: 90_000 },
};
const COMPLETED: Reason[] = [{ protocol: 'SIP', cause: 200 }];
const q850 = (cause: number): Reason[] => [{ protocol: 'Q.850', cause }];

function verdictOn(call: EndedCall): string {
  const { outcome, cause } = classify(call, SETTINGS, { settled: true }) as { outcome: string; cause: string | null };
  return cause === null ? outcome : `${outcome} / ${cause}`;
}

/** Three phones that are called at once. */
const three = (): Story => story().caller(0).invites(0, 'leg-1').invites(0, 'leg-2').invites(0, 'leg-3');

describe('several phones at once', () => {
  const rows: [string, Story, string][] = [
    [
      'one answers, the others are cancelled',
      three()
        .rings(1, 'leg-1')
        .rings(1, 'leg-2')
        .answers(5, 'leg-2')
        .relayed(5, 'leg-2')
        .final(5, 487, [], 'leg-1')
        .final(5, 487, COMPLETED, 'leg-3')
        .byes(60, 'leg-2'),
      'answered',
    ],
    [
      'two answer at once: the one that lost the race changes nothing',
      three().answers(5, 'leg-1').answers(5, 'leg-2').relayed(5, 'leg-1').byes(5, 'leg-2', 'gateway').byes(60, 'leg-1'),
      'answered',
    ],
    [
      'one answers, another declines as it is cancelled',
      three().rings(1, 'leg-1').answers(5, 'leg-1').relayed(5, 'leg-1').final(5.1, 603, [], 'leg-2'),
      'answered',
    ],
    [
      'one answers as the caller hangs up; what the others say is about our CANCEL',
      three().rings(1, 'leg-1').answers(5, 'leg-1').final(5, 487, [], 'leg-2').final(5, 486, [], 'leg-3').cancels(5.01),
      'missed / caller-hung-up',
    ],
    [
      'all are busy',
      three().final(1, 486, [], 'leg-1').final(1, 486, [], 'leg-2').final(1, 486, [], 'leg-3'),
      'missed / busy',
    ],
    [
      'one is busy, one rings out: it rang, and nobody answered',
      three().final(1, 486, [], 'leg-1').rings(1, 'leg-2').timesOut(20, 'leg-2').final(1, 404, [], 'leg-3'),
      'missed / no-answer',
    ],
    [
      'one is busy, one rings and then answers 480',
      three().final(1, 486, [], 'leg-1').rings(1, 'leg-2').final(20, 480, [], 'leg-2').final(1, 404, [], 'leg-3'),
      'missed / no-answer',
    ],
    [
      'one is busy, the others are not there',
      three().final(1, 404, [], 'leg-1').fails(4, 'timeout', 'leg-2').final(1, 486, [], 'leg-3'),
      'missed / busy',
    ],
    [
      'one rings and is then busy, the others are not there',
      three().rings(1, 'leg-1').final(5, 486, [], 'leg-1').final(1, 404, [], 'leg-2').final(1, 480, [], 'leg-3'),
      'missed / busy',
    ],
    [
      'one declines with a 6xx, which ends the search: the others’ 487 says nothing',
      three()
        .rings(1, 'leg-1')
        .rings(1, 'leg-2')
        .final(5, 603, [], 'leg-1')
        .final(5, 487, [], 'leg-2')
        .final(5, 487, [], 'leg-3'),
      'missed / declined',
    ],
    [
      '600 speaks for the user as 603 does',
      three().rings(1, 'leg-1').final(5, 600, [], 'leg-1').final(5, 487, [], 'leg-2').final(1, 404, [], 'leg-3'),
      'missed / busy',
    ],
    [
      '607 on one phone is the user’s word',
      three()
        .rings(1, 'leg-1')
        .rings(1, 'leg-2')
        .final(5, 607, [], 'leg-1')
        .final(5, 487, [], 'leg-2')
        .final(5, 487, [], 'leg-3'),
      'rejected / unwanted',
    ],
    [
      'one phone says declined, another rings out',
      three()
        .rings(1, 'leg-1')
        .final(5, 480, q850(21), 'leg-1')
        .rings(1, 'leg-2')
        .timesOut(20, 'leg-2')
        .final(1, 404, [], 'leg-3'),
      'missed / no-answer',
    ],
    [
      'one says declined, the others are not there',
      three().rings(1, 'leg-1').final(5, 480, q850(21), 'leg-1').final(1, 404, [], 'leg-2').final(1, 404, [], 'leg-3'),
      'missed / declined',
    ],
    [
      'busy comes before declined among equals',
      three().final(5, 480, q850(21), 'leg-1').final(6, 486, [], 'leg-2').final(1, 404, [], 'leg-3'),
      'missed / busy',
    ],
    [
      'a caller who was unwanted on one phone, and rang out on another',
      three().final(1, 433, [], 'leg-1').rings(1, 'leg-2').timesOut(20, 'leg-2').timesOut(20, 'leg-3'),
      'missed / no-answer',
    ],
    [
      'none rings, none is there',
      three().final(1, 404, [], 'leg-1').fails(4, 'timeout', 'leg-2').final(1, 480, [], 'leg-3'),
      'missed / unreachable',
    ],
    [
      'the number is refused on one, the others are not there',
      three().final(1, 484, [], 'leg-1').final(1, 480, [], 'leg-2').final(1, 404, [], 'leg-3'),
      'missed / unreachable',
    ],
    [
      'the number is refused on all',
      three().final(1, 484, [], 'leg-1').final(1, 484, [], 'leg-2').final(1, 604, [], 'leg-3'),
      'rejected',
    ],
    [
      'the caller hangs up while two of three ring',
      three().rings(1, 'leg-1').rings(2, 'leg-2').final(1, 486, [], 'leg-3').cancels(9),
      'missed / caller-hung-up',
    ],
    [
      'an early dialog that died (199) is no ring, and no end',
      three().rings(1, 'leg-1', 199).final(2, 404, [], 'leg-1').final(2, 404, [], 'leg-2').final(2, 404, [], 'leg-3'),
      'missed / unreachable',
    ],
    [
      'a phone rings on after another early dialog of its leg died',
      three()
        .rings(1, 'leg-1')
        .rings(2, 'leg-1', 199)
        .timesOut(20, 'leg-1')
        .final(1, 404, [], 'leg-2')
        .final(1, 404, [], 'leg-3'),
      'missed / no-answer',
    ],
  ];
  it.each(rows)('%s', (_, told, expected) => {
    expect(verdictOn(ended(told))).toBe(expected);
  });
});

describe('one after the other', () => {
  const rows: [string, Story, string][] = [
    [
      'the first rings out, the second answers',
      oneCall()
        .rings(1)
        .timesOut(15)
        .final(15, 487)
        .invites(15, 'leg-2')
        .answers(20, 'leg-2')
        .relayed(20, 'leg-2')
        .byes(40, 'leg-2'),
      'answered',
    ],
    [
      'the first rings out, the second is busy',
      oneCall().rings(1).timesOut(15).final(15, 487).invites(15, 'leg-2').final(16, 486, [], 'leg-2'),
      'missed / no-answer',
    ],
    [
      'the first rings out, the second declines for the user',
      oneCall().rings(1).timesOut(15).final(15, 487).invites(15, 'leg-2').final(16, 603, [], 'leg-2'),
      'missed / declined',
    ],
    [
      'the first is busy, the second is dead',
      oneCall().final(1, 486).invites(1, 'leg-2').fails(5, 'timeout', 'leg-2'),
      'missed / busy',
    ],
    [
      'the first sends the call on, the second rings out',
      oneCall().final(1, 302).invites(1, 'leg-2').rings(2, 'leg-2').timesOut(20, 'leg-2'),
      'missed / no-answer',
    ],
    [
      'the caller hangs up while the second rings',
      oneCall().rings(1).timesOut(15).final(15, 487).invites(15, 'leg-2').rings(16, 'leg-2').cancels(20),
      'missed / caller-hung-up',
    ],
  ];
  it.each(rows)('%s', (_, told, expected) => {
    expect(verdictOn(ended(told))).toBe(expected);
  });
});

describe('a leg in whose place another was called', () => {
  const instead = { insteadOf: 'leg-1' };
  const rows: [string, Story, string][] = [
    [
      'the first hop fails over, the second refuses the number',
      oneCall().final(1, 503).invites(1, 'leg-2', instead).final(2, 484, [], 'leg-2'),
      'rejected',
    ],
    [
      'the first hop fails over, the second cannot take the call',
      oneCall().final(1, 503).invites(1, 'leg-2', instead).final(2, 488, [], 'leg-2'),
      'failed',
    ],
    [
      'the first hop is dead, the second does not want the caller',
      oneCall().fails(4, 'timeout').invites(4, 'leg-2', instead).final(5, 607, [], 'leg-2'),
      'rejected / unwanted',
    ],
    [
      'all hops fail over: the last one speaks',
      oneCall()
        .fails(0, 'transport')
        .invites(0, 'leg-2', instead)
        .final(1, 503, [], 'leg-2')
        .invites(1, 'leg-3', { insteadOf: 'leg-2' })
        .final(2, 503, [], 'leg-3'),
      'missed / unreachable',
    ],
    [
      'asked again after 421, it refuses the number',
      oneCall().final(1, 421).invites(1, 'leg-2', instead).final(2, 484, [], 'leg-2'),
      'rejected',
    ],
    [
      'asked again after 422, it is busy',
      oneCall().final(1, 422).invites(1, 'leg-2', instead).final(2, 486, [], 'leg-2'),
      'missed / busy',
    ],
    [
      'a phone that sends the call on as busy: where it went on to, it rang out',
      oneCall().final(1, 302, q850(17)).invites(1, 'leg-2', instead).rings(2, 'leg-2').timesOut(20, 'leg-2'),
      'missed / no-answer',
    ],
    [
      'and where it went on to, it is not there',
      oneCall().final(1, 302, q850(17)).invites(1, 'leg-2', instead).final(2, 404, [], 'leg-2'),
      'missed / unreachable',
    ],
    [
      'it rang before it sent the call on to a number that is not there: it was not answered',
      oneCall().rings(1).final(3, 302).invites(3, 'leg-2', instead).final(4, 404, [], 'leg-2'),
      'missed / no-answer',
    ],
    [
      'a redirection to several phones, all of them busy',
      oneCall()
        .final(1, 302)
        .invites(1, 'leg-2', instead)
        .invites(1, 'leg-3', instead)
        .final(2, 486, [], 'leg-2')
        .final(2, 486, [], 'leg-3'),
      'missed / busy',
    ],
    [
      'voicemail took its place and refused: the phone’s own response decides',
      oneCall()
        .final(1, 302, q850(17))
        .invites(1, 'leg-2', { ...instead, kind: 'voicemail' })
        .final(2, 503, [], 'leg-2'),
      'missed / busy',
    ],
  ];
  it.each(rows)('has no say: %s', (_, told, expected) => {
    expect(verdictOn(ended(told))).toBe(expected);
  });

  it('counts where nobody was called in its place', () => {
    expect(verdictOn(ended(oneCall().final(1, 503).invites(1, 'leg-2').final(2, 484, [], 'leg-2')))).toBe(
      'missed / unreachable',
    );
  });

  it('is told with who was called then', () => {
    const { state, endedAt } = ended(
      oneCall()
        .final(1, 503)
        .invites(1, 'leg-2', instead)
        .fails(5, 'timeout', 'leg-2')
        .invites(5, 'leg-3', { insteadOf: 'leg-2' })
        .final(6, 484, [], 'leg-3'),
    );
    expect(evidenceOf(state, endedAt).map(({ detail }) => detail)).toEqual([
      'sip:leg-1@pbx answered 503; sip:leg-2@pbx was called in its place',
      'sip:leg-2@pbx did not respond; sip:leg-3@pbx was called in its place',
      'sip:leg-3@pbx answered 484',
    ]);
  });
});

describe('a refusal of the gateway’s', () => {
  it('is told when it left: after the voicemail that was tried first', () => {
    const { state, endedAt } = ended(
      story().caller(0).invites(0, 'leg-1', { kind: 'voicemail' }).final(2, 503).refused(2, 480),
    );
    const shown = (one: CallState) => evidenceOf(one, endedAt).map(({ kind, at }) => `${kind} ${(at - START) / 1_000}`);
    expect(shown(state)).toEqual(['diverted 0', 'final-response 2', 'refused 2']);
    const [caller] = state.callers;
    const { at: _, ...refused } = caller?.refused ?? { status: 0, why: '' };
    const older = { ...state, callers: state.callers.map((one) => ({ ...one, refused })) };
    expect(shown(older)).toEqual(['diverted 0', 'refused 0', 'final-response 2']);
  });
});

describe('who takes a call over', () => {
  it('a pickup while it rings has answered it', () => {
    const pickup = oneCall()
      .rings(1)
      .invites(6, 'leg-2')
      .answers(6, 'leg-2')
      .relayed(6, 'leg-2')
      .final(6.1, 487, COMPLETED);
    expect(verdictOn(ended(pickup.byes(60, 'leg-2')))).toBe('answered');
  });

  it('a pickup whose answer the caller never got has not: the caller had hung up', () => {
    const crossed = oneCall().rings(1).invites(6, 'leg-2').answers(6, 'leg-2').cancels(6.01);
    expect(verdictOn(ended(crossed))).toBe('missed / caller-hung-up');
  });

  it('a CANCEL of the caller’s takes no second answer', () => {
    const late = oneCall().rings(1).cancels(5).answers(5.1).relayed(5.1).relayed(6, 'leg-2');
    const { state } = ended(late);
    expect(state.callers[0]).toMatchObject({ answeredBy: null });
    expect(state.callers[0]?.takenOverBy).toBeUndefined();
  });

  it('keeps each leg that the caller was connected to, once', () => {
    const { state } = ended(
      oneCall().answers(1).relayed(1).relayed(2).invites(3, 'leg-2').relayed(4, 'leg-2').relayed(5, 'leg-2'),
    );
    expect(state.callers[0]).toMatchObject({ answeredBy: 'leg-1', answeredAt: START + 1_000, takenOverBy: ['leg-2'] });
  });
});

describe('the evidence of several phones', () => {
  const details = (told: Story): string[] => {
    const { state, endedAt } = ended(told);
    return evidenceOf(state, endedAt).map(({ detail }) => detail);
  };

  it('a phone that lost the race was cancelled by us: its 487 is no word of its user', () => {
    const lost = three()
      .answers(5, 'leg-1')
      .relayed(5, 'leg-1')
      .final(5.1, 487, [], 'leg-2')
      .final(1, 486, [], 'leg-3')
      .byes(9, 'leg-1');
    expect(details(lost)).toEqual([
      'sip:leg-3@pbx answered 486',
      'sip:leg-1@pbx answered',
      'sip:leg-2@pbx was cancelled: sip:leg-1@pbx had answered',
      'talked for 4.0 s; ended by caller',
    ]);
  });

  it('a visit to a voicemail behind a phone’s number is no talk', () => {
    const { state, endedAt } = ended(oneCall().answers(5).relayed(5).byes(9));
    const reached = { at: START, kind: 'voicemail-reached', source: 'leg-1', strength: 'strong', detail: '' } as const;
    expect(evidenceOf(state, endedAt, [reached]).map(({ kind }) => kind)).toEqual(['answered', 'voicemail-duration']);
    expect(evidenceOf(state, endedAt).map(({ kind }) => kind)).toEqual(['answered', 'talk-time']);
  });
});

/** How one phone of several goes. */
const fate = fc.record({
  rangAt: fc.option(fc.integer({ min: 1, max: 5 })),
  end: fc.oneof(
    fc.record({
      type: fc.constant('final' as const),
      status: fc.constantFrom(302, 404, 408, 480, 484, 486, 487, 500, 503, 600, 603, 604, 606, 607),
    }),
    fc.record({ type: fc.constantFrom('timer' as const, 'dead' as const, 'nothing' as const) }),
  ),
});

function told(fates: readonly (readonly [string, typeof fate extends fc.Arbitrary<infer F> ? F : never])[]): Story {
  const call = story().caller(0);
  for (const [leg, { rangAt, end }] of fates) {
    call.invites(0, leg);
    if (rangAt !== null) call.rings(rangAt, leg);
    if (end.type === 'final') call.final(9, end.status, [], leg);
    if (end.type === 'timer') call.timesOut(9, leg);
    if (end.type === 'dead') call.fails(9, 'timeout', leg);
  }
  return call;
}

describe('properties of many legs', () => {
  it('the order of the legs changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fate, { minLength: 1, maxLength: 5 }), fc.boolean(), (fates, cancelled) => {
        const named = fates.map((one, index) => [`leg-${index}`, one] as const);
        const [here, there] = [named, named.toReversed()].map((order) => {
          const call = told(order);
          return verdictOn(ended(cancelled ? call.cancels(10) : call, { endedAt: START + 10_000 }));
        });
        expect(there).toBe(here);
      }),
    );
  });

  it('one more phone that answers silences all, wherever it stands', () => {
    fc.assert(
      fc.property(fc.array(fate, { maxLength: 4 }), (fates) => {
        const call = told(fates.map((one, index) => [`leg-${index}`, one] as const));
        call.invites(0, 'leg-9').answers(6, 'leg-9').relayed(6, 'leg-9');
        expect(verdictOn(ended(call))).toBe('answered');
      }),
    );
  });

  it('phones that are not there take nothing from one that rang out', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(404, 480, 486, 503), { maxLength: 4 }), (statuses) => {
        const call = story().caller(0).invites(0).rings(1).timesOut(9);
        statuses.forEach((status, index) => call.invites(0, `x-${index}`).final(2, status, [], `x-${index}`));
        expect(verdictOn(ended(call))).toBe('missed / no-answer');
      }),
    );
  });
});

describe('calls of an earlier version', () => {
  /** As the journal has them: no Call-IDs, no members, no one who took over. */
  function old(state: CallState): CallState {
    const without = ['sipCallId', 'mailbox', 'takenOverBy'];
    return JSON.parse(JSON.stringify(state), (key, value: unknown) =>
      without.includes(key) ? undefined : value,
    ) as CallState;
  }

  it.each([
    ['answered', oneCall().rings(1).answers(5).relayed(5).byes(9)],
    ['missed / no-answer', oneCall().rings(1).timesOut(20)],
    [
      'missed / voicemail-abandoned',
      oneCall()
        .timesOut(9)
        .invites(9, 'leg-2', { kind: 'voicemail' })
        .answers(10, 'leg-2')
        .relayed(10, 'leg-2')
        .byes(12, 'leg-2'),
    ],
  ])('are still judged: %s', (expected, told) => {
    const call = ended(told);
    const state = old(call.state);
    expect(state.legs[0]).not.toHaveProperty('mailbox');
    expect(verdictOn({ ...call, state })).toBe(expected);
    expect(evidenceOf(state, call.endedAt)).toEqual(evidenceOf(call.state, call.endedAt));
  });
});
