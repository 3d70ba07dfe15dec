import type { DatabaseSync, StatementSync, SQLInputValue } from 'node:sqlite';
import type { CallFilter, PageQuery } from '../admin-types.ts';
import { justAbove, LAST, pageStart } from './cursor.ts';
import type { Row } from './rows.ts';

/** Rows that a page looks at; where too few of them answer the question, it is short and the next one goes on. */
export const MAX_SCANNED = 5_000;
/** A call's id is made with its start; by how much they may differ. */
export const ID_SLACK_MS = 60_000;

interface Condition {
  readonly sql: string;
  readonly values: Readonly<Record<string, SQLInputValue>>;
}

/** Calls that answer a question, newest first, from an index wherever there is one. */
export function callPages(
  db: DatabaseSync,
): (filter: CallFilter, page: PageQuery) => { rows: Row[]; next: string | null } {
  const statements = new Map<string, StatementSync>();
  // The set of questions is small, so the statements are kept.
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };

  const few = (number: string): boolean => {
    const counted = prepared(`SELECT count(*) AS n FROM (${WITH_NUMBER} LIMIT ${MAX_SCANNED + 1})`);
    return Number(counted.get({ number, numberEnd: number + LAST })?.['n']) <= MAX_SCANNED;
  };

  return (filter, { after, limit }) => {
    const source = sourceOf(filter, few);
    const bounds = {
      ...source.values,
      after: upperBound(filter, pageStart(after)),
      from: filter.from === undefined ? '' : idAt(filter.from - ID_SLACK_MS),
    };
    // Where the rows that this page looks at end.
    const end = prepared(`SELECT id FROM (${source.sql}) ORDER BY id DESC LIMIT 1 OFFSET ${MAX_SCANNED}`).get({
      ...bounds,
      floor: '',
    })?.['id'];
    const floor = end === undefined ? '' : String(end);
    const conditions = conditionsOf(filter);
    const where = conditions.map(({ sql }) => ` AND ${sql}`).join('');
    const values = Object.assign({}, ...conditions.map((one) => one.values)) as Record<string, SQLInputValue>;
    const found = prepared(
      `SELECT calls.* FROM (${source.sql}) AS ids CROSS JOIN calls ON calls.id = ids.id WHERE true${where}
      ORDER BY ids.id DESC LIMIT :limit`,
    ).all({ ...bounds, ...values, floor, limit: limit + 1 });
    const rows = found.slice(0, limit);
    if (found.length > limit) return { rows, next: String(rows.at(-1)?.['id']) };
    // The floor itself was not looked at.
    return { rows, next: floor === '' ? null : justAbove(floor) };
  };
}

const RANGE = 'id < :after AND id >= :from AND id > :floor';
/** The newest of an index; more of them no page looks at. */
const NEWEST = `ORDER BY id DESC LIMIT ${MAX_SCANNED + 1}`;
const WITH_NUMBER = `SELECT id FROM calls WHERE callee >= :number AND callee < :numberEnd
  UNION ALL SELECT id FROM calls WHERE caller ->> '$.number' >= :number AND caller ->> '$.number' < :numberEnd`;

/** A table of ids, by the most telling index. */
function sourceOf({ mailbox, group, number, outcome }: CallFilter, few: (number: string) => boolean): Condition {
  if (mailbox !== undefined) {
    return {
      sql: `SELECT id FROM (SELECT id FROM calls WHERE mailbox = :mailbox AND ${RANGE} ${NEWEST})
        UNION SELECT id FROM (SELECT call_id AS id FROM decisions WHERE is_primary = 0 AND mailbox = :mailbox
          AND call_id < :after AND call_id >= :from AND call_id > :floor ORDER BY call_id DESC LIMIT ${MAX_SCANNED + 1})`,
      values: { mailbox },
    };
  }
  if (group !== undefined) {
    return { sql: `SELECT id FROM calls WHERE called_group = :group AND ${RANGE} ${NEWEST}`, values: { group } };
  }
  // The first digits of everybody's numbers tell nothing.
  if (number !== undefined && few(number)) {
    const sql = `SELECT id FROM (SELECT DISTINCT id FROM (${WITH_NUMBER})) WHERE ${RANGE}`;
    return { sql, values: { number, numberEnd: number + LAST } };
  }
  if (outcome === 'pending') {
    const sql = `SELECT id FROM calls INDEXED BY calls_pending WHERE outcome IS NULL AND pending_until IS NOT NULL AND ${RANGE}`;
    return { sql, values: {} };
  }
  return { sql: `SELECT id FROM calls WHERE ${RANGE} ${NEWEST}`, values: {} };
}

function conditionsOf(filter: CallFilter): Condition[] {
  const { from, to, mailbox, group, outcome, decision, reason, number } = filter;
  const conditions: Condition[] = [];
  const add = (sql: string, values: Condition['values'] = {}): number => conditions.push({ sql, values });
  if (from !== undefined) add('started_at >= :startedFrom', { startedFrom: from });
  if (to !== undefined) add('started_at < :startedTo', { startedTo: to });
  if (mailbox !== undefined && group !== undefined) add('called_group = :group', { group });
  if (number !== undefined) {
    // The number of a caller who hides finds nothing.
    const sql = `((callee >= :shown AND callee < :shownEnd)
      OR (caller ->> '$.hidden' = 0 AND caller ->> '$.number' >= :shown AND caller ->> '$.number' < :shownEnd))`;
    add(sql, { shown: number, shownEnd: number + LAST });
  }
  if (outcome === 'pending') add('outcome IS NULL AND pending_until IS NOT NULL');
  else if (outcome !== undefined) add('outcome = :outcome', { outcome });
  if (decision !== undefined) add(decided(mailbox, 'decision = :decision'), { decision });
  if (reason !== undefined) add(decided(mailbox, 'reason = :reason'), { reason });
  return conditions;
}

/** The called user's own decision, or of the mailbox that is asked for. */
function decided(mailbox: string | undefined, what: string): string {
  const whose = mailbox === undefined ? 'is_primary = 1' : 'mailbox = :mailbox';
  return `EXISTS (SELECT 1 FROM decisions WHERE call_id = calls.id AND ${whose} AND ${what})`;
}

function upperBound({ to }: CallFilter, after: string): string {
  const end = to === undefined ? LAST : idAt(to + ID_SLACK_MS);
  return after < end ? after : end;
}

/** The first of all UUIDv7 of a millisecond (RFC 9562 5.7). */
export function idAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}
