import { isDeepStrictEqual } from 'node:util';
import { parseYaml, type YamlDocument } from '../yamlfile/index.ts';
import type { Mailbox, MailboxPolicy } from './types.ts';

/** Changes of policy.yaml's text: only a value's own characters, or one key or entry that is added in the file's style. Pure. */

/** The switches that commands set, and the key behind which each is added where the entry does not have it yet. */
const POLICY_SWITCH = { key: 'allowMissedCallNotifications', after: 'name' } as const;
const MAILBOX_SWITCH = { key: 'missedCallNotificationEnabled', after: 'mailboxPolicy' } as const;

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

type Switch = typeof POLICY_SWITCH | typeof MAILBOX_SWITCH;
type List = 'mailboxPolicies' | 'mailboxes';

/** A changed text, and what its list must say when it is read again. */
interface Change {
  readonly text: string;
  readonly list: List;
  readonly entries: readonly object[];
}

/** Adds the key behind another: `, key: value` in braces, a line of its own in a block. */
function withKeyAdded(
  { text, placeOf, placeOfKey }: YamlDocument,
  entry: readonly [List, number],
  { key, after }: Switch,
  value: boolean,
): string | null {
  const item = placeOf(entry);
  const otherKey = placeOfKey([...entry, after]);
  const other = placeOf([...entry, after]);
  if (item === null || otherKey === null || other === null) return null;
  if (item.flow) return splice(text, other.outerEnd, other.outerEnd, `, ${key}: ${value}`);
  const column = otherKey.outerStart - (text.lastIndexOf('\n', otherKey.outerStart) + 1);
  const lineEnd = /\r?\n|$/.exec(text.slice(other.outerEnd));
  const at = other.outerEnd + (lineEnd?.index ?? 0);
  return splice(text, at, at, `${lineBreakOf(text)}${' '.repeat(column)}${key}: ${value}`);
}

/** Sets the switch of an entry that stands in the file. */
function withSwitch(
  document: YamlDocument,
  [list, index]: readonly [List, number],
  which: Switch,
  value: boolean,
): Change | null {
  const place = document.placeOf([list, index, which.key]);
  const text =
    place === null
      ? withKeyAdded(document, [list, index], which, value)
      : splice(document.text, place.start, place.end, String(value));
  if (text === null) return null;
  const entries = entriesOf(document, list).map((entry, at) =>
    at === index ? { ...entry, [which.key]: value } : entry,
  );
  return { text, list, entries };
}

function entriesOf({ value }: YamlDocument, list: List): readonly object[] {
  return (value as { readonly [key in List]?: readonly object[] })[list] ?? [];
}

/** Writes out, as the first of the list, a policy that a dial plan had only by default. */
function withPolicyAdded(
  { text, placeOf }: YamlDocument,
  { name, dialPlan }: MailboxPolicy,
  value: boolean,
): string | null {
  const entry = `{ name: ${written(name)}, dialPlan: ${written(dialPlan)}, ${POLICY_SWITCH.key}: ${value} }`;
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

/** The position of the entry with this name; -1 where there is none. */
function positionOf(document: YamlDocument, list: List, key: string, name: string): number {
  const wanted = name.toLowerCase();
  return entriesOf(document, list).findIndex(
    (entry) => String((entry as Readonly<Record<string, unknown>>)[key]).toLowerCase() === wanted,
  );
}

/** The text, where read again it says what the file said but for the change. */
function verified(document: YamlDocument, change: Change | null): string | null {
  if (change === null) return null;
  const again = parseYaml(change.text);
  if ('syntax' in again || again.mistakes.length > 0) return null;
  const expected = { ...(document.value as object), [change.list]: change.entries };
  return isDeepStrictEqual(again.value, expected) ? change.text : null;
}

/**
 * The same file with the policy's switch set: only the value's own characters change, or one key or entry is added. The
 * result has been read again and says what the file said but for that. Null where the file is written in a way that this
 * cannot be done in.
 */
export function withMailboxPolicy(document: YamlDocument, policy: MailboxPolicy, value: boolean): string | null {
  const list = 'mailboxPolicies';
  const index = positionOf(document, list, 'name', policy.name);
  if (index >= 0) return verified(document, withSwitch(document, [list, index], POLICY_SWITCH, value));
  const text = withPolicyAdded(document, policy, value);
  const { name, dialPlan } = policy;
  const entries = [{ name, dialPlan, [POLICY_SWITCH.key]: value }, ...entriesOf(document, list)];
  return verified(document, text === null ? null : { text, list, entries });
}

/** The same for the user's own switch of a mailbox. */
export function withMailbox(document: YamlDocument, { identity }: Mailbox, value: boolean): string | null {
  const index = positionOf(document, 'mailboxes', 'identity', identity);
  return index < 0 ? null : verified(document, withSwitch(document, ['mailboxes', index], MAILBOX_SWITCH, value));
}
