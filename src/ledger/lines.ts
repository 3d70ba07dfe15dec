import type { LedgerLog } from './types.ts';

/** What voicemail systems told, and waits to be put to calls; beyond, it is lost, and said to be. */
export const MAX_WAITING_TESTIMONY = 1_000;

/** Of each mailbox one thing at a time: what one total explains is not there for the next. */
export interface Lines {
  /** Too much waits already; the log is told that this is lost. */
  isFull(mailbox: string): boolean;
  /** Runs the task when those before it are done. Never rejects: what fails is logged, and answered with `otherwise`. */
  run<T>(mailbox: string, task: () => Promise<T>, otherwise: T): Promise<T>;
}

export function createLines(log: LedgerLog): Lines {
  const lines = new Map<string, Promise<unknown>>();
  let waiting = 0;
  return {
    isFull(mailbox) {
      if (waiting < MAX_WAITING_TESTIMONY) return false;
      log.warn({ mailbox, waiting }, 'too much waits that voicemail systems told: evidence is lost');
      return true;
    },
    run(mailbox, task, otherwise) {
      waiting++;
      const result = (lines.get(mailbox) ?? Promise.resolve()).then(task).catch((error: unknown) => {
        log.error({ mailbox, error: String(error) }, 'what a voicemail system told could not be put to a call');
        return otherwise;
      });
      const end = result.then(() => {
        waiting--;
        if (lines.get(mailbox) === end) lines.delete(mailbox);
      });
      lines.set(mailbox, end);
      return result;
    },
  };
}
