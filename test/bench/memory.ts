import type { Program } from './program.ts';

/** What one thread's JavaScript holds; bytes. */
export interface ThreadMemory {
  readonly thread: string;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly arrayBuffers: number;
  /** Room of its young generation. */
  readonly young: number;
}

/** Options of Node.js that let a program be asked; it must be started with an IPC channel. */
export const PROBE = ['--import', new URL('./memory-probe.ts', import.meta.url).href];

/** Longest wait for the threads' answers: a collection of a large heap stops a thread for a while. */
const ANSWER_MS = 10_000;

/**
 * Asks every thread of a program started with PROBE. `gc`: after a collection of all garbage, which no operator's program makes at such a
 * moment; without it, as it is.
 */
export function threadMemory(
  program: Program,
  threads: readonly string[],
  gc: boolean,
): Promise<readonly ThreadMemory[]> {
  return new Promise((resolve, reject) => {
    const answers: ThreadMemory[] = [];
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      program.child.off('message', heard);
      settle();
    };
    const heard = (answer: unknown): void => {
      answers.push(answer as ThreadMemory);
      const known = threads.every((name) => answers.some(({ thread }) => thread === name));
      if (known) end(() => resolve(answers));
    };
    const timer = setTimeout(() => {
      end(() => reject(new Error(`only ${answers.map(({ thread }) => thread).join(', ')} told their memory`)));
    }, ANSWER_MS);
    program.child.on('message', heard);
    program.child.send({ gc });
  });
}
