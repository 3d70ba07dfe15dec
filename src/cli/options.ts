import { InvalidArgumentError } from 'commander';

/** What a table of the newest says where there are more. */
export const OLDER = 'There are older ones: --limit N shows more.\n';

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}
