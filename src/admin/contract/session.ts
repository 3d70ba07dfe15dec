import { z } from 'zod';
import { PERMISSIONS, type Role, ROLES } from '../../cmdlet/index.ts';
import { type Operation, page, pageQuery, time } from './operation.ts';

export type { Role };

const role = z.enum(ROLES);
const accountName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}._@-]+$/u);
const password = z.string().min(12).max(256);

export const session = z.object({
  account: z.object({
    name: z.string(),
    displayName: z.string(),
    roles: z.array(role),
    /** The identity in policy.yaml, for one's own calls and switch; null: none. */
    mailbox: z.string().nullable(),
    signedInBy: z.enum(['password', 'oidc', 'token']),
  }),
  permissions: z.array(z.enum(PERMISSIONS)),
  /** To be sent as `X-CSRF-Token` with everything but GET; null where a token signed in. */
  csrfToken: z.string().nullable(),
});
export type Session = z.output<typeof session>;

/** What a page needs before anybody has signed in. */
const entrance = z.object({
  /** No account yet: the one-time link printed at the start makes the first. */
  firstAccountMissing: z.boolean(),
  passwords: z.boolean(),
  oidc: z.array(z.object({ id: z.string(), name: z.string() })),
  defaultLanguage: z.string(),
  product: z.object({ name: z.string(), version: z.string() }),
});
export type Entrance = z.output<typeof entrance>;

export const account = z.object({
  name: z.string(),
  displayName: z.string(),
  roles: z.array(role),
  mailbox: z.string().nullable(),
  enabled: z.boolean(),
  createdAt: time,
  lastSignInAt: time.nullable(),
  lockedUntil: time.nullable(),
});
export type Account = z.output<typeof account>;

export const token = z.object({
  id: z.string(),
  name: z.string(),
  /** Whose it is: it never may more than this account. */
  account: z.string(),
  scopes: z.array(z.enum(PERMISSIONS)),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable(),
});
export type Token = z.output<typeof token>;

const newAccount = z.strictObject({
  name: accountName,
  displayName: z.string().min(1).max(256),
  password: password.optional(),
  roles: z.array(role).min(1),
  mailbox: z.string().max(64).nullable().default(null),
});

const nameParams = z.object({ name: z.string().max(64) });
const idParams = z.object({ id: z.string().max(64) });
const tag = 'Sign-in';

export const sessionOperations = {
  entrance: {
    method: 'GET',
    path: '/api/v1/entrance',
    tag,
    permission: 'anyone',
    summary: 'How one may sign in here',
    response: entrance,
  },
  session: {
    method: 'GET',
    path: '/api/v1/session',
    tag,
    permission: 'signed-in',
    summary: 'Who is signed in, and may what',
    response: session,
  },
  signIn: {
    method: 'POST',
    path: '/api/v1/session',
    tag,
    permission: 'anyone',
    summary: 'Signs in with a name and a password',
    body: z.strictObject({ name: z.string().max(64), password: z.string().max(256) }),
    response: session,
  },
  signOut: {
    method: 'DELETE',
    path: '/api/v1/session',
    tag,
    permission: 'signed-in',
    summary: 'Ends the session',
    response: null,
  },
  oidcStart: {
    method: 'GET',
    path: '/api/v1/session/oidc/:id',
    tag,
    permission: 'anyone',
    summary: 'Goes to the provider to sign in there',
    params: idParams,
    response: null,
  },
  oidcCallback: {
    method: 'GET',
    path: '/api/v1/session/oidc/:id/callback',
    tag,
    permission: 'anyone',
    summary: 'Where the provider sends back',
    params: idParams,
    response: null,
  },
  firstAccount: {
    method: 'POST',
    path: '/api/v1/first-account',
    tag,
    permission: 'anyone',
    summary: 'Makes the first account, with the one-time secret of the link that was printed at the start',
    body: z.strictObject({
      secret: z.string().max(256),
      name: accountName,
      displayName: z.string().min(1).max(256),
      password,
    }),
    response: session,
  },
  changePassword: {
    method: 'PUT',
    path: '/api/v1/session/password',
    tag,
    permission: 'signed-in',
    summary: 'Changes one’s own password',
    body: z.strictObject({ current: z.string().max(256), password }),
    response: null,
  },
  accounts: {
    method: 'GET',
    path: '/api/v1/accounts',
    tag,
    permission: 'accounts.write',
    summary: 'The accounts',
    query: z.object(pageQuery),
    response: page(account),
  },
  newAccount: {
    method: 'POST',
    path: '/api/v1/accounts',
    tag,
    permission: 'accounts.write',
    summary: 'Makes an account',
    body: newAccount,
    response: account,
  },
  changeAccount: {
    method: 'PATCH',
    path: '/api/v1/accounts/:name',
    tag,
    permission: 'accounts.write',
    summary: 'Changes an account',
    params: nameParams,
    body: newAccount
      .omit({ name: true })
      .extend({ enabled: z.boolean(), mailbox: z.string().max(64).nullable() })
      .partial(),
    response: account,
  },
  removeAccount: {
    method: 'DELETE',
    path: '/api/v1/accounts/:name',
    tag,
    permission: 'accounts.write',
    summary: 'Removes an account; the last that may do so stays',
    params: nameParams,
    response: null,
  },
  tokens: {
    method: 'GET',
    path: '/api/v1/tokens',
    tag,
    permission: 'signed-in',
    summary: 'One’s own API tokens',
    response: page(token),
  },
  newToken: {
    method: 'POST',
    path: '/api/v1/tokens',
    tag,
    permission: 'signed-in',
    summary: 'Makes an API token, shown this once',
    body: z.strictObject({
      name: z.string().min(1).max(64),
      scopes: z.array(z.enum(PERMISSIONS)).min(1),
      expiresAt: time.nullable().default(null),
    }),
    response: token.extend({ secret: z.string() }),
  },
  removeToken: {
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    tag,
    permission: 'signed-in',
    summary: 'Revokes an API token of one’s own',
    params: idParams,
    response: null,
  },
} as const satisfies Record<string, Operation>;
