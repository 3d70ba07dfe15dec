import { readFile } from 'node:fs/promises';
import { descendants, threadsOf } from './lifetime.ts';
import type { MeasuredProcess } from './types.ts';

/** CPU time in milliseconds, user and system, by what it went to: `engine`, `V8Worker`, `node libuv-worker`. */
export type CpuTimes = ReadonlyMap<string, number>;

/**
 * CPU time so far of processes and of what they started: the kernel's own count, per thread and to the nanosecond
 * (`/proc/PID/task/TID/schedstat`, first field; it covers user and system time). Threads of one name are added up. Time of a thread that
 * has ended is not in it: none of those measured ends one under load.
 */
export async function cpuTimes(processes: readonly MeasuredProcess[]): Promise<CpuTimes> {
  const times = new Map<string, number>();
  for (const { pid, label } of processes) {
    for (const each of [pid, ...descendants(pid)]) {
      await Promise.all(
        threadsOf(each).map(async (thread) => {
          const folder = `/proc/${each}/task/${thread}`;
          const [name, nanoseconds] = await Promise.all([text(`${folder}/comm`), text(`${folder}/schedstat`)]);
          const key = [label, threadName(name)].filter((part) => part !== '').join(' ');
          times.set(key, (times.get(key) ?? 0) + Number(nanoseconds.split(' ')[0]) / 1e6);
        }),
      );
    }
  }
  return times;
}

/** What each used between two readings. */
export function cpuBetween(before: CpuTimes, after: CpuTimes): CpuTimes {
  return new Map([...after].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)]));
}

export function total(times: CpuTimes): number {
  return [...times.values()].reduce((sum, ms) => sum + ms, 0);
}

/** Node.js names its threads; a worker has the name that it was started with. */
function threadName(name: string): string {
  if (name === 'MainThread') return 'main';
  if (name === 'libuv-worker') return 'libuv pool';
  return name;
}

async function text(file: string): Promise<string> {
  return (await readFile(file, 'latin1').catch(() => '')).trim();
}
