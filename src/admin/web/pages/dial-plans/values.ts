/** As policy.yaml takes them; what the server refuses, it refuses whatever stands here. */
export const URI_TYPES = ['TelExtn', 'SipName', 'E164'] as const;
export const MAX_DIAL_PLAN_NAME = 49;
export const MAX_POLICY_NAME = 64;
export const MAX_DIGITS = 20;
export const MAX_RING_SECONDS = 600;

/** Offered; others can be typed. */
export const LANGUAGE_TAGS = ['en-US', 'en-GB', 'fr-FR', 'fr-CA', 'fr-BE', 'fr-CH'];
export const TIME_ZONES = Intl.supportedValuesOf('timeZone');
