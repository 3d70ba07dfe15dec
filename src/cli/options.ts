import { InvalidArgumentError } from 'commander';

/** What a table of the newest says where there are more. */
export const OLDER = 'There are older ones: --limit N shows more.\n';

/** Longer waits overflow the timers of Node.js. */
const MAX_MS = 2 ** 31 - 1;

/** A time in milliseconds. */
export function milliseconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MAX_MS) {
    throw new InvalidArgumentError('It must be whole milliseconds from 1 on, without a unit.');
  }
  return value;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}
