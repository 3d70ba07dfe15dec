import type { Clock } from './stack.types.ts';

const MINUTE_MS = 60_000;

/** Whoever can make us write a line can make us write a million: so many a minute are written, the rest is counted. */
export class LineBudget {
  readonly #clock: Clock;
  readonly #linesPerMinute: number;
  #minuteBegan = -Infinity;
  #said = 0;
  #unsaid = 0;

  constructor(clock: Clock, linesPerMinute: number) {
    this.#clock = clock;
    this.#linesPerMinute = linesPerMinute;
  }

  /** What is to be said beside this line about those left out before it ('' where none were); null: leave this one out too. */
  take(): string | null {
    const now = this.#clock.now();
    if (now - this.#minuteBegan >= MINUTE_MS) {
      this.#minuteBegan = now;
      this.#said = 0;
    }
    if (this.#said >= this.#linesPerMinute) {
      this.#unsaid += 1;
      return null;
    }
    this.#said += 1;
    const before = this.#unsaid === 0 ? '' : ` (${this.#unsaid} more were not logged before)`;
    this.#unsaid = 0;
    return before;
  }
}
