export type * from './admin-types.ts';
export type * from './types.ts';
export { NOTIFICATION_STATES } from './types.ts';
export { JOURNAL_ERRORS, JournalError, type JournalErrorCode } from './error.ts';
export { openSqliteJournal, type SqliteJournalOptions } from './sqlite/open.ts';
