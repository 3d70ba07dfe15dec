import { z } from 'zod';
import { shown } from './mistakes.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A day: longer waits are mistakes of the unit. */
const LONGEST_MS = 24 * 3_600_000;

/** `500ms`, `20s`, `1.5s`, `2m`, `1h`, in milliseconds. */
export function durationMs(text: string): number | null {
  const parts = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  return parts === null ? null : Math.round(Number(parts[1]) * (UNIT_MS[parts[2] ?? ''] ?? 0));
}

/** The schema of a duration, in milliseconds once read; `minMs` is what the thing needs to work at all. */
export function duration(minMs: number, description: string) {
  return z
    .unknown()
    .transform((written, context): number => {
      const ms = typeof written === 'string' ? durationMs(written) : null;
      if (ms === null) {
        const unit =
          typeof written === 'number' ? `${shown(written)} has no unit` : `${shown(written)} is not a duration`;
        context.addIssue({ code: 'custom', message: unit });
        return z.NEVER;
      }
      if (ms >= minMs && ms <= LONGEST_MS) return ms;
      const bounds = ms < minMs ? `is less than ${minMs}ms` : 'is more than a day';
      context.addIssue({ code: 'custom', message: `${shown(written)} ${bounds}` });
      return z.NEVER;
    })
    .describe(`${description} A number with its unit: 500ms, 20s, 2m, 1h.`);
}
