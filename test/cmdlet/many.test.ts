import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { mapped, sorted } from '../../src/cmdlet/many.ts';

const breathing = { breathe: (): Promise<void> => Promise.resolve() };

it('many are sorted as few are, and what is equal stays in its order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 50 }), async (count, spread) => {
      const items = Array.from({ length: count }, (_, at) => ({ at, key: (at * 7_919) % spread }));
      const order = (a: { key: number }, b: { key: number }): number => a.key - b.key;
      expect(await sorted(items, order, breathing)).toEqual(items.toSorted(order));
    }),
    { numRuns: 20 },
  );
});

it('each is worked on once, in order', async () => {
  expect(await mapped(new Set([1, 2, 3]), (one) => one * 2, breathing)).toEqual([2, 4, 6]);
});
