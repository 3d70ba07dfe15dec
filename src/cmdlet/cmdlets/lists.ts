import { CmdletError } from '../errors.ts';
import type { Bound } from '../language/bound.ts';

const same = (a: string) => (b: string) => a.toLowerCase() === b.toLowerCase();

/** A list parameter: in whole, or by what is added and removed; undefined: it was not given. @throws CmdletError */
export function changedList(bound: Bound, parameter: string, before: readonly string[]): string[] | undefined {
  const whole = bound.texts(parameter);
  if (whole !== undefined) return [...whole];
  const change = bound.listChange(parameter);
  if (change === undefined) return undefined;
  const missing = change.remove.find((value) => !before.some(same(value)));
  if (missing !== undefined)
    throw new CmdletError(`${parameter} has no '${missing}' to remove. It has ${before.join(', ') || 'none'}.`);
  const kept = before.filter((value) => !change.remove.some(same(value)));
  return [...kept, ...change.add.filter((value) => !kept.some(same(value)))];
}
