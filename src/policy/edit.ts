import type { YamlDocument } from '../yamlfile/index.ts';
import { codeOf, readPolicyFile, replacePolicyFile, withLock } from './file.ts';
import { readPolicy, versionOf } from './load.ts';
import { withMailbox, withMailboxPolicy } from './rewrite.ts';
import type { PolicyData } from './snapshot.ts';
import type { Mailbox, MailboxPolicy, PolicyProblem } from './types.ts';

export interface MailboxPolicyChanges {
  readonly allowMissedCallNotifications?: boolean;
}

export interface MailboxChanges {
  readonly missedCallNotificationEnabled?: boolean;
}

export interface EditOptions {
  /** The version that the change was decided on: another one in the file is refused. */
  readonly basedOn?: string;
  /** Says what would be, and changes nothing (`-WhatIf`). */
  readonly dryRun?: boolean;
  /** How long it waits for another edit to end; 5 s where it is left out. */
  readonly lockWaitMs?: number;
}

/** What is changed: names are taken in any case. */
export type PolicyTarget =
  | { readonly kind: 'mailboxPolicy'; readonly name: string; readonly changes: MailboxPolicyChanges }
  | { readonly kind: 'mailbox'; readonly name: string; readonly changes: MailboxChanges };

export type PolicyEdit = EditOptions & {
  /** policy.yaml. */
  readonly path: string;
  readonly target: PolicyTarget;
};

export type EditResult<Edited = MailboxPolicy> =
  | {
      readonly ok: true;
      /** False where the file said so already: nothing was written. */
      readonly changed: boolean;
      readonly before: Edited;
      readonly after: Edited;
      /** The file's version now. */
      readonly version: string;
    }
  | {
      readonly ok: false;
      /** `broken`: the file has mistakes, listed in `problems`. `locked`: another edit is at work. */
      readonly reason: 'not-found' | 'broken' | 'changed' | 'locked' | 'unwritable';
      readonly message: string;
      readonly problems: readonly PolicyProblem[];
    };

type Failure = Extract<EditResult, { ok: false }>;

function failure(reason: Failure['reason'], message: string, problems: readonly PolicyProblem[] = []): Failure {
  return { ok: false, reason, message, problems };
}

/** The entry as it is and as it shall be, and how the text changes; null where the file has none of this name. */
interface Planned<Edited> {
  readonly before: Edited;
  readonly after: Edited;
  readonly changed: boolean;
  rewritten(document: YamlDocument): string | null;
}

function planned(data: PolicyData, target: PolicyTarget): Planned<MailboxPolicy> | Planned<Mailbox> | null {
  const wanted = target.name.toLowerCase();
  if (target.kind === 'mailbox') {
    const before = data.mailboxes.find(({ identity }) => identity.toLowerCase() === wanted);
    if (before === undefined) return null;
    const value = target.changes.missedCallNotificationEnabled ?? before.missedCallNotificationEnabled;
    return {
      before,
      after: { ...before, missedCallNotificationEnabled: value },
      changed: value !== before.missedCallNotificationEnabled,
      rewritten: (document) => withMailbox(document, before, value),
    };
  }
  const before = data.mailboxPolicies.find(({ name }) => name.toLowerCase() === wanted);
  if (before === undefined) return null;
  const value = target.changes.allowMissedCallNotifications ?? before.allowMissedCallNotifications;
  return {
    before,
    after: { ...before, allowMissedCallNotifications: value },
    changed: value !== before.allowMissedCallNotifications,
    rewritten: (document) => withMailboxPolicy(document, before, value),
  };
}

const WORDS = {
  mailboxPolicy: { what: 'mailbox policy', key: 'allowMissedCallNotifications' },
  mailbox: { what: 'mailbox', key: 'missedCallNotificationEnabled' },
} as const;

type AnyResult = EditResult | EditResult<Mailbox>;

/** Reads, changes, checks and replaces. */
function editUnderLock({ path, target, basedOn, dryRun }: PolicyEdit): AnyResult {
  const read = readPolicyFile(path);
  if ('message' in read) return failure('broken', `${read.message} ${read.remedy}`, [read]);
  const reading = readPolicy(read.text);
  if (!reading.ok) {
    const message = 'The policy file has mistakes: correct them before it is changed by command.';
    return failure('broken', message, reading.problems);
  }
  const { data } = reading;
  const { what, key } = WORDS[target.kind];
  const plan = planned(data, target);
  if (plan === null) return failure('not-found', `There is no ${what} named ${JSON.stringify(target.name)}.`);
  if (basedOn !== undefined && basedOn !== data.version) {
    return failure(
      'changed',
      'The policy file has changed since it was looked at: look again, then repeat the change.',
    );
  }
  const { changed, before, after } = plan;
  const said = { ok: true, changed, before, after } as AnyResult & { ok: true };
  if (!changed) return { ...said, version: data.version };
  const text = plan.rewritten(reading.document);
  if (text === null) {
    return failure(
      'unwritable',
      `The policy file is written in a way that cannot be changed by command: set ${key} by hand.`,
    );
  }
  if (dryRun !== true && !replacePolicyFile(read, text)) {
    return failure('changed', 'The policy file was changed by somebody else just now: repeat the change.');
  }
  return { ...said, version: dryRun === true ? data.version : versionOf(text) };
}

function writeFailure(error: unknown, path: string): Failure {
  const code = codeOf(error);
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    const message = `${path} cannot be written (${code}): give the command's user write access to the file's directory and its owner.`;
    return failure('unwritable', message);
  }
  return failure(
    'unwritable',
    `${path} could not be written: ${error instanceof Error ? error.message : String(error)}.`,
  );
}

/**
 * Sets values of one mailbox policy or mailbox in the file: under a lock file, checked before it is written, replaced at once, never
 * over a change of somebody else's. Synchronous, for the loader's thread; never throws.
 */
export function editPolicyFile(edit: PolicyEdit): AnyResult {
  const seen = readPolicyFile(edit.path);
  if ('message' in seen) return failure('broken', `${seen.message} ${seen.remedy}`, [seen]);
  if (edit.dryRun === true) return editUnderLock(edit);
  try {
    const result = withLock(seen.target, () => editUnderLock(edit), edit.lockWaitMs);
    if (result !== null) return result;
    const message = `Another change of ${edit.path} is under way; if there is none, remove ${seen.target}.lock.`;
    return failure('locked', message);
  } catch (error) {
    return writeFailure(error, edit.path);
  }
}
