import type { DatabaseSync } from 'node:sqlite';
import type { ReportRow, UnreturnedRow } from '../admin-types.ts';
import { SLOT_MS } from './call-counts.ts';
import { text, type Row } from './rows.ts';

/** Rows of one report at most. */
export const MAX_REPORT_ROWS = 10_000;
/** Longest time that one report covers: two years, with their leap day. */
export const MAX_REPORT_MS = 731 * 24 * 60 * 60 * 1000;

const SUMS = `sum(answered) AS answered, sum(voicemail) AS voicemail, sum(missed) AS missed, sum(elsewhere) AS elsewhere,
  sum(other) AS other, sum(notified) AS notified`;

interface ReportQuery {
  readonly by: 'mailbox' | 'group' | 'hour' | 'day';
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
  readonly limit: number;
}

interface UnreturnedQuery {
  readonly from: number;
  readonly to: number;
  readonly mailbox?: string;
  readonly limit: number;
}

/** The reports, from what each settlement has added to. */
export function reports(db: DatabaseSync) {
  const grouped = (key: string): ReturnType<DatabaseSync['prepare']> =>
    db.prepare(`
      SELECT ${key} AS key, ${SUMS} FROM call_counts WHERE slot >= ? AND slot < ? AND ${key} <> ''
      GROUP BY 1 ORDER BY missed DESC, notified DESC, 1 LIMIT ?`);
  const byMailbox = grouped('mailbox');
  const byGroup = grouped('called_group');
  const bySlot = db.prepare(
    `SELECT slot, ${SUMS} FROM call_counts WHERE slot >= ? AND slot < ? GROUP BY slot ORDER BY slot`,
  );
  const unreturned = db.prepare(`
    SELECT * FROM unreturned WHERE last_at >= :from AND last_at < :to AND (:mailbox IS NULL OR mailbox = :mailbox)
    ORDER BY last_at DESC LIMIT :limit`);

  return {
    report(query: ReportQuery): { rows: ReportRow[]; truncated: boolean } {
      const limit = size(query.limit);
      const from = Math.floor(Math.max(query.from, query.to - MAX_REPORT_MS) / SLOT_MS);
      const to = Math.ceil(query.to / SLOT_MS);
      if (query.by === 'mailbox' || query.by === 'group') {
        const found = (query.by === 'mailbox' ? byMailbox : byGroup).all(from, to, limit + 1);
        return { rows: found.slice(0, limit).map(reportRow), truncated: found.length > limit };
      }
      const keyOf = query.by === 'hour' ? hourOf : dayIn(query.timeZone);
      const rows = new Map<string, ReportRow>();
      for (const slot of bySlot.iterate(from, to)) {
        const key = keyOf(Number(slot['slot']) * SLOT_MS);
        const before = rows.get(key);
        if (before === undefined && rows.size === limit) return { rows: [...rows.values()], truncated: true };
        const row = reportRow({ ...slot, key });
        rows.set(key, before === undefined ? row : sum(before, row));
      }
      return { rows: [...rows.values()], truncated: false };
    },

    unreturned(query: UnreturnedQuery): { rows: UnreturnedRow[]; truncated: boolean } {
      const { from, to, mailbox = null } = query;
      const limit = size(query.limit);
      const found = unreturned.all({ from, to, mailbox, limit: limit + 1 });
      return { rows: found.slice(0, limit).map(unreturnedRow), truncated: found.length > limit };
    },
  };
}

function size(limit: number): number {
  return Math.max(1, Math.min(limit, MAX_REPORT_ROWS));
}

function hourOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 13)}:00:00.000Z`;
}

/** The day of a moment, `2026-11-24`, as clocks in the zone have it; UTC where the zone is none. */
function dayIn(timeZone: string): (at: number) => string {
  const options = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  try {
    const format = new Intl.DateTimeFormat('en-CA', { ...options, timeZone });
    return (at) => format.format(at);
  } catch {
    const format = new Intl.DateTimeFormat('en-CA', { ...options, timeZone: 'UTC' });
    return (at) => format.format(at);
  }
}

function sum(a: ReportRow, b: ReportRow): ReportRow {
  return {
    key: a.key,
    answered: a.answered + b.answered,
    voicemail: a.voicemail + b.voicemail,
    missed: a.missed + b.missed,
    elsewhere: a.elsewhere + b.elsewhere,
    other: a.other + b.other,
    notified: a.notified + b.notified,
  };
}

function reportRow(row: Row): ReportRow {
  const count = (name: string): number => Number(row[name]);
  return {
    key: String(row['key']),
    answered: count('answered'),
    voicemail: count('voicemail'),
    missed: count('missed'),
    elsewhere: count('elsewhere'),
    other: count('other'),
    notified: count('notified'),
  };
}

function unreturnedRow(row: Row): UnreturnedRow {
  return {
    mailbox: String(row['mailbox']),
    caller: String(row['caller']),
    displayName: text(row['display_name']),
    missed: Number(row['missed']),
    lastAt: Number(row['last_at']),
    lastCall: String(row['last_call']),
  };
}
