import { skipped } from './nodes.ts';
import type { Lines, Splices } from './splices.ts';

/** Takes out and puts in what stands one after the other: items of a list, or keys with their values. */

export interface Text {
  readonly text: string;
  readonly lines: Lines;
  readonly splices: Splices;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Spans {
  readonly count: number;
  at(position: number): Span;
  /** Where what they stand in ends: its bracket; null for a block. */
  readonly closing: number | null;
}

/** First and last line of what has lines of its own, with its comments: those above it, and deeper ones below. */
export function ownLines({ lines }: Text, { start, end }: Span): { first: number; last: number } {
  const column = lines.column(start);
  let first = lines.lineOf(start);
  while (lines.commentColumn(first - 1) === column) first -= 1;
  let last = lines.lineOf(Math.max(start, end - 1));
  while (lines.commentColumn(last + 1) > column) last += 1;
  return { first, last };
}

/** The end of its line, where but a comma and a comment follow; else null. */
function freeLineEnd({ text, lines }: Text, { end }: Span): number | null {
  const lineEnd = lines.end(lines.lineOf(Math.max(0, end - 1)));
  return /^[ \t]*,?[ \t]*(?:#.*)?$/.test(text.slice(end, lineEnd)) ? lineEnd : null;
}

function hasOwnLines(around: Text, span: Span): boolean {
  return around.lines.isFirst(span.start) && freeLineEnd(around, span) !== null;
}

export function removeSpans(around: Text, spans: Spans, removed: ReadonlySet<number>): void {
  const positions = [...removed].toSorted((a, b) => a - b);
  for (let at = 0; at < positions.length;) {
    const first = positions[at] ?? 0;
    let last = first;
    while (positions[at + 1] === last + 1) {
      last += 1;
      at += 1;
    }
    at += 1;
    removeRun(around, spans, first, last);
  }
}

/** Some that follow each other. */
function removeRun(around: Text, spans: Spans, first: number, last: number): void {
  let owned = true;
  for (let at = first; owned && at <= last; at += 1) owned = hasOwnLines(around, spans.at(at));
  if (owned) removeLines(around, spans, first, last);
  else removeBetween(around, spans, first, last);
}

function removeLines(around: Text, spans: Spans, first: number, last: number): void {
  const { lines, splices } = around;
  const after = ownLines(around, spans.at(last)).last + 1;
  // A file's last line break makes no line.
  const isBlankAfter = after >= lines.count || lines.start(after) >= lines.text.length || lines.isBlank(after);
  for (let at = first; at <= last; at += 1) {
    const own = ownLines(around, spans.at(at));
    // The blank line that parted it from the one before goes along.
    const isParted = lines.isBlank(own.first - 1) && (at > first || isBlankAfter);
    const isHead = at === last && first === 0 && lines.isBlank(after) && !lines.isBlank(own.first - 1);
    splices.add(lines.start(isParted ? own.first - 1 : own.first), lines.next(isHead ? after : own.last), '');
  }
}

function removeBetween({ text, lines, splices }: Text, spans: Spans, first: number, last: number): void {
  const { start } = spans.at(first);
  const { end } = spans.at(last);
  if (last + 1 < spans.count) {
    const next = spans.at(last + 1).start;
    const line = lines.lineOf(end);
    let commented = lines.lineOf(next) - 1;
    while (commented > line && lines.commentColumn(commented) < 0) commented -= 1;
    if (commented <= line) splices.add(start, next, '');
    else {
      // The comments between them are the next one's.
      const blanks = /[ \t]*$/.exec(text.slice(lines.start(lines.lineOf(start)), start))?.[0].length ?? 0;
      splices.add(start - blanks, lines.end(line), '');
    }
  } else if (first > 0) splices.add(spans.at(first - 1).end, end, '');
  else splices.add(start, spans.closing === null ? end : spans.closing - 1, '');
}

/** Puts whole lines behind a line, which may itself be taken out. */
export function addLines({ text, lines, splices }: Text, line: number, added: readonly string[]): void {
  const at = lines.next(line);
  const isEnded = text.charAt(at - 1) === '\n';
  const { lineBreak } = lines;
  splices.add(at, at, added.map((one) => (isEnded ? one + lineBreak : lineBreak + one)).join(''));
}

/** Puts texts behind one of those in brackets or braces; -1: before all. */
export function addInFlow(around: Text, spans: Spans, after: number, added: readonly string[]): void {
  const { text, lines, splices } = around;
  if (after < 0) {
    const { start } = spans.at(0);
    splices.add(start, start, added.map((item) => `${item}, `).join(''));
    return;
  }
  const span = spans.at(after);
  if (!lines.isFirst(span.start)) {
    splices.add(span.end, span.end, added.map((item) => `, ${item}`).join(''));
    return;
  }
  const fresh = lines.lineBreak + ' '.repeat(lines.column(span.start));
  const lineEnd = freeLineEnd(around, span);
  const isLast = spans.closing !== null && skipped(text, span.end, ',') === spans.closing - 1;
  if (lineEnd === null || (isLast && lines.lineOf(spans.closing - 1) === lines.lineOf(span.end - 1))) {
    splices.add(span.end, span.end, added.map((item) => `,${fresh}${item}`).join(''));
    return;
  }
  const hasComma = /^[ \t]*,/.test(text.slice(span.end, lineEnd));
  if (!hasComma) splices.add(span.end, span.end, ',');
  const last = added.length - 1;
  splices.add(lineEnd, lineEnd, added.map((item, at) => fresh + item + (at < last || hasComma ? ',' : '')).join(''));
}
