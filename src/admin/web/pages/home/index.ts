import { HomeRegular } from '@fluentui/react-icons/svg/home';
import type { PageEntry } from '../entry.ts';

export const homePages: readonly PageEntry[] = [
  {
    path: '/',
    title: (t) => t('home.title'),
    navigation: { section: 'start', icon: HomeRegular },
    load: () => import('./home.tsx'),
  },
];
