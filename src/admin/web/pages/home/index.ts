import { HomeRegular } from '@fluentui/react-icons/svg/home';
import type { PageEntry } from '../entry.ts';
import { MY_CALLS } from '../mine/index.ts';

/** What is so now; whoever has only an own mailbox comes to that. */
export const homePages: readonly PageEntry[] = [
  {
    path: '/',
    title: (t) => t('home.title'),
    permission: 'status.read',
    otherwise: MY_CALLS,
    navigation: { section: 'start', icon: HomeRegular },
    load: () => import('./home.tsx'),
  },
];
