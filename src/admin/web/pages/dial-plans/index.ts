import { DialpadRegular } from '@fluentui/react-icons/svg/dialpad';
import type { PageEntry } from '../entry.ts';
import { DIAL_PLANS, MAILBOX_POLICIES } from './paths.ts';

/** Unified messaging > UM dial plans > UM dial plan > UM mailbox policy, as in the Exchange admin center. */
export const dialPlanPages: readonly PageEntry[] = [
  {
    path: DIAL_PLANS,
    title: (t) => t('policies.dialPlans'),
    permission: 'policy.read',
    navigation: { section: 'unifiedMessaging', icon: DialpadRegular },
    load: () => import('./dial-plans.tsx'),
  },
  {
    path: `${DIAL_PLANS}/:name`,
    title: (t) => t('policies.dialPlan'),
    permission: 'policy.read',
    load: () => import('./dial-plan.tsx'),
  },
  {
    path: `${MAILBOX_POLICIES}/:name`,
    title: (t) => t('policies.mailboxPolicy'),
    permission: 'policy.read',
    within: DIAL_PLANS,
    load: () => import('./mailbox-policy.tsx'),
  },
];
