import { LineBudget } from './line-budget.ts';
import type { Clock } from './stack.types.ts';

/** A packet that finds a defect can be sent a thousand times a second. */
export const DEFECT_LINES_PER_MINUTE = 10;

/** What was thrown while one message, timer or event was handled: it is lost, everything else goes on. */
export class Defects {
  readonly #lines: LineBudget;
  readonly #say: (text: string) => void;
  #count = 0;

  constructor(clock: Clock, say: (text: string) => void) {
    this.#lines = new LineBudget(clock, DEFECT_LINES_PER_MINUTE);
    this.#say = say;
  }

  get count(): number {
    return this.#count;
  }

  /** @param what was being handled, and whose it was: `a message from 192.0.2.1:5060` */
  report(what: string, error: unknown): void {
    this.#count += 1;
    const before = this.#lines.take();
    if (before !== null) this.#say(`${what} was dropped${before}: ${describe(error)}`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
