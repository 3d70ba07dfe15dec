import type { Outcome } from '../call/index.ts';
import type { CallView, NotificationRecord, NotificationState } from './types.ts';

/** What the administration keeps in the journal, and asks of it. Times are milliseconds since the epoch. */

export interface AuditRecord {
  /** UUIDv7. */
  readonly id: string;
  readonly at: number;
  /** An account's name, the system user's, or a mailbox. */
  readonly actor: string;
  readonly by: 'password' | 'oidc' | 'token' | 'command-line' | 'phone' | 'file' | 'anyone';
  /** An IP address, `local`, or a phone's number. */
  readonly source: string;
  /** `Set-UMMailboxPolicy`, `sign-in`, `retry notification`, … */
  readonly operation: string;
  readonly target: string;
  /** JSON values; null: there was, or is, none. */
  readonly before: unknown;
  readonly after: unknown;
  readonly why: string | null;
  /** `intended`: what became of it was never recorded. */
  readonly result: 'intended' | 'done' | 'failed';
  readonly error: string | null;
}

export interface AuditFilter {
  readonly from?: number;
  readonly to?: number;
  readonly actor?: string;
  readonly operation?: string;
  readonly target?: string;
  readonly result?: AuditRecord['result'];
}

export interface AccountRecord {
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly mailbox: string | null;
  /** scrypt, in its own text form; null: signs in by a provider only. */
  readonly passwordHash: string | null;
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly lastSignInAt: number | null;
}

/** What may be changed of an account, each thing by itself: whoever writes one does not bring back what another had before. */
export type AccountChanges = Partial<
  Pick<AccountRecord, 'displayName' | 'roles' | 'mailbox' | 'passwordHash' | 'enabled'>
>;

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly scopes: readonly string[];
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

export interface SessionRecord {
  /** SHA-256 of the cookie's secret, hex. */
  readonly secretHash: string;
  readonly account: string;
  readonly signedInBy: 'password' | 'oidc';
  readonly csrfToken: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
}

export interface Paged<Item> {
  readonly items: readonly Item[];
  /** Given back as `after`; null: the end. */
  readonly next: string | null;
}

export interface PageQuery {
  readonly after?: string;
  readonly limit: number;
}

export interface CallFilter {
  /** By the call's start, inclusive; `to` exclusive. */
  readonly from?: number;
  readonly to?: number;
  /** As the called user's, or a group member's. */
  readonly mailbox?: string;
  readonly group?: string;
  readonly outcome?: Outcome | 'pending';
  readonly decision?: 'notify' | 'skip';
  readonly reason?: string;
  /** The beginning of the caller's or the called number. */
  readonly number?: string;
}

export interface ReportRow {
  /** A mailbox, a group, an hour (ISO 8601, UTC) or a day (`2026-11-24`) of the zone. */
  readonly key: string;
  readonly answered: number;
  readonly voicemail: number;
  readonly missed: number;
  readonly elsewhere: number;
  /** Rejected and failed. */
  readonly other: number;
  readonly notified: number;
}

export interface UnreturnedRow {
  readonly mailbox: string;
  readonly caller: string;
  readonly displayName: string | null;
  readonly missed: number;
  readonly lastAt: number;
  readonly lastCall: string;
}

/** The administration's part of the journal. */
export interface AdminJournal {
  /** Durable when it resolves. */
  intendAudit(record: AuditRecord): Promise<void>;
  completeAudit(id: string, result: 'done' | 'failed', error: string | null): Promise<void>;
  /** Newest first. */
  audit(filter: AuditFilter, page: PageQuery): Promise<Paged<AuditRecord>>;

  accounts(page: PageQuery): Promise<Paged<AccountRecord>>;
  account(name: string): Promise<AccountRecord | null>;
  accountCount(): Promise<number>;
  /** False where the name (in any case) is taken. */
  addAccount(account: AccountRecord): Promise<boolean>;
  /** False where there is none of this name, or its password is another one than `ifPasswordHash` by now. */
  changeAccount(name: string, changes: AccountChanges, ifPasswordHash?: string | null): Promise<boolean>;
  /** With its tokens and sessions. */
  removeAccount(name: string): Promise<boolean>;

  tokens(account: string): Promise<TokenRecord[]>;
  token(secretHash: string): Promise<TokenRecord | null>;
  addToken(token: TokenRecord): Promise<void>;
  touchToken(id: string, at: number): Promise<void>;
  removeToken(account: string, id: string): Promise<boolean>;
  /** All of one account. Answers how many there were. */
  removeTokens(account: string): Promise<number>;

  session(secretHash: string): Promise<SessionRecord | null>;
  /** False, and nothing is opened, where the account is gone, is disabled, or has another password than this by now. */
  openSession(session: SessionRecord, passwordHash: string | null): Promise<boolean>;
  /** Nothing where it has ended. */
  touchSession(secretHash: string, lastSeenAt: number, expiresAt: number): Promise<void>;
  removeSession(secretHash: string): Promise<void>;
  /** Of one account (all but `except`). */
  removeSessions(account: string, except?: string): Promise<void>;
  /** Takes away what has had its time, some of it at a time: sessions that ran out, old audit records, old missed callers. */
  purge(now: number): Promise<void>;

  /**
   * Newest first. A page may be shorter than its limit, even empty, and have a `next`: a question that few calls answer is
   * asked a bounded number of rows at a time.
   */
  callPage(filter: CallFilter, page: PageQuery): Promise<Paged<CallView>>;
  notificationPage(filter: { readonly state?: NotificationState }, page: PageQuery): Promise<Paged<NotificationRecord>>;
  notification(id: string): Promise<NotificationRecord | null>;
  /** From counters that each verdict adds to. Truncated: there are more rows, or older calls than one report covers. */
  report(query: {
    readonly by: 'mailbox' | 'group' | 'hour' | 'day';
    readonly from: number;
    readonly to: number;
    /** IANA. */
    readonly timeZone: string;
    readonly limit: number;
  }): Promise<{ readonly rows: readonly ReportRow[]; readonly truncated: boolean }>;
  /** Missed callers with a number whom nobody has called since, and who have not got through since; latest first. `from` and
   * `to` are of their last missed call. Truncated: there are more, or the mailbox has more calls than were looked at. */
  unreturned(query: {
    readonly from: number;
    readonly to: number;
    readonly mailbox?: string;
    readonly limit: number;
  }): Promise<{ readonly rows: readonly UnreturnedRow[]; readonly truncated: boolean }>;
}
