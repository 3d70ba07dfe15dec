import { hostname } from 'node:os';
import { cwd, pid } from 'node:process';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { run as runCommand } from '../../src/cli/index.ts';

/** What a command printed, and how it ended. */
export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A command line run within this process, as main.ts would run it: at a twentieth of the cost of a process of its own. What
 * only a process shows (exit code, signals, stack traces of what nobody caught) is tried with `command`.
 */
export async function inProcess(...argv: string[]): Promise<CommandRun> {
  const terminal = () => Object.assign(new PassThrough(), { isTTY: false, columns: 80 });
  const [stdin, stdout, stderr] = [terminal(), terminal(), terminal()];
  const code = await runCommand({
    argv,
    env: {},
    cwd: cwd(),
    hostname: hostname(),
    pid,
    stdin,
    stdout,
    stderr,
    onSignal: () => undefined,
    exitNow: () => undefined,
  });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}
