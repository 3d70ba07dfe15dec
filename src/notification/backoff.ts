/** First and longest wait between two sends of one notification, before the jitter. */
export const FIRST_RETRY_MS = 2_000;
export const LONGEST_RETRY_MS = 300_000;
/** Up to this share is added at random, so that what failed together is not tried together. */
const JITTER = 0.25;

/**
 * How long to wait after the `attempts`th send failed: 2 s, doubling, at most 5 min, jitter included.
 * @param random 0 (inclusive) to 1 (exclusive)
 */
export function retryDelayMs(attempts: number, random: number): number {
  const doubled = FIRST_RETRY_MS * 2 ** Math.min(Math.max(attempts, 1) - 1, 30);
  return Math.round(Math.min(doubled, LONGEST_RETRY_MS / (1 + JITTER)) * (1 + JITTER * random));
}
