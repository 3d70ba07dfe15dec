import type { ReadStream, WriteStream } from 'node:tty';

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** The process as a command sees it; main.ts hands in the real one, tests their own. */
export interface Terminal {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly hostname: string;
  readonly pid: number;
  readonly stdin: Pick<ReadStream, 'isTTY'> & NodeJS.ReadableStream;
  readonly stdout: Pick<WriteStream, 'isTTY' | 'columns'> & NodeJS.WritableStream;
  readonly stderr: Pick<WriteStream, 'isTTY'> & NodeJS.WritableStream;
  onSignal(signal: Signal, listener: () => void): void;
  /** Ends the process at once (a second signal). */
  exitNow(code: number): void;
}

/** A failure whose message is all that its reader needs; the command ends with `exitCode`. */
export class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
