import type { PageEntry } from '../entry.ts';

/** Pages before the sign-in. */
export const entrancePages: readonly PageEntry[] = [
  { path: '/sign-in', title: (t) => t('entrance.signIn'), load: () => import('./sign-in.tsx') },
  { path: '/first-account', title: (t) => t('entrance.firstTitle'), load: () => import('./first-account.tsx') },
];
