import { extname } from 'node:path';
import type { AdminJournal } from '../admin-types.ts';
import type { Journal } from '../types.ts';
import type { Reads } from './reader-worker.ts';
import { createThread } from './thread.ts';
import type { WorkerSettings } from './worker-messages.ts';
import type { Writes } from './writer-worker.ts';

/** A worker's entry lies beside this file: `.ts` when run from source, `.js` when built. */
function entry(name: string): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);
}

/** At most 250 commits a second: more would not answer sooner, only wake the disk and the threads more often. */
const COMMIT_INTERVAL_MS = 4;

export interface SqliteJournalOptions {
  /** The database file. Its folder is made if missing; `-wal`, `-shm` and `.lock` stand beside it. */
  readonly path: string;
  /** This gateway's name. */
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * `gateway` (default): one a file, holds the lock for life, keeps the schema up to date. `beside`: a command next to a
   * running or stopped gateway; the journal must exist.
   */
  readonly mode?: 'gateway' | 'beside';
  /** Told to a second gateway that finds this one. */
  readonly pid?: number;
}

/**
 * Opens a SQLite journal: a thread that writes (group commit) and a thread that reads.
 * @throws JournalError `in-use`, `newer-schema`, `older-schema`, `missing`, `not-a-journal`, `io`, …
 */
export async function openSqliteJournal(options: SqliteJournalOptions): Promise<Journal & AdminJournal> {
  const { path, node, now, mode = 'gateway', pid = null } = options;
  const settings: WorkerSettings = { path, node, mode, pid, openedAt: now() };
  const writer = createThread<Writes>({
    entry: entry('writer-worker'),
    name: 'journal-writer',
    settings,
    listIntervalMs: COMMIT_INTERVAL_MS,
  });
  const reader = createThread<Reads>({
    entry: entry('reader-worker'),
    name: 'journal-reader',
    settings,
    listIntervalMs: 0,
  });
  try {
    // A command rarely writes: its writer starts with the first write.
    if (mode === 'gateway') await writer.start();
    await reader.start();
  } catch (error) {
    await Promise.all([reader.close(), writer.close()]);
    throw error;
  }
  return {
    begin: (start) => writer.request('begin', start),
    rang: (callId, at) => writer.request('rang', callId, at),
    answered: (callId, at, by) => writer.request('answered', callId, at, by),
    addEvidence: (callId, evidence) => writer.request('addEvidence', callId, evidence),
    settle: (settlement) => writer.request('settle', settlement),
    unfinished: () => reader.request('unfinished'),
    pendingOf: (mailbox) => reader.request('pendingOf', mailbox),
    pendingDue: (now, limit) => reader.request('pendingDue', now, limit),

    releaseClaims: (now) => writer.request('releaseClaims', now),
    claim: (owner, now, leaseMs, limit) => writer.request('claim', owner, now, leaseMs, limit),
    renew: (owner, ids, leaseUntil) => writer.request('renew', owner, ids, leaseUntil),
    complete: (owner, id, sentAt) => writer.request('complete', owner, id, sentAt),
    fail: (owner, id, error, next) => writer.request('fail', owner, id, error, next),
    nextDueAt: () => reader.request('nextDueAt'),
    retry: (id, now) => writer.request('retry', id, now),
    drop: (id) => writer.request('drop', id),

    messageTotals: () => reader.request('messageTotals'),
    saveMessageTotals: (totals) => writer.request('saveMessageTotals', totals),
    registrations: () => reader.request('registrations', now()),
    saveRegistrations: (aor, contacts) => writer.request('saveRegistrations', aor, contacts),

    calls: (query) => reader.request('calls', query),
    call: (idOrCallId) => reader.request('call', idOrCallId),
    notifications: (query) => reader.request('notifications', query),
    counts: () => reader.request('counts'),

    intendAudit: (record) => writer.request('intendAudit', record),
    completeAudit: (id, result, error) => writer.request('completeAudit', id, result, error),
    audit: (filter, page) => reader.request('audit', filter, page),
    accounts: (page) => reader.request('accounts', page),
    account: (name) => reader.request('account', name),
    accountCount: () => reader.request('accountCount'),
    addAccount: (account) => writer.request('addAccount', account),
    changeAccount: (name, changes, ifPasswordHash) => writer.request('changeAccount', name, changes, ifPasswordHash),
    removeAccount: (name) => writer.request('removeAccount', name),
    tokens: (account) => reader.request('tokens', account),
    token: (secretHash) => reader.request('token', secretHash),
    addToken: (token) => writer.request('addToken', token),
    touchToken: (id, at) => writer.request('touchToken', id, at),
    removeToken: (account, id) => writer.request('removeToken', account, id),
    removeTokens: (account) => writer.request('removeTokens', account),
    session: (secretHash) => reader.request('session', secretHash),
    openSession: (session, passwordHash) => writer.request('openSession', session, passwordHash),
    touchSession: (secretHash, lastSeenAt, expiresAt) =>
      writer.request('touchSession', secretHash, lastSeenAt, expiresAt),
    removeSession: (secretHash) => writer.request('removeSession', secretHash),
    removeSessions: (account, except) => writer.request('removeSessions', account, except ?? null),
    purge: (at) => writer.request('purge', at),
    callPage: (filter, page) => reader.request('callPage', filter, page),
    notificationPage: (filter, page) => reader.request('notificationPage', filter, page),
    notification: (id) => reader.request('notification', id),
    report: (query) => reader.request('report', query),
    unreturned: (query) => reader.request('unreturned', query),

    probe: () => writer.request('probe', now()),
    async close() {
      // The reader first: the writer's close is then the last one, which folds the write-ahead log into the file.
      await reader.close();
      await writer.close();
    },
  };
}
