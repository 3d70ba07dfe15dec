import { readFile, writeFile } from 'node:fs/promises';
import { gatewayFiles, removeFiles } from '../support/gateway-process.ts';
import { freePort } from '../support/ports.ts';
import { cpuTimes, total } from './cpu-time.ts';
import { policyText } from './policy-file.ts';
import { runNode, type Program, type RunOptions } from './program.ts';
import type { MeasuredProcess } from './types.ts';

/** The whole program as an operator runs it, seen from outside. */
export interface GatewayUnderTest {
  readonly program: Program;
  readonly processes: readonly MeasuredProcess[];
  /** `127.0.0.1:PORT`, UDP. */
  readonly sip: string;
  /** Where it rings every number: a callee listens here, or nobody does. */
  readonly calleePort: number;
  readonly folder: string;
  readonly policyFile: string;
  /** From its start as a process to its line that it is ready. */
  readonly readyMs: number;
  /** CPU time of all its threads so far, user and system. */
  cpuMs(): Promise<number>;
  rssMiB(): Promise<number>;
  /** The figures of its metrics page: `mcg_live_calls`, `mcg_loop_delay_seconds{thread="main",quantile="0.99"}`. */
  metrics(): Promise<Map<string, number>>;
  /** Waits for a line of its log that has this text, from now on. */
  logged(text: string): Promise<string>;
  /** Lets it end as it would for an operator. */
  end(): Promise<void>;
  /** Ends it at once and removes its files. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  /** Where its mail goes: `smtp://127.0.0.1:2525`; absent, into a Maildir of its own. */
  readonly smtp?: string;
  readonly mailboxes?: number;
  /** The drachtio-server that it uses instead of its own engine. */
  readonly drachtio?: { readonly host: string; readonly port: number; readonly secret: string };
  /** Options of Node.js, such as PROBE. */
  readonly node?: readonly string[];
  readonly run?: RunOptions;
}

/** Starts a gateway on files of its own in the temporary folder. */
export async function startGateway(options: GatewayOptions = {}): Promise<GatewayUnderTest> {
  const calleePort = await freePort();
  const files = await gatewayFiles(
    `peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:${calleePort}"]`,
    {
      listen: '[udp://127.0.0.1:0]',
      policy: policyText(options.mailboxes ?? 1_000),
      ...(options.smtp === undefined ? {} : { transport: options.smtp }),
    },
  );
  if (options.drachtio !== undefined) await useDrachtioServer(files.config, options.drachtio);
  const startedAt = performance.now();
  const program = runNode([...(options.node ?? []), 'src/main.ts', 'start', '--config', files.config], options.run);
  const ready = JSON.parse(await program.says('"msg":"ready"')) as { sip: string[]; admin: string };
  const readyMs = performance.now() - startedAt;
  const processes = [{ pid: program.pid, label: '' }];
  return {
    program,
    processes,
    sip: ready.sip[0]?.replace('udp://', '') ?? '',
    calleePort,
    folder: files.folder,
    policyFile: files.policy,
    readyMs,
    cpuMs: async () => total(await cpuTimes(processes)),
    rssMiB: () => rssMiB(program.pid),
    metrics: async () => {
      const page = await (await fetch(`${ready.admin}/metrics`)).text();
      return new Map(page.split('\n').flatMap(sample));
    },
    logged: (text) => program.says(text),
    end: async () => {
      program.child.kill('SIGTERM');
      await program.exited;
    },
    stop: async () => {
      await program.kill();
      await removeFiles(files);
    },
  };
}

/** Resident memory of a process. */
export async function rssMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

async function useDrachtioServer(config: string, drachtio: NonNullable<GatewayOptions['drachtio']>): Promise<void> {
  const { host, port, secret } = drachtio;
  const engine = `  engine: drachtio\n  drachtio: [{ host: ${host}, port: ${port}, secret: ${secret} }]`;
  await writeFile(config, (await readFile(config, 'utf8')).replace(/^ {2}listen: \[udp.*$/m, engine));
}

/** A line of the Prometheus text format; comments have no number. */
function sample(line: string): [string, number][] {
  const match = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line);
  return match === null ? [] : [[match[1]!, Number(match[2])]];
}
