import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { PolicyVersion } from './change.ts';
import { codeOf, type FileIdentity, writeDurably } from './file.ts';
import { KEPT_VERSIONS, MAX_VERSIONS_BYTES } from './limits.ts';
import { versionOf } from './load.ts';

/**
 * The file's last versions, each as a whole file in a directory beside it (`policy.versions/`): a name has the time, the
 * version and who made it, so that `ls`, `diff` and `cp` are enough. Synchronous: the loader's thread does this, or a command.
 */

interface KeptVersion extends PolicyVersion {
  readonly file: string;
}

/** `20261124T001233123Z-0123456789ab-alice.yaml`; who made it is URL-encoded, and absent where nobody knows. */
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-([0-9a-f]{12})(?:-(.+))?\.yaml$/;
/** Of who made it, encoded: a name of a file has 255 bytes. */
const MAX_ENCODED_BY = 150;

export function versionsFolder(target: string): string {
  return join(dirname(target), `${basename(target, extname(target))}.versions`);
}

function decoded(by: string | undefined): string | null {
  if (by === undefined) return null;
  try {
    return decodeURIComponent(by);
  } catch {
    return by;
  }
}

function encoded(by: string): string {
  const characters = Array.from(by.toWellFormed()).slice(0, MAX_ENCODED_BY);
  while (encodeURIComponent(characters.join('')).length > MAX_ENCODED_BY) characters.pop();
  return encodeURIComponent(characters.join(''));
}

function versionOfName(name: string): Omit<KeptVersion, 'bytes' | 'file'> | null {
  const match = NAME.exec(name);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, ms, version = '', by] = match;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(at) ? null : { at, version, by: decoded(by) };
}

/** Newest first; files of other names are nobody's. */
function keptVersions(target: string): KeptVersion[] {
  const folder = versionsFolder(target);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  const found = names.flatMap((name): KeptVersion[] => {
    const version = versionOfName(name);
    if (version === null) return [];
    const file = join(folder, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() === true ? [{ ...version, bytes: stat.size, file }] : [];
  });
  return found.toSorted((a, b) => b.at - a.at);
}

export function listVersions(target: string): PolicyVersion[] {
  return keptVersions(target).map(({ version, at, by, bytes }) => ({ version, at, by, bytes }));
}

/** The text of a version; null where it is not kept, or is no longer what it was. */
export function readVersion(target: string, version: string): string | null {
  for (const kept of keptVersions(target)) {
    if (kept.version !== version) continue;
    const text = readFileSync(kept.file, 'utf8');
    if (versionOf(text) === version) return text;
  }
  return null;
}

function makeFolder(target: string, { mode, uid, gid }: FileIdentity): string {
  const folder = versionsFolder(target);
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return folder;
    throw error;
  }
  // Whoever may read the file may list its versions.
  const readers = Number(mode) & 0o044;
  chmodSync(folder, 0o700 | readers | (readers >> 2));
  const made = statSync(folder, { bigint: true });
  if (made.uid !== uid || made.gid !== gid) chownSync(folder, Number(uid), Number(gid));
  return folder;
}

/**
 * Takes away what is too much, from whoever has made the most versions the oldest one: a user who switches all day, or a script,
 * takes nobody else's versions away. The newest stays.
 */
function prune(target: string, keep: number): void {
  const versions = keptVersions(target);
  let bytes = versions.reduce((sum, version) => sum + version.bytes, 0);
  const counts = new Map<string | null, number>();
  for (const { by } of versions) counts.set(by, (counts.get(by) ?? 0) + 1);
  while (versions.length > 1 && (versions.length > keep || bytes > MAX_VERSIONS_BYTES)) {
    const [newest, ...older] = versions;
    const most = Math.max(...older.map(({ by }) => counts.get(by) ?? 0));
    const gone = older.findLast(({ by }) => counts.get(by) === most);
    if (newest === undefined || gone === undefined) return;
    versions.splice(versions.indexOf(gone), 1);
    counts.set(gone.by, most - 1);
    bytes -= gone.bytes;
    rmSync(gone.file, { force: true });
  }
}

export interface VersionToKeep {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by: string | null;
  /** The file that it is a version of: owner and mode are the same. */
  readonly like: FileIdentity;
  readonly keep: number | undefined;
}

const nothing = (): void => undefined;

/**
 * Keeps a version as the newest, where it is not that already.
 * @returns what takes it away again
 */
export function keepVersion(target: string, { text, at, by, like, keep = KEPT_VERSIONS }: VersionToKeep): () => void {
  if (keep <= 0) return nothing;
  const version = versionOf(text);
  const [newest] = keptVersions(target);
  if (newest?.version === version) return nothing;
  const folder = makeFolder(target, like);
  // Their order is that in which they held, whatever the clock does.
  const time = new Date(Math.max(at, (newest?.at ?? 0) + 1)).toISOString().replace(/[-:.]/g, '');
  const maker = by === null ? '' : `-${encoded(by)}`;
  const file = join(folder, `${time}-${version}${maker}.yaml`);
  const temporary = join(folder, `.${version}.new`);
  rmSync(temporary, { force: true });
  try {
    writeDurably(temporary, text, like);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  prune(target, keep);
  return () => rmSync(file, { force: true });
}
