/** The overview. */
export const home = {
  title: 'Overview',
} as const;
