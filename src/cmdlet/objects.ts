import { CmdletError } from './errors.ts';
import { didYouMean } from './suggest.ts';

/** What a property holds: typed, so that it can be compared and sorted; texts are made of it at the end only. */
export type Value = string | number | boolean | null | Date | readonly Value[] | { readonly [name: string]: Value };

/** What goes through a pipeline. */
export interface ShellObject {
  /** `UMMailboxPolicy`. */
  readonly type: string;
  /** What a cmdlet behind the pipe takes for its -Identity; null: it is no such object. */
  readonly identity: string | null;
  readonly properties: Readonly<Record<string, Value>>;
  /** The properties that a table shows where none are named; all of them where it is left out. */
  readonly view?: readonly string[];
}

/** Lines for the screen (Format-Table): nothing can be done with them any more. */
export interface Formatted {
  readonly formatted: readonly string[];
}

export type Scalar = string | number | boolean | Date;
export type Item = ShellObject | Formatted | Scalar;

export const isObject = (item: Item): item is ShellObject => typeof item === 'object' && 'properties' in item;
export const isFormatted = (item: Item): item is Formatted => typeof item === 'object' && 'formatted' in item;

/** The property's own name, of one that was written in any case; null: it has none of this name. */
export function propertyName(item: ShellObject, written: string): string | null {
  if (Object.hasOwn(item.properties, written)) return written;
  const wanted = written.toLowerCase();
  return Object.keys(item.properties).find((name) => name.toLowerCase() === wanted) ?? null;
}

/** @throws CmdletError where it has none of this name: PowerShell's silent nothing makes conditions hold that nobody meant */
export function propertyOf(item: ShellObject, written: string): Value {
  const name = propertyName(item, written);
  if (name !== null) return item.properties[name] ?? null;
  const known = Object.keys(item.properties);
  const meant = didYouMean(written, known);
  throw new CmdletError(
    `${item.type} has no property '${written}'.${meant === '' ? ` It has ${known.join(', ')}.` : meant}`,
  );
}

export const isRecord = (value: Value): value is { readonly [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** Times as people and sheets read them: UTC, to the second. */
export const timeText = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

/** A value as tables and lists show it. */
export function shown(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value instanceof Date) return timeText(value);
  if (isList(value)) return `{${value.map(shown).join(', ')}}`;
  if (isRecord(value)) {
    const parts = Object.entries(value).map(([name, part]) => `${name}=${shown(part)}`);
    return `@{${parts.join('; ')}}`;
  }
  return String(value);
}
