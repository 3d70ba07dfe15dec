import type { Terminal } from './terminal.ts';

/** A signal to a process group arrives twice within milliseconds: within this time it counts once. */
const SAME_SIGNAL_MS = 1_000;

/** The first SIGTERM or SIGINT stops gently, by `stop(0)`; a second one ends now. */
export function onStop(terminal: Terminal, stop: (exitCode: number) => void): void {
  let firstAt: number | null = null;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    terminal.onSignal(signal, () => {
      const at = Date.now();
      if (firstAt === null) {
        firstAt = at;
        stop(0);
      } else if (at - firstAt >= SAME_SIGNAL_MS) {
        terminal.exitNow(130);
      }
    });
  }
}
