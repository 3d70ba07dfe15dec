import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig, type GatewayConfig } from '../config/index.ts';
import { type AdminJournal, JournalError, openSqliteJournal, type Journal } from '../journal/index.ts';
import { problemLines } from '../yamlfile/index.ts';
import { CommandError, type Terminal } from './terminal.ts';

export const DEFAULT_CONFIG = 'sip-config/gateway.yaml';

export interface ConfigOption {
  readonly config: string;
}

/** Gives a command its `--config FILE`. */
export function withConfig(command: Command): Command {
  return command.option('--config <file>', 'the gateway’s configuration', DEFAULT_CONFIG);
}

/** Reads gateway.yaml, or ends the command with every mistake in it. */
export async function readConfig(terminal: Terminal, options: ConfigOption): Promise<GatewayConfig> {
  const path = resolve(terminal.cwd, options.config);
  const loaded = await loadConfig(path, terminal.env);
  if (loaded.ok) return loaded.config;
  throw new CommandError(`The configuration cannot be used:\n${problemLines(path, loaded.problems).join('\n')}`, 2);
}

/**
 * What its reader types for a command about the same gateway.
 * @param path of its gateway.yaml, absolute
 */
export function commandLine(terminal: Terminal, path: string, command: string): string {
  return `npm run -s mcg -- ${command}${configFlag(terminal, path)}`;
}

/** ` --config FILE` for a command line; nothing where that is the default. */
export function configFlag({ cwd }: Terminal, path: string): string {
  const seen = relative(cwd, path);
  if (seen === DEFAULT_CONFIG) return '';
  const shown = seen.startsWith('..') ? path : seen;
  return ` --config ${/^[\w./~+@%-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`}`;
}

/** Opens the journal beside a running gateway for as long as `use` takes. What the journal refuses ends the command. */
export async function withJournal<T>(
  terminal: Terminal,
  options: ConfigOption,
  use: (journal: Journal & AdminJournal) => Promise<T>,
): Promise<T> {
  const config = await readConfig(terminal, options);
  const { path } = config.journal;
  try {
    const journal = await openSqliteJournal({ path, node: config.node, now: Date.now, mode: 'beside' });
    try {
      return await use(journal);
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (error instanceof JournalError) throw new CommandError(sentence(error.message));
    throw error;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
