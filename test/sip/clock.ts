import type { Clock } from '../../src/sip/stack.types.ts';

export interface ManualClock extends Clock {
  /** Lets time pass; timers fire in their order, each at its time. */
  advance(ms: number): void;
  /** Timeouts that wait. */
  readonly alarms: number;
}

/** Time that passes when it is told to, so that a test waits for no timer and no timer is late. */
export function manualClock(): ManualClock {
  let nowMs = 0;
  const alarms = new Map<object, { dueMs: number; callback: () => void }>();
  return {
    now: () => nowMs,
    setTimeout(callback, delayMs) {
      const handle = {};
      alarms.set(handle, { dueMs: nowMs + delayMs, callback });
      return handle;
    },
    clearTimeout(handle) {
      alarms.delete(handle as object);
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const due = [...alarms].filter(([, alarm]) => alarm.dueMs <= endMs);
        const [next] = due.toSorted(([, one], [, other]) => one.dueMs - other.dueMs);
        if (next === undefined) break;
        alarms.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].dueMs);
        next[1].callback();
      }
      nowMs = endMs;
    },
    get alarms() {
      return alarms.size;
    },
  };
}
