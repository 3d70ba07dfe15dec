import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/index.ts';
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

  it.each([
    ['no password', '', ['--user', '1001', '--realm', 'x'], 'No password was given'],
    ['an empty one', '\nx\n', ['--user', '1001', '--realm', 'x'], 'No password was given'],
    ['a user name that is none', 'x', ['--user', 'a:b', '--realm', 'x'], '"a:b" is no user name.'],
    ['no realm and no configuration', 'x', ['--user', '1001'], 'The configuration cannot be used'],
    ['no user', 'x', [], '--user'],
  ])('%s: 2', async (_, input, argv, said) => {
    const { code, stdout, stderr } = await secret(input, ...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
  });
});
