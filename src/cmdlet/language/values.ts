import { CmdletError } from '../errors.ts';
import type { Parameter } from '../types.ts';
import { didYouMean } from '../suggest.ts';
import type { BoundValue } from './bound.ts';
import type { Argument, Word } from './syntax.ts';

/** An argument as its parameter's type, or PowerShell's words for why it is none. */

const TYPE_NAMES = {
  switch: 'System.Management.Automation.SwitchParameter',
  boolean: 'System.Boolean',
  text: 'System.String',
  integer: 'System.Int32',
  choice: 'System.Enum',
  texts: 'Microsoft.Exchange.Data.MultiValuedProperty',
  time: 'System.DateTime',
  name: 'System.String',
  script: 'System.Management.Automation.ScriptBlock',
  value: 'System.Object',
} as const;

export const typeName = ({ type }: Parameter): string => TYPE_NAMES[type.kind];

/** What a POSIX shell made of `$false` in double quotes is nothing. */
export function eatenHint({ name, type }: Parameter): string {
  const written = type.kind === 'switch' ? `-${name}:$false` : `-${name} $false`;
  return ` Write $true or $false after it. If you did, your shell took it away: put '$false' in single quotes, or the whole command, as in mcg shell -c 'Set-UMMailboxPolicy … ${written}'; 0 and 1 need none.`;
}

function unconvertible(parameter: Parameter, text: string, why: string): CmdletError {
  return new CmdletError(
    `Cannot process argument transformation on parameter '${parameter.name}'. Cannot convert value "${text}" to type "${typeName(parameter)}".${why}`,
  );
}

function nothing(parameter: Parameter, what: 'null' | 'an empty string'): CmdletError {
  return new CmdletError(`Cannot bind argument to parameter '${parameter.name}' because it is ${what}.`);
}

function booleanOf(parameter: Parameter, { value, text }: Word): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value) !== 0;
  const meant = /^-?\$?(true|false)$/i.exec(text)?.[1];
  const hint =
    value === '' ? eatenHint(parameter) : meant === undefined ? '' : ` Did you mean $${meant.toLowerCase()}?`;
  throw unconvertible(
    parameter,
    text,
    ` Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0 instead.${hint}`,
  );
}

function integerOf(parameter: Parameter, text: string, min: number, max: number, unlimited: boolean): BoundValue {
  if (unlimited && text.toLowerCase() === 'unlimited') return 'Unlimited';
  if (!/^[-+]?\d+$/.test(text))
    throw unconvertible(parameter, text, ` Write a whole number${unlimited ? ', or Unlimited' : ''}.`);
  const value = Number(text);
  if (value >= min && value <= max) return value;
  throw new CmdletError(
    `The property value is invalid. ${parameter.name} takes ${min} to ${max}${unlimited ? ', or Unlimited' : ''}, and "${text}" is not.`,
  );
}

function choiceOf(parameter: Parameter, text: string, of: readonly string[]): string {
  const found = of.find((known) => known.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw unconvertible(
    parameter,
    text,
    ` Specify one of the following enumerator names and try again: ${of.join(', ')}.${didYouMean(text, of)}`,
  );
}

/** `2026-11-24`, `2026-11-24T08:00:00Z`, and the documentation's `11/24/2026` and `11/24/2026 8:00`. Without a zone: UTC. */
function timeOf(parameter: Parameter, text: string): Date {
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(
    text,
  );
  let time = new Date(Number.NaN);
  if (american !== null) {
    const [, month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = american.map(Number);
    const numbers = [month, day, hour || 0, minute || 0, second || 0] as const;
    time = new Date(Date.UTC(year, numbers[0] - 1, numbers[1], numbers[2], numbers[3], numbers[4]));
    if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day) time = new Date(Number.NaN);
  } else if (iso !== null) {
    const zoned = iso[7] === undefined && iso[4] !== undefined ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T');
    time = new Date(zoned);
  }
  if (!Number.isNaN(time.getTime())) return time;
  throw unconvertible(
    parameter,
    text,
    ' Write it as 2026-11-24 or 11/24/2026 (month/day/year), with 08:30 behind it if you like.',
  );
}

function textOf(parameter: Parameter, word: Word): string {
  const text = typeof word.value === 'string' ? word.value : word.text;
  const { type } = parameter;
  if (type.kind !== 'text') return text.trim();
  if (type.max !== undefined && text.length > type.max)
    throw new CmdletError(
      `The property value is invalid. ${parameter.name} is longer than ${type.max} characters: it has ${text.length}.`,
    );
  if (type.form !== undefined && !type.form.test(text))
    throw new CmdletError(
      `The property value is invalid. ${parameter.name} must be ${type.formIs ?? 'of its form'}: "${text}" is not.`,
    );
  return text;
}

function listOf(parameter: Parameter, words: readonly Word[]): string[] {
  return words.map((word) => {
    if (word.value === null) throw nothing(parameter, 'null');
    if (word.value === '') throw nothing(parameter, 'an empty string');
    return textOf(parameter, word);
  });
}

function fromTable(parameter: Parameter, entries: ReadonlyMap<string, readonly Word[]>, text: string): BoundValue {
  if (parameter.type.kind !== 'texts' || parameter.type.changes === undefined)
    throw unconvertible(parameter, text, ' It takes no @{ }.');
  const other = [...entries.keys()].find((key) => key !== 'add' && key !== 'remove');
  if (other !== undefined || entries.size === 0)
    throw unconvertible(parameter, text, " Write @{Add='…','…'; Remove='…'}.");
  return { add: listOf(parameter, entries.get('add') ?? []), remove: listOf(parameter, entries.get('remove') ?? []) };
}

function fromWord(parameter: Parameter, word: Word): BoundValue {
  const { type } = parameter;
  if (type.kind === 'value') return { words: [word] };
  if (type.kind === 'boolean' || type.kind === 'switch') return booleanOf(parameter, word);
  if (type.kind === 'script') throw unconvertible(parameter, word.text, ' Write { $_.Property -eq … }.');
  const isNothing = word.value === null || (typeof word.value === 'string' && word.value.trim() === '');
  if (isNothing && parameter.nullable === true) return null;
  if (isNothing) throw nothing(parameter, word.value === null ? 'null' : 'an empty string');
  const text = textOf(parameter, word);
  if (type.kind === 'texts') return [text];
  if (type.kind === 'integer') return integerOf(parameter, text, type.min, type.max, type.unlimited === true);
  if (type.kind === 'choice') return choiceOf(parameter, text, type.of);
  if (type.kind === 'time') return timeOf(parameter, text);
  return text;
}

/** @throws CmdletError in PowerShell's words */
export function valueOf(parameter: Parameter, argument: Argument): BoundValue {
  const { type } = parameter;
  if (argument.kind === 'word') return fromWord(parameter, argument);
  if (argument.kind === 'script') {
    if (type.kind === 'script') return { expression: argument.expression };
    throw unconvertible(parameter, argument.text, ' It takes no { }.');
  }
  if (argument.kind === 'table') return fromTable(parameter, argument.entries, argument.text);
  if (type.kind === 'value') return { words: argument.items };
  if (type.kind === 'texts') return listOf(parameter, argument.items);
  throw unconvertible(parameter, argument.text, ' It takes one value; put a text that holds a comma in quotes.');
}
