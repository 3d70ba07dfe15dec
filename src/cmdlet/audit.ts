import type { AdminJournal } from '../journal/index.ts';
import type { Changed, EditAudit } from '../policy/index.ts';
import type { Caller } from './permissions.ts';

export interface AuditedAction {
  readonly journal: Pick<AdminJournal, 'intendAudit' | 'completeAudit'>;
  readonly caller: Caller;
  /** `Set-UMMailboxPolicy`, `import mailboxes`, … */
  readonly operation: string;
  readonly target: string;
  readonly why: string | null;
  readonly now: () => number;
  /** UUIDv7. */
  readonly newId: () => string;
}

/** How many of an edit's changes a record shows; the version of the file has them all. */
export const MAX_AUDITED_CHANGES = 100;

/** The audit records of one edit of the policy file: the intent durable before the file is replaced, the result after. */
export function editAudit(action: AuditedAction): EditAudit {
  const { journal, caller, operation, target, why, now, newId } = action;
  const id = newId();
  return {
    intent: ({ changed, versionBefore, version }) =>
      journal.intendAudit({
        id,
        at: now(),
        actor: caller.name,
        by: caller.by,
        source: caller.source,
        operation,
        target,
        before: side(changed, 'before', versionBefore),
        after: side(changed, 'after', version),
        why,
        result: 'intended',
        error: null,
      }),
    result: (_, outcome) =>
      journal.completeAudit(id, outcome.ok ? 'done' : 'failed', outcome.ok ? null : outcome.message),
  };
}

function side(changed: readonly Changed[], which: 'before' | 'after', version: string): unknown {
  const objects = changed.filter((one) => one.changed).map((one) => one[which]);
  const [only] = objects;
  if (objects.length === 1) return only;
  return { version, changes: objects.length, objects: objects.slice(0, MAX_AUDITED_CHANGES) };
}
