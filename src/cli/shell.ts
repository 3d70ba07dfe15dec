import type { Command } from 'commander';
import { runCmdlet } from '../cmdlet/index.ts';
import { readConfig, withConfig, type ConfigOption } from './config.ts';
import type { Terminal } from './terminal.ts';

export function addShell(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  withConfig(program.command('shell'))
    .description(
      'runs Exchange’s cmdlets on the policy file: Get-UMMailboxPolicy, Set-UMMailboxPolicy, Get-UMMailbox, Set-UMMailbox',
    )
    .requiredOption(
      '-c, --command <line>',
      "one line, e.g. 'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $false'",
    )
    .action(async (options: ConfigOption & { command: string }) => {
      const config = await readConfig(terminal, options);
      const result = await runCmdlet(options.command, { policyPath: config.policy });
      terminal.stdout.write(result.output);
      terminal.stderr.write(result.errors);
      done(result.exitCode);
    });
}
