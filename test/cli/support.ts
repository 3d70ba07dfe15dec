import { hostname } from 'node:os';
import { cwd, pid } from 'node:process';
import { PassThrough } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import { run, type Terminal } from '../../src/cli/index.ts';

type Signal = Parameters<Terminal['onSignal']>[0];

export interface RunningStart {
  /** Structured log lines so far. */
  log(): Readonly<Record<string, unknown>>[];
  /** Its standard output so far. */
  printed(): string;
  /** The first line whose message begins so, past or to come. */
  logged(message: string): Promise<Readonly<Record<string, unknown>>>;
  /** Whether anybody listens to it: a signal that nobody listens to ends a process. */
  hears(signal: Signal): boolean;
  signal(signal: Signal): void;
  /** The exit codes of `exitNow`. */
  readonly ended: readonly number[];
  readonly exitCode: Promise<number>;
}

/** `mcg start` within this process. */
export function startHere(config: string): RunningStart {
  return runHere(['start', '--config', config]);
}

/** A command that runs until it is told to stop, within this process, as main.ts would run it; stopped when the test has ended. */
export function runHere(argv: readonly string[], env: Terminal['env'] = {}): RunningStart {
  const terminal = () => Object.assign(new PassThrough(), { isTTY: false, columns: 80 });
  const [stdin, stdout, stderr] = [terminal(), terminal(), terminal()];
  let said = '';
  stderr.on('data', (text: Buffer) => (said += text.toString()));
  let printed = '';
  stdout.on('data', (text: Buffer) => (printed += text.toString()));
  const listeners = new Map<Signal, () => void>();
  const ended: number[] = [];
  const exitCode = run({
    argv,
    env,
    cwd: cwd(),
    hostname: hostname(),
    pid,
    stdin,
    stdout,
    stderr,
    onSignal: (signal, listener) => void listeners.set(signal, listener),
    exitNow: (code) => void ended.push(code),
  });
  const running: RunningStart = {
    log: () =>
      said
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    printed: () => printed,
    logged: (message) =>
      vi.waitUntil(() => running.log().find(({ msg }) => String(msg).startsWith(message)), { timeout: 15_000 }),
    hears: (signal) => listeners.has(signal),
    signal: (signal) => listeners.get(signal)?.(),
    ended,
    exitCode,
  };
  onTestFinished(async () => {
    running.signal('SIGTERM');
    await exitCode;
  });
  return running;
}
