import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { advance, newCall } from '../../src/call/index.ts';
import type { AdminJournal, DecisionRecord, Journal, NotificationState } from '../../src/journal/index.ts';
import { bob, callStart, evidence, missed, notification, pending, registration, T0 } from './samples.ts';

/** A store of a backend, which outlives the journals opened on it. */
export interface Store {
  /** Opens it as a gateway of this name. */
  open(node: string): Promise<Journal & AdminJournal>;
  /** Takes everything out that a journal, which may be open, has put in. */
  clear(): void | Promise<void>;
  remove(): Promise<void>;
}

/** What every backend must do. */
export function describeJournal(backend: string, newStore: () => Promise<Store>): void {
  describe(`journal on ${backend}`, () => {
    let store: Store;
    let journal: Journal;

    // A journal begins with two threads: one for all of this costs a tenth of the time.
    beforeAll(async () => {
      store = await newStore();
      journal = await store.open('gw1');
    });
    beforeEach(() => store.clear());
    afterAll(async () => {
      await journal.close();
      await store.remove();
    });

    async function reopen(node: string): Promise<void> {
      await journal.close();
      journal = await store.open(node);
    }

    /** A settled missed call; answers its notification's id. */
    async function owed(dueAt = T0): Promise<string> {
      const start = callStart();
      const due = notification(start.id, { dueAt });
      await journal.begin(start);
      await journal.settle(missed(start.id, { notifications: [due] }));
      return due.id;
    }

    async function one(id: string) {
      const found = await journal.notifications({ limit: 1_000 });
      return found.find((record) => record.id === id);
    }

    describe('calls', () => {
      it('shows a call from its first record on, with everything that was known', async () => {
        const start = callStart({ evidence: [evidence('first')] });
        await journal.begin(start);
        expect(await journal.call(start.id)).toEqual({
          ...start,
          node: 'gw1',
          rangAt: null,
          answeredAt: null,
          answeredBy: null,
          endedAt: null,
          rangMs: null,
          outcome: null,
          cause: null,
          pendingUntil: null,
          state: null,
          rule: null,
          decisions: [],
        });
      });

      it('keeps the first record where a second one of the same id comes', async () => {
        const start = callStart();
        await journal.begin(start);
        await journal.begin({ ...start, callee: '2002' });
        expect((await journal.call(start.id))?.callee).toBe('1001');
      });

      it('keeps the first ring and the first answer, but a phone’s over the voicemail system’s', async () => {
        const start = callStart();
        await journal.begin(start);
        await journal.rang(start.id, T0 + 1);
        await journal.rang(start.id, T0 + 9);
        const answer = async (at: number, by: 'phone' | 'voicemail') => {
          await journal.answered(start.id, at, by);
          const call = await journal.call(start.id);
          return [call?.rangAt, call?.answeredAt, call?.answeredBy];
        };
        expect(await answer(T0 + 2, 'voicemail')).toEqual([T0 + 1, T0 + 2, 'voicemail']);
        expect(await answer(T0 + 3, 'voicemail')).toEqual([T0 + 1, T0 + 2, 'voicemail']);
        expect(await answer(T0 + 4, 'phone')).toEqual([T0 + 1, T0 + 4, 'phone']);
        expect(await answer(T0 + 5, 'phone')).toEqual([T0 + 1, T0 + 4, 'phone']);
        expect(await answer(T0 + 6, 'voicemail')).toEqual([T0 + 1, T0 + 4, 'phone']);
      });

      it('takes reports about a call it does not know, and changes nothing', async () => {
        await journal.rang('unknown', T0);
        await journal.answered('unknown', T0, 'phone');
        await journal.addEvidence('unknown', [evidence('lost')]);
        expect(await journal.settle(missed('unknown'))).toBe(false);
        expect(await journal.calls({ limit: 10 })).toEqual([]);
        expect((await journal.counts()).notifications.due).toBe(0);
      });

      it('keeps evidence in the order in which it came', async () => {
        const start = callStart({ evidence: [evidence('a')] });
        await journal.begin(start);
        await journal.addEvidence(start.id, [evidence('b'), evidence('c')]);
        await journal.addEvidence(start.id, []);
        await journal.settle(missed(start.id, { evidence: [evidence('d')] }));
        const seen = (await journal.call(start.id))?.evidence.map(({ detail }) => detail);
        expect(seen).toEqual(['a', 'b', 'c', 'd']);
      });

      it('commits statements in the order of the calls, without anybody awaiting them', async () => {
        const starts = Array.from({ length: 300 }, () => callStart());
        const settled = starts.map(async (start) => {
          void journal.begin(start);
          void journal.rang(start.id, T0 + 1);
          void journal.addEvidence(start.id, [evidence('x')]);
          return journal.settle(missed(start.id));
        });
        expect(new Set(await Promise.all(settled))).toEqual(new Set([true]));
        expect(await journal.calls({ limit: 1_000 })).toHaveLength(300);
        expect((await journal.counts()).notifications.due).toBe(300);
      });

      it('carries any string there is', async () => {
        await fc.assert(
          fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (name, callee) => {
            const start = callStart({ caller: { ...bob, displayName: name }, callee, evidence: [evidence(name)] });
            await journal.begin(start);
            expect(await journal.call(start.id)).toMatchObject({
              caller: start.caller,
              callee,
              evidence: start.evidence,
            });
          }),
          { numRuns: 30 },
        );
      });
    });

    describe('settlements', () => {
      it('commits outcome, evidence, decisions and notifications together', async () => {
        const start = callStart();
        await journal.begin(start);
        const settlement = missed(start.id, { evidence: [evidence('seen')] });
        expect(await journal.settle(settlement)).toBe(true);
        const [owedOne] = settlement.notifications;
        expect(await journal.call(start.id)).toMatchObject({
          outcome: 'missed',
          cause: 'no-answer',
          endedAt: settlement.endedAt,
          rangMs: 20_000,
          state: settlement.state,
          rule: 'rang, and nobody answered',
          evidence: settlement.evidence,
          decisions: [
            {
              ...settlement.decisions[0],
              notifications: [{ id: owedOne?.id, channel: 'email', state: 'due', attempts: 0, lastError: null }],
            },
          ],
        });
        expect(await journal.notifications({ limit: 10 })).toEqual(settlement.notifications);
      });

      it('changes nothing and answers false where the call has its outcome', async () => {
        const start = callStart();
        await journal.begin(start);
        await journal.settle(missed(start.id));
        const before = await journal.call(start.id);
        const again = missed(start.id, { verdict: { outcome: 'answered', cause: null }, evidence: [evidence('late')] });
        expect(await journal.settle(again)).toBe(false);
        expect(await journal.settle(pending(start.id, T0))).toBe(false);
        expect(await journal.call(start.id)).toEqual(before);
      });

      it('owes one mailbox at most one notification about one call by one channel', async () => {
        const start = callStart();
        await journal.begin(start);
        const twice = [notification(start.id), notification(start.id)];
        await journal.settle(missed(start.id, { notifications: twice }));
        expect((await journal.counts()).notifications.due).toBe(1);
      });

      it('undoes a settlement that fails half-way, and only that one of its group', async () => {
        const starts = [callStart(), callStart(), callStart()];
        await Promise.all(starts.map((start) => journal.begin(start)));
        const impossible = { decision: 'perhaps', reason: 'missed', mailbox: 'alice', primary: true, detail: null };
        const results = await Promise.allSettled(
          starts.map(({ id }, index) =>
            journal.settle(
              index === 1 ? missed(id, { decisions: [impossible as unknown as DecisionRecord] }) : missed(id),
            ),
          ),
        );
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        const outcomes = await Promise.all(starts.map(async ({ id }) => (await journal.call(id))?.outcome));
        expect(outcomes).toEqual(['missed', null, 'missed']);
        expect((await journal.counts()).notifications.due).toBe(2);
      });

      it('keeps a pending verdict until it falls due and is settled', async () => {
        const early = callStart();
        const late = callStart();
        for (const start of [early, late]) await journal.begin(start);
        expect(await journal.settle(pending(late.id, T0 + 200))).toBe(true);
        expect(await journal.settle(pending(early.id, T0 + 100))).toBe(true);
        expect(await journal.pendingDue(T0 + 99, 10)).toEqual([]);
        expect((await journal.pendingDue(T0 + 100, 10)).map(({ id }) => id)).toEqual([early.id]);
        expect((await journal.pendingDue(T0 + 200, 1)).map(({ id }) => id)).toEqual([early.id]);
        expect((await journal.pendingDue(T0 + 200, 10)).map(({ id }) => id)).toEqual([early.id, late.id]);
        expect(await journal.settle(missed(early.id))).toBe(true);
        expect((await journal.pendingDue(T0 + 200, 10)).map(({ id }) => id)).toEqual([late.id]);
        expect(await journal.call(early.id)).toMatchObject({ outcome: 'missed', pendingUntil: null });
      });

      it('finds the unfinished calls: neither outcome nor end', async () => {
        const [live, settled, waiting] = [callStart(), callStart(), callStart()];
        for (const start of [live, settled, waiting]) await journal.begin(start);
        await journal.settle(missed(settled.id));
        await journal.settle(pending(waiting.id, T0));
        expect((await journal.unfinished()).map(({ id }) => id)).toEqual([live.id]);
        await reopen('gw1');
        expect((await journal.unfinished()).map(({ id }) => id)).toEqual([live.id]);
      });
    });

    describe('pending calls of a mailbox', () => {
      const waiting = async (changes: Parameters<typeof callStart>[0] = {}, legs: readonly string[] = []) => {
        const start = callStart(changes);
        await journal.begin(start);
        const state = legs.reduce(
          (folded, mailbox, index) =>
            advance(folded, {
              type: 'leg-invited',
              at: T0,
              leg: `leg-${index + 1}`,
              caller: 'caller',
              kind: 'phone',
              target: 'sip:phone@127.0.0.1',
              mailbox,
            }),
          newCall({ voicemailAccess: false }),
        );
        await journal.settle({ ...pending(start.id, T0 + 90_000), state });
        return start.id;
      };
      const idsOf = async (mailbox: string) => (await journal.pendingOf(mailbox)).map(({ id }) => id);

      it('are those whose verdict waits: not the live ones, not the settled ones, not another mailbox’s', async () => {
        const ids = [await waiting(), await waiting()];
        const settled = await waiting();
        await journal.settle(missed(settled));
        await waiting({ mailbox: 'bruno' });
        await waiting({ mailbox: null });
        await journal.begin(callStart());
        expect(await idsOf('alice')).toEqual(ids);
        expect(await idsOf('nobody')).toEqual([]);
        await reopen('gw1');
        expect(await journal.pendingOf('alice')).toMatchObject([{ id: ids[0], pendingUntil: T0 + 90_000 }, {}]);
      });

      it('are also those of a group, for each member whose phone was rung, once', async () => {
        const own = await waiting();
        const sales = await waiting({ mailbox: 'sales', group: 'sales' }, ['alice', 'bruno', 'alice']);
        expect(await idsOf('alice')).toEqual([own, sales]);
        expect(await idsOf('bruno')).toEqual([sales]);
        expect(await idsOf('sales')).toEqual([sales]);
        const both = await waiting({ mailbox: 'carla', group: 'carla' }, ['carla']);
        expect(await idsOf('carla')).toEqual([both]);
      });

      it('keep the group that was called', async () => {
        const start = callStart({ group: 'sales' });
        await journal.begin(start);
        expect((await journal.call(start.id))?.group).toBe('sales');
      });
    });

    describe('message totals', () => {
      it('are kept, the newest of each mailbox', async () => {
        expect(await journal.messageTotals()).toEqual([]);
        await journal.saveMessageTotals({ mailbox: 'alice', total: 3, at: T0 });
        await journal.saveMessageTotals({ mailbox: 'bruno', total: 0, at: T0 });
        await journal.saveMessageTotals({ mailbox: 'alice', total: 4, at: T0 + 2 });
        await journal.saveMessageTotals({ mailbox: 'alice', total: 9, at: T0 + 1 });
        await reopen('gw1');
        expect((await journal.messageTotals()).toSorted((a, b) => a.mailbox.localeCompare(b.mailbox))).toEqual([
          { mailbox: 'alice', total: 4, at: T0 + 2 },
          { mailbox: 'bruno', total: 0, at: T0 },
        ]);
      });
    });

    describe('registrations', () => {
      it('are kept as they were, in their order, until they expire', async () => {
        const contacts = [registration(), registration({ contact: 'sip:b@h', instance: null, regId: null, path: [] })];
        const expired = registration({ contact: 'sip:gone@h', expiresAt: T0 });
        await journal.saveRegistrations('1001', [expired, ...contacts]);
        const other = registration({ aor: '1002', source: 'ws/192.0.2.9:4711', q: 1 });
        await journal.saveRegistrations('1002', [other]);
        await reopen('gw1');
        expect(await journal.registrations()).toEqual([...contacts, other]);
      });

      it('are replaced whole, for each address-of-record alone', async () => {
        await journal.saveRegistrations('1001', [registration(), registration({ contact: 'sip:b@h' })]);
        await journal.saveRegistrations('1002', [registration({ aor: '1002' })]);
        await journal.saveRegistrations('1001', [registration({ contact: 'sip:c@h' })]);
        expect((await journal.registrations()).map(({ aor, contact }) => [aor, contact])).toEqual([
          ['1001', 'sip:c@h'],
          ['1002', registration().contact],
        ]);
        await journal.saveRegistrations('1001', []);
        expect((await journal.registrations()).map(({ aor }) => aor)).toEqual(['1002']);
      });

      it('stay as they were where one of the new ones cannot be kept', async () => {
        await journal.saveRegistrations('1001', [registration()]);
        const impossible = registration({ contact: null as unknown as string });
        await expect(journal.saveRegistrations('1001', [registration({ q: 0.1 }), impossible])).rejects.toThrow();
        expect(await journal.registrations()).toEqual([registration()]);
      });
    });

    describe('the outbox', () => {
      it('gives what is due, oldest first, up to the limit, and counts the attempt', async () => {
        const [third, first, second, future] = [
          await owed(T0 + 3),
          await owed(T0 + 1),
          await owed(T0 + 2),
          await owed(T0 + 9),
        ];
        const claimed = await journal.claim('w1', T0 + 3, 30_000, 2);
        expect(claimed.map(({ id }) => id)).toEqual([first, second]);
        expect(claimed[0]).toMatchObject({ state: 'claimed', attempts: 1, claimedBy: 'w1', leaseUntil: T0 + 30_003 });
        expect((await journal.claim('w2', T0 + 3, 30_000, 10)).map(({ id }) => id)).toEqual([third]);
        expect(await journal.claim('w2', T0 + 3, 30_000, 10)).toEqual([]);
        expect(await journal.nextDueAt()).toBe(T0 + 9);
        expect(await one(future)).toMatchObject({ state: 'due', attempts: 0 });
      });

      it('gives nothing for a limit of zero or less', async () => {
        await owed();
        expect(await journal.claim('w1', T0, 30_000, 0)).toEqual([]);
        expect(await journal.claim('w1', T0, 30_000, -1)).toEqual([]);
      });

      it('gives a claim whose lease ran out to the next who asks, and the first owner has lost it', async () => {
        const id = await owed();
        await journal.claim('w1', T0, 30_000, 1);
        expect(await journal.nextDueAt()).toBe(T0 + 30_000);
        expect(await journal.claim('w2', T0 + 29_999, 30_000, 1)).toEqual([]);
        expect(await journal.claim('w2', T0 + 30_000, 30_000, 1)).toMatchObject([{ id, attempts: 2, claimedBy: 'w2' }]);
        expect(await journal.complete('w1', id, T0)).toBe(false);
        expect(await journal.fail('w1', id, 'late', 'dead')).toBe(false);
        expect(await journal.renew('w1', [id], T0 + 90_000)).toEqual([]);
        expect(await one(id)).toMatchObject({ state: 'claimed', claimedBy: 'w2', leaseUntil: T0 + 60_000 });
      });

      it('renews the leases still held, and says which those are', async () => {
        const mine = await owed();
        await journal.claim('w1', T0, 30_000, 1);
        const gone = await owed();
        expect(await journal.renew('w1', [mine, gone, 'unknown'], T0 + 60_000)).toEqual([mine]);
        expect(await journal.nextDueAt()).toBe(T0);
        expect(await one(mine)).toMatchObject({ leaseUntil: T0 + 60_000 });
      });

      it('completes once, for the owner alone', async () => {
        const id = await owed();
        expect(await journal.complete('w1', id, T0)).toBe(false);
        await journal.claim('w1', T0, 30_000, 1);
        expect(await journal.complete('w2', id, T0)).toBe(false);
        expect(await journal.complete('w1', id, T0 + 5)).toBe(true);
        expect(await journal.complete('w1', id, T0 + 6)).toBe(false);
        expect(await one(id)).toMatchObject({ state: 'sent', sentAt: T0 + 5, claimedBy: null, leaseUntil: null });
        expect(await journal.nextDueAt()).toBeNull();
        expect(await journal.claim('w1', T0 + 1e9, 30_000, 1)).toEqual([]);
      });

      it('puts a failed one back for later, or buries it, with the error cut to a bounded length', async () => {
        const id = await owed();
        await journal.claim('w1', T0, 30_000, 1);
        expect(await journal.fail('w1', id, '4'.repeat(5_000), { dueAt: T0 + 500 })).toBe(true);
        const failed = await one(id);
        expect(failed).toMatchObject({ state: 'due', dueAt: T0 + 500, attempts: 1, claimedBy: null });
        expect(failed?.lastError).toHaveLength(1_000);
        expect(await journal.claim('w1', T0 + 499, 30_000, 1)).toEqual([]);
        const [again] = await journal.claim('w1', T0 + 500, 30_000, 1);
        expect(again).toMatchObject({ attempts: 2, messageId: failed?.messageId });
        expect(await journal.fail('w1', id, '550 no such user', 'dead')).toBe(true);
        expect(await one(id)).toMatchObject({ state: 'dead', lastError: '550 no such user' });
        expect(await journal.nextDueAt()).toBeNull();
      });

      it('frees the claims of an earlier life', async () => {
        const id = await owed();
        await journal.claim('w1', T0, 30_000, 1);
        await reopen('gw1');
        expect(await journal.releaseClaims(T0 + 1)).toBe(1);
        expect(await one(id)).toMatchObject({ state: 'due', dueAt: T0, attempts: 1, claimedBy: null });
        expect(await journal.releaseClaims(T0 + 1)).toBe(0);
      });

      const steps: Record<NotificationState, (id: string) => Promise<unknown>> = {
        due: () => Promise.resolve(),
        claimed: () => journal.claim('w1', T0, 30_000, 1),
        sent: async (id) => {
          await journal.claim('w1', T0, 30_000, 1);
          await journal.complete('w1', id, T0);
        },
        dead: async (id) => {
          await journal.claim('w1', T0, 30_000, 1);
          await journal.fail('w1', id, 'no', 'dead');
        },
        dropped: (id) => journal.drop(id),
      };
      it.each([
        ['due', true, true],
        ['claimed', false, false],
        ['sent', false, false],
        ['dead', true, true],
        ['dropped', false, false],
      ] as const)('of a %s one, retry is %s and drop is %s', async (state, retries, drops) => {
        const retried = await owed(T0);
        await steps[state](retried);
        expect((await one(retried))?.state).toBe(state);
        expect(await journal.retry(retried, T0 + 7)).toBe(retries);
        expect(await one(retried)).toMatchObject(retries ? { state: 'due', dueAt: T0 + 7 } : { state });
        const dropped = await owed(T0 - 1);
        await steps[state](dropped);
        expect(await journal.drop(dropped)).toBe(drops);
        expect((await one(dropped))?.state).toBe(drops ? 'dropped' : state);
      });

      it('never gives one notification to two owners, in any order of claims', async () => {
        for (let i = 0; i < 40; i++) await owed(T0);
        const claims = await Promise.all(
          Array.from({ length: 12 }, (_, index) => journal.claim(`w${index}`, T0, 30_000, 7)),
        );
        const ids = claims.flat().map(({ id }) => id);
        expect(ids).toHaveLength(40);
        expect(new Set(ids).size).toBe(40);
      });
    });

    describe('lists', () => {
      it('gives calls newest last, and goes back page by page', async () => {
        const ids: string[] = [];
        for (let i = 0; i < 7; i++) {
          const start = callStart();
          ids.push(start.id);
          await journal.begin(start);
        }
        const page = async (before?: string) =>
          (await journal.calls(before === undefined ? { limit: 3 } : { limit: 3, before })).map(({ id }) => id);
        expect(await page()).toEqual(ids.slice(4));
        expect(await page(ids[4])).toEqual(ids.slice(1, 4));
        expect(await page(ids[1])).toEqual(ids.slice(0, 1));
        expect(await journal.calls({ limit: -1 })).toEqual([]);
      });

      it('finds a call by id, by an unambiguous part of it, and by Call-ID the newest', async () => {
        const older = callStart({ id: '01990000-0000-7000-8000-aaaa0000beef', sipCallId: 'same@host' });
        const newer = callStart({ id: '01990000-0000-7000-8000-bbbb0000cafe', sipCallId: 'same@host' });
        for (const start of [older, newer]) await journal.begin(start);
        const find = async (part: string) => (await journal.call(part))?.id;
        expect(await find(older.id)).toBe(older.id);
        expect(await find('01990000-0000-7000-8000-a')).toBe(older.id);
        expect(await find('0000cafe')).toBe(newer.id);
        expect(await find('same@host')).toBe(newer.id);
        expect(await find('01990000')).toBeUndefined();
        expect(await find('afe')).toBeUndefined();
        expect(await find('%cafe')).toBeUndefined();
        expect(await find('')).toBeUndefined();
      });

      it('gives notifications by state', async () => {
        const ids = [await owed(), await owed(), await owed()];
        await journal.drop(ids[1]!);
        const list = async (states?: NotificationState[]) =>
          (await journal.notifications(states === undefined ? { limit: 2 } : { states, limit: 2 })).map(({ id }) => id);
        expect(await list()).toEqual([ids[1], ids[2]]);
        expect(await list(['due'])).toEqual([ids[0], ids[2]]);
        expect(await list(['sent', 'dropped'])).toEqual([ids[1]]);
        expect(await list([])).toEqual([]);
      });

      it('counts notifications by state, whatever becomes of them', async () => {
        const counted = async () => (await journal.counts()).notifications;
        const none = { due: 0, claimed: 0, sent: 0, dead: 0, dropped: 0 };
        expect(await journal.counts()).toEqual({ notifications: none, oldest: null });
        const ids = [await owed(), await owed(), await owed(), await owed(), await owed()];
        expect(await counted()).toEqual({ ...none, due: 5 });
        await journal.claim('w1', T0, 30_000, 4);
        expect(await counted()).toEqual({ ...none, due: 1, claimed: 4 });
        await journal.claim('w2', T0 + 30_000, 30_000, 5);
        expect(await counted()).toEqual({ ...none, claimed: 5 });
        await journal.complete('w2', ids[0]!, T0);
        await journal.fail('w2', ids[1]!, 'no', 'dead');
        await journal.fail('w2', ids[2]!, 'later', { dueAt: T0 });
        // How long the first one has waited, and why.
        expect((await journal.counts()).oldest).toMatchObject({ attempts: 2, lastError: 'later' });
        await journal.drop(ids[2]!);
        expect(await counted()).toEqual({ due: 0, claimed: 2, sent: 1, dead: 1, dropped: 1 });
        expect((await journal.counts()).oldest).toMatchObject({ lastError: null });
        await journal.retry(ids[1]!, T0);
        await journal.releaseClaims(T0);
        expect(await counted()).toEqual({ ...none, due: 3, sent: 1, dropped: 1 });
      });
    });

    describe('its life', () => {
      it('keeps everything over a restart', async () => {
        const id = await owed();
        const before = await journal.calls({ limit: 10 });
        await reopen('gw1');
        expect(await journal.calls({ limit: 10 })).toEqual(before);
        expect(await one(id)).toMatchObject({ state: 'due' });
      });

      it('commits what was asked before close, refuses what is asked after, and closes once', async () => {
        const start = callStart();
        const begun = journal.begin(start);
        await Promise.all([journal.close(), journal.close()]);
        await begun;
        await expect(journal.begin(callStart())).rejects.toMatchObject({ code: 'closed' });
        await expect(journal.calls({ limit: 1 })).rejects.toMatchObject({ code: 'closed' });
        await reopen('gw1');
        expect((await journal.call(start.id))?.id).toBe(start.id);
      });

      it('can be probed', async () => {
        await expect(journal.probe()).resolves.toBeUndefined();
        await expect(journal.probe()).resolves.toBeUndefined();
      });
    });
  });
}
