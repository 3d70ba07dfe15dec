import { newDialPlan, type MailboxPolicyEntry, type Policy } from '../../../policy/index.ts';
import { type Handlers, Refusal } from '../../handlers.ts';
import { durationText, edit, type PolicyContext } from './edits.ts';
import { pageByName } from './lists.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import { dialPlanView, mailboxPolicyView } from './views.ts';

type Names =
  | 'dialPlans'
  | 'dialPlan'
  | 'newDialPlan'
  | 'changeDialPlan'
  | 'removeDialPlan'
  | 'mailboxPolicies'
  | 'mailboxPolicy'
  | 'newMailboxPolicy'
  | 'changeMailboxPolicy'
  | 'removeMailboxPolicy';

/** UM dial plans and UM mailbox policies. */
export function createPlanHandlers(context: PolicyContext, index: MailboxIndex): Handlers<Names> {
  const current = (): Policy => context.store.current();
  const mailboxPolicy = async (policy: Policy, name: string) => {
    const found = named(policy.mailboxPolicies, name);
    if (found === null) throw new Refusal(404, `There is no UM mailbox policy ${name}.`);
    return mailboxPolicyView(found, (await index.counts(policy)).get(found.name) ?? 0);
  };
  const policies = async (policy: Policy, dialPlan?: string) => {
    const counts = await index.counts(policy);
    return [...policy.mailboxPolicies.values()]
      .filter((one) => dialPlan === undefined || one.dialPlan.toLowerCase() === dialPlan.toLowerCase())
      .map((one) => mailboxPolicyView(one, counts.get(one.name) ?? 0));
  };

  return {
    async dialPlans({ query }) {
      const policy = current();
      const { items, next } = pageByName(policy.dialPlans.values(), ({ name }) => name, query);
      return { body: { items: items.map(({ name }) => plan(policy, name)), next }, etag: policy.version };
    },
    async dialPlan({ params }) {
      const policy = current();
      const found = plan(policy, params.name);
      const own = pageByName(await policies(policy, found.name), ({ name }) => name, { limit: Infinity });
      return { body: { ...found, policies: own.items }, etag: policy.version };
    },
    async newDialPlan({ body, caller, ifMatch }) {
      const { why, generateMailboxPolicy, ...entry } = body;
      const changes = generateMailboxPolicy ? newDialPlan(entry) : newDialPlan(entry).slice(0, 1);
      const { version } = await edit(
        context,
        { caller, operation: 'New-UMDialPlan', target: entry.name, why, basedOn: ifMatch },
        changes,
      );
      return { body: plan(current(), entry.name), etag: version };
    },
    async changeDialPlan({ params, body, caller, ifMatch }) {
      const { why, ...changes } = body;
      const wanted = { caller, operation: 'Set-UMDialPlan', target: params.name, why, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [
        { kind: 'dialPlan', action: 'set', name: params.name, changes },
      ]);
      return { body: plan(current(), changes.name ?? params.name), etag: version };
    },
    async removeDialPlan({ params, caller, ifMatch }) {
      const wanted = { caller, operation: 'Remove-UMDialPlan', target: params.name, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'dialPlan', action: 'remove', name: params.name }]);
      return { body: null as never, etag: version };
    },

    async mailboxPolicies({ query }) {
      const policy = current();
      const page = pageByName(await policies(policy, query.dialPlan), ({ name }) => name, query);
      return { body: page, etag: policy.version };
    },
    async mailboxPolicy({ params }) {
      const policy = current();
      return { body: await mailboxPolicy(policy, params.name), etag: policy.version };
    },
    async newMailboxPolicy({ body, caller, ifMatch }) {
      const { why, conditions, ...rest } = body;
      const entry: MailboxPolicyEntry = {
        ...rest,
        ...(conditions === undefined ? {} : { conditions: written(conditions) }),
      };
      const wanted = { caller, operation: 'New-UMMailboxPolicy', target: entry.name, why, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'mailboxPolicy', action: 'new', entry }]);
      return { body: await mailboxPolicy(current(), entry.name), etag: version };
    },
    async changeMailboxPolicy({ params, body, caller, ifMatch }) {
      const { why, conditions, ...rest } = body;
      const changes = { ...rest, ...(conditions === undefined ? {} : { conditions: written(conditions) }) };
      const wanted = { caller, operation: 'Set-UMMailboxPolicy', target: params.name, why, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [
        { kind: 'mailboxPolicy', action: 'set', name: params.name, changes },
      ]);
      return { body: await mailboxPolicy(current(), changes.name ?? params.name), etag: version };
    },
    async removeMailboxPolicy({ params, caller, ifMatch }) {
      const wanted = { caller, operation: 'Remove-UMMailboxPolicy', target: params.name, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'mailboxPolicy', action: 'remove', name: params.name }]);
      return { body: null as never, etag: version };
    },
  };
}

function plan(policy: Policy, name: string): ReturnType<typeof dialPlanView> {
  const found = named(policy.dialPlans, name);
  if (found === null) throw new Refusal(404, `There is no UM dial plan ${name}.`);
  return dialPlanView(
    found,
    [...policy.mailboxPolicies.values()].filter(({ dialPlan }) => dialPlan === found.name).length,
  );
}

/** In any case. */
function named<Item extends { readonly name: string }>(items: ReadonlyMap<string, Item>, name: string): Item | null {
  const exact = items.get(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  return [...items.values()].find((item) => item.name.toLowerCase() === lower) ?? null;
}

interface ConditionChanges {
  readonly minimumRingMs?: number | undefined;
  readonly [name: string]: boolean | number | undefined;
}

/** As policy.yaml writes them. */
function written({ minimumRingMs, ...others }: ConditionChanges): NonNullable<MailboxPolicyEntry['conditions']> {
  return { ...others, ...(minimumRingMs === undefined ? {} : { minimumRing: durationText(minimumRingMs) }) };
}
