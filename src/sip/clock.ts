import type { Clock } from './stack.types.ts';

/** Real time, monotonic: `now` is good for durations only, and a clock that is set does not make timers late or early. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
