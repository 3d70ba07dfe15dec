import { type Mailbox, setMailbox } from '../policy/index.ts';
import { hasWildcard, matcher, named, notFound, policyOf, shownBoolean } from './objects.ts';
import { setCmdlet } from './set.ts';
import type { Bound, Cmdlet, PipedObject } from './types.ts';

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

export const changeMailbox: Cmdlet = setCmdlet<Mailbox>({
  command: 'Set-UMMailbox',
  finder: 'Get-UMMailbox',
  what: 'mailbox',
  parameter: 'MissedCallNotificationEnabled',
  edit: (path, name, value, options) =>
    setMailbox(path, name, value === undefined ? {} : { missedCallNotificationEnabled: value }, options),
  nameOf: ({ identity }) => identity,
  whatIf(before, after) {
    const from = shownBoolean(before.missedCallNotificationEnabled);
    const to = shownBoolean(after.missedCallNotificationEnabled);
    return `What if: Setting UM mailbox "${before.identity}": MissedCallNotificationEnabled from ${from} to ${to}.`;
  },
});
