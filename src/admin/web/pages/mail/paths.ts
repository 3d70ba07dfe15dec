export const NOTIFICATIONS = '/mail/notifications';
export const TEMPLATES = '/mail/templates';

export function notificationPath(id: string): string {
  return `${NOTIFICATIONS}/${encodeURIComponent(id)}`;
}
