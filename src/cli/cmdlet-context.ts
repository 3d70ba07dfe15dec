import { existsSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { type Caller, type CmdletContext, type CmdletJournal, type Files, PERMISSIONS } from '../cmdlet/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import { openSqliteJournal } from '../journal/index.ts';
import type { Terminal } from './terminal.ts';

/** What cmdlets may work on when a person at the machine runs them. */

/** The system user: whoever may write the files may do all of it anyway. */
export function systemUser(): Caller {
  let name = 'unknown';
  try {
    name = userInfo().username;
  } catch {
    // A user id without a name, as containers have them.
  }
  return { name, by: 'command-line', source: 'local', permissions: new Set(PERMISSIONS), mailbox: null };
}

type Opened = Awaited<ReturnType<typeof openSqliteJournal>>;

/** The journal beside a running gateway, opened when a cmdlet first asks for something. */
export class JournalBeside implements CmdletJournal {
  readonly #open: () => Promise<Opened>;
  #journal: Promise<Opened> | null = null;

  constructor({ journal: { path }, node }: GatewayConfig) {
    this.#open = () => openSqliteJournal({ path, node, now: Date.now, mode: 'beside' });
  }

  /** A journal that could not be opened is tried again the next time. */
  #opened(): Promise<Opened> {
    this.#journal ??= this.#open().catch((error: unknown) => {
      this.#journal = null;
      throw error;
    });
    return this.#journal;
  }

  async intendAudit(...parameters: Parameters<CmdletJournal['intendAudit']>): Promise<void> {
    return (await this.#opened()).intendAudit(...parameters);
  }

  async completeAudit(...parameters: Parameters<CmdletJournal['completeAudit']>): Promise<void> {
    return (await this.#opened()).completeAudit(...parameters);
  }

  async audit(...parameters: Parameters<CmdletJournal['audit']>): ReturnType<CmdletJournal['audit']> {
    return (await this.#opened()).audit(...parameters);
  }

  async callPage(...parameters: Parameters<CmdletJournal['callPage']>): ReturnType<CmdletJournal['callPage']> {
    return (await this.#opened()).callPage(...parameters);
  }

  async report(...parameters: Parameters<CmdletJournal['report']>): ReturnType<CmdletJournal['report']> {
    return (await this.#opened()).report(...parameters);
  }

  async close(): Promise<void> {
    if (this.#journal !== null) await (await this.#journal).close();
    this.#journal = null;
  }
}

/** Files that a person at the machine may write, by paths from where they are. */
function filesIn(cwd: string): Files {
  return {
    async write(path, text, { append, keep }) {
      const file = resolve(cwd, path);
      try {
        if (append) await appendFile(file, text);
        else await writeFile(file, text, { flag: keep ? 'wx' : 'w' });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST') throw new Error(`The file '${path}' already exists (-NoClobber).`, { cause: error });
        throw new Error(`The file '${path}' could not be written (${code ?? String(error)}).`, { cause: error });
      }
    },
  };
}

/** Whether what is shown may be coloured: https://no-color.org. */
export function mayColour(env: Terminal['env'], stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Makes the context of one text, with who can be asked and who may stop it. */
export type Contexts = (person?: Pick<CmdletContext, 'confirm' | 'signal'>) => CmdletContext;

/** Contexts for all that a command runs. `journal` is to be closed by who made it. */
export function contextsFor(terminal: Terminal, config: GatewayConfig, journal: JournalBeside): Contexts {
  const { stdout, env, cwd } = terminal;
  const told = new Set<string>();
  const caller = systemUser();
  const files = filesIn(cwd);
  return (person = {}) => ({
    policyPath: config.policy,
    caller,
    // A gateway that has never started has none; it may start while a shell is open.
    journal: existsSync(config.journal.path) ? journal : null,
    now: Date.now,
    newId: uuidv7,
    files,
    told,
    display: { columns: stdout.isTTY && stdout.columns > 0 ? stdout.columns : null, colour: mayColour(env, stdout) },
    ...person,
  });
}
