import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AdminJournal,
  type CallFilter,
  type Journal,
  type NotificationState,
  openSqliteJournal,
} from '../../src/journal/index.ts';
import { MAX_PAGE } from '../../src/journal/sqlite/admin-reads.ts';
import { MAX_AUDIT_RECORDS, MAX_PURGED } from '../../src/journal/sqlite/admin-writes.ts';
import { MAX_SCANNED } from '../../src/journal/sqlite/call-page.ts';
import { MAX_REPORT_MS, MAX_REPORT_ROWS, reports } from '../../src/journal/sqlite/reports.ts';
import { makeBigJournal } from '../support/big-journal.ts';
import { T0, temporaryFolder } from './samples.ts';

const CALLS = 3 * MAX_SCANNED;
const HOUR = 3_600_000;

describe('a journal of many calls', () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'gateway.db');
  let journal: Journal & AdminJournal;

  beforeAll(async () => {
    await makeBigJournal({ path, calls: CALLS, mailboxes: 12_000, endsAt: T0, intervalMs: HOUR });
    journal = await openSqliteJournal({ path, node: 'gw1', now: () => T0 });
  });
  afterAll(async () => {
    await journal.close();
    folder.remove();
  });

  const pages = async (filter: CallFilter, limit = 50): Promise<number[]> => {
    const sizes: number[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page = await journal.callPage(filter, { limit, ...(after === undefined ? {} : { after }) });
      sizes.push(page.items.length);
      after = page.next;
    }
    return sizes;
  };

  it('is asked for rare calls a bounded number of rows at a time, to its end (MAX_SCANNED)', async () => {
    expect(await pages({ outcome: 'rejected' })).toEqual([0, 0, 0]);
    expect(await pages({ outcome: 'pending' })).toEqual([0]);
  });

  it('gives a number that is everybody’s beginning by the page, and a rare one at once', async () => {
    const wide = await pages({ number: '+33' }, MAX_PAGE);
    expect(wide.reduce((sum, size) => sum + size, 0)).toBe(CALLS);
    expect(await pages({ number: '00001' })).toHaveLength(1);
  });

  it('gives pages of a bounded size (MAX_PAGE)', async () => {
    const page = await journal.callPage({}, { limit: MAX_PAGE * 2 });
    expect(page.items).toHaveLength(MAX_PAGE);
  });

  it('is reported on in a bounded number of rows and time (MAX_REPORT_ROWS, MAX_REPORT_MS)', async () => {
    const ask = (by: 'hour' | 'day') =>
      journal.report({ by, from: 0, to: T0 + HOUR, timeZone: 'UTC', limit: 2 * MAX_REPORT_ROWS });
    const hours = await ask('hour');
    expect(hours.rows).toHaveLength(MAX_REPORT_ROWS);
    expect(hours.truncated).toBe(true);
    const days = await ask('day');
    expect(days.rows.length).toBeLessThanOrEqual(MAX_REPORT_MS / (24 * HOUR) + 1);
  });

  it('is reported on by its newest counters where there are too many, and says so (MAX_COUNTERS)', () => {
    const db = new DatabaseSync(path, { readOnly: true });
    const total = (most?: number) => {
      const whole = { from: T0 - 100 * HOUR, to: T0 + HOUR, timeZone: 'UTC', limit: 1_000 };
      const { rows, truncated } = reports(db, most).report({ by: 'hour', ...whole });
      return { first: rows[0]?.key, rows: rows.length, truncated };
    };
    const hour = (at: number): string => `${new Date(at).toISOString().slice(0, 13)}:00:00.000Z`;
    // A call an hour: each counter is an hour's.
    expect(total()).toEqual({ first: hour(T0 - 100 * HOUR), rows: 101, truncated: false });
    expect(total(101)).toEqual(total());
    expect(total(10)).toEqual({ first: hour(T0 - 9 * HOUR), rows: 10, truncated: true });
    db.close();
  });

  it('says where a report would cover more than the longest time (MAX_REPORT_MS)', async () => {
    const ask = (from: number) => journal.report({ by: 'group', from, to: T0 + 1, timeZone: 'UTC', limit: 10 });
    expect((await ask(T0 - 100 * HOUR)).truncated).toBe(false);
    // The journal begins 15,000 hours ago, which is less than two years.
    expect((await ask(0)).truncated).toBe(CALLS * HOUR > MAX_REPORT_MS);
    const later = T0 + MAX_REPORT_MS - 10 * HOUR;
    const report = await journal.report({ by: 'hour', from: 0, to: later, timeZone: 'UTC', limit: 1_000 });
    expect(report.rows.length).toBeLessThanOrEqual(11);
    expect(report.truncated).toBe(true);
  });

  it('gives the missed callers of a mailbox as those of all have them', async () => {
    const span = { from: 0, to: T0 + HOUR, limit: 10_000 };
    const { rows } = await journal.unreturned(span);
    const mailbox = rows[0]?.mailbox ?? '';
    expect(await journal.unreturned({ ...span, mailbox })).toEqual({
      rows: rows.filter((row) => row.mailbox === mailbox),
      truncated: false,
    });
  });

  it('is purged some at a time (MAX_PURGED)', async () => {
    const db = new DatabaseSync(path);
    const left = (): unknown => db.prepare('SELECT count(*) AS n FROM unreturned').get()?.['n'];
    const before = Number(left());
    await journal.purge(T0 + 10 * 365 * 24 * HOUR);
    expect(left()).toBe(before - MAX_PURGED);
    db.close();
  });

  it('has the counts of its calls after a migration too', async () => {
    const report = () => journal.report({ by: 'group', from: 0, to: T0 + 1, timeZone: 'UTC', limit: 10 });
    const before = await report();
    await journal.close();
    const db = new DatabaseSync(path);
    // As version 2 left it.
    db.exec(`DROP TABLE call_counts; DROP TABLE unreturned; DROP TABLE audit; DROP TABLE sessions; DROP TABLE tokens;
      DROP TABLE accounts; DROP INDEX calls_by_mailbox; DROP INDEX calls_by_group; DROP INDEX calls_by_callee;
      DROP INDEX calls_by_caller; DROP INDEX decisions_of_members; DROP INDEX notifications_failed;
      DROP INDEX notifications_outstanding;
      DELETE FROM migrations WHERE version >= 3`);
    db.close();
    journal = await openSqliteJournal({ path, node: 'gw1', now: () => T0 });
    expect(await report()).toEqual(before);
    expect(before.rows[0]).toMatchObject({ key: 'sales', missed: expect.any(Number) });
  });
});

describe('a journal with much of what is rare', () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'gateway.db');
  let journal: Journal & AdminJournal;
  let db: DatabaseSync;

  beforeAll(async () => {
    await makeBigJournal({ path, calls: 4 * MAX_SCANNED, mailboxes: 100, endsAt: T0, intervalMs: 1_000 });
    journal = await openSqliteJournal({ path, node: 'gw1', now: () => T0 });
    db = new DatabaseSync(path);
  });
  afterAll(async () => {
    db.close();
    await journal.close();
    folder.remove();
  });

  const every = async (state: NotificationState): Promise<{ ids: string[]; pages: number }> => {
    const ids: string[] = [];
    let pages = 0;
    for (let after: string | null | undefined; after !== null; pages += 1) {
      const page = await journal.notificationPage(
        { state },
        { limit: MAX_PAGE, ...(after === undefined ? {} : { after }) },
      );
      ids.push(...page.items.map(({ id }) => id));
      after = page.next;
    }
    return { ids, pages };
  };
  const idsIn = (state: string): string[] =>
    db
      .prepare('SELECT id FROM notifications WHERE state = ? ORDER BY id DESC')
      .all(state)
      .map(({ id }) => String(id));

  it('gives its notifications of each state by the page, a bounded number of rows at a time (MAX_SCANNED)', async () => {
    // Two were sent, the oldest; all others wait.
    db.exec(`UPDATE notifications SET state = 'due', sent_at = NULL WHERE state = 'sent' AND rowid > 2`);
    expect(idsIn('due').length).toBeGreaterThan(MAX_SCANNED);
    for (const state of ['sent', 'due', 'dead', 'claimed'] as const)
      expect((await every(state)).ids).toEqual(idsIn(state));
    // The two lie behind more than one page may look through.
    expect((await every('sent')).pages).toBe(2);
    expect((await journal.notificationPage({ state: 'sent' }, { limit: 1 })).items).toEqual([]);
  });

  it('says of a mailbox where it did not look at all of its calls for missed callers (MAX_SCANNED)', async () => {
    const ask = () => journal.unreturned({ from: 0, to: T0 + 1, mailbox: 'user00001', limit: 1_000 });
    expect((await ask()).truncated).toBe(false);
    db.exec(`UPDATE calls SET mailbox = 'user00001' WHERE rowid <= ${MAX_SCANNED + 1}`);
    expect((await ask()).truncated).toBe(true);
  });

  it('keeps so many audit records, the newest (MAX_AUDIT_RECORDS)', async () => {
    db.exec(`INSERT INTO audit (id, at, actor, by_way_of, source, operation, target, before, after, result)
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_AUDIT_RECORDS + MAX_PURGED})
      SELECT printf('%08x-0000-7000-8000-000000000000', i), ${T0} + i, 'admin', 'password', 'local', 'x', 'y', 'null', 'null',
        'done' FROM n`);
    const [oldest, left] = [() => db.prepare('SELECT min(at) AS at FROM audit').get()?.['at'], MAX_AUDIT_RECORDS];
    const count = (): unknown => db.prepare('SELECT count(*) AS n FROM audit').get()?.['n'];
    await journal.purge(T0);
    expect(count()).toBe(left + 1);
    await journal.purge(T0);
    await journal.purge(T0);
    expect(count()).toBe(left);
    expect(oldest()).toBe(T0 + MAX_PURGED + 1);
    // What is older than anybody asked for is not looked through to its end.
    const page = await journal.audit({ from: T0 + left + 120_000, target: 'nobody' }, { limit: 10 });
    expect(page).toEqual({ items: [], next: null });
    expect((await journal.audit({ target: 'nobody' }, { limit: 10 })).next).not.toBeNull();
  });
});
