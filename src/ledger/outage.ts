import type { LedgerLog, Schedule } from './types.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

export interface OutageOptions {
  readonly probe: () => Promise<void>;
  readonly now: () => number;
  readonly schedule: Schedule;
  readonly log: LedgerLog;
  /** Calls with something to write. */
  readonly waiting: () => number;
  /** The probe went through: write again. */
  readonly resume: () => void;
}

/** Whether the journal fails, and when it is tried again: 100 ms doubling to 5 s, behind a probe. */
export interface Outage {
  /** From a failed write on until one has gone through. */
  readonly failing: boolean;
  /** Nothing is to be handed over until the journal has been probed. */
  readonly suspended: boolean;
  failed(error: unknown): void;
  /** A write went through. */
  wrote(): void;
  retryNow(): void;
  stop(): void;
}

export function createOutage({ probe, now, schedule, log, waiting, resume }: OutageOptions): Outage {
  let trouble: { readonly since: number; nextRetryMs: number } | null = null;
  let suspended = false;
  let stopped = false;
  let cancelRetry: (() => void) | null = null;

  function failed(error: unknown): void {
    suspended = true;
    if (trouble === null) {
      trouble = { since: now(), nextRetryMs: FIRST_RETRY_MS };
      log.error(
        { error: String(error) },
        'the journal fails: calls go on, their records wait in memory until it is back',
      );
    }
    if (cancelRetry !== null || stopped) return;
    cancelRetry = schedule(retry, trouble.nextRetryMs);
    trouble.nextRetryMs = Math.min(trouble.nextRetryMs * 2, LONGEST_RETRY_MS);
  }

  function retry(): void {
    cancelRetry?.();
    cancelRetry = null;
    probe().then(() => {
      if (stopped) return;
      suspended = false;
      if (waiting() === 0) wrote();
      resume();
    }, failed);
  }

  function wrote(): void {
    if (trouble === null || suspended) return;
    log.info({ failedForMs: now() - trouble.since, waiting: waiting() }, 'the journal is back');
    trouble = null;
  }

  return {
    get failing() {
      return trouble !== null;
    },
    get suspended() {
      return suspended;
    },
    failed,
    wrote,
    retryNow() {
      if (cancelRetry !== null) retry();
    },
    stop() {
      stopped = true;
      suspended = true;
      cancelRetry?.();
    },
  };
}
