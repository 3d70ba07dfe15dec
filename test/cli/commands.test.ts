import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { filesFor, inProcess } from '../e2e/support.ts';
import { callStart } from '../journal/samples.ts';

const good = `peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:5099"]`;

describe('a command whose reader has enough', () => {
  it.each([['check'], ['--help']])('%s ends quietly', async (verb) => {
    const child = spawn('node', ['src/main.ts', verb], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect({ said, code: code as number }).toEqual({ said: '', code: 0 });
  });
});

describe('mcg --version', () => {
  it('prints the version of the package', async () => {
    expect(await inProcess('--version')).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

describe('mcg check', () => {
  it('says one in the singular', async () => {
    const { config } = await filesFor(good);
    expect((await inProcess('check', '--config', config)).stdout).toContain(
      '1 dial plan, 1 mailbox policy, 2 mailboxes.',
    );
  });

  it('names a journal and a folder of mails that cannot be made', async () => {
    const { config, folder } = await filesFor(good.replace('peers', 'node: gw1\npeers'), {
      transport: 'maildir:gateway.yaml/mail',
    });
    await writeFile(join(folder, 'var', 'gateway.db'), '');
    const { code, stderr } = await inProcess('check', '--config', config);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `${config}: notification.transport: ${config} is not a folder. Name another one, or move it.\n`,
    );
  });

  it('reads the file of phones, and says whose password stands there', async () => {
    const { config, folder } = await filesFor(good);
    const phones = join(folder, 'phones.yaml');
    const text = await readFile(config, 'utf8');
    await writeFile(config, `${text}\nregistrar: { realm: example.com }\n`);
    const missing = await inProcess('check', '--config', config);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(`The file of phones cannot be used:\n${phones}`);
    await writeFile(phones, 'users: [{ username: "1001", password: open sesame }]\n');
    const { code, stdout } = await inProcess('check', '--config', config);
    expect(code).toBe(0);
    expect(stdout).toContain(`${phones} has 1 phone.`);
    expect(stdout).toContain('the passwords of 1001 stand in');
    expect(stdout).not.toContain('open sesame');
    expect(stdout).not.toContain('alone');
    await writeFile(phones, `users: [{ username: "1001", ha1: { md5: "${'0'.repeat(32)}" } }]\n`);
    expect((await inProcess('check', '--config', config)).stdout).toContain(
      'every phone is asked for MD5 alone, as 1001 cannot answer another algorithm.',
    );
  });

  it('says which members of a group nothing leads to', async () => {
    const { config, policy } = await filesFor(
      good.replace('nextHop: [', 'routes: [{ to: "^1", nextHop: ["sip:127.0.0.1:5099"] }] # ['),
    );
    await appendFile(
      policy,
      'groups: [{ identity: sales, dialPlan: Paris, extensions: ["1100"], members: ["+33612345678"] }]\n',
    );
    expect(await inProcess('check', '--config', config)).toMatchObject({
      stderr: '',
      stdout: expect.stringContaining('leads to +33612345678: nobody would ring.'),
    });
  });

  it('names a journal that is a folder', async () => {
    const { config, folder } = await filesFor(good);
    await writeFile(config, (await readFile(config, 'utf8')).replace('var/gateway.db', 'var'));
    const { code, stderr } = await inProcess('check', '--config', config);
    expect(code).toBe(2);
    expect(stderr).toContain(`${config}: journal: ${join(folder, 'var')} is a folder.`);
  });
});

describe('mcg calls', () => {
  it('names the zone of its times, and says where it stops', async () => {
    const { config, folder } = await filesFor(good);
    const path = join(folder, 'var', 'gateway.db');
    const journal = await openSqliteJournal({ path, node: 'gw1', now: Date.now });
    for (const second of [1, 2]) {
      await journal.begin(callStart({ startedAt: Date.UTC(2026, 10, 16, 13, 3, second) }));
    }
    await journal.close();

    const all = (await inProcess('calls', '--limit', '2', '--config', config)).stdout;
    expect(all).toMatch(/started \(UTC\)/);
    expect(all).toContain('2026-11-16 13:03:01');
    expect(all).not.toContain('--limit');
    const one = (await inProcess('calls', '--limit', '1', '--config', config)).stdout;
    expect(one).not.toContain('2026-11-16 13:03:01');
    expect(one).toContain('There are older ones: --limit N shows more.');
    expect(JSON.parse((await inProcess('calls', '--json', '--limit', '1', '--config', config)).stdout)).toHaveLength(1);
  });
});
