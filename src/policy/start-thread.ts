import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ThreadTask } from './thread.ts';

/** The thread may not take the whole machine with it: 100,000 mailboxes need 1 GB of this. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 3_072 };

export function startThread(task: ThreadTask): Worker {
  // The file's own extension: .ts from source, .js as built.
  const file = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);
  return new Worker(file, { workerData: task, execArgv: [], resourceLimits: THREAD_LIMITS, name: 'policy' });
}
