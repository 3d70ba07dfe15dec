import { pino } from 'pino';
import { readableLine } from './readable.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What rooms are given: fields first, then one plain clause. */
export interface Logger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
  /** The same with `fields` on every line, e.g. `{ room: 'gateway' }`. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
  readonly level: string;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** One readable line in place of JSON, for people at a terminal. */
  readonly pretty?: boolean;
  /** Anything lines can be written to, e.g. standard output. */
  readonly destination: { write(line: string): unknown };
}

const SECRET_FIELDS = ['password', 'pass', 'secret', 'token', 'authorization', 'proxyAuthorization', 'cookie'];
const REDACTED = '***';

/** `smtp://user:password@host`, `postgres://…`: the password of any URI, wherever in a line it stands. */
const uriPassword = /(\w:\/\/[^\s/:@"\\]*:)[^\s/"\\]+@/g;

/**
 * A structured logger: one JSON object a line, `time` in ISO 8601, `level` in words, `msg`. Secrets are taken out twice: by
 * the names of fields (three levels deep), and passwords of URIs wherever they are.
 */
export function createLogger({ level, pretty = false, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: REDACTED,
      },
      hooks: { streamWrite: (line) => line.replace(uriPassword, `$1${REDACTED}@`) },
    },
    pretty ? { write: (line: string) => destination.write(readableLine(line)) } : destination,
  );
}
