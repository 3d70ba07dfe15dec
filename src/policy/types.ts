/**
 * The policy file's contents after loading: plain frozen data. Names are Exchange's, in camelCase
 * (Set-UMMailboxPolicy, Set-UMDialPlan, Set-UMMailbox).
 */

export interface DialPlan {
  readonly name: string;
  readonly uriType: 'TelExtn' | 'SipName' | 'E164';
  /** 1 to 20. */
  readonly numberOfDigitsInExtension: number;
  /** 1 to 4 digits, without `+`; null where not given. */
  readonly countryOrRegionCode: string | null;
  /** BCP 47, e.g. `fr-FR`. */
  readonly defaultLanguage: string;
  /** IANA zone, e.g. `Europe/Paris`. */
  readonly timeZone: string;
  /** `+3314000`: this prefix followed by an extension is that extension's E.164 number. */
  readonly numberPrefixes: readonly string[];
  /** What is dialled before a national number (`0`), an international one (`00`) and to get an outside line (`9`); null: none. */
  readonly nationalNumberPrefix: string | null;
  readonly internationalAccessCode: string | null;
  readonly outsideLineAccessCode: string | null;
}

/** Which missed calls are told of; the defaults are Exchange's: all of them. */
export interface Conditions {
  /** From a number that has a mailbox here, or from a registered phone. */
  readonly internalCalls: boolean;
  readonly externalCalls: boolean;
  readonly hiddenCallers: boolean;
  /** Calls that rang shorter are not told of; 0: all are. */
  readonly minimumRingMs: number;
  readonly busy: boolean;
  readonly declined: boolean;
  readonly unreachable: boolean;
  /** Calls to a group that the user belongs to. */
  readonly groupCalls: boolean;
}

export interface MailboxPolicy {
  readonly name: string;
  readonly dialPlan: string;
  readonly allowMissedCallNotifications: boolean;
  readonly conditions: Conditions;
}

export interface Mailbox {
  readonly identity: string;
  readonly displayName: string;
  /** Null: a mailbox that cannot be mailed (decision `no-email-address`). */
  readonly emailAddress: string | null;
  readonly extensions: readonly string[];
  readonly sipAddresses: readonly string[];
  readonly mailboxPolicy: string;
  /** The user's own switch (Set-UMMailbox -MissedCallNotificationEnabled). */
  readonly missedCallNotificationEnabled: boolean;
  /** Null: the dial plan's defaultLanguage. */
  readonly language: string | null;
  /** Null: the dial plan's timeZone. */
  readonly timeZone: string | null;
}

/** Somebody who rings when a group is called: a mailbox's user, or a number that is nobody's here. */
export interface GroupMember {
  /** policy.yaml identity, null for a mere number. */
  readonly mailbox: string | null;
  /** What is dialled: the mailbox's first extension (else the user part of its first SIP address), or the number. */
  readonly number: string;
}

/** A hunt group: one number that rings several users. */
export interface Group {
  readonly identity: string;
  readonly displayName: string;
  readonly dialPlan: string;
  readonly extensions: readonly string[];
  readonly sipAddresses: readonly string[];
  readonly members: readonly GroupMember[];
  readonly ring: 'simultaneous' | 'serial';
  /** How long a member (serial) or all of them (simultaneous) ring; null: as long as any number does. */
  readonly ringTimeoutMs: number | null;
  /** Who is told of a missed call: nobody, the group's mailbox, the first or last member that rang, or all that did. */
  readonly notify: 'nobody' | 'group' | 'first' | 'last' | 'all';
  /** The group's own mailbox (identity), null where it has none. */
  readonly mailbox: string | null;
}

export type MailboxLookup =
  | { readonly kind: 'found'; readonly mailbox: Mailbox }
  | { readonly kind: 'none' }
  /** Two mailboxes answer to this number in different dial plans and the peer names none. */
  | { readonly kind: 'ambiguous'; readonly mailboxes: readonly Mailbox[] };

/** One loaded version of the policy file. Swapped whole. */
export interface Policy {
  /** Short content hash. */
  readonly version: string;
  readonly dialPlans: ReadonlyMap<string, DialPlan>;
  readonly mailboxPolicies: ReadonlyMap<string, MailboxPolicy>;
  readonly mailboxCount: number;
  /** By identity, in any case. */
  mailbox(identity: string): Mailbox | undefined;
  mailboxes(): Iterable<Mailbox>;
  readonly groups: ReadonlyMap<string, Group>;
  /** The group that a called number or address belongs to, found as a mailbox is; null where none or several do. */
  findGroup(called: { readonly user: string | null; readonly uri: string }, dialPlan?: string): Group | null;
  /**
   * A number as the dial plan writes it to the outside: `+33140001001` for `1001` (its first number prefix), `0140001001`,
   * `0033140001001`. Null where the plan does not say how.
   */
  toE164(number: string, dialPlan: string): string | null;
  /**
   * The mailbox that a called number or address belongs to (design.md 4.2): a SIP address whole, an extension whole, or a
   * listed prefix plus extension; never the last digits of a foreign number.
   * @param called user part (`1001`, `+33140001001`, `alice`) and the whole URI (`sip:alice@example.com`, `tel:…`)
   * @param dialPlan limits the search to that plan
   */
  findMailbox(called: { readonly user: string | null; readonly uri: string }, dialPlan?: string): MailboxLookup;
}

/** One mistake in a file, as the person who edits it needs it. Lines and columns count from 1. */
export interface PolicyProblem {
  readonly line: number;
  readonly column: number;
  /** `mailboxes[3].mailboxPolicy`. */
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

export interface PolicyStatus {
  readonly version: string;
  readonly loadedAt: number;
  readonly mailboxCount: number;
  /** The last load failed: the policy named by `version` still holds. */
  readonly error: { readonly at: number; readonly message: string; readonly problems: readonly PolicyProblem[] } | null;
}

/** The live policy file. */
export interface PolicyStore {
  current(): Policy;
  status(): PolicyStatus;
  /** Reads the file again now (SIGHUP). Resolves when the new version holds or the error is in `status()`. */
  reload(): Promise<PolicyStatus>;
  /** Called after every load, good or bad. Returns the function that ends it. */
  onChange(listener: (status: PolicyStatus) => void): () => void;
  close(): Promise<void>;
}
