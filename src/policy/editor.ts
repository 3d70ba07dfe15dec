import { realpath } from 'node:fs/promises';
import type {
  DialPlanEntry,
  EditAudit,
  EditFailure,
  EditRecord,
  EditResult,
  PolicyChange,
  PolicyEdit,
  PolicyVersion,
  RollBack,
} from './change.ts';
import type { EditTask } from './edit.ts';
import { DEFAULT_POLICY_SUFFIX } from './limits.ts';
import { startThread } from './start-thread.ts';
import type { Consent, EditAnswer } from './thread.ts';
import { listVersions, readVersion } from './versions.ts';

/** Edits from main's side: the work is done on a thread of its own. */

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function unwritable(message: string): EditFailure {
  return { ok: false, reason: 'unwritable', message, problems: [], change: null };
}

/** What the audit is told, when. */
class Auditing {
  readonly #audit: EditAudit | undefined;
  #record: EditRecord | null = null;

  constructor(audit: EditAudit | undefined) {
    this.#audit = audit;
  }

  async intend(record: EditRecord): Promise<Consent> {
    this.#record = record;
    try {
      await this.#audit?.intent(record);
      return { refused: null };
    } catch (error) {
      this.#record = null;
      return { refused: messageOf(error) };
    }
  }

  /** Of what was not intended nothing is told. */
  async end(result: EditResult): Promise<void> {
    if (this.#record === null) return;
    const outcome = result.ok
      ? ({ ok: true } as const)
      : { ok: false as const, reason: result.reason, message: result.message };
    try {
      await this.#audit?.result(this.#record, outcome);
    } catch {
      // The file is as it is; who keeps the record knows that it failed.
    }
  }
}

async function runEdit(task: EditTask, audit: EditAudit | undefined): Promise<EditResult> {
  const auditing = new Auditing(audit);
  const result = await onThread(task, audit === undefined ? null : auditing);
  await auditing.end(result);
  return result;
}

function onThread(task: EditTask, auditing: Auditing | null): Promise<EditResult> {
  return new Promise((resolve) => {
    let worker: ReturnType<typeof startThread>;
    try {
      worker = startThread({ kind: 'edit', task, audited: auditing !== null });
    } catch (error) {
      // A change that holds a function, for one, cannot be handed over.
      resolve(unwritable(messageOf(error)));
      return;
    }
    worker.on('message', (answer: EditAnswer) => {
      if (answer.kind === 'done') {
        resolve(answer.result);
        // It may still listen for an answer that came too late.
        void worker.terminate();
      } else void auditing?.intend(answer.record).then((consent) => worker.postMessage(consent));
    });
    worker.on('error', (error: unknown) => resolve(unwritable(messageOf(error))));
    worker.on('exit', () => resolve(unwritable('The edit ended early.')));
  });
}

/**
 * Changes the file, at once and durably, or says why not: the result has been checked as a load checks it, comments, order
 * and layout stay. Never rejects.
 */
export function editPolicy({ changes, audit, ...options }: PolicyEdit): Promise<EditResult> {
  return runEdit({ ...options, what: { kind: 'changes', changes } }, audit);
}

/** Makes a kept version the file's text again: an edit like any other. Never rejects. */
export function rollBackPolicy({ version, audit, ...options }: RollBack): Promise<EditResult> {
  return runEdit({ ...options, what: { kind: 'rollBack', version } }, audit);
}

/** New-UMDialPlan: the plan, and the policy that it gets by default. */
export function newDialPlan(entry: DialPlanEntry): readonly PolicyChange[] {
  const { name } = entry;
  return [
    { kind: 'dialPlan', action: 'new', entry },
    {
      kind: 'mailboxPolicy',
      action: 'new',
      entry: { name: `${name}${DEFAULT_POLICY_SUFFIX}`, dialPlan: name, allowMissedCallNotifications: true },
    },
  ];
}

/** Behind symbolic links: versions are beside the file itself. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}

/** The versions that are kept of the file, newest first. */
export async function policyVersions(path: string): Promise<readonly PolicyVersion[]> {
  return listVersions(await targetOf(path));
}

/** The text of a version; null where it is not kept. */
export async function readPolicyVersion(path: string, version: string): Promise<string | null> {
  return readVersion(await targetOf(path), version);
}
