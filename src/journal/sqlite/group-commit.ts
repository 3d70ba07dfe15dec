import type { DatabaseSync } from 'node:sqlite';

/** One request to a worker thread: the name of an operation and its arguments. */
export type Unit = readonly [operation: string, ...args: unknown[]];
/** What became of it. */
export type Outcome<Failure = unknown> = { readonly value: unknown } | { readonly error: Failure };

/** The transaction failed as a whole: no unit of it is to blame. */
export class TransactionError extends Error {
  override readonly name = 'TransactionError';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * Returns the function that commits many units in one transaction: one wait for the disk for all of them. A unit that
 * fails is undone alone; only a failure of the whole transaction (no lock, disk full at commit) fails every unit of it.
 */
export function groupCommit(db: DatabaseSync, run: (unit: Unit) => unknown): (units: readonly Unit[]) => Outcome[] {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const savepoint = db.prepare('SAVEPOINT unit');
  const release = db.prepare('RELEASE unit');

  function apply(unit: Unit): Outcome {
    savepoint.run();
    try {
      const value = run(unit);
      release.run();
      return { value };
    } catch (error) {
      // SQLite itself rolls the whole transaction back on some errors (sqlite.org/lang_transaction.html, section 2.3).
      if (!db.isTransaction) throw error;
      db.exec('ROLLBACK TO unit; RELEASE unit');
      return { error };
    }
  }

  return (units) => {
    try {
      begin.run();
      const outcomes = units.map(apply);
      commit.run();
      return outcomes;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      const whole = new TransactionError(error);
      return units.map(() => ({ error: whole }));
    }
  };
}
