import { dirname } from 'node:path';
import { z } from 'zod';
import {
  type FileBytes,
  type FileRefusal,
  fileProblem,
  type Mistake,
  type Path,
  type Problem,
  readRegularFile,
  readYaml,
} from '../yamlfile/index.ts';
import { groupOf } from './written.ts';
import { secretFiles, type SecretFiles } from './files.ts';
import { list, says, text } from './schema-values.ts';
import type { PhoneConfig } from './types.ts';

export const MAX_PHONES = 10_000;
export const MAX_PHONES_CHARACTERS = 4 * 1024 * 1024;
const MAX_NAME_CHARACTERS = 64;

/** RFC 7616 3.4.2: hex of H(username:realm:password). */
export type HashPassword = (algorithm: 'MD5' | 'SHA-256', username: string, realm: string, password: string) => string;

export type PhonesReading =
  | {
      readonly ok: true;
      readonly phones: readonly PhoneConfig[];
      /** Users whose password stands in the file itself, which `mcg check` speaks of. */
      readonly plainPasswords: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const name = (pattern: RegExp, what: string, help: string) =>
  z
    .string()
    .max(MAX_NAME_CHARACTERS, { error: `the text is longer than ${MAX_NAME_CHARACTERS} characters`, abort: true })
    .regex(pattern, says(what))
    .describe(help);

const hex = (digits: number, algorithm: string) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`, 'i'), says(`is not a hash of ${digits} hex digits`))
    .transform((written) => written.toLowerCase())
    .describe(`The ${algorithm} hash that mcg phone-secret prints, in quotes.`);

// A colon would end the user name within the hash; quotes and control characters have no place in a header.
const username = name(
  /^[^\p{C}:"\\]+$/u,
  'is not a user name',
  'What the phone signs in with, in quotes: username: "1001". No colon, no quotes.',
);
const number = name(
  /^[^\p{C}\s:"\\@<>;?]+$/u,
  'is not a number or name that can be called',
  'The number or name that rings the phone, in quotes: number: "1001".',
);

const phone = z.strictObject({
  username,
  number: number.optional(),
  password: text('The password of the phone; better its hashes (ha1), which mcg phone-secret prints.').optional(),
  passwordFile: text('A file that holds the password, relative to this file.').optional(),
  ha1: z
    .strictObject({ md5: hex(32, 'MD5').optional(), sha256: hex(64, 'SHA-256').optional() })
    .optional()
    .describe('The hashes of the password: ha1: { md5: "…", sha256: "…" }, as mcg phone-secret prints them.'),
});

const phonesFile = z
  .strictObject({
    realm: text('The realm that the hashes were made for.').optional(),
    users: list(
      phone,
      MAX_PHONES,
      'Write the line users: and under it what mcg phone-secret prints, two spaces further to the right, or [] for none.',
    ),
  })
  .describe('Write the line users: above the list of phones, and each phone two spaces further to the right.');

type WrittenPhone = z.output<typeof phone>;

/** What a text of phones.yaml says; `path` is where it stands, for the files that it names. Never throws. */
export function readPhones(content: string, path: string, realm: string, hash: HashPassword): PhonesReading {
  const files = secretFiles(dirname(path));
  const reading = readYaml(content, {
    schema: phonesFile,
    maxCharacters: MAX_PHONES_CHARACTERS,
    check: (written) => [...phonesMistakes(written, realm), ...files.mistakes(written)],
  });
  if (!reading.ok) return reading;
  const { users } = reading.value;
  return {
    ok: true,
    phones: users.map((user) => phoneOf(user, realm, hash, files)),
    plainPasswords: users.filter(({ password }) => password !== undefined).map((user) => user.username),
  };
}

/**
 * Reads phones.yaml: its accounts, or every mistake in it with its line, path and remedy. Never throws.
 * @param realm of `registrar.realm`: passwords are hashed with it
 */
export function loadPhones(path: string, realm: string, hash: HashPassword): PhonesReading {
  let read: FileBytes | FileRefusal;
  try {
    read = readRegularFile(path, MAX_PHONES_CHARACTERS);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  if (read === 'too large') return refused(`it has more than ${MAX_PHONES_CHARACTERS} bytes`);
  if (typeof read === 'string') return refused(read === 'directory' ? 'it is a directory' : 'it is a pipe or a device');
  return readPhones(read.bytes.toString('utf8'), path, realm, hash);
}

/** Whether nothing stands in the file yet, or it is not there: what is appended to it must begin with `users:`. Never throws. */
export function isBlankPhonesFile(path: string): boolean {
  try {
    const read = readRegularFile(path, MAX_PHONES_CHARACTERS);
    return (
      typeof read !== 'string' &&
      read.bytes
        .toString('utf8')
        .split('\n')
        .every((line) => /^\s*(?:#.*)?$/.test(line))
    );
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

function refused(reason: string): PhonesReading {
  const remedy = 'registrar.phones names the file; mcg phone-secret prints an entry for it.';
  return { ok: false, problems: [fileProblem(`the file of phones cannot be read: ${reason}`, remedy)] };
}

function phoneOf(user: WrittenPhone, realm: string, hash: HashPassword, files: SecretFiles): PhoneConfig {
  const { username: own, number: called = own, password, passwordFile, ha1 } = user;
  const secret = passwordFile === undefined ? password : (files.read(passwordFile) ?? '');
  const hashed = (algorithm: 'MD5' | 'SHA-256'): string | null =>
    secret === undefined ? null : hash(algorithm, own, realm, secret);
  return {
    username: own,
    number: called,
    ha1: { md5: ha1?.md5 ?? hashed('MD5'), sha256: ha1?.sha256 ?? hashed('SHA-256') },
  };
}

const SECRETS = ['password', 'passwordFile', 'ha1'] as const;

function* phonesMistakes(written: unknown, realm: string): Generator<Mistake> {
  const file = groupOf(written);
  const made = file['realm'];
  if (typeof made === 'string' && made !== realm) {
    const message = `the hashes were made for ${JSON.stringify(made)}, but registrar.realm is ${JSON.stringify(realm)}`;
    yield { path: ['realm'], message, remedy: 'Make them anew with mcg phone-secret, or correct registrar.realm.' };
  }
  const users = Array.isArray(file['users']) ? file['users'].slice(0, MAX_PHONES).map(groupOf) : [];
  const first = new Map<unknown, number>();
  for (const [index, user] of users.entries()) {
    const path: Path = ['users', index];
    yield* secretMistakes(user, path);
    const own = user['username'];
    const before = first.get(own);
    if (before === undefined) first.set(own, index);
    else if (typeof own === 'string') {
      const message = `${JSON.stringify(own)} is the user name of users[${before}] already`;
      yield { path: [...path, 'username'], message, remedy: 'Give each phone a user name of its own.' };
    }
  }
  yield* algorithmMistakes(users);
}

function* secretMistakes(user: Readonly<Record<string, unknown>>, path: Path): Generator<Mistake> {
  const given = SECRETS.filter((key) => user[key] !== undefined);
  const [, ...more] = given;
  if (given.length === 0) {
    const remedy = 'Add ha1: { md5: "…", sha256: "…" }, which mcg phone-secret prints, or passwordFile: FILE.';
    yield { path, message: 'the phone has no password', remedy };
  }
  for (const key of more) {
    const message = `${given.join(' and ')} stand here together`;
    yield { path: [...path, key], at: 'key', message, remedy: `Keep ${given.at(-1) ?? ''}.` };
  }
  const ha1 = groupOf(user['ha1']);
  if (user['ha1'] !== undefined && ha1['md5'] === undefined && ha1['sha256'] === undefined) {
    yield { path: [...path, 'ha1'], message: 'it holds no hash', remedy: 'Add what mcg phone-secret prints.' };
  }
}

/** Who asks for a password does not know yet who will answer: one algorithm must serve every phone. */
function* algorithmMistakes(users: readonly Readonly<Record<string, unknown>>[]): Generator<Mistake> {
  const lacks = (algorithm: string): number =>
    users.findIndex((user) => user['ha1'] !== undefined && groupOf(user['ha1'])[algorithm] === undefined);
  const [md5, sha256] = [lacks('md5'), lacks('sha256')];
  if (md5 < 0 || sha256 < 0 || md5 === sha256) return;
  const message = `it has no MD5 hash, and users[${sha256}] has no SHA-256 hash: they cannot be asked in one way`;
  yield { path: ['users', md5, 'ha1'], message, remedy: 'Give one of them both, with mcg phone-secret.' };
}

/** The accounts by user name, and the algorithms that every one of them has a hash of. */
export function createPhoneDirectory(entries: readonly PhoneConfig[]): {
  find(username: string): PhoneConfig | undefined;
  hasNumber(number: string): boolean;
  readonly algorithms: readonly ('SHA-256' | 'MD5')[];
} {
  const byUsername = new Map(entries.map((entry) => [entry.username, entry]));
  const algorithms: ('SHA-256' | 'MD5')[] = [];
  if (entries.every(({ ha1 }) => ha1.sha256 !== null)) algorithms.push('SHA-256');
  if (entries.every(({ ha1 }) => ha1.md5 !== null)) algorithms.push('MD5');
  const numbers = new Set(entries.map((entry) => entry.number));
  return { find: (wanted) => byUsername.get(wanted), hasNumber: (wanted) => numbers.has(wanted), algorithms };
}
