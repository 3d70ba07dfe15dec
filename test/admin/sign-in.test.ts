import { describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '../../src/admin/sign-in/guard.ts';
import { LINK_LIVES_MS } from '../../src/admin/sign-in/first-account.ts';
import { IDLE_MS, LONGEST_SESSION_MS } from '../../src/admin/sign-in/sessions.ts';
import { FREE_FAILURES, MAX_OWN_CHANGES } from '../../src/admin/sign-in/throttle.ts';
import { account, browserOf, firstAccount, PASSWORD, sender, signIn, start } from './support.ts';

const SESSION = '/api/v1/session';

describe('the first account', () => {
  it('is made by the link of the start, and signs in', async () => {
    const started = await start();
    const { send, firstSecret } = started;
    expect((await send('GET', '/api/v1/entrance')).json).toEqual({
      firstAccountMissing: true,
      passwords: true,
      oidc: [],
      defaultLanguage: 'fr-FR',
      product: { name: 'Missed Call Gateway', version: '1.2.3' },
    });
    const root = await firstAccount(started);
    const session = await send('GET', SESSION, { as: root });
    expect(session.json.account).toEqual({
      name: 'root',
      displayName: 'Root',
      roles: ['Organization Management'],
      mailbox: null,
      signedInBy: 'password',
    });
    expect(session.json.permissions).toContain('accounts.write');
    expect((await send('GET', '/api/v1/entrance')).json.firstAccountMissing).toBe(false);
    expect(await firstSecret()).toBeNull();
  });

  const named = (secret: string, name = 'root') => ({
    body: { secret, name, displayName: 'Root', password: PASSWORD },
  });

  it('is made once, however many have the link at the same time', async () => {
    const { send, firstSecret, journal } = await start();
    const secret = (await firstSecret()) ?? '';
    const names = Array.from({ length: 20 }, (_, i) => `root${i}`);
    const answers = await Promise.all(names.map((name) => send('POST', '/api/v1/first-account', named(secret, name))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(19);
    expect(await journal.accountCount()).toBe(1);
  });

  it('wants the secret of the newest link, in its time', async () => {
    const { send, firstSecret, clock } = await start();
    const old = (await firstSecret()) ?? '';
    const secret = (await firstSecret()) ?? '';
    expect((await send('POST', '/api/v1/first-account', named(old))).status).toBe(403);
    expect((await send('POST', '/api/v1/first-account', named(''))).status).toBe(403);
    clock.at += LINK_LIVES_MS;
    expect((await send('POST', '/api/v1/first-account', named(secret))).status).toBe(403);
  });

  it('may be tried again where the password was too short', async () => {
    const { send, firstSecret } = await start();
    const secret = (await firstSecret()) ?? '';
    const short = { body: { ...named(secret).body, password: 'short' } };
    const refused = await send('POST', '/api/v1/first-account', short);
    expect([refused.status, refused.json.errors[0].path]).toEqual([400, 'password']);
    expect(refused.text).not.toContain('"short"');
    expect((await send('POST', '/api/v1/first-account', named(secret))).status).toBe(200);
  });
});

describe('a session', () => {
  it('is a cookie that scripts do not see and other sites do not bring', async () => {
    const started = await start();
    await firstAccount(started);
    const answer = await started.send('POST', SESSION, { body: { name: 'ROOT', password: PASSWORD } });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(new RegExp(`^${SESSION_COOKIE}=[A-Za-z0-9_-]{43}; `));
    expect(cookie.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json.account.name).toBe('root');
  });

  it('is another one after each sign-in; the one before ends', async () => {
    const started = await start();
    const before = await firstAccount(started);
    const answer = await started.send('POST', SESSION, {
      body: { name: 'root', password: PASSWORD },
      headers: { cookie: before.cookie },
    });
    const after = browserOf(answer);
    expect(after.cookie).not.toBe(before.cookie);
    expect((await started.send('GET', SESSION, { as: before })).status).toBe(401);
    expect((await started.send('GET', SESSION, { as: after })).status).toBe(200);
  });

  it('does not come into being by a cookie that somebody else has chosen', async () => {
    const started = await start();
    await firstAccount(started);
    const planted = `${SESSION_COOKIE}=${'A'.repeat(43)}`;
    const answer = await started.send('POST', SESSION, {
      body: { name: 'root', password: PASSWORD },
      headers: { cookie: planted },
    });
    expect(browserOf(answer).cookie).not.toBe(planted);
    expect((await started.send('GET', SESSION, { headers: { cookie: planted } })).status).toBe(401);
  });

  it('ends at the sign-out, and its cookie goes', async () => {
    const started = await start();
    const root = await firstAccount(started);
    const answer = await started.send('DELETE', SESSION, { as: root });
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()[0]).toContain('Max-Age=0');
    expect((await started.send('GET', SESSION, { as: root })).status).toBe(401);
  });

  it('ends when it was idle for too long, and at its age, used or not', async () => {
    const started = await start();
    const { send, clock } = started;
    const idle = await firstAccount(started);
    clock.at += IDLE_MS - 1;
    expect((await send('GET', SESSION, { as: idle })).status).toBe(200);
    clock.at += IDLE_MS;
    expect((await send('GET', SESSION, { as: idle })).status).toBe(401);
    const used = await signIn(started, 'root');
    const born = clock.at;
    while (clock.at + IDLE_MS - 1 < born + LONGEST_SESSION_MS) {
      clock.at += IDLE_MS - 1;
      expect((await send('GET', SESSION, { as: used })).status).toBe(200);
    }
    clock.at = born + LONGEST_SESSION_MS;
    expect((await send('GET', SESSION, { as: used })).status).toBe(401);
  });

  it('is kept as a hash', async () => {
    const started = await start();
    const { cookie } = await firstAccount(started);
    const secret = cookie.split('=')[1] ?? '';
    expect(await started.journal.session(secret)).toBeNull();
    expect(JSON.stringify(await started.journal.account('root'))).not.toContain(PASSWORD);
  });
});

describe('a change', () => {
  const change = { body: { name: 'a', displayName: 'A', password: PASSWORD, roles: ['Help Desk'] } };
  it.each([
    ['without the session’s token', { 'x-csrf-token': '' }],
    ['with another token', { 'x-csrf-token': 'x'.repeat(43) }],
    ['from a page of another site', { origin: 'https://evil.example' }],
    ['from a page without an origin of its own', { origin: 'null' }],
    ['from another site without its name', { 'sec-fetch-site': 'cross-site' }],
    ['from another host of the same site', { 'sec-fetch-site': 'same-site' }],
  ])('%s is refused (403)', async (_, headers) => {
    const started = await start();
    const root = await firstAccount(started);
    const answer = await started.send('POST', '/api/v1/accounts', { ...change, as: root, headers });
    expect([answer.status, await started.journal.accountCount()]).toEqual([403, 1]);
  });

  it('of a page of ours is made', async () => {
    const started = await start();
    const root = await firstAccount(started);
    const headers = { origin: started.admin.address, 'sec-fetch-site': 'same-origin' };
    expect((await started.send('POST', '/api/v1/accounts', { ...change, as: root, headers })).status).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'as a form could send it (%s) is refused (415)',
    async (type) => {
      const started = await start();
      const root = await firstAccount(started);
      const answer = await started.send('POST', '/api/v1/accounts', {
        body: JSON.stringify(change.body),
        as: root,
        headers: { 'content-type': type },
      });
      expect(answer.status).toBe(415);
    },
  );

  it('no other site signs somebody in (login CSRF)', async () => {
    const started = await start();
    await firstAccount(started);
    const headers = { origin: 'https://evil.example' };
    const body = { name: 'root', password: PASSWORD };
    expect((await started.send('POST', SESSION, { body, headers })).status).toBe(403);
  });
});

describe('a wrong password', () => {
  it('is answered like an unknown name and a disabled account', async () => {
    const started = await start();
    const root = await firstAccount(started);
    await account(started, root, 'carol', ['Help Desk']);
    await started.send('PATCH', '/api/v1/accounts/carol', { body: { enabled: false }, as: root });
    const tries = [
      { name: 'root', password: 'wrong' },
      { name: 'nobody', password: 'wrong' },
      { name: 'carol', password: PASSWORD },
    ];
    const answers = [];
    for (const body of tries) answers.push(await started.send('POST', SESSION, { body }));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });

  it(`makes an address wait after ${FREE_FAILURES}, the right one too, ever longer, and not for ever`, async () => {
    const started = await start();
    await firstAccount(started);
    const attempt = (password: string) => started.send('POST', SESSION, { body: { name: 'root', password } });
    for (let i = 0; i < FREE_FAILURES; i++) expect((await attempt('wrong')).status).toBe(401);
    const waiting = await attempt(PASSWORD);
    expect([waiting.status, waiting.headers.get('retry-after')]).toEqual([429, '1']);
    started.clock.at += 1_000;
    expect((await attempt('wrong')).status).toBe(401);
    expect((await attempt('wrong')).headers.get('retry-after')).toBe('2');
    started.clock.at += 2_000;
    expect((await attempt(PASSWORD)).status).toBe(200);
    expect((await attempt('wrong')).status).toBe(401);
  });

  it('counts while others are still being looked at', async () => {
    const started = await start();
    await firstAccount(started);
    const tries = Array.from({ length: 12 }, () =>
      started.send('POST', SESSION, { body: { name: 'root', password: 'wrong' } }),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(FREE_FAILURES);
  });

  it('is told in the audit and the log, the more seldom the more there are, and never itself', async () => {
    const started = await start();
    await firstAccount(started);
    await started.send('POST', SESSION, { body: { name: 'root', password: 'hunter2hunter2' } });
    await started.send('POST', SESSION, { body: { name: 'hunter3hunter3', password: 'x' } });
    await started.send('POST', SESSION, { body: { name: 'root', password: 'hunter2hunter2' } });
    await started.send('POST', SESSION, { body: { name: 'root', password: 'hunter2hunter2' } });
    const { items } = await started.journal.audit({ operation: 'sign-in', result: 'failed' }, { limit: 10 });
    expect(items.map(({ target, result, after }) => [target, result, after])).toEqual([
      ['root', 'failed', { failures: 2 }],
      ['(unknown account)', 'failed', { failures: 1 }],
      ['root', 'failed', { failures: 1 }],
    ]);
    expect(JSON.stringify([items, started.logged])).not.toContain('hunter');
  });
});

describe('what an administrator does to an account while somebody signs in to it', () => {
  it.each([
    ['with the right password', PASSWORD],
    ['with a wrong one', 'wrong'],
  ])('stays done: disabled, %s', async (_, password) => {
    const started = await start();
    const root = await firstAccount(started);
    await account(started, root, 'carol', ['Help Desk']);
    const signingIn = started.send('POST', SESSION, { body: { name: 'carol', password } });
    const disabled = await started.send('PATCH', '/api/v1/accounts/carol', { body: { enabled: false }, as: root });
    const answer = await signingIn;
    expect(disabled.status).toBe(200);
    expect((await started.journal.account('carol'))?.enabled).toBe(false);
    if (answer.status === 200) {
      expect((await started.send('GET', SESSION, { as: browserOf(answer) })).status).toBe(401);
    } else expect(answer.status).toBe(401);
  });

  it('stays done: another password, which ends sessions and revokes tokens', async () => {
    const started = await start();
    const root = await firstAccount(started);
    const carol = await account(started, root, 'carol', ['Help Desk']);
    const body = { name: 'script', scopes: ['status.read'] };
    const { secret } = (await started.send('POST', '/api/v1/tokens', { body, as: carol })).json;
    const headers = { authorization: `Bearer ${secret}` };
    expect((await started.send('GET', SESSION, { headers })).status).toBe(200);
    const password = 'another good password';
    const signingIn = started.send('POST', SESSION, { body: { name: 'carol', password: PASSWORD } });
    const changing = started.send('PUT', `${SESSION}/password`, {
      body: { current: PASSWORD, password: 'a password of her own' },
      as: carol,
    });
    const reset = await started.send('PATCH', '/api/v1/accounts/carol', { body: { password }, as: root });
    const answers = await Promise.all([signingIn, changing]);
    expect(reset.status).toBe(200);
    for (const as of [carol, ...answers.filter(({ json }) => json?.csrfToken !== undefined).map(browserOf)]) {
      expect((await started.send('GET', SESSION, { as })).status).toBe(401);
    }
    expect((await started.send('GET', SESSION, { headers })).status).toBe(401);
    await signIn(started, 'carol', password);
    expect((await started.send('POST', SESSION, { body: { name: 'carol', password: PASSWORD } })).status).toBe(401);
  });
});

describe('a token that manages accounts', () => {
  it('makes, changes and removes none that may do more than the token', async () => {
    const started = await start();
    const root = await firstAccount(started);
    const body = { name: 'script', scopes: ['accounts.write', 'status.read'] };
    const { secret } = (await started.send('POST', '/api/v1/tokens', { body, as: root })).json;
    const headers = { authorization: `Bearer ${secret}` };
    const of = (name: string, roles: string[]) => ({ name, displayName: name, password: PASSWORD, roles });
    const more = await started.send('POST', '/api/v1/accounts', {
      body: of('eve', ['Organization Management']),
      headers,
    });
    expect([more.status, more.json.detail]).toEqual([403, expect.stringContaining('policy.write')]);
    expect(
      (await started.send('PATCH', '/api/v1/accounts/root', { body: { password: 'hunter2 hunter2' }, headers })).status,
    ).toBe(403);
    expect((await started.send('DELETE', '/api/v1/accounts/root', { headers })).status).toBe(403);
    expect((await started.send('POST', '/api/v1/accounts', { body: of('alice', ['self']), headers })).status).toBe(200);
    expect(
      (await started.send('PATCH', '/api/v1/accounts/alice', { body: { roles: ['UM Management'] }, headers })).status,
    ).toBe(403);
    expect((await started.send('DELETE', '/api/v1/accounts/alice', { headers })).status).toBe(204);
    expect((await started.send('GET', SESSION, { as: root })).status).toBe(200);
  });
});

it(`who manages nothing changes ${MAX_OWN_CHANGES} things an hour; who manages has no such limit (MAX_OWN_CHANGES)`, async () => {
  const started = await start();
  const root = await firstAccount(started);
  const alice = await account(started, root, 'alice', ['self']);
  const revoke = (as: typeof root) =>
    started.send('DELETE', '/api/v1/tokens/00000000-0000-7000-8000-000000000000', { as });
  for (let i = 0; i < MAX_OWN_CHANGES; i += 1) expect((await revoke(alice)).status).toBe(404);
  const refused = await revoke(alice);
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, 3_600]);
  expect((await started.send('GET', SESSION, { as: alice })).status).toBe(200);
  expect((await revoke(root)).status).toBe(404);
});

describe('where somebody comes from', () => {
  const from = { 'x-forwarded-for': '203.0.113.9' };
  const told = async (options: Parameters<typeof start>[0]) => {
    const started = await start(options);
    const send = sender(`http://127.0.0.1:${started.admin.port}`);
    await firstAccount({ ...started, send });
    const body = { name: 'root', password: PASSWORD };
    expect((await send('POST', SESSION, { body, headers: from })).status).toBe(200);
    return (await started.journal.audit({ operation: 'sign-in' }, { limit: 1 })).items[0]?.source;
  };

  it('is what a proxy on this machine says where there is one', async () => {
    expect(await told({ publicUrl: 'https://admin.example.com' })).toBe('203.0.113.9');
  });

  it('is the address of the connection where there is none', async () => {
    expect(await told({})).toBe('127.0.0.1');
  });
});

it('a page that begins nowhere is refused (400)', async () => {
  const started = await start();
  const root = await firstAccount(started);
  const answer = await started.send('GET', "/api/v1/calls?after='%25", { as: root });
  expect([answer.status, answer.json.errors[0].path]).toEqual([400, 'after']);
  expect(started.logged.filter(({ level }) => level === 'error')).toEqual([]);
});

describe('one’s own password', () => {
  it('is changed by who knows it, and ends the other sessions', async () => {
    const started = await start();
    const root = await firstAccount(started);
    const other = await signIn(started, 'root');
    const password = 'another good password';
    const wrong = await started.send('PUT', `${SESSION}/password`, { body: { current: 'x', password }, as: root });
    expect([wrong.status, wrong.json.errors[0].path]).toEqual([422, 'current']);
    const done = await started.send('PUT', `${SESSION}/password`, { body: { current: PASSWORD, password }, as: root });
    expect(done.status).toBe(204);
    expect((await started.send('GET', SESSION, { as: root })).status).toBe(200);
    expect((await started.send('GET', SESSION, { as: other })).status).toBe(401);
    await signIn(started, 'root', password);
    expect((await started.send('POST', SESSION, { body: { name: 'root', password: PASSWORD } })).status).toBe(401);
  });
});

describe('while the gateway starts', () => {
  it('who signs in is told so (503)', async () => {
    const { send } = await start({ starting: true });
    for (const path of ['/api/v1/entrance', SESSION]) {
      const answer = await send('GET', path, { headers: { cookie: `${SESSION_COOKIE}=${'A'.repeat(43)}` } });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    }
  });
});
