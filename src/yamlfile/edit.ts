import { isDeepStrictEqual } from 'node:util';
import type { YamlDocument } from './document.ts';
import { changedItems, type ItemChanges } from './items.ts';
import { addInFlow, addLines, ownLines, removeSpans, type Span, type Spans, type Text } from './layout.ts';
import { skipped, type YamlNode, type YamlPair } from './nodes.ts';
import { Lines, Splices } from './splices.ts';
import { flowText, isGroup, itemLines, type Manner, mannerOf, pairLines, textAsYaml } from './write.ts';

/**
 * Changes of a document's text: a value's own characters, a key, an entry; every other line stays as it is. A comment on
 * lines of its own belongs to what stands below it, a deeper one to what stands above. Callers read the result again: what is
 * laid out in a way that this does not know comes out wrong, and is to be refused.
 */

/** What becomes of one of the root's lists. */
export interface ListChange {
  readonly list: string;
  /** By position. */
  readonly changed: ReadonlyMap<number, object>;
  readonly removed: ReadonlySet<number>;
  /** They come last. */
  readonly added: readonly object[];
}

/** The changed text; null where two changes meet in the same characters. */
export function withLists(document: YamlDocument, changes: readonly ListChange[]): string | null {
  const { text, root, value } = document;
  const around: Text = { text, lines: new Lines(text), splices: new Splices() };
  const missing: (readonly [list: string, items: readonly object[]])[] = [];
  for (const { list, changed, removed, added } of changes) {
    const pair = root.pairs.find(({ name }) => name === list);
    if (pair === undefined) {
      if (added.length > 0) missing.push([list, added]);
      continue;
    }
    const before = (value as Readonly<Record<string, readonly unknown[]>>)[list] ?? [];
    let last = before.length - 1;
    while (removed.has(last)) last -= 1;
    const inserted = new Map(added.length === 0 ? [] : [[last, added]]);
    editItems(around, pair, before, { changed, removed, inserted }, !root.flow);
  }
  if (missing.length > 0) addLists(around, root, missing);
  return around.splices.applied(text);
}

/** At the end of the file, where they stand in nobody's comments; in braces at the end of these. */
function addLists(around: Text, root: YamlNode, lists: readonly (readonly [string, readonly object[]])[]): void {
  const { text, lines, splices } = around;
  if (root.flow && root.pairs.length > 0) {
    const pairs = lists.map(([list, items]) => `${list}: ${flowText(items, null)}`);
    addInFlow(around, pairSpans(text, root), root.pairs.length - 1, pairs);
    return;
  }
  const blocks = lists.map(([list, items]) => {
    const block = [`${list}:`, ...items.flatMap((item) => dashed(item, null, 2, 4))];
    return block.join(lines.lineBreak) + lines.lineBreak;
  });
  if (root.flow) splices.add(root.start, root.end, blocks.join(lines.lineBreak).trimEnd());
  else {
    const ended = text.endsWith('\n') ? '' : lines.lineBreak;
    splices.add(text.length, text.length, ended + blocks.map((block) => lines.lineBreak + block).join(''));
  }
}

/** Behind the colon of a key. */
function colonEnd(text: string, { key }: YamlPair): number {
  return skipped(text, key.end, '') + 1;
}

function pairSpans(text: string, node: YamlNode): Spans {
  const { pairs } = node;
  return {
    count: pairs.length,
    closing: node.flow ? node.end : null,
    at(position) {
      const pair = pairs[position];
      if (pair === undefined) return { start: 0, end: 0 };
      return { start: pair.key.outerStart, end: pair.value.empty ? colonEnd(text, pair) : pair.value.end };
    },
  };
}

/** Items of a block begin with their dash. */
function itemSpans({ text, lines }: Text, node: YamlNode): Spans {
  const { items } = node;
  const column = node.flow ? 0 : lines.column(node.start);
  const dashOf = (offset: number): number => {
    for (let line = lines.lineOf(offset); line >= 0; line -= 1) {
      const at = lines.start(line) + column;
      if (at < offset && text.charAt(at) === '-' && lines.isFirst(at)) return at;
    }
    return offset;
  };
  return {
    count: items.length,
    closing: node.flow ? node.end : null,
    at(position): Span {
      const item = items[position];
      if (item === undefined) return { start: 0, end: 0 };
      return { start: node.flow ? item.outerStart : dashOf(item.outerStart), end: item.end };
    },
  };
}

/** @param asBlock an empty list (`[]`) that is filled becomes lines with dashes */
function editItems(
  around: Text,
  pair: YamlPair,
  before: readonly unknown[],
  { changed, removed, inserted }: ItemChanges,
  asBlock: boolean,
): void {
  const node = pair.value;
  for (const [position, after] of changed) {
    const item = node.items[position];
    if (item !== undefined) editValue(around, item, before[position], after);
  }
  if (removed.size === before.length) {
    refill(around, pair, [...inserted.values()].flat(), removed, asBlock);
    return;
  }
  const spans = itemSpans(around, node);
  removeSpans(around, spans, removed);
  for (const [after, values] of inserted) {
    const neighbour = node.items[Math.max(after, 0)];
    if (neighbour === undefined) continue;
    const manner = mannerOf(around.text, neighbour);
    if (node.flow)
      addInFlow(
        around,
        spans,
        after,
        values.map((value) => flowText(value, manner)),
      );
    else addDashed(around, { spans, after, neighbour, manner }, values);
  }
}

interface Neighbour {
  readonly spans: Spans;
  readonly after: number;
  readonly neighbour: YamlNode;
  readonly manner: Manner;
}

function addDashed(around: Text, { spans, after, neighbour, manner }: Neighbour, values: readonly unknown[]): void {
  const { lines, splices } = around;
  const span = spans.at(Math.max(after, 0));
  const own = ownLines(around, span);
  const dash = lines.column(span.start);
  const isBeside = lines.lineOf(neighbour.start) === lines.lineOf(span.start);
  const column = isBeside ? lines.column(neighbour.start) : dash + 2;
  const isParted = after > 0 && lines.isBlank(own.first - 1);
  const added = values.flatMap((value) => [...(isParted ? [''] : []), ...dashed(value, manner, dash, column)]);
  if (after < 0)
    splices.add(lines.start(own.first), lines.start(own.first), added.map((line) => line + lines.lineBreak).join(''));
  else addLines(around, own.last, added);
}

/** An item with its dash. */
function dashed(value: unknown, manner: Manner | null, dash: number, column: number): string[] {
  const [first = '', ...more] = itemLines(value, manner, column);
  return [`${' '.repeat(dash)}-${' '.repeat(column - dash - 1)}${first}`, ...more];
}

/** A list of which nothing stays. */
function refill(
  around: Text,
  pair: YamlPair,
  values: readonly unknown[],
  removed: ReadonlySet<number>,
  asBlock: boolean,
): void {
  const { text, lines, splices } = around;
  const node = pair.value;
  const colon = colonEnd(text, pair);
  const isOneLine = lines.lineOf(colon) === lines.lineOf(node.end - 1);
  let dash = 2;
  if (!node.flow) {
    dash = lines.column(node.start);
    removeSpans(around, itemSpans(around, node), removed);
    if (values.length === 0) splices.add(colon, colon, ' []');
  } else if (values.length > 0 && asBlock && isOneLine && removed.size === 0) splices.add(colon, node.end, '');
  else {
    splices.add(node.start, node.end, flowText(values, mannerOf(text, node)));
    return;
  }
  const [first] = node.items;
  const manner = first === undefined ? null : mannerOf(text, first);
  const added = values.flatMap((value) => dashed(value, manner, dash, dash + 2));
  addLines(around, lines.lineOf(colon - 1), added);
}

function editValue(around: Text, node: YamlNode, before: unknown, after: unknown): void {
  if (isGroup(before) && isGroup(after) && node.kind === 'mapping') editGroup(around, node, before, after);
  else around.splices.add(node.start, node.end, flowText(after, mannerOf(around.text, node)));
}

function editGroup(
  around: Text,
  node: YamlNode,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): void {
  const { text } = around;
  const { pairs } = node;
  const removed = new Set<number>();
  const positions = new Map<string, number>();
  pairs.forEach((pair, position) => {
    positions.set(pair.name, position);
    if (!Object.hasOwn(after, pair.name)) removed.add(position);
    else if (!isDeepStrictEqual(before[pair.name], after[pair.name]))
      editPair(around, pair, before[pair.name], after[pair.name]);
  });
  const spans = pairSpans(text, node);
  removeSpans(around, spans, removed);
  // A new key stands behind the one that it follows in the new value.
  const added = new Map<number, string[]>();
  let last = -1;
  for (const name of Object.keys(after)) {
    const position = positions.get(name);
    if (position !== undefined) last = position;
    else added.set(last, [...(added.get(last) ?? []), name]);
  }
  for (const [position, names] of added)
    addPairs(
      around,
      node,
      spans,
      position,
      names.map((name) => [name, after[name]]),
    );
}

function addPairs(
  around: Text,
  node: YamlNode,
  spans: Spans,
  position: number,
  added: readonly (readonly [name: string, value: unknown])[],
): void {
  const { lines, splices } = around;
  if (node.flow) {
    addInFlow(
      around,
      spans,
      position,
      added.map(([name, value]) => `${textAsYaml(name)}: ${flowText(value, null)}`),
    );
    return;
  }
  const column = lines.column(spans.at(0).start);
  const indent = ' '.repeat(column);
  const block = added.flatMap(([name, value]) => {
    const [first = '', ...more] = pairLines(name, value, undefined, column);
    return [indent + first, ...more];
  });
  if (position < 0) {
    const { start } = spans.at(0);
    splices.add(
      start,
      start,
      block
        .map((line) => line + lines.lineBreak)
        .join('')
        .slice(column) + indent,
    );
    return;
  }
  addLines(around, ownLines(around, spans.at(position)).last, block);
}

function editPair(around: Text, pair: YamlPair, before: unknown, after: unknown): void {
  const { text, splices } = around;
  const { value } = pair;
  const colon = colonEnd(text, pair);
  if (value.empty) splices.add(colon, colon, ` ${flowText(after, null)}`);
  else if (Array.isArray(before) && Array.isArray(after) && value.kind === 'sequence')
    editItems(around, pair, before, changedItems(before, after), false);
  else if (value.kind === 'scalar' || value.flow || (isGroup(before) && isGroup(after)))
    editValue(around, value, before, after);
  else splices.add(colon, value.end, ` ${flowText(after, null)}`);
}
