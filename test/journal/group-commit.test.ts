import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupCommit, type Outcome, type Unit } from '../../src/journal/sqlite/group-commit.ts';
import { temporaryFolder } from './samples.ts';

describe('group commit', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let path: string;
  let db: DatabaseSync;
  let commit: (units: readonly Unit[]) => Outcome[];

  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder.path, 'group.db');
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x INTEGER PRIMARY KEY) STRICT');
    commit = groupCommit(db, ([name, ...values]) => {
      if (name === 'rollback') db.exec('ROLLBACK');
      for (const value of values) db.prepare('INSERT INTO t VALUES (?)').run(Number(value));
      if (name === 'fail') throw new Error('as asked');
      return values.length;
    });
  });
  afterEach(() => {
    db.close();
    folder.remove();
  });

  function stored(): unknown[] {
    return db
      .prepare('SELECT x FROM t ORDER BY x')
      .all()
      .map((row) => row['x']);
  }

  const failure = { error: expect.any(Error) as unknown };

  it('commits all units and gives each its own result', () => {
    expect(commit([['add', 1, 2], ['add', 3], ['add']])).toEqual([{ value: 2 }, { value: 1 }, { value: 0 }]);
    expect(stored()).toEqual([1, 2, 3]);
    expect(db.isTransaction).toBe(false);
  });

  it('undoes a unit that fails, whole, and keeps the others', () => {
    // The second runs into the first one's key with its last statement; the third throws after its statements.
    const outcomes = commit([
      ['add', 1],
      ['add', 2, 3, 1],
      ['fail', 4],
      ['add', 5],
    ]);
    expect(outcomes).toEqual([{ value: 1 }, failure, failure, { value: 1 }]);
    expect(stored()).toEqual([1, 5]);
  });

  it('fails every unit where the transaction itself is lost, and is ready for the next group', () => {
    expect(
      commit([
        ['add', 1],
        ['rollback', 1, 1],
        ['add', 3],
      ]),
    ).toEqual([failure, failure, failure]);
    expect(db.isTransaction).toBe(false);
    db.exec('DELETE FROM t');
    expect(commit([['add', 7]])).toEqual([{ value: 1 }]);
    expect(stored()).toEqual([7]);
  });

  it('fails every unit where another process holds the write lock, and commits when it is free', () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(
      commit([
        ['add', 1],
        ['add', 2],
      ]),
    ).toEqual([failure, failure]);
    other.exec('ROLLBACK');
    other.close();
    expect(
      commit([
        ['add', 1],
        ['add', 2],
      ]),
    ).toEqual([{ value: 1 }, { value: 1 }]);
    expect(stored()).toEqual([1, 2]);
  });
});
