import { type Mailbox, setMailbox } from '../policy/index.ts';
import { editFailed, hasWildcard, matcher, named, notFound, policyOf, shownBoolean } from './objects.ts';
import { type Bound, type Cmdlet, CmdletError, type PipedObject } from './types.ts';

const shown = ({ identity, emailAddress, mailboxPolicy, missedCallNotificationEnabled }: Mailbox): PipedObject => ({
  identity,
  columns: {
    Name: identity,
    EmailAddress: emailAddress ?? '',
    UMMailboxPolicy: mailboxPolicy,
    MissedCallNotificationEnabled: shownBoolean(missedCallNotificationEnabled),
  },
});

export const getMailbox: Cmdlet = {
  name: 'Get-UMMailbox',
  parameters: [{ name: 'Identity', type: 'text', position: 1, fromPipeline: true }],
  async run(bound: Bound, { context }) {
    const policy = await policyOf(context);
    if (bound['Identity'] === undefined) return Array.from(policy.mailboxes(), shown);
    const name = named('Identity', bound['Identity']);
    if (hasWildcard(name)) {
      const matches = matcher(name);
      return [...policy.mailboxes()].filter(({ identity }) => matches.test(identity)).map(shown);
    }
    const found = policy.mailbox(name);
    if (found === undefined) throw notFound(name, context);
    return [shown(found)];
  },
};

export const changeMailbox: Cmdlet = {
  name: 'Set-UMMailbox',
  parameters: [
    { name: 'Identity', type: 'text', position: 1, mandatory: true, fromPipeline: true },
    { name: 'MissedCallNotificationEnabled', type: 'boolean' },
    { name: 'Confirm', aliases: ['cf'], type: 'switch' },
    { name: 'WhatIf', aliases: ['wi'], type: 'switch' },
  ],
  async run(bound: Bound, { context, say, warn }) {
    const name = named('Identity', bound['Identity'] ?? null);
    if (hasWildcard(name))
      throw new CmdletError(
        `Wildcards aren't taken by Set-UMMailbox: name one mailbox, or use Get-UMMailbox '${name}' | Set-UMMailbox.`,
      );
    if (bound['Confirm'] === true)
      throw new CmdletError('There is nobody to confirm here: leave -Confirm out, or look first with -WhatIf.');
    const { MissedCallNotificationEnabled: enabled } = bound;
    const dryRun = bound['WhatIf'] === true;
    const changes = typeof enabled === 'boolean' ? { missedCallNotificationEnabled: enabled } : {};
    const result = await setMailbox(context.policyPath, name, changes, { dryRun });
    if (!result.ok) throw editFailed(result, name, context);
    const { before, after, changed } = result;
    const from = shownBoolean(before.missedCallNotificationEnabled);
    const to = shownBoolean(after.missedCallNotificationEnabled);
    if (!changed)
      warn(`The command completed successfully but no settings of '${before.identity}' have been modified.`);
    else if (dryRun)
      say(`What if: Setting UM mailbox "${before.identity}": MissedCallNotificationEnabled from ${from} to ${to}.`);
    return [];
  },
};
