import { createLogger, type Logger, type LogLevel } from '../observe/index.ts';
import type { Terminal } from './terminal.ts';

/** A command's log, on its standard error. */
export function openLog({ stderr }: Terminal, level: LogLevel): Logger {
  return createLogger({ level, pretty: stderr.isTTY, destination: stderr });
}
