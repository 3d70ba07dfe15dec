import { type MailboxPolicy, type Policy, setMailboxPolicy } from '../policy/index.ts';
import { editFailed, hasWildcard, matcher, named, notFound, policyOf, shownBoolean } from './objects.ts';
import { type Bound, type Cmdlet, type CmdletContext, CmdletError, type PipedObject } from './types.ts';

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

async function whatIf(
  name: string,
  before: MailboxPolicy,
  after: MailboxPolicy,
  context: CmdletContext,
): Promise<string> {
  const policy = await policyOf(context);
  let users = 0;
  for (const mailbox of policy.mailboxes()) if (mailbox.mailboxPolicy === before.name) users += 1;
  const from = shownBoolean(before.allowMissedCallNotifications);
  const to = shownBoolean(after.allowMissedCallNotifications);
  return `What if: Setting UM mailbox policy "${name}": AllowMissedCallNotifications from ${from} to ${to}, for ${users} ${users === 1 ? 'user' : 'users'}.`;
}

export const changeMailboxPolicy: Cmdlet = {
  name: 'Set-UMMailboxPolicy',
  parameters: [
    { name: 'Identity', type: 'text', position: 1, mandatory: true, fromPipeline: true },
    { name: 'AllowMissedCallNotifications', type: 'boolean' },
    { name: 'Confirm', aliases: ['cf'], type: 'switch' },
    { name: 'WhatIf', aliases: ['wi'], type: 'switch' },
  ],
  async run(bound: Bound, { context, say, warn }) {
    const name = named('Identity', bound['Identity'] ?? null);
    if (hasWildcard(name))
      throw new CmdletError(
        `Wildcards aren't taken by Set-UMMailboxPolicy: name one policy, or use Get-UMMailboxPolicy '${name}' | Set-UMMailboxPolicy.`,
      );
    if (bound['Confirm'] === true)
      throw new CmdletError('There is nobody to confirm here: leave -Confirm out, or look first with -WhatIf.');
    const { AllowMissedCallNotifications: allow } = bound;
    const dryRun = bound['WhatIf'] === true;
    const changes = typeof allow === 'boolean' ? { allowMissedCallNotifications: allow } : {};
    const result = await setMailboxPolicy(context.policyPath, name, changes, { dryRun });
    if (!result.ok) throw editFailed(result, name, context);
    const { before, after, changed } = result;
    if (!changed) warn(`The command completed successfully but no settings of '${before.name}' have been modified.`);
    else if (dryRun) say(await whatIf(before.name, before, after, context));
    return [];
  },
};
