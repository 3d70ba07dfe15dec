import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { checkTls, type TlsSettings } from '../../sip/index.ts';
import type { LogLevel } from '../core.ts';
import type { EngineThreadData, FromEngine, ToEngine } from './thread-messages.ts';
import type { Engine, EngineMeasures, EngineOptions } from '../types.ts';

export interface EngineThreadHooks {
  readonly log?: (level: LogLevel, text: string) => void;
  /** The thread died and another one has taken its place and its ports; `restarts` counts from 1. Its calls are lost. */
  readonly onRestart?: (restarts: number, cause: Error) => void;
}

/** An engine on a thread of its own. */
export interface EngineThread extends Engine {
  readonly restarts: number;
  /**
   * How the thread does; loop delays are those since the last answer. Null where it does not answer within
   * MEASURE_TIMEOUT_MS, or is not running. Never rejects. Whoever asks while an answer is awaited gets the same one.
   */
  measure(): Promise<EngineMeasures | null>;
  /**
   * Other certificates and authorities for connections that open from now on, of an engine that was started with `tls`. Throws, and
   * nothing has changed, where one cannot be used.
   */
  setTls(tls: TlsSettings): void;
  /** The thread died and could not be started again: there is no engine any more. */
  onExit: ((error: Error) => void) | null;
}

/** Starts tried in a row after the thread died, before `onExit`. */
export const MAX_START_ATTEMPTS = 8;
/** Before the second start, and doubled for each further one: 25 s in all, in which a port may become free. */
export const RESTART_DELAY_MS = 200;
/** A loop that answers no sooner is worse off than any number could tell. */
export const MEASURE_TIMEOUT_MS = 1_000;
/**
 * Garbage of calls waits for its collection in a young generation of this size (three semi-spaces of 16 MiB), where V8's own bound
 * would be 192. With such semi-spaces on every thread a call cost the same time and the program 145 MiB less (test/bench).
 */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 48 };
/** A thread that lived so long died of something new: its successor starts at once. */
export const STABLE_AFTER_MS = 10_000;

/**
 * Starts an engine on its own thread. Where that dies, another is started with the same secret, client port and SIP ports, so
 * that srf reconnects by itself. Rejects like `startEngine` where the first start fails.
 */
export async function startEngineThread(options: EngineOptions, hooks: EngineThreadHooks = {}): Promise<EngineThread> {
  const supervisor = new Supervisor(options, hooks);
  await supervisor.start();
  return supervisor;
}

interface Running {
  readonly worker: Worker;
  readonly started: Extract<FromEngine, { kind: 'started' }>;
  readonly startedAt: number;
}

class Supervisor implements EngineThread {
  readonly secret: string;
  onExit: ((error: Error) => void) | null = null;
  restarts = 0;
  readonly #hooks: EngineThreadHooks;
  #options: EngineOptions;
  #running: Running | null = null;
  #closing: Promise<void> | null = null;
  #attempts = 0;
  #restartTimer: NodeJS.Timeout | null = null;
  /** The start that is under way. */
  #starting: Promise<void> | null = null;
  #measuring: Promise<EngineMeasures | null> | null = null;

  constructor(options: EngineOptions, hooks: EngineThreadHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.secret = options.secret;
  }

  get client(): { readonly host: string; readonly port: number } {
    return this.#options.client;
  }

  sipAddresses: readonly string[] = [];

  start(): Promise<void> {
    const starting = this.#start().finally(() => (this.#starting = null));
    this.#starting = starting;
    return starting;
  }

  async #start(): Promise<void> {
    const running = await launch(this.#options, (level, text) => this.#log(level, text));
    const { worker, started } = running;
    this.#running = running;
    this.sipAddresses = started.sipAddresses;
    this.#options = { ...this.#options, client: started.client, listen: pinned(this.#options, started.sipAddresses) };
    let cause = new Error('the engine thread ended');
    worker.on('error', (error: unknown) => {
      cause = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', (code) => {
      this.#running = null;
      if (this.#closing === null) {
        this.#log('warn', `the engine thread ended with code ${code}: ${cause.message}`);
        this.#attempts = Date.now() - running.startedAt >= STABLE_AFTER_MS ? 0 : this.#attempts;
        this.#restart(cause);
      }
    });
  }

  measure(): Promise<EngineMeasures | null> {
    const worker = this.#running?.worker;
    if (worker === undefined || this.#closing !== null) {
      return Promise.resolve(null);
    }
    this.#measuring ??= ask(worker).finally(() => (this.#measuring = null));
    return this.#measuring;
  }

  setTls(tls: TlsSettings): void {
    // Here, where whoever asks hears of it: a thread that takes this one's place could not start with them.
    checkTls(tls);
    this.#options = { ...this.#options, tls };
    const message: ToEngine = { kind: 'tls', tls };
    this.#running?.worker.postMessage(message);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #restart(cause: Error): void {
    if (this.#attempts >= MAX_START_ATTEMPTS) {
      this.onExit?.(cause);
      return;
    }
    const delayMs = this.#attempts === 0 ? 0 : RESTART_DELAY_MS * 2 ** (this.#attempts - 1);
    this.#attempts += 1;
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = null;
      this.start().then(
        () => {
          if (this.#closing !== null) {
            return;
          }
          this.restarts += 1;
          this.#hooks.onRestart?.(this.restarts, cause);
        },
        (error: unknown) => {
          if (this.#closing === null) {
            this.#log('warn', `the engine could not be started again: ${String(error)}`);
            this.#restart(error instanceof Error ? error : new Error(String(error)));
          }
        },
      );
    }, delayMs);
  }

  async #close(): Promise<void> {
    if (this.#restartTimer !== null) {
      clearTimeout(this.#restartTimer);
    }
    // A thread that is being started holds its ports already, or is about to.
    await this.#starting?.catch(() => undefined);
    const worker = this.#running?.worker;
    if (worker === undefined) {
      return;
    }
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const message: ToEngine = { kind: 'close' };
    worker.postMessage(message);
    await ended;
  }

  #log(level: LogLevel, text: string): void {
    this.#hooks.log?.(level, text);
  }
}

/** Resolves once the engine on the new thread is ready. */
function launch(options: EngineThreadData, log: (level: LogLevel, text: string) => void): Promise<Running> {
  const url = new URL(`./engine-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(url, { workerData: options, name: 'engine', resourceLimits: THREAD_LIMITS });
  return new Promise((resolve, reject) => {
    const onExit = (code: number): void =>
      reject(new Error(`the engine thread ended with code ${code} while starting`));
    worker.once('error', reject);
    worker.once('exit', onExit);
    worker.on('message', (message: FromEngine) => {
      switch (message.kind) {
        case 'started':
          worker.removeListener('error', reject);
          worker.removeListener('exit', onExit);
          resolve({ worker, started: message, startedAt: Date.now() });
          break;
        case 'failed':
          reject(new Error(message.message));
          break;
        case 'log':
          log(message.level, message.text);
          break;
        case 'measured':
        case 'closed':
          break;
      }
    });
  });
}

function ask(worker: Worker): Promise<EngineMeasures | null> {
  return new Promise((resolve) => {
    const end = (measures: EngineMeasures | null): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      resolve(measures);
    };
    const onMessage = (message: FromEngine): void => {
      if (message.kind === 'measured') {
        end(message.measures);
      }
    };
    const onExit = (): void => end(null);
    const timer = setTimeout(() => end(null), MEASURE_TIMEOUT_MS);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    const message: ToEngine = { kind: 'measure' };
    worker.postMessage(message);
  });
}

/** The same sockets again: ports that were left to the system keep the number they got. */
function pinned(options: EngineOptions, bound: readonly string[]): EngineOptions['listen'] {
  return options.listen.map((listen, index) => {
    const port = Number(/:(\d+)$/.exec(bound[index] ?? '')?.[1] ?? listen.port);
    return { ...listen, port };
  });
}
