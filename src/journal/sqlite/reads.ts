import type { DatabaseSync } from 'node:sqlite';
import {
  NOTIFICATION_STATES,
  type CallRecord,
  type CallView,
  type MessageTotalsRecord,
  type NotificationRecord,
  type NotificationState,
  type QueueCounts,
  type RegistrationRecord,
} from '../types.ts';
import { adminReads } from './admin-reads.ts';
import {
  callRecord,
  decisionRecord,
  messageTotalsRecord,
  notificationRecord,
  notificationSummary,
  registrationRecord,
  type Row,
  text,
} from './rows.ts';

/**
 * Rows one query answers at most. A list is handed over in one piece, which costs the thread that asks about 15 ms a
 * thousand calls: a running gateway asks for pages of a hundred and goes on with `before`.
 */
export const MAX_ROWS = 10_000;
/** Shorter parts of an id name too many calls. */
const SHORTEST_ID_PART = 4;

/** To SQLite a negative LIMIT is none. */
export function bounded(limit: number): number {
  return Math.max(0, Math.min(limit, MAX_ROWS));
}

/** Of the mailbox itself, and of groups whose call rang a phone of it. */
export const PENDING_OF = `
  SELECT * FROM calls WHERE id IN (
    SELECT id FROM calls INDEXED BY calls_pending_by_mailbox
    WHERE outcome IS NULL AND pending_until IS NOT NULL AND mailbox = :mailbox
    UNION
    SELECT id FROM calls INDEXED BY calls_pending_of_groups
    WHERE outcome IS NULL AND pending_until IS NOT NULL AND called_group IS NOT NULL AND EXISTS (
      SELECT 1 FROM json_each(calls.state, '$.legs') AS leg WHERE leg.value ->> 'mailbox' = :mailbox))
  ORDER BY id LIMIT :limit`;

/** The statements that only read, prepared once. */
export function reads(db: DatabaseSync) {
  // Of whatever node: the lock says that this gateway is alone, so what an earlier one left is its own, also under another name.
  const unfinished = db.prepare('SELECT * FROM calls WHERE outcome IS NULL AND ended_at IS NULL ORDER BY id');
  const pendingDue = db.prepare(`
    SELECT * FROM calls WHERE outcome IS NULL AND pending_until IS NOT NULL AND pending_until <= ?
    ORDER BY pending_until, id LIMIT ?`);
  const pendingOf = db.prepare(PENDING_OF);
  const messageTotals = db.prepare('SELECT * FROM message_totals');
  const registrations = db.prepare('SELECT * FROM registrations WHERE expires_at > ? ORDER BY aor, position');
  const nextDueAt = db.prepare(`
    SELECT coalesce(lease_until, due_at) AS at FROM notifications
    WHERE state IN ('due', 'claimed') ORDER BY coalesce(lease_until, due_at), id LIMIT 1`);
  const newest = db.prepare('SELECT * FROM calls ORDER BY id DESC LIMIT ?');
  const newestBefore = db.prepare('SELECT * FROM calls WHERE id < ? ORDER BY id DESC LIMIT ?');
  const decisionsOf = db.prepare('SELECT * FROM decisions WHERE call_id = ? ORDER BY position');
  const notificationsOf = db.prepare('SELECT * FROM notifications WHERE call_id = ? ORDER BY id');
  const byId = db.prepare('SELECT * FROM calls WHERE id = ?');
  const bySipCallId = db.prepare('SELECT * FROM calls WHERE sip_call_id = ? ORDER BY id DESC LIMIT 1');
  // Two rows tell an ambiguous part from an unambiguous one.
  const byPrefix = db.prepare('SELECT id FROM calls WHERE id >= ? AND id < ? LIMIT 2');
  const bySuffix = db.prepare('SELECT id FROM calls WHERE substr(id, ?) = ? LIMIT 2');
  const someNotifications = db.prepare(`
    SELECT * FROM (SELECT * FROM notifications WHERE state IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?)
    ORDER BY id`);
  const countNotifications = db.prepare('SELECT state, n FROM notification_counts');
  const oldestWaiting = db.prepare(`
    SELECT created_at, attempts, last_error FROM notifications WHERE state IN ('due', 'claimed') ORDER BY id LIMIT 1`);

  function view(row: Row): CallView {
    const record = callRecord(row);
    const notifications = notificationsOf.all(record.id);
    const decisions = decisionsOf.all(record.id).map((decision) => ({
      ...decisionRecord(decision),
      notifications: notifications
        .filter((notification) => notification['mailbox'] === decision['mailbox'])
        .map(notificationSummary),
    }));
    return { ...record, decisions };
  }

  function findByPart(part: string): Row | undefined {
    if (part.length < SHORTEST_ID_PART) return undefined;
    // U+FFFF sorts after every character an id can have.
    let found = byPrefix.all(part, `${part}\uffff`);
    if (found.length === 0) found = bySuffix.all(-part.length, part);
    return found.length === 1 ? byId.get(String(found[0]?.['id'])) : undefined;
  }

  return {
    ...adminReads(db, view),

    unfinished(): CallRecord[] {
      return unfinished.all().map(callRecord);
    },

    pendingDue(now: number, limit: number): CallRecord[] {
      return pendingDue.all(now, bounded(limit)).map(callRecord);
    },

    pendingOf(mailbox: string): CallRecord[] {
      return pendingOf.all({ mailbox, limit: MAX_ROWS }).map(callRecord);
    },

    // Read once, at the start, and all of it: a mailbox whose total is not known tells nothing.
    messageTotals(): MessageTotalsRecord[] {
      return messageTotals.all().map(messageTotalsRecord);
    },

    registrations(now: number): RegistrationRecord[] {
      return registrations.all(now).map(registrationRecord);
    },

    nextDueAt(): number | null {
      const row = nextDueAt.get();
      return row === undefined ? null : Number(row['at']);
    },

    calls(query: { readonly limit: number; readonly before?: string }): CallView[] {
      const limit = bounded(query.limit);
      const rows = query.before === undefined ? newest.all(limit) : newestBefore.all(query.before, limit);
      return rows.toReversed().map(view);
    },

    call(idOrCallId: string): CallView | null {
      const row = byId.get(idOrCallId) ?? bySipCallId.get(idOrCallId) ?? findByPart(idOrCallId);
      return row === undefined ? null : view(row);
    },

    notifications(query: {
      readonly states?: readonly NotificationState[];
      readonly limit: number;
    }): NotificationRecord[] {
      const states = JSON.stringify(query.states ?? NOTIFICATION_STATES);
      return someNotifications.all(states, bounded(query.limit)).map(notificationRecord);
    },

    counts(): QueueCounts {
      const notifications = { due: 0, claimed: 0, sent: 0, dead: 0, dropped: 0 };
      for (const row of countNotifications.all())
        notifications[String(row['state']) as NotificationState] = Number(row['n']);
      const oldest = oldestWaiting.get();
      return {
        notifications,
        oldest:
          oldest === undefined
            ? null
            : {
                createdAt: Number(oldest['created_at']),
                attempts: Number(oldest['attempts']),
                lastError: text(oldest['last_error']),
              },
      };
    },
  };
}
