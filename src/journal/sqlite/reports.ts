import type { DatabaseSync } from 'node:sqlite';
import type { ReportRow, UnreturnedRow } from '../admin-types.ts';
import { idAt, ID_SLACK_MS, MAX_SCANNED } from './call-page.ts';
import { numberKey, SLOT_MS } from './call-counts.ts';
import { text, type Row } from './rows.ts';

/** Rows of one report at most. */
export const MAX_REPORT_ROWS = 10_000;
/** Longest time that one report covers: two years, with their leap day. */
export const MAX_REPORT_MS = 731 * 24 * 60 * 60 * 1000;

/** Counters that one report adds up: with more of them, the newest. */
export const MAX_COUNTERS = 1_000_000;

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
export function reports(db: DatabaseSync, maxCounters = MAX_COUNTERS) {
  const start = reportStart(db, maxCounters);
  const grouped = (key: string): ReturnType<DatabaseSync['prepare']> =>
    db.prepare(`
      SELECT ${key} AS key, ${SUMS} FROM call_counts WHERE slot >= ? AND slot < ? AND ${key} <> ''
      GROUP BY 1 ORDER BY missed DESC, notified DESC, 1 LIMIT ?`);
  const byMailbox = grouped('mailbox');
  const byGroup = grouped('called_group');
  const bySlot = db.prepare(
    `SELECT slot, ${SUMS} FROM call_counts WHERE slot >= ? AND slot < ? GROUP BY slot ORDER BY slot`,
  );
  const callers = missedCallers(db);

  return {
    report(query: ReportQuery): { rows: ReportRow[]; truncated: boolean } {
      const limit = size(query.limit);
      const { from, to, cut } = start(query);
      if (query.by === 'mailbox' || query.by === 'group') {
        const found = (query.by === 'mailbox' ? byMailbox : byGroup).all(from, to, limit + 1);
        return { rows: found.slice(0, limit).map(reportRow), truncated: cut || found.length > limit };
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
      return { rows: [...rows.values()], truncated: cut };
    },

    unreturned(query: UnreturnedQuery): { rows: UnreturnedRow[]; truncated: boolean } {
      const limit = size(query.limit);
      const { found, cut } = callers(query, limit + 1);
      return { rows: found.slice(0, limit).map(unreturnedRow), truncated: cut || found.length > limit };
    },
  };
}

/** The quarters of an hour that a report covers; `cut`: there are older ones that were asked for. */
function reportStart(
  db: DatabaseSync,
  maxCounters: number,
): (query: ReportQuery) => { from: number; to: number; cut: boolean } {
  const tooMany = db.prepare(
    `SELECT slot FROM call_counts WHERE slot >= ? AND slot < ? ORDER BY slot DESC LIMIT 1 OFFSET ${maxCounters}`,
  );
  const any = db.prepare('SELECT 1 FROM call_counts WHERE slot >= ? AND slot < ? LIMIT 1');
  return (query) => {
    const asked = Math.floor(query.from / SLOT_MS);
    const to = Math.ceil(query.to / SLOT_MS);
    const longest = Math.max(asked, Math.floor((query.to - MAX_REPORT_MS) / SLOT_MS));
    const newestTooMany = tooMany.get(longest, to)?.['slot'];
    const from = newestTooMany === undefined ? longest : Number(newestTooMany) + 1;
    return { from, to, cut: any.get(asked, from) !== undefined };
  };
}

/** Who called in vain, latest first. Those of one mailbox are found by its newest calls: an index more would cost each call. */
function missedCallers(db: DatabaseSync): (query: UnreturnedQuery, limit: number) => { found: Row[]; cut: boolean } {
  const all = db.prepare('SELECT * FROM unreturned WHERE last_at >= ? AND last_at < ? ORDER BY last_at DESC LIMIT ?');
  const calls = db.prepare(`
    SELECT outcome, caller ->> '$.number' AS number FROM calls WHERE mailbox = ? AND id >= ?
    ORDER BY id DESC LIMIT ${MAX_SCANNED + 1}`);
  const one = db.prepare('SELECT * FROM unreturned WHERE key = ? AND mailbox = ? AND last_at >= ? AND last_at < ?');
  return ({ from, to, mailbox }, limit) => {
    if (mailbox === undefined) return { found: all.all(from, to, limit), cut: false };
    const newest = calls.all(mailbox, idAt(from - ID_SLACK_MS));
    const missed = newest.filter(({ outcome }) => outcome === 'missed');
    const keys = new Set(missed.map(({ number }) => numberKey(text(number))));
    const found = [...keys]
      .map((key) => (key === null ? undefined : one.get(key, mailbox, from, to)))
      .filter((row) => row !== undefined);
    found.sort((a, b) => Number(b['last_at']) - Number(a['last_at']));
    return { found: found.slice(0, limit), cut: newest.length > MAX_SCANNED };
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
