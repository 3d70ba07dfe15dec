import type { DatabaseSync } from 'node:sqlite';
import type { NotificationRecord } from '../types.ts';
import { bounded } from './reads.ts';
import { notificationRecord } from './rows.ts';

/** Longest `lastError` kept: what a mail server says is not ours to bound. */
export const MAX_ERROR_LENGTH = 1_000;

/**
 * The outbox: claim, renew, complete, fail, and an admin's retry and drop. Every statement names the state it leaves,
 * and those of a sender name the owner too, so that whoever lost a claim changes nothing.
 *
 *   due --claim--> claimed --complete--> sent
 *    ^                |
 *    +--fail, lease---+--fail--> dead        due, dead --retry--> due        due, dead --drop--> dropped
 */
export function notificationWrites(db: DatabaseSync) {
  // Whoever made them: the lock says that this gateway is alone.
  const releaseClaims = db.prepare(`
    UPDATE notifications SET state = 'due', due_at = min(due_at, ?), claimed_by = NULL, lease_until = NULL
    WHERE state = 'claimed'`);
  const claim = db.prepare(`
    UPDATE notifications SET state = 'claimed', attempts = attempts + 1, claimed_by = ?, lease_until = ?
    WHERE id IN (
      SELECT id FROM notifications
      WHERE state IN ('due', 'claimed') AND coalesce(lease_until, due_at) <= ?
      ORDER BY coalesce(lease_until, due_at), id LIMIT ?)
    RETURNING *`);
  const renew = db.prepare(
    `UPDATE notifications SET lease_until = ? WHERE id = ? AND state = 'claimed' AND claimed_by = ?`,
  );
  const complete = db.prepare(`
    UPDATE notifications SET state = 'sent', sent_at = ?, last_error = NULL,
      claimed_by = NULL, lease_until = NULL
    WHERE id = ? AND state = 'claimed' AND claimed_by = ?`);
  const fail = db.prepare(`
    UPDATE notifications SET state = ?, due_at = coalesce(?, due_at), last_error = ?,
      claimed_by = NULL, lease_until = NULL
    WHERE id = ? AND state = 'claimed' AND claimed_by = ?`);
  const retry = db.prepare(
    `UPDATE notifications SET state = 'due', due_at = ? WHERE id = ? AND state IN ('due', 'dead')`,
  );
  const drop = db.prepare(`UPDATE notifications SET state = 'dropped' WHERE id = ? AND state IN ('due', 'dead')`);

  return {
    releaseClaims(now: number): number {
      return Number(releaseClaims.run(now).changes);
    },

    claim(owner: string, now: number, leaseMs: number, limit: number): NotificationRecord[] {
      const claimed = claim.all(owner, now + leaseMs, now, bounded(limit)).map(notificationRecord);
      return claimed.sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
    },

    renew(owner: string, ids: readonly string[], leaseUntil: number): string[] {
      return ids.filter((id) => renew.run(leaseUntil, id, owner).changes === 1);
    },

    complete(owner: string, id: string, sentAt: number): boolean {
      return complete.run(sentAt, id, owner).changes === 1;
    },

    fail(owner: string, id: string, error: string, next: { readonly dueAt: number } | 'dead'): boolean {
      const [state, dueAt] = next === 'dead' ? ['dead', null] : ['due', next.dueAt];
      return fail.run(state, dueAt, error.slice(0, MAX_ERROR_LENGTH), id, owner).changes === 1;
    },

    retry(id: string, now: number): boolean {
      return retry.run(now, id).changes === 1;
    },

    drop(id: string): boolean {
      return drop.run(id).changes === 1;
    },
  };
}
