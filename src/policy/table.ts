/**
 * A map from texts to numbers, in a few flat arrays: the loader's thread makes it, and it is handed over to main without
 * a copy, so that neither the hand-over nor the garbage collector ever holds main up. One key may have several values.
 */
export interface Table {
  /** All keys in UTF-16 units, one after the other: a string would be copied from thread to thread. */
  readonly keys: Uint16Array<ArrayBuffer>;
  /** Entry to the offset of its key; one more than there are entries. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** Entry to its value. */
  readonly values: Uint32Array<ArrayBuffer>;
  /** Bucket to its first entry, plus 1; as many buckets as a power of two. */
  readonly heads: Uint32Array<ArrayBuffer>;
  /** Entry to the next of its bucket, plus 1. */
  readonly next: Uint32Array<ArrayBuffer>;
}

/** FNV-1a, over UTF-16 units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

export function makeTable(entries: readonly (readonly [key: string, value: number])[]): Table {
  const starts = new Uint32Array(entries.length + 1);
  const values = new Uint32Array(entries.length);
  const next = new Uint32Array(entries.length);
  const heads = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(entries.length, 1) * 2)));
  let length = 0;
  entries.forEach(([key, value], entry) => {
    length += key.length;
    starts[entry + 1] = length;
    values[entry] = value;
  });
  // From the last, so that the entries of one key come out in the order in which they went in.
  for (let entry = entries.length - 1; entry >= 0; entry -= 1) {
    const bucket = hashOf(entries[entry]?.[0] ?? '') & (heads.length - 1);
    next[entry] = heads[bucket] ?? 0;
    heads[bucket] = entry + 1;
  }
  const keys = new Uint16Array(length);
  entries.forEach(([key], entry) => {
    const start = starts[entry] ?? 0;
    for (let at = 0; at < key.length; at += 1) keys[start + at] = key.charCodeAt(at);
  });
  return { keys, starts, values, heads, next };
}

function hasAt(keys: Uint16Array, key: string, start: number): boolean {
  for (let at = 0; at < key.length; at += 1) if (keys[start + at] !== key.charCodeAt(at)) return false;
  return true;
}

/** The first entry of this key from `entry` (as `heads` and `next` have it) on, plus 1; 0 where there is none. */
function sameKey({ keys, starts, next }: Table, key: string, from: number): number {
  let entry = from;
  while (entry !== 0) {
    const start = starts[entry - 1] ?? 0;
    if ((starts[entry] ?? 0) - start === key.length && hasAt(keys, key, start)) return entry;
    entry = next[entry - 1] ?? 0;
  }
  return 0;
}

/** Every entry of a key in turn: `for (let e = firstEntry(t, k); e !== 0; e = nextEntry(t, k, e)) valueOf(t, e)`. */
export function firstEntry(table: Table, key: string): number {
  return sameKey(table, key, table.heads[hashOf(key) & (table.heads.length - 1)] ?? 0);
}

export function nextEntry(table: Table, key: string, entry: number): number {
  return sameKey(table, key, table.next[entry - 1] ?? 0);
}

export function valueOf(table: Table, entry: number): number {
  return table.values[entry - 1] ?? 0;
}

export function buffersOf({ keys, starts, values, heads, next }: Table): ArrayBuffer[] {
  return [keys.buffer, starts.buffer, values.buffer, heads.buffer, next.buffer];
}
