import { CmdletError } from '../errors.ts';
import { compared } from '../language/evaluate.ts';
import { isObject, type Item, propertyOf, type ShellObject, shown, type Value } from '../objects.ts';
import { selected } from '../output/format.ts';
import type { Cmdlet } from '../types.ts';
import { mapped, sorted } from '../many.ts';
import { piped, scalars } from './filter.ts';

const COUNT = { kind: 'integer', min: 0, max: 2_147_483_647 } as const;

/** Some of an object's properties. It stays what it is for the cmdlets behind. */
function narrowed(item: Item, properties: readonly string[] | undefined): Item {
  if (!isObject(item) || properties === undefined) return item;
  const { type, identity } = item;
  return { type, identity, properties: Object.fromEntries(selected(item, properties)) };
}

export const select: Cmdlet = {
  name: 'Select-Object',
  aliases: ['select'],
  synopsis: 'Takes the first or last objects, or some of their properties.',
  permission: null,
  parameters: [
    {
      name: 'Property',
      type: { kind: 'texts' },
      position: 1,
      says: 'The properties, in this order; * and ? stand for any letters.',
    },
    { name: 'First', type: COUNT, says: 'How many from the beginning.' },
    { name: 'Last', type: COUNT, says: 'How many from the end.' },
    { name: 'Skip', type: COUNT, says: 'How many are left out before.' },
    {
      name: 'ExpandProperty',
      type: { kind: 'text' },
      says: 'Puts out the values of this property instead of the objects.',
    },
  ],
  examples: [
    { line: 'Get-UMMailbox | Select-Object Name,EmailAddress -First 10', says: 'Two properties of the first ten.' },
    { line: 'Get-UMMailbox | select -ExpandProperty EmailAddress', says: 'The addresses alone, one a line.' },
  ],
  async run(call) {
    const { bound } = call;
    const [first, last, skip = 0] = ['First', 'Last', 'Skip'].map((name) => bound.number(name));
    let items = piped(call);
    if (first !== undefined && last !== undefined) {
      if (first + last < items.length) items = [...items.slice(0, first), ...items.slice(items.length - last)];
    } else if (last !== undefined) items = items.slice(Math.max(0, items.length - skip - last), items.length - skip);
    else items = items.slice(skip, first === undefined ? undefined : skip + first);
    const expanded = bound.text('ExpandProperty');
    if (expanded === undefined) return mapped(items, (item) => narrowed(item, bound.texts('Property')), call);
    const values = await mapped(
      items,
      (item) => {
        if (!isObject(item)) throw new CmdletError(`"${shown(item as Value)}" is a mere value and has no properties.`);
        return scalars(propertyOf(item, expanded));
      },
      call,
    );
    return values.flat();
  },
};

function sortKey(item: Item, property: string | undefined): Value {
  if (isObject(item)) return property === undefined ? item.identity : propertyOf(item, property);
  return item as Value;
}

/** Nothing comes first, as in PowerShell. */
function order(left: Value, right: Value): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  return compared(left, right, false) ?? shown(left).localeCompare(shown(right));
}

export const sort: Cmdlet = {
  name: 'Sort-Object',
  aliases: ['sort'],
  synopsis: 'Sorts objects by their properties.',
  permission: null,
  parameters: [
    {
      name: 'Property',
      type: { kind: 'texts' },
      position: 1,
      says: 'The properties, the most important first; without it, the identity.',
    },
    { name: 'Descending', type: { kind: 'switch' }, says: 'The greatest first.' },
  ],
  examples: [{ line: 'Get-UMMailbox | Sort-Object UMMailboxPolicy,Name', says: 'By policy, then by name.' }],
  async run(call) {
    const properties = call.bound.texts('Property') ?? [undefined];
    const sign = call.bound.flag('Descending') ? -1 : 1;
    const keyed = await mapped(
      piped(call),
      (item) => ({ item, keys: properties.map((property) => sortKey(item, property)) }),
      call,
    );
    const inOrder = await sorted(
      keyed,
      (a, b) => {
        for (const [index, key] of a.keys.entries()) {
          const found = order(key, b.keys[index] ?? null);
          if (found !== 0) return found * sign;
        }
        return 0;
      },
      call,
    );
    return inOrder.map(({ item }) => item);
  },
};

export const measure: Cmdlet = {
  name: 'Measure-Object',
  aliases: ['measure'],
  synopsis: 'Counts objects.',
  permission: null,
  parameters: [],
  examples: [
    {
      line: 'Get-UMMailbox | where MissedCallNotificationEnabled -eq $false | Measure-Object',
      says: 'How many users have switched it off.',
    },
  ],
  notes: ['It counts; sums and averages there are none.'],
  run: (call): ShellObject[] => [{ type: 'Measurement', identity: null, properties: { Count: piped(call).length } }],
};
