import { BroadcastChannel, isMainThread, threadName } from 'node:worker_threads';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ThreadMemory } from './memory.ts';

/**
 * Loaded into the program under test before its own code, in each of its threads (`node --import`): tells what JavaScript holds there when
 * the bench asks. The program knows nothing of it, and no operator needs it.
 */
const questions = new BroadcastChannel('mcg-bench-question');
const answers = new BroadcastChannel('mcg-bench-answer');

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What a finalizer lets go of is found by the second round.
  for (let round = 0; round < 3; round += 1) collect();
}

function answer(gc: boolean): ThreadMemory {
  if (gc) collectGarbage();
  const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const spaces = getHeapSpaceStatistics();
  const young = spaces.find(({ space_name }) => space_name === 'new_space')?.physical_space_size ?? 0;
  return {
    thread: threadName === null || threadName === '' ? 'main' : threadName,
    heapUsed,
    heapTotal,
    external,
    arrayBuffers,
    young,
  };
}

questions.addEventListener('message', (event) => {
  const { gc } = (event as unknown as { data: { gc: boolean } }).data;
  answers.postMessage(answer(gc));
});

if (isMainThread && process.send !== undefined) {
  answers.addEventListener('message', (event) => process.send?.((event as unknown as { data: ThreadMemory }).data));
  process.on('message', (question: { gc: boolean }) => {
    questions.postMessage(question);
    process.send?.(answer(question.gc));
  });
  process.channel?.unref();
}
// Whoever listens would else keep its thread alive.
questions.unref();
answers.unref();
