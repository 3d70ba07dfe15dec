import { isDeepStrictEqual } from 'node:util';
import type { Applied } from './apply.ts';
import type { Changed, EditFailure, PolicyKind } from './change.ts';
import { type Draft, type Item, keyOf, KINDS, nameOf, POLICY_KINDS, textOf } from './draft.ts';
import type { PolicyData } from './snapshot.ts';
import type { PolicyProblem } from './types.ts';

/** What an edit says of itself: each entry as it was and as it is, as a load sees it. */

type Loaded = NonNullable<Changed['before']>;

const listOf = (data: PolicyData, kind: PolicyKind): readonly Loaded[] => data[KINDS[kind].list];
const nameOfLoaded = (loaded: Loaded): string => ('identity' in loaded ? loaded.identity : loaded.name);

function changedOf(
  kind: PolicyKind,
  name: string,
  before: Loaded | null,
  after: Loaded | null,
  changed: boolean,
): Changed {
  return { kind, name, changed, before, after } as Changed;
}

/** By kind and name in lower case; made when somebody asks. */
function finder(data: PolicyData): (kind: PolicyKind, name: string) => Loaded | null {
  const maps = new Map<PolicyKind, ReadonlyMap<string, Loaded>>();
  return (kind, name) => {
    let map = maps.get(kind);
    if (map === undefined) {
      map = new Map(listOf(data, kind).map((loaded) => [keyOf(nameOfLoaded(loaded)), loaded]));
      maps.set(kind, map);
    }
    return map.get(keyOf(name)) ?? null;
  };
}

/** Where each entry of the draft stands in the changed file. */
export function positionsIn(draft: Draft): ReadonlyMap<Item, number> {
  const positions = new Map<Item, number>();
  for (const kind of POLICY_KINDS) {
    let position = 0;
    for (const item of draft.items[kind]) if (!item.removed) positions.set(item, position++);
  }
  return positions;
}

/** One for each change. */
export function outcomeOf(
  draft: Draft,
  applied: readonly Applied[],
  before: PolicyData,
  after: PolicyData,
): readonly Changed[] {
  const was = finder(before);
  const is = finder(after);
  const positions = positionsIn(draft);
  return applied.map(({ item, changed }) => {
    const { kind, origin, implicit } = item;
    const name = nameOf(item);
    const old = origin < 0 ? (implicit ? was(kind, item.firstName) : null) : (listOf(before, kind)[origin] ?? null);
    const position = positions.get(item);
    // A policy that was taken out may be there by default.
    const unwritten = kind === 'mailboxPolicy' ? is(kind, name) : null;
    const now = position === undefined ? unwritten : (listOf(after, kind)[position] ?? null);
    return changedOf(kind, name, old, now, changed);
  });
}

/** Every entry that is another than before, by name. */
export function differences(before: PolicyData, after: PolicyData): readonly Changed[] {
  const was = finder(before);
  const is = finder(after);
  return POLICY_KINDS.flatMap((kind) => {
    const now = listOf(after, kind).flatMap((loaded): Changed[] => {
      const name = nameOfLoaded(loaded);
      const old = was(kind, name);
      return isDeepStrictEqual(old, loaded) ? [] : [changedOf(kind, name, old, loaded, true)];
    });
    const gone = listOf(before, kind).flatMap((loaded): Changed[] => {
      const name = nameOfLoaded(loaded);
      return is(kind, name) === null ? [changedOf(kind, name, loaded, null, true)] : [];
    });
    return [...now, ...gone];
  });
}

/** The mistakes that the changed file would have, with the first of them in words, and the change that it comes of. */
export function invalid(
  draft: Draft,
  applied: readonly Applied[],
  problems: readonly PolicyProblem[],
): Pick<EditFailure, 'message' | 'problems' | 'change'> {
  const [first] = problems;
  const [, list = '', index = '', rest = ''] = /^(\w+)\[(\d+)\]\.?(.*)$/.exec(first?.path ?? '') ?? [];
  const kind = POLICY_KINDS.find((one) => KINDS[one].list === list);
  const item = kind === undefined ? undefined : draft.items[kind].filter(({ removed }) => !removed)[Number(index)];
  const change = applied.findIndex((one) => one.item === item);
  let where = first?.path ?? '';
  if (item !== undefined) {
    const name = `${KINDS[item.kind].what} ${JSON.stringify(textOf(nameOf(item)))}`;
    where = rest === '' ? name : `${name}, ${rest}`;
  }
  const more = problems.length > 1 ? ` (And ${problems.length - 1} more.)` : '';
  const said =
    first === undefined ? 'it cannot be read.' : `${where === '' ? '' : `${where}: `}${first.message} ${first.remedy}`;
  // What is not written stands on no line.
  const unplaced = problems.map((problem) => ({ ...problem, line: 1, column: 1 }));
  return { message: `This cannot be: ${said}${more}`, problems: unplaced, change: change < 0 ? null : change };
}
