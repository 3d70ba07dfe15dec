import { CmdletError } from '../errors.ts';
import { comparisonNamed } from '../language/expression-reader.ts';
import { evaluate, isTrue } from '../language/evaluate.ts';
import type { Expression, Word } from '../language/syntax.ts';
import { isFormatted, type Item } from '../objects.ts';
import type { Bound } from '../language/bound.ts';
import type { Call, Cmdlet, Parameter } from '../types.ts';

const COMPARISONS = [
  'EQ',
  'NE',
  'Like',
  'NotLike',
  'Match',
  'NotMatch',
  'GT',
  'GE',
  'LT',
  'LE',
  'Contains',
  'NotContains',
  'In',
  'NotIn',
  'CEQ',
  'CNE',
  'CLike',
  'CMatch',
];

/** What a stage works on. @throws CmdletError where it is the first, or what comes is for the screen */
export function piped({ input, cmdlet }: Pick<Call, 'input' | 'cmdlet'>): readonly Item[] {
  if (input === null)
    throw new CmdletError(`${cmdlet.name} takes what comes through a pipe: Get-UMMailboxPolicy | ${cmdlet.name} …`);
  if (input.some(isFormatted))
    throw new CmdletError(
      `Format-Table and Format-List make lines for the screen: put them last, behind ${cmdlet.name}.`,
    );
  return input;
}

/** The same for what makes text of all of it: no more than would be shown. */
export function pipedToText(call: Call): readonly Item[] {
  const items = piped(call);
  const { rows } = call.limits;
  if (items.length <= rows) return items;
  throw new CmdletError(
    `${call.cmdlet.name} makes text of at most ${rows} objects here, and these are ${items.length}: put Select-Object -First ${rows} before it.`,
  );
}

function literal({ value, quoted }: Word): Expression {
  const isNumber = !quoted && typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value);
  return { kind: 'value', value: isNumber ? Number(value) : value };
}

/** `Where-Object Name -like 'P*'` as `{ $_.Name -like 'P*' }`. */
function simpleForm(bound: Bound): Expression {
  const property = bound.text('Property');
  if (property === undefined)
    throw new CmdletError("Write a condition: Where-Object { $_.Name -like 'P*' }, or Where-Object Name -like 'P*'.");
  const left: Expression = { kind: 'property', path: property.split('.') };
  const words = bound.words('Value');
  const given = COMPARISONS.filter((name) => bound.flag(name));
  const [operator] = given;
  if (operator === undefined && words === undefined) return left;
  if (operator === undefined || given.length > 1 || words === undefined)
    throw new CmdletError(`Write one comparison with its value: Where-Object ${property} -eq 'value'.`);
  const comparison = comparisonNamed(operator);
  if (comparison === null) throw new CmdletError(`There is no operator -${operator}.`);
  const [only] = words;
  const right: Expression =
    words.length === 1 && only !== undefined ? literal(only) : { kind: 'list', items: words.map(literal) };
  return { kind: 'compare', ...comparison, left, right };
}

export const where: Cmdlet = {
  name: 'Where-Object',
  aliases: ['where', '?'],
  synopsis: 'Lets through the objects that a condition holds for.',
  permission: null,
  parameters: [
    {
      name: 'FilterScript',
      type: { kind: 'script' },
      position: 1,
      says: 'The condition: { $_.Property -eq value -and … }.',
    },
    { name: 'Property', type: { kind: 'text' }, position: 1, says: 'The property that is compared.' },
    { name: 'Value', type: { kind: 'value' }, position: 2, says: 'What it is compared with.' },
    ...COMPARISONS.map((name): Parameter => ({
      name,
      type: { kind: 'switch' },
      says: `Compares by -${name.toLowerCase()}.`,
    })),
  ],
  examples: [
    {
      line: 'Get-UMMailboxPolicy | Where-Object { $_.AllowMissedCallNotifications -eq $false }',
      says: 'The policies that do not tell of missed calls.',
    },
    { line: "Get-UMMailbox | where Name -like 'a*'", says: 'The mailboxes whose name begins with a.' },
  ],
  notes: [
    'In { } there are $_ and its properties, texts, numbers, $true, $false, $null, comparisons, -and, -or, -xor, -not and parentheses.',
    'A property that an object does not have is an error, not $null.',
  ],
  async run(call) {
    const expression = call.bound.expression('FilterScript') ?? simpleForm(call.bound);
    const found: Item[] = [];
    for (const item of piped(call)) {
      await call.breathe();
      if (isTrue(evaluate(expression, item, call.matcher))) found.push(item);
    }
    return found;
  },
};

export const forEach: Cmdlet = {
  name: 'ForEach-Object',
  aliases: ['foreach', '%'],
  synopsis: 'Puts out one value for each object.',
  permission: null,
  parameters: [
    { name: 'Process', type: { kind: 'script' }, position: 1, says: 'The value: { $_.Property }.' },
    { name: 'MemberName', type: { kind: 'text' }, position: 1, says: 'The property.' },
  ],
  examples: [{ line: 'Get-UMMailbox | ForEach-Object { $_.EmailAddress }', says: 'The e-mail addresses, one a line.' }],
  notes: ['No cmdlets run within { }: pipe the objects into a cmdlet instead, as in Get-UMMailbox | Set-UMMailbox ….'],
  async run(call) {
    const { bound, matcher } = call;
    const member = bound.text('MemberName');
    const expression =
      bound.expression('Process') ??
      (member === undefined ? undefined : { kind: 'property' as const, path: member.split('.') });
    if (expression === undefined) throw new CmdletError('Write what is put out: ForEach-Object { $_.Name }.');
    const found: Item[] = [];
    for (const item of piped(call)) {
      await call.breathe();
      found.push(...scalars(evaluate(expression, item, matcher)));
    }
    return found;
  },
};

/** A list's members one by one, nothing for nothing. */
export function scalars(value: ReturnType<typeof evaluate>): Item[] {
  if (value === null) return [];
  if (value instanceof Date || typeof value !== 'object') return [value];
  if (Array.isArray(value)) return value.flatMap(scalars);
  return [{ type: 'Object', identity: null, properties: value as Readonly<Record<string, typeof value>> }];
}
