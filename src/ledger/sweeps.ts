import type { CallRecord, Journal } from '../journal/index.ts';
import { judgeInterrupted, judgePending, reportedIn, type Law } from './judge.ts';
import type { Judged } from './settlement.ts';
import type { LedgerLog, Recovery, Schedule } from './types.ts';

/** How often pending verdicts that fell due are looked for. */
export const SETTLE_INTERVAL_MS = 1_000;
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
  /** A call of this life of the gateway. */
  readonly isLive: (callId: string) => boolean;
  /** Something of this call is on its way to the journal. */
  readonly isUnwritten: (callId: string) => boolean;
}

/** What the ledger does without a call asking for it: settles pending verdicts when they fall due, and calls that a crash left. */
export interface Sweeps {
  settleDue(now: number): Promise<void>;
  recover(): Promise<Recovery>;
  stop(): void;
}

export function createSweeps(options: SweepOptions): Sweeps {
  const { journal, now, schedule, log, law, commit, isLive, isUnwritten } = options;
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

  async function settleAllDue(at: number): Promise<void> {
    const seen = new Set<string>();
    let due: CallRecord[];
    do {
      due = (await journal.pendingDue(at, BATCH)).filter(({ id }) => !seen.has(id));
      for (const { id } of due) seen.add(id);
      // Evidence on its way to the journal bears on the verdict: such a call is judged next time.
      const judgeable = due.filter(({ id }) => !isUnwritten(id));
      await Promise.all(judgeable.map((record) => commit(record.id, () => judgePending(record, at, law()))));
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
    const detail = 'the gateway stopped during the call; found when it started again';
    return commit(record.id, () => judgeInterrupted(reportedIn(record), now(), detail, law()));
  }

  async function settleInterrupted(): Promise<number> {
    try {
      // A late second try finds calls of this life too: those are not to be touched.
      const left = (await journal.unfinished()).filter(({ id }) => !isLive(id) && !isUnwritten(id));
      const found = left.length;
      while (left.length > 0 && !stop.signal.aborted) await Promise.all(left.splice(0, BATCH).map(interrupt));
      return found;
    } catch (error) {
      log.error({ error: String(error) }, 'interrupted calls cannot be read now; they are tried again');
      if (!stop.signal.aborted) cancelRecovery = schedule(() => void settleInterrupted(), RECOVERY_RETRY_MS);
      return 0;
    }
  }

  return {
    settleDue,

    async recover() {
      // Asked for before anything is awaited: no claim of this life can come before it.
      const releasing = journal.releaseClaims(now()).catch((error: unknown) => {
        log.error({ error: String(error) }, 'claims of an earlier life stay until their leases run out');
        return 0;
      });
      const interrupted = await settleInterrupted();
      await settleDue(now());
      return { interrupted, released: await releasing };
    },

    stop() {
      stop.abort();
      cancelTick();
      cancelRecovery?.();
    },
  };
}
