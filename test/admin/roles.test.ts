import { describe, expect, it } from 'vitest';
import { type OperationName, OPERATIONS } from '../../src/admin/contract.ts';
import type { Operation } from '../../src/admin/contract/operation.ts';
import { PERMISSION_TABLE, PERMISSIONS, permits, type Role, ROLES } from '../../src/cmdlet/index.ts';
import { account, type Answer, type Browser, firstAccount, type Started, start } from './support.ts';

/** Every operation, sign-out last: it ends the session that the others need. */
const operations = (Object.entries(OPERATIONS) as [OperationName, Operation][])
  .filter(([name]) => name !== 'signOut')
  .concat([['signOut', OPERATIONS.signOut]]);

/** Asked for something that is not there, with nothing in the body: who may is told so, who may not is not told even that. */
function ask(
  { send }: Started,
  { method, path }: Operation,
  as?: Browser,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const url = path.replaceAll(/:\w+/g, 'nothing');
  const body = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined;
  return send(method, url, { ...(body === undefined ? {} : { body }), ...(as === undefined ? {} : { as }), headers });
}

/** The stream has no end: that it begins is enough. */
const asked = operations.filter(([name]) => name !== 'events');

describe('who may what, over HTTP', () => {
  it('every operation names a permission of the table, and each permission is somebody’s', () => {
    for (const [name, { permission }] of operations) {
      expect([...PERMISSIONS, 'anyone', 'signed-in'], name).toContain(permission);
    }
    for (const permission of PERMISSIONS) expect(PERMISSION_TABLE[permission].length, permission).toBeGreaterThan(0);
  });

  it('without a sign-in there is what is anybody’s, and 401 for all else', async () => {
    const started = await start();
    await firstAccount(started);
    for (const [name, operation] of operations) {
      const { status } = await ask(started, operation);
      if (operation.permission === 'anyone') expect(status, name).not.toBe(401);
      else expect(status, name).toBe(401);
    }
  });

  it.each(ROLES.map((role) => [role]))('%s', async (role: Role) => {
    const started = await start();
    const root = await firstAccount(started);
    const browser = await account(started, root, 'somebody', [role]);
    for (const [name, operation] of asked) {
      const { permission } = operation;
      if (permission === 'anyone') continue;
      const { status } = await ask(started, operation, browser);
      const may = permission === 'signed-in' || permits([role], permission);
      if (may) expect([401, 403], `${role}: ${name}`).not.toContain(status);
      else expect(status, `${role}: ${name}`).toBe(403);
    }
  });

  it('an API token may what it was made for, and nothing else of what its account may', async () => {
    const started = await start();
    const root = await firstAccount(started);
    for (const scope of ['calls.read', 'policy.write', 'self'] as const) {
      const made = await started.send('POST', '/api/v1/tokens', { as: root, body: { name: scope, scopes: [scope] } });
      const headers = { authorization: `Bearer ${made.json.secret}` };
      for (const [name, operation] of asked) {
        const { permission } = operation;
        if (permission === 'anyone' || permission === 'signed-in') continue;
        const { status } = await ask(started, operation, undefined, headers);
        if (permission === scope) expect([401, 403], `${scope}: ${name}`).not.toContain(status);
        else expect(status, `${scope}: ${name}`).toBe(403);
      }
    }
  });

  it('a token never may more than its account does now', async () => {
    const started = await start();
    const root = await firstAccount(started);
    const browser = await account(started, root, 'somebody', ['UM Management']);
    const made = await started.send('POST', '/api/v1/tokens', {
      as: browser,
      body: { name: 'x', scopes: ['policy.read'] },
    });
    const more = await started.send('POST', '/api/v1/tokens', {
      as: browser,
      body: { name: 'y', scopes: ['audit.read'] },
    });
    expect(more.status).toBe(403);
    const headers = { authorization: `Bearer ${made.json.secret}` };
    expect((await started.send('GET', '/api/v1/policy', { headers })).status).toBe(200);
    await started.send('PATCH', '/api/v1/accounts/somebody', { as: root, body: { roles: ['self'] } });
    expect((await started.send('GET', '/api/v1/policy', { headers })).status).toBe(403);
    await started.send('PATCH', '/api/v1/accounts/somebody', { as: root, body: { enabled: false } });
    expect((await started.send('GET', '/api/v1/session', { headers })).status).toBe(401);
  });

  it('no request that changes something comes from another site, or without the session’s CSRF token', async () => {
    const started = await start();
    const root = await firstAccount(started);
    for (const [name, operation] of asked) {
      if (operation.method === 'GET') continue;
      const foreign = await ask(started, operation, root, { 'sec-fetch-site': 'cross-site' });
      expect(foreign.status, name).toBe(403);
      const named = await ask(started, operation, root, { origin: 'https://evil.example' });
      expect(named.status, name).toBe(403);
      if (operation.permission === 'anyone') continue;
      const bare = await ask(started, operation, { ...root, csrfToken: 'no' });
      expect(bare.status, name).toBe(403);
    }
  });

  it('a body that is no JSON is not read', async () => {
    const started = await start();
    const root = await firstAccount(started);
    const headers = { 'content-type': 'text/plain' };
    const answer = await started.send('POST', '/api/v1/cmdlets', { as: root, body: '{"line":"Get-Help"}', headers });
    expect(answer.status).toBe(415);
  });
});
