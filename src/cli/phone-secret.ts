import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { isBlankPhonesFile, loadRegistrar } from '../config/index.ts';
import { ha1 } from '../digest/index.ts';
import { problemLines } from '../yamlfile/index.ts';
import { withConfig, type ConfigOption } from './config.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** A longer line is no password. */
const MAX_PASSWORD_CHARACTERS = 1_024;

interface SecretOptions extends ConfigOption {
  readonly user: string;
  readonly number?: string;
  readonly realm?: string;
  readonly md5?: true;
}

/** `mcg phone-secret`: an entry of phones.yaml from which nobody reads the password. */
export function addPhoneSecret(program: Command, terminal: Terminal): void {
  withConfig(program.command('phone-secret'))
    .description('reads a password and prints its entry, with hashes, for the list under users: of phones.yaml')
    .requiredOption('--user <name>', 'what the phone signs in with')
    .option('--number <number>', 'what rings it, where that is not its user name')
    .option('--realm <realm>', 'the realm of the hashes (default: registrar.realm of the configuration)')
    .option(
      '--md5',
      'for a phone that fails where it is offered SHA-256 (baresip 1): every phone is then asked for MD5',
    )
    .action(async (options: SecretOptions) => {
      const { user, number, md5 } = options;
      for (const name of [user, number ?? user]) {
        if (!/^[^\p{C}:"\\]{1,64}$/u.test(name)) throw new CommandError(`${JSON.stringify(name)} is no user name.`, 2);
      }
      const { realm, head } = placeOf(terminal, options);
      const password = await readPassword(terminal, user);
      const called = number === undefined ? '' : `, number: ${JSON.stringify(number)}`;
      const sha256 = md5 === true ? '' : `, sha256: "${ha1('SHA-256', user, realm, password)}"`;
      const hashes = `md5: "${ha1('MD5', user, realm, password)}"${sha256}`;
      terminal.stdout.write(`${head}  - { username: ${JSON.stringify(user)}${called}, ha1: { ${hashes} } }\n`);
    });
}

/** For which realm, and what stands above the first entry of the file of phones, so that the output can be appended to it. */
function placeOf(terminal: Terminal, options: SecretOptions): { readonly realm: string; readonly head: string } {
  const path = resolve(terminal.cwd, options.config);
  const loaded = loadRegistrar(path, terminal.env);
  const registrar = loaded.ok ? loaded.registrar : null;
  const head = registrar !== null && isBlankPhonesFile(registrar.phones) ? 'users:\n' : '';
  if (options.realm !== undefined) return { realm: options.realm, head };
  if (registrar !== null) return { realm: registrar.realm, head };
  const why = loaded.ok ? [`${path} has no registrar.`] : problemLines(path, loaded.problems);
  throw new CommandError(`The realm is not known. Name it with --realm REALM, or correct this:\n${why.join('\n')}`, 2);
}

/** The first line of the input; what is typed at a terminal is not shown. */
async function readPassword({ stdin, stderr }: Terminal, user: string): Promise<string> {
  const typed = stdin.isTTY;
  if (typed) stderr.write(`Password of ${user}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: typed });
  try {
    for await (const line of lines) {
      if (line === '' || line.length > MAX_PASSWORD_CHARACTERS) break;
      return line;
    }
  } finally {
    lines.close();
    if (typed) stderr.write('\n');
  }
  throw new CommandError('No password was given: type it, or give it as the first line of the input.', 2);
}
