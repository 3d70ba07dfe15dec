import { didYouMean, type Mistake, type Path } from '../yamlfile/index.ts';
import { sipAddressKey } from './address.ts';
import { DEFAULT_POLICY_SUFFIX } from './limits.ts';
import { DIGITS, E164_NUMBER, EXTENSION_OR_NUMBER } from './syntax.ts';

/**
 * What no schema can say of policy.yaml: references, duplicates, extension lengths. The file is taken as it was written,
 * so that a mistake of the schema's in one line hides none of these in the next; what has the wrong type is passed over.
 */

interface Entry {
  readonly path: Path;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Plan {
  readonly name: string;
  readonly digits: number | null;
  readonly e164: boolean;
  readonly prefixes: readonly string[];
  /** Number to the path of the mailbox that has it. */
  readonly numbers: Map<string, Path>;
}

interface Names {
  readonly plans: ReadonlyMap<string, Plan>;
  /** Policy name, in lower case, to its dial plan, where that exists. */
  readonly policies: ReadonlyMap<string, Plan | null>;
  /** As they are written, for suggestions. */
  readonly planNames: readonly string[];
  readonly policyNames: readonly string[];
}

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function entriesOf(root: unknown, list: string): Entry[] {
  const items = isGroup(root) ? root[list] : undefined;
  if (!Array.isArray(items)) return [];
  const entries: Entry[] = [];
  items.forEach((fields: unknown, index) => {
    if (isGroup(fields)) entries.push({ path: [list, index], fields });
  });
  return entries;
}

function textsOf(value: unknown): { text: string; index: number }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((text: unknown, index) => (typeof text === 'string' ? [{ text, index }] : []));
}

function whose(path: Path): string {
  return `${String(path[0])}[${String(path[1])}]`;
}

/** Names are the same in any case, as in Exchange. */
function duplicates(entries: readonly Entry[], field: string, what: string): Mistake[] {
  const first = new Map<string, Path>();
  const found: Mistake[] = [];
  for (const { path, fields } of entries) {
    const name = fields[field];
    if (typeof name !== 'string') continue;
    const other = first.get(name.toLowerCase());
    if (other === undefined) first.set(name.toLowerCase(), path);
    else {
      found.push({
        path: [...path, field],
        message: `${what} ${JSON.stringify(name)} is already defined at ${whose(other)}`,
        remedy: 'Give it another name, or remove one of the two (upper and lower case count as the same).',
      });
    }
  }
  return found;
}

function plansOf(entries: readonly Entry[]): Map<string, Plan> {
  const plans = new Map<string, Plan>();
  for (const { fields } of entries) {
    const { name, numberOfDigitsInExtension: digits } = fields;
    if (typeof name !== 'string' || plans.has(name.toLowerCase())) continue;
    plans.set(name.toLowerCase(), {
      name,
      digits: typeof digits === 'number' ? digits : null,
      e164: fields['uriType'] === 'E164',
      prefixes: textsOf(fields['numberPrefixes']).map(({ text }) => text),
      numbers: new Map(),
    });
  }
  return plans;
}

function policyMistakes(entries: readonly Entry[], plans: ReadonlyMap<string, Plan>): Mistake[] {
  const found = duplicates(entries, 'name', 'mailbox policy');
  const names = [...plans.values()].map(({ name }) => name);
  for (const { path, fields } of entries) {
    const plan = fields['dialPlan'];
    if (typeof plan !== 'string' || plans.has(plan.toLowerCase())) continue;
    const known = names.length === 0 ? 'There is none: add it to dialPlans.' : `There are: ${listed(names)}.`;
    found.push({
      path: [...path, 'dialPlan'],
      message: `${JSON.stringify(plan)} is not a dial plan of this file`,
      remedy: didYouMean(plan, names, known),
    });
  }
  return found;
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, 5).map((name) => JSON.stringify(name));
  return some.join(', ') + (names.length > some.length ? ', …' : '');
}

/** All policies by name: those of the file, and the default ones of dial plans that have none. */
function namesOf(
  planEntries: readonly Entry[],
  policyEntries: readonly Entry[],
  plans: ReadonlyMap<string, Plan>,
): Names & { readonly mistakes: readonly Mistake[] } {
  const policies = new Map<string, Plan | null>();
  const policyNames: string[] = [];
  const served = new Set<Plan>();
  for (const { fields } of policyEntries) {
    const { name, dialPlan } = fields;
    const plan = typeof dialPlan === 'string' ? (plans.get(dialPlan.toLowerCase()) ?? null) : null;
    if (plan !== null) served.add(plan);
    if (typeof name !== 'string') continue;
    policies.set(name.toLowerCase(), plan);
    policyNames.push(name);
  }
  const mistakes: Mistake[] = [];
  for (const { path, fields } of planEntries) {
    const plan = typeof fields['name'] === 'string' ? plans.get(fields['name'].toLowerCase()) : undefined;
    if (plan === undefined || served.has(plan)) continue;
    served.add(plan);
    const name = `${plan.name}${DEFAULT_POLICY_SUFFIX}`;
    const taken = policies.get(name.toLowerCase());
    // A policy of that name whose own dial plan is misspelt is probably this plan's, and has been reported.
    if (taken === null) continue;
    if (taken !== undefined) {
      mistakes.push({
        path: [...path, 'name'],
        message: `the dial plan has no policy, and the name of its default one, ${JSON.stringify(name)}, is taken`,
        remedy: 'Add a policy for this dial plan to mailboxPolicies, or rename the other one.',
      });
      continue;
    }
    policies.set(name.toLowerCase(), plan);
    policyNames.push(name);
  }
  return { plans, policies, planNames: [...plans.values()].map(({ name }) => name), policyNames, mistakes };
}

function* extensionMistakes({ path, fields }: Entry, plan: Plan): Generator<Mistake> {
  for (const { text, index } of textsOf(fields['extensions'])) {
    const at = [...path, 'extensions', index];
    if (!EXTENSION_OR_NUMBER.test(text)) continue;
    if (E164_NUMBER.test(text)) {
      if (!plan.e164) {
        const message = `${JSON.stringify(text)} is a whole number, and dial plan ${JSON.stringify(plan.name)} has extensions`;
        yield {
          path: at,
          message,
          remedy: 'Write the extension, and what stands before it into numberPrefixes of the plan.',
        };
        continue;
      }
    } else if (plan.digits !== null && text.length !== plan.digits) {
      const message = `${JSON.stringify(text)} has ${text.length} digits; extensions of dial plan ${JSON.stringify(plan.name)} have ${plan.digits}`;
      yield { path: at, message, remedy: 'Correct the extension, or numberOfDigitsInExtension of the dial plan.' };
      continue;
    }
    const other = plan.numbers.get(text);
    if (other === undefined) plan.numbers.set(text, path);
    else {
      const owner = other === path ? 'listed twice here' : `already that of ${whose(other)}`;
      const message = `extension ${JSON.stringify(text)} of dial plan ${JSON.stringify(plan.name)} is ${owner}`;
      yield { path: at, message, remedy: 'Keep it in one place: an extension rings one mailbox of its dial plan.' };
    }
  }
}

function* addressMistakes({ path, fields }: Entry, owners: Map<string, Path>): Generator<Mistake> {
  for (const { text, index } of textsOf(fields['sipAddresses'])) {
    const address = sipAddressKey(text);
    if (address === null) continue;
    const other = owners.get(address);
    if (other === undefined) owners.set(address, path);
    else {
      const owner = other === path ? 'listed twice here' : `already that of ${whose(other)}`;
      yield {
        path: [...path, 'sipAddresses', index],
        message: `SIP address ${JSON.stringify(text)} is ${owner}`,
        remedy: 'Keep it in one place: a SIP address belongs to one mailbox.',
      };
    }
  }
}

function isEmptyOrAbsent(list: unknown): boolean {
  return list === undefined || (Array.isArray(list) && list.length === 0);
}

function* mailboxMistakes(entries: readonly Entry[], names: Names): Generator<Mistake> {
  yield* duplicates(entries, 'identity', 'mailbox');
  const addressOwners = new Map<string, Path>();
  for (const entry of entries) {
    const { path, fields } = entry;
    const policy = fields['mailboxPolicy'];
    if (typeof policy === 'string') {
      const plan = names.policies.get(policy.toLowerCase());
      if (plan === undefined) {
        const known = names.policyNames.length === 0 ? 'There is none.' : `There are: ${listed(names.policyNames)}.`;
        const message = `${JSON.stringify(policy)} is not a mailbox policy of this file`;
        yield { path: [...path, 'mailboxPolicy'], message, remedy: didYouMean(policy, names.policyNames, known) };
      } else if (plan !== null) yield* extensionMistakes(entry, plan);
    }
    yield* addressMistakes(entry, addressOwners);
    if (isEmptyOrAbsent(fields['extensions']) && isEmptyOrAbsent(fields['sipAddresses'])) {
      const message = 'the mailbox has neither an extension nor a SIP address: no call can be for it';
      yield { path, message, remedy: 'Add extensions or sipAddresses, or remove the mailbox.' };
    }
  }
}

/** A whole number must not be a second name for somebody's prefix and extension in the same plan. */
function* shadowedNumbers(plans: Iterable<Plan>): Generator<Mistake> {
  for (const plan of plans) {
    if (plan.prefixes.length === 0) continue;
    for (const [number, path] of plan.numbers) {
      if (!number.startsWith('+')) continue;
      for (const prefix of plan.prefixes) {
        const extension = number.startsWith(prefix) ? number.slice(prefix.length) : '';
        const other = DIGITS.test(extension) ? plan.numbers.get(extension) : undefined;
        if (other === undefined || other === path) continue;
        const message = `${number} is also extension ${extension} of ${whose(other)}, by number prefix ${JSON.stringify(prefix)}`;
        yield { path: [...path, 'extensions'], message, remedy: 'Remove the number here, or the extension there.' };
      }
    }
  }
}

export function* policyMistakesOf(written: unknown): Generator<Mistake> {
  const planEntries = entriesOf(written, 'dialPlans');
  const policyEntries = entriesOf(written, 'mailboxPolicies');
  const plans = plansOf(planEntries);
  yield* duplicates(planEntries, 'name', 'dial plan');
  yield* policyMistakes(policyEntries, plans);
  const names = namesOf(planEntries, policyEntries, plans);
  yield* names.mistakes;
  yield* mailboxMistakes(entriesOf(written, 'mailboxes'), names);
  yield* shadowedNumbers(plans.values());
}
