import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fileProblem } from '../yamlfile/index.ts';
import type { EditOptions, EditResult, MailboxChanges, MailboxPolicyChanges, PolicyEdit } from './edit.ts';
import { readPolicyFile } from './file.ts';
import { loadPolicy, type PolicyLoad } from './load.ts';
import { LoadedPolicy } from './lookup.ts';
import type { LoadAnswer, ThreadTask } from './thread.ts';
import type { Mailbox, PolicyProblem } from './types.ts';

/** The thread may not take the whole machine with it: 100,000 mailboxes need 1 GB of this. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 3_072 };

function startThread(task: ThreadTask): Worker {
  // The file's own extension: .ts from source, .js as built.
  const file = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);
  return new Worker(file, { workerData: task, execArgv: [], resourceLimits: THREAD_LIMITS, name: 'policy' });
}

export type Loaded = 'unchanged' | LoadedPolicy | { readonly problems: readonly PolicyProblem[] };

/** Never rejects. */
function answered(worker: Worker): Promise<Loaded> {
  return new Promise((resolve) => {
    const failed = (reason: string): void => {
      const remedy = 'Save the file again; where it is very large, give the gateway more memory.';
      resolve({ problems: [fileProblem(`the policy could not be loaded: ${reason}`, remedy)] });
    };
    worker.on('message', (answer: LoadAnswer) => {
      if (answer.kind === 'loaded') resolve(new LoadedPolicy(answer.snapshot));
      else resolve(answer.kind === 'problems' ? { problems: answer.problems } : 'unchanged');
    });
    worker.on('error', (error: unknown) => failed(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => failed('the loader ended early'));
  });
}

export interface Load {
  readonly done: Promise<Loaded>;
  /** Ends the thread; `done` resolves with a problem that nobody needs. */
  stop(): Promise<unknown>;
}

/** Reads the file on a thread of its own. `version`: the one already held, which is not loaded again. */
export function startLoad(path: string, version: string | null): Load {
  const worker = startThread({ kind: 'load', path, version });
  const stop = (): Promise<number> => worker.terminate();
  const done = answered(worker).then(async (loaded) => {
    await stop();
    return loaded;
  });
  return { done, stop };
}

/** What `openPolicyStore` would make of the file, on the caller's own thread: for commands, as it takes as long as `loadPolicy`. */
export function loadPolicyFile(path: string): PolicyLoad {
  const read = readPolicyFile(path);
  return 'message' in read ? { ok: false, problems: [read] } : loadPolicy(read.text);
}

/** Changes the file on a thread of its own. Never rejects. */
function runEdit<Edited>(edit: PolicyEdit): Promise<EditResult<Edited>> {
  const worker = startThread({ kind: 'edit', edit });
  return new Promise((resolve) => {
    const failed = (message: string): void => resolve({ ok: false, reason: 'unwritable', message, problems: [] });
    worker.on('message', resolve);
    worker.on('error', (error: unknown) => failed(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => failed('The edit ended early.'));
  });
}

/**
 * Set-UMMailboxPolicy on the file: changes the value's own characters and nothing else, at once and durably, or says why
 * not. Never rejects.
 * @param path policy.yaml
 * @param name the policy's name, in any case
 */
export function setMailboxPolicy(
  path: string,
  name: string,
  changes: MailboxPolicyChanges,
  options: EditOptions = {},
): Promise<EditResult> {
  return runEdit({ path, target: { kind: 'mailboxPolicy', name, changes }, ...options });
}

/** Set-UMMailbox on the file, in the same way: the user's own switch of a mailbox, by its identity in any case. */
export function setMailbox(
  path: string,
  identity: string,
  changes: MailboxChanges,
  options: EditOptions = {},
): Promise<EditResult<Mailbox>> {
  return runEdit({ path, target: { kind: 'mailbox', name: identity, changes }, ...options });
}
