import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Nothing outlives the bench, however it ends: every file is in one folder, which the processes it starts know as their temporary
 * folder too, and what still runs is ended by its id.
 */
export function cleanUpAtExit(): void {
  const folder = mkdtempSync(join(tmpdir(), 'mcg-bench-'));
  process.env['TMPDIR'] = folder;
  process.on('exit', () => {
    for (const pid of descendants(process.pid)) kill(pid);
    // What has just been killed may still have been writing.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
}

/** The processes that this one started, and those that they started: a server of several processes has its children there. */
export function descendants(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' '));
  return children.filter((child) => child !== '').flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

export function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty where it is gone by now. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
