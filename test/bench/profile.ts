import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from './gateway.ts';
import { missedCalls } from './load.ts';
import { hangingServer } from './mail-servers.ts';
import { figure, type Row } from './table.ts';

const RING_MS = 150;
const WARM_UP = { rate: 300, calls: 3_000, ringMs: RING_MS };
/** A thread that does less is idle. */
const LEAST_US_PER_CALL = 10;
const MOST_GROUPS = 8;
const MOST_FUNCTIONS = 15;

/** As much of a .cpuprofile as is read; times in microseconds of the monotonic clock. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** Where the gateway's JavaScript threads spend their time, per call: by room or library, and by function. It runs slower meanwhile. */
export async function* profile({ rate, seconds }: { rate: number; seconds: number }): AsyncIterable<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'profile-'));
  const server = await hangingServer();
  const gateway = await startGateway({ smtp: server.uri, node: ['--cpu-prof', `--cpu-prof-dir=${folder}`] });
  const calls = rate * seconds;
  try {
    await missedCalls(gateway, WARM_UP);
    const from = microseconds();
    await missedCalls(gateway, { rate, calls, ringMs: RING_MS });
    const to = microseconds();
    // Each thread writes its profile as it ends.
    await gateway.end();
    for (const name of await readdir(folder)) {
      const read = JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile;
      yield* rowsOf(selfTimes(read, from, to), calls);
    }
  } finally {
    await gateway.stop();
    await server.close();
  }
}

function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Self time of each function between two moments, microseconds. */
function selfTimes(profile: CpuProfile, from: number, to: number): Map<CallFrame, number> {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<CallFrame, number>();
  let at = profile.startTime;
  for (const [index, delta] of profile.timeDeltas.entries()) {
    at += delta;
    const frame = frames.get(profile.samples[index]!);
    if (at < from || at > to || frame === undefined || frame.functionName === '(idle)') continue;
    times.set(frame, (times.get(frame) ?? 0) + delta);
  }
  return times;
}

function* rowsOf(times: ReadonlyMap<CallFrame, number>, calls: number): Iterable<Row> {
  const groups = added(times, groupOf);
  const all = [...times.values()].reduce((sum, time) => sum + time, 0);
  // A thread is known by what only it runs.
  const thread = threadOf(groups);
  if (thread === null || all / calls < LEAST_US_PER_CALL) return;
  yield row(`${thread}, busy`, all, calls);
  for (const [group, time] of groups.slice(0, MOST_GROUPS)) yield row(`${thread}: ${group}`, time, calls, all);
  for (const [name, time] of added(times, nameOf).slice(0, MOST_FUNCTIONS))
    yield row(`${thread}: ${name}`, time, calls, all);
}

function row(measure: string, time: number, calls: number, all?: number): Row {
  const perCall = time / 1000 / calls;
  const share = all === undefined ? '' : `, ${Math.round((100 * time) / all)} %`;
  return { measure, figure: `${figure(perCall, 'ms a call')}${share}`, value: perCall, unit: 'ms' };
}

function threadOf(groups: readonly (readonly [string, number])[]): string | null {
  const has = (group: string): boolean => groups.some(([name]) => name === group);
  if (has('src/gateway')) return 'main';
  if (has('src/sip')) return 'engine';
  return has('src/journal') ? 'journal' : null;
}

/** Largest first. */
function added(times: ReadonlyMap<CallFrame, number>, key: (frame: CallFrame) => string): [string, number][] {
  const sums = new Map<string, number>();
  for (const [frame, time] of times) sums.set(key(frame), (sums.get(key(frame)) ?? 0) + time);
  return [...sums].toSorted(([, a], [, b]) => b - a);
}

/** The room, the library, or the part of Node.js that a function stands in. */
function groupOf({ url, functionName }: CallFrame): string {
  const room = /\/(src\/[\w-]+)/.exec(url);
  const library = /.*\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/.exec(url);
  if (library !== null) return library[1]!;
  if (room !== null) return room[1]!;
  if (url.startsWith('node:')) return url.replace(/^(node:(?:internal\/)?[\w-]+).*/, '$1');
  // (garbage collector), (program): V8's own, and what is native.
  return functionName.startsWith('(') ? functionName : 'V8 built-ins';
}

function nameOf(frame: CallFrame): string {
  const file = frame.url.replace(/^.*\/(?=src\/|node_modules\/)/, '').replace(/^node_modules\//, '');
  return `${frame.functionName === '' ? '(anonymous)' : frame.functionName} ${file}${file === '' ? '' : `:${frame.lineNumber + 1}`}`.trim();
}
