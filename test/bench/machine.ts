import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** Above this many runnable tasks before we begin, somebody else is at work. */
const QUIET_LOAD = 0.3;

/** The machine and what runs on it, for whoever reads the figures later. */
export async function machineText(): Promise<string> {
  const system = /PRETTY_NAME="(.*)"/.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1] ?? 'Linux';
  const [load = 0] = loadavg();
  const lines = [
    `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown processor'} (${arch()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${system}, Linux ${release()}, Node.js ${process.versions.node}`,
    `Load generator, mail server and gateway share these cores. Load average at the start: ${load.toFixed(2)}`,
  ];
  if (load > QUIET_LOAD) lines.push('NOISY: something else runs on this machine; do not keep these figures.');
  return lines.join('\n');
}
