import { addAccountPassword } from './account-password.ts';
import { Command, CommanderError } from 'commander';
import { looksLikeCmdlet } from '../cmdlet/index.ts';
import { addCalls } from './calls.ts';
import { addCheck } from './check.ts';
import { addDemo } from './demo.ts';
import { addEngine } from './engine.ts';
import { addExplain } from './explain.ts';
import { addLab } from './lab.ts';
import { addNotifications } from './notifications.ts';
import { addPhoneSecret } from './phone-secret.ts';
import { addShell, runDirect } from './shell.ts';
import { addStart } from './start.ts';
import { addStatus } from './status.ts';
import { addTrace } from './trace.ts';
import { CommandError, type Terminal } from './terminal.ts';
import { version } from './version.ts';

export type { Terminal } from './terminal.ts';

/**
 * Runs one `mcg` command line.
 * @returns the exit code: 0 done, 1 failed, 2 the command line or a file is wrong
 */
export async function run(terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = new Command('mcg')
    .description('Missed Call Gateway: tells people by e-mail about the calls they missed.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
  const done = (code: number): void => {
    exitCode = code;
  };
  for (const add of [
    addStart,
    addCheck,
    addShell,
    addCalls,
    addExplain,
    addNotifications,
    addStatus,
    addTrace,
    addDemo,
    addLab,
    addEngine,
    addPhoneSecret,
    addAccountPassword,
  ]) {
    add(program, terminal, done);
  }
  try {
    if (looksLikeCmdlet(terminal.argv[0] ?? '')) return await runDirect(terminal);
    await program.parseAsync([...terminal.argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommandError) {
      terminal.stderr.write(`${error.message}\n`);
      return error.exitCode;
    }
    throw error;
  }
}
