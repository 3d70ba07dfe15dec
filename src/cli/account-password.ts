import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { hashPassword } from '../admin/index.ts';
import { systemUser } from './cmdlet-context.ts';
import { type ConfigOption, withConfig, withJournal } from './config.ts';
import { CommandError, type Terminal } from './terminal.ts';

const PASSWORD_BYTES = 15;

/** `mcg account-password`: whoever may read the journal lets an administrator in again who has forgotten the password. */
export function addAccountPassword(program: Command, terminal: Terminal): void {
  withConfig(program.command('account-password <name>'))
    .description('gives an account of the admin centre a new password, prints it, and ends its sessions')
    .action(async (name: string, options: ConfigOption) => {
      const password = randomBytes(PASSWORD_BYTES).toString('base64url');
      await withJournal(terminal, options, async (journal) => {
        const account = await journal.account(name);
        if (account === null) {
          const { items } = await journal.accounts({ limit: 20 });
          const known =
            items.length === 0 ? 'There is none yet.' : `There are ${items.map((one) => one.name).join(', ')}.`;
          throw new CommandError(`There is no account ${name}. ${known}`);
        }
        const { name: actor, source } = systemUser();
        const about = { before: null, after: null, why: null, error: null, result: 'done' } as const;
        const operation = 'give account a new password';
        await journal.intendAudit({
          id: uuidv7(),
          at: Date.now(),
          actor,
          by: 'command-line',
          source,
          operation,
          target: account.name,
          ...about,
        });
        await journal.changeAccount(account.name, { passwordHash: await hashPassword(password), enabled: true });
        await journal.removeSessions(account.name);
        await journal.removeTokens(account.name);
      });
      terminal.stdout.write(
        `The account ${name} may sign in with the password ${password}\nChange it there: My account.\n`,
      );
    });
}
