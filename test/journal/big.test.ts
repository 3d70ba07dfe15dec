import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdminJournal, type CallFilter, type Journal, openSqliteJournal } from '../../src/journal/index.ts';
import { MAX_PAGE } from '../../src/journal/sqlite/admin-reads.ts';
import { MAX_PURGED } from '../../src/journal/sqlite/admin-writes.ts';
import { MAX_SCANNED } from '../../src/journal/sqlite/call-page.ts';
import { MAX_REPORT_MS, MAX_REPORT_ROWS } from '../../src/journal/sqlite/reports.ts';
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
      DELETE FROM migrations WHERE version = 3`);
    db.close();
    journal = await openSqliteJournal({ path, node: 'gw1', now: () => T0 });
    expect(await report()).toEqual(before);
    expect(before.rows[0]).toMatchObject({ key: 'sales', missed: expect.any(Number) });
  });
});
