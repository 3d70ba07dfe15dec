import { isDeepStrictEqual } from 'node:util';
import { basename } from 'node:path';
import {
  type Changed,
  type EditAudit,
  type EditDone,
  type EditFailure,
  editPolicy,
  type PolicyChange,
} from '../../policy/index.ts';
import { editAudit } from '../audit.ts';
import { CmdletError } from '../errors.ts';
import { isObject, shown } from '../objects.ts';
import { plain } from '../output/format.ts';
import type { Call } from '../types.ts';
import { notFound } from './names.ts';
import { changedShape } from './shapes.ts';

/** The one way in which cmdlets change the policy file: all that a command changes, or nothing of it, in one version. */

/** How many of a broken policy file's problems an error lists. */
const MAX_LISTED_PROBLEMS = 10;
/** How many mailboxes -WhatIf names for each policy, and how many objects it tells of; of the rest it gives the number. */
export const MAX_NAMED_MAILBOXES = 200;
export const MAX_TOLD_OBJECTS = 1_000;
const NO_JOURNAL =
  'There is no journal yet, which a gateway makes when it first starts: who made this change is kept in the versions of the policy file alone.';
/** An audit record's target. */
const MAX_TARGET_LENGTH = 500;

export interface Edit {
  readonly changes: readonly PolicyChange[];
  /** What each change is about, in the same order. */
  readonly names: readonly string[];
  /** `Setting`. */
  readonly doing: string;
  /** `UM mailbox policy`. */
  readonly what: string;
  /** Asks unless it is told not to. */
  readonly asks?: true;
  /** The version of the file that the changes were made up from. */
  readonly basedOn?: string | undefined;
  /** Says whether it could be done. */
  readonly validateOnly?: boolean;
  /** Warnings of what was not modified; a new object is always a modification. */
  readonly tellsUnmodified?: true;
}

export function withProblems(message: string, path: string, problems: EditFailure['problems']): string {
  const listed = problems
    .slice(0, MAX_LISTED_PROBLEMS)
    .map(({ line, column, message: what, remedy }) => `  ${basename(path)}:${line}:${column} ${what} ${remedy}`);
  return [message, ...listed].join('\n');
}

function failed(failure: EditFailure, { names }: Edit, call: Call): CmdletError {
  const { reason, message, problems, change } = failure;
  if (reason === 'not-found') return notFound(names[change ?? 0] ?? '', call);
  const { policyPath } = call.context;
  // Mistakes that the change would make stand on no line; their first is in the message.
  return new CmdletError(reason === 'broken' ? withProblems(message, policyPath, problems) : message);
}

const quoted = (name: string): string => `"${name}"`;

function listed(names: readonly string[], total: number): string {
  const named = names.join(', ');
  return total > names.length ? `${named} and ${total - names.length} more` : named;
}

/** `AllowMissedCallNotifications from True to False, NotifyBusy …`. */
function differences(changed: Changed): string {
  const before = changedShape(changed, 'before');
  const after = changedShape(changed, 'after');
  if (before === null || after === null) return '';
  const told = Object.entries(after)
    .filter(([name, value]) => name !== 'Identity' && !isDeepStrictEqual(before[name], value))
    .map(([name, value]) => `${name} from ${shown(before[name] ?? null) || '(none)'} to ${shown(value) || '(none)'}`);
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
}

/** The policies, by their names before the edit, whose mailboxes a change concerns. */
function policiesConcerned(changed: Changed, call: Call): ReadonlySet<string> {
  const { mailboxPolicies } = call.policy();
  if (changed.kind === 'mailboxPolicy') return new Set(changed.before === null ? [] : [changed.before.name]);
  if (changed.kind !== 'dialPlan') return new Set();
  const plan = changed.before?.name;
  return new Set([...mailboxPolicies.values()].filter(({ dialPlan }) => dialPlan === plan).map(({ name }) => name));
}

/** Mailboxes by policy: their number, and the first of their names. */
async function mailboxesByPolicy(call: Call): Promise<Map<string, { total: number; names: string[] }>> {
  const found = new Map<string, { total: number; names: string[] }>();
  for (const { identity, mailboxPolicy } of call.policy().mailboxes()) {
    await call.breathe();
    let entry = found.get(mailboxPolicy);
    if (entry === undefined) found.set(mailboxPolicy, (entry = { total: 0, names: [] }));
    entry.total += 1;
    if (entry.names.length < MAX_NAMED_MAILBOXES) entry.names.push(identity);
  }
  return found;
}

/** What would be, one line for each object. */
async function foretold(edit: Edit, changes: readonly Changed[], call: Call): Promise<string[]> {
  const modified = changes.filter(({ changed }) => changed);
  const ofPolicies = modified.some(({ kind }) => kind === 'mailboxPolicy' || kind === 'dialPlan');
  const byPolicy = ofPolicies ? await mailboxesByPolicy(call) : new Map<string, never>();
  const mayName = call.context.caller.permissions.has('mailboxes.read');
  const lines = modified.slice(0, MAX_TOLD_OBJECTS).map((changed) => {
    const concerned = [...policiesConcerned(changed, call)].flatMap((name) => byPolicy.get(name) ?? []);
    const total = concerned.reduce((sum, one) => sum + one.total, 0);
    const names = concerned.flatMap((one) => one.names).slice(0, MAX_NAMED_MAILBOXES);
    const count = `for ${total} mailbox${total === 1 ? '' : 'es'}`;
    const affected =
      changed.before === null || changed.kind === 'mailbox' || changed.after === null
        ? ''
        : `, ${count}${total > 0 && mayName ? `: ${listed(names, total)}` : ''}`;
    return `${edit.doing} ${edit.what} ${quoted(changed.before === null ? changed.name : nameBefore(changed))}${differences(changed)}${affected}.`;
  });
  const rest = modified.length - lines.length;
  return rest > 0 ? [...lines, `${edit.doing} ${rest} more.`] : lines;
}

function nameBefore({ before, name }: Changed): string {
  if (before === null) return name;
  return 'identity' in before ? before.identity : before.name;
}

function tellUnmodified({ tellsUnmodified }: Edit, changes: readonly Changed[], { warn }: Call): void {
  if (tellsUnmodified === undefined) return;
  const same = changes.filter(({ changed }) => !changed);
  for (const { name } of same.slice(0, MAX_NAMED_MAILBOXES))
    warn(`The command completed successfully but no settings of '${name}' have been modified.`);
  if (same.length > MAX_NAMED_MAILBOXES) warn(`The same holds for ${same.length - MAX_NAMED_MAILBOXES} more.`);
}

function auditOf({ names, what }: Edit, call: Call): EditAudit | undefined {
  const { journal, caller, now, newId } = call.context;
  if (journal === null) return undefined;
  const target = names.length === 1 ? (names[0] ?? '') : `${names.length} × ${what}: ${names.join(', ')}`;
  return editAudit({
    journal,
    caller,
    operation: call.cmdlet.name,
    target: target.length > MAX_TARGET_LENGTH ? `${target.slice(0, MAX_TARGET_LENGTH)}…` : target,
    why: call.bound.text('Why') ?? null,
    now,
    newId,
  });
}

/** What came through a pipe was chosen by what the file said. */
export function basedOn({ input, policy }: Call): string | undefined {
  return input !== null && input.some(isObject) ? policy().version : undefined;
}

/** Whether to ask first. PowerShell: bare -Confirm asks, -Confirm:$false never does. */
function mustAsk({ asks }: Edit, { bound }: Call): boolean {
  return bound.has('Confirm') ? bound.flag('Confirm') : asks === true;
}

async function agreed(lines: readonly string[], call: Call): Promise<boolean> {
  const { confirm } = call.context;
  if (confirm === undefined)
    throw new CmdletError(
      `${call.cmdlet.name} asks first, and there is nobody to confirm here: write -Confirm:$false to have it done, or -WhatIf to see what it would do.`,
    );
  const yes = await confirm(['Are you sure you want to perform this action?', ...lines.map(plain)].join('\n'));
  if (!yes) call.warn('Nothing was changed.');
  return yes;
}

async function attempt(
  edit: Edit,
  call: Call,
  options: { dryRun: boolean; basedOn: string | undefined },
): Promise<EditDone> {
  const { policyPath, caller } = call.context;
  const audit = options.dryRun ? undefined : auditOf(edit, call);
  const result = await editPolicy({ path: policyPath, changes: edit.changes, by: caller.name, audit, ...options });
  if (!result.ok) throw failed(result, edit, call);
  return result;
}

/**
 * Makes the changes, or says what they would be (-WhatIf).
 * @returns what became of each; null: nothing was done (-WhatIf, or a No)
 * @throws CmdletError
 */
export async function perform(edit: Edit, call: Call): Promise<readonly Changed[] | null> {
  if (edit.changes.length === 0) return [];
  let { basedOn } = edit;
  const whatIf = call.bound.flag('WhatIf');
  if (edit.validateOnly === true && !whatIf) {
    await attempt(edit, call, { dryRun: true, basedOn });
    return null;
  }
  if (whatIf || mustAsk(edit, call)) {
    const dry = await attempt(edit, call, { dryRun: true, basedOn });
    const lines = dry.changed ? await foretold(edit, dry.changes, call) : [];
    if (whatIf) {
      for (const line of lines) call.say(`What if: ${line}`);
      tellUnmodified(edit, dry.changes, call);
      return null;
    }
    if (lines.length > 0 && !(await agreed(lines, call))) return null;
    // What was asked about is what is done.
    basedOn = dry.versionBefore;
  }
  const done = await attempt(edit, call, { dryRun: false, basedOn });
  tellUnmodified(edit, done.changes, call);
  if (done.changed) {
    if (call.context.journal === null) call.warnOnce(NO_JOURNAL);
    await call.edited();
  }
  return done.changes;
}
