import { didYouMean, type Mistake, type Path } from '../yamlfile/index.ts';

/** policy.yaml as it was written, right or wrong in its parts: what the checks beyond the schema look at. */

export interface Entry {
  readonly path: Path;
  readonly fields: Readonly<Record<string, unknown>>;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The entries of a list, but for those that are no group of keys. */
export function entriesOf(root: unknown, list: string): Entry[] {
  const items = isMap(root) ? root[list] : undefined;
  if (!Array.isArray(items)) return [];
  const entries: Entry[] = [];
  items.forEach((fields: unknown, index) => {
    if (isMap(fields)) entries.push({ path: [list, index], fields });
  });
  return entries;
}

/** The texts of a list, and where they stand. */
export function textsOf(value: unknown): { text: string; index: number }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((text: unknown, index) => (typeof text === 'string' ? [{ text, index }] : []));
}

/** `mailboxes[3]`. */
export function whose(path: Path): string {
  return `${String(path[0])}[${String(path[1])}]`;
}

/** Names are the same in any case, as in Exchange. */
export function duplicates(entries: readonly Entry[], field: string, what: string): Mistake[] {
  const first = new Map<string, Path>();
  const found: Mistake[] = [];
  for (const { path, fields } of entries) {
    const name = fields[field];
    if (typeof name !== 'string') continue;
    const other = first.get(name.toLowerCase());
    if (other === undefined) first.set(name.toLowerCase(), path);
    else {
      found.push({
        path: [...path, field],
        message: `${what} ${JSON.stringify(name)} is already defined at ${whose(other)}`,
        remedy: 'Give it another name, or remove one of the two (upper and lower case count as the same).',
      });
    }
  }
  return found;
}

/** A few of the names, for those who must choose one. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, 5).map((name) => JSON.stringify(name));
  return some.join(', ') + (names.length > some.length ? ', …' : '');
}

export function isEmptyOrAbsent(list: unknown): boolean {
  return list === undefined || (Array.isArray(list) && list.length === 0);
}

export function unknownPlan(path: Path, plan: string, names: readonly string[]): Mistake {
  const known = names.length === 0 ? 'There is none: add it to dialPlans.' : `There are: ${listed(names)}.`;
  return {
    path: [...path, 'dialPlan'],
    message: `${JSON.stringify(plan)} is not a dial plan of this file`,
    remedy: didYouMean(plan, names, known),
  };
}
