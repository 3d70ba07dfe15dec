import { JOURNAL_ERRORS, JournalError, type JournalErrorCode } from '../error.ts';
import { TransactionError } from './group-commit.ts';

/** An error as it crosses from a worker thread: plain data. */
export interface ErrorData {
  readonly code: JournalErrorCode;
  readonly message: string;
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that a person can do something about. */
const remedies: Readonly<Record<number, { code: JournalErrorCode; remedy: string }>> = {
  5: { code: 'busy', remedy: 'another process holds its write lock; find it with `fuser` and let it finish' },
  6: { code: 'busy', remedy: 'another connection holds its write lock' },
  8: { code: 'read-only', remedy: "give the gateway's user write access to the file and its folder" },
  10: { code: 'io', remedy: 'the operating system refused the access; look at the disk and its quota' },
  11: { code: 'corrupt', remedy: 'the file is damaged; stop the gateway and restore a copy, or move the file away' },
  13: { code: 'full', remedy: 'the disk is full; free some space' },
  14: {
    code: 'io',
    remedy: "it cannot be opened; check that the folder exists and that the gateway's user may write there",
  },
  26: { code: 'not-a-journal', remedy: 'the file is not a journal; point `journal:` at another path' },
};

/**
 * ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE: the request itself is wrong. All else (no memory, a lock, a schema that changed
 * under a statement, …) can pass.
 */
const WRONG_REQUESTS: ReadonlySet<number> = new Set([1, 18, 19, 20, 25]);

/** Turns whatever was thrown below into what a person needs; foreign errors are converted here and nowhere else. */
export function errorData(error: unknown, path: string): ErrorData {
  if (error instanceof JournalError) return { code: error.code, message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
    // The low byte of an extended result code is the primary one.
    const primary = error.errcode & 0xff;
    const known = remedies[primary];
    if (known) return { code: known.code, message: `journal ${path}: ${text}: ${known.remedy}` };
    return { code: WRONG_REQUESTS.has(primary) ? 'statement' : 'unavailable', message: `journal ${path}: ${text}` };
  }
  if (error instanceof Error && 'syscall' in error) {
    return { code: 'io', message: `journal ${path}: ${text}: check the folder and who may write there` };
  }
  return { code: 'statement', message: `journal ${path}: ${text}` };
}

/** The error of a request to a journal that is open: for good only where that request is wrong, and nothing around it. */
export function requestErrorData(error: unknown, path: string): ErrorData {
  const whole = error instanceof TransactionError;
  const data = errorData(whole ? error.cause : error, path);
  const ownFault = data.code === 'statement' || data.code === 'cursor';
  if (JOURNAL_ERRORS[data.code].retryable || (ownFault && !whole)) return data;
  return { code: 'unavailable', message: data.message };
}
