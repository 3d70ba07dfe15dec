import { isObject, type Item, propertyName, propertyOf, type ShellObject, shown, type Value } from '../objects.ts';
import { fitsInAnyCase, hasWildcard } from '../language/wildcard.ts';

/** PowerShell shows more properties than these as a list. */
const MOST_TABLE_COLUMNS = 4;
/** A column is not cut below this. */
const NARROWEST_COLUMN = 8;

export interface Display {
  readonly columns: number | null;
  readonly colour: boolean;
}

/** Cells may come from SIP: nothing in them may reach the terminal as a control sequence. */
export const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');

const heading = (text: string, { colour }: Display): string =>
  colour && text !== '' ? `\u001b[32;1m${text}\u001b[0m` : text;

/**
 * The properties that were asked for, of one object. A pattern stands for all that fit it.
 * @throws CmdletError where it has none of a name
 */
export function selected(item: ShellObject, wanted: readonly string[]): [name: string, value: Value][] {
  const found: [string, Value][] = [];
  for (const written of wanted) {
    if (!hasWildcard(written)) {
      const value = propertyOf(item, written);
      found.push([propertyName(item, written) ?? written, value]);
      continue;
    }
    for (const [name, value] of Object.entries(item.properties))
      if (fitsInAnyCase(name, written)) found.push([name, value]);
  }
  return [...new Map(found)];
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
}

/** Takes from the widest until all fit. */
function fitted(widths: readonly number[], columns: number | null): number[] {
  const left = [...widths];
  if (columns === null) return left;
  let over = left.reduce((sum, width) => sum + width + 1, -1) - columns;
  while (over > 0) {
    const widest = Math.max(...left);
    if (widest <= NARROWEST_COLUMN) break;
    left[left.indexOf(widest)] = widest - 1;
    over -= 1;
  }
  return left;
}

/** As PowerShell's Format-Table: a heading, a rule, a line for each object; numbers to the right. */
export function table(items: readonly ShellObject[], wanted: readonly string[] | null, display: Display): string[] {
  const rows = items.map((item) => new Map(selected(item, wanted ?? item.view ?? Object.keys(item.properties))));
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const cells = rows.map((row) => names.map((name) => plain(shown(row.get(name) ?? null))));
  const toRight = names.map((name) => rows.some((row) => typeof row.get(name) === 'number'));
  const natural = names.map((name, column) => {
    let width = name.length;
    for (const row of cells) width = Math.max(width, row[column]?.length ?? 0);
    return width;
  });
  const widths = fitted(natural, display.columns);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return toRight[column] === true ? cut(text, width).padStart(width) : cut(text, width).padEnd(width);
      })
      .join(' ')
      .trimEnd();
  const rule = names.map((name, column) => '-'.repeat(Math.min(name.length, widths[column] ?? 0)));
  return [heading(line(names), display), heading(line(rule), display), ...cells.map(line)];
}

/** As PowerShell's Format-List: a line for each property, an empty one between objects. */
export function list(items: readonly ShellObject[], wanted: readonly string[] | null, display: Display): string[] {
  return items.flatMap((item, index) => {
    const properties = selected(item, wanted ?? Object.keys(item.properties));
    const width = Math.max(0, ...properties.map(([name]) => name.length));
    const lines = properties.map(([name, value]) =>
      `${heading(name.padEnd(width), display)} : ${plain(shown(value))}`.trimEnd(),
    );
    return index === 0 ? lines : ['', ...lines];
  });
}

const asLines = (text: string): string[] => text.split('\n').map(plain);

/** What stands at the end of a pipeline, as the screen shows it where nothing says how. */
export function formatted(items: readonly Item[], display: Display): string[] {
  const lines: string[] = [];
  for (let at = 0; at < items.length;) {
    const item = items[at];
    if (item === undefined) break;
    if (!isObject(item)) {
      const own = typeof item === 'object' && 'formatted' in item ? item.formatted : asLines(shown(item));
      lines.push(...own);
      at += 1;
      continue;
    }
    const alike: ShellObject[] = [];
    for (let next = items[at]; next !== undefined && isObject(next) && next.type === item.type; next = items[at]) {
      alike.push(next);
      at += 1;
    }
    const wide = item.view === undefined && Object.keys(item.properties).length > MOST_TABLE_COLUMNS;
    lines.push(...(wide ? list(alike, null, display) : table(alike, null, display)));
  }
  return lines;
}
