import type { Changes, MailboxEntry } from '../../../policy/index.ts';
import { type Handlers, Refusal } from '../../handlers.ts';
import { edit, type PolicyContext, type WantedEdit } from './edits.ts';
import { exportMailboxes, importMailboxes } from './csv.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import { mailboxView } from './views.ts';

type Names =
  | 'mailboxes'
  | 'mailbox'
  | 'newMailbox'
  | 'changeMailbox'
  | 'switchMailbox'
  | 'removeMailbox'
  | 'exportMailboxes'
  | 'importMailboxes'
  | 'myMailbox'
  | 'switchMyMailbox';

/** UM mailboxes, and everybody's own. */
export function createMailboxHandlers(context: PolicyContext, index: MailboxIndex): Handlers<Names> {
  const found = (identity: string) => {
    const mailbox = context.store.current().mailbox(identity);
    if (mailbox === undefined) throw new Refusal(404, `There is no UM mailbox ${identity}.`);
    return mailboxView(mailbox);
  };
  const set = (wanted: WantedEdit, name: string, changes: Changes<MailboxEntry>) =>
    edit(context, wanted, [{ kind: 'mailbox', action: 'set', name, changes }]);

  return {
    async mailboxes({ query }) {
      const policy = context.store.current();
      const { items, next, total } = await index.page(policy, query);
      return { body: { items: items.map(mailboxView), next, total }, etag: policy.version };
    },
    async mailbox({ params }) {
      return { body: found(params.name), etag: context.store.current().version };
    },
    async newMailbox({ body, caller, ifMatch }) {
      const { why, ...entry } = body;
      const wanted = { caller, operation: 'Enable-UMMailbox', target: entry.identity, why, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'mailbox', action: 'new', entry }]);
      return { body: found(entry.identity), etag: version };
    },
    async changeMailbox({ params, body, caller, ifMatch }) {
      const { why, ...changes } = body;
      const { version } = await set(
        { caller, operation: 'Set-UMMailbox', target: params.name, why, basedOn: ifMatch },
        params.name,
        changes,
      );
      return { body: found(changes.identity ?? params.name), etag: version };
    },
    async switchMailbox({ params, body, caller, ifMatch }) {
      const wanted = { caller, operation: 'Set-UMMailbox', target: params.name, why: body.why, basedOn: ifMatch };
      const { version } = await set(wanted, params.name, { missedCallNotificationEnabled: body.enabled });
      return { body: found(params.name), etag: version };
    },
    async removeMailbox({ params, caller, ifMatch }) {
      const wanted = { caller, operation: 'Disable-UMMailbox', target: params.name, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'mailbox', action: 'remove', name: params.name }]);
      return { body: null as never, etag: version };
    },

    async exportMailboxes() {
      const policy = context.store.current();
      return { body: exportMailboxes(index.all(policy)), etag: policy.version };
    },
    async importMailboxes({ body, caller, ifMatch }) {
      const wanted = {
        caller,
        operation: 'import mailboxes',
        target: 'mailboxes.csv',
        why: body.why,
        basedOn: ifMatch,
      };
      return importMailboxes(context, wanted, body);
    },

    async myMailbox({ caller }) {
      const mailbox = found(own(caller.mailbox));
      const policy = context.store.current().mailboxPolicies.get(mailbox.mailboxPolicy);
      return { body: { ...mailbox, allowed: policy?.allowMissedCallNotifications ?? false } };
    },
    async switchMyMailbox({ body, caller }) {
      const name = own(caller.mailbox);
      found(name);
      const wanted = { caller, operation: 'Set-UMMailbox', target: name, basedOn: null };
      await set(wanted, name, { missedCallNotificationEnabled: body.enabled });
      return { body: found(name) };
    },
  };
}

function own(identity: string | null): string {
  if (identity === null)
    throw new Refusal(404, 'This account has no mailbox of its own: an administrator can name one.');
  return identity;
}
