import { expect, it } from 'vitest';
import { bounded, MAX_ROWS } from '../../src/journal/sqlite/reads.ts';

it.each([
  [0, 0],
  [100, 100],
  [MAX_ROWS, MAX_ROWS],
  [MAX_ROWS + 1, MAX_ROWS],
  [Number.MAX_SAFE_INTEGER, MAX_ROWS],
  [-1, 0],
])('a list asked for %d rows has at most %d', (asked, given) => {
  expect(bounded(asked)).toBe(given);
});
