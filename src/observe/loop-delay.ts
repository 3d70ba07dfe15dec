import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopDelay } from './gauges.ts';

/** Samples are taken this often: finer than what matters (20 ms), coarse enough to cost nothing. */
const RESOLUTION_MS = 10;

export interface LoopDelayMonitor {
  /** Delays since the last read; reading begins a new period. */
  read(): LoopDelay;
  stop(): void;
}

/** Watches the event loop of the thread it is made on. */
export function watchLoopDelay(): LoopDelayMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    read() {
      const read = {
        p50Ms: delayMs(histogram.percentile(50)),
        p99Ms: delayMs(histogram.percentile(99)),
        maxMs: delayMs(histogram.max),
      };
      histogram.reset();
      return read;
    },
    stop: () => void histogram.disable(),
  };
}

/** The histogram holds the time between two samples: the resolution itself is no delay. */
function delayMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
}
