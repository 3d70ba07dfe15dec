import type { AccountRecord, TokenRecord } from '../../journal/index.ts';
import { type Caller, permissionsOf, ROLES } from '../../cmdlet/index.ts';
import type { Account, Entrance, Session, Token } from '../contract.ts';
import { hashOf, newSecret } from '../ids.ts';
import { type Asked, type Cookie, type Handlers, Refusal } from '../handlers.ts';
import { auditWriter, type AuditContext } from './audited.ts';
import type { FirstAccount } from '../sign-in/first-account.ts';
import { SESSION_COOKIE } from '../sign-in/guard.ts';
import type { OidcSignIn, OidcUser } from '../sign-in/oidc.ts';
import { hashPassword, passwordMatches, TooBusy } from '../sign-in/passwords.ts';
import { rolesOf, type Sessions, TOKEN_PREFIX } from '../sign-in/sessions.ts';
import type { Throttle } from '../sign-in/throttle.ts';
import type { AdminLog } from '../types.ts';

/** Tokens of one account. */
export const MAX_TOKENS = 50;
export const MAX_ACCOUNTS = 10_000;
/** In the same words for a name that is none, a wrong password, and an account that is disabled. */
const WRONG = 'The name or the password is wrong.';
const OIDC_COOKIE = '__Host-mcg-oidc';
const OIDC_COOKIE_S = 600;

export interface SessionContext extends AuditContext {
  readonly sessions: Sessions;
  readonly throttle: Throttle;
  readonly first: FirstAccount;
  readonly oidc: OidcSignIn;
  readonly log: AdminLog;
  readonly origin: () => string;
  readonly version: string;
  readonly defaultLanguage: () => string;
  /** The mailbox with this e-mail address; null: none. */
  readonly mailboxOf: (email: string) => string | null;
  /** Whether policy.yaml has a mailbox of this identity. */
  readonly hasMailbox: (identity: string) => boolean;
}

type Names =
  | 'entrance'
  | 'session'
  | 'signIn'
  | 'signOut'
  | 'oidcStart'
  | 'oidcCallback'
  | 'firstAccount'
  | 'changePassword'
  | 'tokens'
  | 'newToken'
  | 'removeToken';

/** Signing in and out, and what is one's own. */
export function createSessionHandlers(context: SessionContext): Handlers<Names> {
  const { journal, sessions, first, oidc, log, now } = context;
  const audit = auditWriter(context);
  const open = async (account: AccountRecord, by: 'password' | 'oidc', { source }: Pick<Caller, 'source'>) => {
    const opened = await sessions.open(account, by);
    if (opened === null) throw new Refusal(401, WRONG);
    await audit.told({ name: account.name, source, by }, 'sign-in', account.name);
    return { body: sessionOf(account, by, opened.session.csrfToken), cookies: [sessionCookie(opened.secret)] };
  };

  return {
    async entrance() {
      const body: Entrance = {
        firstAccountMissing: (await journal.accountCount()) === 0,
        passwords: true,
        oidc: oidc.providers.map(({ id, name }) => ({ id, name })),
        defaultLanguage: context.defaultLanguage(),
        product: { name: 'Missed Call Gateway', version: context.version },
      };
      return { body };
    },

    async session({ identity }) {
      const { account, caller, session } = known(identity);
      const permissions = [...caller.permissions];
      const by = session?.signedInBy ?? 'token';
      return { body: { ...sessionOf(account, by, session?.csrfToken ?? null), permissions } };
    },

    async signIn({ body, caller, cookies }) {
      const account = await checkPassword(context, body.name, body.password, caller.source);
      // Whoever had signed in here before has left.
      const before = cookies[SESSION_COOKIE];
      if (before !== undefined) await journal.removeSession(hashOf(before));
      return open(account, 'password', caller);
    },

    async signOut({ identity, caller }) {
      const { session } = known(identity);
      if (session === null) throw new Refusal(400, 'A token has no session: revoke it instead.');
      await journal.removeSession(session.secretHash);
      await audit.told(caller, 'sign-out', caller.name);
      return { body: null as never, cookies: [{ name: SESSION_COOKIE, value: null, sameSite: 'strict' }] };
    },

    async oidcStart({ params }) {
      const begun = await oidc.begin(params.id, callbackOf(context, params.id)).catch((error: unknown) => {
        log.error({ provider: params.id, error: messageOf(error) }, 'a sign-in provider cannot be reached');
        throw new Refusal(503, 'The sign-in provider cannot be reached: try again, or sign in with a password.');
      });
      if (begun === null) throw new Refusal(404, 'There is no such sign-in provider.');
      const cookie: Cookie = { name: OIDC_COOKIE, value: begun.proof, sameSite: 'lax', maxAgeS: OIDC_COOKIE_S };
      return { body: null as never, cookies: [cookie], redirect: begun.url };
    },

    async oidcCallback({ params, url, cookies, caller }) {
      const gone: Cookie = { name: OIDC_COOKIE, value: null, sameSite: 'lax' };
      const back = new URL(`${callbackOf(context, params.id)}${url.search}`);
      try {
        const user = await oidc.finish(params.id, back, cookies[OIDC_COOKIE] ?? '');
        const account = await accountOfUser(context, params.id, user);
        const { cookies: opened } = await open(account, 'oidc', caller);
        return { body: null as never, cookies: [gone, ...opened], redirect: '/' };
      } catch (error) {
        log.warn(
          { provider: params.id, error: messageOf(error), source: caller.source },
          'a sign-in by a provider failed',
        );
        return { body: null as never, cookies: [gone], redirect: '/sign-in?failed=oidc' };
      }
    },

    async firstAccount({ body, caller }) {
      const { secret, name, displayName, password } = body;
      if ((await journal.accountCount()) > 0) throw new Refusal(409, 'There is an account already: sign in.');
      if (!first.take(secret)) {
        throw new Refusal(403, 'The link is not the newest one, or has been used. Restart the gateway for another.');
      }
      try {
        const account = { ...blankAccount(name, displayName, now()), passwordHash: await hashPassword(password) };
        const made = { ...account, roles: ['Organization Management'] };
        if (!(await journal.addAccount(made))) throw new Refusal(409, 'There is an account already: sign in.');
        await audit.told({ ...caller, name, by: 'password' }, 'make the first account', name);
        return await open(made, 'password', caller);
      } catch (error) {
        first.again(secret);
        throw busy(error);
      }
    },

    async changePassword({ identity, body, caller }) {
      const { account, session } = known(identity);
      if (session === null) throw new Refusal(403, 'A token cannot change a password.');
      if (account.passwordHash === null)
        throw new Refusal(409, 'This account signs in by its provider: it has no password here.');
      await checkPassword(context, account.name, body.current, caller.source).catch((error: unknown) => {
        // Not 401: the session goes on.
        if (!(error instanceof Refusal) || error.status !== 401) throw error;
        throw new Refusal(422, 'The current password is wrong.', [{ path: 'current', message: 'It is wrong.' }]);
      });
      const passwordHash = await hashPassword(body.password).catch(rethrown);
      // Not where an administrator has given it another one meanwhile.
      const changed = await journal.changeAccount(account.name, { passwordHash }, account.passwordHash);
      if (!changed) throw new Refusal(409, 'The account has got another password meanwhile: sign in again.');
      await journal.removeSessions(account.name, session.secretHash);
      await audit.told(caller, 'change password', account.name);
      return { body: null as never };
    },

    async tokens({ identity }) {
      const tokens = await journal.tokens(known(identity).account.name);
      return { body: { items: tokens.map(tokenOf), next: null } };
    },

    async newToken({ identity, body, caller }) {
      const { account, session } = known(identity);
      // Or a leaked token would outlive its revocation.
      if (session === null) throw new Refusal(403, 'A token cannot make tokens: sign in.');
      if ((await journal.tokens(account.name)).length >= MAX_TOKENS) {
        throw new Refusal(409, `An account has ${MAX_TOKENS} tokens at most: revoke one.`);
      }
      const missing = body.scopes.filter((scope) => !caller.permissions.has(scope));
      if (missing.length > 0) throw new Refusal(403, `Your roles do not come with ${missing.join(', ')}.`);
      const expiresAt = body.expiresAt === null ? null : Date.parse(body.expiresAt);
      if (expiresAt !== null && expiresAt <= now()) {
        throw new Refusal(422, 'The token would have run out already.', [
          { path: 'expiresAt', message: 'It is in the past.' },
        ]);
      }
      const secret = `${TOKEN_PREFIX}${newSecret()}`;
      const { name, scopes } = body;
      const made = {
        id: context.newId(),
        name,
        account: account.name,
        scopes,
        expiresAt,
        createdAt: now(),
        lastUsedAt: null,
      };
      await journal.addToken({ ...made, secretHash: hashOf(secret) });
      await audit.told(caller, 'make API token', name, { after: { scopes, expiresAt: body.expiresAt } });
      return { body: { ...tokenOf({ ...made, secretHash: '' }), secret } };
    },

    async removeToken({ identity, params, caller }) {
      const removed = await journal.removeToken(known(identity).account.name, params.id);
      if (!removed) throw new Refusal(404, 'You have no such token.');
      await audit.told(caller, 'revoke API token', params.id);
      return { body: null as never };
    },
  };
}

/** @throws Refusal in the same words and time, whether there is such an account or not */
async function checkPassword(
  context: SessionContext,
  name: string,
  password: string,
  source: string,
): Promise<AccountRecord> {
  const { journal, throttle } = context;
  const waitMs = throttle.waitMs(name, source);
  if (waitMs > 0) {
    const seconds = Math.ceil(waitMs / 1_000);
    throw new Refusal(429, `Too many wrong passwords: wait ${seconds} s.`, [], seconds);
  }
  // Counted before it is known: many at once are as many guesses.
  throttle.failed(name, source);
  const account = await journal.account(name);
  const usable = account?.enabled === true ? account : null;
  const matches = await passwordMatches(password, usable?.passwordHash ?? null).catch(rethrown);
  if (matches && usable !== null) {
    throttle.succeeded(usable.name, source);
    return usable;
  }
  const failures = await auditWriter(context).signInFailed(account?.name ?? null, source);
  if (failures !== null) context.log.warn({ account: account?.name ?? null, source, failures }, 'a sign-in failed');
  throw new Refusal(401, WRONG);
}

/** An account of its provider's own: its name has a colon, which no other account's has. Its roles are what the provider says now. */
async function accountOfUser(context: SessionContext, id: string, user: OidcUser): Promise<AccountRecord> {
  const { journal, now } = context;
  // OpenID Connect Core 2: `sub` is case-sensitive, and names of accounts are not.
  const subject = /^[a-z0-9._@|-]{1,40}$/.test(user.subject) ? user.subject : hashOf(user.subject).slice(0, 32);
  const name = `${id}:${subject}`.slice(0, 64);
  const known = await journal.account(name);
  if (known?.enabled === false) throw new Error(`the account ${name} is disabled`);
  if (known === null && (await journal.accountCount()) >= MAX_ACCOUNTS) throw new Error('there are too many accounts');
  const mailbox = user.email === null ? null : context.mailboxOf(user.email);
  const roles = mailbox === null ? user.roles : [...new Set([...user.roles, 'self' as const])];
  if (roles.length === 0) throw new Error(`${user.name} has no role here: see admin.oidc[].roles in gateway.yaml`);
  const told = { displayName: user.displayName.slice(0, 256), mailbox, roles };
  const account = { ...(known ?? blankAccount(name, '', now())), ...told };
  if (known === null) await journal.addAccount(account);
  else await journal.changeAccount(name, told);
  return account;
}

export function blankAccount(name: string, displayName: string, createdAt: number): AccountRecord {
  return {
    name,
    displayName,
    roles: [],
    mailbox: null,
    passwordHash: null,
    enabled: true,
    createdAt,
    lastSignInAt: null,
  };
}

function sessionOf(account: AccountRecord, by: Session['account']['signedInBy'], csrfToken: string | null): Session {
  const roles = rolesOf(account);
  const { name, displayName, mailbox } = account;
  return {
    account: { name, displayName, roles, mailbox, signedInBy: by },
    permissions: permissionsOf(roles),
    csrfToken,
  };
}

export function accountOf(account: AccountRecord, lockedUntil: number | null): Account {
  return {
    name: account.name,
    displayName: account.displayName,
    roles: ROLES.filter((role) => account.roles.includes(role)),
    mailbox: account.mailbox,
    enabled: account.enabled,
    createdAt: iso(account.createdAt),
    lastSignInAt: account.lastSignInAt === null ? null : iso(account.lastSignInAt),
    lockedUntil: lockedUntil === null ? null : iso(lockedUntil),
  };
}

function tokenOf(token: TokenRecord): Token {
  return {
    id: token.id,
    name: token.name,
    account: token.account,
    scopes: token.scopes as Token['scopes'],
    createdAt: iso(token.createdAt),
    expiresAt: token.expiresAt === null ? null : iso(token.expiresAt),
    lastUsedAt: token.lastUsedAt === null ? null : iso(token.lastUsedAt),
  };
}

function sessionCookie(secret: string): Cookie {
  return { name: SESSION_COOKIE, value: secret, sameSite: 'strict' };
}

function callbackOf({ origin }: SessionContext, id: string): string {
  return `${origin()}/api/v1/session/oidc/${encodeURIComponent(id)}/callback`;
}

function known(identity: Asked<never>['identity']) {
  if (identity === null) throw new Refusal(401, 'Sign in.');
  return identity;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function rethrown(error: unknown): never {
  throw busy(error);
}

function busy(error: unknown): unknown {
  return error instanceof TooBusy ? new Refusal(503, error.message, [], 1) : error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
