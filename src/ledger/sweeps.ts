import type { Evidence } from '../call/index.ts';
import type { CallRecord, Journal } from '../journal/index.ts';
import { judgeInterrupted, judgePending, reportedIn, type Law } from './judge.ts';
import type { Judged } from './settlement.ts';
import type { LedgerLog, Schedule } from './types.ts';
import { FOUND_AT_START } from './explain.ts';

/** How often pending verdicts that fell due are looked for. */
export const SETTLE_INTERVAL_MS = 1_000;
/** How long a start waits for the journal to say which calls an earlier life left. */
export const RECOVERY_READ_MS = 5_000;
export const RECOVERY_RETRY_MS = 5_000;
/** Calls judged in one go. */
export const BATCH = 100;

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
  return new SweepsOfJournal(options);
}

class SweepsOfJournal implements Sweeps {
  readonly #options: SweepOptions;
  readonly #stop = new AbortController();
  #cancelTick: () => void;
  #cancelRecovery: (() => void) | null = null;
  #lastSweep = Promise.resolve();
  #sweeping = 0;
  #dueFails = false;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#cancelTick = options.schedule(() => this.#tick(), SETTLE_INTERVAL_MS);
  }

  #tick(): void {
    if (this.#stop.signal.aborted) return;
    const { schedule, now } = this.#options;
    this.#cancelTick = schedule(() => this.#tick(), SETTLE_INTERVAL_MS);
    // A sweep that a slow journal holds up is not joined by another every second.
    if (this.#sweeping === 0) void this.settleDue(now());
  }

  settleDue(at: number): Promise<void> {
    this.#sweeping++;
    // One after the other: two sweeps at once would judge the same calls.
    this.#lastSweep = this.#lastSweep
      .then(() => this.#settleAllDue(at))
      .catch((error: unknown) => {
        const { log } = this.#options;
        if (!this.#dueFails)
          log.error({ error: String(error) }, 'pending verdicts cannot be read; they are tried again');
        this.#dueFails = true;
      })
      .finally(() => {
        this.#sweeping--;
      });
    return this.#lastSweep;
  }

  async #settleAllDue(at: number): Promise<void> {
    const { journal, isUnwritten } = this.#options;
    const seen = new Set<string>();
    let due: CallRecord[];
    do {
      due = (await journal.pendingDue(at, BATCH)).filter(({ id }) => !seen.has(id));
      for (const { id } of due) seen.add(id);
      // Evidence on its way to the journal bears on the verdict: such a call is judged next time.
      const judgeable = due.filter(({ id }) => !isUnwritten(id));
      await Promise.all(judgeable.map((record) => this.#settle(record, at)));
    } while (due.length === BATCH && !this.#stop.signal.aborted);
    this.#dueFails = false;
  }

  #settle(record: CallRecord, at: number): Promise<unknown> {
    const { commit, silence, law } = this.#options;
    return commit(record.id, () => {
      const silent = silence(record, at);
      return judgePending(record, at, law(), silent === null ? [] : [silent]);
    });
  }

  recover(): Promise<void> {
    const { schedule, log } = this.#options;
    return new Promise((resolve) => {
      const cancel = schedule(() => {
        log.warn({}, 'the journal is slow: interrupted calls are still being read; new calls are taken meanwhile');
        resolve();
      }, RECOVERY_READ_MS);
      const finish = (): void => {
        cancel();
        resolve();
      };
      this.#stop.signal.addEventListener('abort', finish, { once: true });
      void this.#findInterrupted().then(finish);
    });
  }

  /** Resolves when the calls have been read and the first of them are on their way. */
  async #findInterrupted(): Promise<void> {
    const { journal, schedule, log } = this.#options;
    const { signal } = this.#stop;
    try {
      const records = await journal.unfinished();
      if (!signal.aborted) void this.#settleInterrupted(records);
    } catch (error) {
      log.error({ error: String(error) }, 'interrupted calls cannot be read now; they are tried again');
      if (!signal.aborted) this.#cancelRecovery = schedule(() => void this.#findInterrupted(), RECOVERY_RETRY_MS);
    }
  }

  async #settleInterrupted(records: CallRecord[]): Promise<void> {
    const { isLive, isUnwritten, log, commit, now, law } = this.#options;
    const left = records.filter(({ id }) => !isLive(id) && !isUnwritten(id));
    if (left.length === 0) return;
    log.info({ calls: left.length }, 'calls that an earlier life of the gateway left are settled as interrupted');
    const interrupt = (record: CallRecord): Promise<unknown> =>
      commit(record.id, () => judgeInterrupted(reportedIn(record), now(), FOUND_AT_START, law()));
    while (left.length > 0 && !this.#stop.signal.aborted) await Promise.all(left.splice(0, BATCH).map(interrupt));
  }

  stop(): void {
    this.#stop.abort();
    this.#cancelTick();
    this.#cancelRecovery?.();
  }
}
