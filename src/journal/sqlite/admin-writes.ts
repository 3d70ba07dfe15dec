import type { DatabaseSync } from 'node:sqlite';
import type { AccountChanges, AccountRecord, AuditRecord, SessionRecord, TokenRecord } from '../admin-types.ts';

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
    INSERT INTO accounts (name, display_name, roles, mailbox, password_hash, enabled, created_at, last_sign_in_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  // A value that is not named stays: another change may be under way.
  const change = db.prepare(`
    UPDATE accounts SET display_name = coalesce(:displayName, display_name), roles = coalesce(:roles, roles),
      mailbox = iif(:setsMailbox, :mailbox, mailbox), password_hash = iif(:setsPassword, :passwordHash, password_hash),
      enabled = coalesce(:enabled, enabled)
    WHERE name = :name AND (NOT :asks OR password_hash IS :ifPasswordHash)`);
  const remove = db.prepare('DELETE FROM accounts WHERE name = ?');
  return {
    addAccount({ name, displayName, roles, mailbox, passwordHash, enabled, createdAt, lastSignInAt }: AccountRecord) {
      const values = [displayName, JSON.stringify(roles), mailbox, passwordHash, enabled ? 1 : 0, createdAt];
      return add.run(name, ...values, lastSignInAt).changes === 1;
    },
    changeAccount(name: string, changes: AccountChanges, ifPasswordHash?: string | null): boolean {
      const { displayName, roles, mailbox, passwordHash, enabled } = changes;
      const done = change.run({
        name,
        displayName: displayName ?? null,
        roles: roles === undefined ? null : JSON.stringify(roles),
        setsMailbox: mailbox === undefined ? 0 : 1,
        mailbox: mailbox ?? null,
        setsPassword: passwordHash === undefined ? 0 : 1,
        passwordHash: passwordHash ?? null,
        enabled: enabled === undefined ? null : Number(enabled),
        asks: ifPasswordHash === undefined ? 0 : 1,
        ifPasswordHash: ifPasswordHash ?? null,
      });
      return done.changes === 1;
    },
    // Its tokens and sessions go with it (ON DELETE CASCADE).
    removeAccount: (name: string): boolean => remove.run(name).changes > 0,
  };
}

function tokenWrites(db: DatabaseSync) {
  const add = db.prepare(`
    INSERT INTO tokens (id, name, account, scopes, secret_hash, created_at, expires_at, last_used_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const touch = db.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM tokens WHERE id = ? AND account = ?');
  const removeOf = db.prepare('DELETE FROM tokens WHERE account = ?');
  return {
    addToken(token: TokenRecord): void {
      const { id, name, account, scopes, secretHash, createdAt, expiresAt, lastUsedAt } = token;
      add.run(id, name, account, JSON.stringify(scopes), secretHash, createdAt, expiresAt, lastUsedAt);
    },
    touchToken(id: string, at: number): void {
      touch.run(at, id);
    },
    removeToken: (account: string, id: string): boolean => remove.run(id, account).changes === 1,
    removeTokens: (account: string): number => Number(removeOf.run(account).changes),
  };
}

function sessionWrites(db: DatabaseSync) {
  const signedIn = db.prepare(
    'UPDATE accounts SET last_sign_in_at = ? WHERE name = ? AND enabled = 1 AND password_hash IS ?',
  );
  const open = db.prepare(`
    INSERT INTO sessions (secret_hash, account, signed_in_by, csrf_token, created_at, last_seen_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const touch = db.prepare('UPDATE sessions SET last_seen_at = ?, expires_at = ? WHERE secret_hash = ?');
  const remove = db.prepare('DELETE FROM sessions WHERE secret_hash = ?');
  const removeOf = db.prepare('DELETE FROM sessions WHERE account = ? AND secret_hash IS NOT ?');
  return {
    openSession(session: SessionRecord, passwordHash: string | null): boolean {
      const { secretHash, account, signedInBy, csrfToken, createdAt, lastSeenAt, expiresAt } = session;
      // Whose password was looked at for a while may have been disabled, or have got another one, in that time.
      if (signedIn.run(createdAt, account, passwordHash).changes === 0) return false;
      open.run(secretHash, account, signedInBy, csrfToken, createdAt, lastSeenAt, expiresAt);
      return true;
    },
    touchSession(secretHash: string, lastSeenAt: number, expiresAt: number): void {
      touch.run(lastSeenAt, expiresAt, secretHash);
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
