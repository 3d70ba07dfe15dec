import { chmodSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mayBeRemembered } from '../cmdlet/index.ts';
import type { Terminal } from './terminal.ts';

/** What was typed at the prompt, kept for the next time: in the user's home, for the user alone, without secrets. */

/** Lines that are kept. */
export const MAX_HISTORY = 1_000;
/** Longer lines are not. */
const MAX_LINE = 2_000;

/** Null: the user has no home, and nothing is kept. */
export function historyFile({ env }: Pick<Terminal, 'env'>): string | null {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  return home === '' ? null : join(home, '.mcg_history');
}

/** Newest first, as the prompt wants it. */
export async function readHistory(path: string): Promise<string[]> {
  try {
    const text = await readFile(path, 'utf8');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-MAX_HISTORY)
      .toReversed();
  } catch {
    // There is none yet, or it is not ours to read.
    return [];
  }
}

/** @param lines newest first */
export function saveHistory(path: string, lines: readonly string[]): void {
  const kept = lines
    .filter((line) => line.length <= MAX_LINE && !line.includes('\n') && mayBeRemembered(line))
    .slice(0, MAX_HISTORY)
    .toReversed();
  try {
    writeFileSync(path, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    chmodSync(path, 0o600);
  } catch {
    // A shell without a history is a shell all the same.
  }
}
