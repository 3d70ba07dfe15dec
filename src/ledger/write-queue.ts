import type { CallStart, Evidence } from '../call/index.ts';
import { JournalError, type Journal, type Settlement } from '../journal/index.ts';
import type { Answer } from './judge.ts';
import type { LedgerLog, Schedule } from './types.ts';

/** Calls whose records wait for a failing or slow journal; the next one costs the oldest its waiting records (design.md section 7). */
export const MAX_WAITING_CALLS = 10_000;
/** Evidence of one call that may wait. */
export const MAX_WAITING_EVIDENCE = 100;
/** Writes handed to the journal at once. */
const MAX_IN_HAND = 1_000;
/** A record that has waited this long makes the journal count as slow. */
export const SLOW_AFTER_MS = 1_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** While calls are given up, the log is told this often. */
const DROP_REPORT_MS = 10_000;

export type Settled = 'settled' | 'duplicate' | 'dropped';

/** What is still to be written of one call, in this order; a settlement carries what stands after it. */
interface Unwritten {
  readonly callId: string;
  /** Nobody can be notified of it. */
  readonly expendable: boolean;
  readonly since: number;
  start: { readonly record: CallStart; readonly written: () => void } | null;
  settlement: { readonly record: Settlement; readonly result: (settled: Settled) => void } | null;
  rangAt: number | null;
  answered: Answer | null;
  evidence: Evidence[];
  inHand: boolean;
}

export interface WriteQueueOptions {
  readonly journal: Journal;
  readonly now: () => number;
  readonly schedule: Schedule;
  readonly log: LedgerLog;
  /** The call's first record was given up: nothing more of it will be written. */
  readonly onDropped: (callId: string) => void;
}

/** Which call a record belongs to. */
export interface Key {
  readonly callId: string;
  readonly hasMailbox: boolean;
}

/** Between the ledger and a journal that may fail or be slow: bounded memory, order kept within each call, never throws. */
export interface WriteQueue {
  /** Resolves when the record is committed, or given up. */
  begin(start: CallStart): Promise<void>;
  rang(key: Key, at: number): void;
  /** Takes the place of one that waits. */
  answered(key: Key, answer: Answer): void;
  addEvidence(key: Key, evidence: Evidence): void;
  settle(key: Key, settlement: Settlement): Promise<Settled>;
  /** Something of this call is not written yet. */
  has(callId: string): boolean;
  /** False while the journal fails: whoever waits for a commit waits long. */
  readonly flowing: boolean;
  readonly ready: boolean;
  readonly depth: number;
  /** How often what waited of a call was given up. */
  readonly dropped: number;
  /** Tries now what waits, and resolves when all of it is written or after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
  stop(): void;
}

/**
 * A call has at most one write in the journal's hands, so that a failed one is never overtaken by the next of the same
 * call; calls do not wait for each other.
 */
export function createWriteQueue({ journal, now, schedule, log, onDropped }: WriteQueueOptions): WriteQueue {
  /** In the order in which they began to wait. */
  const waiting = new Map<string, Unwritten>();
  const expendable = new Set<Unwritten>();
  let inHand = 0;
  let dropped = 0;
  let droppedUnreported = 0;
  let pumpQueued = false;
  let stopped = false;
  /** Set while the journal fails. */
  let trouble: { readonly since: number; nextRetryMs: number } | null = null;
  /** Nothing is handed over until the journal has been probed. */
  let suspended = false;
  let cancelRetry: (() => void) | null = null;
  let cancelReport: (() => void) | null = null;
  let drained: (() => void)[] = [];

  function enqueue(key: Key, change: (entry: Unwritten) => void): void {
    const known = waiting.get(key.callId);
    change(known ?? wait(key));
    if (known === undefined && waiting.size > MAX_WAITING_CALLS) dropOldest();
  }

  function wait({ callId, hasMailbox }: Key): Unwritten {
    const entry: Unwritten = {
      callId,
      expendable: !hasMailbox,
      since: now(),
      start: null,
      settlement: null,
      rangAt: null,
      answered: null,
      evidence: [],
      inHand: false,
    };
    waiting.set(callId, entry);
    if (entry.expendable) expendable.add(entry);
    pumpSoon();
    return entry;
  }

  function pumpSoon(): void {
    if (pumpQueued) return;
    pumpQueued = true;
    queueMicrotask(pump);
  }

  function pump(): void {
    pumpQueued = false;
    if (suspended || inHand >= MAX_IN_HAND) return;
    for (const entry of waiting.values()) {
      if (!entry.inHand) write(entry);
      if (inHand >= MAX_IN_HAND) return;
    }
  }

  function write(entry: Unwritten): void {
    entry.inHand = true;
    inHand++;
    nextWrite(journal, entry).then(
      (written) => {
        release(entry);
        recovered();
        written();
        if (isDone(entry)) forget(entry);
        pumpSoon();
      },
      (error: unknown) => {
        release(entry);
        if (error instanceof JournalError && !error.retryable) refused(entry, error);
        else failed(error);
      },
    );
  }

  function release(entry: Unwritten): void {
    entry.inHand = false;
    inHand--;
  }

  function forget(entry: Unwritten): void {
    waiting.delete(entry.callId);
    expendable.delete(entry);
    if (waiting.size > 0) return;
    for (const tell of drained) tell();
    drained = [];
  }

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
    journal.probe().then(() => {
      if (stopped) return;
      suspended = false;
      if (waiting.size === 0) recovered();
      pump();
    }, failed);
  }

  function recovered(): void {
    if (trouble === null || suspended) return;
    log.info({ failedForMs: now() - trouble.since, waiting: waiting.size }, 'the journal is back');
    trouble = null;
  }

  /** Trying again would not help: this call is lost to the journal, the others are not. */
  function refused(entry: Unwritten, error: JournalError): void {
    log.error({ callId: entry.callId, error: error.message }, 'the journal refuses a record of this call for good');
    drop(entry);
  }

  function dropOldest(): void {
    const victim = firstIdle(expendable) ?? firstIdle(waiting.values());
    if (victim === undefined) return;
    droppedUnreported++;
    drop(victim);
    if (cancelReport !== null) return;
    reportDropped();
  }

  function reportDropped(): void {
    cancelReport = null;
    if (droppedUnreported === 0 || stopped) return;
    log.error(
      { dropped: droppedUnreported, droppedInAll: dropped, waiting: waiting.size },
      `more than ${MAX_WAITING_CALLS} calls wait for the journal: the oldest records were given up, those of calls without a mailbox first`,
    );
    droppedUnreported = 0;
    cancelReport = schedule(reportDropped, DROP_REPORT_MS);
  }

  function drop(entry: Unwritten): void {
    dropped++;
    forget(entry);
    entry.settlement?.result('dropped');
    // A call whose start is written keeps what the ledger knows of it: its settlement says again what waited here.
    if (entry.start === null) return;
    entry.start.written();
    onDropped(entry.callId);
  }

  return {
    begin: (start) =>
      new Promise((resolve) => {
        enqueue({ callId: start.id, hasMailbox: start.mailbox !== null }, (entry) => {
          entry.start = { record: start, written: resolve };
        });
      }),
    rang(key, at) {
      enqueue(key, (entry) => {
        entry.rangAt ??= at;
      });
    },
    answered(key, answer) {
      enqueue(key, (entry) => {
        entry.answered = answer;
      });
    },
    addEvidence(key, evidence) {
      enqueue(key, (entry) => {
        if (entry.evidence.length < MAX_WAITING_EVIDENCE) entry.evidence.push(evidence);
      });
    },
    settle: (key, settlement) =>
      new Promise((resolve) => {
        enqueue(key, (entry) => {
          entry.settlement = { record: settlement, result: resolve };
        });
      }),
    has: (callId) => waiting.has(callId),
    get flowing() {
      return !suspended;
    },
    get ready() {
      const oldest = waiting.values().next().value;
      return trouble === null && (oldest === undefined || now() - oldest.since < SLOW_AFTER_MS);
    },
    get depth() {
      return waiting.size;
    },
    get dropped() {
      return dropped;
    },
    async flush(timeoutMs) {
      if (waiting.size === 0) return;
      if (cancelRetry !== null) retry();
      await new Promise<void>((resolve) => {
        const cancel = schedule(resolve, timeoutMs);
        drained.push(() => {
          cancel();
          resolve();
        });
      });
    },
    stop() {
      stopped = true;
      suspended = true;
      cancelRetry?.();
      cancelReport?.();
    },
  };
}

function firstIdle(entries: Iterable<Unwritten>): Unwritten | undefined {
  for (const entry of entries) if (!entry.inHand) return entry;
  return undefined;
}

function isDone(entry: Unwritten): boolean {
  return (
    entry.start === null &&
    entry.settlement === null &&
    entry.rangAt === null &&
    entry.answered === null &&
    entry.evidence.length === 0
  );
}

/** Begins the call's next write; its promise gives the function that marks it as written. */
async function nextWrite(journal: Journal, entry: Unwritten): Promise<() => void> {
  const { start, settlement, rangAt, answered, evidence } = entry;
  if (start !== null) {
    await journal.begin(start.record);
    return () => {
      entry.start = null;
      start.written();
    };
  }
  if (settlement !== null) {
    const { record, result } = settlement;
    const added = evidence.length;
    const fresh = await journal.settle(
      added === 0 ? record : { ...record, evidence: [...evidence, ...record.evidence] },
    );
    return () => {
      entry.settlement = null;
      // The settlement has said all of this. Evidence that came while it was written is still to come.
      entry.rangAt = null;
      entry.answered = null;
      entry.evidence = fresh ? entry.evidence.slice(added) : [];
      result(fresh ? 'settled' : 'duplicate');
    };
  }
  if (rangAt !== null) {
    await journal.rang(entry.callId, rangAt);
    return () => {
      entry.rangAt = null;
    };
  }
  if (answered !== null) {
    await journal.answered(entry.callId, answered.at, answered.by);
    return () => {
      // A phone may have answered while the voicemail system's answer was written.
      if (entry.answered === answered) entry.answered = null;
    };
  }
  const added = evidence.length;
  await journal.addEvidence(entry.callId, evidence.slice());
  return () => {
    entry.evidence = entry.evidence.slice(added);
  };
}
