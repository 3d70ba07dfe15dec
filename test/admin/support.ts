import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { expect, onTestFinished } from 'vitest';
import {
  type Admin,
  type AdminOptions,
  createApi,
  type LiveSource,
  type OidcProvider,
  startAdmin,
} from '../../src/admin/index.ts';
import { SESSION_COOKIE } from '../../src/admin/sign-in/guard.ts';
import type { Role } from '../../src/cmdlet/index.ts';
import { type AdminJournal, openSqliteJournal } from '../../src/journal/index.ts';
import { openMailTransport, openTemplates } from '../../src/notification/index.ts';
import { openPolicyStore } from '../../src/policy/index.ts';

export const PASSWORD = 'correct horse battery';

export interface Started {
  readonly admin: Admin;
  readonly journal: AdminJournal;
  /** All that was logged. */
  readonly logged: { readonly level: string; readonly fields: object; readonly message: string }[];
  /** The time that the server sees: moved by hand. */
  readonly clock: { at: number };
  readonly send: (method: string, path: string, options?: Sent) => Promise<Answer>;
  /** Of the link that makes the first account, another one each time. */
  readonly firstSecret: () => Promise<string | null>;
}

export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: Browser;
}

/** What was read from JSON: looked into freely, as tests do. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

/** What a signed-in browser has. */
export interface Browser {
  readonly cookie: string;
  readonly csrfToken: string;
}

export interface Wanted extends Partial<AdminOptions> {
  readonly starting?: true;
  readonly oidc?: readonly OidcProvider[];
  readonly live?: LiveSource;
}

const SILENT: LiveSource = { calls: () => ({ calls: [], total: 0 }), subscribe: () => () => {} };

export async function start({ starting, oidc = [], live = SILENT, ...options }: Wanted = {}): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'mcg-admin-'));
  const policyPath = join(folder, 'policy.yaml');
  await copyFile('sip-config/policy.yaml', policyPath);
  const clock = { at: Date.now() };
  const now = (): number => clock.at;
  const logged: Started['logged'] = [];
  const level = (name: string) => (fields: object, message: string) =>
    void logged.push({ level: name, fields, message });
  const log = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  const journal = await openSqliteJournal({ path: join(folder, 'j.db'), node: 'test', now });
  const store = await openPolicyStore({ path: policyPath, now, log });
  const mail = { from: 'Calls <calls@example.com>' };
  const transport = await openMailTransport(`maildir:${join(folder, 'mail')}`, {});
  onTestFinished(async () => {
    await transport.close();
    await store.close();
    await journal.close();
    await rm(folder, { recursive: true });
  });
  let address = '';
  const api = createApi({
    journal,
    store,
    policyPath,
    live,
    explain: () => [],
    mail,
    templates: await openTemplates(join(folder, 'templates'), log),
    transport,
    wake: () => {},
    status: {
      readiness: () => Promise.resolve({ ready: true, checks: [] }),
      peers: () => [],
      hops: () => [],
      registrations: () => [],
    },
    log,
    node: 'test',
    version: '1.2.3',
    startedAt: clock.at,
    now,
    newId: uuidv7,
    oidc,
    origin: () => address,
  });
  const admin = await startAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    status: { readiness: () => Promise.resolve({ ready: true, checks: [] }) },
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: 'x 1\n' }),
    log,
    version: '1.2.3',
    api: () => (starting === true ? null : api),
    ...options,
  });
  address = admin.address;
  onTestFinished(() => admin.close());
  const firstSecret = async () => (await api.firstAccountPath())?.split('#')[1] ?? null;
  return { admin, journal, logged, clock, send: sender(admin.address), firstSecret };
}

export function sender(address: string): Started['send'] {
  return async (method, path, { body, headers = {}, as } = {}) => {
    const response = await fetch(address + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(as === undefined ? {} : { cookie: as.cookie, 'x-csrf-token': as.csrfToken }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
  };
}

/** The browser after an answer that opened a session. */
export function browserOf({ headers, json }: Answer): Browser {
  const cookie = headers.getSetCookie().find((one) => one.startsWith(`${SESSION_COOKIE}=`)) ?? '';
  return { cookie: cookie.split(';', 1)[0] ?? '', csrfToken: json.csrfToken };
}

/** The first account, `root`, and its browser. */
export async function firstAccount({ firstSecret, send }: Started, name = 'root'): Promise<Browser> {
  const body = { secret: await firstSecret(), name, displayName: 'Root', password: PASSWORD };
  const answer = await send('POST', '/api/v1/first-account', { body });
  expect(answer.status, answer.text).toBe(200);
  return browserOf(answer);
}

/** Another account, and its browser. */
export async function account(started: Started, by: Browser, name: string, roles: readonly Role[]): Promise<Browser> {
  const body = { name, displayName: name, password: PASSWORD, roles };
  const made = await started.send('POST', '/api/v1/accounts', { body, as: by });
  expect(made.status, made.text).toBe(200);
  return signIn(started, name);
}

export async function signIn({ send }: Pick<Started, 'send'>, name: string, password = PASSWORD): Promise<Browser> {
  const answer = await send('POST', '/api/v1/session', { body: { name, password } });
  expect(answer.status, answer.text).toBe(200);
  return browserOf(answer);
}
