import type { EditFailure, PolicyChange } from './change.ts';
import { editPolicy } from './editor.ts';
import type { Mailbox, MailboxPolicy } from './types.ts';

/** One switch of one entry: what the Set cmdlets ask for. */
export type EditResult<Edited = MailboxPolicy> =
  | {
      readonly ok: true;
      readonly changed: boolean;
      readonly before: Edited;
      readonly after: Edited;
      readonly version: string;
    }
  | Pick<EditFailure, 'ok' | 'reason' | 'message' | 'problems'>;

interface Options {
  readonly dryRun?: boolean;
}

async function edited(path: string, change: PolicyChange, options: Options): Promise<EditResult<never>> {
  const result = await editPolicy({ path, changes: [change], ...options });
  if (!result.ok) return result;
  const { before, after } = result.changes[0] ?? {};
  return { ok: true, changed: result.changed, before: before as never, after: after as never, version: result.version };
}

export function setMailboxPolicy(
  path: string,
  name: string,
  changes: { readonly allowMissedCallNotifications?: boolean },
  options: Options = {},
): Promise<EditResult> {
  return edited(path, { kind: 'mailboxPolicy', action: 'set', name, changes }, options);
}

export function setMailbox(
  path: string,
  name: string,
  changes: { readonly missedCallNotificationEnabled?: boolean },
  options: Options = {},
): Promise<EditResult<Mailbox>> {
  return edited(path, { kind: 'mailbox', action: 'set', name, changes }, options);
}
