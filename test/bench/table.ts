/** One line of the result. */
export interface Row {
  readonly measure: string;
  /** As it is read: `2.54 ms`. */
  readonly figure: string;
  /** The lowest and the highest of several rounds, as they are read. */
  readonly spread?: string;
  /** What it must reach; absent where nothing is asked. */
  readonly bar?: string;
  /** Whether it reaches it, where the bench can tell. */
  readonly ok?: boolean;
  /** The same for programs: the figure, its unit, and each round's. */
  readonly value?: number;
  readonly unit?: string;
  readonly rounds?: readonly number[];
}

const COLUMNS = ['measure', 'figure', 'min to max', 'bar'] as const;

/** Rows as a Markdown table, aligned for reading as it is. */
export function markdown(rows: readonly Row[]): string {
  const lines = rows.map(({ measure, figure, spread = '', bar = '', ok }) => [
    measure,
    figure,
    spread,
    ok === false ? `MISSED: ${bar}` : bar,
  ]);
  const cells = [[...COLUMNS], ...lines];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const text = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
  text.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return text.join('\n');
}

/** A figure that was taken once. */
export function once(measure: string, value: number, unit: string, more: Pick<Row, 'bar' | 'ok'> = {}): Row {
  return { measure, figure: figure(value, unit), value, unit, ...more };
}

/** The median of what each round gave. */
export function ofRounds(measure: string, rounds: readonly number[], unit: string, bar?: string): Row {
  const value = median(rounds);
  const spread = `${figure(Math.min(...rounds), '')} to ${figure(Math.max(...rounds), '')}`;
  return { measure, figure: figure(value, unit), spread, value, unit, rounds, ...(bar === undefined ? {} : { bar }) };
}

/** The value that a share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** Three significant digits, thousands with commas: `1,230,000`, `27.4`, `0.831`. */
export function figure(value: number, unit: string): string {
  const rounded = Number(value.toPrecision(3));
  return `${rounded.toLocaleString('en-US', { maximumSignificantDigits: 3 })} ${unit}`.trimEnd();
}
