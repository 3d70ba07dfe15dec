import type { Clock } from './types.ts';

/** Waits that end together: when the worker stops, nobody sleeps on and no timer is left. */
export class Sleeper {
  readonly #clock: Clock;
  readonly #sleeping = new Map<() => void, unknown>();
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `delayMs`, or at once where `end` has been or is called. */
  sleep(delayMs: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#clock.clearTimeout(this.#sleeping.get(wake));
        this.#sleeping.delete(wake);
        resolve();
      };
      this.#sleeping.set(wake, this.#clock.setTimeout(wake, delayMs));
    });
  }

  end(): void {
    this.#ended = true;
    for (const wake of this.#sleeping.keys()) wake();
  }

  get ended(): boolean {
    return this.#ended;
  }
}

/** One waiter and a hint: a ring that comes before the wait is not lost. */
export class Bell {
  readonly #clock: Clock;
  #rung = false;
  #answer: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#answer?.();
  }

  /** Resolves at the next ring (or one since the last wait) with true, else after `delayMs` with false. */
  async wait(delayMs: number): Promise<boolean> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimeout(resolve, delayMs);
        this.#answer = (): void => {
          this.#clock.clearTimeout(timer);
          resolve();
        };
      });
    }
    const rung = this.#rung;
    this.#answer = null;
    this.#rung = false;
    return rung;
  }
}
