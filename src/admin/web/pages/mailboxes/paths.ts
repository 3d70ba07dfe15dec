export const MAILBOXES = '/unified-messaging/mailboxes';
export const IMPORT = '/unified-messaging/import-mailboxes';
export const GROUPS = '/unified-messaging/groups';

export function mailboxPath(identity: string): string {
  return `${MAILBOXES}/${encodeURIComponent(identity)}`;
}

export function groupPath(identity: string): string {
  return `${GROUPS}/${encodeURIComponent(identity)}`;
}
