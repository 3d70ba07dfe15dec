import type { CallStart, Evidence } from '../call/index.ts';
import { JournalError, type Journal, type Settlement } from '../journal/index.ts';
import { createBacklog, type BacklogOptions, type Key } from './backlog.ts';
import type { Answer } from './judge.ts';
import { createOutage } from './outage.ts';
import { isDone, nextWrite, type Settled, type Unwritten } from './unwritten.ts';

/** Evidence of one call that may wait. */
export const MAX_WAITING_EVIDENCE = 100;
/** Writes handed to the journal at once. */
const MAX_IN_HAND = 1_000;
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

/**
 * A call has at most one write in the journal's hands, so that a failed one is never overtaken by the next of the same
 * call; calls do not wait for each other.
 */
export function createWriteQueue(options: WriteQueueOptions): WriteQueue {
  const { journal, now, schedule, log } = options;
  const backlog = createBacklog(options);
  const outage = createOutage({
    probe: () => journal.probe(),
    now,
    schedule,
    log,
    waiting: () => backlog.size,
    resume: pump,
  });
  let inHand = 0;
  let pumpQueued = false;

  function enqueue(key: Key, change: (entry: Unwritten) => void): void {
    // What waited already is on its way, or is looked at when a write before it has ended.
    if (backlog.change(key, change)) pumpSoon();
  }

  function pumpSoon(): void {
    if (pumpQueued) return;
    pumpQueued = true;
    queueMicrotask(pump);
  }

  function pump(): void {
    pumpQueued = false;
    if (outage.suspended || inHand >= MAX_IN_HAND) return;
    for (const entry of backlog.entries()) {
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
        outage.wrote();
        written();
        if (isDone(entry)) backlog.forget(entry);
        pumpSoon();
      },
      (error: unknown) => {
        release(entry);
        if (error instanceof JournalError && !error.retryable) refused(entry, error);
        else outage.failed(error);
      },
    );
  }

  function release(entry: Unwritten): void {
    entry.inHand = false;
    inHand--;
  }

  /** Trying again would not help: what waits of this call is lost to the journal, the other calls are not. */
  function refused(entry: Unwritten, error: JournalError): void {
    log.error({ callId: entry.callId, error: error.message }, 'the journal refuses a record of this call for good');
    backlog.drop(entry);
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
    has: (callId) => backlog.has(callId),
    get flowing() {
      return !outage.suspended;
    },
    get ready() {
      const [oldest] = backlog.entries();
      return !outage.failing && (oldest === undefined || now() - oldest.since < SLOW_AFTER_MS);
    },
    get depth() {
      return backlog.size;
    },
    get dropped() {
      return backlog.dropped;
    },
    async flush(timeoutMs) {
      if (backlog.size === 0) return;
      outage.retryNow();
      await new Promise<void>((resolve) => {
        const cancel = schedule(resolve, timeoutMs);
        backlog.onceEmpty(() => {
          cancel();
          resolve();
        });
      });
    },
    stop() {
      outage.stop();
      backlog.stop();
    },
  };
}
