import { isDeepStrictEqual } from 'node:util';
import { didYouMean, fileProblem } from '../yamlfile/index.ts';
import type { EditFailure, PolicyChange } from './change.ts';
import { type Draft, type Fields, type Item, keyOf, KINDS, nameOf, textOf } from './draft.ts';
import { CONDITION_KEYS, ENTRY_SCHEMAS } from './schema.ts';
import { DEFAULT_POLICY_SUFFIX } from './limits.ts';

/** Makes changes in a draft of the file: pure, and no judge of the result, which is read as a file is. */

/** What one change did, or why it cannot be made. */
export type Applied = { readonly item: Item; readonly changed: boolean };
export type Refusal = Pick<EditFailure, 'reason' | 'message' | 'problems'>;

/** How many are named of those that stand in the way. */
const MAX_NAMED = 10;

const isGroup = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function refusal(reason: EditFailure['reason'], message: string): Refusal {
  return { reason, message, problems: [] };
}

const quoted = (name: string): string => JSON.stringify(name);

function listed(items: readonly Item[], one: string, many: string): string {
  const names = items.slice(0, MAX_NAMED).map((item) => quoted(nameOf(item)));
  const more = items.length > names.length ? ` and ${items.length - names.length} more` : '';
  return `${items.length === 1 ? one : many} ${names.join(', ')}${more}`;
}

function inUse(what: string, name: string, users: readonly string[], remedy: string): Refusal {
  return refusal('in-use', `The ${what} ${quoted(name)} is in use by ${users.join(' and by ')}. ${remedy}`);
}

/** Values that can stand in the file; what they may be is the schema's to say. */
function isWritable(value: unknown, depth = 2): boolean {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === 0) return false;
  return Object.values(value).every((item) => isWritable(item, depth - 1));
}

/** Keys that the entry does not know, and values that cannot be written. */
function keyRefusal(kind: Item['kind'], name: string, changes: unknown): Refusal | null {
  const known = Object.keys(ENTRY_SCHEMAS[KINDS[kind].list].shape);
  const { what } = KINDS[kind];
  if (!isGroup(changes)) return refusal('invalid', `Say what shall become of the ${what}: a group of keys.`);
  const problems = Object.entries(changes).flatMap(([key, value]) => {
    const path = `${what} ${quoted(name)}: ${key}`;
    if (!known.includes(key)) {
      const remedy = didYouMean(key, known, `The keys known here are ${known.join(', ')}.`);
      return [{ ...fileProblem(`unknown key ${quoted(key)}`, remedy), path }];
    }
    const unknown = key === 'conditions' && isGroup(value) ? Object.keys(value) : [];
    const wrong = unknown.filter((condition) => !CONDITION_KEYS.includes(condition));
    if (wrong.length > 0) {
      const remedy = didYouMean(wrong[0] ?? '', CONDITION_KEYS, `There are: ${CONDITION_KEYS.join(', ')}.`);
      return [{ ...fileProblem(`unknown condition ${quoted(wrong[0] ?? '')}`, remedy), path }];
    }
    if (isWritable(value)) return [];
    return [
      { ...fileProblem('this value cannot stand in the file', 'Write a text, a number, true, false or a list.'), path },
    ];
  });
  const [first] = problems;
  if (first === undefined) return null;
  return { reason: 'invalid', message: `${first.path}: ${first.message} ${first.remedy}`, problems };
}

/** Keys that are new stand behind the one that the schema has before them. */
function merged(before: Fields, changes: Fields, order: readonly string[]): Fields {
  const pairs = Object.entries(before);
  const positionOf = (key: string): number => pairs.findIndex(([name]) => name === key);
  for (const key of order) {
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
    if (change === undefined) continue;
    const position = positionOf(key);
    let value = change;
    if (key === 'conditions' && isGroup(change)) {
      const old = position < 0 ? {} : before[key];
      value = merged(isGroup(old) ? old : {}, change, CONDITION_KEYS);
      if (Object.keys(value).length === 0) value = null;
    }
    if (position >= 0) {
      if (value === null) pairs.splice(position, 1);
      else pairs[position] = [key, value];
    } else if (value !== null) {
      let previous = -1;
      for (let at = order.indexOf(key) - 1; at >= 0 && previous < 0; at -= 1) previous = positionOf(order[at] ?? '');
      pairs.splice(previous + 1, 0, [key, value]);
    }
  }
  return Object.fromEntries(pairs);
}

/** What says the same as before stays as it is written: a default that is not, `2s` for `2000ms`. */
function withoutRepetition(before: Fields, after: Fields, read: (fields: Fields) => Fields | null): Fields {
  const [old, next] = [read(before), read(after)];
  if (old === null || next === null) return after;
  const keys = [...Object.keys(after), ...Object.keys(before)].filter(
    (key) => isDeepStrictEqual(old[key], next[key]) && !isDeepStrictEqual(before[key], after[key]),
  );
  if (keys.length === 0) return after;
  const same = new Set(keys);
  const pairs = Object.entries(after).flatMap(([key, value]): [string, unknown][] => {
    if (!same.has(key)) return [[key, value]];
    return Object.hasOwn(before, key) ? [[key, before[key]]] : [];
  });
  return Object.fromEntries(pairs);
}

function changedFields({ kind, fields }: Item, changes: Fields): Fields {
  const schema = ENTRY_SCHEMAS[KINDS[kind].list];
  const after = merged(fields, changes, Object.keys(schema.shape));
  const { identity } = fields;
  return withoutRepetition(fields, after, (entry) => {
    const read: Fields | undefined = schema.safeParse(entry).data;
    // Without a displayName the identity is shown; a new identity would change that.
    const isShown = identity !== undefined && after['identity'] === identity;
    return read === undefined
      ? null
      : { ...read, ...(isShown ? { displayName: read['displayName'] ?? identity } : {}) };
  });
}

function create(draft: Draft, { kind, entry }: Extract<PolicyChange, { action: 'new' }>): Applied | Refusal {
  const { key, list, what } = KINDS[kind];
  const given = entry as Fields;
  const name = isGroup(given) ? textOf(given[key]) : '';
  const wrong = keyRefusal(kind, name, given);
  if (wrong !== null) return wrong;
  const plan = kind === 'mailboxPolicy' ? draft.planOfDefault(name) : undefined;
  if (draft.find(kind, name) !== undefined || (plan !== undefined && plan.origin >= 0))
    return refusal('exists', `There is a ${what} named ${quoted(name)} already.`);
  if (kind === 'mailboxPolicy') keepDefault(draft, textOf(given['dialPlan']));
  const fields = merged({}, given, Object.keys(ENTRY_SCHEMAS[list].shape));
  return { item: draft.create(kind, fields), changed: true };
}

/** A dial plan that gets its first policy in the file would lose the one that it has by default. */
function keepDefault(draft: Draft, dialPlan: string): void {
  const plan = draft.planOfDefault(`${dialPlan}${DEFAULT_POLICY_SUFFIX}`);
  if (plan !== undefined && plan.origin >= 0) draft.writeDefault(plan);
}

function notFound({ kind, name }: Exclude<PolicyChange, { action: 'new' }>): Refusal {
  return refusal('not-found', `There is no ${KINDS[kind].what} named ${quoted(textOf(name))}.`);
}

function set(draft: Draft, change: Extract<PolicyChange, { action: 'set' }>): Applied | Refusal {
  const { kind } = change;
  const { key, what } = KINDS[kind];
  const wanted = textOf(change.name);
  const changes = change.changes as Fields;
  const found = draft.find(kind, wanted);
  const plan = kind === 'mailboxPolicy' ? draft.planOfDefault(wanted) : undefined;
  if (found === undefined && plan === undefined) return notFound(change);
  const wrong = keyRefusal(kind, wanted, changes);
  if (wrong !== null) return wrong;
  const item: Item = found ?? draft.writeDefault(plan as Item);
  const before = item.fields;
  const after = changedFields(item, changes);
  const [oldName, newName] = [nameOf(item), textOf(after[key])];
  if (keyOf(newName) !== keyOf(oldName)) {
    const isTaken =
      draft.find(kind, newName) !== undefined ||
      (kind === 'mailboxPolicy' && draft.planOfDefault(newName) !== undefined);
    if (isTaken) return refusal('exists', `There is a ${what} named ${quoted(newName)} already.`);
  }
  if (isDeepStrictEqual(before, after)) {
    // What says nothing new needs not be written out.
    if (found === undefined) draft.remove(item);
    return { item, changed: false };
  }
  const movesTo = kind === 'mailboxPolicy' && keyOf(after['dialPlan']) !== keyOf(before['dialPlan']);
  if (movesTo) keepDefault(draft, textOf(after['dialPlan']));
  const defaultUsers = kind === 'dialPlan' && newName !== oldName ? usersOfDefault(draft, item) : [];
  draft.change(item, after);
  if (newName !== oldName && newName !== '') rename(draft, item, oldName, newName);
  for (const user of defaultUsers)
    draft.change(user, { ...user.fields, mailboxPolicy: `${newName}${DEFAULT_POLICY_SUFFIX}` });
  return { item, changed: true };
}

/** Mailboxes of the policy that a dial plan has only by default: it goes by the plan's name. */
function usersOfDefault(draft: Draft, plan: Item): Item[] {
  const name = `${nameOf(plan)}${DEFAULT_POLICY_SUFFIX}`;
  return draft.planOfDefault(name) === plan ? draft.users('mailboxPolicy', name, 'mailbox') : [];
}

function rename(draft: Draft, { kind }: Item, from: string, to: string): void {
  const key = keyOf(from);
  const swap = (value: unknown): unknown => (typeof value === 'string' && keyOf(value) === key ? to : value);
  const replace = (user: Item, field: string): void => {
    const value = user.fields[field];
    draft.change(user, { ...user.fields, [field]: Array.isArray(value) ? value.map(swap) : swap(value) });
  };
  if (kind === 'dialPlan') {
    for (const user of draft.users('dialPlan', from, 'mailboxPolicy')) replace(user, 'dialPlan');
    for (const user of draft.users('dialPlan', from, 'group')) replace(user, 'dialPlan');
  } else if (kind === 'mailboxPolicy') {
    for (const user of draft.users('mailboxPolicy', from, 'mailbox')) replace(user, 'mailboxPolicy');
  } else if (kind === 'mailbox') {
    for (const user of draft.users('mailbox', from, 'group')) {
      if (user.fields['members'] !== undefined) replace(user, 'members');
      if (user.fields['mailbox'] !== undefined) replace(user, 'mailbox');
    }
  }
}

function remove(draft: Draft, change: Extract<PolicyChange, { action: 'remove' }>): Applied | Refusal {
  const { kind } = change;
  const name = textOf(change.name);
  const item = draft.find(kind, name);
  if (item === undefined) {
    const plan = kind === 'mailboxPolicy' ? draft.planOfDefault(name) : undefined;
    if (plan === undefined) return notFound(change);
    const users = draft.users('mailboxPolicy', name, 'mailbox');
    const by =
      users.length > 0
        ? [listed(users, 'mailbox', 'mailboxes')]
        : [`dial plan ${quoted(nameOf(plan))}, which has no other`];
    return inUse(
      'mailbox policy',
      name,
      by,
      'A dial plan without any policy has this one: give it another policy first, or remove the dial plan.',
    );
  }
  const blocked = blockedBy(draft, item);
  if (blocked !== null) return blocked;
  draft.remove(item);
  return { item, changed: true };
}

const by = (users: readonly Item[], one: string, many: string): string[] =>
  users.length === 0 ? [] : [listed(users, one, many)];

function blockedBy(draft: Draft, item: Item): Refusal | null {
  const name = nameOf(item);
  const { what } = KINDS[item.kind];
  if (item.kind === 'dialPlan') {
    const users = [
      ...by(draft.users('dialPlan', name, 'mailboxPolicy'), 'mailbox policy', 'mailbox policies'),
      ...by(usersOfDefault(draft, item), 'mailbox', 'mailboxes'),
      ...by(draft.users('dialPlan', name, 'group'), 'group', 'groups'),
    ];
    return users.length === 0 ? null : inUse(what, name, users, 'Remove these first, or give them another dial plan.');
  }
  if (item.kind === 'mailboxPolicy') {
    const users = by(draft.users('mailboxPolicy', name, 'mailbox'), 'mailbox', 'mailboxes');
    return users.length === 0 ? null : inUse(what, name, users, 'Give these another policy first.');
  }
  if (item.kind === 'group') return null;
  const users = by(draft.users('mailbox', name, 'group'), 'group', 'groups');
  return users.length === 0 ? null : inUse(what, name, users, 'Take it out of these first.');
}

/** Makes the changes in turn. */
export function applyChanges(
  draft: Draft,
  changes: readonly PolicyChange[],
): { readonly applied: readonly Applied[] } | (Refusal & { readonly change: number }) {
  const applied: Applied[] = [];
  for (const [position, change] of changes.entries()) {
    const done = applyChange(draft, change);
    if ('reason' in done) return { ...done, change: position };
    applied.push(done);
  }
  return { applied };
}

function applyChange(draft: Draft, change: PolicyChange): Applied | Refusal {
  switch (change.action) {
    case 'new':
      return create(draft, change);
    case 'set':
      return set(draft, change);
    case 'remove':
      return remove(draft, change);
  }
}
