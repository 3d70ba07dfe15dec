import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evidence, EvidenceKind, MessageTotals, VoicemailEvent } from '../../src/call/index.ts';
import type { MessageTotalsRecord } from '../../src/journal/index.ts';
import {
  createKnownTotals,
  EVENT_SOURCE,
  MAX_ANNOUNCED,
  MAX_KNOWN_TOTALS,
  MAX_SOURCES,
} from '../../src/ledger/known-totals.ts';
import { attribute, silenceEvidence, SOURCE_SILENT_MS, type Visit } from '../../src/ledger/message-totals.ts';
import { SAVE_RETRY_MS, SAVES_AT_ONCE } from '../../src/ledger/totals-writer.ts';
import { callOf, evidenceOfEvent, isSaying, sameNumber, type Candidate } from '../../src/ledger/voicemail-events.ts';
import { bob } from '../journal/samples.ts';
import { manualClock } from './support.ts';

const MINIMUM = 13_000;
const visit = (callId: string, stayMs: number | null, changes: Partial<Visit> = {}): Visit => ({
  callId,
  since: 0,
  stayMs,
  live: false,
  ...changes,
});

describe('who left the messages by which a total rose', () => {
  const long = visit('long', 20_000);
  const longer = visit('longer', 40_000);
  const short = visit('short', 4_000);
  const unseen = visit('unseen', null);
  const live = visit('live', 30_000, { live: true });
  const justIn = visit('just in', 5_000, { live: true });
  it.each([
    ['the only visit', [long], 1, ['long strong']],
    ['a short visit, where there is no other', [short], 1, ['short strong']],
    ['the one that stayed long enough, whatever else', [short, unseen, live, long], 1, ['long strong']],
    ['of two long ones the longest stay, weakly', [long, longer], 1, ['longer weak']],
    ['both, where it rose by two', [long, longer], 2, ['longer strong', 'long strong']],
    ['the one nobody saw the length of, before one that goes on', [live, unseen], 1, ['unseen strong']],
    ['the oldest of those nobody saw', [visit('b', null, { since: 2 }), visit('a', null, { since: 1 })], 1, ['a weak']],
    ['one that goes on, before a short one', [short, live], 1, ['live strong']],
    ['nobody who has just come in', [justIn], 1, []],
    ['at most as many as there are', [long], 5, ['long strong']],
    ['one message each', [long, short], 2, ['long strong', 'short strong']],
    ['nobody', [], 1, []],
    ['exactly the minimum is long', [visit('exact', MINIMUM), live], 1, ['exact strong']],
  ])('is %s', (_, visits, rise, expected) => {
    const credits = attribute(visits, rise, MINIMUM);
    expect(credits.map(({ callId, strength }) => `${callId} ${strength}`)).toEqual(expected);
  });

  it('is never more calls than messages, and no call twice, in whatever order they are looked at', () => {
    const visits = fc.uniqueArray(
      fc.record({
        callId: fc.string(),
        since: fc.nat(),
        stayMs: fc.option(fc.nat(60_000)),
        live: fc.boolean(),
      }),
      { selector: ({ callId }) => callId },
    );
    fc.assert(
      fc.property(visits, fc.nat(10), (all, rise) => {
        const credits = attribute(all, rise, MINIMUM);
        expect(credits.length).toBeLessThanOrEqual(Math.min(rise, all.length));
        expect(new Set(credits.map(({ callId }) => callId)).size).toBe(credits.length);
        expect(attribute(all.toReversed(), rise, MINIMUM)).toHaveLength(credits.length);
      }),
    );
  });
});

const SAME_MESSAGE_MS = 1_000;

function totalsWith(exists = (mailbox: string): boolean => mailbox !== 'stranger') {
  const clock = manualClock(0);
  const saved: MessageTotalsRecord[] = [];
  const stored: MessageTotalsRecord[] = [];
  const journal = {
    fails: false,
    messageTotals: async () => stored,
    async saveMessageTotals(record: MessageTotalsRecord) {
      if (journal.fails) throw new Error('the disk is full');
      saved.push(record);
    },
  };
  const errors: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (_: object, message: string) => void errors.push(message) };
  const totals = createKnownTotals({ journal, exists, sameMessageMs: SAME_MESSAGE_MS, schedule: clock.schedule, log });
  const told = (total: number, at = clock.now(), mailbox = 'alice', source = 'NOTIFY from um'): MessageTotals => ({
    mailbox,
    total,
    at,
    source,
  });
  const from = (source: string, total: number, at: number): number => totals.tell(told(total, at, 'alice', source));
  return { totals, told, from, saved, stored, journal, clock, errors };
}

describe('known totals', () => {
  it.each([
    ['nothing was known', [4], 0],
    ['it was told again', [3, 3], 0],
    ['it rose', [3, 4], 1],
    ['it rose by several', [3, 6], 3],
    ['it fell', [3, 1], 0],
    ['it rose from where it had fallen to', [3, 1, 2], 1],
  ])('where %s: %j rises by %i', (_, counts, rise) => {
    const { totals, told } = totalsWith();
    expect(counts.map((total, at) => totals.tell(told(total, at))).at(-1)).toBe(rise);
  });

  it('take no older word for news, and know nothing of mailboxes that the policy does not have', () => {
    const { totals, told } = totalsWith();
    totals.tell(told(3, 10));
    expect(totals.tell(told(9, 5))).toBe(0);
    expect(totals.of('alice')).toMatchObject({ total: 3, at: 10 });
    totals.tell(told(1, 10, 'stranger'));
    expect(totals.of('stranger')).toBeUndefined();
  });

  it('compare with what the journal had', async () => {
    const { totals, told, stored } = totalsWith();
    stored.push({ mailbox: 'alice', total: 3, at: 0 }, { mailbox: 'stranger', total: 1, at: 0 });
    await totals.load();
    expect(totals.tell(told(4, 1))).toBe(1);
    expect(totals.of('stranger')).toBeUndefined();
  });

  it('expect a message that was announced, until its time is over', () => {
    const { totals, told } = totalsWith();
    totals.tell(told(3, 0));
    totals.announce('alice', 100);
    expect(totals.tell(told(5, 50))).toBe(1);
    totals.announce('alice', 100);
    expect(totals.tell(told(6, 101))).toBe(1);
    totals.announce('alice', 200);
    totals.unannounce('alice');
    expect(totals.tell(told(7, 150))).toBe(1);
  });

  it('expect a bounded number of them', () => {
    const { totals, told } = totalsWith();
    totals.tell(told(0, 0));
    for (let i = 0; i < MAX_ANNOUNCED + 5; i++) totals.announce('alice', 100);
    expect(totals.tell(told(MAX_ANNOUNCED + 5, 1))).toBe(5);
  });

  it('are told apart by who tells: what one system has is no change of what another has', () => {
    const { totals, from } = totalsWith();
    expect([from('um', 0, 1), from('pbx', 3, 2), from('um', 0, 3), from('pbx', 3, 4), from('um', 0, 5)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect([from('pbx', 4, 6), totals.of('alice')?.total]).toEqual([1, 4]);
  });

  it('count a message once that several sources tell of, in whatever order they catch up', () => {
    const { from } = totalsWith();
    for (const source of ['um', 'pbx', EVENT_SOURCE]) from(source, 3, 1);
    expect([from('um', 4, 2), from('pbx', 4, 3), from('pbx', 5, 4), from('um', 5, 5)]).toEqual([1, 0, 1, 0]);
    expect([from(EVENT_SOURCE, 3, 6), from(EVENT_SOURCE, 5, 7), from(EVENT_SOURCE, 6, 8)]).toEqual([0, 0, 1]);
  });

  it('count a rise of another source as another message, once the first is long over', () => {
    const { from } = totalsWith();
    from('um', 3, 1);
    from('pbx', 0, 1);
    expect([from('um', 4, 2), from('pbx', 1, 3 + SAME_MESSAGE_MS)]).toEqual([1, 1]);
  });

  it('say since when all who speak have been heard', () => {
    const { totals, from } = totalsWith();
    from('um', 3, 1);
    from('um', 3, 5);
    expect(totals.of('alice')?.since).toBe(1);
    from('pbx', 3, 7);
    from('um', 3, 9);
    expect(totals.of('alice')).toMatchObject({ at: 9, since: 7 });
  });

  it('are those of so many sources at most: who has been silent longest is forgotten', () => {
    const { from } = totalsWith();
    from('um', 3, 1);
    for (let i = 1; i < MAX_SOURCES; i++) from(`pbx-${i}`, 0, 2);
    expect(from('um', 4, 3)).toBe(1);
    from('one more', 0, 4);
    expect(from('um', 5, 5)).toBe(1);
    expect(from('pbx-1', 9, SAME_MESSAGE_MS * 2)).toBe(0);
  });

  it('are written behind, so many at once', async () => {
    const { totals, told, journal } = totalsWith();
    let [inHand, most] = [0, 0];
    journal.saveMessageTotals = async () => {
      most = Math.max(most, ++inHand);
      await new Promise(setImmediate);
      inHand--;
    };
    for (let i = 0; i < SAVES_AT_ONCE * 3; i++) totals.tell(told(1, 1, `m${i}`));
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
    expect(most).toBe(SAVES_AT_ONCE);
  });

  it('are written behind, the latest of each mailbox', async () => {
    const { totals, told, saved } = totalsWith();
    totals.tell(told(1, 1));
    for (let at = 2; at < 50; at++) totals.tell(told(at, at));
    await new Promise(setImmediate);
    expect(saved.length).toBeLessThan(4);
    expect(saved.at(-1)).toEqual({ mailbox: 'alice', total: 49, at: 49 });
  });

  it('are written again where the journal failed, and say so once', async () => {
    const { totals, told, saved, journal, clock, errors } = totalsWith();
    journal.fails = true;
    totals.tell(told(1, 1));
    await new Promise(setImmediate);
    clock.advance(SAVE_RETRY_MS);
    await new Promise(setImmediate);
    expect(errors).toHaveLength(1);
    journal.fails = false;
    totals.tell(told(2, 2));
    clock.advance(SAVE_RETRY_MS);
    await new Promise(setImmediate);
    expect(saved).toEqual([{ mailbox: 'alice', total: 2, at: 2 }]);
    totals.stop();
    expect(clock.timers).toBe(0);
  });

  it('are of so many mailboxes at most; those that left the policy make room', () => {
    let newest = '';
    const { totals, told } = totalsWith((mailbox) => newest === '' || mailbox === newest);
    for (let i = 0; i < MAX_KNOWN_TOTALS; i++) totals.tell(told(1, 1, `m${i}`));
    totals.tell(told(1, 1, 'one more'));
    expect(totals.of('one more')).toBeUndefined();
    newest = 'one more';
    totals.tell(told(1, 1, 'one more'));
    expect(totals.of('one more')).toBeDefined();
    expect(totals.of('m0')).toBeUndefined();
    totals.stop();
  });
});

describe('silence of the voicemail system until the verdict is due', () => {
  const seen = (...kinds: EvidenceKind[]): Evidence[] =>
    kinds.map((kind) => ({ at: 0, kind, source: 'x', strength: 'strong', detail: '' }));
  const END = 100_000_000;
  const silent = {
    mailbox: 'alice',
    endedAt: END,
    evidence: seen('message-totals'),
    known: { total: 3, at: END - 1_000, changesOnly: false, since: 0 },
    listeningSince: 0,
    now: END + 90_000,
  };
  it.each([
    ['where we heard the source all the time', {}, true],
    ['where nothing was known before the call', { evidence: [] }, false],
    ['where nothing is known now', { known: undefined }, false],
    ['where a message was counted already', { evidence: seen('message-totals', 'voicemail-left') }, false],
    ['where the gateway was not there at the end of the call', { listeningSince: END + 1 }, false],
    [
      'where it was not, but was told since',
      { listeningSince: END + 1, known: { ...silent.known, at: END + 2 } },
      true,
    ],
    ['where the source fell silent', { known: { ...silent.known, at: END + 90_000 - SOURCE_SILENT_MS - 1 } }, false],
    ['where that source tells only changes', { known: { total: 3, at: 0, changesOnly: true, since: 0 } }, true],
    [
      'where somebody else counts since the call',
      { known: { total: 4, at: END + 2, changesOnly: false, since: END + 2 } },
      false,
    ],
    ['of a call without a mailbox', { mailbox: null }, false],
  ])('%s: says that no message was left: %s', (_, changes, says) => {
    const evidence = silenceEvidence({ ...silent, ...changes });
    expect(evidence?.kind ?? null).toBe(says ? 'voicemail-none' : null);
    if (says) expect(evidence).toMatchObject({ strength: 'strong', at: END + 90_000 });
  });
});

describe('the call that a voicemail event is about', () => {
  const event = (changes: Partial<VoicemailEvent> = {}): VoicemailEvent => ({
    mailbox: 'alice',
    at: 1_000,
    kind: 'left',
    call: null,
    caller: null,
    durationMs: null,
    source: 'event',
    ...changes,
  });
  const candidate = (callId: string, startedAt: number, changes: Partial<Candidate> = {}): Candidate => ({
    callId,
    sipCallIds: [`${callId}@pbx`],
    caller: bob,
    startedAt,
    phase: 'voicemail',
    told: false,
    ...changes,
  });
  const other = { ...bob, number: '1005' };
  const calls = [
    candidate('first', 1),
    candidate('from 1005', 2, { caller: other }),
    candidate('last', 3),
    candidate('a phone has it', 4, { phase: 'answered' }),
    candidate('told', 5, { told: true }),
    candidate('rings', 6, { phase: 'ringing' }),
  ];
  it.each([
    ['the one it names by our id', { call: 'first' }, 'first'],
    ['the one it names by a Call-ID of any leg', { call: 'first@pbx', caller: '1005' }, 'first'],
    ['the named one also where it was told about before', { call: 'told@pbx' }, 'told'],
    ['the caller’s', { caller: '1005' }, 'from 1005'],
    ['the caller’s latest, where its name for the call is not ours', { call: 'uuid', caller: '0033140009999' }, 'last'],
    ['the mailbox’s latest that voicemail had', {}, 'last'],
    ['the mailbox’s latest, where the caller hides', { caller: 'anonymous' }, 'last'],
    ['none, where it names a caller that none of them is', { caller: '+442071234567' }, null],
    [
      'of an answer the latest that nobody has here, whether voicemail had it or not',
      { kind: 'answered' as const },
      'rings',
    ],
    ['of an answer the named one', { kind: 'answered' as const, call: 'first' }, 'first'],
    [
      'of an answer none that somebody has answered here',
      { kind: 'answered' as const, call: 'a phone has it' },
      'rings',
    ],
    ['never one that still rings', { call: 'rings', caller: '1005' }, 'from 1005'],
  ])('is %s', (_, changes, expected) => {
    expect(callOf(event(changes), calls)).toBe(expected);
  });

  it('may be one whose caller is not known', () => {
    const hidden = candidate('hidden', 1, { caller: { ...bob, number: null } });
    expect(callOf(event({ caller: '1007' }), [hidden])).toBe('hidden');
    expect(callOf(event({ caller: '1005' }), [hidden, candidate('known', 0, { caller: other })])).toBe('known');
    expect(callOf(event(), [])).toBeNull();
  });

  it.each([
    ['+33140001001', '0140001001', true],
    ['0033140001001', '+33 1 40 00 10 01', true],
    ['1001', '+33140001001', false],
    ['1001', '1001', true],
    ['1001', '1002', false],
    ['alice', 'alice', true],
  ])('sees %s and %s as one number: %s', (one, another, same) => {
    expect(sameNumber(one, another)).toBe(same);
    expect(sameNumber(another, one)).toBe(same);
  });

  it.each([
    ['left', null, 'voicemail-left'],
    ['left', 3_000, 'voicemail-left'],
    ['left', 2_999, 'voicemail-blank'],
    ['left', 0, 'voicemail-blank'],
    ['blank', 60_000, 'voicemail-blank'],
    ['none', null, 'voicemail-none'],
  ] as const)('says of a visit by %s of %s ms: %s', (kind, durationMs, expected) => {
    const evidence = evidenceOfEvent(event({ kind, durationMs }), 3_000);
    expect(evidence).toMatchObject({ kind: expected, strength: 'certain', source: 'voicemail', at: 1_000 });
  });

  it('says of an answer that it was none of the legs’: whatever its length', () => {
    const evidence = evidenceOfEvent(event({ kind: 'answered', durationMs: 5 }), 3_000);
    expect(evidence).toMatchObject({ kind: 'answered', strength: 'certain', source: 'outside', at: 1_000 });
    expect(isSaying(evidence)).toBe(true);
    expect(isSaying({ ...evidence, source: 'leg-1' })).toBe(false);
  });
});
