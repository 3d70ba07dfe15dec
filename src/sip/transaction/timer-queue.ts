import type { Clock } from '../stack.types.ts';
import type { TimerName } from './machine.ts';

export interface TimerOwner {
  onTimer(name: TimerName): void;
}

export interface Timer {
  readonly owner: TimerOwner;
  readonly name: TimerName;
  readonly dueMs: number;
  /** Its place in the heap; -1 when it is not in there. */
  index: number;
}

/**
 * All timers of all transactions, in one binary heap ordered by due time, over a single timeout of the clock. Starting and
 * stopping cost O(log n), and a stopped timer leaves nothing behind.
 */
export class TimerQueue {
  readonly #clock: Clock;
  readonly #heap: Timer[] = [];
  readonly #onDefect: (what: string, error: unknown) => void;
  #alarm: unknown = null;
  #alarmMs = Infinity;

  /** `onDefect`: told of what the owner of a timer threw; the other timers go on. */
  constructor(clock: Clock, onDefect: (what: string, error: unknown) => void) {
    this.#clock = clock;
    this.#onDefect = onDefect;
  }

  get nowMs(): number {
    return this.#clock.now();
  }

  get size(): number {
    return this.#heap.length;
  }

  start(owner: TimerOwner, name: TimerName, delayMs: number): Timer {
    const timer: Timer = { owner, name, dueMs: this.#clock.now() + delayMs, index: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    if (timer.index === 0) this.#arm();
    return timer;
  }

  /** The alarm is left as it is: waking once for nothing costs less than setting it anew each time. */
  stop(timer: Timer): void {
    const { index } = timer;
    if (index < 0) return;
    timer.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#place(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  close(): void {
    for (const timer of this.#heap) timer.index = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || this.#alarmMs <= first.dueMs) return;
    this.#disarm();
    this.#alarmMs = first.dueMs;
    const delayMs = Math.max(0, Math.ceil(first.dueMs - this.#clock.now()));
    this.#alarm = this.#clock.setTimeout(() => this.#ring(), delayMs);
  }

  #disarm(): void {
    if (this.#alarm !== null) this.#clock.clearTimeout(this.#alarm);
    this.#alarm = null;
    this.#alarmMs = Infinity;
  }

  #ring(): void {
    this.#alarm = null;
    this.#alarmMs = Infinity;
    const nowMs = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= nowMs; first = this.#heap[0]) {
      this.stop(first);
      try {
        first.owner.onTimer(first.name);
      } catch (error) {
        this.#onDefect(`timer ${first.name}`, error);
      }
    }
    this.#arm();
  }

  #place(timer: Timer, index: number): void {
    this.#heap[index] = timer;
    timer.index = index;
  }

  #rise(timer: Timer): void {
    while (timer.index > 0) {
      const parent = this.#heap[(timer.index - 1) >> 1];
      if (parent === undefined || parent.dueMs <= timer.dueMs) return;
      this.#swap(timer, parent);
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const left = this.#heap[2 * timer.index + 1];
      const right = this.#heap[2 * timer.index + 2];
      const child = left !== undefined && right !== undefined && right.dueMs < left.dueMs ? right : left;
      if (child === undefined || child.dueMs >= timer.dueMs) return;
      this.#swap(timer, child);
    }
  }

  #swap(one: Timer, other: Timer): void {
    const { index } = one;
    this.#place(one, other.index);
    this.#place(other, index);
  }
}

/** The timers of one transaction: three at most run at once. */
export class TransactionTimers {
  readonly #queue: TimerQueue;
  readonly #owner: TimerOwner;
  readonly #running: Timer[] = [];

  constructor(queue: TimerQueue, owner: TimerOwner) {
    this.#queue = queue;
    this.#owner = owner;
  }

  start(name: TimerName, delayMs: number): void {
    this.stop(name);
    this.#running.push(this.#queue.start(this.#owner, name, delayMs));
  }

  /** Also forgets a timer that has fired. */
  stop(name: TimerName): void {
    const index = this.#running.findIndex((timer) => timer.name === name);
    const timer = this.#running[index];
    if (timer === undefined) return;
    this.#queue.stop(timer);
    this.#running.splice(index, 1);
  }

  stopAll(): void {
    for (const timer of this.#running) this.#queue.stop(timer);
    this.#running.length = 0;
  }
}
