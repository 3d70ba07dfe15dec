import { parentPort, workerData } from 'node:worker_threads';
import type { EditRecord, EditResult } from './change.ts';
import { editPolicyFile, type EditTask } from './edit.ts';
import { readPolicyFile } from './file.ts';
import { AUDIT_WAIT_MS } from './limits.ts';
import { readPolicy, versionOf } from './load.ts';
import { makeSnapshot, type Snapshot, transferables } from './snapshot.ts';
import type { PolicyProblem } from './types.ts';
import { keepVersion } from './versions.ts';

/** The loader's thread: one is started for each load or edit, and its memory goes with it. */
export type ThreadTask =
  | {
      readonly kind: 'load';
      readonly path: string;
      /** Not loaded again where the file still has it. */
      readonly version: string | null;
      /** What is loaded is kept as a version, where that is possible. */
      readonly keepVersions: number | undefined;
    }
  | {
      readonly kind: 'edit';
      readonly task: EditTask;
      /** Asks before it replaces the file. */ readonly audited: boolean;
    };

/** A load answers once. */
export type LoadAnswer =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] }
  | { readonly kind: 'loaded'; readonly snapshot: Snapshot };

/** An edit asks at most once, and is answered with a `Consent`; then it is done. */
export type EditAnswer =
  { readonly kind: 'intent'; readonly record: EditRecord } | { readonly kind: 'done'; readonly result: EditResult };

/** Null: go on; else why not. */
export interface Consent {
  readonly refused: string | null;
}

function load(path: string, version: string | null, keep: number | undefined): LoadAnswer {
  const read = readPolicyFile(path);
  if ('message' in read) return { kind: 'problems', problems: [read] };
  if (version !== null && versionOf(read.text) === version) return { kind: 'unchanged' };
  const reading = readPolicy(read.text);
  if (!reading.ok) return { kind: 'problems', problems: reading.problems };
  const { text, target, identity: like } = read;
  try {
    keepVersion(target, { text, at: Number(like.mtimeNs / 1_000_000n), by: null, like, keep });
  } catch {
    // A file that cannot be written here, a mounted one for instance, has its versions elsewhere.
  }
  return { kind: 'loaded', snapshot: makeSnapshot(reading.data) };
}

/** Asks main, and waits so long. */
function intend(record: EditRecord, waitMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`there was no answer within ${waitMs} ms.`), waitMs);
    parentPort?.once('message', ({ refused }: Consent) => {
      clearTimeout(timer);
      resolve(refused);
    });
    parentPort?.postMessage({ kind: 'intent', record } satisfies EditAnswer);
  });
}

const task = workerData as ThreadTask;
if (task.kind === 'edit') {
  const { auditWaitMs = AUDIT_WAIT_MS } = task.task;
  const hooks = {
    now: Date.now,
    intend: (record: EditRecord) => (task.audited ? intend(record, auditWaitMs) : Promise.resolve(null)),
  };
  const result = await editPolicyFile(task.task, hooks);
  parentPort?.postMessage({ kind: 'done', result } satisfies EditAnswer);
} else {
  const answer = load(task.path, task.version, task.keepVersions);
  parentPort?.postMessage(answer, answer.kind === 'loaded' ? transferables(answer.snapshot) : []);
}
