import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli/index.ts';
import { createPhoneDirectory, loadPhones } from '../../src/config/index.ts';
import { readPhones } from '../../src/config/phones.ts';
import { ha1 } from '../../src/digest/index.ts';

async function secret(input: string, ...argv: string[]) {
  const stream = () => Object.assign(new PassThrough(), { isTTY: false, columns: 80 });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const read = (from: PassThrough): string => String(from.read() ?? '');
  stdin.end(input);
  const code = await run({
    argv: ['phone-secret', ...argv],
    env: {},
    cwd: '/nowhere',
    hostname: 'test',
    pid: 1,
    stdin,
    stdout,
    stderr,
    onSignal: () => undefined,
    exitNow: () => undefined,
  });
  return { code, stdout: read(stdout), stderr: read(stderr) };
}

describe('mcg phone-secret', () => {
  it('prints an entry of phones.yaml from which nobody reads the password', async () => {
    const { code, stdout, stderr } = await secret('open sesame\nmore\n', '--user', '1001', '--realm', 'example.com');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('sesame');
    const reading = readPhones(`users:\n${stdout}`, '/nowhere/phones.yaml', 'example.com', () => 'none');
    expect(reading).toMatchObject({
      ok: true,
      plainPasswords: [],
      phones: [
        {
          username: '1001',
          number: '1001',
          ha1: {
            md5: ha1('MD5', '1001', 'example.com', 'open sesame'),
            sha256: ha1('SHA-256', '1001', 'example.com', 'open sesame'),
          },
        },
      ],
    });
  });

  it('with a number of its own', async () => {
    const { stdout } = await secret('x', '--user', 'alice', '--number', '1001', '--realm', 'example.com');
    expect(stdout).toContain('{ username: "alice", number: "1001", ha1: ');
  });

  it('with MD5 alone, every phone is asked for that', async () => {
    const { stdout } = await secret('x', '--user', '1001', '--realm', 'example.com', '--md5');
    const reading = readPhones(`users:\n${stdout}`, '/nowhere/phones.yaml', 'example.com', () => 'none');
    expect(reading).toMatchObject({
      ok: true,
      phones: [{ ha1: { md5: expect.stringMatching(/^[0-9a-f]{32}$/), sha256: null } }],
    });
    expect(createPhoneDirectory(reading.ok ? reading.phones : []).algorithms).toEqual(['MD5']);
  });

  it('appended to phones.yaml again and again, makes a file that loads; of gateway.yaml it needs the registrar alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'phones-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [config, phones] = [join(folder, 'gateway.yaml'), join(folder, 'phones.yaml')];
    await writeFile(config, 'colour: ${BLUE}\npeers: none\nregistrar: { realm: example.com }\n');
    // The shell opens the file before the command runs.
    await writeFile(phones, '# Phones of the house.\n');
    for (const user of ['1001', '1002']) {
      const { code, stdout, stderr } = await secret('x', '--user', user, '--config', config);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      await appendFile(phones, stdout);
    }
    const reading = loadPhones(phones, 'example.com', ha1);
    expect(reading).toMatchObject({ ok: true, phones: [{ username: '1001' }, { username: '1002' }] });
  });

  it.each([
    ['no registrar', 'peers: []\n', 'gateway.yaml has no registrar.'],
    ['a registrar that is wrong', 'registrar: { relm: x }\n', 'Did you mean "realm"?'],
  ])('says where the realm is missing: %s', async (_, text, said) => {
    const folder = await mkdtemp(join(tmpdir(), 'phones-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'gateway.yaml'), text);
    const { code, stderr } = await secret('x', '--user', '1', '--config', join(folder, 'gateway.yaml'));
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  it.each([
    ['no password', '', ['--user', '1001', '--realm', 'x'], 'No password was given'],
    ['an empty one', '\nx\n', ['--user', '1001', '--realm', 'x'], 'No password was given'],
    ['a user name that is none', 'x', ['--user', 'a:b', '--realm', 'x'], '"a:b" is no user name.'],
    [
      'no realm and no configuration',
      'x',
      ['--user', '1001'],
      'Name it with --realm REALM, or correct this:\n/nowhere/',
    ],
    ['no user', 'x', [], '--user'],
  ])('%s: 2', async (_, input, argv, said) => {
    const { code, stdout, stderr } = await secret(input, ...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
  });
});
