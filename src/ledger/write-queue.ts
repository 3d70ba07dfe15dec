import type { CallStart, Evidence } from '../call/index.ts';
import { JournalError, type Journal, type Settlement } from '../journal/index.ts';
import { createBacklog, type Backlog, type BacklogOptions, type Key } from './backlog.ts';
import type { Answer } from './judge.ts';
import { createOutage, type Outage } from './outage.ts';
import { isDone, nextWrite, type Settled, type Unwritten } from './unwritten.ts';

/** Evidence of one call that may wait. */
export const MAX_WAITING_EVIDENCE = 100;
/** Writes handed to the journal at once. */
export const MAX_IN_HAND = 1_000;
/** A record that has waited this long makes the journal count as slow. */
export const SLOW_AFTER_MS = 1_000;

export interface WriteQueueOptions extends BacklogOptions {
  readonly journal: Journal;
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

export function createWriteQueue(options: WriteQueueOptions): WriteQueue {
  return new GroupedWrites(options);
}

/**
 * A call has at most one write in the journal's hands, so that a failed one is never overtaken by the next of the same
 * call; calls do not wait for each other.
 */
class GroupedWrites implements WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #backlog: Backlog;
  readonly #outage: Outage;
  #inHand = 0;
  #pumpQueued = false;

  constructor(options: WriteQueueOptions) {
    const { journal, now, schedule, log } = options;
    this.#options = options;
    this.#backlog = createBacklog(options);
    this.#outage = createOutage({
      probe: () => journal.probe(),
      now,
      schedule,
      log,
      waiting: () => this.#backlog.size,
      resume: () => this.#pump(),
    });
  }

  begin(start: CallStart): Promise<void> {
    return new Promise((resolve) => {
      this.#enqueue({ callId: start.id, hasMailbox: start.mailbox !== null }, (entry) => {
        entry.start = { record: start, written: resolve };
      });
    });
  }

  rang(key: Key, at: number): void {
    this.#enqueue(key, (entry) => {
      entry.rangAt ??= at;
    });
  }

  answered(key: Key, answer: Answer): void {
    this.#enqueue(key, (entry) => {
      entry.answered = answer;
    });
  }

  addEvidence(key: Key, evidence: Evidence): void {
    this.#enqueue(key, (entry) => {
      if (entry.evidence.length < MAX_WAITING_EVIDENCE) entry.evidence.push(evidence);
    });
  }

  settle(key: Key, settlement: Settlement): Promise<Settled> {
    return new Promise((resolve) => {
      this.#enqueue(key, (entry) => {
        entry.settlement = { record: settlement, result: resolve };
      });
    });
  }

  #enqueue(key: Key, change: (entry: Unwritten) => void): void {
    // What waited already is on its way, or is looked at when a write before it has ended.
    if (this.#backlog.change(key, change)) this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#pumpQueued = false;
    if (this.#outage.suspended || this.#inHand >= MAX_IN_HAND) return;
    for (const entry of this.#backlog.entries()) {
      if (!entry.inHand) this.#write(entry);
      if (this.#inHand >= MAX_IN_HAND) return;
    }
  }

  #write(entry: Unwritten): void {
    entry.inHand = true;
    this.#inHand++;
    nextWrite(this.#options.journal, entry).then(
      (written) => {
        this.#release(entry);
        this.#outage.wrote();
        written();
        if (isDone(entry)) this.#backlog.forget(entry);
        this.#pumpSoon();
      },
      (error: unknown) => {
        this.#release(entry);
        if (error instanceof JournalError && !error.retryable) this.#refused(entry, error);
        else this.#outage.failed(error);
      },
    );
  }

  #release(entry: Unwritten): void {
    entry.inHand = false;
    this.#inHand--;
  }

  /** Trying again would not help: what waits of this call is lost to the journal, the other calls are not. */
  #refused(entry: Unwritten, error: JournalError): void {
    const { log } = this.#options;
    log.error({ callId: entry.callId, error: error.message }, 'the journal refuses a record of this call for good');
    this.#backlog.drop(entry);
  }

  has(callId: string): boolean {
    return this.#backlog.has(callId);
  }

  get flowing(): boolean {
    return !this.#outage.suspended;
  }

  get ready(): boolean {
    const [oldest] = this.#backlog.entries();
    return !this.#outage.failing && (oldest === undefined || this.#options.now() - oldest.since < SLOW_AFTER_MS);
  }

  get depth(): number {
    return this.#backlog.size;
  }

  get dropped(): number {
    return this.#backlog.dropped;
  }

  async flush(timeoutMs: number): Promise<void> {
    if (this.#backlog.size === 0) return;
    this.#outage.retryNow();
    await new Promise<void>((resolve) => {
      const cancel = this.#options.schedule(resolve, timeoutMs);
      this.#backlog.onceEmpty(() => {
        cancel();
        resolve();
      });
    });
  }

  stop(): void {
    this.#outage.stop();
    this.#backlog.stop();
  }
}
