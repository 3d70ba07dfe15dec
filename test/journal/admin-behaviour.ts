import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Outcome, OUTCOMES } from '../../src/call/index.ts';
import {
  type AccountRecord,
  type AdminJournal,
  type AuditRecord,
  type CallFilter,
  type DecisionRecord,
  type Journal,
  JournalError,
  type Paged,
  type SessionRecord,
  type TokenRecord,
} from '../../src/journal/index.ts';
import {
  AUDIT_KEPT_MS,
  MAX_AUDIT_JSON,
  MAX_AUDIT_TEXT,
  UNRETURNED_KEPT_MS,
} from '../../src/journal/sqlite/admin-writes.ts';
import type { Store } from './behaviour.ts';
import { bob, callStart, missed, notification, pending, T0 } from './samples.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Made {
  readonly at?: number;
  readonly outcome?: Outcome;
  readonly mailbox?: string | null;
  readonly group?: string | null;
  readonly number?: string | null;
  readonly hidden?: boolean;
  readonly callee?: string;
  readonly decisions?: readonly DecisionRecord[];
}

const decided = (changes: Partial<DecisionRecord> = {}): DecisionRecord => ({
  mailbox: 'alice',
  primary: true,
  decision: 'notify',
  reason: 'missed',
  detail: null,
  ...changes,
});

const account = (changes: Partial<AccountRecord> = {}): AccountRecord => ({
  name: 'Admin',
  displayName: 'The admin',
  roles: ['Organization Management'],
  mailbox: null,
  passwordHash: 'scrypt$1',
  enabled: true,
  createdAt: T0,
  lastSignInAt: null,
  ...changes,
});

const token = (changes: Partial<TokenRecord> = {}): TokenRecord => ({
  id: uuidv7(),
  name: 'reports',
  account: 'Admin',
  scopes: ['reports.read'],
  secretHash: uuidv7(),
  createdAt: T0,
  expiresAt: null,
  lastUsedAt: null,
  ...changes,
});

const session = (changes: Partial<SessionRecord> = {}): SessionRecord => ({
  secretHash: uuidv7(),
  account: 'Admin',
  signedInBy: 'password',
  csrfToken: 'csrf',
  createdAt: T0,
  lastSeenAt: T0,
  expiresAt: T0 + HOUR,
  ...changes,
});

const audit = (changes: Partial<AuditRecord> = {}): AuditRecord => ({
  id: uuidv7(),
  at: T0,
  actor: 'admin',
  by: 'password',
  source: '127.0.0.1',
  operation: 'Set-UMMailboxPolicy',
  target: 'Paris Default Policy',
  before: { allowMissedCallNotifications: true },
  after: { allowMissedCallNotifications: false },
  why: 'noise',
  result: 'intended',
  error: null,
  ...changes,
});

/** What every backend must do for the administration. */
export function describeAdminJournal(backend: string, newStore: () => Promise<Store>): void {
  describe(`the administration’s journal on ${backend}`, () => {
    let store: Store;
    let journal: Journal & AdminJournal;

    beforeAll(async () => {
      store = await newStore();
      journal = await store.open('gw1');
    });
    beforeEach(() => store.clear());
    afterAll(async () => {
      await journal.close();
      await store.remove();
    });

    /** A settled call; answers its id, which is as old as the call. */
    async function made({ at = T0, outcome = 'missed', hidden = false, ...of }: Made = {}): Promise<string> {
      const number = of.number === undefined ? bob.number : of.number;
      const start = callStart({
        id: uuidv7({ msecs: at }),
        startedAt: at,
        mailbox: of.mailbox === undefined ? 'alice' : of.mailbox,
        group: of.group ?? null,
        caller: { ...bob, number, hidden },
        callee: of.callee ?? '1001',
      });
      const decisions = of.decisions ?? [decided(outcome === 'missed' ? {} : { decision: 'skip', reason: 'answered' })];
      await journal.begin(start);
      const verdict = { outcome, cause: null };
      await journal.settle(missed(start.id, { verdict, decisions, notifications: [] }));
      return start.id;
    }

    /** All pages, one after the other. */
    async function every<Item>(ask: (after?: string) => Promise<Paged<Item>>): Promise<Item[]> {
      const items: Item[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const page = await ask(after ?? undefined);
        items.push(...page.items);
        after = page.next;
      }
      return items;
    }
    const idsOf = async (filter: CallFilter, limit = 100): Promise<string[]> =>
      (await every((after) => journal.callPage(filter, { limit, ...(after === undefined ? {} : { after }) }))).map(
        ({ id }) => id,
      );

    describe('pages of calls', () => {
      it('have each call once, newest first, also while new ones arrive', async () => {
        const ids: string[] = [];
        for (let index = 0; index < 25; index += 1) ids.push(await made({ at: T0 + index * 1_000 }));
        const seen: string[] = [];
        for (let after: string | null | undefined; after !== null;) {
          const page = await journal.callPage({}, { limit: 4, ...(after === undefined ? {} : { after }) });
          expect(page.items.length).toBeLessThanOrEqual(4);
          seen.push(...page.items.map(({ id }) => id));
          after = page.next;
          await made({ at: T0 + HOUR + seen.length });
        }
        expect(seen).toEqual(ids.toReversed());
      });

      it('have the calls of a time, the end excluded', async () => {
        const before = await made({ at: T0 - 1 });
        const first = await made({ at: T0 });
        const last = await made({ at: T0 + HOUR - 1 });
        const after = await made({ at: T0 + HOUR });
        expect(await idsOf({ from: T0, to: T0 + HOUR })).toEqual([last, first]);
        expect(await idsOf({ to: T0 })).toEqual([before]);
        expect(await idsOf({ from: T0 + HOUR })).toEqual([after]);
      });

      it('have the calls of a mailbox, also those that rang it as a member of a group', async () => {
        const own = await made({ mailbox: 'alice' });
        const member = await made({
          at: T0 + 1,
          mailbox: null,
          group: 'sales',
          decisions: [decided({ mailbox: null, decision: 'skip', reason: 'no-mailbox' }), decided({ primary: false })],
        });
        await made({ at: T0 + 2, mailbox: 'bruno', decisions: [decided({ mailbox: 'bruno' })] });
        expect(await idsOf({ mailbox: 'alice' })).toEqual([member, own]);
        expect(await idsOf({ mailbox: 'alice', decision: 'notify' })).toEqual([member, own]);
        expect(await idsOf({ group: 'sales' })).toEqual([member]);
        expect(await idsOf({ mailbox: 'alice', group: 'sales' })).toEqual([member]);
      });

      it('have the calls of an outcome, a decision, a reason', async () => {
        const lost = await made();
        const taken = await made({ at: T0 + 1, outcome: 'answered' });
        const start = callStart({ id: uuidv7({ msecs: T0 + 2 }), startedAt: T0 + 2 });
        await journal.begin(start);
        await journal.settle(pending(start.id, T0 + HOUR));
        expect(await idsOf({ outcome: 'missed' })).toEqual([lost]);
        expect(await idsOf({ outcome: 'pending' })).toEqual([start.id]);
        expect(await idsOf({ decision: 'skip' })).toEqual([taken]);
        expect(await idsOf({ reason: 'missed' })).toEqual([lost]);
        expect(await idsOf({ outcome: 'rejected' })).toEqual([]);
      });

      it('have the calls whose caller or called number begins so; a caller who hides is not found', async () => {
        const from = await made({ number: '+33140001111' });
        const to = await made({ at: T0 + 1, number: null, callee: '+33140002222' });
        const hidden = await made({ at: T0 + 2, number: '+33140003333', hidden: true, callee: '1002' });
        expect(await idsOf({ number: '+3314000' })).toEqual([to, from]);
        expect(await idsOf({ number: '1002' })).toEqual([hidden]);
        expect(await idsOf({ number: '+33140003' })).toEqual([]);
        expect(await idsOf({ number: "' OR 1=1 --" })).toEqual([]);
        expect(await idsOf({ number: '%' })).toEqual([]);
      });

      it('answer any question as looking at every call would', async () => {
        const some = fc.record({
          at: fc.integer({ min: 0, max: 3 * HOUR }).map((offset) => T0 + offset),
          outcome: fc.constantFrom(...OUTCOMES),
          mailbox: fc.constantFrom('alice', 'bruno', null),
          group: fc.constantFrom('sales', null),
          number: fc.constantFrom('+33140001111', '1002', null),
          hidden: fc.boolean(),
          callee: fc.constantFrom('1001', '1002'),
        });
        const question = fc.record(
          {
            from: fc.integer({ min: T0, max: T0 + 3 * HOUR }),
            to: fc.integer({ min: T0, max: T0 + 3 * HOUR }),
            mailbox: fc.constantFrom('alice', 'bruno'),
            group: fc.constant('sales'),
            outcome: fc.constantFrom(...OUTCOMES),
            number: fc.constantFrom('+33', '10', '1002', '9'),
          },
          { requiredKeys: [] },
        );
        await fc.assert(
          fc.asyncProperty(
            fc.array(some, { maxLength: 30 }),
            fc.array(question, { minLength: 5, maxLength: 10 }),
            async (calls, questions) => {
              await store.clear();
              const all: (Made & { id: string })[] = [];
              for (const call of calls) {
                const decisions = [decided({ mailbox: call.mailbox })];
                all.push({ ...call, id: await made({ ...call, decisions }) });
              }
              const newestFirst = all.toSorted((a, b) => (a.id < b.id ? 1 : -1));
              for (const asked of questions) {
                const expected = newestFirst.filter((call) => answers(call, asked)).map(({ id }) => id);
                expect(await idsOf(asked, 7)).toEqual(expected);
              }
            },
          ),
          { numRuns: 15 },
        );
      });
    });

    it('pages of calls, notifications and the audit begin where a page ended, and nowhere else', async () => {
      const wrong = ['', 'x', '%', '2', "' OR 1=1 --", `${uuidv7()}?`, uuidv7().toUpperCase(), 'y'.repeat(100_000)];
      for (const after of wrong) {
        const page = { limit: 10, after };
        const asked = [journal.callPage({}, page), journal.notificationPage({}, page), journal.audit({}, page)];
        for (const answer of asked) {
          const error: unknown = await answer.catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(JournalError);
          expect(error).toMatchObject({ code: 'cursor', retryable: false });
          expect((error as Error).message).toMatch(/^".*" does not say where a page begins: give `after` as/);
          expect((error as Error).message.length).toBeLessThan(300);
        }
      }
    });

    describe('reports', () => {
      const naive = (calls: readonly Made[], key: (call: Made) => string | null) => {
        const rows: Record<string, { missed: number; answered: number; all: number }> = {};
        for (const call of calls) {
          const name = key(call);
          if (name === null) continue;
          const row = (rows[name] ??= { missed: 0, answered: 0, all: 0 });
          row.all += 1;
          if (call.outcome === 'missed') row.missed += 1;
          if (call.outcome === 'answered') row.answered += 1;
        }
        return rows;
      };

      it('count as looking at every call would: by mailbox, group, hour and day of a zone', async () => {
        const some = fc.record({
          at: fc.integer({ min: 0, max: 3 * DAY }).map((offset) => T0 + offset),
          outcome: fc.constantFrom(...OUTCOMES),
          mailbox: fc.constantFrom('alice', 'bruno', null),
          group: fc.constantFrom('sales', null),
        });
        const dayIn = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kathmandu' });
        await fc.assert(
          fc.asyncProperty(fc.array(some, { maxLength: 40 }), async (calls) => {
            await store.clear();
            for (const call of calls) await made(call);
            const keys = {
              mailbox: (call: Made) => call.mailbox ?? null,
              group: (call: Made) => call.group ?? null,
              hour: (call: Made) => `${new Date(call.at ?? 0).toISOString().slice(0, 13)}:00:00.000Z`,
              day: (call: Made) => dayIn.format(call.at),
            };
            for (const by of ['mailbox', 'group', 'hour', 'day'] as const) {
              const span = { from: T0 - DAY, to: T0 + 4 * DAY };
              const { rows } = await journal.report({ by, ...span, timeZone: 'Asia/Kathmandu', limit: 1_000 });
              const found = Object.fromEntries(
                rows.map((row) => [
                  row.key,
                  {
                    missed: row.missed,
                    answered: row.answered,
                    all: row.answered + row.voicemail + row.missed + row.elsewhere + row.other,
                  },
                ]),
              );
              expect(found).toEqual(naive(calls, keys[by]));
            }
          }),
          { numRuns: 15 },
        );
      });

      it('count a verdict that was pending once, when it came', async () => {
        const start = callStart({ id: uuidv7({ msecs: T0 }) });
        await journal.begin(start);
        await journal.settle(pending(start.id, T0 + HOUR));
        const report = () => journal.report({ by: 'mailbox', from: T0, to: T0 + 1, timeZone: 'UTC', limit: 10 });
        expect((await report()).rows).toEqual([]);
        await journal.settle(missed(start.id));
        await journal.settle(missed(start.id));
        expect((await report()).rows).toEqual([
          { key: 'alice', answered: 0, voicemail: 0, missed: 1, elsewhere: 0, other: 0, notified: 1 },
        ]);
      });

      it('say where they were cut', async () => {
        for (const mailbox of ['a', 'b', 'c']) await made({ mailbox });
        const report = await journal.report({ by: 'mailbox', from: T0, to: T0 + 1, timeZone: 'No/Where', limit: 2 });
        expect(report.rows).toHaveLength(2);
        expect(report.truncated).toBe(true);
      });
    });

    describe('missed callers', () => {
      const waiting = async (): Promise<string[]> =>
        (await journal.unreturned({ from: T0 - DAY, to: T0 + DAY, limit: 10 })).rows.map(
          ({ mailbox, caller, missed: times }) => `${mailbox} ${caller} ${times}`,
        );

      it('are one row a caller and mailbox, with how often and when last', async () => {
        await made({ at: T0, number: '0140001111' });
        const last = await made({ at: T0 + 5, number: '+33140001111' });
        await made({ at: T0 + 6, mailbox: 'bruno', number: '1002' });
        const { rows, truncated } = await journal.unreturned({ from: T0, to: T0 + DAY, mailbox: 'alice', limit: 10 });
        expect(rows).toEqual([
          {
            mailbox: 'alice',
            caller: '+33140001111',
            displayName: bob.displayName,
            missed: 2,
            lastAt: T0 + 5,
            lastCall: last,
          },
        ]);
        expect(truncated).toBe(false);
        expect(await waiting()).toEqual(['bruno 1002 1', 'alice +33140001111 2']);
      });

      it('are gone once they got through, or were called back, however the number was dialled', async () => {
        await made({ number: '+33140001111' });
        await made({ mailbox: 'bruno', number: '+33140001111' });
        await made({ at: T0 + 10, outcome: 'answered', number: '0140001111' });
        expect(await waiting()).toEqual(['bruno +33140001111 1']);
        await made({ at: T0 + 20, outcome: 'answered', number: '1005', mailbox: null, callee: '00033140001111' });
        expect(await waiting()).toEqual([]);
      });

      it('stay where the answered call was before the missed one', async () => {
        await made({ at: T0 + 10, number: '+33140001111' });
        await made({ at: T0, outcome: 'answered', number: '+33140001111' });
        expect(await waiting()).toEqual(['alice +33140001111 1']);
      });

      it('are gone, too, where the verdict comes after that of a later call', async () => {
        const late = async (at: number): Promise<() => Promise<unknown>> => {
          const start = callStart({ id: uuidv7({ msecs: at }), startedAt: at, caller: { ...bob, number: '1009' } });
          await journal.begin(start);
          await journal.settle(pending(start.id, at + HOUR));
          return () => journal.settle(missed(start.id, { notifications: [] }));
        };
        const [first, second, third] = [await late(T0), await late(T0 + 100), await late(T0 + 200)];
        await made({ at: T0 + 50, outcome: 'answered', number: '1009', mailbox: 'bruno' });
        await made({ at: T0 + 60, outcome: 'answered', number: '1009' });
        await first();
        expect(await waiting()).toEqual([]);
        await made({ at: T0 + 150, outcome: 'answered', number: '1001', mailbox: null, callee: '1009' });
        await second();
        expect(await waiting()).toEqual([]);
        await third();
        expect(await waiting()).toEqual(['alice 1009 1']);
      });

      it('are told of by their last call, in whatever order the verdicts come', async () => {
        const last = await made({ at: T0 + 10, number: '+33140001111' });
        await made({ at: T0, number: '0140001111' });
        const { rows } = await journal.unreturned({ from: T0, to: T0 + DAY, limit: 10 });
        expect(rows).toMatchObject([{ caller: '+33140001111', missed: 2, lastAt: T0 + 10, lastCall: last }]);
      });

      it('have numbers: of those who hide, and of addresses, nothing is kept', async () => {
        await made({ hidden: true });
        await made({ number: null });
        await made({ number: 'zoe' });
        expect(await waiting()).toEqual([]);
      });
    });

    describe('the audit', () => {
      it('has an intent first, then what became of it, which is said once', async () => {
        const record = audit();
        await journal.intendAudit(record);
        expect((await journal.audit({}, { limit: 10 })).items).toEqual([record]);
        await journal.completeAudit(record.id, 'failed', 'the file has changed');
        await journal.completeAudit(record.id, 'done', null);
        expect((await journal.audit({}, { limit: 10 })).items).toEqual([
          { ...record, result: 'failed', error: 'the file has changed' },
        ]);
      });

      it('is asked by time, actor, operation, target and result, newest first, in pages', async () => {
        const records: AuditRecord[] = [];
        for (let index = 0; index < 9; index += 1) {
          const at = T0 + index;
          const actor = index % 2 === 0 ? 'admin' : 'Zoe';
          const record = audit({ id: uuidv7({ msecs: at }), at, actor, target: `policy ${index}`, result: 'done' });
          records.unshift(record);
          await journal.intendAudit(record);
        }
        const ask = (filter: Parameters<AdminJournal['audit']>[0]) =>
          every((after) => journal.audit(filter, { limit: 2, ...(after === undefined ? {} : { after }) }));
        expect(await ask({})).toEqual(records);
        expect((await ask({ actor: 'zoe' })).map(({ at }) => at - T0)).toEqual([7, 5, 3, 1]);
        expect((await ask({ from: T0 + 2, to: T0 + 4 })).map(({ at }) => at - T0)).toEqual([3, 2]);
        expect((await ask({ target: 'POLICY 3', operation: 'set-ummailboxpolicy' })).map(({ at }) => at - T0)).toEqual([
          3,
        ]);
        expect(await ask({ result: 'intended' })).toEqual([]);
      });

      it(`cuts texts at ${MAX_AUDIT_TEXT} and values at ${MAX_AUDIT_JSON} characters (MAX_AUDIT_TEXT, MAX_AUDIT_JSON)`, async () => {
        const long = 'x'.repeat(MAX_AUDIT_JSON);
        await journal.intendAudit(audit({ before: long, target: long, why: long }));
        const [kept] = (await journal.audit({}, { limit: 1 })).items;
        expect(kept?.before).toEqual({ tooLong: MAX_AUDIT_JSON + 2 });
        expect(kept?.target).toHaveLength(MAX_AUDIT_TEXT);
        expect(kept?.why).toHaveLength(MAX_AUDIT_TEXT);
      });
    });

    describe('accounts', () => {
      it('are one a name, in any case', async () => {
        expect(await journal.addAccount(account())).toBe(true);
        expect(await journal.addAccount(account({ name: 'ADMIN' }))).toBe(false);
        expect(await journal.account('aDMIN')).toEqual(account());
        expect(await journal.account('nobody')).toBeNull();
        expect(await journal.accountCount()).toBe(1);
      });

      it('are changed in what is named, and listed by name', async () => {
        await journal.addAccount(account());
        await journal.addAccount(account({ name: 'zoe', mailbox: 'zoe', passwordHash: null }));
        const all = {
          displayName: 'A',
          roles: ['Help Desk'],
          mailbox: 'bob',
          passwordHash: 'scrypt$2',
          enabled: false,
        };
        for (const [name, value] of Object.entries(all)) {
          expect(await journal.changeAccount('ADMIN', { [name]: value })).toBe(true);
        }
        expect(await journal.changeAccount('admin', { mailbox: null })).toBe(true);
        const changed = account({ ...all, mailbox: null });
        expect(await journal.changeAccount('nobody', { enabled: true })).toBe(false);
        const page = await journal.accounts({ limit: 1 });
        expect(page.items).toEqual([changed]);
        const rest = await journal.accounts({ limit: 1, after: page.next ?? '' });
        expect(rest.items.map(({ name }) => name)).toEqual(['zoe']);
      });

      it('have another password only where the one before is still the one that was read', async () => {
        await journal.addAccount(account());
        expect(await journal.changeAccount('admin', { passwordHash: 'scrypt$2' }, 'scrypt$1')).toBe(true);
        expect(await journal.changeAccount('admin', { passwordHash: 'scrypt$3' }, 'scrypt$1')).toBe(false);
        expect(await journal.changeAccount('admin', { passwordHash: null }, 'scrypt$2')).toBe(true);
        expect(await journal.changeAccount('admin', { passwordHash: 'scrypt$4' }, null)).toBe(true);
        expect((await journal.account('admin'))?.passwordHash).toBe('scrypt$4');
      });

      it('go with their tokens and sessions', async () => {
        await journal.addAccount(account());
        const [held, open] = [token(), session()];
        await journal.addToken(held);
        await journal.openSession(open, 'scrypt$1');
        expect(await journal.removeAccount('admin')).toBe(true);
        expect(await journal.removeAccount('admin')).toBe(false);
        expect(await journal.token(held.secretHash)).toBeNull();
        expect(await journal.session(open.secretHash)).toBeNull();
      });
    });

    it('tokens are found by the hash of their secret, and revoked by their owner alone', async () => {
      await journal.addAccount(account());
      await journal.addAccount(account({ name: 'zoe' }));
      const held = token();
      await journal.addToken(held);
      await journal.touchToken(held.id, T0 + 5);
      expect(await journal.token(held.secretHash)).toEqual({ ...held, lastUsedAt: T0 + 5 });
      expect(await journal.tokens('admin')).toEqual([{ ...held, lastUsedAt: T0 + 5 }]);
      expect(await journal.removeToken('zoe', held.id)).toBe(false);
      expect(await journal.removeToken('Admin', held.id)).toBe(true);
      expect(await journal.tokens('admin')).toEqual([]);
      for (const name of ['admin', 'admin', 'zoe']) await journal.addToken(token({ account: name }));
      expect(await journal.removeTokens('ADMIN')).toBe(2);
      expect([await journal.tokens('admin'), (await journal.tokens('zoe')).length]).toEqual([[], 1]);
    });

    it('sessions are prolonged, ended one by one or all but one', async () => {
      await journal.addAccount(account());
      const [first, second, third] = [session(), session(), session()];
      for (const one of [first, second, third]) expect(await journal.openSession(one, 'scrypt$1')).toBe(true);
      expect((await journal.account('admin'))?.lastSignInAt).toBe(first.createdAt);
      const later = { ...first, lastSeenAt: T0 + 9, expiresAt: T0 + 2 * HOUR };
      await journal.touchSession(first.secretHash, T0 + 9, T0 + 2 * HOUR);
      expect(await journal.session(first.secretHash)).toEqual(later);
      await journal.removeSession(second.secretHash);
      await journal.touchSession(second.secretHash, T0 + 9, T0 + 2 * HOUR);
      expect(await journal.session(second.secretHash)).toBeNull();
      await journal.removeSessions('admin', first.secretHash);
      expect(await journal.session(third.secretHash)).toBeNull();
      expect(await journal.session(first.secretHash)).toEqual(later);
      await journal.removeSessions('admin');
      expect(await journal.session(first.secretHash)).toBeNull();
    });

    it.each([
      ['is gone', () => journal.removeAccount('admin')],
      ['is disabled', () => journal.changeAccount('admin', { enabled: false })],
      ['has another password', () => journal.changeAccount('admin', { passwordHash: 'scrypt$2' })],
    ])('no session is opened where the account %s by now', async (_, meanwhile) => {
      await journal.addAccount(account());
      await meanwhile();
      const late = session();
      expect(await journal.openSession(late, 'scrypt$1')).toBe(false);
      expect(await journal.session(late.secretHash)).toBeNull();
      expect((await journal.account('admin'))?.lastSignInAt ?? null).toBeNull();
    });

    it('what has had its time is purged: sessions, the audit, missed callers (AUDIT_KEPT_MS, UNRETURNED_KEPT_MS)', async () => {
      await journal.addAccount(account());
      const [over, open] = [session({ expiresAt: T0 }), session()];
      for (const one of [over, open]) await journal.openSession(one, 'scrypt$1');
      await journal.intendAudit(audit({ at: T0 - AUDIT_KEPT_MS }));
      const kept = audit({ at: T0 - AUDIT_KEPT_MS + 1 });
      await journal.intendAudit(kept);
      await made({ at: T0 - UNRETURNED_KEPT_MS, number: '1002' });
      await made({ at: T0 - UNRETURNED_KEPT_MS + 1, number: '1003' });
      await journal.purge(T0);
      expect(await journal.session(over.secretHash)).toBeNull();
      expect(await journal.session(open.secretHash)).toEqual(open);
      expect((await journal.audit({}, { limit: 10 })).items).toEqual([kept]);
      const { rows } = await journal.unreturned({ from: 0, to: T0, limit: 10 });
      expect(rows.map(({ caller }) => caller)).toEqual(['1003']);
    });

    it('pages of notifications have each once, newest first, all or of one state', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 7; index += 1) {
        const start = callStart({ id: uuidv7({ msecs: T0 + index }) });
        const owed = notification(start.id, { id: uuidv7({ msecs: T0 + index }) });
        await journal.begin(start);
        await journal.settle(missed(start.id, { notifications: [owed] }));
        ids.unshift(owed.id);
      }
      const [dropped = ''] = ids;
      await journal.drop(dropped);
      const ask = (filter: Parameters<AdminJournal['notificationPage']>[0]) =>
        every((after) => journal.notificationPage(filter, { limit: 2, ...(after === undefined ? {} : { after }) }));
      expect((await ask({})).map(({ id }) => id)).toEqual(ids);
      expect((await ask({ state: 'due' })).map(({ id }) => id)).toEqual(ids.slice(1));
      expect((await ask({ state: 'dropped' })).map(({ id }) => id)).toEqual([dropped]);
      expect(await ask({ state: 'dead' })).toEqual([]);
      expect((await journal.notification(dropped))?.state).toBe('dropped');
      expect(await journal.notification('none')).toBeNull();
    });
  });
}

function answers(call: Made, asked: CallFilter): boolean {
  const begins = (number: string | null | undefined): boolean => number?.startsWith(asked.number ?? '') === true;
  return (
    (asked.from === undefined || (call.at ?? 0) >= asked.from) &&
    (asked.to === undefined || (call.at ?? 0) < asked.to) &&
    (asked.mailbox === undefined || call.mailbox === asked.mailbox) &&
    (asked.group === undefined || call.group === asked.group) &&
    (asked.outcome === undefined || call.outcome === asked.outcome) &&
    (asked.number === undefined || begins(call.callee) || (call.hidden !== true && begins(call.number)))
  );
}
