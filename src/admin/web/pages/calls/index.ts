import { CallRegular } from '@fluentui/react-icons/svg/call';
import { HistoryRegular } from '@fluentui/react-icons/svg/history';
import type { PageEntry } from '../entry.ts';
import { CALLS, LIVE_CALLS } from './paths.ts';

/** Calls: those that live, those that were, and each with its reasons. */
export const callPages: readonly PageEntry[] = [
  {
    path: LIVE_CALLS,
    title: (t) => t('callLog.live'),
    permission: 'calls.read',
    navigation: { section: 'calls', icon: CallRegular },
    load: () => import('./live-calls.tsx'),
  },
  {
    path: `${CALLS}/log`,
    title: (t) => t('callLog.title'),
    permission: 'calls.read',
    navigation: { section: 'calls', icon: HistoryRegular },
    load: () => import('./call-log.tsx'),
  },
  {
    path: `${CALLS}/log/:id`,
    title: (t) => t('callLog.call'),
    permission: 'calls.read',
    within: `${CALLS}/log`,
    load: () => import('./call.tsx'),
  },
];
