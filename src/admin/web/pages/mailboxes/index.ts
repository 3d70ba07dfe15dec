import { PeopleRegular } from '@fluentui/react-icons/svg/people';
import { PeopleTeamRegular } from '@fluentui/react-icons/svg/people-team';
import type { PageEntry } from '../entry.ts';
import { GROUPS, IMPORT, MAILBOXES } from './paths.ts';

/** UM mailboxes and hunt groups. */
export const mailboxPages: readonly PageEntry[] = [
  {
    path: MAILBOXES,
    title: (t) => t('mailboxes.title'),
    permission: 'mailboxes.read',
    navigation: { section: 'unifiedMessaging', icon: PeopleRegular },
    load: () => import('./mailboxes.tsx'),
  },
  {
    path: `${MAILBOXES}/:name`,
    title: (t) => t('mailboxes.mailbox'),
    permission: 'mailboxes.read',
    load: () => import('./mailbox.tsx'),
  },
  {
    path: IMPORT,
    title: (t) => t('mailboxes.import'),
    permission: 'mailboxes.write',
    within: MAILBOXES,
    load: () => import('./import.tsx'),
  },
  {
    path: GROUPS,
    title: (t) => t('groups.title'),
    permission: 'policy.read',
    navigation: { section: 'unifiedMessaging', icon: PeopleTeamRegular },
    load: () => import('../groups/groups.tsx'),
  },
  {
    path: `${GROUPS}/:name`,
    title: (t) => t('groups.group'),
    permission: 'policy.read',
    load: () => import('../groups/group.tsx'),
  },
];
