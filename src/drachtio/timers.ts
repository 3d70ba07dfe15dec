import type { Clock, Defects } from '../sip/index.ts';

export interface EngineTimer {
  /** How the clock knows it. */
  handle: unknown;
}

/** The engine's own timers; the stack has those of RFC 3261. All of them end with the engine. */
export class EngineTimers {
  readonly #clock: Clock;
  readonly #defects: Defects;
  readonly #running = new Set<EngineTimer>();

  constructor(clock: Clock, defects: Defects) {
    this.#clock = clock;
    this.#defects = defects;
  }

  get size(): number {
    return this.#running.size;
  }

  /** @param what for the log, should `callback` throw */
  start(what: string, delayMs: number, callback: () => void): EngineTimer {
    const timer: EngineTimer = { handle: null };
    timer.handle = this.#clock.setTimeout(() => {
      this.#running.delete(timer);
      try {
        callback();
      } catch (error) {
        this.#defects.report(what, error);
      }
    }, delayMs);
    this.#running.add(timer);
    return timer;
  }

  stop(timer: EngineTimer | null): void {
    if (timer !== null && this.#running.delete(timer)) {
      this.#clock.clearTimeout(timer.handle);
    }
  }

  close(): void {
    for (const timer of this.#running) {
      this.#clock.clearTimeout(timer.handle);
    }
    this.#running.clear();
  }
}
