import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/call/index.ts';
import { JournalError } from '../../src/journal/index.ts';
import { RECOVERY_READ_MS } from '../../src/ledger/sweeps.ts';
import { callStart } from '../journal/samples.ts';
import { oneCall, START } from '../support/call-events.ts';
import { bench, POLICY, stateOf, type Bench } from './support.ts';

const rangOut = stateOf(oneCall().rings(1).timesOut(21).final(21, 487));
const answered = stateOf(oneCall().rings(1).answers(5).relayed(5).byes(60));
const hungUp = stateOf(oneCall().rings(1).cancels(11).final(11, 487));

const full = new JournalError('full', 'the disk is full');

function fromVoicemail(kind: Evidence['kind']): Evidence {
  return { at: START + 30_000, kind, source: 'voicemail', strength: 'strong', detail: 'the message count rose' };
}

function start(changes: Parameters<typeof callStart>[0] = {}) {
  return callStart({ startedAt: START, ...changes });
}

describe('the ledger', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench();
  });
  afterEach(() => gateway.end());

  it('journals a call before it rings, and what happens to it when it happens', async () => {
    const { ledger, journal } = gateway;
    const call = start();
    await ledger.begin(call);
    expect(await journal.call(call.id)).toMatchObject({ callee: '1001', rangAt: null, outcome: null });
    ledger.rang(call.id, START + 1_000);
    ledger.answered(call.id, START + 5_000, 'phone');
    await gateway.drain();
    expect(await journal.call(call.id)).toMatchObject({
      rangAt: START + 1_000,
      answeredAt: START + 5_000,
      answeredBy: 'phone',
      endedAt: null,
    });
  });

  it('settles a missed call: outcome, evidence, decision and notification in one go, told once', async () => {
    const { ledger, journal, settled } = gateway;
    const call = start();
    await ledger.begin(call);
    ledger.rang(call.id, START + 1_000);
    ledger.ended(call.id, rangOut, START + 21_000);
    await gateway.drain();
    const view = await journal.call(call.id);
    expect(settled).toEqual([view]);
    expect(view).toMatchObject({ outcome: 'missed', cause: 'no-answer', rangMs: 20_000, endedAt: START + 21_000 });
    expect(view?.rule).toBe('rang, and nobody answered');
    expect(view?.evidence.map(({ kind }) => kind)).toEqual(['rang', 'ring-timer']);
    expect(view?.decisions).toMatchObject([
      { mailbox: 'alice', decision: 'notify', reason: 'missed', notifications: [{ state: 'due' }] },
    ]);
    const [owed] = await journal.notifications({ limit: 10 });
    expect(owed).toMatchObject({
      callId: call.id,
      dueAt: gateway.clock.now(),
      messageId: `<${owed?.id}@missed-call.gw1>`,
      content: { recipient: { address: 'alice@example.com', language: 'fr-FR' }, rangMs: 20_000, cause: 'no-answer' },
    });
    expect(gateway.faulty.asked.filter((write) => write.startsWith('settle'))).toHaveLength(1);
  });

  it('owes nothing for an answered call, and takes its answer from the signalling where nobody reported it', async () => {
    const { ledger, journal } = gateway;
    const call = start();
    await ledger.begin(call);
    ledger.ended(call.id, answered, START + 60_000);
    await gateway.drain();
    expect(await journal.call(call.id)).toMatchObject({
      outcome: 'answered',
      answeredAt: START + 5_000,
      answeredBy: 'phone',
      decisions: [{ decision: 'skip', reason: 'answered', notifications: [] }],
    });
    expect(await journal.notifications({ limit: 10 })).toEqual([]);
  });

  it.each([
    ['voicemail', 'phone'],
    ['phone', 'voicemail'],
  ] as const)('keeps the answer of the phone where %s answered first and %s second', async (first, second) => {
    const { ledger, journal } = gateway;
    const call = start();
    await ledger.begin(call);
    const at = { phone: START + 5_000, voicemail: START + 6_000 };
    const kept = { answeredAt: at.phone, answeredBy: 'phone' };
    ledger.answered(call.id, at[first], first);
    ledger.answered(call.id, at[second], second);
    await gateway.drain();
    expect(await journal.call(call.id)).toMatchObject(kept);
    ledger.ended(call.id, answered, START + 60_000);
    await gateway.drain();
    expect(await journal.call(call.id)).toMatchObject(kept);
  });

  it('writes the answer of a phone that comes while that of the voicemail is being written', async () => {
    const { ledger, journal, faulty } = gateway;
    const call = start();
    await ledger.begin(call);
    faulty.journal.answered = async (...answer) => {
      faulty.journal.answered = (...later) => journal.answered(...later);
      ledger.answered(call.id, START + 6_000, 'phone');
      return journal.answered(...answer);
    };
    ledger.answered(call.id, START + 5_000, 'voicemail');
    await gateway.drain();
    expect(await journal.call(call.id)).toMatchObject({ answeredAt: START + 6_000, answeredBy: 'phone' });
  });

  it('decides by the policy that holds when the call ends', async () => {
    const { ledger, journal } = gateway;
    const [switchedOff, vanished] = [start(), start({ mailbox: 'bruno' })];
    for (const call of [switchedOff, vanished]) await ledger.begin(call);
    gateway.setPolicy(
      POLICY.replace('allowMissedCallNotifications: true', 'allowMissedCallNotifications: false').replace(
        /^.*bruno.*$/m,
        '',
      ),
    );
    for (const call of [switchedOff, vanished]) ledger.ended(call.id, rangOut, START + 21_000);
    await gateway.drain();
    expect((await journal.call(switchedOff.id))?.decisions).toMatchObject([
      { reason: 'policy-disabled', detail: 'Paris Default Policy', decision: 'skip' },
    ]);
    expect((await journal.call(vanished.id))?.decisions).toMatchObject([{ reason: 'no-mailbox', decision: 'skip' }]);
  });

  it('ignores reports about a call that has not begun or has ended', async () => {
    const { ledger, faulty } = gateway;
    ledger.rang('unknown', START);
    ledger.answered('unknown', START, 'phone');
    ledger.ended('unknown', rangOut, START);
    const call = start();
    await ledger.begin(call);
    ledger.ended(call.id, rangOut, START + 21_000);
    ledger.ended(call.id, answered, START + 22_000);
    ledger.rang(call.id, START);
    await gateway.drain();
    expect(gateway.settled.map(({ outcome }) => outcome)).toEqual(['missed']);
    expect(faulty.asked).toEqual([`begin ${call.id}`, `settle ${call.id}`]);
  });

  it('says nothing more about a call that has its outcome already', async () => {
    const { ledger, journal, settled } = gateway;
    const call = start();
    await ledger.begin(call);
    await journal.settle({
      callId: call.id,
      endedAt: START,
      rangAt: null,
      rangMs: null,
      answeredAt: null,
      answeredBy: null,
      state: null,
      rule: 'somebody answered',
      evidence: [],
      verdict: { outcome: 'answered', cause: null },
      decisions: [],
      notifications: [],
    });
    ledger.ended(call.id, rangOut, START + 21_000);
    await gateway.drain();
    expect(settled).toEqual([]);
    expect((await journal.counts()).notifications.due).toBe(0);
  });

  it('keeps at most 100 pieces of outside evidence of a call', async () => {
    const { ledger, journal } = gateway;
    const call = start();
    await ledger.begin(call);
    for (let i = 0; i < 150; i++) ledger.addEvidence(call.id, fromVoicemail('joined'));
    await gateway.drain();
    expect((await journal.call(call.id))?.evidence).toHaveLength(100);
  });

  it('survives a listener that throws', async () => {
    await gateway.end();
    gateway = await bench({
      onSettled: () => {
        throw new Error('no listener should');
      },
    });
    const call = start();
    await gateway.ledger.begin(call);
    gateway.ledger.ended(call.id, rangOut, START + 21_000);
    await gateway.drain();
    expect((await gateway.journal.call(call.id))?.outcome).toBe('missed');
    expect(gateway.log).toMatchObject([{ level: 'error', message: expect.stringContaining('settled') as unknown }]);
  });
});

describe('a pending verdict', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench({ owner: 'upstream' });
  });
  afterEach(() => gateway.end());

  async function handedBack(): Promise<string> {
    const call = start();
    await gateway.ledger.begin(call);
    gateway.ledger.ended(call.id, hungUp, START + 11_000);
    await gateway.drain();
    return call.id;
  }

  it('is journalled with the time until which it waits, and owes nothing yet', async () => {
    const id = await handedBack();
    expect(gateway.settled).toMatchObject([{ outcome: null, pendingUntil: START + 101_000, decisions: [] }]);
    expect(await gateway.journal.call(id)).toEqual(gateway.settled[0]);
    await gateway.ledger.settleDue(START + 100_999);
    expect(await gateway.journal.call(id)).toMatchObject({ outcome: null });
  });

  it('becomes missed when no evidence came, by the ledger’s own timer', async () => {
    const id = await handedBack();
    while (gateway.settled.length < 2) {
      await new Promise(setImmediate);
      gateway.clock.advance(1_000);
    }
    expect(gateway.settled[1]).toMatchObject({
      outcome: 'missed',
      cause: 'no-answer',
      pendingUntil: null,
      rangMs: 10_000,
    });
    expect(await gateway.journal.call(id)).toEqual(gateway.settled.at(-1));
    expect((await gateway.journal.counts()).notifications.due).toBe(1);
  });

  it('becomes voicemail when the evidence says so', async () => {
    const id = await handedBack();
    gateway.ledger.addEvidence(id, fromVoicemail('voicemail-left'));
    await gateway.drain();
    await gateway.ledger.settleDue(START + 101_000);
    expect(gateway.settled.at(-1)).toMatchObject({
      outcome: 'voicemail',
      decisions: [{ decision: 'skip', reason: 'voicemail-left' }],
    });
    expect((await gateway.journal.call(id))?.evidence.at(-1)?.kind).toBe('voicemail-left');
  });

  it('misses no evidence that comes while it is being written', async () => {
    const call = start();
    await gateway.ledger.begin(call);
    let commit: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const writing = new Promise<void>((resolve) => {
      gateway.faulty.journal.settle = async (settlement) => {
        resolve();
        await gate;
        return gateway.journal.settle(settlement);
      };
    });
    gateway.ledger.ended(call.id, hungUp, START + 11_000);
    await writing;
    gateway.ledger.addEvidence(call.id, fromVoicemail('voicemail-left'));
    commit();
    await gateway.drain();
    expect((await gateway.journal.call(call.id))?.evidence.at(-1)?.kind).toBe('voicemail-left');
  });

  it('is not judged while evidence of it is on its way', async () => {
    const id = await handedBack();
    gateway.faulty.behave = (write) => (write === 'addEvidence' ? full : 'works');
    gateway.ledger.addEvidence(id, fromVoicemail('voicemail-left'));
    await gateway.ledger.settleDue(START + 101_000);
    expect((await gateway.journal.call(id))?.outcome).toBeNull();
    gateway.faulty.behave = () => 'works';
    await gateway.drain(20);
    await gateway.ledger.settleDue(START + 101_000);
    expect((await gateway.journal.call(id))?.outcome).toBe('voicemail');
  });

  it('is settled for all that are due, many at once', async () => {
    const calls = Array.from({ length: 230 }, () => start());
    await Promise.all(calls.map((call) => gateway.ledger.begin(call)));
    for (const { id } of calls) gateway.ledger.ended(id, hungUp, START + 11_000);
    await gateway.drain();
    await gateway.ledger.settleDue(START + 101_000);
    expect((await gateway.journal.counts()).notifications.due).toBe(230);
  });

  it('survives a restart', async () => {
    const id = await handedBack();
    gateway = await gateway.restart();
    await gateway.ledger.recover();
    expect((await gateway.journal.call(id))?.outcome).toBeNull();
    await gateway.ledger.settleDue(START + 101_000);
    expect(await gateway.journal.call(id)).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
  });
});

describe('a gateway that starts again', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench();
  });
  afterEach(() => gateway.end());

  it('settles the calls that its death interrupted: ringing ones are missed, talking ones answered', async () => {
    const [early, ringing, talking, recording] = [start(), start(), start(), start()];
    for (const call of [early, ringing, talking, recording]) await gateway.ledger.begin(call);
    gateway.ledger.rang(ringing.id, START + 1_000);
    gateway.ledger.answered(talking.id, START + 5_000, 'phone');
    gateway.ledger.answered(recording.id, START + 25_000, 'voicemail');
    await gateway.drain();
    gateway.clock.advance(60_000);

    gateway = await gateway.restart();
    await gateway.ledger.recover();
    await gateway.drain();
    expect(gateway.log).toMatchObject([{ level: 'info', fields: { calls: 4 } }]);
    const stopped = 'the gateway stopped before anybody answered';
    const inVoicemail = 'the gateway stopped while the voicemail system had the call';
    const outcome = async (id: string) => {
      const view = await gateway.journal.call(id);
      return [view?.outcome, view?.cause, view?.decisions[0]?.reason, view?.rule];
    };
    expect(await outcome(early.id)).toEqual(['missed', 'interrupted', 'missed', stopped]);
    expect(await outcome(ringing.id)).toEqual(['missed', 'interrupted', 'missed', stopped]);
    expect(await outcome(talking.id)).toEqual([
      'answered',
      'interrupted',
      'answered',
      'the gateway stopped while a phone had answered',
    ]);
    expect(await outcome(recording.id)).toEqual([null, null, undefined, inVoicemail]);
    expect((await gateway.journal.call(ringing.id))?.evidence.at(-1)?.kind).toBe('interrupted');
    expect((await gateway.journal.counts()).notifications.due).toBe(2);

    await gateway.ledger.settleDue(gateway.clock.now() + 90_000);
    expect(await outcome(recording.id)).toEqual(['missed', 'interrupted', 'missed', inVoicemail]);
    await gateway.ledger.recover();
    await gateway.drain();
    expect((await gateway.journal.counts()).notifications.due).toBe(3);
  });

  it('settles many, under whatever name they were left, and leaves the calls of this life alone', async () => {
    const left = Array.from({ length: 250 }, () => start());
    await Promise.all(left.map((call) => gateway.ledger.begin(call)));
    gateway = await gateway.restart('renamed');
    const live = start({ startedAt: gateway.clock.now() });
    await gateway.ledger.begin(live);
    await gateway.ledger.recover();
    await gateway.drain();
    expect(gateway.settled).toHaveLength(250);
    expect((await gateway.journal.call(live.id))?.outcome).toBeNull();
  });

  it('finds the calls of an earlier life whatever the clock said then', async () => {
    const call = start({ startedAt: gateway.clock.now() + 3_600_000 });
    await gateway.ledger.begin(call);
    gateway = await gateway.restart();
    await gateway.ledger.recover();
    await gateway.drain();
    expect((await gateway.journal.call(call.id))?.outcome).toBe('missed');
  });

  it('knows from its first record that a call listened to messages', async () => {
    const access: Evidence = { ...fromVoicemail('voicemail-access'), source: 'gateway', strength: 'certain' };
    const [listening, dialling] = [start({ evidence: [access] }), start({ evidence: [access] })];
    for (const call of [listening, dialling]) await gateway.ledger.begin(call);
    expect((await gateway.journal.call(dialling.id))?.evidence).toEqual([access]);
    gateway.ledger.answered(listening.id, START + 5_000, 'voicemail');
    await gateway.drain();
    gateway = await gateway.restart();
    await gateway.ledger.recover();
    await gateway.drain();
    expect(gateway.settled.map(({ evidence }) => evidence.map(({ kind }) => kind))).toEqual([
      ['voicemail-access', 'interrupted'],
      ['voicemail-access', 'interrupted'],
    ]);
    for (const { decisions } of gateway.settled) {
      expect(decisions).toMatchObject([{ decision: 'skip', reason: 'voicemail-access' }]);
    }
  });

  it('tries again where the journal cannot be read yet', async () => {
    const call = start();
    await gateway.ledger.begin(call);
    gateway.clock.advance(1);
    gateway = await gateway.restart();
    gateway.faulty.behave = (write) => (write === 'unfinished' ? full : 'works');
    await gateway.ledger.recover();
    expect(gateway.log).toMatchObject([{ level: 'error', fields: { error: 'JournalError: the disk is full' } }]);
    gateway.faulty.behave = () => 'works';
    const settling = gateway.settling(call.id);
    gateway.clock.advance(5_000);
    expect(await settling).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
  });

  it('takes calls while a journal that fails takes no settlement', async () => {
    const call = start();
    await gateway.ledger.begin(call);
    gateway = await gateway.restart();
    gateway.faulty.behave = (write) => (write === 'unfinished' ? 'works' : full);
    await gateway.ledger.recover();
    expect(gateway.ledger.queueDepth).toBe(1);
    gateway.faulty.behave = () => 'works';
    await gateway.drain(20);
    expect(await gateway.journal.call(call.id)).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
  });

  it('waits 5 s for a journal that does not answer, and settles what it left when it does', async () => {
    const call = start();
    await gateway.ledger.begin(call);
    gateway = await gateway.restart();
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    gateway.faulty.journal.unfinished = async () => {
      await answered;
      return gateway.journal.unfinished();
    };
    let taken = false;
    const recovering = gateway.ledger.recover().then(() => {
      taken = true;
    });
    gateway.clock.advance(RECOVERY_READ_MS - 1);
    await new Promise(setImmediate);
    expect(taken).toBe(false);
    gateway.clock.advance(1);
    await recovering;
    expect(gateway.log).toMatchObject([{ level: 'warn' }]);
    const settling = gateway.settling(call.id);
    answer();
    expect(await settling).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
  });
});

describe('a gateway that stops', () => {
  it('settles what still lives as interrupted, and leaves no timer', async () => {
    const gateway = await bench();
    const [ringing, talking] = [start(), start()];
    for (const call of [ringing, talking]) await gateway.ledger.begin(call);
    gateway.ledger.answered(talking.id, START + 5_000, 'phone');
    await gateway.ledger.stop();
    await gateway.ledger.stop();
    expect(await gateway.journal.call(ringing.id)).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
    expect(await gateway.journal.call(talking.id)).toMatchObject({ outcome: 'answered', cause: 'interrupted' });
    expect(gateway.clock.timers).toBe(0);
    await gateway.ledger.begin(start());
    expect(gateway.ledger.queueDepth).toBe(0);
    await gateway.end();
  });

  it('stops at once while a start still waits for the journal', async () => {
    const gateway = await bench();
    gateway.faulty.journal.unfinished = () => new Promise(() => undefined);
    const recovering = gateway.ledger.recover();
    await gateway.ledger.stop();
    await recovering;
    expect(gateway.clock.timers).toBe(0);
    await gateway.end();
  });

  it('waits for a journal that fails 5 s, and says what was not written', async () => {
    const gateway = await bench();
    const call = start();
    await gateway.ledger.begin(call);
    gateway.faulty.behave = () => full;
    let stopped = false;
    const stopping = gateway.ledger.stop().then(() => {
      stopped = true;
    });
    gateway.clock.advance(4_999);
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    gateway.clock.advance(1);
    await stopping;
    expect(gateway.log.at(-1)).toMatchObject({ level: 'error', fields: { calls: 1 } });
    expect(gateway.clock.timers).toBe(0);
    await gateway.end();
  });
});
