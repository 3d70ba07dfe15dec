import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OidcProvider } from '../../src/admin/index.ts';
import { browserOf, firstAccount, type Started, start } from './support.ts';

// It tells at length that its defaults are for tests.
vi.spyOn(console, 'warn').mockReturnValue();
vi.spyOn(console, 'info').mockReturnValue();

/** Who the provider knows: the name that is typed at its sign-in decides. */
const USERS: Readonly<Record<string, object>> = {
  alice: { email: 'Alice@example.com', email_verified: true, name: 'Alice Martin', preferred_username: 'alice' },
  boss: { email: 'boss@example.com', name: 'The boss', preferred_username: 'boss', groups: ['telephony', 'staff'] },
  stranger: { email: 'stranger@example.com', preferred_username: 'stranger', groups: ['staff'] },
  carl: { email: 'alice@example.com', preferred_username: 'carl' },
  liar: { email: 'alice@example.com', email_verified: false, preferred_username: 'liar' },
};

/** A real provider (oidc-provider), and a gateway whose users may come from it. */
async function both({ trustEmail = false } = {}): Promise<Started> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const corp: OidcProvider = {
    id: 'corp',
    name: 'Corp',
    issuer,
    clientId: 'mcg',
    clientSecret: 'a secret of the client',
    scope: 'openid profile email groups',
    trustEmail,
    rolesClaim: 'groups',
    roles: { telephony: 'UM Management' },
  };
  const started = await start({ oidc: [corp] });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'mcg',
        client_secret: 'a secret of the client',
        redirect_uris: [`${started.admin.address}/api/v1/session/oidc/corp/callback`],
      },
    ],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username'],
      groups: ['groups'],
    },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...USERS[sub] }) }),
    cookies: { keys: ['a key of the test'] },
    features: { devInteractions: { enabled: true } },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return started;
}

/** A browser that keeps its cookies, by host. */
class Jar {
  readonly #cookies = new Map<string, string>();

  async ask(url: string, form?: Record<string, string>): Promise<Response> {
    const { host } = new URL(url);
    const response = await fetch(url, {
      redirect: 'manual',
      method: form === undefined ? 'GET' : 'POST',
      headers: { cookie: this.of(host) },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1);
      this.#cookies.set(`${host} ${pair.split('=', 1)[0]}`, pair);
    }
    return response;
  }

  of(host: string): string {
    return [...this.#cookies].flatMap(([key, pair]) => (key.startsWith(`${host} `) ? [pair] : [])).join('; ');
  }
}

/** Clicks through the provider as this user; answers the gateway's last word, the callback's. */
async function signInAs(started: Started, user: string, jar = new Jar()): Promise<Response> {
  let url = `${started.admin.address}/api/v1/session/oidc/corp`;
  for (let step = 0; step < 12; step += 1) {
    const response = await jar.ask(url);
    const next = response.headers.get('location');
    if (url.includes('/callback')) return response;
    if (next !== null) {
      url = new URL(next, url).href;
      continue;
    }
    const page = await response.text();
    const form = page.includes('name="login"')
      ? { prompt: 'login', login: user, password: 'x' }
      : { prompt: 'consent' };
    const answer = await jar.ask(url, form);
    url = new URL(answer.headers.get('location') ?? '', url).href;
  }
  throw new Error('the sign-in came to no end');
}

const sessionOf = async (started: Started, response: Response) => {
  const { cookie } = browserOf({ headers: response.headers, json: {}, status: response.status, text: '' });
  return (await started.send('GET', '/api/v1/session', { headers: { cookie } })).json;
};

describe('a sign-in by another system', () => {
  it('is offered at the entrance', async () => {
    const { send } = await both();
    expect((await send('GET', '/api/v1/entrance')).json.oidc).toEqual([{ id: 'corp', name: 'Corp' }]);
    expect((await send('GET', '/api/v1/session/oidc/other')).status).toBe(404);
  });

  it('gives the roles that the provider’s groups come with', async () => {
    const started = await both();
    const response = await signInAs(started, 'boss');
    expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
    const { account, permissions } = await sessionOf(started, response);
    expect(account).toMatchObject({
      name: 'corp:boss',
      displayName: 'The boss',
      roles: ['UM Management'],
      signedInBy: 'oidc',
    });
    expect(permissions).toContain('policy.write');
    expect(permissions).not.toContain('accounts.write');
  });

  it('gives whoever’s address is a mailbox’s that mailbox’s own', async () => {
    const started = await both();
    const { account } = await sessionOf(started, await signInAs(started, 'alice'));
    expect(account).toMatchObject({ roles: ['self'], mailbox: 'alice' });
  });

  it.each(['stranger', 'liar', 'carl'])(
    'gives nothing to %s: no role, or an address that was not verified',
    async (user) => {
      const started = await both();
      const response = await signInAs(started, user);
      expect(response.headers.get('location')).toBe('/sign-in?failed=oidc');
      expect((await started.journal.accounts({ limit: 10 })).items).toEqual([]);
    },
  );

  it('believes an address that is not said to be verified where the configuration does', async () => {
    const started = await both({ trustEmail: true });
    await signInAs(started, 'carl');
    expect(await started.journal.account('corp:carl')).toMatchObject({ mailbox: 'alice', roles: ['self'] });
  });

  it('takes roles away when the provider does', async () => {
    const started = await both();
    const root = await firstAccount(started);
    await signInAs(started, 'boss');
    await started.send('PATCH', '/api/v1/accounts/corp%3Aboss', {
      as: root,
      body: { roles: ['Organization Management'] },
    });
    const { account } = await sessionOf(started, await signInAs(started, 'boss'));
    expect(account.roles).toEqual(['UM Management']);
    await started.send('PATCH', '/api/v1/accounts/corp%3Aboss', { as: root, body: { enabled: false } });
    expect((await signInAs(started, 'boss')).headers.get('location')).toBe('/sign-in?failed=oidc');
  });

  it('ends in the browser that it was begun in, once', async () => {
    const started = await both();
    const jar = new Jar();
    const begun = await jar.ask(`${started.admin.address}/api/v1/session/oidc/corp`);
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const callback = `${started.admin.address}/api/v1/session/oidc/corp/callback?code=x&state=${state}`;
    const elsewhere = await new Jar().ask(callback);
    expect(elsewhere.headers.get('location')).toBe('/sign-in?failed=oidc');
    expect((await jar.ask(callback)).headers.get('location')).toBe('/sign-in?failed=oidc');
    expect(JSON.stringify(started.logged)).not.toContain('a secret of the client');
  });
});
