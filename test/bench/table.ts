/** One line of the result. */
export interface Row {
  readonly measure: string;
  readonly figure: string;
  /** What it must reach; empty where nothing is asked. */
  readonly bar?: string;
}

/** Rows as a Markdown table, aligned for reading as it is. */
export function markdown(rows: readonly Row[]): string {
  const cells = [['measure', 'figure', 'bar'], ...rows.map(({ measure, figure, bar = '' }) => [measure, figure, bar])];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return lines.join('\n');
}

/** The value that a share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Three significant digits, thousands with commas: `1,230,000`, `27.4`, `0.831`. */
export function figure(value: number, unit: string): string {
  const rounded = Number(value.toPrecision(3));
  return `${rounded.toLocaleString('en-US', { maximumSignificantDigits: 3 })} ${unit}`.trimEnd();
}
