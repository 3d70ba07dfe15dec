import { startApp, type App } from '../app.ts';
import type { GatewayConfig } from '../config/index.ts';
import type { Logger } from '../observe/index.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/**
 * The gateway within a command.
 * @param stop is called with 1 where the engine is gone for good
 * @param signal ends a start that is under way
 */
export function startGateway(
  { pid }: Terminal,
  config: GatewayConfig,
  log: Logger,
  stop: (exitCode: number) => void,
  signal?: AbortSignal,
): Promise<App> {
  return startApp({
    config,
    log,
    now: Date.now,
    version: version(),
    pid,
    onFatal: (error) => {
      log.fatal({ error }, 'the engine is gone for good');
      stop(1);
    },
    ...(signal === undefined ? {} : { signal }),
  });
}
