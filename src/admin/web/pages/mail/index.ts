import { DocumentTextRegular } from '@fluentui/react-icons/svg/document-text';
import { MailRegular } from '@fluentui/react-icons/svg/mail';
import type { PageEntry } from '../entry.ts';
import { NOTIFICATIONS, TEMPLATES } from './paths.ts';

/** The mails: those that wait, those that were sent, and their words. */
export const mailPages: readonly PageEntry[] = [
  {
    path: NOTIFICATIONS,
    title: (t) => t('mail.notifications'),
    permission: 'notifications.read',
    navigation: { section: 'mail', icon: MailRegular },
    load: () => import('./notifications.tsx'),
  },
  {
    path: `${NOTIFICATIONS}/:id`,
    title: (t) => t('mail.notification'),
    permission: 'notifications.read',
    load: () => import('./notification.tsx'),
  },
  {
    path: TEMPLATES,
    title: (t) => t('mail.templates'),
    permission: 'templates.read',
    navigation: { section: 'mail', icon: DocumentTextRegular },
    load: () => import('./templates.tsx'),
  },
];
