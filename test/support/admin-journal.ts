import type { AuditRecord, CallView, Paged, ReportRow } from '../../src/journal/index.ts';
import type { CmdletJournal } from '../../src/cmdlet/index.ts';

/** The journal's part that cmdlets use, in memory. */
export interface MemoryJournal extends CmdletJournal {
  readonly records: AuditRecord[];
  readonly calls: CallView[];
  readonly rows: ReportRow[];
}

function paged<Item>(items: readonly Item[], after: string | undefined, limit: number): Paged<Item> {
  const start = after === undefined ? 0 : Number(after);
  const end = start + limit;
  return { items: items.slice(start, end), next: end < items.length ? String(end) : null };
}

export function memoryJournal(): MemoryJournal {
  const records: AuditRecord[] = [];
  const calls: CallView[] = [];
  const rows: ReportRow[] = [];
  return {
    records,
    calls,
    rows,
    async intendAudit(record) {
      records.push(record);
    },
    async completeAudit(id, result, error) {
      const at = records.findIndex((record) => record.id === id);
      records[at] = { ...records[at]!, result, error };
    },
    async audit({ from = 0, to = Infinity, operation }, { after, limit }) {
      const found = records
        .filter(({ at, operation: done }) => at >= from && at < to && (operation ?? done) === done)
        .toReversed();
      return paged(found, after, limit);
    },
    async callPage({ from = 0, to = Infinity, mailbox }, { after, limit }) {
      const found = calls
        .filter(({ startedAt }) => startedAt >= from && startedAt < to)
        .filter((call) => mailbox === undefined || call.mailbox === mailbox)
        .toReversed();
      return paged(found, after, limit);
    },
    async report({ by, from, to, limit }) {
      const dayOf = (key: string): number => Date.parse(key);
      const found = by === 'day' ? rows.filter(({ key }) => dayOf(key) >= from && dayOf(key) < to) : rows;
      return { rows: found.slice(0, limit), truncated: found.length > limit };
    },
  };
}
