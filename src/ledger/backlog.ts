import type { LedgerLog, Schedule } from './types.ts';
import { nothingOf, type Unwritten } from './unwritten.ts';

/** Calls whose records wait for a failing or slow journal; the next one costs the oldest its waiting records (design.md section 7). */
export const MAX_WAITING_CALLS = 10_000;
/** While records are given up, the log is told this often. */
const DROP_REPORT_MS = 10_000;

/** Which call a record belongs to. */
export interface Key {
  readonly callId: string;
  readonly hasMailbox: boolean;
}

export interface BacklogOptions {
  readonly now: () => number;
  readonly schedule: Schedule;
  readonly log: LedgerLog;
  /** The call's first record was given up: nothing more of it will be written. */
  readonly onDropped: (callId: string) => void;
}

/** The memory of the write queue: what waits, bounded. */
export interface Backlog {
  readonly size: number;
  /** How often what waited of a call was given up. */
  readonly dropped: number;
  has(callId: string): boolean;
  /** In the order in which they began to wait. */
  entries(): Iterable<Unwritten>;
  /**
   * Changes what waits of this call; true where nothing of it waited before. Where that makes more calls than may wait, what
   * has waited longest is given up.
   */
  change(key: Key, change: (entry: Unwritten) => void): boolean;
  forget(entry: Unwritten): void;
  drop(entry: Unwritten): void;
  /** Called once, when nothing waits any more. */
  onceEmpty(callback: () => void): void;
  stop(): void;
}

export function createBacklog({ now, schedule, log, onDropped }: BacklogOptions): Backlog {
  const waiting = new Map<string, Unwritten>();
  const expendable = new Set<Unwritten>();
  let dropped = 0;
  let droppedUnreported = 0;
  let cancelReport: (() => void) | null = null;
  let stopped = false;
  let onEmpty: (() => void)[] = [];

  function add({ callId, hasMailbox }: Key): Unwritten {
    const entry = nothingOf(callId, !hasMailbox, now());
    waiting.set(callId, entry);
    if (entry.expendable) expendable.add(entry);
    return entry;
  }

  function forget(entry: Unwritten): void {
    waiting.delete(entry.callId);
    expendable.delete(entry);
    if (waiting.size > 0) return;
    for (const tell of onEmpty) tell();
    onEmpty = [];
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

  function dropOldest(): void {
    const victim = firstIdle(expendable) ?? firstIdle(waiting.values());
    if (victim === undefined) return;
    droppedUnreported++;
    drop(victim);
    if (cancelReport === null) reportDropped();
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

  return {
    get size() {
      return waiting.size;
    },
    get dropped() {
      return dropped;
    },
    has: (callId) => waiting.has(callId),
    entries: () => waiting.values(),
    change(key, change) {
      const known = waiting.get(key.callId);
      change(known ?? add(key));
      if (known === undefined && waiting.size > MAX_WAITING_CALLS) dropOldest();
      return known === undefined;
    },
    forget,
    drop,
    onceEmpty(callback) {
      onEmpty.push(callback);
    },
    stop() {
      stopped = true;
      cancelReport?.();
    },
  };
}

function firstIdle(entries: Iterable<Unwritten>): Unwritten | undefined {
  for (const entry of entries) if (!entry.inHand) return entry;
  return undefined;
}
