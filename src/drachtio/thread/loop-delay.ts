import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopDelay } from '../types.ts';

/** Samples are taken this often: finer than what matters (20 ms), coarse enough to cost nothing. */
const RESOLUTION_MS = 10;

/** Watches the event loop of the thread it is called on. Each read tells the delays since the last one. */
export function watchLoopDelay(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // The histogram holds the time between two samples: the resolution itself is no delay. It is NaN or 0 before the first.
  const delayMs = (nanoseconds: number): number => Math.max(0, (nanoseconds || 0) / 1e6 - RESOLUTION_MS);
  return () => {
    const read = {
      p50Ms: delayMs(histogram.percentile(50)),
      p99Ms: delayMs(histogram.percentile(99)),
      maxMs: delayMs(histogram.max),
    };
    histogram.reset();
    return read;
  };
}
