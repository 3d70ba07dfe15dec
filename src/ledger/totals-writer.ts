import type { Journal, MessageTotalsRecord } from '../journal/index.ts';
import type { LedgerLog, Schedule } from './types.ts';

/** After a write that failed, the next one. */
export const SAVE_RETRY_MS = 5_000;
/** Totals handed to the journal at once. */
export const SAVES_AT_ONCE = 100;

export interface TotalsWriterOptions {
  readonly journal: Pick<Journal, 'saveMessageTotals'>;
  readonly schedule: Schedule;
  readonly log: LedgerLog;
  /** What is to be written now. */
  readonly current: (mailbox: string) => Pick<MessageTotalsRecord, 'total' | 'at'> | undefined;
}

/** Writes totals behind what is known: the latest of each mailbox, and nobody waits for it. */
export interface TotalsWriter {
  changed(mailbox: string): void;
  stop(): void;
}

export function createTotalsWriter({ journal, schedule, log, current }: TotalsWriterOptions): TotalsWriter {
  const unsaved = new Set<string>();
  let saving: Promise<void> | null = null;
  let cancelRetry: (() => void) | null = null;
  let fails = false;
  let stopped = false;

  /** What comes while a write is under way goes into the next one, once a mailbox. */
  async function save(): Promise<void> {
    while (unsaved.size > 0) {
      const batch = [...unsaved].slice(0, SAVES_AT_ONCE);
      for (const mailbox of batch) unsaved.delete(mailbox);
      const failed = (await Promise.allSettled(batch.map(saveOne))).find(({ status }) => status === 'rejected');
      if (failed !== undefined) return retryLater((failed as PromiseRejectedResult).reason);
      fails = false;
    }
  }

  async function saveOne(mailbox: string): Promise<void> {
    const entry = current(mailbox);
    if (entry === undefined) return;
    await journal.saveMessageTotals({ mailbox, total: entry.total, at: entry.at }).catch((error: unknown) => {
      unsaved.add(mailbox);
      throw error;
    });
  }

  function retryLater(error: unknown): void {
    if (!fails) log.error({ error: String(error) }, 'message totals cannot be written; they are tried again');
    fails = true;
    if (!stopped) cancelRetry = schedule(startSaving, SAVE_RETRY_MS);
  }

  function startSaving(): void {
    cancelRetry = null;
    saving ??= save().finally(() => {
      saving = null;
    });
  }

  return {
    changed(mailbox) {
      unsaved.add(mailbox);
      if (cancelRetry === null) startSaving();
    },
    stop() {
      stopped = true;
      cancelRetry?.();
    },
  };
}
