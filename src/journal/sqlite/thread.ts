import { Worker } from 'node:worker_threads';
import { JournalError } from '../error.ts';
import type { Unit } from './group-commit.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

/** Requests that may wait for a thread; one more is refused. */
export const MAX_WAITING = 50_000;
/** Units of one list: what one transaction holds at most, so that the first of them does not wait for ever. */
export const MAX_UNITS = 1_000;

const NOTHING_TO_TRANSFER: [] = [];

type Operations = Record<string, (...args: never[]) => unknown>;

interface Request {
  readonly unit: Unit;
  resolve(value: unknown): void;
  reject(error: JournalError): void;
}

/** The near side of a worker thread. */
export interface Thread<T extends Operations> {
  /** Starts the thread now rather than at the first request, and tells whether it could open the journal. */
  start(): Promise<void>;
  request<K extends keyof T & string>(operation: K, ...args: Parameters<T[K]>): Promise<Awaited<ReturnType<T[K]>>>;
  /** Finishes what waits, then ends the thread. */
  close(): Promise<void>;
}

export interface ThreadOptions {
  readonly entry: URL;
  /** The thread's name, as the system shows it: at most 15 characters. */
  readonly name: string;
  readonly settings: WorkerSettings;
  /**
   * Lists leave at least this far apart. A request that finds the thread idle leaves at once; under load each commit
   * carries more units, which costs a few milliseconds and saves more than half of the processor time a commit takes.
   */
  readonly listIntervalMs: number;
}

/**
 * Talks to a worker thread, one list of units at a time: what arrives while one is being worked on goes together into
 * the next. That is the whole of group commit on this side. A thread that died is started anew by the next request.
 */
export function createThread<T extends Operations>({
  entry,
  name,
  settings,
  listIntervalMs,
}: ThreadOptions): Thread<T> {
  let waiting: Request[] = [];
  let inHand: Request[] = [];
  let worker: Worker | null = null;
  let ready = false;
  let closing: Promise<void> | null = null;
  let started = Promise.withResolvers<void>();
  let drained: (() => void) | null = null;
  let lastListAt = -Infinity;
  let delay: NodeJS.Timeout | null = null;

  function launch(): Worker {
    ready = false;
    started = Promise.withResolvers<void>();
    // A request hears of a failed start by its own rejection.
    started.promise.catch(() => undefined);
    const launched = new Worker(entry, { workerData: settings, name });
    let failure: JournalError | null = null;
    launched.on('message', (message: FromWorker) => {
      if ('opened' in message) opened();
      else if ('failed' in message) failure = new JournalError(message.failed.code, message.failed.message);
      else answered(message);
    });
    launched.on('error', (error) => {
      failure = new JournalError('stopped', `journal ${settings.path}: its thread ended: ${String(error)}`);
    });
    launched.on('exit', () => {
      worker = null;
      ended(failure ?? new JournalError('stopped', `journal ${settings.path}: its thread ended`));
    });
    return launched;
  }

  function opened(): void {
    ready = true;
    started.resolve();
    next();
  }

  function ended(error: JournalError): void {
    started.reject(error);
    const lost = [...inHand, ...waiting];
    inHand = [];
    waiting = [];
    for (const request of lost) request.reject(error);
    drained?.();
  }

  function answered(outcomes: Exclude<FromWorker, { opened: true } | { failed: unknown }>): void {
    const requests = inHand;
    inHand = [];
    for (const [index, request] of requests.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'value' in outcome) request.resolve(outcome.value);
      else if (outcome !== undefined) request.reject(new JournalError(outcome.error.code, outcome.error.message));
    }
    if (waiting.length === 0) drained?.();
    else next();
  }

  function next(): void {
    if (worker === null || !ready || inHand.length > 0 || waiting.length === 0 || delay !== null) return;
    const now = performance.now();
    if (now - lastListAt < listIntervalMs) {
      delay = setTimeout(delayOver, listIntervalMs - (now - lastListAt));
      return;
    }
    lastListAt = now;
    if (waiting.length <= MAX_UNITS) {
      inHand = waiting;
      waiting = [];
    } else {
      inHand = waiting.splice(0, MAX_UNITS);
    }
    const units: ToWorker = inHand.map(({ unit }) => unit);
    worker.postMessage(units, NOTHING_TO_TRANSFER);
  }

  function delayOver(): void {
    delay = null;
    lastListAt = -Infinity;
    next();
  }

  async function shutDown(): Promise<void> {
    if (worker === null) return;
    if (inHand.length > 0 || waiting.length > 0) {
      await new Promise<void>((resolve) => {
        drained = resolve;
      });
    }
    const ending = worker as Worker | null;
    if (ending === null) return;
    const exit = new Promise((resolve) => {
      ending.once('exit', resolve);
    });
    ending.postMessage('close' satisfies ToWorker, NOTHING_TO_TRANSFER);
    await exit;
  }

  return {
    start() {
      worker ??= launch();
      return started.promise;
    },

    request(operation, ...args) {
      return new Promise((resolve, reject) => {
        if (closing !== null) {
          reject(new JournalError('closed', `journal ${settings.path} is closed`));
        } else if (waiting.length >= MAX_WAITING) {
          reject(
            new JournalError(
              'overloaded',
              `journal ${settings.path}: ${MAX_WAITING} requests wait for it: the disk is too slow`,
            ),
          );
        } else {
          waiting.push({ unit: [operation, ...args], resolve, reject });
          worker ??= launch();
          next();
        }
      });
    },

    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}
