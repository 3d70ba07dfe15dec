import { DataBarVerticalRegular } from '@fluentui/react-icons/svg/data-bar-vertical';
import { PersonCallRegular } from '@fluentui/react-icons/svg/person-call';
import type { PageEntry } from '../entry.ts';

/** What calls come to, and who is still waiting. */
export const reportPages: readonly PageEntry[] = [
  {
    path: '/calls/reports',
    title: (t) => t('reports.title'),
    permission: 'reports.read',
    navigation: { section: 'calls', icon: DataBarVerticalRegular },
    load: () => import('./reports.tsx'),
  },
  {
    path: '/calls/unreturned',
    title: (t) => t('reports.unreturned'),
    permission: 'reports.read',
    navigation: { section: 'calls', icon: PersonCallRegular },
    load: () => import('./unreturned.tsx'),
  },
];
