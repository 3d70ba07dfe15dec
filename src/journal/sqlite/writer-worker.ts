import type { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { adminWrites } from './admin-writes.ts';
import { callWrites } from './call-writes.ts';
import { createPrivateFile, openForWriting, requireFile } from './database.ts';
import { groupCommit } from './group-commit.ts';
import { holdLock } from './lock.ts';
import { notificationWrites } from './notification-writes.ts';
import { migrate, readVersion, requireCurrentSchema } from './schema.ts';
import { stateWrites } from './state-writes.ts';
import { runner, serve, type Backend, type WorkerSettings } from './worker-messages.ts';

/** A checkpoint of this many units' pages takes a few milliseconds, in which commits wait. */
const UNITS_PER_CHECKPOINT = 1_000;
/** After the last commit: what is left in the write-ahead log is moved when nobody waits. */
const IDLE_CHECKPOINT_MS = 1_000;

export type Writes = ReturnType<typeof callWrites> &
  ReturnType<typeof adminWrites> &
  ReturnType<typeof notificationWrites> &
  ReturnType<typeof stateWrites>;

function openWriter({ path, node, mode, pid, openedAt }: WorkerSettings): Backend {
  if (mode === 'beside') {
    requireFile(path);
    const db = openForWriting(path, (opened) => requireCurrentSchema(opened, path));
    return writer(db, node, () => undefined);
  }
  createPrivateFile(path);
  const lock = holdLock(path, { node, pid, since: openedAt });
  try {
    const db = openForWriting(path, (opened) => readVersion(opened, path));
    migrate(db, path, openedAt);
    return writer(db, node, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

function writer(db: DatabaseSync, node: string, release: () => void): Backend {
  const writes: Writes = {
    ...callWrites(db, node),
    ...notificationWrites(db),
    ...stateWrites(db),
    ...adminWrites(db),
  };
  const commit = groupCommit(db, runner(writes));
  const passiveCheckpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  let unitsSinceCheckpoint = 0;
  let idle: NodeJS.Timeout | undefined;

  function checkpoint(): void {
    try {
      // PASSIVE waits for nobody. What a reader still needs stays for the next one.
      passiveCheckpoint.get();
      unitsSinceCheckpoint = 0;
    } catch {
      // The log keeps everything; the same trouble is reported by the next commit.
    }
  }

  return {
    run(units) {
      unitsSinceCheckpoint += units.length;
      return commit(units);
    },
    afterRun() {
      if (unitsSinceCheckpoint >= UNITS_PER_CHECKPOINT) checkpoint();
      clearTimeout(idle);
      if (unitsSinceCheckpoint > 0) idle = setTimeout(checkpoint, IDLE_CHECKPOINT_MS);
    },
    close() {
      clearTimeout(idle);
      db.close();
      release();
    },
  };
}

const settings = workerData as WorkerSettings;
serve(settings.path, () => openWriter(settings));
