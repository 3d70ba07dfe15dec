import { isDeepStrictEqual } from 'node:util';
import { type ListChange, withLists, type YamlDocument } from '../yamlfile/index.ts';
import { applyChanges } from './apply.ts';
import type { Changed, EditDone, EditFailure, EditOptions, EditRecord, EditResult, PolicyChange } from './change.ts';
import { Draft, type Fields, isChanged, type Item, KINDS, POLICY_KINDS } from './draft.ts';
import { codeOf, type PolicyText, readPolicyFile, replacePolicyFile, withLock } from './file.ts';
import { readPolicy, versionOf } from './load.ts';
import { differences, invalid, outcomeOf } from './outcome.ts';
import type { PolicyProblem } from './types.ts';
import { keepVersion, readVersion } from './versions.ts';

/** An edit as it goes to the thread that makes it. */
export interface EditTask extends Omit<EditOptions, 'audit'> {
  readonly path: string;
  readonly what:
    | { readonly kind: 'changes'; readonly changes: readonly PolicyChange[] }
    | { readonly kind: 'rollBack'; readonly version: string };
}

export interface EditHooks {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Records that the edit will be made; resolves with why that is not possible, else null. */
  intend(record: EditRecord): Promise<string | null>;
}

/** What the file shall be. */
interface Planned {
  readonly text: string;
  readonly changes: readonly Changed[];
}

function failure(
  reason: EditFailure['reason'],
  message: string,
  problems: readonly PolicyProblem[] = [],
  change: number | null = null,
): EditFailure {
  return { ok: false, reason, message, problems, change };
}

const broken = (problems: readonly PolicyProblem[]): EditFailure =>
  failure('broken', 'The policy file has mistakes: correct them before it is changed by command.', problems);

const UNKNOWN_LAYOUT =
  'The policy file is laid out in a way that cannot be changed by command: make this change by hand, or write each entry on lines of its own.';

function listChanges(draft: Draft): ListChange[] {
  return POLICY_KINDS.flatMap((kind): ListChange[] => {
    const items = draft.items[kind].filter((item) => isChanged(item) && !(item.removed && item.origin < 0));
    if (items.length === 0) return [];
    const old = items.filter(({ origin }) => origin >= 0);
    return [
      {
        list: KINDS[kind].list,
        changed: new Map(old.filter(({ removed }) => !removed).map(({ origin, fields }) => [origin, fields])),
        removed: new Set(old.filter(({ removed }) => removed).map(({ origin }) => origin)),
        added: items.filter(({ origin }) => origin < 0).map(({ fields }) => fields),
      },
    ];
  });
}

const fieldsOf = (items: readonly Item[]): Fields[] =>
  items.filter(({ removed }) => !removed).map(({ fields }) => fields);

/** The value that the changed text must have. */
function expectedValue({ value }: YamlDocument, draft: Draft, changes: readonly ListChange[]): object {
  const lists = POLICY_KINDS.filter((kind) => changes.some(({ list }) => list === KINDS[kind].list));
  return {
    ...(value as object),
    ...Object.fromEntries(lists.map((kind) => [KINDS[kind].list, fieldsOf(draft.items[kind])])),
  };
}

/** The changed text has been read as a load reads it, and says what the file said but for the changes. */
export function planChanges(text: string, changes: readonly PolicyChange[]): Planned | EditFailure {
  const reading = readPolicy(text);
  if (!reading.ok) return broken(reading.problems);
  const { document } = reading;
  const draft = new Draft(document.value as Fields);
  const done = applyChanges(draft, changes);
  if ('reason' in done) return { ok: false, ...done };
  const lists = listChanges(draft);
  if (lists.length === 0) return { text, changes: outcomeOf(draft, done.applied, reading.data, reading.data) };
  const expected = expectedValue(document, draft, lists);
  const changed = withLists(document, lists);
  const again = changed === null ? null : readPolicy(changed);
  if (changed === null || again === null || !again.ok) {
    // Is it what was asked for that cannot be, or how the file is laid out? JSON is YAML, in the plainest layout.
    const plain = readPolicy(JSON.stringify(expected));
    if (plain.ok) return failure('unwritable', UNKNOWN_LAYOUT);
    return { ok: false, reason: 'invalid', ...invalid(draft, done.applied, plain.problems) };
  }
  if (!isDeepStrictEqual(again.document.value, expected)) return failure('unwritable', UNKNOWN_LAYOUT);
  return { text: changed, changes: outcomeOf(draft, done.applied, reading.data, again.data) };
}

/** Also where the file is broken: that may be why. */
function planRollBack(read: PolicyText, version: string): Planned | EditFailure {
  const text = readVersion(read.target, version);
  if (text === null) return failure('not-found', `Version ${version} of the policy file is not kept.`);
  const after = readPolicy(text);
  if (!after.ok) return failure('invalid', `Version ${version} of the policy file has mistakes.`, after.problems);
  const before = readPolicy(read.text);
  return { text, changes: before.ok ? differences(before.data, after.data) : [] };
}

const CHANGED_SINCE = 'The policy file has changed since it was looked at: look again, then repeat the change.';
const CHANGED_NOW = 'The policy file was changed by somebody else just now: repeat the change.';

/** Reads, changes, checks and replaces. */
async function edited(task: EditTask, hooks: EditHooks): Promise<EditResult> {
  const { path, what, basedOn, dryRun } = task;
  const read = readPolicyFile(path);
  if ('message' in read) return failure('broken', `${read.message} ${read.remedy}`, [read]);
  const versionBefore = versionOf(read.text);
  if (basedOn !== undefined && basedOn !== versionBefore) {
    // Whoever looked has seen the last good version: that the file is broken now says more, and an older version mends it.
    const now = readPolicy(read.text);
    if (now.ok) return failure('changed', CHANGED_SINCE);
    if (what.kind === 'changes') return broken(now.problems);
  }
  const plan = what.kind === 'changes' ? planChanges(read.text, what.changes) : planRollBack(read, what.version);
  if ('ok' in plan) return plan;
  const changed = plan.text !== read.text;
  const version = changed ? versionOf(plan.text) : versionBefore;
  const done: EditDone = { ok: true, changes: plan.changes, changed, versionBefore, version };
  if (!changed || dryRun === true) return done;
  const refused = await hooks.intend({ path, versionBefore, version, changed: plan.changes });
  if (refused !== null) {
    return failure('refused', `The change was not made, as it could not be recorded that it would be: ${refused}`);
  }
  return replaced(task, read, plan.text, hooks) ? done : failure('changed', CHANGED_NOW);
}

function replaced({ by, keepVersions: keep }: EditTask, read: PolicyText, text: string, hooks: EditHooks): boolean {
  const { target, identity: like } = read;
  const savedAt = Number(like.mtimeNs / 1_000_000n);
  keepVersion(target, { text: read.text, at: savedAt, by: null, like, keep });
  // Before it holds: whoever sees the new file finds its version kept.
  const forget = keepVersion(target, { text, at: hooks.now(), by: by ?? null, like, keep });
  let done = false;
  try {
    done = replacePolicyFile(read, text);
    return done;
  } finally {
    if (!done) forget();
  }
}

function writeFailure(error: unknown, path: string): EditFailure {
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
 * Edits the file: under a lock file, checked before it is written, replaced at once, never over a change of somebody
 * else's. For the loader's thread: it takes as long as two loads. Never rejects.
 */
export async function editPolicyFile(task: EditTask, hooks: EditHooks): Promise<EditResult> {
  const seen = readPolicyFile(task.path);
  if ('message' in seen) return failure('broken', `${seen.message} ${seen.remedy}`, [seen]);
  try {
    if (task.dryRun === true) return await edited(task, hooks);
    const result = await withLock(seen.target, () => edited(task, hooks), task.lockWaitMs);
    if (result !== null) return result;
    const message = `Another change of ${task.path} is under way; if there is none, remove ${seen.target}.lock.`;
    return failure('locked', message);
  } catch (error) {
    return writeFailure(error, task.path);
  }
}
