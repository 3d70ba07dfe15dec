import { CsvError, parse } from 'csv-parse';
import { Refusal } from '../../handlers.ts';

/** Rows of one file, its header apart. */
export const MAX_CSV_ROWS = 100_000;
const MAX_CELL = 64 * 1024;

/**
 * A cell that a spreadsheet would take for a formula gets an apostrophe before it, as does one that begins with an
 * apostrophe, so that reading takes off just what writing put on.
 */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r']/.test(value) ? `'${value}` : value;
  return /[",;\n\r]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** What was meant by a cell that was read. */
export function cellValue(cell: string): string {
  return cell.startsWith("'") ? cell.slice(1) : cell;
}

export interface CsvRow {
  /** Of the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Rows of a file, the header first; commas or semicolons (as spreadsheets of some countries write them), with or without a
 * byte order mark.
 * @throws Refusal with the line
 */
export async function* csvRows(text: string): AsyncGenerator<CsvRow> {
  const [first = ''] = text.replace(/^\ufeff/, '').split(/\r?\n/, 1);
  const delimiter = first.includes(';') && !first.includes(',') ? ';' : ',';
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_CELL,
  });
  // In pieces, so that others have their turn.
  const feed = (async () => {
    for (let at = 0; at < text.length; at += MAX_CELL) {
      if (!parser.write(text.slice(at, at + MAX_CELL))) await new Promise((resolve) => parser.once('drain', resolve));
    }
    parser.end();
  })();
  let rows = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (rows++ > MAX_CSV_ROWS)
        throw new Refusal(422, `The file has more than ${MAX_CSV_ROWS} rows: send it in parts.`);
      yield { line: info.lines, cells: record };
    }
    await feed;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = 'lines' in error ? Number(error['lines']) : 1;
    throw new Refusal(422, `The CSV cannot be read: ${error.message}`, [
      { path: `line ${line}`, message: error.message },
    ]);
  }
}
