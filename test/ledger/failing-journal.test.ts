import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalError } from '../../src/journal/index.ts';
import { MAX_WAITING_CALLS } from '../../src/ledger/backlog.ts';
import { MAX_EVIDENCE } from '../../src/ledger/live-calls.ts';
import { MAX_IN_HAND, MAX_WAITING_EVIDENCE } from '../../src/ledger/write-queue.ts';
import { callStart, evidence } from '../journal/samples.ts';
import { oneCall, START } from '../support/call-events.ts';
import { bench, stateOf, type Behaviour, type Bench } from './support.ts';

const rangOut = stateOf(oneCall().rings(1).timesOut(21).final(21, 487));
const answered = stateOf(oneCall().rings(1).answers(5).relayed(5).byes(60));
const full = new JournalError('full', 'the disk is full');
const wrong = new JournalError('statement', 'no such column');

function start(changes: Parameters<typeof callStart>[0] = {}) {
  return callStart({ startedAt: START, ...changes });
}

/** Lets what has been answered be heard. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
}

describe('a journal that is slow', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench();
  });
  afterEach(() => gateway.end());

  it('holds a call up for 50 ms at most, which is then evidence', async () => {
    const { ledger, clock, faulty, journal } = gateway;
    const call = start();
    let commit: () => void = () => undefined;
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    faulty.journal.begin = async (record) => {
      await committed;
      return journal.begin(record);
    };
    let gone = false;
    const begun = ledger.begin(call).then(() => {
      gone = true;
    });
    clock.advance(49);
    await turns();
    expect(gone).toBe(false);
    clock.advance(1);
    await begun;
    commit();
    ledger.ended(call.id, rangOut, START + 21_000);
    await gateway.drain();
    const view = await journal.call(call.id);
    expect(view?.outcome).toBe('missed');
    expect(view?.evidence.filter(({ kind }) => kind === 'journalled-late')).toMatchObject([
      { at: START + 50, strength: 'certain', source: 'gateway' },
    ]);
    expect(gateway.settled).toEqual([view]);
  });

  it('makes the ledger unready after a second, and ready again when it has answered', async () => {
    const { ledger, clock, faulty } = gateway;
    let commit: () => void = () => undefined;
    faulty.journal.begin = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    void ledger.begin(start());
    await turns();
    clock.advance(999);
    expect(ledger.ready).toBe(true);
    clock.advance(1);
    expect(ledger.ready).toBe(false);
    faulty.journal.begin = () => Promise.resolve();
    commit();
    await gateway.drain();
    expect(ledger.ready).toBe(true);
    expect(ledger.queueDepth).toBe(0);
  });
});

describe('a journal that fails', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench();
  });
  afterEach(() => gateway.end());

  it('holds no call up, makes the ledger unready, and gets everything in order when it is back', async () => {
    const { ledger, clock, faulty, journal } = gateway;
    faulty.behave = () => full;
    const calls = Array.from({ length: 30 }, () => start());
    void ledger.begin(calls[0]!);
    await turns();
    expect(ledger.ready).toBe(false);
    for (const call of calls.slice(1)) {
      await ledger.begin(call);
      ledger.rang(call.id, START + 1_000);
      ledger.addEvidence(call.id, evidence('from outside'));
    }
    for (const { id } of calls) ledger.ended(id, rangOut, START + 21_000);
    expect(ledger.queueDepth).toBe(30);
    expect(await journal.calls({ limit: 10 })).toEqual([]);
    expect(gateway.log).toMatchObject([{ level: 'error', fields: { error: 'JournalError: the disk is full' } }]);

    faulty.behave = () => 'works';
    faulty.asked.length = 0;
    clock.advance(100);
    await gateway.drain();
    expect(ledger.ready).toBe(true);
    expect(gateway.log.at(-1)).toMatchObject({ level: 'info', message: 'the journal is back' });
    const views = await journal.calls({ limit: 100 });
    expect(views.map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
    for (const view of views) {
      expect(view).toMatchObject({ outcome: 'missed', rangMs: 20_000, decisions: [{ decision: 'notify' }] });
    }
    expect(views[1]?.evidence.map(({ kind }) => kind)).toEqual(['journalled-late', 'rang', 'rang', 'ring-timer']);
    // Each call in two writes: what its settlement says is not written before it.
    const writes = (what: string) =>
      faulty.asked.filter((write) => write.startsWith(what)).map((write) => write.split(' ')[1]);
    expect(writes('begin')).toEqual(calls.map(({ id }) => id));
    expect(writes('settle')).toEqual(calls.map(({ id }) => id));
    expect(faulty.asked).toHaveLength(61);
  });

  it('is tried again after 100 ms, then ever more rarely, down to every 5 s', async () => {
    const { ledger, clock, faulty } = gateway;
    faulty.behave = () => full;
    void ledger.begin(start());
    await turns();
    const waits: number[] = [];
    for (let retry = 0; retry < 9; retry++) {
      const before = faulty.asked.filter((write) => write === 'probe ').length;
      let waited = 0;
      while (faulty.asked.filter((write) => write === 'probe ').length === before) {
        clock.advance(50);
        waited += 50;
        await turns();
      }
      waits.push(waited);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
    expect(gateway.log.filter(({ message }) => message.startsWith('the journal fails'))).toHaveLength(1);
  });

  it('that takes a probe but no record is not hammered', async () => {
    const { ledger, clock, faulty } = gateway;
    faulty.behave = (write) => (write === 'probe' ? 'works' : full);
    void ledger.begin(start());
    await turns();
    for (let i = 0; i < 100; i++) {
      clock.advance(100);
      await turns();
      if (faulty.asked.at(-1)?.startsWith('probe') === true) await gateway.journal.probe();
      await turns();
    }
    expect(ledger.ready).toBe(false);
    expect(faulty.asked.filter((write) => write.startsWith('begin')).length).toBeLessThan(10);
  });

  it('never sees a call’s settlement before its first record', async () => {
    const { ledger, clock, faulty, journal } = gateway;
    const call = start();
    faulty.behave = (write) => (write === 'begin' ? full : 'works');
    void ledger.begin(call);
    ledger.ended(call.id, rangOut, START + 21_000);
    await turns();
    expect(faulty.asked.some((write) => write.startsWith('settle'))).toBe(false);
    faulty.behave = () => 'works';
    clock.advance(100);
    await gateway.drain();
    expect((await journal.call(call.id))?.outcome).toBe('missed');
  });

  it('gives up a record it refuses for good, says so, and takes all others', async () => {
    const { ledger, faulty, journal } = gateway;
    const [bad, good] = [start(), start()];
    faulty.behave = (_write, callId) => (callId === bad.id ? wrong : 'works');
    await Promise.all([ledger.begin(bad), ledger.begin(good)]);
    for (const { id } of [bad, good]) ledger.ended(id, rangOut, START + 21_000);
    await gateway.drain();
    expect(ledger.ready).toBe(true);
    expect(ledger.dropped).toBe(1);
    expect(gateway.log).toMatchObject([{ level: 'error', fields: { callId: bad.id, error: 'no such column' } }]);
    expect((await journal.call(good.id))?.outcome).toBe('missed');
    expect(await journal.call(bad.id)).toBeNull();
  });

  it('costs the oldest calls beyond 10,000, those without a mailbox first, counted and logged', async () => {
    const { ledger, clock, faulty, journal } = gateway;
    faulty.behave = () => full;
    void ledger.begin(start({ id: 'first', mailbox: null }));
    await turns();
    const name = (index: number): string => `call-${String(index).padStart(6, '0')}`;
    // Every third has no mailbox.
    const mailbox = (index: number): string | null => (index % 3 === 0 ? null : 'alice');
    for (let i = 1; i < MAX_WAITING_CALLS; i++) void ledger.begin(start({ id: name(i), mailbox: mailbox(i) }));
    expect(ledger.queueDepth).toBe(MAX_WAITING_CALLS);
    expect(ledger.dropped).toBe(0);
    for (let i = 0; i < 3; i++) await ledger.begin(start({ id: `late-${i}` }));
    expect(ledger.queueDepth).toBe(MAX_WAITING_CALLS);
    expect(ledger.dropped).toBe(3);
    const told = () => gateway.log.filter(({ message }) => message.includes('given up'));
    expect(told()).toMatchObject([{ level: 'error', fields: { dropped: 1 } }]);
    clock.advance(10_000);
    expect(told()).toMatchObject([{}, { fields: { dropped: 2, droppedInAll: 3 } }]);

    faulty.behave = () => 'works';
    await gateway.drain(20);
    for (const gone of ['first', name(3), name(6)]) expect(await journal.call(gone), gone).toBeNull();
    for (const kept of [name(1), name(2), name(9), 'late-0', 'late-2'])
      expect(await journal.call(kept), kept).not.toBeNull();
    // What is reported of a call that was given up is not written: it would be half a record.
    ledger.ended('first', rangOut, START + 21_000);
    expect(ledger.queueDepth).toBe(0);
  });

  it('costs a call whose first record is written no more than its waiting reports: its end is settled', async () => {
    const { ledger, faulty, journal } = gateway;
    const [talking, bad] = [start(), start()];
    for (const call of [talking, bad]) await ledger.begin(call);
    faulty.behave = (_write, callId) => (callId === bad.id ? wrong : full);
    ledger.rang(bad.id, START + 1_000);
    ledger.answered(talking.id, START + 5_000, 'phone');
    await turns();
    for (let i = 0; i < MAX_WAITING_CALLS; i++) void ledger.begin(start({ id: `call-${i}` }));
    expect(ledger.queueDepth).toBe(MAX_WAITING_CALLS);
    expect(ledger.dropped).toBe(2);
    faulty.behave = () => 'works';
    await gateway.drain(20);
    for (const { id } of [talking, bad]) ledger.ended(id, answered, START + 60_000);
    await gateway.drain();
    for (const { id } of [talking, bad]) {
      expect(await journal.call(id)).toMatchObject({ outcome: 'answered', answeredAt: START + 5_000 });
    }
  });

  it('keeps so much evidence of a call that lives, and so much that waits of one that has ended', async () => {
    const { ledger, faulty, journal } = gateway;
    const [living, over] = [start(), start()];
    for (const call of [living, over]) await ledger.begin(call);
    ledger.ended(over.id, rangOut, START + 21_000);
    await gateway.drain();
    const settled = (await journal.call(over.id))?.evidence.length ?? 0;
    for (let i = 0; i <= MAX_EVIDENCE; i++) {
      ledger.addEvidence(living.id, evidence(`${i}`));
      await gateway.drain();
    }
    faulty.behave = () => full;
    for (let i = 0; i < MAX_WAITING_EVIDENCE * 2; i++) ledger.addEvidence(over.id, evidence(`${i}`));
    await turns();
    faulty.behave = () => 'works';
    await gateway.drain(20);
    expect((await journal.call(living.id))?.evidence).toHaveLength(living.evidence.length + MAX_EVIDENCE);
    expect((await journal.call(over.id))?.evidence).toHaveLength(settled + MAX_WAITING_EVIDENCE);
  });

  it('is handed so many writes at once', async () => {
    const { ledger, faulty } = gateway;
    const begin = faulty.journal.begin.bind(faulty.journal);
    const handed: (() => void)[] = [];
    faulty.journal.begin = (record) => new Promise((resolve) => handed.push(() => void begin(record).then(resolve)));
    for (let i = 0; i < MAX_IN_HAND + 10; i++) void ledger.begin(start({ id: `call-${i}` }));
    await turns();
    expect(handed).toHaveLength(MAX_IN_HAND);
    for (const go of handed.splice(0)) go();
    await expect.poll(() => handed.length).toBe(10);
    for (const go of handed) go();
  });

  it('loses nothing and doubles nothing, wherever it fails', { timeout: 60_000 }, async () => {
    const failures = fc.infiniteStream(fc.constantFrom<Behaviour>('works', 'works', 'works', full));
    const plans = fc.array(fc.subarray(['rang', 'answered', 'evidence'] as const), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(plans, failures, async (plan, stream) => {
        gateway.faulty.behave = () => stream.next().value ?? 'works';
        const calls = plan.map((reports) => ({ start: start(), reports }));
        await Promise.all(
          calls.map(async ({ start: { id }, start: record, reports }) => {
            void gateway.ledger.begin(record);
            await turns();
            for (const report of reports) {
              if (report === 'rang') gateway.ledger.rang(id, START + 1_000);
              if (report === 'answered') gateway.ledger.answered(id, START + 5_000, 'phone');
              if (report === 'evidence') gateway.ledger.addEvidence(id, evidence(`of ${id}`));
              await turns();
            }
            gateway.ledger.ended(id, rangOut, START + 21_000);
          }),
        );
        await gateway.drain(50);
        for (const { start: record, reports } of calls) {
          const view = await gateway.journal.call(record.id);
          expect(view).toMatchObject({ outcome: 'missed', rangMs: 20_000 });
          expect(view?.decisions.flatMap(({ notifications }) => notifications)).toHaveLength(1);
          const outside = view?.evidence.filter(({ detail }) => detail === `of ${record.id}`);
          expect(outside).toHaveLength(reports.includes('evidence') ? 1 : 0);
          expect(gateway.settled.filter(({ id }) => id === record.id)).toHaveLength(1);
        }
      }),
      { numRuns: 15 },
    );
  });
});
