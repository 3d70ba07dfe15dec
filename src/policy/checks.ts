import { didYouMean, type Mistake } from '../yamlfile/index.ts';
import { groupMistakes } from './group-checks.ts';
import { DEFAULT_POLICY_SUFFIX } from './limits.ts';
import {
  addressMistakes,
  extensionMistakes,
  type AddressOwners,
  type Plan,
  planMistakes,
  plansOf,
  shadowedNumbers,
  unreachable,
} from './number-checks.ts';
import { duplicates, entriesOf, type Entry, listed, unknownPlan } from './written.ts';

/**
 * What no schema can say of policy.yaml: references, duplicates, extension lengths. The file is taken as it was written,
 * so that a mistake of the schema's in one line hides none of these in the next; what has the wrong type is passed over.
 */

interface Names {
  readonly plans: ReadonlyMap<string, Plan>;
  /** Policy name, in lower case, to its dial plan, where that exists. */
  readonly policies: ReadonlyMap<string, Plan | null>;
  /** As they are written, for suggestions. */
  readonly planNames: readonly string[];
  readonly policyNames: readonly string[];
}

function policyMistakes(entries: readonly Entry[], plans: ReadonlyMap<string, Plan>): Mistake[] {
  const found = duplicates(entries, 'name', 'mailbox policy');
  const names = [...plans.values()].map(({ name }) => name);
  for (const { path, fields } of entries) {
    const plan = fields['dialPlan'];
    if (typeof plan === 'string' && !plans.has(plan.toLowerCase())) found.push(unknownPlan(path, plan, names));
  }
  return found;
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

function* mailboxMistakes(
  entries: readonly Entry[],
  names: Names,
  addressOwners: AddressOwners,
  told: ReadonlySet<string>,
): Generator<Mistake> {
  yield* duplicates(entries, 'identity', 'mailbox');
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
    if (!told.has(String(fields['identity']).toLowerCase())) yield* unreachable(entry, 'mailbox');
  }
}

export function* policyMistakesOf(written: unknown): Generator<Mistake> {
  const planEntries = entriesOf(written, 'dialPlans');
  const policyEntries = entriesOf(written, 'mailboxPolicies');
  const plans = plansOf(planEntries);
  yield* duplicates(planEntries, 'name', 'dial plan');
  yield* planMistakes(planEntries);
  yield* policyMistakes(policyEntries, plans);
  const names = namesOf(planEntries, policyEntries, plans);
  yield* names.mistakes;
  const mailboxes = entriesOf(written, 'mailboxes');
  const groups = entriesOf(written, 'groups');
  const addressOwners: AddressOwners = new Map();
  // A group's mailbox is told of the group's calls: it needs no number of its own.
  const told = new Set(groups.map(({ fields }) => String(fields['mailbox']).toLowerCase()));
  yield* mailboxMistakes(mailboxes, names, addressOwners, told);
  yield* groupMistakes(groups, { plans, mailboxes, addressOwners });
  yield* shadowedNumbers(plans.values());
}
