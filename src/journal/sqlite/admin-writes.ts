import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { AccountRecord, AuditRecord, SessionRecord, TokenRecord } from '../admin-types.ts';

/** Longest `before` and `after` of an audit record, as JSON; what is longer is told by its length. */
export const MAX_AUDIT_JSON = 64 * 1024;
/** Longest of the other texts of an audit record. */
export const MAX_AUDIT_TEXT = 1_000;
/** How long audit records are kept. */
export const AUDIT_KEPT_MS = 400 * 24 * 60 * 60 * 1000;
/** How many of them, where there are more. */
export const MAX_AUDIT_RECORDS = 100_000;
/** A missed caller whom nobody called back for this long is not waited for any more. */
export const UNRETURNED_KEPT_MS = 90 * 24 * 60 * 60 * 1000;
/** Rows that one purge takes of each table: the next one goes on. */
export const MAX_PURGED = 1_000;

/** The statements that write what the administration keeps. Each function is one unit of a group commit. */
export function adminWrites(db: DatabaseSync) {
  return { ...auditWrites(db), ...accountWrites(db), ...tokenWrites(db), ...sessionWrites(db), ...purge(db) };
}

function auditWrites(db: DatabaseSync) {
  const intend = db.prepare(`
    INSERT INTO audit (id, at, actor, by_way_of, source, operation, target, before, after, why, result, error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const complete = db.prepare(`UPDATE audit SET result = ?, error = ? WHERE id = ? AND result = 'intended'`);
  return {
    intendAudit(record: AuditRecord): void {
      const { id, at, actor, by, source, operation, target, before, after, why, result, error } = record;
      const texts = [actor, by, source, operation, target].map(cut);
      intend.run(id, at, ...texts, json(before), json(after), cutOrNull(why), result, cutOrNull(error));
    },
    completeAudit(id: string, result: 'done' | 'failed', error: string | null): void {
      complete.run(result, cutOrNull(error), id);
    },
  };
}

function accountWrites(db: DatabaseSync) {
  const add = db.prepare(`
    INSERT INTO accounts (display_name, roles, mailbox, password_hash, enabled, created_at, last_sign_in_at,
      failed_sign_ins, locked_until, name)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const save = db.prepare(`
    UPDATE accounts SET display_name = ?, roles = ?, mailbox = ?, password_hash = ?, enabled = ?, created_at = ?,
      last_sign_in_at = ?, failed_sign_ins = ?, locked_until = ? WHERE name = ?`);
  const remove = db.prepare('DELETE FROM accounts WHERE name = ?');
  return {
    addAccount: (account: AccountRecord): boolean => add.run(...accountValues(account)).changes === 1,
    saveAccount: (account: AccountRecord): boolean => save.run(...accountValues(account)).changes === 1,
    // Its tokens and sessions go with it (ON DELETE CASCADE).
    removeAccount: (name: string): boolean => remove.run(name).changes > 0,
  };
}

/** In the order of both statements. */
function accountValues(account: AccountRecord): SQLInputValue[] {
  return [
    account.displayName,
    JSON.stringify(account.roles),
    account.mailbox,
    account.passwordHash,
    account.enabled ? 1 : 0,
    account.createdAt,
    account.lastSignInAt,
    account.failedSignIns,
    account.lockedUntil,
    account.name,
  ];
}

function tokenWrites(db: DatabaseSync) {
  const add = db.prepare(`
    INSERT INTO tokens (id, name, account, scopes, secret_hash, created_at, expires_at, last_used_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const touch = db.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM tokens WHERE id = ? AND account = ?');
  return {
    addToken(token: TokenRecord): void {
      const { id, name, account, scopes, secretHash, createdAt, expiresAt, lastUsedAt } = token;
      add.run(id, name, account, JSON.stringify(scopes), secretHash, createdAt, expiresAt, lastUsedAt);
    },
    touchToken(id: string, at: number): void {
      touch.run(at, id);
    },
    removeToken: (account: string, id: string): boolean => remove.run(id, account).changes === 1,
  };
}

function sessionWrites(db: DatabaseSync) {
  const save = db.prepare(`
    INSERT INTO sessions (secret_hash, account, signed_in_by, csrf_token, created_at, last_seen_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (secret_hash) DO UPDATE SET last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at`);
  const remove = db.prepare('DELETE FROM sessions WHERE secret_hash = ?');
  const removeOf = db.prepare('DELETE FROM sessions WHERE account = ? AND secret_hash IS NOT ?');
  return {
    saveSession(session: SessionRecord): void {
      const { secretHash, account, signedInBy, csrfToken, createdAt, lastSeenAt, expiresAt } = session;
      save.run(secretHash, account, signedInBy, csrfToken, createdAt, lastSeenAt, expiresAt);
    },
    removeSession(secretHash: string): void {
      remove.run(secretHash);
    },
    removeSessions(account: string, except: string | null): void {
      removeOf.run(account, except);
    },
  };
}

function purge(db: DatabaseSync) {
  const sessions = db.prepare(
    'DELETE FROM sessions WHERE secret_hash IN (SELECT secret_hash FROM sessions WHERE expires_at <= ? LIMIT ?)',
  );
  const audit = db.prepare(`
    DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at <= ? ORDER BY at LIMIT ${MAX_PURGED})`);
  const newestTooMany = db.prepare(`SELECT at FROM audit ORDER BY at DESC LIMIT 1 OFFSET ${MAX_AUDIT_RECORDS}`);
  const unreturned = db.prepare(
    'DELETE FROM unreturned WHERE (key, mailbox) IN (SELECT key, mailbox FROM unreturned WHERE last_at <= ? LIMIT ?)',
  );
  return {
    purge(now: number): void {
      sessions.run(now, MAX_PURGED);
      audit.run(Math.max(now - AUDIT_KEPT_MS, Number(newestTooMany.get()?.['at'] ?? 0)));
      unreturned.run(now - UNRETURNED_KEPT_MS, MAX_PURGED);
    },
  };
}

function json(value: unknown): string {
  const written = JSON.stringify(value ?? null);
  return written.length <= MAX_AUDIT_JSON ? written : JSON.stringify({ tooLong: written.length });
}

function cut(text: string): string {
  return text.slice(0, MAX_AUDIT_TEXT);
}

function cutOrNull(text: string | null): string | null {
  return text === null ? null : cut(text);
}
