import { DialpadRegular } from '@fluentui/react-icons/svg/dialpad';
import type { PageEntry } from '../entry.ts';

export const dialPlanPages: readonly PageEntry[] = [
  {
    path: '/unified-messaging/dial-plans',
    title: (t) => t('policies.dialPlans'),
    permission: 'policy.read',
    navigation: { section: 'unifiedMessaging', icon: DialpadRegular },
    load: () => import('./dial-plans.tsx'),
  },
];
