/** One's own missed calls and switch. */
export const mine = {
  title: 'My missed calls',
} as const;
