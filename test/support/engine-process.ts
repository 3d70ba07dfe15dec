import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { drachtioServerConfiguration } from './peer-configurations.ts';
import { freePort } from './ports.ts';

/** Where an engine of its own is found; the same after each of its starts. */
export interface EnginePlace {
  readonly sipPort: number;
  readonly clientPort: number;
  readonly secret: string;
}

export interface EngineProcess {
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** An engine that runs as a process: this project's, or a drachtio-server. */
export interface EngineKind {
  readonly name: string;
  start(place: EnginePlace): Promise<EngineProcess>;
}

/** Two busy cores start one in about a second. */
const START_TIMEOUT_MS = 30_000;

/** Its ports stay free while it is dead. */
export async function enginePlace(): Promise<EnginePlace> {
  return { sipPort: await freePort(), clientPort: await freePort(), secret: 'cymru' };
}

/** `mcg engine`, as an operator starts it. */
export const ourEngine: EngineKind = {
  name: 'mcg engine',
  async start({ sipPort, clientPort, secret }) {
    const listen = ['udp', 'tcp'].flatMap((protocol) => ['--listen', `${protocol}://127.0.0.1:${sipPort}`]);
    const client = ['--client', `127.0.0.1:${clientPort}`, '--secret', secret];
    const child = spawn('node', ['src/main.ts', 'engine', ...listen, ...client], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.resume();
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`mcg engine ${why}: ${said.join('\n')}`));
      const timer = setTimeout(() => fail('is not ready'), START_TIMEOUT_MS);
      const lines = createInterface({ input: child.stderr });
      lines.on('line', (line) => {
        said.push(line);
        if (!line.includes('"msg":"ready"')) return;
        clearTimeout(timer);
        resolve();
      });
      lines.on('close', () => {
        clearTimeout(timer);
        fail('ended');
      });
    });
    return processOf(child);
  },
};

/** A drachtio-server, whose program DRACHTIO_BIN names. */
export function drachtioServer(program: string): EngineKind {
  return {
    name: 'drachtio-server',
    async start({ sipPort, clientPort, secret }) {
      const folder = await mkdtemp(join(tmpdir(), 'drachtio-'));
      const file = join(folder, 'drachtio.conf.xml');
      await writeFile(
        file,
        drachtioServerConfiguration({ sipPort, clientPort, secret, transports: 'udp,tcp', logLevel: 'error' }),
      );
      const child = spawn(program, ['--file', file], { stdio: 'ignore' });
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      await accepts(clientPort);
      return processOf(child);
    },
  };
}

function processOf(child: ChildProcess): EngineProcess {
  const exited = once(child, 'exit');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  onTestFinished(() => end('SIGKILL'));
  return { child, end };
}

/** Waits until somebody takes connections at this port. */
async function accepts(port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    if (Date.now() > deadline) throw new Error(`nobody took connections at port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
