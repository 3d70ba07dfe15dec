/** Who may do what: one table, for the command language and for the operations of the HTTP API. */

/** Exchange's role groups, and `self`: everybody, for what is the own (Exchange's MyVoiceMail). */
export const ROLES = [
  'Organization Management',
  'UM Management',
  'View-Only Organization Management',
  'Help Desk',
  'self',
] as const;
export type Role = (typeof ROLES)[number];

const ADMINS = ['Organization Management', 'UM Management'] as const;
const READERS = [...ADMINS, 'View-Only Organization Management'] as const;
const HELPERS = [...READERS, 'Help Desk'] as const;

/**
 * Which roles a permission comes with. Exchange: policies and dial plans belong to Organization Management and UM Management;
 * View-Only Organization Management reads; the help desk sees users and calls and sets what users may set themselves; the
 * administrators' log and the accounts belong to those who answer for them.
 */
export const PERMISSION_TABLE = {
  /** Dial plans, mailbox policies, groups, versions of the file. */
  'policy.read': HELPERS,
  'policy.write': ADMINS,
  'mailboxes.read': HELPERS,
  /** New, removed, another policy, addresses. */
  'mailboxes.write': ADMINS,
  /** The users' own switch. */
  'mailboxes.switch': [...ADMINS, 'Help Desk'],
  'calls.read': HELPERS,
  'reports.read': READERS,
  'notifications.read': HELPERS,
  /** Retry, drop, test. */
  'notifications.write': ADMINS,
  'templates.read': READERS,
  'templates.write': ADMINS,
  /** Peers, registrations, health. */
  'status.read': HELPERS,
  'audit.read': ['Organization Management'],
  /** Accounts, roles and tokens of others. */
  'accounts.write': ['Organization Management'],
  /** One's own calls and switch. */
  self: ROLES,
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Permission = keyof typeof PERMISSION_TABLE;
export const PERMISSIONS = Object.keys(PERMISSION_TABLE) as [Permission, ...Permission[]];

/** Whether one of the roles comes with the permission. */
export function permits(roles: readonly Role[], permission: Permission): boolean {
  const granted: readonly Role[] = PERMISSION_TABLE[permission];
  return roles.some((role) => granted.includes(role));
}

/** All that the roles come with. */
export function permissionsOf(roles: readonly Role[]): Permission[] {
  return PERMISSIONS.filter((permission) => permits(roles, permission));
}

/** Who runs a cmdlet or an operation. */
export interface Caller {
  /** An account's name, or the system user's. */
  readonly name: string;
  readonly by: 'password' | 'oidc' | 'token' | 'command-line' | 'phone' | 'anyone';
  /** An IP address, or `local`. */
  readonly source: string;
  /** Empty: nothing is allowed. A token's scopes have been taken into account. */
  readonly permissions: ReadonlySet<Permission>;
  /** The own mailbox (policy.yaml identity), for `self`; null: none. */
  readonly mailbox: string | null;
}
