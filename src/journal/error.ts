/** What went wrong with the journal; `JOURNAL_ERRORS` says of each whether trying again can help. */
export const JOURNAL_ERRORS = {
  /** Another gateway runs on this journal. */
  'in-use': { retryable: false },
  /** There is no journal at this path (a command opens one, it never makes one). */
  missing: { retryable: false },
  /** The file is something else. */
  'not-a-journal': { retryable: false },
  'newer-schema': { retryable: false },
  'older-schema': { retryable: false },
  /** The request itself is wrong; nothing else is affected by it. */
  statement: { retryable: false },
  /** The `after` of a page is none that a page gave as its `next`. */
  cursor: { retryable: false },
  /** `close()` was called. */
  closed: { retryable: false },
  /** More requests wait than the journal holds. */
  overloaded: { retryable: true },
  /** Another process holds the write lock. */
  busy: { retryable: true },
  full: { retryable: true },
  'read-only': { retryable: true },
  /** The operating system refused to read, write or open. */
  io: { retryable: true },
  corrupt: { retryable: true },
  /** It could not do it now, and no request is to blame: out of memory, a transaction lost, … */
  unavailable: { retryable: true },
  /** The thread that does the work ended; the next request starts it anew. */
  stopped: { retryable: true },
} as const;
export type JournalErrorCode = keyof typeof JOURNAL_ERRORS;

/** Every rejection of a Journal is one of these. The message names the file and what to do. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  /** Whether the same request can succeed later without being changed. */
  get retryable(): boolean {
    return JOURNAL_ERRORS[this.code].retryable;
  }
}
