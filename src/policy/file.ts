import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { type FileRefusal, fileProblem, readRegularFile } from '../yamlfile/index.ts';
import { MAX_POLICY_BYTES } from './limits.ts';
import { fileTooLarge } from './load.ts';
import type { PolicyProblem } from './types.ts';

/** Reads and replaces the file. Reading and writing are synchronous: the loader's thread does them, or a command. */

/** A file that is being written is read again so often, so far apart. */
const MAX_READS = 10;
const BETWEEN_READS_MS = 100;
/** How long an edit waits for another one to end. */
const LOCK_WAIT_MS = 5_000;
const BETWEEN_LOCK_TRIES_MS = 50;
/** An edit of the largest file takes a tenth of this: whoever made the lock is gone. */
export const LOCK_STALE_MS = 120_000;

/** The file as it was read, and what tells whether it is still so. */
export interface PolicyText {
  readonly text: string;
  /** Behind symbolic links. */
  readonly target: string;
  readonly identity: FileIdentity;
}

export interface FileIdentity {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly mode: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
}

function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

const pause = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number): void => void Atomics.wait(pause, 0, 0, ms);

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function readProblem(error: unknown): PolicyProblem {
  const code = codeOf(error);
  if (error instanceof TypeError) return fileProblem('the file is not UTF-8', 'Save it as UTF-8.');
  if (code === 'ENOENT') return fileProblem('the file does not exist', 'Restore it, or correct the path.');
  if (code === 'EACCES') return fileProblem('the file may not be read', 'Give the gateway’s user read access to it.');
  const words = error instanceof Error ? error.message : String(error);
  return fileProblem(`the file cannot be read: ${words}`, 'Correct this and save the file again.');
}

function refusal(kind: FileRefusal): PolicyProblem {
  switch (kind) {
    case 'directory':
      return fileProblem('this is a directory', 'Name the file in it.');
    case 'special':
      return fileProblem('this is a pipe or a device', 'Put an ordinary file in its place.');
    case 'too large':
      return fileTooLarge();
  }
}

/** The whole file as it was at one moment, or null where it was written meanwhile. */
function readWhole(path: string): PolicyText | PolicyProblem | null {
  const target = realpathSync(path);
  const read = readRegularFile(target, MAX_POLICY_BYTES);
  if (typeof read === 'string') return refusal(read);
  const { bytes, before, after } = read;
  if (!sameFile(before, after)) return null;
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  return { text, target, identity: after };
}

/** Never throws. */
export function readPolicyFile(path: string): PolicyText | PolicyProblem {
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    if (reads > 0) sleep(BETWEEN_READS_MS);
    try {
      const read = readWhole(path);
      if (read !== null) return read;
    } catch (error) {
      return readProblem(error);
    }
  }
  return fileProblem('the file is being written all the time', 'Save it once, whole.');
}

/** Removes a lock that its maker left behind. */
function breakStaleLock(lock: string): void {
  const seen = statSync(lock, { bigint: true });
  if (Date.now() - Number(seen.mtimeMs) < LOCK_STALE_MS) return;
  const aside = `${lock}.stale`;
  renameSync(lock, aside);
  // Two may have seen the same stale lock: the second has moved the first's new one, and puts it back.
  if (!sameFile({ ...seen, ctimeNs: 0n }, { ...statSync(aside, { bigint: true }), ctimeNs: 0n })) linkSync(aside, lock);
  rmSync(aside, { force: true });
}

/** Tries once. */
function takeLock(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Runs `change` while no other edit of this file runs, in this process or another. Waiting holds nobody up.
 * @returns null where another edit held the file for longer than `waitMs`
 */
export async function withLock<Result>(
  target: string,
  change: () => Promise<Result>,
  waitMs = LOCK_WAIT_MS,
): Promise<Result | null> {
  const lock = `${target}.lock`;
  const deadline = Date.now() + waitMs;
  while (!takeLock(lock)) {
    if (Date.now() >= deadline) return null;
    try {
      breakStaleLock(lock);
    } catch (error) {
      // It was released meanwhile.
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
    }
    await later(BETWEEN_LOCK_TRIES_MS);
  }
  try {
    return await change();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** A new file with this text, like another in owner and mode, that a crash does not take away. */
export function writeDurably(path: string, text: string, like: FileIdentity): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    const made = fstatSync(file, { bigint: true });
    if (made.uid !== like.uid || made.gid !== like.gid) fchownSync(file, Number(like.uid), Number(like.gid));
    fchmodSync(file, Number(like.mode & 0o7777n));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Puts a new text in the file's place, whole or not at all, durable when it returns. Owner, mode and symbolic links stay.
 * To be called under the lock.
 * @returns false where the file is no longer the one that was read; nothing has been changed then
 */
export function replacePolicyFile({ target, identity }: PolicyText, text: string): boolean {
  const directory = dirname(target);
  const temporary = join(directory, `.${basename(target)}.new`);
  // One that a crash has left: under the lock it is nobody's.
  rmSync(temporary, { force: true });
  try {
    writeDurably(temporary, text, identity);
    if (!sameFile(identity, statSync(target, { bigint: true }))) return false;
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
  const opened = openSync(directory, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  return true;
}
