import type { Clock } from './stack.types.ts';

/** A packet that finds a defect can be sent a thousand times a second: so many lines are written for them, the rest is counted. */
export const DEFECT_LINES_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** What was thrown while one message, timer or event was handled: it is lost, everything else goes on. */
export class Defects {
  readonly #clock: Clock;
  readonly #say: (text: string) => void;
  #count = 0;
  #minuteBegan = -Infinity;
  #said = 0;
  #unsaid = 0;

  constructor(clock: Clock, say: (text: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  get count(): number {
    return this.#count;
  }

  /** @param what was being handled, and whose it was: `a message from 192.0.2.1:5060` */
  report(what: string, error: unknown): void {
    this.#count += 1;
    const now = this.#clock.now();
    if (now - this.#minuteBegan >= MINUTE_MS) {
      this.#minuteBegan = now;
      this.#said = 0;
    }
    if (this.#said >= DEFECT_LINES_PER_MINUTE) {
      this.#unsaid += 1;
      return;
    }
    this.#said += 1;
    const before = this.#unsaid === 0 ? '' : ` (${this.#unsaid} more were not logged before)`;
    this.#unsaid = 0;
    this.#say(`${what} was dropped${before}: ${describe(error)}`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
