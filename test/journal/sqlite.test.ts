import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalError, openSqliteJournal, type Journal } from '../../src/journal/index.ts';
import { describeAdminJournal } from './admin-behaviour.ts';
import { describeJournal, type Store } from './behaviour.ts';
import { callStart, missed, T0, temporaryFolder } from './samples.ts';

const now = (): number => T0;

const newStore = async (): Promise<Store> => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'gateway.db');
  return {
    open: (node) => openSqliteJournal({ path, node, now }),
    clear: () => emptied(path),
    remove: async () => folder.remove(),
  };
};
describeJournal('SQLite', newStore);
describeAdminJournal('SQLite', newStore);

/** Deletes every row but those that say which schema it is; the counts follow by their triggers. */
function emptied(path: string): void {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  const tables = db
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('migrations', 'notification_counts')",
    )
    .all();
  for (const { name } of tables) db.exec(`DELETE FROM "${String(name)}"`);
  db.close();
}

describe('the SQLite journal’s file', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let path: string;
  let open: Journal[];

  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder.path, 'var', 'gateway.db');
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((journal) => journal.close()));
    folder.remove();
  });

  async function gateway(node = 'gw1', at = path): Promise<Journal> {
    const journal = await openSqliteJournal({ path: at, node, now, pid: 4242 });
    open.push(journal);
    return journal;
  }

  async function beside(): Promise<Journal> {
    const journal = await openSqliteJournal({ path, node: 'command', now, mode: 'beside' });
    open.push(journal);
    return journal;
  }

  /** The error of an opening that must fail. */
  async function refusal(opening: Promise<Journal>): Promise<JournalError> {
    const error: unknown = await opening.then(
      async (journal) => journal.close(),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(JournalError);
    return error as JournalError;
  }

  it('is made with its folder, readable by nobody else', async () => {
    const journal = await gateway();
    await journal.begin(callStart());
    for (const [file, mode] of [
      [path, 0o600],
      [`${path}-wal`, 0o600],
      [`${path}-shm`, 0o600],
      [`${path}.lock`, 0o600],
      [join(folder.path, 'var'), 0o700],
    ] as const) {
      expect(statSync(file).mode & 0o777, file).toBe(mode);
    }
  });

  it('keeps the mode an admin gave it', async () => {
    await (await gateway()).close();
    chmodSync(path, 0o640);
    await gateway();
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('waits for the disk at every commit, in a write-ahead log', async () => {
    await (await gateway()).close();
    const db = new DatabaseSync(path);
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    db.close();
    const { openForWriting } = await import('../../src/journal/sqlite/database.ts');
    const writing = openForWriting(path, () => undefined);
    expect(writing.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    writing.close();
  });

  it('has one running gateway: a second is told who the first is', async () => {
    await gateway('gw1');
    const error = await refusal(gateway('gw2'));
    expect(error.code).toBe('in-use');
    expect(error.message).toContain(`journal ${path} is in use by gateway gw1 (process 4242, since 2026-`);
    expect(error.message).toContain('stop that gateway first');
  });

  it('is free again once the first gateway has closed it', async () => {
    await (await gateway('gw1')).close();
    await gateway('gw2');
    expect((await refusal(gateway('gw3'))).message).toContain('gateway gw2');
  });

  it('is taken over whole by a gateway of another name: unfinished calls and claims', async () => {
    const before = await gateway('gw1');
    const [live, due] = [callStart(), callStart()];
    for (const start of [live, due]) await before.begin(start);
    await before.settle(missed(due.id));
    await before.claim('gw1', T0, 30_000, 1);
    await before.close();
    const after = await gateway('renamed');
    expect((await after.unfinished()).map(({ id, node }) => [id, node])).toEqual([[live.id, 'gw1']]);
    expect(await after.releaseClaims(T0 + 1)).toBe(1);
  });

  it('counts notifications without looking at each', async () => {
    const journal = await gateway();
    const start = callStart();
    await journal.begin(start);
    await journal.settle(missed(start.id));
    await journal.close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA foreign_keys = ON');
    const { reads } = await import('../../src/journal/sqlite/reads.ts');
    expect(reads(db).counts().notifications.due).toBe(1);
    // A call takes its notifications with it.
    db.exec('DELETE FROM calls');
    expect(reads(db).counts().notifications.due).toBe(0);
    db.exec("UPDATE notification_counts SET n = 7 WHERE state = 'sent'");
    expect(reads(db).counts().notifications.sent).toBe(7);
    db.close();
  });

  it('lets commands in beside the gateway: they read what is committed, retry and drop', async () => {
    const journal = await gateway();
    const start = callStart();
    await journal.begin(start);
    await journal.settle(missed(start.id));
    const command = await beside();
    const [due] = await command.notifications({ limit: 1 });
    expect(due?.callId).toBe(start.id);
    expect(await command.drop(due!.id)).toBe(true);
    expect((await journal.call(start.id))?.decisions[0]?.notifications[0]?.state).toBe('dropped');
    await gateway('other', join(folder.path, 'other.db'));
  });

  it('is read by commands after the gateway has stopped, too', async () => {
    const journal = await gateway();
    const start = callStart();
    await journal.begin(start);
    await journal.close();
    expect((await (await beside()).call(start.id))?.id).toBe(start.id);
  });

  it('is not made by a command', async () => {
    const error = await refusal(beside());
    expect(error.code).toBe('missing');
    expect(error.message).toContain('start the gateway once');
  });

  it('of a newer version is refused, and left as it is', async () => {
    await (await gateway()).close();
    const db = new DatabaseSync(path);
    db.prepare('INSERT INTO migrations (version, name, applied_at) VALUES (99, ?, 0)').run('from the future');
    db.close();
    for (const opens of [gateway, beside]) {
      const error = await refusal(opens());
      expect(error.code).toBe('newer-schema');
      expect(error.message).toMatch(/has schema 99, and this version .* knows schemas up to \d+: run the version/);
    }
  });

  it('of the first version is brought up to date: its calls read with no group, whole', async () => {
    mkdirSync(join(folder.path, 'var'));
    const { migrate } = await import('../../src/journal/sqlite/schema.ts');
    const { migrations } = await import('../../src/journal/sqlite/migrations/index.ts');
    const db = new DatabaseSync(path);
    migrate(db, path, T0, migrations.slice(0, 1));
    db.prepare(
      `INSERT INTO calls (id, node, sip_call_id, peer, caller, callee, callee_uri, mailbox, started_at, ended_at, pending_until)
       VALUES ('old', 'gw1', 'a@b', 'pbx', '{}', '1001', 'sip:1001@h', 'alice', 1, 2, 3)`,
    ).run();
    db.close();
    const journal = await gateway();
    expect(await journal.call('old')).toMatchObject({ callee: '1001', group: null, pendingUntil: 3 });
    expect((await journal.pendingOf('alice')).map(({ id }) => id)).toEqual(['old']);
    expect(await journal.messageTotals()).toEqual([]);
  });

  it('finds the pending calls of a mailbox by index, not by looking at every call', async () => {
    await (await gateway()).close();
    const db = new DatabaseSync(path);
    const plan = (sql: string): string => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
    const { PENDING_OF } = await import('../../src/journal/sqlite/reads.ts');
    expect(plan(PENDING_OF)).toContain('USING INDEX calls_pending_by_mailbox (mailbox=?)');
    expect(plan(PENDING_OF)).toContain('USING INDEX calls_pending_of_groups');
    expect(plan(PENDING_OF)).not.toMatch(/SCAN calls"/);
    db.close();
  });

  it('of an older version is brought up to date by a gateway, and refused by a command', async () => {
    const { migrate, requireCurrentSchema } = await import('../../src/journal/sqlite/schema.ts');
    const { migrations } = await import('../../src/journal/sqlite/migrations/index.ts');
    await (await gateway()).close();
    const next = { version: migrations.length + 1, name: 'next', sql: 'CREATE TABLE added (x TEXT) STRICT' };
    const db = new DatabaseSync(path);
    expect(() => requireCurrentSchema(db, path, [...migrations, next])).toThrow(/start the gateway once/);
    migrate(db, path, T0, [...migrations, next]);
    requireCurrentSchema(db, path, [...migrations, next]);
    expect(db.prepare('SELECT version, applied_at FROM migrations ORDER BY version DESC').get()).toEqual({
      version: next.version,
      applied_at: T0,
    });
    db.close();
  });

  it('is not touched by a migration that fails', async () => {
    const { migrate } = await import('../../src/journal/sqlite/schema.ts');
    const { migrations } = await import('../../src/journal/sqlite/migrations/index.ts');
    await (await gateway()).close();
    const broken = {
      version: migrations.length + 1,
      name: 'broken',
      sql: 'CREATE TABLE half (x TEXT) STRICT; NONSENSE',
    };
    const db = new DatabaseSync(path);
    expect(() => migrate(db, path, T0, [...migrations, broken])).toThrow(/NONSENSE/);
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'").get()).toEqual({ n: 0 });
    db.close();
    await gateway();
  });

  it('numbers its migrations 1, 2, 3, …', async () => {
    const { migrations } = await import('../../src/journal/sqlite/migrations/index.ts');
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });

  it('that belongs to another program is refused, and left as it is', async () => {
    const foreign = join(folder.path, 'foreign.db');
    const db = new DatabaseSync(foreign);
    db.exec('CREATE TABLE theirs (x)');
    db.close();
    const text = join(folder.path, 'notes.txt');
    writeFileSync(text, 'Not a database, but long enough to be looked at as one. '.repeat(50));
    for (const at of [foreign, text]) {
      const before = readFileSync(at);
      const error = await refusal(gateway('gw1', at));
      expect(error.code).toBe('not-a-journal');
      expect(error.message).toContain('point `journal:` at another path');
      expect(readFileSync(at)).toEqual(before);
    }
  });

  it('that cannot be made is reported with its path', async () => {
    const error = await refusal(gateway('gw1', '/dev/null/gateway.db'));
    expect(error.code).toBe('io');
    expect(error.message).toContain('/dev/null');
  });

  it('keeps its write-ahead log small under a long run of commits', async () => {
    const journal = await gateway();
    for (let round = 0; round < 8; round++) {
      await Promise.all(
        Array.from({ length: 500 }, async () => {
          const start = callStart();
          void journal.begin(start);
          await journal.settle(missed(start.id));
        }),
      );
    }
    // Without checkpoints these 8,000 units make a log of 6 MB.
    expect(statSync(`${path}-wal`).size).toBeLessThan(2 * 1024 * 1024);
  });

  it('refuses requests beyond those it can hold, and works on', async () => {
    const { MAX_WAITING } = await import('../../src/journal/sqlite/thread.ts');
    const journal = await gateway();
    const probes = Array.from({ length: MAX_WAITING + 10 }, () => journal.probe());
    const results = await Promise.allSettled(probes);
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(10);
    for (const result of refused) expect(result).toMatchObject({ reason: { code: 'overloaded', retryable: true } });
    await journal.probe();
  });
});

describe('a gateway killed in the middle of commits', () => {
  it('has lost nothing that was acknowledged, and left no lock', { timeout: 30_000 }, async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'gateway.db');
    try {
      const acknowledged: string[] = [];
      for (let life = 1; life <= 3; life++) acknowledged.push(...(await liveAndBeKilled(path, 300)));
      const journal = await openSqliteJournal({ path, node: 'gw1', now });
      let lost = 0;
      for (const line of acknowledged) {
        const [what, id] = line.split(' ');
        const call = await journal.call(id!);
        if (call === null || (what === 'settled' && call.decisions[0]?.notifications.length !== 1)) lost++;
      }
      await journal.close();
      expect(acknowledged.length).toBeGreaterThanOrEqual(900);
      expect(lost).toBe(0);
      const db = new DatabaseSync(path);
      expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      db.close();
    } finally {
      folder.remove();
    }
  });
});

/** Runs calls in a process of its own and kills it after so many acknowledgements; answers all that it acknowledged. */
async function liveAndBeKilled(path: string, after: number): Promise<string[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./endless-calls.ts', import.meta.url)), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === after) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return lines;
}
