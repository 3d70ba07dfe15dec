import type { Command } from 'commander';
import {
  assumptions,
  createPhoneDirectory,
  loadPhones,
  unknownDialPlans,
  type GatewayConfig,
  type PhoneConfig,
} from '../config/index.ts';
import { ha1 } from '../digest/index.ts';
import { loadPolicyFile } from '../policy/index.ts';
import { problemLines } from '../yamlfile/index.ts';
import { readConfig, withConfig, type ConfigOption } from './config.ts';
import { groupRemarks } from './group-remarks.ts';
import { placeProblems } from './places.ts';
import { CommandError, type Terminal } from './terminal.ts';

export function addCheck(program: Command, terminal: Terminal): void {
  withConfig(program.command('check'))
    .description('reads both files as the gateway would and says what is wrong, and what it assumes')
    .action(async (options: ConfigOption) => {
      const config = await readConfig(terminal, options);
      const loaded = loadPolicyFile(config.policy);
      if (!loaded.ok) {
        throw new CommandError(
          `The policy cannot be used:\n${problemLines(config.policy, loaded.problems).join('\n')}`,
          2,
        );
      }
      const { policy } = loaded;
      const phones = phonesIn(config);
      const dangling = unknownDialPlans(config, policy.dialPlans.keys());
      if (dangling.length > 0) throw new CommandError(`${config.path}:\n${dangling.join('\n')}`, 2);
      const places = placeProblems(config).map((problem) => `${config.path}: ${problem}`);
      if (places.length > 0) throw new CommandError(places.join('\n'), 2);
      terminal.stdout.write(
        `Both files are good: ${counted(policy.dialPlans.size, 'dial plan', 'dial plans')}, ${counted(policy.mailboxPolicies.size, 'mailbox policy', 'mailbox policies')}, ${counted(policy.mailboxCount, 'mailbox', 'mailboxes')}.\n`,
      );
      const remarks = groupRemarks(config, policy, phones.accounts);
      for (const line of [...phones.said, ...assumptions(config), ...remarks]) terminal.stdout.write(`  ${line}\n`);
    });
}

/** Of phones that have something in common. */
const MAX_NAMED = 5;

/** What there is to say of phones.yaml. @throws CommandError where it cannot be used */
function phonesIn({ registrar }: GatewayConfig): { said: string[]; accounts: readonly PhoneConfig[] } {
  if (registrar === null) return { said: [], accounts: [] };
  const loaded = loadPhones(registrar.phones, registrar.realm, ha1);
  if (!loaded.ok) {
    const lines = problemLines(registrar.phones, loaded.problems);
    throw new CommandError(`The file of phones cannot be used:\n${lines.join('\n')}`, 2);
  }
  const { phones, plainPasswords } = loaded;
  const said = [`${registrar.phones} has ${counted(phones.length, 'phone', 'phones')}.`];
  const [only, ...others] = createPhoneDirectory(phones).algorithms;
  if (phones.length > 0 && only !== undefined && others.length === 0) {
    const lacking = phones.filter(({ ha1: { md5, sha256 } }) => (only === 'MD5' ? sha256 : md5) === null);
    const who = lacking.map(({ username }) => username);
    const shown = who.length > MAX_NAMED ? `${who.slice(0, MAX_NAMED).join(', ')} and others` : who.join(', ');
    said.push(`every phone is asked for ${only} alone, as ${shown} cannot answer another algorithm.`);
  }
  if (plainPasswords.length > 0) {
    said.push(
      `the passwords of ${plainPasswords.join(', ')} stand in ${registrar.phones}: whoever reads it can call as they; mcg phone-secret makes hashes of them.`,
    );
  }
  return { said, accounts: phones };
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}
