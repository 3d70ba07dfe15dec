import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text as textOf } from 'node:stream/consumers';
import type { Command } from 'commander';
import { lineOf, runText } from '../cmdlet/index.ts';
import { contextsFor, type Contexts, JournalBeside } from './cmdlet-context.ts';
import { DEFAULT_CONFIG, readConfig, withConfig, type ConfigOption } from './config.ts';
import { answer, runPrompt, write } from './prompt.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** A longer script is refused before it is looked at. */
export const MAX_SCRIPT_LENGTH = 1_000_000;

interface ShellOptions extends ConfigOption {
  readonly command?: string;
}

export function addShell(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  withConfig(program.command('shell [script]'))
    .description('runs Exchange’s cmdlets: Set-UMMailboxPolicy, Get-UMMailbox, … (Get-Help lists them)')
    .option(
      '-c, --command <line>',
      "one line, e.g. 'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $false'",
    )
    .addHelpText(
      'after',
      '\nA script is a file of lines; without one, lines are asked for. The same line may stand behind mcg itself: mcg Get-UMMailbox',
    )
    .action(async (script: string | undefined, options: ShellOptions) => {
      if (script !== undefined && options.command !== undefined)
        throw new CommandError('Give a script or -c with a line, not both.', 2);
      const isPrompt = script === undefined && options.command === undefined && terminal.stdin.isTTY;
      done(
        await withContext(terminal, options, async (contexts) => {
          if (isPrompt) return runPrompt(terminal, contexts);
          const text = options.command ?? (await scriptText(terminal, script));
          return runHere(terminal, contexts, text);
        }),
      );
    });
}

/** `mcg Set-UMMailboxPolicy -identity …`: the words behind it are the line. */
export async function runDirect(terminal: Terminal): Promise<number> {
  const { config, words } = withoutConfig(terminal.argv);
  return withContext(terminal, { config }, (contexts) => runHere(terminal, contexts, lineOf(words)));
}

/** Takes `--config FILE` out, which is the command's and no cmdlet's. */
function withoutConfig(argv: readonly string[]): { config: string; words: string[] } {
  let config = DEFAULT_CONFIG;
  const words: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word.startsWith('--config=')) config = word.slice('--config='.length);
    else if (word === '--config') {
      const file = argv[index + 1];
      if (file === undefined) throw new CommandError('--config wants a file behind it.', 2);
      config = file;
      index += 1;
    } else words.push(word);
  }
  return { config, words };
}

async function withContext(
  terminal: Terminal,
  options: ConfigOption,
  use: (contexts: Contexts) => Promise<number>,
): Promise<number> {
  const config = await readConfig(terminal, options);
  const journal = new JournalBeside(config);
  try {
    return await use(contextsFor(terminal, config, journal));
  } finally {
    await journal.close();
  }
}

async function scriptText(terminal: Terminal, script: string | undefined): Promise<string> {
  const name = script ?? 'the standard input';
  let text: string;
  try {
    text = script === undefined ? await textOf(terminal.stdin) : await readFile(resolve(terminal.cwd, script), 'utf8');
  } catch (error) {
    throw new CommandError(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, 2);
  }
  if (text.length > MAX_SCRIPT_LENGTH)
    throw new CommandError(`${name} is longer than ${MAX_SCRIPT_LENGTH} characters: give it in parts.`, 2);
  return text;
}

/** As at the prompt: what stands behind a line that says `exit` is not run. */
const EXIT = /^[ \t]*(?:exit|quit)(?:[ \t]+(\d{1,3}))?[ \t]*;?[ \t]*\r?$/im;

/** Runs a text, and asks on the terminal where there is one. */
async function runHere(terminal: Terminal, contexts: Contexts, text: string): Promise<number> {
  const { stdin, stdout } = terminal;
  const person = stdin.isTTY && stdout.isTTY ? { confirm: (question: string) => ask(terminal, question) } : {};
  const exit = EXIT.exec(text);
  const lines = exit === null ? text : text.slice(0, exit.index);
  const isDone = await runText(lines, contexts(person), (output, errors) => {
    write(terminal, output, errors);
  });
  return isDone ? Number(exit?.[1] ?? 0) : 1;
}

async function ask(terminal: Terminal, question: string): Promise<boolean> {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stdout });
  try {
    return await answer((prompt) => lines.question(prompt), question);
  } finally {
    lines.close();
  }
}
