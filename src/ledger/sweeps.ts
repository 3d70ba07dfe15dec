import type { Evidence } from '../call/index.ts';
import type { CallRecord, Journal } from '../journal/index.ts';
import { judgeInterrupted, judgePending, reportedIn, type Law } from './judge.ts';
import type { Judged } from './settlement.ts';
import type { LedgerLog, Schedule } from './types.ts';
import { FOUND_AT_START } from './words.ts';

/** How often pending verdicts that fell due are looked for. */
export const SETTLE_INTERVAL_MS = 1_000;
/** How long a start waits for the journal to say which calls an earlier life left. */
export const RECOVERY_READ_MS = 5_000;
const RECOVERY_RETRY_MS = 5_000;
/** Calls judged in one go. */
const BATCH = 100;

export interface SweepOptions {
  readonly journal: Journal;
  readonly now: () => number;
  readonly schedule: Schedule;
  readonly log: LedgerLog;
  readonly law: () => Law;
  /** Judges, and resolves when the settlement is committed or given up. */
  readonly commit: (callId: string, judge: () => Judged) => Promise<unknown>;
  /** What it says that nothing was told of a call while its verdict waited; null: nothing. */
  readonly silence: (record: CallRecord, now: number) => Evidence | null;
  /** A call of this life of the gateway. */
  readonly isLive: (callId: string) => boolean;
  /** Something of this call is on its way to the journal. */
  readonly isUnwritten: (callId: string) => boolean;
}

/** What the ledger does without a call asking for it: settles pending verdicts when they fall due, and calls that a crash left. */
export interface Sweeps {
  settleDue(now: number): Promise<void>;
  recover(): Promise<void>;
  stop(): void;
}

export function createSweeps(options: SweepOptions): Sweeps {
  const { journal, now, schedule, log, law, commit, silence, isLive, isUnwritten } = options;
  const stop = new AbortController();
  let cancelTick = schedule(tick, SETTLE_INTERVAL_MS);
  let cancelRecovery: (() => void) | null = null;
  let lastSweep = Promise.resolve();
  let sweeping = 0;
  let dueFails = false;

  function tick(): void {
    if (stop.signal.aborted) return;
    cancelTick = schedule(tick, SETTLE_INTERVAL_MS);
    // A sweep that a slow journal holds up is not joined by another every second.
    if (sweeping === 0) void settleDue(now());
  }

  function settle(record: CallRecord, at: number): Promise<unknown> {
    return commit(record.id, () => {
      const silent = silence(record, at);
      return judgePending(record, at, law(), silent === null ? [] : [silent]);
    });
  }

  async function settleAllDue(at: number): Promise<void> {
    const seen = new Set<string>();
    let due: CallRecord[];
    do {
      due = (await journal.pendingDue(at, BATCH)).filter(({ id }) => !seen.has(id));
      for (const { id } of due) seen.add(id);
      // Evidence on its way to the journal bears on the verdict: such a call is judged next time.
      const judgeable = due.filter(({ id }) => !isUnwritten(id));
      await Promise.all(judgeable.map((record) => settle(record, at)));
    } while (due.length === BATCH && !stop.signal.aborted);
    dueFails = false;
  }

  function settleDue(at: number): Promise<void> {
    sweeping++;
    // One after the other: two sweeps at once would judge the same calls.
    lastSweep = lastSweep
      .then(() => settleAllDue(at))
      .catch((error: unknown) => {
        if (!dueFails) log.error({ error: String(error) }, 'pending verdicts cannot be read; they are tried again');
        dueFails = true;
      })
      .finally(() => {
        sweeping--;
      });
    return lastSweep;
  }

  function interrupt(record: CallRecord): Promise<unknown> {
    return commit(record.id, () => judgeInterrupted(reportedIn(record), now(), FOUND_AT_START, law()));
  }

  async function settleInterrupted(records: CallRecord[]): Promise<void> {
    const left = records.filter(({ id }) => !isLive(id) && !isUnwritten(id));
    if (left.length === 0) return;
    log.info({ calls: left.length }, 'calls that an earlier life of the gateway left are settled as interrupted');
    while (left.length > 0 && !stop.signal.aborted) await Promise.all(left.splice(0, BATCH).map(interrupt));
  }

  /** Resolves when the calls have been read and the first of them are on their way. */
  async function findInterrupted(): Promise<void> {
    try {
      const records = await journal.unfinished();
      if (!stop.signal.aborted) void settleInterrupted(records);
    } catch (error) {
      log.error({ error: String(error) }, 'interrupted calls cannot be read now; they are tried again');
      if (!stop.signal.aborted) cancelRecovery = schedule(() => void findInterrupted(), RECOVERY_RETRY_MS);
    }
  }

  return {
    settleDue,

    recover: () =>
      new Promise((resolve) => {
        const cancel = schedule(() => {
          log.warn({}, 'the journal is slow: interrupted calls are still being read; new calls are taken meanwhile');
          resolve();
        }, RECOVERY_READ_MS);
        const finish = (): void => {
          cancel();
          resolve();
        };
        stop.signal.addEventListener('abort', finish, { once: true });
        void findInterrupted().then(finish);
      }),

    stop() {
      stop.abort();
      cancelTick();
      cancelRecovery?.();
    },
  };
}
