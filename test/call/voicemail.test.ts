import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classify,
  evidenceOf,
  judge,
  judgeInterrupted,
  rangMs,
  type CallState,
  type EndedCall,
  type Evidence,
  type EvidenceKind,
  type EvidenceStrength,
  type VerdictSettings,
  type VoicemailOwner,
} from '../../src/call/index.ts';
import { ended, oneCall, START, type Story } from '../support/call-events.ts';

const OWNERS: readonly VoicemailOwner[] = ['gateway', 'upstream', 'downstream', 'none'];
const STRENGTHS: readonly EvidenceStrength[] = ['certain', 'strong', 'weak'];
const SETTLE_MS = 90_000;

function settings(voicemail: Partial<VerdictSettings['voicemail']> = {}): VerdictSettings {
  return {
    voicemail: { owner: 'downstream', greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: SETTLE_MS, ...voicemail },
  };
}

function seen(kind: EvidenceKind, strength: EvidenceStrength = 'certain', source = 'voicemail', seconds = 0): Evidence {
  return { at: START + seconds * 1_000, kind, source, strength, detail: 'seen by the test' };
}

/** A PBX behind us rang for 20 s, and then its voicemail answered as leg-1. */
const reachedBehind = (stayedSeconds: number): Story =>
  oneCall()
    .rings(1)
    .answers(20)
    .relayed(20)
    .byes(20 + stayedSeconds);
/** We diverted to voicemail ourselves. */
const diverted = (stayedSeconds: number): Story =>
  oneCall()
    .rings(1)
    .timesOut(20)
    .invites(20, 'leg-2', { kind: 'voicemail' })
    .answers(21, 'leg-2')
    .relayed(21, 'leg-2')
    .byes(21 + stayedSeconds, 'leg-2');

interface Asked {
  readonly evidence?: readonly Evidence[];
  readonly voicemail?: Partial<VerdictSettings['voicemail']>;
  readonly settled?: boolean;
  readonly peer?: string;
}

function spoken(story: Story, { evidence = [], voicemail, settled = false, peer }: Asked = {}): string {
  const call = { ...ended(story, { evidence: [...evidence] }), ...(peer === undefined ? {} : { peer }) };
  return words(classify(call, settings(voicemail), { settled }));
}

function words(verdict: ReturnType<typeof classify>): string {
  return verdict.outcome === null
    ? 'pending'
    : [verdict.outcome, verdict.cause].filter((one) => one !== null).join(' / ');
}

const LEFT = 'voicemail';
const BLANK = 'missed / voicemail-blank';
const ABANDONED = 'missed / voicemail-abandoned';
const reached = seen('voicemail-reached', 'strong', 'leg-1', 20);
const totals = seen('message-totals');

describe('who answered: somebody, or a voicemail system', () => {
  it.each(OWNERS)('an answer without any sign of voicemail is somebody’s, whoever owns voicemail: %s', (owner) => {
    expect(spoken(reachedBehind(40), { voicemail: { owner } })).toBe('answered');
  });

  it.each(OWNERS.flatMap((owner) => STRENGTHS.map((strength) => [owner, strength] as const)))(
    'a phone leg on which voicemail was reached is voicemail’s: owner %s, %s evidence',
    (owner, strength) => {
      const evidence = [seen('voicemail-reached', strength, 'leg-1')];
      expect(spoken(reachedBehind(40), { evidence, voicemail: { owner } })).toBe(LEFT);
      expect(spoken(reachedBehind(4), { evidence, voicemail: { owner } })).toBe(ABANDONED);
    },
  );

  it('voicemail on another leg says nothing of this one', () => {
    expect(spoken(reachedBehind(40), { evidence: [seen('voicemail-reached', 'certain', 'leg-2')] })).toBe('answered');
  });

  it('somebody who answers on another caller’s leg silences the voicemail of the first', () => {
    const story = reachedBehind(40)
      .caller(0, 'caller-2')
      .invites(0, 'leg-2', { caller: 'caller-2' })
      .answers(22, 'leg-2')
      .relayed(22, 'leg-2', 'caller-2');
    expect(spoken(story, { evidence: [reached] })).toBe('answered');
  });

  it('a phone that takes the call over from voicemail has answered it', () => {
    const story = reachedBehind(5).invites(24, 'leg-2').answers(25, 'leg-2').relayed(25, 'leg-2').byes(60, 'leg-2');
    expect(spoken(story, { evidence: [reached] })).toBe('answered');
  });

  it('a transfer of the caller to a second voicemail is no answer of somebody’s', () => {
    const story = reachedBehind(5).invites(24, 'leg-2').answers(25, 'leg-2').relayed(25, 'leg-2').byes(30, 'leg-2');
    const evidence = [reached, seen('voicemail-reached', 'strong', 'leg-2', 25)];
    expect(spoken(story, { evidence })).toBe(ABANDONED);
  });

  it('a phone that took over a call which somebody had answered leaves it answered, and the ring as long as it was', () => {
    const call = ended(
      oneCall().rings(1).answers(5).relayed(5).invites(9, 'leg-2').answers(11, 'leg-2').relayed(11, 'leg-2'),
    );
    expect(words(classify(call, settings(), { settled: false }))).toBe('answered');
    expect(rangMs(call.state, call.endedAt)).toBe(4_000);
  });

  it('a phone called through us by the PBX that has our leg has answered, though its PBX seems to have voicemail', () => {
    const loop = oneCall()
      .rings(1)
      .caller(0.1, 'caller-2', true)
      .invites(0.2, 'leg-2', { caller: 'caller-2' })
      .answers(21, 'leg-2')
      .relayed(21, 'leg-2', 'caller-2')
      .answers(21.1)
      .relayed(21.1)
      .byes(60);
    expect(spoken(loop, { evidence: [seen('voicemail-reached', 'weak', 'leg-1', 21)] })).toBe('answered');
  });

  it('a voicemail called through us by the PBX that has our leg is voicemail', () => {
    const loop = oneCall()
      .rings(1)
      .caller(20, 'caller-2', true)
      .invites(20, 'leg-2', { caller: 'caller-2', kind: 'voicemail' })
      .answers(21, 'leg-2')
      .relayed(21, 'leg-2', 'caller-2')
      .answers(21.1)
      .relayed(21.1);
    expect(spoken(loop.byes(25))).toBe(ABANDONED);
  });

  it('somebody who answered and then sent the caller on to voicemail through us has answered', () => {
    const loop = oneCall()
      .rings(1)
      .answers(5)
      .relayed(5)
      .caller(20, 'caller-2', true)
      .invites(20, 'leg-2', { caller: 'caller-2', kind: 'voicemail' })
      .answers(21, 'leg-2')
      .relayed(21, 'leg-2', 'caller-2')
      .byes(50);
    expect(spoken(loop)).toBe('answered');
  });

  it('a carrier’s voicemail whose answer was not taken is no answer: rang out, unreachable, or hung up', () => {
    const notTaken = (story: Story): Story => story.answers(3).byes(3, 'leg-1', 'gateway');
    const evidence = [seen('voicemail-reached', 'weak', 'leg-1', 3)];
    expect(spoken(notTaken(oneCall().rings(1)), { evidence })).toBe('missed / no-answer');
    expect(spoken(notTaken(oneCall()), { evidence })).toBe('missed / unreachable');
    expect(
      spoken(notTaken(oneCall()).invites(3, 'leg-2').rings(4, 'leg-2').final(9, 486, [], 'leg-2'), { evidence }),
    ).toBe('missed / busy');
    const elsewhere = [{ protocol: 'SIP' as const, cause: 200 }];
    expect(spoken(notTaken(oneCall().rings(1)).cancels(9, elsewhere), { evidence })).toBe('elsewhere');
  });

  it.each(OWNERS)('an answer told from outside the call is elsewhere, whoever owns voicemail: %s', (owner) => {
    for (const story of [oneCall().rings(1).cancels(9), oneCall().rings(1).timesOut(20), reachedBehind(40)]) {
      expect(spoken(story, { evidence: [reached, seen('answered')], voicemail: { owner } })).toBe('elsewhere');
    }
  });
});

describe('what the call’s own signalling says', () => {
  it.each([
    ['we diverted', diverted(4), ABANDONED],
    ['a PBX behind us answered', reachedBehind(4), ABANDONED],
  ])('of the answer of a voicemail is no answer from outside: %s', (_, story, expected) => {
    const { state, endedAt } = ended(story);
    const told = [reached, ...evidenceOf(state, endedAt, [reached])];
    expect(told.map(({ kind }) => kind)).toContain('answered');
    expect(spoken(story, { evidence: told })).toBe(expected);
  });
});

describe('was a message left', () => {
  const rows: [string, Evidence[], string, string][] = [
    ['the clock alone', [], LEFT, ABANDONED],
    ['a message', [seen('voicemail-left')], LEFT, LEFT],
    ['a weak message', [seen('voicemail-left', 'weak')], LEFT, LEFT],
    ['a blank one', [seen('voicemail-blank')], BLANK, BLANK],
    ['none, however long the caller stayed', [seen('voicemail-none')], ABANDONED, ABANDONED],
    ['none, though weak', [seen('voicemail-none', 'weak')], ABANDONED, ABANDONED],
    ['among equals blank comes first', [seen('voicemail-left'), seen('voicemail-blank')], BLANK, BLANK],
    ['among equals a message comes before none', [seen('voicemail-none'), seen('voicemail-left')], LEFT, LEFT],
    ['certain beats strong', [seen('voicemail-blank', 'strong'), seen('voicemail-left')], LEFT, LEFT],
    [
      'certain none beats a strong rise',
      [seen('voicemail-left', 'strong'), seen('voicemail-none')],
      ABANDONED,
      ABANDONED,
    ],
    [
      'strong beats weak',
      [seen('voicemail-none', 'weak'), seen('voicemail-blank', 'weak'), seen('voicemail-left', 'strong')],
      LEFT,
      LEFT,
    ],
  ];
  it.each(rows)('%s', (_, evidence, long, short) => {
    for (const settled of [false, true]) {
      expect(spoken(diverted(13), { evidence, voicemail: { owner: 'gateway' }, settled })).toBe(long);
      expect(spoken(diverted(12.9), { evidence, voicemail: { owner: 'gateway' }, settled })).toBe(short);
      expect(spoken(reachedBehind(13), { evidence: [reached, ...evidence], settled })).toBe(long);
      expect(spoken(reachedBehind(12.9), { evidence: [reached, ...evidence], settled })).toBe(short);
    }
  });

  it('of two visits the longer one counts', () => {
    const second = { caller: 'caller-2', kind: 'voicemail' } as const;
    const story = diverted(4)
      .caller(0, 'caller-2')
      .invites(20, 'leg-3', second)
      .answers(21, 'leg-3')
      .relayed(21, 'leg-3', 'caller-2')
      .byes(41, 'leg-3');
    expect(spoken(story)).toBe(LEFT);
  });
});

describe('a verdict that how long the caller stayed decides', () => {
  const note = (stayedS: number, { evidence = [], settled = false, voicemail }: Asked = {}): string | undefined =>
    judge(ended(diverted(stayedS), { evidence: [...evidence] }), settings(voicemail), { settled }).note;
  const NEEDED = 'where a message needs 13.0 s (greeting 10.0 s + minimumMessage 3.0 s)';

  it('says so, with the settings that it was measured by', () => {
    const nobodyTells = 'nothing is known to tell of messages of this mailbox, so the stay decides:';
    expect(note(13)).toBe(`${nobodyTells} 13.0 s, ${NEEDED}`);
    expect(note(4.26)).toBe(`${nobodyTells} 4.3 s, ${NEEDED}`);
  });

  it('says that it waited for a word, and how long', () => {
    const waited = 'no word of a message came while it was waited for (settle 90.0 s), so the stay decides: 40.0 s,';
    expect(note(40, { evidence: [totals], settled: true })).toBe(`${waited} ${NEEDED}`);
    expect(note(40, { voicemail: { events: true }, settled: true })).toBe(`${waited} ${NEEDED}`);
  });

  it.each([
    ['it still waits', { evidence: [totals] }],
    ['a certain word decides', { evidence: [seen('voicemail-none')] }],
    ['a weak one does', { evidence: [totals, seen('voicemail-left', 'weak')], settled: true }],
    ['the gateway ended the call', { evidence: [seen('interrupted')], settled: true }],
  ])('is another where %s', (_, asked) => {
    expect(note(40, asked)).toBeUndefined();
  });
});

describe('a verdict about voicemail waits where better evidence can come', () => {
  const rows: [string, Evidence[], Partial<VerdictSettings['voicemail']>, string][] = [
    ['nothing can come', [], {}, LEFT],
    ['the mailbox’s messages are counted', [totals], {}, 'pending'],
    ['the voicemail system tells by itself', [], { events: true }, 'pending'],
    ['it does not', [], { events: false }, LEFT],
    ['a certain word is there', [totals, seen('voicemail-none')], { events: true }, ABANDONED],
    ['a strong sign of a message is there', [totals, seen('voicemail-left', 'strong')], { events: true }, LEFT],
    ['a strong sign of silence is there', [totals, seen('voicemail-blank', 'strong')], {}, BLANK],
    ['a count that has not risen may still rise', [totals, seen('voicemail-none', 'strong')], {}, 'pending'],
    ['a weak sign waits for a better one', [totals, seen('voicemail-left', 'weak')], {}, 'pending'],
    ['a weak sign decides where none can come', [seen('voicemail-none', 'weak')], {}, ABANDONED],
  ];
  it.each(rows)('%s', (_, evidence, voicemail, expected) => {
    expect(spoken(diverted(40), { evidence, voicemail: { owner: 'gateway', ...voicemail } })).toBe(expected);
    expect(spoken(reachedBehind(40), { evidence: [reached, ...evidence], voicemail })).toBe(expected);
  });

  it('until the end of the call and settle; then the best there is decides', () => {
    const call = ended(diverted(40), { evidence: [totals] });
    expect(classify(call, settings(), { settled: false })).toEqual({
      outcome: null,
      pendingUntil: call.endedAt + SETTLE_MS,
    });
    expect(spoken(diverted(40), { evidence: [totals], settled: true })).toBe(LEFT);
    expect(spoken(diverted(4), { evidence: [totals], settled: true })).toBe(ABANDONED);
    expect(spoken(diverted(40), { evidence: [totals, seen('voicemail-none', 'weak')], settled: true })).toBe(ABANDONED);
  });

  it('a call that never reached voicemail does not wait', () => {
    const evidence = [totals];
    for (const story of [oneCall().rings(1).cancels(9), oneCall().rings(1).timesOut(20), oneCall().final(1, 486)]) {
      expect(spoken(story, { evidence, voicemail: { events: true } })).not.toBe('pending');
    }
    expect(spoken(oneCall().rings(1).answers(5).relayed(5), { evidence })).toBe('answered');
  });

  it('a call to one’s own voicemail does not wait', () => {
    const call = ended(diverted(40), { evidence: [totals], voicemailAccess: true });
    expect(words(classify(call, settings(), { settled: false }))).toBe('answered / voicemail-access');
  });
});

describe('voicemail upstream: the PBX that sent the call takes it back', () => {
  const upstream = { owner: 'upstream' } as const;
  const hungUp = oneCall().rings(1).cancels(20);
  const rows: [string, Evidence[], boolean, string][] = [
    ['nothing yet', [], false, 'pending'],
    ['nothing at all', [], true, 'missed / no-answer'],
    ['a message', [seen('voicemail-left', 'strong')], false, LEFT],
    ['a weak one waits', [seen('voicemail-left', 'weak')], false, 'pending'],
    ['a weak one at last', [seen('voicemail-left', 'weak')], true, LEFT],
    ['a blank one', [seen('voicemail-blank')], false, BLANK],
    ['none', [seen('voicemail-none')], false, 'missed / no-answer'],
    ['a count that did not rise', [totals, seen('voicemail-none', 'weak')], true, 'missed / no-answer'],
    ['somebody answered', [seen('answered')], false, 'elsewhere'],
  ];
  it.each(rows)('a CANCEL after it rang: %s', (_, evidence, settled, expected) => {
    expect(spoken(hungUp, { evidence, voicemail: upstream, settled })).toBe(expected);
  });

  const finals: [string, Story, string][] = [
    ['busy', oneCall().final(1, 486), 'missed / busy'],
    ['declined', oneCall().rings(1).final(2, 603), 'missed / declined'],
    ['rang out', oneCall().rings(1).timesOut(20), 'missed / no-answer'],
    ['unreachable', oneCall().final(1, 480), 'missed / unreachable'],
    [
      'its CANCEL said busy',
      oneCall()
        .rings(1)
        .cancels(3, [{ protocol: 'SIP', cause: 486 }]),
      'missed / busy',
    ],
  ];
  it.each(finals)(
    'the called side gave up (%s): a message counts, and is waited for where one can be told',
    (_, story, cause) => {
      expect(spoken(story, { voicemail: upstream })).toBe(cause);
      expect(spoken(story, { evidence: [totals], voicemail: upstream })).toBe('pending');
      expect(spoken(story, { voicemail: { ...upstream, events: true } })).toBe('pending');
      expect(spoken(story, { evidence: [totals], voicemail: upstream, settled: true })).toBe(cause);
      expect(spoken(story, { evidence: [seen('voicemail-left')], voicemail: upstream })).toBe(LEFT);
      expect(spoken(story, { evidence: [seen('voicemail-none')], voicemail: upstream })).toBe(cause);
      expect(spoken(story, { evidence: [totals, seen('voicemail-left')] })).toBe(cause);
    },
  );

  it('one peer’s own owner holds for its calls, and for no other’s', () => {
    const voicemail = { owner: 'none', owners: new Map<string, VoicemailOwner>([['pbx', 'upstream']]) } as const;
    expect(spoken(hungUp, { voicemail, peer: 'pbx' })).toBe('pending');
    expect(spoken(hungUp, { voicemail, peer: 'carrier' })).toBe('missed / caller-hung-up');
    expect(spoken(hungUp, { voicemail })).toBe('missed / caller-hung-up');
    const other = { owner: 'upstream', owners: new Map<string, VoicemailOwner>([['pbx', 'none']]) } as const;
    expect(spoken(hungUp, { voicemail: other, peer: 'pbx' })).toBe('missed / caller-hung-up');
  });
});

describe('a gateway that stopped or died while voicemail had the call', () => {
  const rows: [string, 'phone' | 'voicemail', Evidence[], boolean, string][] = [
    ['a phone answer that was voicemail’s', 'phone', [reached], false, 'pending'],
    ['the same, nothing by the end of settle', 'phone', [reached], true, 'missed / interrupted'],
    ['the same, a message', 'phone', [reached, seen('voicemail-left')], false, LEFT],
    ['the same, a blank one', 'phone', [reached, seen('voicemail-blank')], false, BLANK],
    ['the same, none', 'phone', [reached, seen('voicemail-none')], false, 'missed / interrupted'],
    ['a weak message waits', 'voicemail', [seen('voicemail-left', 'weak')], false, 'pending'],
    ['a weak message at last', 'voicemail', [seen('voicemail-left', 'weak')], true, LEFT],
    [
      'another phone had taken it over',
      'phone',
      [reached, seen('taken-over', 'certain', 'leg-2', 30)],
      false,
      'answered / interrupted',
    ],
    [
      'the caller had been transferred to voicemail',
      'phone',
      [seen('transferred', 'certain', 'leg-1', 10), reached],
      false,
      'pending',
    ],
    ['somebody answered elsewhere', 'voicemail', [seen('answered')], false, 'elsewhere'],
  ];
  it.each(rows)('%s', (_, answeredBy, evidence, settled, expected) => {
    const call = { answeredBy, evidence, endedAt: START + 40_000 };
    expect(words(judgeInterrupted(call, settings(), { settled }).verdict)).toBe(expected);
  });

  it('says by its rule what it found', () => {
    const rule = (answeredBy: 'phone' | 'voicemail' | null, evidence: Evidence[]): string =>
      judgeInterrupted({ answeredBy, evidence, endedAt: START }, settings(), { settled: true }).rule;
    expect(rule('phone', [reached])).toBe('the gateway stopped while the voicemail system had the call');
    expect(rule('phone', [])).toBe('the gateway stopped while a phone had answered');
    expect(rule(null, [])).toBe('the gateway stopped before anybody answered');
    expect(rule(null, [seen('answered')])).toBe('somebody answered where the gateway does not see it');
  });

  it('a call that was seen to its end is judged by its legs', () => {
    const interrupted = seen('interrupted', 'certain', 'gateway', 40);
    expect(spoken(reachedBehind(20), { evidence: [reached, interrupted] })).toBe('pending');
    expect(spoken(reachedBehind(20), { evidence: [reached, interrupted], settled: true })).toBe('missed / interrupted');
    expect(spoken(reachedBehind(20), { evidence: [interrupted] })).toBe('answered / interrupted');
  });
});

const evidences = fc.array(
  fc.record({
    kind: fc.constantFrom<EvidenceKind>(
      'voicemail-reached',
      'message-totals',
      'voicemail-left',
      'voicemail-blank',
      'voicemail-none',
      'answered',
      'interrupted',
      'voicemail-access',
      'taken-over',
      'transferred',
    ),
    strength: fc.constantFrom(...STRENGTHS),
    source: fc.constantFrom('leg-1', 'leg-2', 'voicemail'),
  }),
  { maxLength: 6 },
);
const asEvidence = (told: readonly Pick<Evidence, 'kind' | 'strength' | 'source'>[]): Evidence[] =>
  told.map(({ kind, strength, source }) => seen(kind, strength, source));
const stories = fc.constantFrom<() => Story>(
  () => diverted(4),
  () => diverted(40),
  () => reachedBehind(4),
  () => reachedBehind(40),
  () => oneCall().rings(1).cancels(9),
  () => oneCall().rings(1).timesOut(20),
  () => oneCall().final(1, 486),
);
const owners = fc.constantFrom(...OWNERS);

describe('properties of verdicts about voicemail', () => {
  it('a settled verdict is never pending, nor that on a call whose gateway died', () => {
    fc.assert(
      fc.property(stories, evidences, owners, fc.boolean(), (story, told, owner, events) => {
        const evidence = asEvidence(told);
        expect(spoken(story(), { evidence, voicemail: { owner, events }, settled: true })).not.toBe('pending');
        for (const answeredBy of ['phone', 'voicemail', null] as const) {
          const call = { answeredBy, evidence, endedAt: START };
          expect(judgeInterrupted(call, settings({ events }), { settled: true }).verdict.outcome).not.toBeNull();
        }
      }),
    );
  });

  it('an answer of somebody’s silences the call, whatever was told besides', () => {
    fc.assert(
      fc.property(stories, evidences, owners, fc.boolean(), fc.boolean(), (story, told, owner, human, settled) => {
        // Either a phone that answers a caller of the same call, or word from outside.
        const answer = human
          ? story()
              .caller(0, 'caller-3')
              .invites(0, 'leg-9', { caller: 'caller-3' })
              .answers(8, 'leg-9')
              .relayed(8, 'leg-9', 'caller-3')
          : story();
        const evidence = [...asEvidence(told), ...(human ? [] : [seen('answered', 'weak')])];
        const call = ended(answer, { evidence });
        const verdict = classify(call, settings({ owner }), { settled });
        expect(verdict.outcome).toMatch(/^(answered|elsewhere)$/);
      }),
    );
  });

  it('a decisive word is final: nothing weaker changes it', () => {
    fc.assert(
      fc.property(evidences, fc.constantFrom('left', 'blank', 'none'), fc.boolean(), (told, word, events) => {
        const weaker = asEvidence(told).filter(
          ({ kind, strength }) => strength !== 'certain' && kind !== 'interrupted' && kind !== 'answered',
        );
        const certain = seen(`voicemail-${word}` as EvidenceKind);
        const asked = { voicemail: { owner: 'gateway', events } } as const;
        expect(spoken(diverted(40), { ...asked, evidence: [...weaker, certain] })).toBe(
          spoken(diverted(40), { ...asked, evidence: [certain] }),
        );
      }),
    );
  });

  it('the order in which evidence came, and a way through JSON, change nothing', () => {
    fc.assert(
      fc.property(stories, evidences, owners, fc.boolean(), (story, told, owner, settled) => {
        const call = ended(story(), { evidence: asEvidence(told) });
        const turned: EndedCall = {
          ...call,
          state: JSON.parse(JSON.stringify(call.state)) as CallState,
          evidence: call.evidence.toReversed(),
        };
        const when = { settled };
        expect(classify(turned, settings({ owner }), when)).toEqual(classify(call, settings({ owner }), when));
      }),
    );
  });
});
