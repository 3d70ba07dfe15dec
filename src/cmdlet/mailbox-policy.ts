import { type MailboxPolicy, type Policy, setMailboxPolicy } from '../policy/index.ts';
import { hasWildcard, matcher, named, notFound, policyOf, shownBoolean } from './objects.ts';
import { setCmdlet } from './set.ts';
import type { Bound, Cmdlet, CmdletContext, PipedObject } from './types.ts';

function policiesNamed(policy: Policy, name: string, context: CmdletContext): MailboxPolicy[] {
  const all = [...policy.mailboxPolicies.values()];
  if (hasWildcard(name)) {
    const matches = matcher(name);
    return all.filter((candidate) => matches.test(candidate.name));
  }
  const found = all.filter((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (found.length === 0) throw notFound(name, context);
  return found;
}

function inDialPlan(
  policies: readonly MailboxPolicy[],
  name: string,
  policy: Policy,
  context: CmdletContext,
): MailboxPolicy[] {
  const plan = [...policy.dialPlans.keys()].find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  if (plan === undefined) throw notFound(name, context);
  return policies.filter(({ dialPlan }) => dialPlan === plan);
}

const shown = ({ name, dialPlan, allowMissedCallNotifications }: MailboxPolicy): PipedObject => ({
  identity: name,
  columns: {
    Name: name,
    UMDialPlan: dialPlan,
    AllowMissedCallNotifications: shownBoolean(allowMissedCallNotifications),
  },
});

export const getMailboxPolicy: Cmdlet = {
  name: 'Get-UMMailboxPolicy',
  parameters: [
    { name: 'Identity', type: 'text', position: 1, fromPipeline: true },
    { name: 'UMDialPlan', type: 'text' },
  ],
  async run(bound: Bound, { context }) {
    const policy = await policyOf(context);
    const { Identity: identity, UMDialPlan: dialPlan } = bound;
    let policies = [...policy.mailboxPolicies.values()];
    if (identity !== undefined) policies = policiesNamed(policy, named('Identity', identity), context);
    if (dialPlan !== undefined) policies = inDialPlan(policies, named('UMDialPlan', dialPlan), policy, context);
    return policies.map(shown);
  },
};

export const changeMailboxPolicy: Cmdlet = setCmdlet<MailboxPolicy>({
  command: 'Set-UMMailboxPolicy',
  finder: 'Get-UMMailboxPolicy',
  what: 'policy',
  parameter: 'AllowMissedCallNotifications',
  edit: (path, name, value, options) =>
    setMailboxPolicy(path, name, value === undefined ? {} : { allowMissedCallNotifications: value }, options),
  nameOf: ({ name }) => name,
  async whatIf(before, after, context) {
    const policy = await policyOf(context);
    let users = 0;
    for (const mailbox of policy.mailboxes()) if (mailbox.mailboxPolicy === before.name) users += 1;
    const from = shownBoolean(before.allowMissedCallNotifications);
    const to = shownBoolean(after.allowMissedCallNotifications);
    return `What if: Setting UM mailbox policy "${before.name}": AllowMissedCallNotifications from ${from} to ${to}, for ${users} ${users === 1 ? 'user' : 'users'}.`;
  },
});
