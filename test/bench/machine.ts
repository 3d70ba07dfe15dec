import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { KAMAILIO } from './kamailio.ts';

/** Above this many runnable tasks before we begin, somebody else is at work. */
const QUIET_LOAD = 0.3;

/** The machine and what runs on it, for whoever reads the figures later. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly architecture: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly kernel: string;
  readonly node: string;
  /** Null: not installed. */
  readonly sipp: string | null;
  readonly kamailio: string | null;
  readonly drachtioServer: string | null;
  /** Runnable tasks in the last minute before the bench began. */
  readonly load: number;
  /** Somebody else was at work: the figures are worth little. */
  readonly noisy: boolean;
}

export async function describeMachine(): Promise<Machine> {
  const [load = 0] = loadavg();
  const drachtio = process.env['DRACHTIO_BIN'] ?? '';
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    architecture: arch(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: /PRETTY_NAME="(.*)"/.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1] ?? 'Linux',
    kernel: release(),
    node: process.versions.node,
    sipp: await version('sipp', ['-v'], /SIPp (v[\w.-]+?)\.?\s/),
    kamailio: await version(KAMAILIO, ['-v'], /kamailio ([\d.]+)/),
    drachtioServer: drachtio === '' ? null : await version(drachtio, ['--version'], /v?([\d.]+\S*)/),
    load,
    noisy: load > QUIET_LOAD,
  };
}

export function machineText(machine: Machine): string {
  const { cores, processor, architecture, memoryGiB, system, kernel, node, sipp, kamailio, drachtioServer } = machine;
  const lines = [
    `${cores} cores of ${processor} (${architecture}), ${memoryGiB} GiB, ${system}, Linux ${kernel}`,
    `Node.js ${node}, sipp ${sipp}, kamailio ${kamailio ?? '-'}, drachtio-server ${drachtioServer ?? '-'}`,
    `Load generator, mail server and all that is measured share these cores. Load average at the start: ${machine.load.toFixed(2)}`,
  ];
  if (machine.noisy) lines.push('NOISY: something else runs on this machine; do not keep these figures.');
  return lines.join('\n');
}

/** Some programs tell their version with a failure's exit code. */
async function version(command: string, argv: readonly string[], pattern: RegExp): Promise<string | null> {
  type Said = { stdout: string; stderr: string; code?: unknown };
  const said = await promisify(execFile)(command, [...argv]).catch((error: unknown) => error as Said);
  if ((said as Said).code === 'ENOENT') return null;
  return pattern.exec(`${said.stdout}\n${said.stderr}`)?.[1] ?? 'of unknown version';
}
