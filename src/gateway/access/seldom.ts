/** Whom lines were written about lately; beyond, whoever was entered first is forgotten. */
export const MAX_SPOKEN_OF = 10_000;

/** Counts what somebody is refused, so that a flood of it is a line now and then. */
export interface Seldom {
  /** One more. @returns how many there were since the last line, where it is time for another; else null */
  count(who: string): number | null;
  readonly size: number;
}

export function createSeldom(now: () => number, everyMs: number): Seldom {
  const known = new Map<string, { saidAt: number; since: number }>();
  return {
    get size() {
      return known.size;
    },
    count(who) {
      let entry = known.get(who);
      if (entry === undefined) {
        if (known.size >= MAX_SPOKEN_OF) forgetFirst(known);
        entry = { saidAt: -Infinity, since: 0 };
        known.set(who, entry);
      }
      entry.since += 1;
      const at = now();
      // Also where the clock was set back.
      if (Math.abs(at - entry.saidAt) < everyMs) return null;
      const { since } = entry;
      entry.saidAt = at;
      entry.since = 0;
      return since;
    },
  };
}

function forgetFirst(known: Map<string, unknown>): void {
  for (const key of known.keys()) {
    known.delete(key);
    return;
  }
}
