import { CallMissedRegular } from '@fluentui/react-icons/svg/call-missed';
import type { PageEntry } from '../entry.ts';

export const minePages: readonly PageEntry[] = [
  {
    path: '/my-calls',
    title: (t) => t('mine.title'),
    permission: 'self',
    navigation: { section: 'start', icon: CallMissedRegular },
    load: () => import('./my-calls.tsx'),
  },
];
