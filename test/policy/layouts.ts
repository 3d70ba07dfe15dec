import * as fc from 'fast-check';

/** Policy files as people lay them out, and whose each line is. */

export interface Entry {
  readonly [key: string]: unknown;
}

export interface Value {
  readonly dialPlans: readonly Entry[];
  readonly mailboxPolicies: readonly Entry[];
  readonly mailboxes: readonly Entry[];
  readonly groups: readonly Entry[];
}

export interface LaidOut {
  readonly text: string;
  /** Lines that are nobody's but this entry's: `mailboxes 3`; or the file's. */
  readonly lines: readonly { readonly owner: string; readonly line: string }[];
}

/** How one entry is written. */
export interface EntryLayout {
  readonly braces: boolean;
  readonly pad: boolean;
  readonly quote: '"' | "'" | '';
  readonly commentAbove: boolean;
  readonly commentBehind: boolean;
  readonly commentBelow: boolean;
  readonly blankAbove: boolean;
  readonly blockLists: boolean;
}

export const entryLayout: fc.Arbitrary<EntryLayout> = fc.record({
  braces: fc.boolean(),
  pad: fc.boolean(),
  quote: fc.constantFrom('"', "'", ''),
  commentAbove: fc.boolean(),
  commentBehind: fc.boolean(),
  commentBelow: fc.boolean(),
  blankAbove: fc.boolean(),
  blockLists: fc.boolean(),
});

export interface FileLayout {
  readonly indent: 0 | 2 | 4;
  readonly crlf: boolean;
  readonly mark: boolean;
  readonly lastBreak: boolean;
  /** All entries of a list in one pair of brackets. */
  readonly brackets: readonly boolean[];
  readonly entries: readonly EntryLayout[];
}

export const fileLayout: fc.Arbitrary<FileLayout> = fc.record({
  indent: fc.constantFrom(0, 2, 4),
  crlf: fc.boolean(),
  mark: fc.boolean(),
  lastBreak: fc.boolean(),
  brackets: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  entries: fc.array(entryLayout, { minLength: 1, maxLength: 6 }),
});

const SAFE = /^[A-Za-z][A-Za-z ]*[A-Za-z]$/;

function scalar(value: unknown, { quote }: EntryLayout): string {
  if (typeof value !== 'string') return String(value);
  if (quote === '' && SAFE.test(value)) return value;
  if (quote === "'" && /^[\x20-\x7e]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return JSON.stringify(value);
}

function inline(value: unknown, layout: EntryLayout): string {
  if (Array.isArray(value)) return `[${value.map((item) => scalar(item, layout)).join(layout.pad ? ', ' : ',')}]`;
  if (typeof value !== 'object' || value === null) return scalar(value, layout);
  const pad = layout.pad ? ' ' : '';
  const pairs = Object.entries(value).map(([key, item]) => `${key}: ${inline(item, layout)}`);
  return `{${pad}${pairs.join(', ')}${pad}}`;
}

function block(entry: Entry, layout: EntryLayout, column: string): string[] {
  return Object.entries(entry).flatMap(([key, value]) => {
    if (Array.isArray(value) && value.length > 0 && layout.blockLists)
      return [`${key}:`, ...value.map((item) => `${column}  - ${scalar(item, layout)}`)];
    return [`${key}: ${inline(value, layout)}`];
  });
}

function entryLines(entry: Entry, layout: EntryLayout, id: string, indent: string): string[] {
  const comment = `# of ${id}`;
  const behind = layout.commentBehind ? ` ${comment} behind` : '';
  const written = layout.braces ? [inline(entry, layout)] : block(entry, layout, `${indent}  `);
  const lines = written.map((line, at) =>
    at === 0 ? `${indent}- ${line}${behind}` : line.startsWith(' ') ? line : `${indent}  ${line}`,
  );
  return [
    ...(layout.commentAbove ? [`${indent}${comment} above`] : []),
    ...lines,
    ...(layout.commentBelow ? [`${indent}  ${comment} below`] : []),
  ];
}

export function laidOut(value: Value, layout: FileLayout): LaidOut {
  const lines: { owner: string; line: string }[] = [{ owner: 'file', line: '# Who is told.' }];
  const indent = ' '.repeat(layout.indent);
  let count = 0;
  Object.entries(value).forEach(([list, entries]: [string, readonly Entry[]], position) => {
    const layouts = entries.map(() => layout.entries[count++ % layout.entries.length] as EntryLayout);
    if (entries.length === 0) return;
    if (layout.brackets[position] === true) {
      const items = entries.map((entry, at) => inline(entry, layouts[at] as EntryLayout));
      lines.push({ owner: list, line: `${list}: [${items.join(', ')}] # all ${list}` });
      return;
    }
    lines.push({ owner: 'file', line: `${list}: # the ${list}` });
    entries.forEach((entry, at) => {
      const its = layouts[at] as EntryLayout;
      const owner = `${list} ${at}`;
      if (its.blankAbove) lines.push({ owner: 'blank', line: '' });
      for (const line of entryLines(entry, its, owner, indent)) lines.push({ owner, line });
    });
    lines.push({ owner: 'file', line: `# end of ${list}` });
  });
  const lineBreak = layout.crlf ? '\r\n' : '\n';
  const text = lines.map(({ line }) => line).join(lineBreak) + (layout.lastBreak ? lineBreak : '');
  return { text: layout.mark ? `\uFEFF${text}` : text, lines };
}
