import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Mailbox, MailboxEntry, Policy, PolicyChange } from '../../../policy/index.ts';
import type { ImportResult } from '../../contract.ts';
import { Refusal } from '../../handlers.ts';
import { cellValue, csvLine, csvRows } from './csv-format.ts';
import { edit, type PolicyContext, type WantedEdit } from './edits.ts';

/** Rows that an answer shows. */
export const MAX_SHOWN_ROWS = 1_000;
/** Rows read in one turn of the loop. */
const SLICE = 500;

type Field = keyof Mailbox;
const LISTS: readonly Field[] = ['extensions', 'sipAddresses'];
const NULLABLE: readonly Field[] = ['emailAddress', 'language', 'timeZone'];
const COLUMNS: readonly Field[] = [
  'identity',
  'displayName',
  'emailAddress',
  'extensions',
  'sipAddresses',
  'mailboxPolicy',
  'missedCallNotificationEnabled',
  'language',
  'timeZone',
];

/** As `Get-UMMailbox | Export-Csv` and Exchange call them. */
const OTHER_NAMES: Readonly<Record<string, Field>> = {
  name: 'identity',
  primarysmtpaddress: 'emailAddress',
  ummailboxpolicy: 'mailboxPolicy',
};

/** All mailboxes; of a list the parts are separated by spaces. */
export async function* exportMailboxes(mailboxes: AsyncIterable<Mailbox>): AsyncGenerator<string> {
  // So that spreadsheets read UTF-8.
  yield `\ufeff${csvLine(COLUMNS)}`;
  let piece = '';
  for await (const mailbox of mailboxes) {
    piece += csvLine(COLUMNS.map((column) => cellOf(mailbox[column])));
    if (piece.length < 16_384) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function cellOf(value: Mailbox[Field]): string {
  if (value === null) return '';
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : value.join(' ');
}

type Row = ImportResult['rows'][number];
interface Judged {
  readonly row: Row;
  readonly change: PolicyChange | null;
}

/**
 * Takes a file in: columns that are not there leave what they are about as it is; mailboxes that are not there stay.
 * All of it is one version of the policy file, or nothing of it happens.
 */
export async function importMailboxes(
  context: PolicyContext,
  wanted: WantedEdit,
  { csv, apply }: { readonly csv: string; readonly apply: boolean },
): Promise<{ readonly body: ImportResult; readonly etag: string }> {
  const policy = context.store.current();
  if (wanted.basedOn !== null && wanted.basedOn !== policy.version) {
    throw new Refusal(412, 'The policy file has been changed meanwhile: look at the preview again.');
  }
  const judged = await judge(policy, csv);
  const changes = judged.flatMap(({ change }) => change ?? []);
  const mistakes = judged.some(({ row }) => row.action === 'error');
  let version = policy.version;
  let problem: Row | null = null;
  if (!mistakes && changes.length > 0) {
    const based = { ...wanted, basedOn: policy.version };
    try {
      ({ version } = await edit(context, based, changes, !apply));
    } catch (error) {
      // What is wrong among the rows (an extension twice, say) is told of as they are.
      if (apply || !(error instanceof Refusal) || ![409, 422].includes(error.status)) throw error;
      problem = { line: 0, identity: '', action: 'error', detail: error.message };
    }
  }
  const rows = problem === null ? judged.map(({ row }) => row) : [problem, ...judged.map(({ row }) => row)];
  const counts = { new: 0, change: 0, same: 0, error: 0 };
  for (const { action } of rows) counts[action] += 1;
  const applied = apply && !mistakes;
  if (apply && mistakes) {
    const errors = rows
      .filter(({ action }) => action === 'error')
      .map(({ line, detail }) => ({ path: `line ${line}`, message: detail }));
    throw new Refusal(422, `${counts.error} rows have mistakes: nothing was changed.`, errors);
  }
  const shown = rows.filter(({ action }) => action !== 'same').slice(0, MAX_SHOWN_ROWS);
  return {
    body: { counts, rows: shown, applied, version: applied ? version : policy.version },
    etag: context.store.current().version,
  };
}

async function judge(policy: Policy, csv: string): Promise<Judged[]> {
  let columns: readonly Field[] | null = null;
  const judged: Judged[] = [];
  const seen = new Map<string, number>();
  for await (const { line, cells } of csvRows(csv)) {
    if (columns === null) {
      columns = columnsOf(cells);
      continue;
    }
    if (judged.length % SLICE === SLICE - 1) await nextTurn();
    judged.push(judgeRow(policy, columns, line, cells, seen));
  }
  if (columns === null) throw new Refusal(422, 'The CSV is empty: its first line names the columns.');
  return judged;
}

function columnsOf(cells: readonly string[]): Field[] {
  const columns = cells.map((cell) => {
    const name = cell.trim().toLowerCase();
    const column = COLUMNS.find((one) => one.toLowerCase() === name) ?? OTHER_NAMES[name];
    if (column === undefined) {
      const message = `There is no column "${cell.slice(0, 64)}". There are ${COLUMNS.join(', ')}.`;
      throw new Refusal(422, message, [{ path: 'line 1', message }]);
    }
    return column;
  });
  const twice = columns.find((column, position) => columns.indexOf(column) !== position);
  if (twice !== undefined) throw new Refusal(422, `The column ${twice} stands there twice.`);
  if (!columns.includes('identity'))
    throw new Refusal(422, 'There is no column identity, by which mailboxes are known.');
  return columns;
}

function judgeRow(
  policy: Policy,
  columns: readonly Field[],
  line: number,
  cells: readonly string[],
  seen: Map<string, number>,
): Judged {
  const identity = cellValue(cells[columns.indexOf('identity')] ?? '').trim();
  const mistake = (detail: string): Judged => ({ row: { line, identity, action: 'error', detail }, change: null });
  if (cells.length !== columns.length)
    return mistake(`The row has ${cells.length} cells and the header ${columns.length}.`);
  if (identity === '') return mistake('The identity is empty.');
  const before = seen.get(identity.toLowerCase());
  if (before !== undefined) return mistake(`The mailbox stands in line ${before} already.`);
  seen.set(identity.toLowerCase(), line);
  const values: Record<string, unknown> = {};
  for (const [position, column] of columns.entries()) {
    const value = valueOf(column, cellValue(cells[position] ?? ''));
    if (value instanceof Error) return mistake(`${column}: ${value.message}`);
    values[column] = column === 'displayName' && value === null ? identity : value;
  }
  const known = policy.mailbox(identity);
  if (known === undefined) {
    if (typeof values['mailboxPolicy'] !== 'string') return mistake('mailboxPolicy: A new mailbox needs one.');
    const entry = Object.fromEntries(
      Object.entries(values).filter(([, value]) => value !== null),
    ) as unknown as MailboxEntry;
    return { row: { line, identity, action: 'new', detail: '' }, change: { kind: 'mailbox', action: 'new', entry } };
  }
  const changed = Object.entries(values).filter(
    ([column, value]) => column !== 'identity' && !isDeepStrictEqual(known[column as Field], value),
  );
  if (changed.length === 0) return { row: { line, identity, action: 'same', detail: '' }, change: null };
  const detail = changed
    .map(([column, value]) => `${column}: ${JSON.stringify(known[column as Field])} -> ${JSON.stringify(value)}`)
    .join(', ');
  return {
    row: { line, identity, action: 'change', detail },
    change: { kind: 'mailbox', action: 'set', name: known.identity, changes: Object.fromEntries(changed) },
  };
}

/** What a cell says; an Error where it cannot be that. */
function valueOf(column: Field, cell: string): unknown {
  if (LISTS.includes(column)) return cell.split(/[\s,;|]+/).filter((part) => part !== '');
  if (column === 'missedCallNotificationEnabled') {
    const word = cell.trim().toLowerCase();
    if (['true', '$true', '1', 'yes', 'vrai', 'oui', ''].includes(word)) return true;
    if (['false', '$false', '0', 'no', 'faux', 'non'].includes(word)) return false;
    return new Error(`"${cell.slice(0, 32)}" is neither true nor false.`);
  }
  const text = cell.trim();
  if (text === '' && NULLABLE.includes(column)) return null;
  if (text === '' && column === 'mailboxPolicy') return new Error('It is empty.');
  return text === '' ? null : text;
}
