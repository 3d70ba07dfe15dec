/** The trace is a ring of this many files: the oldest goes when a new one is begun. */
export const SEGMENTS = 8;
/** What was written is on disk after this long at the latest. */
export const FLUSH_INTERVAL_MS = 200;
/** Written at once when so much waits. */
export const FLUSH_BYTES = 256 * 1024;
/** A disk that cannot follow costs messages of the trace, not memory: beyond this they are left out and counted. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Of one message: the rest is cut off. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** Calls that a single reading may gather, in messages. */
export const MAX_MESSAGES_OF_A_CALL = 10_000;
