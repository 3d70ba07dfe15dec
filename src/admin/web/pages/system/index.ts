import { HeartPulseRegular } from '@fluentui/react-icons/svg/heart-pulse';
import { HistoryRegular } from '@fluentui/react-icons/svg/history';
import { PhoneRegular } from '@fluentui/react-icons/svg/phone';
import { PlugConnectedRegular } from '@fluentui/react-icons/svg/plug-connected';
import { TextBulletListSquareRegular } from '@fluentui/react-icons/svg/text-bullet-list-square';
import type { PageEntry } from '../entry.ts';

/** The gateway itself. */
export const systemPages: readonly PageEntry[] = [
  {
    path: '/system/health',
    title: (t) => t('system.health'),
    permission: 'status.read',
    navigation: { section: 'system', icon: HeartPulseRegular },
    load: () => import('./health.tsx'),
  },
  {
    path: '/system/peers',
    title: (t) => t('system.peers'),
    permission: 'status.read',
    navigation: { section: 'system', icon: PlugConnectedRegular },
    load: () => import('./peers.tsx'),
  },
  {
    path: '/system/registrations',
    title: (t) => t('system.registrations'),
    permission: 'status.read',
    navigation: { section: 'system', icon: PhoneRegular },
    load: () => import('./registrations.tsx'),
  },
  {
    path: '/system/versions',
    title: (t) => t('system.versions'),
    permission: 'policy.read',
    navigation: { section: 'system', icon: HistoryRegular },
    load: () => import('./versions.tsx'),
  },
  {
    path: '/system/versions/:version',
    title: (t) => t('system.version'),
    permission: 'policy.read',
    load: () => import('./version.tsx'),
  },
  {
    path: '/system/audit',
    title: (t) => t('system.audit'),
    permission: 'audit.read',
    navigation: { section: 'system', icon: TextBulletListSquareRegular },
    load: () => import('./audit.tsx'),
  },
];
