import { parentPort, type MessagePort } from 'node:worker_threads';
import { errorData, requestErrorData, type ErrorData } from './errors.ts';
import type { Outcome, Unit } from './group-commit.ts';

/** What a worker thread is started with. */
export interface WorkerSettings {
  readonly path: string;
  readonly node: string;
  /** `gateway` holds the lock and keeps the schema up to date; `beside` does neither. */
  readonly mode: 'gateway' | 'beside';
  readonly pid: number | null;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
}

/** To the thread: units to run, or `close`. */
export type ToWorker = readonly Unit[] | 'close';
/** From the thread: once whether it could open the journal, then the outcomes of each list of units, in order. */
export type FromWorker = { readonly opened: true } | { readonly failed: ErrorData } | readonly Outcome<ErrorData>[];

/** A journal as a worker thread has it open. */
export interface Backend {
  run(units: readonly Unit[]): Outcome[];
  /** Called after the outcomes of a run have left. */
  afterRun?(): void;
  close(): void;
}

/** The life of a worker thread: opens, answers lists of units, closes. Nothing thrown below leaves it as an exception. */
export function serve(path: string, open: () => Backend): void {
  if (parentPort === null) throw new Error('this file is the entry of a worker thread');
  const port: MessagePort = parentPort;
  const post = (message: FromWorker): void => port.postMessage(message);
  let backend: Backend;
  try {
    backend = open();
  } catch (error) {
    post({ failed: errorData(error, path) });
    port.close();
    return;
  }
  post({ opened: true });
  port.on('message', (message: ToWorker) => {
    if (message === 'close') {
      backend.close();
      port.close();
      return;
    }
    post(
      backend
        .run(message)
        .map((outcome) => ('error' in outcome ? { error: requestErrorData(outcome.error, path) } : outcome)),
    );
    backend.afterRun?.();
  });
}

/** Runs a unit by the table of operations; the types of names and arguments are kept by the other side (thread.ts). */
export function runner(operations: object): (unit: Unit) => unknown {
  const table = new Map(Object.entries(operations) as [string, (...args: unknown[]) => unknown][]);
  return ([name, ...args]) => {
    const operation = table.get(name);
    if (operation === undefined) throw new Error(`the journal has no operation ${name}`);
    return operation(...args);
  };
}
