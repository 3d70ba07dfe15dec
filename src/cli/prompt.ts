import { createInterface, type Interface } from 'node:readline/promises';
import { loadPolicyFile } from '../policy/index.ts';
import { complete, isComplete, runText } from '../cmdlet/index.ts';
import { mayColour, type Contexts } from './cmdlet-context.ts';
import { historyFile, MAX_HISTORY, readHistory, saveHistory } from './history.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** The prompt of `mcg shell`: lines with history and completion, until `exit` or Ctrl-D. */

const PROMPT = 'mcg> ';
const MORE = '>> ';
const WELCOME = 'Get-Help lists the cmdlets, Tab completes, exit leaves.\n';
const CHOICES = '[Y] Yes  [N] No  (default is "Y"): ';

const [RED, YELLOW, PLAIN] = ['\u001b[31m', '\u001b[33m', '\u001b[0m'];

/** Errors are red, and warnings yellow, where they are seen. */
export function write({ stdout, stderr, env }: Terminal, output: string, errors: string): void {
  if (output !== '') stdout.write(output);
  if (errors === '') return;
  if (!mayColour(env, stderr)) stderr.write(errors);
  else stderr.write(errors.replaceAll(/.+/g, (line) => (line.startsWith('WARNING: ') ? YELLOW : RED) + line + PLAIN));
}

/** PowerShell's question, asked until it is answered. */
export async function answer(ask: (prompt: string) => Promise<string>, question: string): Promise<boolean> {
  let prompt = `\nConfirm\n${question}\n${CHOICES}`;
  for (;;) {
    const given = (await ask(prompt)).trim();
    if (/^(?:y|yes|a)?$/i.test(given)) return true;
    if (/^(?:n|no|l)$/i.test(given)) return false;
    prompt = CHOICES;
  }
}

/** Completes from the policy file as it is now; where that is broken, names are not completed. */
function completer(policyPath: string, typedBefore: () => string) {
  const policyNow = () => {
    const loaded = loadPolicyFile(policyPath);
    if (loaded.ok) return loaded.policy;
    throw new CommandError('The policy file has mistakes.');
  };
  return (line: string): [string[], string] => {
    const before = typedBefore();
    const { candidates, from } = complete(before + line, policyNow);
    const [only] = candidates;
    const typed = line.slice(Math.max(0, from - before.length));
    return [only !== undefined && candidates.length === 1 ? [`${only} `] : [...candidates], typed];
  };
}

/** `exit`, `exit 3`; null: it is another line. */
function exitOf(line: string, last: number): number | null {
  const found = /^\s*(?:exit|quit)(?:\s+(\d{1,3}))?\s*;?\s*$/i.exec(line);
  if (found === null) return null;
  return found[1] === undefined ? last : Number(found[1]) % 256;
}

class Prompt {
  readonly #terminal: Terminal;
  readonly #contexts: Contexts;
  readonly #lines: Interface;
  readonly #history: string | null;
  /** Lines of a command that is not complete yet. */
  #open = '';
  #running: AbortController | null = null;
  #exitCode = 0;

  constructor(terminal: Terminal, contexts: Contexts, history: string | null, remembered: string[]) {
    this.#terminal = terminal;
    this.#contexts = contexts;
    this.#history = history;
    this.#lines = createInterface({
      input: terminal.stdin,
      output: terminal.stdout,
      terminal: true,
      history: remembered,
      historySize: MAX_HISTORY,
      removeHistoryDuplicates: true,
      completer: completer(contexts().policyPath, () => this.#open),
    });
  }

  async run(): Promise<number> {
    const lines = this.#lines;
    lines.on('SIGINT', () => this.#interrupt());
    lines.on('history', (kept) => {
      if (this.#history !== null) saveHistory(this.#history, kept);
    });
    this.#terminal.stdout.write(WELCOME);
    this.#ask();
    for await (const line of lines) {
      const text = `${this.#open}${line}\n`;
      const code = this.#open === '' ? exitOf(line, this.#exitCode) : null;
      if (code !== null) {
        lines.close();
        return code;
      }
      // An empty line ends what would otherwise wait for ever.
      if (!isComplete(text) && line.trim() !== '') this.#open = text;
      else {
        this.#open = '';
        await this.#runText(text);
      }
      this.#ask();
    }
    this.#terminal.stdout.write('\n');
    return this.#exitCode;
  }

  #ask(): void {
    this.#lines.setPrompt(this.#open === '' ? PROMPT : MORE);
    this.#lines.prompt();
  }

  async #runText(text: string): Promise<void> {
    if (text.trim() === '') return;
    const running = new AbortController();
    this.#running = running;
    const confirm = (question: string): Promise<boolean> =>
      answer((prompt) => this.#lines.question(prompt, { signal: running.signal }), question).catch(() => false);
    const context = this.#contexts({ confirm, signal: running.signal });
    const isDone = await runText(text, context, (output, errors) => {
      write(this.#terminal, output, errors);
    });
    this.#running = null;
    this.#exitCode = isDone ? 0 : 1;
  }

  /** Ctrl-C: stops what runs, or takes back what was typed. */
  #interrupt(): void {
    if (this.#running !== null) {
      this.#running.abort();
      return;
    }
    this.#open = '';
    this.#terminal.stdout.write('^C\n');
    // Ctrl-E, Ctrl-U: to the end of the line, and away with it.
    this.#lines.write(null, { ctrl: true, name: 'e' });
    this.#lines.write(null, { ctrl: true, name: 'u' });
    this.#ask();
  }
}

/** @returns the exit code: that of `exit N`, or of the last command */
export async function runPrompt(terminal: Terminal, contexts: Contexts): Promise<number> {
  const history = historyFile(terminal);
  return new Prompt(terminal, contexts, history, history === null ? [] : await readHistory(history)).run();
}
