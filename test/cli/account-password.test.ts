import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { passwordMatches } from '../../src/admin/sign-in/passwords.ts';
import { filesFor, inProcess } from '../e2e/support.ts';

const good = `peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:5099"]`;

describe('account-password', () => {
  it('gives an account a new password, ends its sessions, and leaves a record', async () => {
    const files = await filesFor(good);
    const path = join(files.folder, 'var', 'gateway.db');
    const journal = await openSqliteJournal({ path, node: 'gw1', now: Date.now });
    const account = {
      name: 'admin',
      displayName: 'Admin',
      roles: ['Organization Management'],
      mailbox: null,
      passwordHash: null,
      enabled: true,
      createdAt: 0,
      lastSignInAt: null,
    };
    await journal.addAccount(account);
    const at = Date.now();
    const times = { createdAt: at, lastSeenAt: at, expiresAt: at + 1e6 };
    const session = { secretHash: 'x', account: 'admin', signedInBy: 'password', csrfToken: 'y', ...times } as const;
    await journal.openSession(session, null);
    await journal.changeAccount('admin', { enabled: false });
    const token = { id: uuidv7(), name: 'script', account: 'admin', scopes: [], secretHash: 'z', createdAt: at };
    await journal.addToken({ ...token, expiresAt: null, lastUsedAt: null });
    const { code, stdout } = await inProcess('account-password', 'ADMIN', '--config', files.config);
    expect(code).toBe(0);
    const password = /password (\S+)/.exec(stdout)?.[1] ?? '';
    const after = await journal.account('admin');
    expect(after?.enabled).toBe(true);
    expect(await passwordMatches(password, after?.passwordHash ?? null)).toBe(true);
    expect(await journal.session('x')).toBeNull();
    expect(await journal.token('z')).toBeNull();
    expect((await journal.audit({}, { limit: 1 })).items[0]).toMatchObject({ by: 'command-line', target: 'admin' });
    const unknown = await inProcess('account-password', 'eve', '--config', files.config);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('There are admin.')]);
    await journal.close();
  });
});
