import type { Quote, YamlNode } from './nodes.ts';

/** Values as YAML text, in the manner of their neighbours. Pure. */

/** How somebody has written a value: the next one of its kind is written alike. */
export interface Manner {
  /** Those that are used where quotes are needed; */
  readonly quote: Quote;
  /** or wherever, by choice. */
  readonly isChosen: boolean;
  /** A list in brackets, a group of keys in braces. */
  readonly flow: boolean;
  /** `{ a: 1 }` rather than `{a: 1}`. */
  readonly padded: boolean;
  readonly keys: ReadonlyMap<string, Manner>;
  readonly item: Manner | null;
}

export function mannerOf(text: string, node: YamlNode): Manner {
  const [first] = node.items;
  return {
    quote: node.quote,
    isChosen: node.quote !== '' && isPlain(text.slice(node.start + 1, node.end - 1)),
    flow: node.flow,
    padded: node.flow && /\s/.test(text.charAt(node.start + 1)),
    keys: new Map(node.pairs.map(({ name, value }) => [name, mannerOf(text, value)])),
    item: first === undefined ? null : mannerOf(text, first),
  };
}

const WORDS_WITH_MEANING = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
/** What needs no quotes anywhere, in brackets neither. Far from all that YAML takes: in doubt, quotes. */
const PLAIN = /^\p{L}(?:[\p{L}\p{M}\p{N}._@/'()&+-]|:(?=[\p{L}\p{N}])| (?=[\p{L}\p{N}(]))*$/u;
const DURATION = /^[0-9]+(?:ms|s|m|h)$/;
/** What is read as this text without quotes. */
function isPlain(value: string): boolean {
  return (PLAIN.test(value) && !WORDS_WITH_MEANING.test(value)) || DURATION.test(value);
}

/** Characters that JSON leaves as they are and YAML, an editor or a terminal may not. */
const TO_BE_ESCAPED = /[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff]/g;

function inDoubleQuotes(value: string): string {
  return JSON.stringify(value).replace(
    TO_BE_ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A text so that it is read as this text. */
export function textAsYaml(value: string, manner?: Pick<Manner, 'quote' | 'isChosen'> | null): string {
  if (manner?.isChosen !== true && isPlain(value)) return value;
  const escaped = inDoubleQuotes(value);
  // What needs an escape can only stand in double quotes.
  const isEscaped = escaped.replaceAll('\\\\', '').replaceAll('\\"', '').includes('\\');
  if (manner?.quote === "'" && !isEscaped) return `'${value.replaceAll("'", "''")}'`;
  return escaped;
}

export const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** On one line. */
export function flowText(value: unknown, manner: Manner | null | undefined): string {
  if (typeof value === 'string') return textAsYaml(value, manner);
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, manner?.item)).join(', ')}]`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!isGroup(value)) return 'null';
  const pairs = Object.entries(value).map(
    ([key, item]) => `${textAsYaml(key)}: ${flowText(item, manner?.keys.get(key))}`,
  );
  if (pairs.length === 0) return '{}';
  const pad = manner?.flow === true && !manner.padded ? '' : ' ';
  return `{${pad}${pairs.join(', ')}${pad}}`;
}

/** A key and its value, as they stand in a block: lines, of which all but the first are indented. */
export function pairLines(key: string, value: unknown, manner: Manner | undefined, column: number): string[] {
  const name = `${textAsYaml(key)}:`;
  const indent = ' '.repeat(column + 2);
  if (Array.isArray(value) && value.length > 0 && manner?.flow === false)
    return [name, ...value.map((item) => `${indent}- ${flowText(item, manner.item)}`)];
  if (isGroup(value) && Object.keys(value).length > 0 && manner?.flow !== true) {
    const [first = '', ...more] = groupLines(value, manner, column + 2);
    return [name, indent + first, ...more];
  }
  return [`${name} ${flowText(value, manner)}`];
}

/** A group of keys as a block. */
export function groupLines(value: object, manner: Manner | null | undefined, column: number): string[] {
  const indent = ' '.repeat(column);
  const lines = Object.entries(value).flatMap(([key, item]) => {
    const [first = '', ...more] = pairLines(key, item, manner?.keys.get(key), column);
    return [indent + first, ...more];
  });
  return [lines[0]?.slice(column) ?? '{}', ...lines.slice(1)];
}

/** An entry that has no neighbours stands on one line where it is short and simple. */
const MAX_ONE_LINE = 100;

/** An item of a list, as it stands behind its dash. */
export function itemLines(value: unknown, manner: Manner | null, column: number): string[] {
  if (!isGroup(value)) return [flowText(value, manner)];
  const oneLine = flowText(value, manner);
  const simple = oneLine.length <= MAX_ONE_LINE && !Object.values(value).some((item) => typeof item === 'object');
  const flow = manner?.flow ?? simple;
  return flow || Object.keys(value).length === 0 ? [oneLine] : groupLines(value, manner, column);
}
