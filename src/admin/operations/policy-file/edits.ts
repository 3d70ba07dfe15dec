import { type Caller, editAudit } from '../../../cmdlet/index.ts';
import type { AdminJournal } from '../../../journal/index.ts';
import {
  type EditDone,
  type EditFailure,
  editPolicy,
  type PolicyChange,
  type PolicyStore,
  rollBackPolicy,
} from '../../../policy/index.ts';
import { Refusal } from '../../handlers.ts';

export interface PolicyContext {
  /** policy.yaml. */
  readonly policyPath: string;
  readonly store: PolicyStore;
  readonly journal: AdminJournal;
  readonly now: () => number;
  /** UUIDv7. */
  readonly newId: () => string;
}

export interface WantedEdit {
  readonly caller: Caller;
  /** The cmdlet that does the same. */
  readonly operation: string;
  readonly target: string;
  readonly why?: string | undefined;
  /** Null: whatever the file is now (one's own switch). */
  readonly basedOn: string | null;
}

/**
 * Makes the changes, all of them or none; they hold when it resolves.
 * @throws Refusal
 */
export async function edit(
  context: PolicyContext,
  wanted: WantedEdit,
  changes: readonly PolicyChange[],
  dryRun = false,
): Promise<EditDone> {
  const { policyPath: path, store } = context;
  const result = await editPolicy({ path, changes, dryRun, ...optionsOf(context, wanted, dryRun) });
  if (!result.ok) throw refusal(result);
  if (result.changed && !dryRun) await store.reload();
  return result;
}

/** @throws Refusal */
export async function rollBack(context: PolicyContext, wanted: WantedEdit, version: string): Promise<EditDone> {
  const result = await rollBackPolicy({ path: context.policyPath, version, ...optionsOf(context, wanted, false) });
  if (!result.ok) throw refusal(result);
  if (result.changed) await context.store.reload();
  return result;
}

function optionsOf({ journal, now, newId }: PolicyContext, wanted: WantedEdit, dryRun: boolean) {
  const { caller, operation, target, why = null, basedOn } = wanted;
  return {
    by: caller.name,
    ...(basedOn === null ? {} : { basedOn }),
    ...(dryRun ? {} : { audit: editAudit({ journal, caller, operation, target, why, now, newId }) }),
  };
}

const STATUS = {
  'not-found': 404,
  exists: 409,
  'in-use': 409,
  invalid: 422,
  broken: 409,
  changed: 412,
  locked: 503,
  unwritable: 503,
  refused: 503,
} as const satisfies Record<EditFailure['reason'], Refusal['status']>;

function refusal({ reason, message, problems }: EditFailure): Refusal {
  const errors = problems.map(({ path, line, message: what, remedy }) => ({
    // Mistakes that a change would make stand on no line yet.
    path: reason === 'broken' ? `${path} (line ${line})` : path,
    message: what,
    remedy,
  }));
  return new Refusal(STATUS[reason], message, errors, STATUS[reason] === 503 ? 2 : null);
}

/** As policy.yaml writes it: `20s`, `1500ms`. */
export function durationText(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
