/** As policy.yaml takes them; what the server refuses, it refuses whatever stands here. */
export const URI_TYPES = ['TelExtn', 'SipName', 'E164'] as const;
export const MAX_DIAL_PLAN_NAME = 49;
export const MAX_POLICY_NAME = 64;
export const MAX_DIGITS = 20;
export const MAX_RING_SECONDS = 600;
