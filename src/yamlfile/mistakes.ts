import { z } from 'zod';
import { didYouMean, nearest } from './suggest.ts';
import type { Mistake, Path } from './types.ts';

/** Longer values are cut in messages. */
const LONGEST_SHOWN = 60;

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** A value as a message names it: `the number 1001`, `"Paris"`, `a list`. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
  }
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  return typeof value === 'boolean' ? `the switch ${value}` : `the number ${JSON.stringify(value)}`;
}

const EXPECTED: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
};

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

type Coat = z.ZodOptional | z.ZodNullable | z.ZodDefault | z.ZodPrefault;

const isCoat = (schema: Schema): schema is Coat =>
  schema instanceof z.ZodOptional ||
  schema instanceof z.ZodNullable ||
  schema instanceof z.ZodDefault ||
  schema instanceof z.ZodPrefault;

/** The schema without its optional, nullable and default coats. */
function bare(schema: Schema): Schema {
  let inner = schema;
  while (isCoat(inner)) inner = inner.unwrap();
  return inner;
}

function describedAs(schema: Schema): string {
  for (let inner = schema; ; inner = inner.unwrap()) {
    const description = z.globalRegistry.get(inner)?.description;
    if (description !== undefined) return description;
    if (!isCoat(inner)) return '';
  }
}

function child(schema: Schema, step: string | number): Schema | null {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject) return (inner.shape as Record<string, Schema>)[step] ?? null;
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodUnion) {
    for (const option of inner.options) {
      const found = child(option, step);
      if (found !== null) return found;
    }
  }
  return null;
}

/**
 * What the schema says of the value at this path: the nearest description, from the value outwards. The same sentences
 * are shown by editors (JSON Schema) and given as remedies, so each is written as both.
 */
function descriptionAt(schema: Schema, path: Path): string {
  let description = describedAs(schema);
  let at: Schema | null = schema;
  for (const step of path) {
    at = child(at, step);
    if (at === null) break;
    description = describedAs(at) || description;
  }
  return description;
}

function schemaAt(schema: Schema, path: Path): Schema | null {
  let at: Schema | null = schema;
  for (const step of path) {
    if (at === null) return null;
    at = child(at, step);
  }
  return at;
}

function knownKeys(schema: Schema, path: Path): string[] {
  const at = schemaAt(schema, path);
  const inner = at === null ? null : bare(at);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (inner instanceof z.ZodUnion) {
    const options = inner.options.map(bare).filter((option) => option instanceof z.ZodObject);
    return options.flatMap((option) => Object.keys(option.shape));
  }
  return [];
}

function unknownKey(key: string, path: Path, known: readonly string[]): Mistake {
  const remedy =
    key === '<<'
      ? 'YAML merges are not taken here: write the keys out.'
      : didYouMean(key, known, `Remove it. The keys known here are ${known.join(', ')}.`);
  return { path: [...path, key], at: 'key', message: `unknown key ${JSON.stringify(key)}`, remedy };
}

function wrongType(issue: Extract<Issue, { code: 'invalid_type' }>, path: Path, value: unknown, help: string): Mistake {
  if (value === undefined) {
    return { path, message: `${JSON.stringify(String(path.at(-1) ?? ''))} is missing`, remedy: `Add it: ${help}` };
  }
  const message = `expected ${EXPECTED[issue.expected] ?? issue.expected}, found ${shown(value)}`;
  if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return { path, message, remedy: (source) => `Put it in quotes: ${JSON.stringify(source)}.` };
  }
  if (issue.expected === 'array' && value !== null && typeof value !== 'object') {
    return { path, message, remedy: (source) => `Write a list: [${JSON.stringify(source)}]. ${help}`.trim() };
  }
  if (issue.expected === 'boolean' && typeof value === 'string') {
    return { path, message, remedy: `Write true or false, without quotes. ${help}`.trim() };
  }
  if ((issue.expected === 'number' || issue.expected === 'int') && typeof value === 'string') {
    return { path, message, remedy: `Write it without quotes. ${help}`.trim() };
  }
  return { path, message, remedy: help };
}

/** A refinement may say what values there are: `params: { known: () => [...] }`. */
function customRemedy(issue: Extract<Issue, { code: 'custom' }>, value: unknown, help: string): string {
  const known: unknown = issue.params?.['known'];
  if (typeof known !== 'function' || typeof value !== 'string') return help;
  return didYouMean(value, (known as () => readonly string[])(), help);
}

/** Of a union's members, the one that was meant: whose complaint is not about the value's type as a whole. */
function meantMember(errors: readonly (readonly Issue[])[]): readonly Issue[] | null {
  return (
    errors.find((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0)) ?? null
  );
}

function translate(schema: Schema, root: unknown, issue: Issue, base: Path): Mistake[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const value = valueAt(root, path);
  const help = descriptionAt(schema, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schema, path);
      return issue.keys.map((key) => unknownKey(key, path, known));
    }
    case 'invalid_type':
      return [wrongType(issue, path, value, help)];
    case 'invalid_value': {
      if (value === undefined)
        return [{ path, message: `${shown(path.at(-1))} is missing`, remedy: `Add it: ${help}` }];
      const known = issue.values.map(String);
      const message = `${shown(value)} is not one of ${known.join(', ')}`;
      const near = typeof value === 'string' ? nearest(value, known) : null;
      return [{ path, message, remedy: near === null ? help : `Did you mean ${JSON.stringify(near)}?` }];
    }
    case 'invalid_union': {
      const member = meantMember(issue.errors);
      if (member !== null) return member.flatMap((inner) => translate(schema, root, inner, path));
      return [{ path, message: `${shown(value)} cannot stand here`, remedy: help }];
    }
    case 'too_big':
    case 'too_small':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
      return [{ path, message: issue.message, remedy: help }];
    case 'custom':
      return [{ path, message: issue.message, remedy: customRemedy(issue, value, help) }];
  }
}

/** Every way in which `root` departs from the schema, in words. */
export function schemaMistakes(schema: Schema, root: unknown, issues: readonly Issue[]): Mistake[] {
  return issues.flatMap((issue) => translate(schema, root, issue, []));
}
