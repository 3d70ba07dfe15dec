import { strict as assert } from 'node:assert';
import { refreshed, tortureMessages, usualRequests } from './corpus.ts';
import { startEngineUnderFuzz, type EngineUnderFuzz } from './engine.ts';
import { heapBytes } from './heap.ts';
import { createMemoryStack, type MemoryStack } from './memory.ts';
import { mutated } from './mutate.ts';
import { tryFramer, tryParser } from './parser.ts';
import { createRandom, mixed, type Random } from './random.ts';

/**
 * Mutated messages to every level of the engine. A case is made of the seed and its number alone, so that one that fails can
 * be had again: `npm run fuzz -- --seed SEED --from NUMBER --count 1`.
 */
export interface FuzzOptions {
  readonly seed: number;
  /** The number of the first case. */
  readonly from?: number;
  readonly count: number;
  readonly onProgress?: (done: number, report: FuzzReport) => void;
}

export type Level = 'parser' | 'framer' | 'stack' | 'engine' | 'client port';

export interface FuzzReport {
  readonly seed: number;
  /** Cases by level. */
  readonly cases: Record<Level, number>;
  /** Time on the processor by level, without that in which timers ran out. */
  readonly milliseconds: Record<Level, number>;
  /** Heap in use after a garbage collection, when a quarter was done and at the end: nothing was under way at either moment. */
  quarterHeapBytes: number;
  finalHeapBytes: number;
}

/** What part of all cases goes to which level. */
const SHARES: readonly (readonly [Level, number])[] = [
  ['parser', 0.35],
  ['framer', 0.15],
  ['stack', 0.25],
  ['engine', 0.2],
  ['client port', 0.05],
];
/** One case on the average, everything included: ten times what it takes on a slow machine. */
export const BUDGET_MS: Readonly<Record<Level, number>> = {
  parser: 2,
  framer: 2,
  stack: 2,
  engine: 5,
  'client port': 10,
};
/** What the heap may have more at the end than when a quarter was done. */
export const GROWTH_BYTES = 24 * 2 ** 20;
/** So many datagrams at most wait in the engine's socket. */
const ENGINE_CASES_AT_ONCE = 25;
const STACK_CASES_AT_ONCE = 500;

/** What this thread has used: what else the machine does is no matter. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

interface Fuzz {
  readonly corpus: readonly Buffer[];
  readonly stack: MemoryStack;
  readonly engine: EngineUnderFuzz;
  readonly report: FuzzReport;
}

/** Rejects with the case that broke a promise, or after which one was found broken. */
export async function fuzz({ seed, from = 0, count, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const none = (): Record<Level, number> => ({ parser: 0, framer: 0, stack: 0, engine: 0, 'client port': 0 });
  const report: FuzzReport = { seed, cases: none(), milliseconds: none(), quarterHeapBytes: 0, finalHeapBytes: 0 };
  const corpus = [...tortureMessages(), ...usualRequests()];
  const engine = await startEngineUnderFuzz();
  const run: Fuzz = { corpus, stack: createMemoryStack(), engine, report };
  const quarter = from + Math.ceil(count / 4);
  try {
    for (let index = from; index < from + count; index += 1) {
      if (index === quarter) report.quarterHeapBytes = await restingHeap(run);
      await oneCase(run, seed, index);
      if ((index + 1) % 1_000 === 0) onProgress?.(index + 1 - from, report);
    }
    report.finalHeapBytes = await restingHeap(run);
    assertBounds(report);
    return report;
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await engine.close();
  }
}

/** All timers have run, a call passes, and what is left is what the program itself takes. */
async function restingHeap({ stack, engine }: Fuzz): Promise<number> {
  stack.drain();
  await engine.drain();
  await engine.goodCall();
  await engine.drain();
  return heapBytes();
}

async function oneCase(run: Fuzz, seed: number, index: number): Promise<void> {
  const random = createRandom(mixed(seed, index));
  const level = levelOf(random);
  const bytes = mutated(refreshed(random.pick(run.corpus), `c${index}`), random, run.corpus);
  const { report } = run;
  report.cases[level] += 1;
  const startMs = processorMs();
  try {
    const answer = LEVELS[level](run, bytes, random, index);
    if (answer !== undefined) await answer;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`case ${index} (${level}), ${bytes.toString('base64')}: ${message}`, { cause: error });
  }
  report.milliseconds[level] += processorMs() - startMs;
}

function levelOf(random: Random): Level {
  let left = random.below(1_000) / 1_000;
  for (const [level, share] of SHARES) {
    if (left < share) return level;
    left -= share;
  }
  return 'parser';
}

const LEVELS: Readonly<
  Record<Level, (run: Fuzz, bytes: Buffer, random: Random, index: number) => Promise<void> | void>
> = {
  parser: (_run, bytes) => tryParser(bytes),
  framer: (_run, bytes, random) => tryFramer(bytes, random),
  stack({ stack, corpus, report }, bytes, random) {
    if (random.chance(0.2)) stack.exchange(random, corpus);
    else stack.receive(bytes, random);
    if (report.cases.stack % STACK_CASES_AT_ONCE === 0) stack.drain();
  },
  engine({ engine, corpus, report }, bytes, random, index) {
    if (!random.chance(0.3) || !engine.receiveInDialog(`d${index}`, random, corpus)) engine.receive(bytes, random);
    return report.cases.engine % ENGINE_CASES_AT_ONCE === 0 ? engine.settle() : undefined;
  },
  'client port': ({ engine, corpus }, _bytes, random) => engine.command(random, corpus),
};

function assertBounds({ cases, milliseconds, quarterHeapBytes, finalHeapBytes }: FuzzReport): void {
  for (const [level] of SHARES) {
    const each = milliseconds[level] / Math.max(1, cases[level]);
    assert.ok(each < BUDGET_MS[level], `${level}: ${each.toFixed(3)} ms a case`);
  }
  const growth = finalHeapBytes - quarterHeapBytes;
  assert.ok(growth < GROWTH_BYTES, `the heap grew by ${growth} bytes`);
}
