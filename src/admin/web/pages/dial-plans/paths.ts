export const DIAL_PLANS = '/unified-messaging/dial-plans';
export const MAILBOX_POLICIES = '/unified-messaging/mailbox-policies';

export function dialPlanPath(name: string, tab?: string): string {
  return `${DIAL_PLANS}/${encodeURIComponent(name)}${tab === undefined ? '' : `?tab=${tab}`}`;
}

export function mailboxPolicyPath(name: string): string {
  return `${MAILBOX_POLICIES}/${encodeURIComponent(name)}`;
}
