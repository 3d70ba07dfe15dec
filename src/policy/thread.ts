import { parentPort, workerData } from 'node:worker_threads';
import { editPolicyFile, type PolicyEdit } from './edit.ts';
import { readPolicyFile } from './file.ts';
import { readPolicy, versionOf } from './load.ts';
import { makeSnapshot, type Snapshot, transferables } from './snapshot.ts';
import type { PolicyProblem } from './types.ts';

/** The loader's thread: one is started for each load or edit, and its memory goes with it. It answers once. */
export type ThreadTask =
  | {
      readonly kind: 'load';
      readonly path: string;
      /** Not loaded again where the file still has it. */ readonly version: string | null;
    }
  | { readonly kind: 'edit'; readonly edit: PolicyEdit };

export type LoadAnswer =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] }
  | { readonly kind: 'loaded'; readonly snapshot: Snapshot };

function load(path: string, version: string | null): LoadAnswer {
  const read = readPolicyFile(path);
  if ('message' in read) return { kind: 'problems', problems: [read] };
  if (version !== null && versionOf(read.text) === version) return { kind: 'unchanged' };
  const reading = readPolicy(read.text);
  if (!reading.ok) return { kind: 'problems', problems: reading.problems };
  return { kind: 'loaded', snapshot: makeSnapshot(reading.data) };
}

const task = workerData as ThreadTask;
if (task.kind === 'edit') parentPort?.postMessage(editPolicyFile(task.edit));
else {
  const answer = load(task.path, task.version);
  parentPort?.postMessage(answer, answer.kind === 'loaded' ? transferables(answer.snapshot) : []);
}
