import { createHash } from 'node:crypto';

/** The same again so soon is the same: systems notify each of our addresses, and some send back what they get. */
export const SAME_AGAIN_MS = 2_000;
/** Mailboxes that are remembered; beyond, the one that was heard of first is forgotten. */
export const MAX_REMEMBERED = 10_000;
/** What is remembered of one mailbox. */
export const MAX_REMEMBERED_TEXTS = 8;
/** A mailbox may have as many messages again as before; what comes again more often than so, circles. */
export const MAX_TIMES = 4;

/**
 * What was passed on a moment ago. A NOTIFY that comes back has lost its mark and its Max-Forwards where a back-to-back user
 * agent sent it, but not what it says.
 */
export interface PassedOn {
  /** False: the mailbox was told this last, a moment ago, or too often of late. It is remembered from now on, or longer. */
  isNew(mailbox: string, text: string): boolean;
  readonly size: number;
}

export function createPassedOn(now: () => number): PassedOn {
  // Of the texts only what tells them apart: a body may be large, and there may be many.
  const passed = new Map<string, { text: string; at: number; times: number }[]>();
  return {
    get size() {
      return passed.size;
    },
    isNew(name, body) {
      const [mailbox, text] = [digest(name), digest(body)];
      const at = now();
      const known = (passed.get(mailbox) ?? []).filter((one) => Math.abs(at - one.at) < SAME_AGAIN_MS);
      const same = known.find((one) => one.text === text);
      // What circles stays known.
      if (same !== undefined) same.at = at;
      if (same !== undefined && (same === known.at(-1) || same.times >= MAX_TIMES)) return false;
      // A mailbox that changes so fast waits for the next moment.
      if (same === undefined && known.length >= MAX_REMEMBERED_TEXTS) return false;
      const others = known.filter((one) => one !== same);
      others.push({ text, at, times: (same?.times ?? 0) + 1 });
      passed.delete(mailbox);
      passed.set(mailbox, others);
      if (passed.size > MAX_REMEMBERED) forgetFirst(passed);
      return true;
    },
  };
}

function forgetFirst(passed: Map<string, unknown>): void {
  for (const key of passed.keys()) {
    passed.delete(key);
    return;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64');
}
