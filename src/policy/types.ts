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
}

export interface MailboxPolicy {
  readonly name: string;
  readonly dialPlan: string;
  readonly allowMissedCallNotifications: boolean;
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
