import { CallMissedRegular } from '@fluentui/react-icons/svg/call-missed';
import type { PageEntry } from '../entry.ts';

export const MY_CALLS = '/my-calls';

export const minePages: readonly PageEntry[] = [
  {
    path: MY_CALLS,
    title: (t) => t('mine.title'),
    permission: 'self',
    navigation: { section: 'start', icon: CallMissedRegular, isFor: ({ account }) => account.mailbox !== null },
    load: () => import('./my-calls.tsx'),
  },
];
