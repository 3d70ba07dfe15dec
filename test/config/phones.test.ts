import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createPhoneDirectory,
  isBlankPhonesFile,
  loadPhones,
  MAX_PHONES,
  type HashPassword,
} from '../../src/config/index.ts';
import { readPhones } from '../../src/config/phones.ts';
import { problemLines } from '../../src/yamlfile/index.ts';

const MD5 = '0'.repeat(32);
const SHA256 = 'A'.repeat(64);
const PATH = '/nowhere/phones.yaml';

const hash: HashPassword = (algorithm, ...parts) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(parts.join(':'))
    .digest('hex');

const read = (text: string) => readPhones(text, PATH, 'example.com', hash);

function phonesOf(text: string) {
  const reading = read(text);
  if (!reading.ok) throw new Error(problemLines('phones.yaml', reading.problems).join('\n'));
  return reading.phones;
}

describe('phones.yaml', () => {
  it('a password is hashed with the realm, for both algorithms; the number is the user name where none stands', () => {
    const reading = read('users:\n  - { username: "1001", password: secret }\n');
    expect(reading).toEqual({
      ok: true,
      plainPasswords: ['1001'],
      phones: [
        {
          username: '1001',
          number: '1001',
          ha1: {
            md5: hash('MD5', '1001', 'example.com', 'secret'),
            sha256: hash('SHA-256', '1001', 'example.com', 'secret'),
          },
        },
      ],
    });
  });

  it('hashes are taken as they are, in lower case', () => {
    const text = `users: [{ username: alice, number: "1001", ha1: { md5: "${MD5}", sha256: "${SHA256}" } }]`;
    expect(phonesOf(text)).toEqual([
      { username: 'alice', number: '1001', ha1: { md5: MD5, sha256: SHA256.toLowerCase() } },
    ]);
  });

  it('a password may stand in a file of its own, beside this one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'phones-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, '1001.password'), 'secret\n');
    await writeFile(join(folder, 'phones.yaml'), 'users: [{ username: "1001", passwordFile: 1001.password }]');
    const reading = loadPhones(join(folder, 'phones.yaml'), 'example.com', hash);
    expect(reading).toMatchObject({
      ok: true,
      plainPasswords: [],
      phones: [{ ha1: { md5: hash('MD5', '1001', 'example.com', 'secret') } }],
    });
  });

  it.each([
    ['a user without a password', 'users: [{ username: "1" }]', '1:9 users[0]: the phone has no password.'],
    [
      'two ways to give it',
      'users: [{ username: "1", password: x, passwordFile: y }]',
      'users[0].passwordFile: password and passwordFile stand here together. Keep passwordFile.',
    ],
    [
      'a user name that is there twice',
      'users:\n  - { username: "1", password: x }\n  - { username: "1", password: y }',
      '3:18 users[1].username: "1" is the user name of users[0] already. Give each phone a user name of its own.',
    ],
    ['a number without quotes', 'users: [{ username: 1001, password: x }]', 'users[0].username'],
    ['a colon in a user name', 'users: [{ username: "a:b", password: x }]', '"a:b" is not a user name.'],
    [
      'an address for a number',
      'users: [{ username: a, number: "a@b", password: x }]',
      '"a@b" is not a number or name',
    ],
    ['a hash that is none', 'users: [{ username: a, ha1: { md5: "12" } }]', '"12" is not a hash of 32 hex digits.'],
    ['hashes that are none', 'users: [{ username: a, ha1: {} }]', 'users[0].ha1: it holds no hash.'],
    ['an unknown key', 'users: [{ username: a, pasword: x }]', 'Did you mean "password"?'],
    ['a file that is not there', 'users: [{ username: a, passwordFile: x }]', 'does not exist. Paths are relative to'],
    ['hashes of another realm', 'realm: old\nusers: []', 'the hashes were made for "old", but registrar.realm is'],
    [
      'hashes that no common algorithm serves',
      `users: [{ username: a, ha1: { md5: "${MD5}" } }, { username: b, ha1: { sha256: "${SHA256}" } }]`,
      'they cannot be asked in one way',
    ],
    ['too long a name', `users: [{ username: "${'1'.repeat(65)}", password: x }]`, 'longer than 64 characters'],
    ['no users at all', 'phones: []', '"users" is missing. Add it: Write the line users: and under it what'],
    ['entries without the line above them', '- { username: "1", password: x }', 'Write the line users: above the list'],
    ['users: and nothing under it', 'users:', 'Write the line users: and under it what mcg phone-secret prints'],
  ])('%s is refused, with its line and remedy', (_, text, expected) => {
    const reading = read(text);
    expect(reading.ok).toBe(false);
    if (!reading.ok) expect(problemLines('phones.yaml', reading.problems).join('\n')).toContain(expected);
  });

  it('no password gets into a message', () => {
    const reading = read(
      'users: [{ username: "1", password: "hunter2", ha1: { md5: "hunter2" } }, { password: hunter2 }]',
    );
    expect(reading.ok).toBe(false);
    if (!reading.ok) expect(problemLines('f', reading.problems).join('\n')).not.toMatch(/password: hunter2/);
  });

  it(`holds ${MAX_PHONES} phones and no more`, () => {
    const list = (count: number): string =>
      `users:\n${Array.from({ length: count }, (_, index) => `- { username: "${index}", ha1: { md5: "${MD5}" } }`).join('\n')}`;
    expect(phonesOf(list(MAX_PHONES))).toHaveLength(MAX_PHONES);
    expect(read(list(MAX_PHONES + 1)).ok).toBe(false);
  });

  it.each([['/nowhere/phones.yaml'], ['/tmp']])('a file that cannot be read is a problem, no error: %s', (path) => {
    expect(loadPhones(path, 'example.com', hash)).toMatchObject({ ok: false, problems: [{ line: 1 }] });
  });
});

describe('a file of phones to which nothing was written yet', () => {
  it.each([
    ['', true],
    ['# Phones\n\n', true],
    ['users:\n', false],
    ['# Phones\n- {}\n', false],
  ])('%j: %s', async (text, blank) => {
    const folder = await mkdtemp(join(tmpdir(), 'phones-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'phones.yaml'), text);
    expect(isBlankPhonesFile(join(folder, 'phones.yaml'))).toBe(blank);
    expect(isBlankPhonesFile(join(folder, 'none.yaml'))).toBe(true);
    expect(isBlankPhonesFile(folder)).toBe(false);
  });
});

describe('the directory of phones', () => {
  const [both, md5Only] = [
    { username: 'a', number: '1', ha1: { md5: MD5, sha256: SHA256 } },
    { username: 'b', number: '2', ha1: { md5: MD5, sha256: null } },
  ];

  it('finds by user name, nothing else', () => {
    const directory = createPhoneDirectory([both, md5Only]);
    expect(directory.find('b')).toBe(md5Only);
    expect(directory.find('2')).toBeUndefined();
    expect(directory.find('__proto__')).toBeUndefined();
  });

  it('offers what every phone can answer', () => {
    expect(createPhoneDirectory([both]).algorithms).toEqual(['SHA-256', 'MD5']);
    expect(createPhoneDirectory([both, md5Only]).algorithms).toEqual(['MD5']);
    expect(createPhoneDirectory([]).algorithms).toEqual(['SHA-256', 'MD5']);
  });
});
