import { KeyRegular } from '@fluentui/react-icons/svg/key';
import { PersonAccountsRegular } from '@fluentui/react-icons/svg/person-accounts';
import type { PageEntry } from '../entry.ts';

/** Who may sign in, and one's own password and tokens. */
export const accountPages: readonly PageEntry[] = [
  {
    path: '/permissions/accounts',
    title: (t) => t('accounts.title'),
    permission: 'accounts.write',
    navigation: { section: 'permissions', icon: PersonAccountsRegular },
    load: () => import('./accounts.tsx'),
  },
  {
    path: '/permissions/me',
    title: (t) => t('accounts.mine'),
    navigation: { section: 'permissions', icon: KeyRegular },
    load: () => import('./my-account.tsx'),
  },
];
