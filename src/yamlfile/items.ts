import { isDeepStrictEqual } from 'node:util';

/** How one list becomes another, by positions in the first. */
export interface ItemChanges {
  readonly changed: ReadonlyMap<number, unknown>;
  readonly removed: ReadonlySet<number>;
  /** Behind this position, -1: before all others. */
  readonly inserted: ReadonlyMap<number, readonly unknown[]>;
}

/** Of longer lists than this (their product) only the same beginning and end are kept. */
const MAX_COMPARISONS = 100_000;

/** The positions of a longest common subsequence, in pairs. */
function commonItems(before: readonly unknown[], after: readonly unknown[]): [number, number][] {
  if (before.length * after.length > MAX_COMPARISONS) return [];
  const width = after.length + 1;
  // From this position of one and that of the other on: how many they have in common.
  const lengths = new Uint32Array((before.length + 1) * width);
  const lengthAt = (a: number, b: number): number => lengths[a * width + b] ?? 0;
  for (let a = before.length - 1; a >= 0; a -= 1) {
    for (let b = after.length - 1; b >= 0; b -= 1) {
      lengths[a * width + b] = isDeepStrictEqual(before[a], after[b])
        ? lengthAt(a + 1, b + 1) + 1
        : Math.max(lengthAt(a + 1, b), lengthAt(a, b + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let a = 0, b = 0; a < before.length && b < after.length;) {
    if (isDeepStrictEqual(before[a], after[b])) {
      pairs.push([a, b]);
      a += 1;
      b += 1;
    } else if (lengthAt(a + 1, b) >= lengthAt(a, b + 1)) a += 1;
    else b += 1;
  }
  return pairs;
}

/** What is the same stays; what stands in another's place takes its place. */
export function changedItems(before: readonly unknown[], after: readonly unknown[]): ItemChanges {
  let start = 0;
  while (start < before.length && start < after.length && isDeepStrictEqual(before[start], after[start])) start += 1;
  let tail = 0;
  while (
    tail < Math.min(before.length, after.length) - start &&
    isDeepStrictEqual(before[before.length - 1 - tail], after[after.length - 1 - tail])
  )
    tail += 1;
  const common = commonItems(before.slice(start, before.length - tail), after.slice(start, after.length - tail));
  const anchors = common.map(([a, b]) => [a + start, b + start] as const);
  anchors.push([before.length - tail, after.length - tail]);
  const changed = new Map<number, unknown>();
  const removed = new Set<number>();
  const inserted = new Map<number, readonly unknown[]>();
  let [a, b] = [start, start];
  for (const [nextA, nextB] of anchors) {
    for (; a < nextA && b < nextB; a += 1, b += 1) changed.set(a, after[b]);
    for (; a < nextA; a += 1) removed.add(a);
    if (b < nextB) inserted.set(a - 1, after.slice(b, nextB));
    [a, b] = [nextA + 1, nextB + 1];
  }
  return { changed, removed, inserted };
}
