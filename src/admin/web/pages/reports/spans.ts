export const SPANS = ['day', 'week', 'month', 'quarter'] as const;
export type Span = (typeof SPANS)[number];

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS: Readonly<Record<Span, number>> = { day: 1, week: 7, month: 31, quarter: 92 };

/** The time up to now, its beginning a whole day. */
export function timesOf(span: Span, now = new Date()): { readonly from: string; readonly to: string } {
  const from = new Date(now.getTime() - (DAYS[span] - 1) * DAY_MS);
  from.setHours(0, 0, 0, 0);
  return { from: from.toISOString(), to: new Date(now.getTime() + DAY_MS).toISOString() };
}
