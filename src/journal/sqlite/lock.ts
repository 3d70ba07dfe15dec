import { DatabaseSync } from 'node:sqlite';
import { JournalError } from '../error.ts';
import { createPrivateFile } from './database.ts';

/** What a second gateway is told about the first. */
export interface Holder {
  readonly node: string;
  /** Null where the program did not say. */
  readonly pid: number | null;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Holds `<path>.lock` for the life of this process: one running gateway a journal. The lock is a write transaction that
 * is never committed, so the kernel frees it however the process ends, and there is no stale lock to remove by hand.
 * A write transaction lets others read: that is how a second gateway can name the first.
 *
 * The file is never deleted, since a deleted file could be locked twice; and never read but through SQLite, since closing
 * any other descriptor of it would free the lock (POSIX advisory locks belong to process and file).
 */
export function holdLock(path: string, holder: Holder): { release(): void } {
  const lockPath = `${path}.lock`;
  createPrivateFile(lockPath);
  const db = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    db.exec('BEGIN IMMEDIATE');
    db.exec('CREATE TABLE IF NOT EXISTS holder (node TEXT NOT NULL, pid INTEGER, since INTEGER NOT NULL) STRICT');
    db.exec('DELETE FROM holder');
    db.prepare('INSERT INTO holder (node, pid, since) VALUES (?, ?, ?)').run(holder.node, holder.pid, holder.since);
    db.exec('COMMIT');
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    const refusal = isBusy(error) ? inUse(path, db) : error;
    db.close();
    throw refusal;
  }
  return { release: () => db.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function inUse(path: string, db: DatabaseSync): JournalError {
  return new JournalError(
    'in-use',
    `journal ${path} is in use by ${describeHolder(db)}: stop that gateway first, or give this one a journal of its own`,
  );
}

function describeHolder(db: DatabaseSync): string {
  try {
    const row = db.prepare('SELECT node, pid, since FROM holder').get();
    if (row === undefined) return 'another gateway';
    const process = row['pid'] === null ? '' : `process ${String(row['pid'])}, `;
    return `gateway ${String(row['node'])} (${process}since ${new Date(Number(row['since'])).toISOString()})`;
  } catch {
    // The holder is between its two transactions.
    return 'another gateway';
  }
}
