import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline';
import { gatewayFiles, removeFiles } from '../support/gateway-process.ts';
import { freePort } from '../support/sipp.ts';
import { policyText } from './policy-file.ts';

/** The whole program as an operator runs it, seen from outside. */
export interface GatewayUnderTest {
  /** `127.0.0.1:PORT`, UDP. */
  readonly sip: string;
  /** Where it rings every number: a callee listens here, or nobody does. */
  readonly calleePort: number;
  readonly policyFile: string;
  /** From its start as a process to its line that it is ready. */
  readonly readyMs: number;
  /** CPU time of all its threads so far, user and system. */
  cpuMs(): Promise<number>;
  rssMiB(): Promise<number>;
  /** The figures of its metrics page: `mcg_live_calls`, `mcg_loop_delay_seconds{thread="main",quantile="0.99"}`. */
  metrics(): Promise<Map<string, number>>;
  /** Waits for a line of its log that has this text, from now on. */
  logged(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** Linux counts CPU time in these, whatever the machine (USER_HZ). */
const TICK_MS = 10;

/** Starts a gateway on files of its own in the temporary folder; its mail goes to `smtp`, or into a Maildir of its own. */
export async function startGateway(options: { smtp?: string; mailboxes?: number } = {}): Promise<GatewayUnderTest> {
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
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['src/main.ts', 'start', '--config', files.config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  // Read to the end, awaited or not: a full pipe would stop the gateway.
  const lines = createInterface({ input: child.stderr });
  const ready = await readyLine(lines);
  const readyMs = performance.now() - startedAt;
  return {
    sip: ready.sip[0]?.replace('udp://', '') ?? '',
    calleePort,
    policyFile: files.policy,
    readyMs,
    cpuMs: async () => {
      // proc(5): fields 14 and 15, counted after the name in parentheses, which may have blanks.
      const stat = await readFile(`/proc/${child.pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    },
    rssMiB: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'latin1');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    metrics: async () => {
      const page = await (await fetch(`${ready.admin}/metrics`)).text();
      return new Map(page.split('\n').flatMap(sample));
    },
    logged: (text) =>
      new Promise((resolve) => {
        const look = (line: string): void => {
          if (!line.includes(text)) return;
          lines.off('line', look);
          resolve();
        };
        lines.on('line', look);
      }),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      await removeFiles(files);
    },
  };
}

function readyLine(lines: Interface): Promise<{ sip: string[]; admin: string }> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const look = (line: string): void => {
      said.push(line);
      if (!line.includes('"msg":"ready"')) return;
      lines.off('line', look);
      resolve(JSON.parse(line) as { sip: string[]; admin: string });
    };
    lines.on('line', look);
    lines.once('close', () => reject(new Error(`the gateway ended:\n${said.join('\n')}`)));
  });
}

/** A line of the Prometheus text format; comments have no number. */
function sample(line: string): [string, number][] {
  const match = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line);
  return match === null ? [] : [[match[1]!, Number(match[2])]];
}
