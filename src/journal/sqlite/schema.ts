import type { DatabaseSync } from 'node:sqlite';
import { JournalError } from '../error.ts';
import { migrations as all } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';

/** Marks the file as ours (`PRAGMA application_id`): the letters MCGJ. */
export const APPLICATION_ID = 0x4d43474a;

/** Brings the schema up to date, each migration in a transaction of its own; refuses a file it must not touch. */
export function migrate(db: DatabaseSync, path: string, now: number, migrations: readonly Migration[] = all): void {
  const version = readVersion(db, path, migrations);
  if (version === 0) {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`CREATE TABLE IF NOT EXISTS migrations (
      version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL
    ) STRICT`);
  }
  for (const migration of migrations.slice(version)) {
    db.exec('BEGIN IMMEDIATE');
    try {
      // The version row first: of two programs that migrate at once, one fails here before it has changed anything.
      db.prepare('INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)').run(
        migration.version,
        migration.name,
        now,
      );
      db.exec(migration.sql);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** For commands that open the journal beside a gateway: the schema must be exactly the one this program knows. */
export function requireCurrentSchema(db: DatabaseSync, path: string, migrations: readonly Migration[] = all): void {
  if (readVersion(db, path, migrations) < migrations.length) {
    throw new JournalError(
      'older-schema',
      `journal ${path} was written by an older version of missed-call-gateway: start the gateway once with this version, it brings the journal up to date`,
    );
  }
}

/** The number of the last migration the file has seen, 0 for a new file. Throws where the file is another program's, or a later version's. */
export function readVersion(db: DatabaseSync, path: string, migrations: readonly Migration[] = all): number {
  const applicationId = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (applicationId !== APPLICATION_ID && (applicationId !== 0 || tables > 0)) {
    throw new JournalError(
      'not-a-journal',
      `${path} is a SQLite database of another program: point \`journal:\` at another path`,
    );
  }
  if (tables === 0) return 0;
  const version = Number(db.prepare('SELECT coalesce(max(version), 0) AS v FROM migrations').get()?.['v']);
  if (version > migrations.length) {
    throw new JournalError(
      'newer-schema',
      `journal ${path} has schema ${version}, and this version of missed-call-gateway knows schemas up to ${migrations.length}: run the version that wrote it, or point \`journal:\` at another path`,
    );
  }
  return version;
}
