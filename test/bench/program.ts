import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/** A process of the bench. What it says is read to the end, awaited or not: a full pipe would stop it. */
export interface Program {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  /** The next line it writes, on standard output or error, that has this text. Rejects where it ends instead. */
  says(text: string): Promise<string>;
  /** That it ended, and what it said last. */
  epitaph(): string;
  kill(): Promise<void>;
}

/** Some machines have no such server; the message says how to come by it. */
export class NotInstalled extends Error {}

/** Until a server takes connections. */
const START_TIMEOUT_MS = 15_000;

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** With a channel for questions (memory.ts); for Node.js only. */
  readonly ipc?: boolean;
}

export function run(command: string, argv: readonly string[], { env = {}, ipc = false }: RunOptions = {}): Program {
  const child = spawn(command, argv, {
    stdio: ['ignore', 'pipe', 'pipe', ipc ? 'ipc' : 'ignore'],
    env: { ...process.env, ...env },
  });
  const exited = once(child, 'exit').catch(() => undefined);
  const last: string[] = [];
  const streams = [child.stdout!, child.stderr!].map((input) => createInterface({ input }));
  for (const lines of streams) lines.on('line', (line) => void (last.push(line) > 20 && last.shift()));
  const epitaph = (): string => `${command} ended with ${child.exitCode ?? child.signalCode}:\n${last.join('\n')}`;
  return {
    pid: child.pid ?? 0,
    child,
    exited,
    epitaph,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (line: string): void => {
          if (line.includes(text)) end(() => resolve(line));
        };
        const ended = (): void => end(() => reject(new Error(epitaph())));
        const end = (settle: () => void): void => {
          for (const lines of streams) lines.off('line', look);
          child.off('close', ended);
          settle();
        };
        for (const lines of streams) lines.on('line', look);
        child.once('close', ended);
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export function runNode(argv: readonly string[], options?: RunOptions): Program {
  return run(process.execPath, argv, options);
}

/** Waits until the program takes connections on its port; an Error where it ends, or takes none for long. */
export async function listening(program: Program, port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (program.child.exitCode !== null) throw new Error(program.epitaph());
    if (await takesConnections(port)) return;
    await setTimeout(50);
  }
  throw new Error(`${program.child.spawnfile} does not listen on port ${port}`);
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
