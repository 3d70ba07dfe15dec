import { JournalError } from '../journal/index.ts';
import type { NotificationLog } from './types.ts';
import type { Sleeper } from './waiting.ts';

/** First and longest wait before a failed statement is tried again. */
export const JOURNAL_RETRY_MS = 250;
export const LONGEST_JOURNAL_RETRY_MS = 10_000;

/** Tries statements until the journal takes them. Says once that it fails and once that it is back, not every time. */
export class Patience {
  readonly #log: NotificationLog;
  /** What fails now. */
  readonly #failing = new Set<string>();

  constructor(log: NotificationLog) {
    this.#log = log;
  }

  /**
   * The statement's result; null where `sleeper` ended before the journal gave one, or where the journal says that it never
   * will. Never rejects.
   */
  async until<T>(what: string, statement: () => Promise<T>, sleeper: Sleeper): Promise<T | null> {
    for (let failures = 0; !sleeper.ended; failures += 1) {
      const tried = await this.#try(what, statement);
      if ('value' in tried) return tried.value;
      if (!tried.again) return null;
      await sleeper.sleep(Math.min(JOURNAL_RETRY_MS * 2 ** failures, LONGEST_JOURNAL_RETRY_MS));
    }
    return null;
  }

  /** One try; null where it failed. */
  async once<T>(what: string, statement: () => Promise<T>): Promise<T | null> {
    const tried = await this.#try(what, statement);
    return 'value' in tried ? tried.value : null;
  }

  async #try<T>(
    what: string,
    statement: () => Promise<T>,
  ): Promise<{ readonly value: T } | { readonly again: boolean }> {
    try {
      const value = await statement();
      if (this.#failing.delete(what)) this.#log.info({}, `the journal can ${what} again`);
      return { value };
    } catch (error) {
      const again = !(error instanceof JournalError) || error.retryable;
      if (!this.#failing.has(what)) this.#log.error({ err: error, again }, `the journal failed to ${what}`);
      this.#failing.add(what);
      return { again };
    }
  }
}
