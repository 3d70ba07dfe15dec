import type { AccountRecord, AdminJournal, SessionRecord, TokenRecord } from '../../journal/index.ts';
import { type Caller, type Permission, PERMISSIONS, permissionsOf, type Role, ROLES } from '../../cmdlet/index.ts';
import { hashOf, newSecret } from '../ids.ts';

/** A session that is not used for this long is over. */
export const IDLE_MS = 60 * 60_000;
/** No session is longer. */
export const LONGEST_SESSION_MS = 12 * 60 * 60_000;
/** `lastSeenAt` and `lastUsedAt` are as exact as this: not every request is a write. */
export const SEEN_EVERY_MS = 60_000;
/** API tokens begin so, that they are recognised wherever they turn up. */
export const TOKEN_PREFIX = 'mcg_';

/** Who a request is from. */
export interface Identity {
  readonly account: AccountRecord;
  readonly caller: Caller;
  /** Null where a token signed in. */
  readonly session: SessionRecord | null;
}

export interface Sessions {
  /** Opens one; the secret goes into the cookie. Null: the account, as it was read, has been disabled or has another password by now. */
  open(account: AccountRecord, by: 'password' | 'oidc'): Promise<{ secret: string; session: SessionRecord } | null>;
  bySecret(secret: string, source: string): Promise<Identity | null>;
  byToken(secret: string, source: string): Promise<Identity | null>;
}

export function createSessions(journal: AdminJournal, now: () => number): Sessions {
  const accountOf = async (name: string): Promise<AccountRecord | null> => {
    const account = await journal.account(name);
    return account?.enabled === true ? account : null;
  };
  return {
    async open(account, signedInBy) {
      const secret = newSecret();
      const at = now();
      const session: SessionRecord = {
        secretHash: hashOf(secret),
        account: account.name,
        signedInBy,
        csrfToken: newSecret(),
        createdAt: at,
        lastSeenAt: at,
        expiresAt: at + IDLE_MS,
      };
      return (await journal.openSession(session, account.passwordHash)) ? { secret, session } : null;
    },

    async bySecret(secret, source) {
      const session = await journal.session(hashOf(secret));
      const at = now();
      if (session === null || session.expiresAt <= at) return null;
      const account = await accountOf(session.account);
      if (account === null) return null;
      if (at - session.lastSeenAt >= SEEN_EVERY_MS) {
        const expiresAt = Math.min(at + IDLE_MS, session.createdAt + LONGEST_SESSION_MS);
        // A journal that cannot be written ends nobody's session before its time.
        await journal.touchSession(session.secretHash, at, expiresAt).catch(() => undefined);
      }
      return { account, session, caller: callerOf(account, session.signedInBy, source, null) };
    },

    async byToken(secret, source) {
      if (!secret.startsWith(TOKEN_PREFIX)) return null;
      const token = await journal.token(hashOf(secret));
      const at = now();
      if (token === null || (token.expiresAt !== null && token.expiresAt <= at)) return null;
      const account = await accountOf(token.account);
      if (account === null) return null;
      if (token.lastUsedAt === null || at - token.lastUsedAt >= SEEN_EVERY_MS) {
        void journal.touchToken(token.id, at).catch(() => undefined);
      }
      return { account, session: null, caller: callerOf(account, 'token', source, token) };
    },
  };
}

function callerOf(
  account: AccountRecord,
  by: 'password' | 'oidc' | 'token',
  source: string,
  token: TokenRecord | null,
): Caller {
  const granted = permissionsOf(rolesOf(account));
  const scopes = token?.scopes;
  const permissions = new Set<Permission>(
    scopes === undefined ? granted : granted.filter((one) => scopes.includes(one)),
  );
  return { name: account.name, by, source, permissions, mailbox: account.mailbox };
}

/** Those that this version knows. */
export function rolesOf({ roles }: Pick<AccountRecord, 'roles'>): Role[] {
  return ROLES.filter((role) => roles.includes(role));
}

export function isPermission(name: string): name is Permission {
  return (PERMISSIONS as readonly string[]).includes(name);
}
