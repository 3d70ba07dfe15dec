import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../../src/journal/index.ts';
import { requestErrorData } from '../../src/journal/sqlite/errors.ts';
import { groupCommit, TransactionError, type Outcome } from '../../src/journal/sqlite/group-commit.ts';

const PATH = '/var/lib/gateway.db';

/** An error of SQLite as `node:sqlite` throws it. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error(`result code ${errcode}`), { code: 'ERR_SQLITE_ERROR', errcode });
}

function retryable(error: unknown): boolean {
  const { code, message } = requestErrorData(error, PATH);
  expect(message).toContain(PATH);
  return new JournalError(code, message).retryable;
}

/** Primary result codes of an error (sqlite.org/rescode.html): all but OK, NOTICE, WARNING, ROW and DONE. */
const CODES = Array.from({ length: 26 }, (_, index) => index + 1);
/** ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE: what is wrong with the request itself. */
const WRONG_REQUESTS = [1, 18, 19, 20, 25];

describe('an error of the journal', () => {
  it.each(CODES)('with result code %i of one unit is for good only where the request itself is wrong', (code) => {
    expect(retryable(sqliteError(code))).toBe(!WRONG_REQUESTS.includes(code));
    // Extended result codes have the primary one in the low byte: 3 << 8 of CONSTRAINT is a foreign key.
    expect(retryable(sqliteError((3 << 8) | code))).toBe(!WRONG_REQUESTS.includes(code));
  });

  it.each(CODES)('with result code %i of a whole transaction can pass', (code) => {
    expect(retryable(new TransactionError(sqliteError(code)))).toBe(true);
  });

  it('of our own code is for good', () => {
    expect(retryable(new TypeError('no such operation'))).toBe(false);
  });

  it.each(['BEGIN IMMEDIATE', 'COMMIT'])('at %s is one of the whole transaction: no unit is to blame', (statement) => {
    const db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE t (x INTEGER) STRICT');
    const prepare = db.prepare.bind(db);
    let broken = false;
    db.prepare = (sql) => {
      const prepared = prepare(sql);
      if (sql !== statement) return prepared;
      const run = prepared.run.bind(prepared);
      prepared.run = () => {
        if (broken) throw sqliteError(1);
        return run();
      };
      return prepared;
    };
    const commit = groupCommit(db, ([, x]) => prepare('INSERT INTO t VALUES (?)').run(Number(x)).changes);
    const codes = (outcomes: Outcome[]) =>
      outcomes.map((outcome) => ('error' in outcome ? requestErrorData(outcome.error, PATH).code : outcome.value));
    broken = true;
    const units = [
      ['add', 1],
      ['add', 2],
    ] as const;
    expect(codes(commit(units))).toEqual(['unavailable', 'unavailable']);
    broken = false;
    expect(codes(commit(units))).toEqual([1, 1]);
    db.close();
  });
});
