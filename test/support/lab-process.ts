import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mcg, type CallJson } from './gateway-process.ts';
import { freePorts } from './ports.ts';

export interface LabProcess {
  readonly folder: string;
  readonly config: string;
  /** The softphone page. */
  readonly url: string;
  readonly sipPort: number;
  /** Passwords by number. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Lines that it has printed. */
  readonly said: readonly string[];
  calls(): Promise<CallJson[]>;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/** `mcg lab` as a newcomer starts it, in a folder and on ports of its own. */
export async function startLab(): Promise<LabProcess> {
  const parent = await mkdtemp(join(tmpdir(), 'lab-'));
  const folder = join(parent, 'lab');
  // Each is the first of three.
  const sipPort = await freePorts(3);
  const webPort = await freePorts(3);
  const argv = ['lab', '--folder', folder, '--sip-port', String(sipPort), '--web-port', String(webPort)];
  const child = spawn('node', ['--disable-warning=ExperimentalWarning', 'src/main.ts', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    said.push(line);
    if (/^ {2}calls /.test(line)) ready.resolve();
  });
  lines.on('close', () => ready.reject(new Error(`the lab ended: ${said.join('\n')}`)));
  const timer = setTimeout(() => ready.reject(new Error(`the lab is not ready: ${said.join('\n')}`)), START_TIMEOUT_MS);
  await ready.promise.finally(() => clearTimeout(timer));
  const config = join(folder, 'gateway.yaml');
  const accounts = said.flatMap((line) => /^ {2}phone +(\d+) .*, password (\S+)$/.exec(line)?.slice(1, 3) ?? []);
  return {
    folder,
    config,
    url: `http://127.0.0.1:${webPort}/`,
    sipPort,
    passwords: new Map(
      Array.from({ length: accounts.length / 2 }, (_, at) => [accounts[at * 2]!, accounts[at * 2 + 1]!]),
    ),
    said,
    calls: async () => JSON.parse(await mcg('calls', '--json', '--config', config)) as CallJson[],
    async close() {
      child.kill('SIGTERM');
      await exited;
      await rm(parent, { recursive: true, force: true });
    },
  };
}
