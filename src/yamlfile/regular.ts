import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;

/** Why nothing was read: it is a directory, a pipe or a device, or it has more bytes than are taken. */
export type FileRefusal = 'directory' | 'special' | 'too large';

export interface FileBytes {
  readonly bytes: Buffer;
  /** The file's state before and after it was read: where they differ, somebody wrote it meanwhile. */
  readonly before: BigIntStats;
  readonly after: BigIntStats;
}

/**
 * Reads a regular file, also behind symbolic links, and never waits: a pipe that nobody writes to would hold its reader
 * for ever. At most `maxBytes` + 1 are read, whatever the file system says of its size (/proc says 0).
 * @throws what `openSync` and `readSync` throw
 */
export function readRegularFile(path: string, maxBytes: number): FileBytes | FileRefusal {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const before = fstatSync(file, { bigint: true });
    if (before.isDirectory()) return 'directory';
    if (!before.isFile()) return 'special';
    if (before.size > BigInt(maxBytes)) return 'too large';
    const bytes = readAtMost(file, Number(before.size), maxBytes + 1);
    if (bytes.length > maxBytes) return 'too large';
    return { bytes, before, after: fstatSync(file, { bigint: true }) };
  } finally {
    closeSync(file);
  }
}

function readAtMost(file: number, expected: number, most: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  for (let next = expected + 1; total < most; next = CHUNK_BYTES) {
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(next, CHUNK_BYTES), most - total));
    const count = readSync(file, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, total);
}
