import { isDeepStrictEqual } from 'node:util';
import { parseYaml, type YamlDocument } from '../yamlfile/index.ts';
import { codeOf, readPolicyFile, replacePolicyFile, withLock } from './file.ts';
import { readPolicy, versionOf } from './load.ts';
import type { PolicyData } from './snapshot.ts';
import type { MailboxPolicy, PolicyProblem } from './types.ts';

export interface MailboxPolicyChanges {
  readonly allowMissedCallNotifications?: boolean;
}

export interface PolicyEdit {
  /** policy.yaml. */
  readonly path: string;
  /** The mailbox policy's name, in any case. */
  readonly name: string;
  readonly changes: MailboxPolicyChanges;
  /** The version that the change was decided on: another one in the file is refused. */
  readonly basedOn?: string;
  /** Says what would be, and changes nothing (`-WhatIf`). */
  readonly dryRun?: boolean;
}

export type EditResult =
  | {
      readonly ok: true;
      /** False where the file said so already: nothing was written. */
      readonly changed: boolean;
      readonly before: MailboxPolicy;
      readonly after: MailboxPolicy;
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

const KEY = 'allowMissedCallNotifications';

/** A name as YAML takes it anywhere: plain where that is safe, else in double quotes (JSON is YAML). */
function written(name: string): string {
  const plain =
    /^[A-Za-z][A-Za-z0-9 ._-]*[A-Za-z0-9]$/.test(name) && !/^(?:true|false|null|yes|no|on|off)$/i.test(name);
  return plain ? name : JSON.stringify(name);
}

function splice(text: string, from: number, to: number, insert: string): string {
  return text.slice(0, from) + insert + text.slice(to);
}

const lineBreakOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** A changed text, and what it must say when it is read again. */
interface Change {
  readonly text: string;
  readonly policies: readonly object[];
}

/** Adds the key after the policy's name: `, key: value` in braces, a line of its own in a block. */
function withKeyAdded({ text, placeOf, placeOfKey }: YamlDocument, index: number, value: boolean): string | null {
  const item = placeOf(['mailboxPolicies', index]);
  const nameKey = placeOfKey(['mailboxPolicies', index, 'name']);
  const name = placeOf(['mailboxPolicies', index, 'name']);
  if (item === null || nameKey === null || name === null) return null;
  if (item.flow) return splice(text, name.outerEnd, name.outerEnd, `, ${KEY}: ${value}`);
  const column = nameKey.outerStart - (text.lastIndexOf('\n', nameKey.outerStart) + 1);
  const lineEnd = /\r?\n|$/.exec(text.slice(name.outerEnd));
  const at = name.outerEnd + (lineEnd?.index ?? 0);
  return splice(text, at, at, `${lineBreakOf(text)}${' '.repeat(column)}${KEY}: ${value}`);
}

/** Writes out, as the first of the list, a policy that a dial plan had only by default. */
function withPolicyAdded(
  { text, placeOf }: YamlDocument,
  { name, dialPlan }: MailboxPolicy,
  value: boolean,
): string | null {
  const entry = `{ name: ${written(name)}, dialPlan: ${written(dialPlan)}, ${KEY}: ${value} }`;
  const lineBreak = lineBreakOf(text);
  const list = placeOf(['mailboxPolicies']);
  if (list === null) {
    // At the end of the file, where it stands in nobody's comments.
    if (placeOf([])?.flow !== false) return null;
    const ended = text.endsWith('\n') ? text : text + lineBreak;
    return `${ended}${lineBreak}mailboxPolicies:${lineBreak}  - ${entry}${lineBreak}`;
  }
  if (list.flow) {
    const separator = placeOf(['mailboxPolicies', 0]) === null ? '' : ', ';
    return splice(text, list.start + 1, list.start + 1, entry + separator);
  }
  const column = list.start - (text.lastIndexOf('\n', list.start) + 1);
  return splice(text, list.start, list.start, `- ${entry}${lineBreak}${' '.repeat(column)}`);
}

function withPolicy(document: YamlDocument, policy: MailboxPolicy, value: boolean): Change | null {
  const list =
    (document.value as { readonly mailboxPolicies?: readonly { readonly name: string }[] }).mailboxPolicies ?? [];
  const wanted = policy.name.toLowerCase();
  const index = list.findIndex(({ name }) => name.toLowerCase() === wanted);
  const place = document.placeOf(['mailboxPolicies', index, KEY]);
  let text: string | null;
  if (index < 0) text = withPolicyAdded(document, policy, value);
  else if (place === null) text = withKeyAdded(document, index, value);
  else text = splice(document.text, place.start, place.end, String(value));
  if (text === null) return null;
  const { name, dialPlan } = policy;
  const policies =
    index < 0
      ? [{ name, dialPlan, [KEY]: value }, ...list]
      : list.map((entry, at) => (at === index ? { ...entry, [KEY]: value } : entry));
  return { text, policies };
}

/**
 * The same file with the policy's switch set: only the value's own characters change, or one key or entry is added. The
 * result has been read again and says what the file said but for that. Null where the file is written in a way that this
 * cannot be done in.
 */
export function withMailboxPolicy(document: YamlDocument, policy: MailboxPolicy, value: boolean): string | null {
  const change = withPolicy(document, policy, value);
  if (change === null) return null;
  const again = parseYaml(change.text);
  if ('syntax' in again || again.mistakes.length > 0) return null;
  const expected = { ...(document.value as object), mailboxPolicies: change.policies };
  return isDeepStrictEqual(again.value, expected) ? change.text : null;
}

function findPolicy({ mailboxPolicies }: PolicyData, name: string): MailboxPolicy | undefined {
  const wanted = name.toLowerCase();
  return mailboxPolicies.find((policy) => policy.name.toLowerCase() === wanted);
}

/** Reads, changes, checks and replaces. */
function editUnderLock(edit: PolicyEdit): EditResult {
  const read = readPolicyFile(edit.path);
  if ('message' in read) return failure('broken', `${read.message} ${read.remedy}`, [read]);
  const reading = readPolicy(read.text);
  if (!reading.ok) {
    const message = 'The policy file has mistakes: correct them before it is changed by command.';
    return failure('broken', message, reading.problems);
  }
  const { data } = reading;
  const before = findPolicy(data, edit.name);
  if (before === undefined)
    return failure('not-found', `There is no mailbox policy named ${JSON.stringify(edit.name)}.`);
  if (edit.basedOn !== undefined && edit.basedOn !== data.version) {
    return failure(
      'changed',
      'The policy file has changed since it was looked at: look again, then repeat the change.',
    );
  }
  const value = edit.changes.allowMissedCallNotifications ?? before.allowMissedCallNotifications;
  const after = { ...before, allowMissedCallNotifications: value };
  if (value === before.allowMissedCallNotifications)
    return { ok: true, changed: false, before, after, version: data.version };
  const text = withMailboxPolicy(reading.document, before, value);
  if (text === null) {
    return failure(
      'unwritable',
      `The policy file is written in a way that cannot be changed by command: set ${KEY} by hand.`,
    );
  }
  if (edit.dryRun !== true && !replacePolicyFile(read, text)) {
    return failure('changed', 'The policy file was changed by somebody else just now: repeat the change.');
  }
  return { ok: true, changed: true, before, after, version: edit.dryRun === true ? data.version : versionOf(text) };
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
 * Sets values of one mailbox policy in the file: under a lock file, checked before it is written, replaced at once, never
 * over a change of somebody else's. Synchronous, for the loader's thread; never throws.
 */
export function editPolicyFile(edit: PolicyEdit): EditResult {
  const seen = readPolicyFile(edit.path);
  if ('message' in seen) return failure('broken', `${seen.message} ${seen.remedy}`, [seen]);
  if (edit.dryRun === true) return editUnderLock(edit);
  try {
    const result = withLock(seen.target, () => editUnderLock(edit));
    if (result !== null) return result;
    const message = `Another change of ${edit.path} is under way; if there is none, remove ${seen.target}.lock.`;
    return failure('locked', message);
  } catch (error) {
    return writeFailure(error, edit.path);
  }
}
