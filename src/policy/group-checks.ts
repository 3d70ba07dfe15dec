import { didYouMean, type Mistake, type Path } from '../yamlfile/index.ts';
import { namesOfNumber, wholeNumberOf } from './numbering.ts';
import { addressMistakes, type AddressOwners, extensionMistakes, type Plan, unreachable } from './number-checks.ts';
import { EXTENSION_OR_NUMBER } from './syntax.ts';
import { duplicates, type Entry, isEmptyOrAbsent, textsOf, unknownPlan } from './written.ts';

interface Surroundings {
  readonly plans: ReadonlyMap<string, Plan>;
  readonly mailboxes: readonly Entry[];
  /** Those of the mailboxes; the groups' are added. */
  readonly addressOwners: AddressOwners;
}

/** What a group names must be there, and be named once. To be asked when the mailboxes' numbers have been given out. */
export function* groupMistakes(groups: readonly Entry[], around: Surroundings): Generator<Mistake> {
  if (groups.length === 0) return;
  const { plans, addressOwners } = around;
  yield* duplicates(groups, 'identity', 'group');
  const planNames = [...plans.values()].map(({ name }) => name);
  for (const entry of groups) {
    const name = entry.fields['dialPlan'];
    const plan = typeof name === 'string' ? plans.get(name.toLowerCase()) : undefined;
    if (plan !== undefined) yield* extensionMistakes(entry, plan);
    else if (typeof name === 'string') yield unknownPlan(entry.path, name, planNames);
    yield* addressMistakes(entry, addressOwners);
    yield* unreachable(entry, 'group');
  }
  // Now that every number has its owner.
  const names = namesIn(groups, around.mailboxes);
  for (const entry of groups) {
    const plan = plans.get(String(entry.fields['dialPlan']).toLowerCase());
    yield* memberMistakes(entry, plan, names);
    yield* mailboxMistakes(entry, names);
  }
}

interface KnownNames {
  /** By identity in lower case; `silent`: with no number that could ring. */
  readonly mailboxes: ReadonlyMap<string, { readonly path: Path; readonly silent: boolean }>;
  readonly groups: ReadonlySet<string>;
  /** As they are written, for suggestions. */
  readonly identities: readonly string[];
}

function identityOf({ fields }: Entry): string[] {
  return typeof fields['identity'] === 'string' ? [fields['identity']] : [];
}

function namesIn(groups: readonly Entry[], mailboxes: readonly Entry[]): KnownNames {
  return {
    mailboxes: new Map(
      mailboxes.flatMap((entry) => {
        const { extensions, sipAddresses } = entry.fields;
        const silent = isEmptyOrAbsent(extensions) && isEmptyOrAbsent(sipAddresses);
        return identityOf(entry).map((name) => [name.toLowerCase(), { path: entry.path, silent }] as const);
      }),
    ),
    groups: new Set(groups.flatMap((entry) => identityOf(entry).map((name) => name.toLowerCase()))),
    identities: mailboxes.flatMap(identityOf),
  };
}

/** The first letter is nearly always right, and the cost of a suggestion must not grow with the file. */
const MAX_COMPARED = 1_000;

function mailboxMeant(written: string, { identities }: KnownNames, otherwise: string): () => string {
  const letter = written.slice(0, 1).toLowerCase();
  return () => {
    const alike = identities.filter((name) => name.slice(0, 1).toLowerCase() === letter).slice(0, MAX_COMPARED);
    return didYouMean(written, alike, otherwise);
  };
}

type Member =
  | { readonly kind: 'one'; readonly key: string }
  | { readonly kind: 'group' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unknown' };

/** Who a member is; the same key means the same one, however it is written. */
function memberOf(text: string, plan: Plan | undefined, names: KnownNames): Member {
  const mailbox = names.mailboxes.get(text.toLowerCase());
  if (mailbox !== undefined) return mailbox.silent ? { kind: 'silent' } : { kind: 'one', key: mailbox.path.join() };
  if (names.groups.has(text.toLowerCase())) return { kind: 'group' };
  if (!EXTENSION_OR_NUMBER.test(text)) return { kind: 'unknown' };
  if (plan === undefined) return { kind: 'one', key: text };
  for (const name of namesOfNumber(text, plan)) {
    const owner = plan.numbers.get(name);
    if (owner !== undefined) return owner[0] === 'groups' ? { kind: 'group' } : { kind: 'one', key: owner.join() };
  }
  return { kind: 'one', key: wholeNumberOf(text, plan) ?? text };
}

function* memberMistakes({ path, fields }: Entry, plan: Plan | undefined, names: KnownNames): Generator<Mistake> {
  const first = new Map<string, number>();
  for (const { text, index } of textsOf(fields['members'])) {
    const at = [...path, 'members', index];
    const member = memberOf(text, plan, names);
    if (member.kind === 'group') {
      const message = `${JSON.stringify(text)} is a group, and groups cannot be members of groups`;
      yield { path: at, message, remedy: 'Write its members here instead.' };
    } else if (member.kind === 'silent') {
      const message = `mailbox ${JSON.stringify(text)} has neither an extension nor a SIP address that could ring`;
      yield { path: at, message, remedy: 'Give it one, or remove it here.' };
    } else if (member.kind === 'unknown') {
      const message = `${JSON.stringify(text)} is neither a mailbox of this file nor a number`;
      const otherwise = 'Write the identity of a mailbox, or a number in quotes, such as "+33612345678".';
      yield { path: at, message, remedy: mailboxMeant(text, names, otherwise) };
    } else {
      const other = first.get(member.key);
      if (other === undefined) first.set(member.key, index);
      else {
        const message = `${JSON.stringify(text)} is already a member of this group, as members[${other}]`;
        yield { path: at, message, remedy: 'Remove one of the two: a member rings once.' };
      }
    }
  }
}

function* mailboxMistakes({ path, fields }: Entry, names: KnownNames): Generator<Mistake> {
  const { mailbox, notify } = fields;
  if (typeof mailbox === 'string' && !names.mailboxes.has(mailbox.toLowerCase())) {
    yield {
      path: [...path, 'mailbox'],
      message: `${JSON.stringify(mailbox)} is not a mailbox of this file`,
      remedy: mailboxMeant(mailbox, names, "Write the identity of the mailbox that is told of the group's calls."),
    };
  }
  if (notify === 'group' && (mailbox === undefined || mailbox === null)) {
    yield {
      path: [...path, 'notify'],
      message: 'the group has no mailbox that could be told of its calls',
      remedy: 'Add mailbox with the identity of a mailbox, or write nobody, first, last or all.',
    };
  }
}
