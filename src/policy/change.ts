import type { z } from 'zod';
import type { policyFile } from './schema.ts';
import type { DialPlan, Group, Mailbox, MailboxPolicy, PolicyProblem } from './types.ts';

/** Changes of the policy file, and what became of them: the one way in which it is edited by program. */

type File = z.input<typeof policyFile>;
type EntryOf<List extends keyof File> = NonNullable<File[List]>[number];

/** Entries as policy.yaml has them: what has a default may be left out. */
export type DialPlanEntry = EntryOf<'dialPlans'>;
export type MailboxPolicyEntry = EntryOf<'mailboxPolicies'>;
export type MailboxEntry = EntryOf<'mailboxes'>;
export type GroupEntry = EntryOf<'groups'>;

/**
 * Keys and their new values; what is not named, or undefined, stays. Null takes the key out of the file, so that its default
 * holds. `conditions` are changed one by one in the same way.
 */
export type Changes<Entry> = {
  readonly [Key in keyof Entry]?:
    (Key extends 'conditions' ? Changes<NonNullable<Entry[Key]>> : Entry[Key]) | null | undefined;
};

type ChangeOf<Kind extends string, Entry> =
  | { readonly kind: Kind; readonly action: 'new'; readonly entry: Entry }
  /** Another `name` (of a mailbox or group `identity`) in the changes is a new name: whatever refers to the old one is changed too. */
  | { readonly kind: Kind; readonly action: 'set'; readonly name: string; readonly changes: Changes<Entry> }
  /** Refused where anything refers to it. */
  | { readonly kind: Kind; readonly action: 'remove'; readonly name: string };

/** One change of the policy file. Names in any case. Those of one edit are made in turn, and hold together or not at all. */
export type PolicyChange =
  | ChangeOf<'dialPlan', DialPlanEntry>
  | ChangeOf<'mailboxPolicy', MailboxPolicyEntry>
  | ChangeOf<'mailbox', MailboxEntry>
  | ChangeOf<'group', GroupEntry>;

export type PolicyKind = PolicyChange['kind'];

/** What is told to `audit`: once before the file is replaced, once after. */
export interface EditRecord {
  readonly path: string;
  readonly versionBefore: string;
  /** What the file will be, or is. */
  readonly version: string;
  readonly changed: readonly Changed[];
}

export type EditOutcome =
  { readonly ok: true } | { readonly ok: false; readonly reason: EditFailure['reason']; readonly message: string };

export interface EditAudit {
  /** Awaited before the file is replaced, which does not happen if it rejects. Not called where nothing would change. */
  intent(record: EditRecord): Promise<void>;
  /** Awaited after it; if it rejects, the edit is done all the same. */
  result(record: EditRecord, outcome: EditOutcome): Promise<void>;
}

export interface EditOptions {
  /** The version that the change was decided on: another one in the file is refused. */
  readonly basedOn?: string | undefined;
  /** Says what would be, and changes nothing (`-WhatIf`). */
  readonly dryRun?: boolean | undefined;
  readonly audit?: EditAudit | undefined;
  /** Who makes the change, as the list of versions shows it. */
  readonly by?: string | undefined;
  /** How many versions are kept beside the file, 50 where it is left out; 0: none. */
  readonly keepVersions?: number | undefined;
  /** How long an edit waits for another one to end; 5 s where it is left out. */
  readonly lockWaitMs?: number | undefined;
  /** How long it waits for `audit.intent`; 10 s where it is left out. */
  readonly auditWaitMs?: number | undefined;
}

export interface PolicyEdit extends EditOptions {
  /** policy.yaml. */
  readonly path: string;
  readonly changes: readonly PolicyChange[];
}

type ChangedOf<Kind extends PolicyKind, Loaded> = {
  readonly kind: Kind;
  /** As it is now; of what was removed, as it was. */
  readonly name: string;
  /** False where the file said so already. */
  readonly changed: boolean;
  /** Null: it is new. */
  readonly before: Loaded | null;
  /** Null: it was removed. */
  readonly after: Loaded | null;
};

/** What became of one change, in the order of the edit. */
export type Changed =
  | ChangedOf<'dialPlan', DialPlan>
  | ChangedOf<'mailboxPolicy', MailboxPolicy>
  | ChangedOf<'mailbox', Mailbox>
  | ChangedOf<'group', Group>;

export interface EditDone {
  readonly ok: true;
  readonly changes: readonly Changed[];
  /** False where the file said so already: nothing was written. */
  readonly changed: boolean;
  readonly versionBefore: string;
  /** The file's version now; of a dry run, the one that it would have. */
  readonly version: string;
}

export interface EditFailure {
  readonly ok: false;
  /**
   * `not-found`, `exists`, `in-use`: what a change names is not there, is there already, or is referred to.
   * `invalid`: the file would have the mistakes that `problems` lists (by path: they stand on no line yet). `broken`: it has them already.
   * `changed`: somebody else has changed it. `locked`: another edit is at work. `unwritable`: the file cannot be written, or
   * not in the way in which it is laid out. `refused`: the audit's intent could not be recorded.
   */
  readonly reason:
    'not-found' | 'exists' | 'in-use' | 'invalid' | 'broken' | 'changed' | 'locked' | 'unwritable' | 'refused';
  /** Sentences that say what was wrong and what to do. */
  readonly message: string;
  readonly problems: readonly PolicyProblem[];
  /** Which of the changes it is about, from 0; null: all of them, or the file. */
  readonly change: number | null;
}

export type EditResult = EditDone | EditFailure;

/** A version of the file that is kept beside it. */
export interface PolicyVersion {
  readonly version: string;
  /** When it came to hold. Milliseconds since the epoch. */
  readonly at: number;
  /** Who made it; null: unknown (the file was changed by an editor). */
  readonly by: string | null;
  readonly bytes: number;
}

export interface RollBack extends EditOptions {
  readonly path: string;
  readonly version: string;
}
