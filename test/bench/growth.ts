import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { rssMiB, startGateway } from './gateway.ts';
import { missedCalls } from './load.ts';
import { acceptingServer } from './mail-servers.ts';
import { PROBE, threadMemory } from './memory.ts';
import type { Program } from './program.ts';
import { startBareApplication } from './systems.ts';
import { median, ofRounds, once, type Row } from './table.ts';
import type { Way } from './types.ts';

export interface GrowthOptions {
  readonly calls: number;
  /** Calls a second. */
  readonly rate: number;
}

const RING_MS = 150;
const SAMPLE_MS = 1_000;
/** Transactions and Call-IDs are remembered for 64*T1 (32 s, RFC 3261 17) after a call; nothing should be after this. */
const FORGOTTEN_MS = 40_000;
/** Resident memory in the last quarter above that of the second: the first fills what is remembered for 32 s. */
const MAX_RSS_GROWTH_MIB = 32;
/** What JavaScript holds after a collection, per call, over three quarters of the calls: a Call-ID that is kept in a Map takes 66. */
const MAX_HEAP_GROWTH_BYTES_PER_CALL = 16;

/** What is watched. */
interface Watched extends Way {
  readonly name: string;
  readonly program: Program;
  readonly threads: readonly string[];
  /** Waits until the work that the calls left is done. */
  settled(): Promise<void>;
  /** Files that grow with the calls by design, MiB. */
  diskMiB(): Promise<number>;
  stop(): Promise<void>;
}

/** Whether memory grows with the calls: the whole gateway, and the bare application on the embedded engine. */
export async function* growth(options: GrowthOptions): AsyncIterable<Row> {
  for (const start of [watchedGateway, watchedApplication]) {
    const watched = await start();
    try {
      yield* growthOf(watched, options);
    } finally {
      await watched.stop();
    }
  }
}

async function* growthOf(watched: Watched, { calls, rate }: GrowthOptions): AsyncIterable<Row> {
  const { name, program } = watched;
  const resident: number[][] = [];
  let [failed, retransmitted] = [0, 0];
  let live: Map<string, number> | null = null;
  const quarter = Math.ceil(calls / 4);
  for (let part = 0; part < 4; part += 1) {
    const load = missedCalls(watched, { rate, calls: quarter, ringMs: RING_MS });
    resident.push(await sampledDuring(load, () => rssMiB(program.pid)));
    const result = await load;
    failed += result.failed;
    retransmitted += result.retransmitted;
    if (part === 0) live = await liveHeaps(watched);
  }
  for (const [part, samples] of resident.entries()) {
    yield ofRounds(`memory in quarter ${part + 1} of ${calls.toLocaleString('en-US')} calls, ${name}`, samples, 'MiB');
  }
  const grown = median(resident[3]!) - median(resident[1]!);
  yield atMost(`memory in quarter 4 over quarter 2, ${name}`, grown, 'MiB', MAX_RSS_GROWTH_MIB);
  for (const [thread, bytes] of await liveHeaps(watched)) {
    yield once(`live heap of ${thread} after the calls, ${name}`, bytes / 2 ** 20, 'MiB');
    const perCall = (bytes - (live?.get(thread) ?? 0)) / (3 * quarter);
    yield atMost(`- grown by each call`, perCall, 'bytes', MAX_HEAP_GROWTH_BYTES_PER_CALL);
  }
  yield once(`memory after the calls, ${name}`, await rssMiB(program.pid), 'MiB');
  const disk = await watched.diskMiB();
  if (disk > 0) yield once(`journal on disk, ${name}`, disk, 'MiB');
  const trouble = `${failed} failed, ${retransmitted} sent twice`;
  yield { measure: `calls in trouble, ${name}`, figure: trouble, bar: 'none', ok: failed + retransmitted === 0 };
}

function atMost(measure: string, value: number, unit: string, bar: number): Row {
  return once(measure, value, unit, { bar: `at most ${bar} ${unit}`, ok: value <= bar });
}

/** Heap and buffers of each thread that are still in use once every call is forgotten, bytes. */
async function liveHeaps(watched: Watched): Promise<Map<string, number>> {
  await watched.settled();
  await setTimeout(FORGOTTEN_MS);
  const memory = await threadMemory(watched.program, watched.threads, true);
  return new Map(memory.map(({ thread, heapUsed, external }) => [thread, heapUsed + external]));
}

async function sampledDuring(work: Promise<unknown>, sample: () => Promise<number>): Promise<number[]> {
  const samples = [await sample()];
  const over = work.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([over, setTimeout(SAMPLE_MS, false)]))) samples.push(await sample());
  return samples;
}

async function watchedGateway(): Promise<Watched> {
  const mail = await acceptingServer();
  const gateway = await startGateway({ smtp: mail.uri, node: PROBE, run: { ipc: true } });
  return {
    ...gateway,
    name: 'gateway',
    threads: ['main', 'engine', 'journal-writer', 'journal-reader'],
    settled: () => mail.quiet(),
    diskMiB: () => folderMiB(join(gateway.folder, 'var')),
    stop: async () => {
      await gateway.stop();
      await mail.close();
    },
  };
}

async function watchedApplication(): Promise<Watched> {
  const application = await startBareApplication(PROBE, { ipc: true });
  return {
    ...application,
    name: 'createB2BUA',
    threads: ['main', 'engine'],
    settled: async () => undefined,
    diskMiB: async () => 0,
    stop: () => application.program.kill(),
  };
}

async function folderMiB(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 2 ** 20;
}
