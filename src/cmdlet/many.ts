import type { Call } from './types.ts';

/** Work on many objects that leaves room for others between them. */

type Breathing = Pick<Call, 'breathe'>;

/** Objects that are sorted at once. */
const SORTED_AT_ONCE = 1_000;
/** Steps of a merge between two breaths. */
const MERGED_AT_ONCE = 256;

export async function mapped<From, To>(
  items: Iterable<From>,
  change: (item: From) => To,
  { breathe }: Breathing,
): Promise<To[]> {
  const changed: To[] = [];
  for (const item of items) {
    await breathe();
    changed.push(change(item));
  }
  return changed;
}

async function merged<Item>(
  left: readonly Item[],
  right: readonly Item[],
  order: (a: Item, b: Item) => number,
  { breathe }: Breathing,
): Promise<Item[]> {
  const all: Item[] = [];
  let [a, b] = [0, 0];
  while (a < left.length || b < right.length) {
    if (all.length % MERGED_AT_ONCE === 0) await breathe();
    const [one, other] = [left[a], right[b]];
    // What is equal stays in its order.
    if (other === undefined || (one !== undefined && order(one, other) <= 0)) {
      if (one !== undefined) all.push(one);
      a += 1;
    } else {
      all.push(other);
      b += 1;
    }
  }
  return all;
}

/** Stable. */
export async function sorted<Item>(
  items: readonly Item[],
  order: (a: Item, b: Item) => number,
  breathing: Breathing,
): Promise<Item[]> {
  let runs: Item[][] = [];
  for (let at = 0; at < items.length; at += SORTED_AT_ONCE) {
    await breathing.breathe();
    runs.push(items.slice(at, at + SORTED_AT_ONCE).toSorted(order));
  }
  while (runs.length > 1) {
    const next: Item[][] = [];
    for (let at = 0; at < runs.length; at += 2)
      next.push(await merged(runs[at] ?? [], runs[at + 1] ?? [], order, breathing));
    runs = next;
  }
  return runs[0] ?? [];
}
