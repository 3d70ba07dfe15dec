import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VoicemailEvent } from '../../src/call/index.ts';
import { JournalError } from '../../src/journal/index.ts';
import { explain } from '../../src/ledger/index.ts';
import { MAX_WAITING_TESTIMONY } from '../../src/ledger/lines.ts';
import { MAX_KEPT_EVIDENCE, MAX_LOOKS } from '../../src/ledger/testimony.ts';
import { callStart } from '../journal/samples.ts';
import { oneCall, START } from '../support/call-events.ts';
import { bench, stateOf, type Bench } from './support.ts';

/** Rang out after 20 s, voicemail from 21 s on, the caller stayed so long. */
const visit = (stayedS: number, mailbox?: string) =>
  stateOf(
    oneCall()
      .rings(1)
      .timesOut(20)
      .final(20, 487)
      .invites(20, 'leg-2', { kind: 'voicemail', ...(mailbox === undefined ? {} : { mailbox }) })
      .answers(21, 'leg-2')
      .relayed(21, 'leg-2')
      .byes(21 + stayedS, 'leg-2'),
  );
const cancelled = stateOf(oneCall().rings(1).cancels(11).final(11, 487));

describe('what voicemail systems tell', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench();
  });
  afterEach(() => gateway.end());

  const at = (seconds: number): number => START + seconds * 1_000;
  const begin = async (changes: Parameters<typeof callStart>[0] = {}) => {
    const call = callStart({ startedAt: START, ...changes });
    await gateway.ledger.begin(call);
    return call;
  };
  const reach = (id: string, seconds = 21): void => gateway.ledger.answered(id, at(seconds), 'voicemail');
  /** A whole visit; resolves when it is judged or waits. */
  const visits = async (stayedS: number, changes: Parameters<typeof callStart>[0] = {}) => {
    const call = await begin(changes);
    reach(call.id);
    gateway.ledger.ended(call.id, visit(stayedS), at(21 + stayedS));
    await gateway.drain();
    return call.id;
  };
  const counts = (total: number, seconds: number, source = 'NOTIFY from um'): void =>
    gateway.ledger.messageTotals({ mailbox: 'alice', total, at: at(seconds), source });
  const event = (changes: Partial<VoicemailEvent> = {}) =>
    gateway.ledger.voicemailEvent({
      mailbox: 'alice',
      at: at(60),
      kind: 'left',
      call: null,
      caller: null,
      durationMs: null,
      source: 'event',
      ...changes,
    });
  const verdict = async (id: string) => {
    const call = await gateway.journal.call(id);
    return call?.outcome === null ? 'pending' : [call?.outcome, call?.cause].filter(Boolean).join(' / ');
  };
  const kinds = async (id: string) => (await gateway.journal.call(id))?.evidence.map(({ kind }) => kind);

  describe('totals', () => {
    it('make a verdict wait where one was known before, and only there', async () => {
      expect(await verdict(await visits(40))).toBe('voicemail');
      counts(3, 0);
      const id = await visits(40);
      expect(await verdict(id)).toBe('pending');
      const baseline = (await gateway.journal.call(id))?.evidence.find(({ kind }) => kind === 'message-totals');
      expect(baseline?.detail).toBe('alice had 3 messages before this call');
    });

    it('that rise settle the call that waits at once: a message was left', async () => {
      counts(3, 0);
      const id = await visits(6);
      const settled = gateway.settling(id);
      counts(4, 40);
      expect(await settled).toMatchObject({ outcome: 'voicemail', decisions: [{ reason: 'voicemail-left' }] });
      expect(await verdict(id)).toBe('voicemail');
      expect((await kinds(id))?.filter((kind) => kind === 'voicemail-left')).toHaveLength(1);
    });

    it('told in the very moment the call ends find it on its way to the journal', async () => {
      counts(3, 0);
      const call = await begin();
      reach(call.id);
      await gateway.drain();
      const told: (string | null)[] = [];
      const settled = new Promise<void>((resolve) => {
        gateway.settled.push = (...views) => {
          told.push(...views.map(({ outcome }) => outcome));
          if (told.at(-1) === 'voicemail') resolve();
          return told.length;
        };
      });
      gateway.ledger.ended(call.id, visit(30), at(51));
      counts(4, 51);
      await settled;
      expect(told).toEqual([null, 'voicemail']);
    });

    it('that rise by one settle one of two calls, and the longer stay is it', async () => {
      counts(3, 0);
      const [short, long] = [await visits(4), await visits(30)];
      const settled = gateway.settling(long);
      counts(4, 60);
      expect((await settled).outcome).toBe('voicemail');
      expect(await verdict(short)).toBe('pending');
    });

    it('that rise twice settle both, one each', async () => {
      counts(3, 0);
      const [short, long] = [await visits(4), await visits(30)];
      const [first, second] = [gateway.settling(long), gateway.settling(short)];
      counts(4, 60);
      counts(5, 61);
      expect([(await first).outcome, (await second).outcome]).toEqual(['voicemail', 'voicemail']);
    });

    it('that do not rise until settle say that none was left, however long the caller stayed', async () => {
      counts(3, 0);
      const id = await visits(40);
      counts(3, 70);
      counts(2, 80);
      await gateway.ledger.settleDue(at(61 + 90));
      expect(await verdict(id)).toBe('missed / voicemail-abandoned');
      expect(await kinds(id)).toContain('voicemail-none');
    });

    it('are known before the message of a call that is still in voicemail', async () => {
      counts(3, 0);
      const call = await begin();
      reach(call.id);
      counts(4, 60);
      await gateway.drain();
      await expect.poll(() => kinds(call.id)).toContain('voicemail-left');
      gateway.ledger.ended(call.id, visit(45), at(66));
      await gateway.drain();
      expect(await verdict(call.id)).toBe('voicemail');
    });

    it('say nothing of calls of other mailboxes, nor of those that never were in voicemail', async () => {
      counts(3, 0);
      const other = await visits(30, { mailbox: 'bruno' });
      const ringing = await begin();
      counts(4, 60);
      gateway.ledger.ended(ringing.id, cancelled, at(61));
      await gateway.drain();
      expect(await kinds(other)).not.toContain('voicemail-left');
      expect(await verdict(ringing.id)).toBe('missed / caller-hung-up');
    });

    it('survive a restart: the call that waits, and what it is compared with', async () => {
      counts(3, 0);
      const id = await visits(40);
      await expect.poll(() => gateway.journal.messageTotals()).toHaveLength(1);
      gateway = await gateway.restart();
      await gateway.ledger.recover();
      expect(await verdict(id)).toBe('pending');
      const settled = gateway.settling(id);
      counts(4, 100);
      expect((await settled).outcome).toBe('voicemail');
    });

    it('nobody was there to hear say nothing: how long the caller stayed decides', async () => {
      counts(3, 0);
      const id = await visits(40);
      gateway.clock.advance(62_000);
      gateway = await gateway.restart();
      await gateway.ledger.recover();
      await gateway.ledger.settleDue(at(61 + 90));
      expect(await verdict(id)).toBe('voicemail');
      expect(await kinds(id)).not.toContain('voicemail-none');
    });

    it('that were silent, and nobody there to hear: the explanation names what the stay was measured by', async () => {
      counts(3, 0);
      const id = await visits(40);
      gateway.clock.advance(62_000);
      gateway = await gateway.restart();
      await gateway.ledger.settleDue(at(61 + 90));
      const call = await gateway.journal.call(id);
      expect(call).toMatchObject({ outcome: 'voicemail', rule: 'diverted to voicemail: what the voicemail leg shows' });
      const line =
        '   +151.0 s  gateway: no word of a message came while it was waited for (settle 90.0 s), so the stay decides: 40.0 s, where a message needs 13.0 s (greeting 10.0 s + minimumMessage 3.0 s) (weak evidence)';
      expect(call === null ? [] : explain(call)).toContain(line);
    });

    it('let a call that its PBX took back wait for the message', async () => {
      await gateway.end();
      gateway = await bench({ owner: 'upstream' });
      counts(0, 0);
      const call = await begin();
      gateway.ledger.ended(call.id, cancelled, at(11));
      await gateway.drain();
      expect(await kinds(call.id)).toContain('message-totals');
      const settled = gateway.settling(call.id);
      counts(1, 50);
      expect(await settled).toMatchObject({ outcome: 'voicemail' });
    });
  });

  describe('an answer that the gateway does not see', () => {
    const answered = (changes: Partial<VoicemailEvent> = {}) => event({ kind: 'answered', ...changes });
    /** The PBX that sent the call took it back. */
    const takenBack = async (changes: Parameters<typeof callStart>[0] = {}) => {
      const call = await begin(changes);
      gateway.ledger.ended(call.id, cancelled, at(11));
      await gateway.drain();
      return call.id;
    };
    beforeEach(async () => {
      await gateway.end();
      gateway = await bench({ owner: 'upstream' });
    });

    it('settles the call that waits at once: elsewhere, and nobody is told', async () => {
      const id = await takenBack();
      expect(await verdict(id)).toBe('pending');
      expect(await answered()).toBe(id);
      expect(await gateway.journal.call(id)).toMatchObject({
        outcome: 'elsewhere',
        rule: 'somebody answered where the gateway does not see it',
        decisions: [{ decision: 'skip', reason: 'answered-elsewhere' }],
      });
      expect(await gateway.journal.notifications({ limit: 1 })).toEqual([]);
    });

    it('is that of the call it names: by our id, a Call-ID, the caller; else of the latest', async () => {
      const [first, second] = [await takenBack({ sipCallId: 'one@pbx' }), await takenBack()];
      const third = await takenBack({ caller: { ...callStart().caller, number: '1005' } });
      const [fourth, fifth] = [await takenBack(), await takenBack({ startedAt: START + 1 })];
      expect(await answered({ call: 'one@pbx' })).toBe(first);
      expect(await answered({ call: second })).toBe(second);
      expect(await answered({ caller: '1005' })).toBe(third);
      expect(await answered()).toBe(fifth);
      expect(await verdict(fourth)).toBe('pending');
    });

    it('is known while it still rings here: its CANCEL comes a moment later', async () => {
      const call = await begin();
      gateway.ledger.rang(call.id, at(1));
      expect(await answered({ call: call.id })).toBe(call.id);
      gateway.ledger.ended(call.id, cancelled, at(11));
      await gateway.drain();
      expect(await verdict(call.id)).toBe('elsewhere');
    });

    it('is never that of a call which somebody has answered here', async () => {
      const waiting = await takenBack();
      const talking = await begin({ startedAt: START + 5_000 });
      gateway.ledger.answered(talking.id, at(6), 'phone');
      expect(await answered()).toBe(waiting);
      expect(await answered({ call: talking.id })).toBeNull();
    });

    it('is told once of a call: the next is another’s', async () => {
      const call = await begin();
      expect(await answered()).toBe(call.id);
      expect(await answered()).toBeNull();
    });

    it('is no message, and no message is one of a call that still rings', async () => {
      const call = await begin();
      gateway.ledger.rang(call.id, at(1));
      expect(await event({ call: call.id })).toBeNull();
    });

    it('comes after a restart, too', async () => {
      const id = await takenBack();
      gateway = await gateway.restart();
      await gateway.ledger.recover();
      expect(await answered()).toBe(id);
      expect(await verdict(id)).toBe('elsewhere');
    });
  });

  describe('events', () => {
    const waits = async (changes: Parameters<typeof callStart>[0] = {}) => {
      if (gateway.settled.length === 0) counts(3, 0);
      return visits(40, changes);
    };

    it.each([
      [{ kind: 'left' }, 'voicemail'],
      [{ kind: 'left', durationMs: 1_000 }, 'missed / voicemail-blank'],
      [{ kind: 'blank' }, 'missed / voicemail-blank'],
      [{ kind: 'none' }, 'missed / voicemail-abandoned'],
    ] as const)('%j settles the call that waits at once: %s', async (changes, expected) => {
      const id = await waits();
      expect(await event(changes)).toBe(id);
      expect(await verdict(id)).toBe(expected);
    });

    it('find the call by our id, by a Call-ID, by its caller', async () => {
      const [one, two] = [await waits({ sipCallId: 'one@pbx' }), await waits()];
      const three = await waits({ caller: { ...callStart().caller, number: '1005' } });
      expect(await event({ call: 'one@pbx' })).toBe(one);
      expect(await event({ caller: '1005' })).toBe(three);
      expect(await event({ call: two })).toBe(two);
      expect(await event()).toBeNull();
    });

    it('find a call that is in voicemail now, and bear on its verdict at its end', async () => {
      const call = await begin();
      reach(call.id);
      expect(await event({ kind: 'none' })).toBe(call.id);
      gateway.ledger.ended(call.id, visit(40), at(61));
      await gateway.drain();
      expect(await verdict(call.id)).toBe('missed / voicemail-abandoned');
    });

    it('come after a restart, too', async () => {
      const id = await waits();
      gateway = await gateway.restart();
      await gateway.ledger.recover();
      expect(await event()).toBe(id);
      expect(await verdict(id)).toBe('voicemail');
    });

    it('explain the rise of the total that follows: it is no other call’s message', async () => {
      const [one, two] = [await waits({ sipCallId: 'one@pbx' }), await waits()];
      await event({ call: 'one@pbx' });
      counts(4, 61);
      expect(await event({ kind: 'none', call: two })).toBe(two);
      expect(await verdict(one)).toBe('voicemail');
      expect(await verdict(two)).toBe('missed / voicemail-abandoned');
    });

    it('change nothing once the call is settled', async () => {
      const id = await waits();
      await event({ kind: 'none' });
      expect(await event()).toBeNull();
      expect(await verdict(id)).toBe('missed / voicemail-abandoned');
    });

    it('of a settled call are kept where they name it, and the verdict stands', async () => {
      const id = await waits({ sipCallId: 'one@pbx' });
      await event({ kind: 'none' });
      const { outcome, cause, decisions } = (await gateway.journal.call(id)) ?? {};
      expect(await event({ call: 'one@pbx' })).toBe(id);
      expect(await event({ call: id, kind: 'answered' })).toBe(id);
      await gateway.drain();
      const view = await gateway.journal.call(id);
      expect(view).toMatchObject({ outcome, cause, decisions });
      expect(view?.evidence.slice(-2).map(({ kind, detail }) => `${kind}: ${detail}`)).toEqual([
        'voicemail-left: a message was left (event); it came after the verdict, which stands',
        'answered: somebody answered where the gateway does not see it (event); it came after the verdict, which stands',
      ]);
      expect(gateway.settled.filter((call) => call.id === id)).toHaveLength(2);
    });

    it.each([
      ['names no call', () => ({})],
      ['names a part of its id', (id: string) => ({ call: id.slice(0, -1) })],
      ['is about another mailbox', (id: string) => ({ call: id, mailbox: 'bruno' })],
      ['names none that there is', () => ({ call: 'nobody@pbx' })],
    ] as const)('of a settled call are not kept where the event %s', async (_, changes) => {
      const id = await waits();
      await event({ kind: 'none' });
      const before = await kinds(id);
      expect(await event(changes(id))).toBeNull();
      await gateway.drain();
      expect(await kinds(id)).toEqual(before);
    });

    it('of a settled call are kept up to a bound', async () => {
      const id = await waits();
      await event({ kind: 'none' });
      const known = (await kinds(id))?.length ?? 0;
      const more = { at: at(90), kind: 'rang', source: 'x', strength: 'weak', detail: 'x' } as const;
      await gateway.journal.addEvidence(
        id,
        Array.from({ length: MAX_KEPT_EVIDENCE - known - 1 }, () => more),
      );
      expect(await event({ call: id })).toBe(id);
      await gateway.drain();
      expect(await event({ call: id })).toBeNull();
      await gateway.drain();
      expect(await kinds(id)).toHaveLength(MAX_KEPT_EVIDENCE);
    });

    it('that come too late by a moment are kept, too: the call fell due meanwhile', async () => {
      const id = await waits();
      const { faulty, ledger, journal } = gateway;
      faulty.journal.pendingOf = async (mailbox) => {
        const pending = await journal.pendingOf(mailbox);
        await ledger.settleDue(at(61 + 90));
        return pending;
      };
      expect(await event({ kind: 'left' })).toBe(id);
      await gateway.drain();
      expect(await verdict(id)).toBe('missed / voicemail-abandoned');
      expect((await gateway.journal.call(id))?.evidence.at(-1)?.detail).toMatch(
        /came after the verdict, which stands$/,
      );
    });

    it('are taken for none where the journal cannot be read, and the log says so', async () => {
      const { faulty, log } = gateway;
      faulty.journal.pendingOf = () => Promise.reject(new JournalError('io', 'the disk is gone'));
      expect(await event()).toBeNull();
      expect(log.at(-1)).toMatchObject({ level: 'error' });
    });

    it('look again while calls of the mailbox end, but not for ever', async () => {
      let looks = 0;
      const { faulty, ledger, journal } = gateway;
      await begin();
      faulty.journal.pendingOf = async (mailbox) => {
        looks++;
        for (const call of started.splice(0)) ledger.ended(call.id, cancelled, at(11));
        started.push(await begin());
        return journal.pendingOf(mailbox);
      };
      const started = [await begin()];
      await event({ call: 'nobody' });
      expect(looks).toBe(MAX_LOOKS);
    });

    it('are lost, and said to be, beyond those that may wait', async () => {
      gateway.faulty.journal.pendingOf = () => new Promise(() => {});
      for (let i = 0; i < MAX_WAITING_TESTIMONY; i++) void event();
      expect(await event()).toBeNull();
      expect(gateway.log.at(-1)).toMatchObject({ level: 'warn', fields: { waiting: MAX_WAITING_TESTIMONY } });
    });
  });
});
