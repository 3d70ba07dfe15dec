import { fileProblem } from '../yamlfile/index.ts';
import { readPolicyFile } from './file.ts';
import { loadPolicy, type PolicyLoad } from './load.ts';
import { LoadedPolicy } from './lookup.ts';
import { startThread } from './start-thread.ts';
import type { LoadAnswer } from './thread.ts';
import type { PolicyProblem } from './types.ts';

export type Loaded = 'unchanged' | LoadedPolicy | { readonly problems: readonly PolicyProblem[] };

/** Never rejects. */
function answered(worker: ReturnType<typeof startThread>): Promise<Loaded> {
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
export function startLoad(path: string, version: string | null, keepVersions: number | undefined): Load {
  const worker = startThread({ kind: 'load', path, version, keepVersions });
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
