import type { LedgerLog, Schedule } from './types.ts';
import { nothingOf, type Unwritten } from './unwritten.ts';

/** Calls whose records wait for a failing or slow journal; the next one costs the oldest its waiting records (design.md section 7). */
export const MAX_WAITING_CALLS = 10_000;
/** While records are given up, the log is told this often. */
export const DROP_REPORT_MS = 10_000;

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

export function createBacklog(options: BacklogOptions): Backlog {
  return new BoundedBacklog(options);
}

class BoundedBacklog implements Backlog {
  readonly #options: BacklogOptions;
  readonly #waiting = new Map<string, Unwritten>();
  readonly #expendable = new Set<Unwritten>();
  #dropped = 0;
  #droppedUnreported = 0;
  #cancelReport: (() => void) | null = null;
  #stopped = false;
  #onEmpty: (() => void)[] = [];

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  has(callId: string): boolean {
    return this.#waiting.has(callId);
  }

  entries(): Iterable<Unwritten> {
    return this.#waiting.values();
  }

  change(key: Key, change: (entry: Unwritten) => void): boolean {
    const known = this.#waiting.get(key.callId);
    change(known ?? this.#add(key));
    if (known === undefined && this.#waiting.size > MAX_WAITING_CALLS) this.#dropOldest();
    return known === undefined;
  }

  #add({ callId, hasMailbox }: Key): Unwritten {
    const entry = nothingOf(callId, !hasMailbox, this.#options.now());
    this.#waiting.set(callId, entry);
    if (entry.expendable) this.#expendable.add(entry);
    return entry;
  }

  forget(entry: Unwritten): void {
    this.#waiting.delete(entry.callId);
    this.#expendable.delete(entry);
    if (this.#waiting.size > 0) return;
    for (const tell of this.#onEmpty) tell();
    this.#onEmpty = [];
  }

  drop(entry: Unwritten): void {
    this.#dropped++;
    this.forget(entry);
    entry.settlement?.result('dropped');
    // A call whose start is written keeps what the ledger knows of it: its settlement says again what waited here.
    if (entry.start === null) return;
    entry.start.written();
    this.#options.onDropped(entry.callId);
  }

  #dropOldest(): void {
    const victim = firstIdle(this.#expendable) ?? firstIdle(this.#waiting.values());
    if (victim === undefined) return;
    this.#droppedUnreported++;
    this.drop(victim);
    if (this.#cancelReport === null) this.#reportDropped();
  }

  #reportDropped(): void {
    this.#cancelReport = null;
    if (this.#droppedUnreported === 0 || this.#stopped) return;
    const { log, schedule } = this.#options;
    log.error(
      { dropped: this.#droppedUnreported, droppedInAll: this.#dropped, waiting: this.#waiting.size },
      `more than ${MAX_WAITING_CALLS} calls wait for the journal: the oldest records were given up, those of calls without a mailbox first`,
    );
    this.#droppedUnreported = 0;
    this.#cancelReport = schedule(() => this.#reportDropped(), DROP_REPORT_MS);
  }

  onceEmpty(callback: () => void): void {
    this.#onEmpty.push(callback);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelReport?.();
  }
}

function firstIdle(entries: Iterable<Unwritten>): Unwritten | undefined {
  for (const entry of entries) if (!entry.inHand) return entry;
  return undefined;
}
