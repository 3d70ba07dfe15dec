import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  AccountRecord,
  AuditFilter,
  AuditRecord,
  CallFilter,
  PageQuery,
  Paged,
  SessionRecord,
  TokenRecord,
} from '../admin-types.ts';
import type { CallView, NotificationRecord, NotificationState } from '../types.ts';
import { callPages, ID_SLACK_MS, MAX_SCANNED } from './call-page.ts';
import { justAbove, pageStart } from './cursor.ts';
import { reports } from './reports.ts';
import { integer, notificationRecord, parse, text, type Row } from './rows.ts';

/** Rows of one page at most. */
export const MAX_PAGE = 1_000;

/** The questions of the administration. `view` makes a call of its row. */
export function adminReads(db: DatabaseSync, view: (row: Row) => CallView) {
  const callPage = callPages(db);
  return {
    ...auditReads(db),
    ...accountReads(db),
    ...notificationReads(db),
    ...reports(db),
    callPage(filter: CallFilter, { after, limit }: PageQuery): Paged<CallView> {
      const { rows, next } = callPage(filter, { ...(after === undefined ? {} : { after }), limit: size(limit) });
      return { items: rows.map(view), next };
    },
  };
}

function auditReads(db: DatabaseSync) {
  const floor = db.prepare(`SELECT id, at FROM audit WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ${MAX_SCANNED}`);
  const list = db.prepare(`
    SELECT * FROM audit WHERE id < :after AND id > :floor
      AND (:from IS NULL OR at >= :from) AND (:to IS NULL OR at < :to)
      AND (:actor IS NULL OR actor = :actor COLLATE NOCASE)
      AND (:operation IS NULL OR operation = :operation COLLATE NOCASE)
      AND (:target IS NULL OR target = :target COLLATE NOCASE)
      AND (:result IS NULL OR result = :result)
    ORDER BY id DESC LIMIT :limit`);
  return {
    audit(filter: AuditFilter, page: PageQuery): Paged<AuditRecord> {
      const { limit } = page;
      const after = pageStart(page.after);
      const lowest = floor.get(after);
      const found = list.all({
        after,
        floor: String(lowest?.['id'] ?? ''),
        from: filter.from ?? null,
        to: filter.to ?? null,
        actor: filter.actor ?? null,
        operation: filter.operation ?? null,
        target: filter.target ?? null,
        result: filter.result ?? null,
        limit: size(limit) + 1,
      });
      // Ids are as old as their records: all that are below this one were before the time that is asked for.
      const over = lowest === undefined || Number(lowest['at']) < (filter.from ?? 0) - ID_SLACK_MS;
      const rest = over ? null : justAbove(String(lowest['id']));
      return paged(found, size(limit), auditRecord, 'id', rest);
    },
  };
}

function accountReads(db: DatabaseSync) {
  const accounts = db.prepare('SELECT * FROM accounts WHERE name > ? ORDER BY name LIMIT ?');
  const account = db.prepare('SELECT * FROM accounts WHERE name = ?');
  const count = db.prepare('SELECT count(*) AS n FROM accounts');
  const tokens = db.prepare('SELECT * FROM tokens WHERE account = ? ORDER BY id LIMIT ?');
  const token = db.prepare('SELECT * FROM tokens WHERE secret_hash = ?');
  const session = db.prepare('SELECT * FROM sessions WHERE secret_hash = ?');
  return {
    accounts({ after = '', limit }: PageQuery): Paged<AccountRecord> {
      return paged(accounts.all(after, size(limit) + 1), size(limit), accountRecord, 'name', null);
    },
    account: (name: string): AccountRecord | null => one(account, name, accountRecord),
    accountCount: (): number => Number(count.get()?.['n']),
    tokens: (name: string): TokenRecord[] => tokens.all(name, MAX_PAGE).map(tokenRecord),
    token: (secretHash: string): TokenRecord | null => one(token, secretHash, tokenRecord),
    session: (secretHash: string): SessionRecord | null => one(session, secretHash, sessionRecord),
  };
}

function notificationReads(db: DatabaseSync) {
  const list = (from: string): StatementSync =>
    db.prepare(`SELECT * FROM notifications ${from} AND id < :after ORDER BY id DESC LIMIT :limit`);
  const all = list('WHERE true');
  // In the order of their pages, however many.
  const failed = list(`INDEXED BY notifications_failed WHERE state IN ('dead', 'dropped') AND state = :state`);
  // In that of their sending: to be put in order first.
  const waiting = list(`INDEXED BY notifications_waiting WHERE state IN ('due', 'claimed') AND state = :state`);
  const newest = list('WHERE id > :floor AND state = :state');
  const floorOf = db.prepare(
    `SELECT id FROM notifications WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ${MAX_SCANNED}`,
  );
  const waitingCount = db.prepare(`SELECT sum(n) AS n FROM notification_counts WHERE state IN ('due', 'claimed')`);
  const byId = db.prepare('SELECT * FROM notifications WHERE id = ?');

  /** The statement for a state; null: only the newest of all can be looked through, some at a time. */
  function indexed(state: NotificationState): StatementSync | null {
    if (state === 'dead' || state === 'dropped') return failed;
    return state !== 'sent' && Number(waitingCount.get()?.['n']) <= MAX_SCANNED ? waiting : null;
  }

  return {
    notificationPage({ state }: { readonly state?: NotificationState }, page: PageQuery): Paged<NotificationRecord> {
      const limit = size(page.limit);
      const after = pageStart(page.after);
      const bounds = { after, limit: limit + 1 };
      const statement = state === undefined ? all : indexed(state);
      if (statement !== null) {
        const found = state === undefined ? statement.all(bounds) : statement.all({ ...bounds, state });
        return paged(found, limit, notificationRecord, 'id', null);
      }
      const floor = floorOf.get(after)?.['id'];
      const found = newest.all({ ...bounds, state: state ?? null, floor: String(floor ?? '') });
      return paged(found, limit, notificationRecord, 'id', floor === undefined ? null : justAbove(String(floor)));
    },
    notification: (id: string): NotificationRecord | null => one(byId, id, notificationRecord),
  };
}

function size(limit: number): number {
  return Math.max(1, Math.min(limit, MAX_PAGE));
}

function one<Item>(statement: StatementSync, key: string, record: (row: Row) => Item): Item | null {
  const row = statement.get(key);
  return row === undefined ? null : record(row);
}

/** @param rest where to go on if these are all that were found */
function paged<Item>(
  found: readonly Row[],
  limit: number,
  record: (row: Row) => Item,
  key: string,
  rest: string | null,
): Paged<Item> {
  const rows = found.slice(0, limit);
  const next = found.length > limit ? String(rows.at(-1)?.[key]) : rest;
  return { items: rows.map(record), next };
}

function auditRecord(row: Row): AuditRecord {
  return {
    id: String(row['id']),
    at: Number(row['at']),
    actor: String(row['actor']),
    by: String(row['by_way_of']) as AuditRecord['by'],
    source: String(row['source']),
    operation: String(row['operation']),
    target: String(row['target']),
    before: parse(row['before']),
    after: parse(row['after']),
    why: text(row['why']),
    result: String(row['result']) as AuditRecord['result'],
    error: text(row['error']),
  };
}

function accountRecord(row: Row): AccountRecord {
  return {
    name: String(row['name']),
    displayName: String(row['display_name']),
    roles: parse(row['roles']) as string[],
    mailbox: text(row['mailbox']),
    passwordHash: text(row['password_hash']),
    enabled: row['enabled'] === 1,
    createdAt: Number(row['created_at']),
    lastSignInAt: integer(row['last_sign_in_at']),
  };
}

function tokenRecord(row: Row): TokenRecord {
  return {
    id: String(row['id']),
    name: String(row['name']),
    account: String(row['account']),
    scopes: parse(row['scopes']) as string[],
    secretHash: String(row['secret_hash']),
    createdAt: Number(row['created_at']),
    expiresAt: integer(row['expires_at']),
    lastUsedAt: integer(row['last_used_at']),
  };
}

function sessionRecord(row: Row): SessionRecord {
  return {
    secretHash: String(row['secret_hash']),
    account: String(row['account']),
    signedInBy: String(row['signed_in_by']) as SessionRecord['signedInBy'],
    csrfToken: String(row['csrf_token']),
    createdAt: Number(row['created_at']),
    lastSeenAt: Number(row['last_seen_at']),
    expiresAt: Number(row['expires_at']),
  };
}
