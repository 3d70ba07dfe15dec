import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { filesFor, inProcess } from '../e2e/support.ts';

import { content, owe } from '../notification/support.ts';

const good = `peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:5099"]`;

describe('notifications list --json', () => {
  it('names no caller who asked for privacy, and prints times as ISO 8601', async () => {
    const files = await filesFor(good);
    const path = join(files.folder, 'var', 'gateway.db');
    const journal = await openSqliteJournal({ path, node: 'gw1', now: Date.now });
    const { caller } = content();
    const createdAt = Date.UTC(2026, 10, 16, 13, 3, 50);
    await owe(journal, { createdAt, dueAt: createdAt, content: content({ caller: { ...caller, hidden: true } }) });
    await owe(journal);
    await journal.close();

    const { code, stdout } = await inProcess('notifications', 'list', '--json', '--config', files.config);
    expect(code).toBe(0);
    const [hidden, shown] = JSON.parse(stdout) as { readonly content: { readonly caller: unknown } }[];
    expect(hidden).toMatchObject({
      mailbox: 'alice',
      state: 'due',
      createdAt: '2026-11-16T13:03:50.000Z',
      dueAt: '2026-11-16T13:03:50.000Z',
      leaseUntil: null,
      sentAt: null,
      content: { caller: 'anonymous', callee: '1001', startedAt: '2026-11-16T13:03:20.000Z' },
    });
    expect(JSON.stringify(hidden)).not.toMatch(/33140005678|Leblanc/);
    expect(shown?.content.caller).toBe('+33140005678');
  });
});
