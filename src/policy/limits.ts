/** policy.yaml is specified to this size; larger populations come from a database. */
export const MAX_MAILBOXES = 100_000;
export const MAX_DIAL_PLANS = 1_000;
export const MAX_MAILBOX_POLICIES = 10_000;
/** 100,000 mailboxes written at length take 27 MB. */
export const MAX_POLICY_BYTES = 64 * 1024 * 1024;
export const MAX_EXTENSIONS_PER_MAILBOX = 50;
export const MAX_SIP_ADDRESSES_PER_MAILBOX = 50;
export const MAX_NUMBER_PREFIXES = 100;
export const MAX_GROUPS = 10_000;
/** Of one group. */
export const MAX_MEMBERS = 1_000;
/** Digits of a national prefix, an international access code or an outside line's (810 is a long one). */
export const MAX_DIALLING_CODE_LENGTH = 8;
/** A group that rings shorter than this rings nobody. */
export const MIN_RING_TIMEOUT_MS = 1_000;

/** Exchange: names of dial plans, policies and mailboxes. */
export const MAX_NAME_LENGTH = 64;
/** Appended to a dial plan's name for the policy that it gets by default (New-UMDialPlan). */
export const DEFAULT_POLICY_SUFFIX = ' Default Policy';
/** The default policy's name must itself be a name. */
export const MAX_DIAL_PLAN_NAME_LENGTH = MAX_NAME_LENGTH - DEFAULT_POLICY_SUFFIX.length;

/** RFC 5321 4.5.3.1: a path of 256 octets with its angle brackets. */
export const MAX_EMAIL_LENGTH = 254;
export const MAX_SIP_ADDRESS_LENGTH = 255;
export const MAX_DISPLAY_NAME_LENGTH = 256;

/** Versions of the file that are kept beside it, and how many bytes they have together; the newest is always kept. */
export const KEPT_VERSIONS = 50;
export const MAX_VERSIONS_BYTES = 256 * 1024 * 1024;
/** How long an edit waits, holding the lock, until it is recorded that it will be made. */
export const AUDIT_WAIT_MS = 10_000;
