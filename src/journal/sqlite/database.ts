import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { JournalError } from '../error.ts';

/** How long a statement waits for another process's write lock. */
export const BUSY_TIMEOUT_MS = 5_000;
/** A write-ahead log that grew larger (under a long read) is cut back to this at its next reset. */
const JOURNAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024;

/** Creates the file with mode 0600, and its folder with 0700, where they are missing. */
export function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Never opened where it exists: closing that descriptor would free the locks this process holds on the file.
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/**
 * A connection for writing, in WAL mode with every commit synced to disk.
 * @param check looks at the file before anything in it is changed, and throws where it is not for us
 */
export function openForWriting(path: string, check: (db: DatabaseSync) => void): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    check(db);
    db.exec(`PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = ${JOURNAL_SIZE_LIMIT_BYTES};
      PRAGMA foreign_keys = ON;
      PRAGMA trusted_schema = OFF;`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection that cannot write. The file must exist. */
export function openForReading(path: string): DatabaseSync {
  requireFile(path);
  return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

export function requireFile(path: string): void {
  if (existsSync(path)) return;
  throw new JournalError(
    'missing',
    `there is no journal at ${path}: start the gateway once, or check \`journal:\` in the configuration`,
  );
}
