import { resolve } from 'node:path';
import { type Mistake, type Path, readRegularFile } from '../yamlfile/index.ts';

/** Secrets and certificates are small. */
export const MAX_SECRET_BYTES = 64 * 1024;

/** Keys whose value names a file that is read here: `xFile`, and the authority of a mail server. */
const FILE_KEYS = new Set<unknown>(['passwordFile', 'secretFile', 'eventTokenFile', 'clientSecretFile', 'ca']);
/** The same within `sip.tls` and `admin`. */
const TLS_FILE_KEYS = new Set<unknown>(['certificate', 'keyFile', 'clientCa', 'serverCa']);

function namesFile(path: Path): boolean {
  const key = path.at(-1);
  return (
    FILE_KEYS.has(key) || ((path[0] === 'admin' || (path[0] === 'sip' && path[1] === 'tls')) && TLS_FILE_KEYS.has(key))
  );
}

export interface SecretFiles {
  /** The contents without the last line break; null where the file could not be read, which `mistakes` tells. */
  read(file: string): string | null;
  mistakes(written: unknown): Mistake[];
}

/**
 * Files that gateway.yaml names, read once each, relative to its folder. Synchronous: they are a handful of small files,
 * read when a program starts.
 */
export function secretFiles(folder: string): SecretFiles {
  const known = new Map<string, string | Error>();
  const contents = (file: string): string | Error => {
    const path = resolve(folder, file);
    let found = known.get(path);
    if (found === undefined) {
      found = readSmall(path);
      known.set(path, found);
    }
    return found;
  };
  return {
    read(file) {
      const found = contents(file);
      return typeof found === 'string' ? found : null;
    },
    mistakes(written) {
      return references(written, []).flatMap(({ path, file }): Mistake[] => {
        const found = contents(file);
        if (typeof found === 'string') return [];
        const remedy = `Paths are relative to this file; this one is ${resolve(folder, file)}.`;
        return [{ path, message: `${JSON.stringify(file)} ${found.message}`, remedy }];
      });
    },
  };
}

function readSmall(path: string): string | Error {
  try {
    const read = readRegularFile(path, MAX_SECRET_BYTES);
    if (read === 'too large') return new Error(`is larger than ${MAX_SECRET_BYTES} bytes`);
    if (typeof read === 'string') return new Error('is not a file');
    const text = read.bytes.toString('utf8').replace(/\r?\n$/, '');
    return text === '' ? new Error('is empty') : text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') return new Error('does not exist');
    if (code === 'EACCES') return new Error('may not be read by this user');
    return new Error(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function references(value: unknown, path: Path): { path: Path; file: string }[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => references(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const at = [...path, key];
    return namesFile(at) && typeof inner === 'string' ? [{ path: at, file: inner }] : references(inner, at);
  });
}
