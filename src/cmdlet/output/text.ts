import { isRecord, isList, type ShellObject, shown, timeText, type Value } from '../objects.ts';

/** What a sheet takes for a formula, also behind blanks. */
const FORMULA = /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/;
/** Numbers and telephone numbers do nothing. */
const HARMLESS = /^[+-]?\d+(?:\.\d+)?$/;

/** A cell that no sheet calculates, in quotes. */
function cell(text: string): string {
  const safe = FORMULA.test(text) && !HARMLESS.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

const cellText = (value: Value): string => (isList(value) ? value.map(shown).join('; ') : shown(value));

/** RFC 4180: as Export-Csv writes it, with every cell in quotes. The columns are the first object's. */
export function csv(items: readonly ShellObject[], delimiter: string, withHeading: boolean): string {
  const names = Object.keys(items[0]?.properties ?? {});
  const rows = items.map(({ properties }) => names.map((name) => cellText(properties[name] ?? null)));
  const all = withHeading && names.length > 0 ? [names, ...rows] : rows;
  return all.map((row) => `${row.map(cell).join(delimiter)}\r\n`).join('');
}

/** JSON's own values; times in ISO 8601. */
export function jsonValue(value: Value): unknown {
  if (value instanceof Date) return timeText(value);
  if (isList(value)) return value.map(jsonValue);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonValue(part)]));
  return value;
}

/** JSON in ASCII where a terminal would take a character for a command. */
export function jsonText(value: unknown, compress: boolean): string {
  const text = JSON.stringify(value, null, compress ? undefined : 2);
  return text.replaceAll(
    /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}${character.length > 1 ? `\\u${character.charCodeAt(1).toString(16)}` : ''}`,
  );
}
