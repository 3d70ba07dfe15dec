import { relative } from 'node:path';
import { Option, type Command } from 'commander';
import { startApp, type App } from '../app.ts';
import type { GatewayConfig } from '../config/index.ts';
import { createLogger, LOG_LEVELS, type Logger, type LogLevel } from '../observe/index.ts';
import { PolicyFileError } from '../policy/index.ts';
import { readConfig, withConfig, type ConfigOption } from './config.ts';
import { startLabPhone } from './lab-phone.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** A signal to a process group arrives twice within milliseconds: within this time it counts once. */
const SAME_SIGNAL_MS = 1_000;

export function addStart(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  withConfig(program.command('start'))
    .description('runs the gateway until SIGTERM or SIGINT')
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(LOG_LEVELS).default('info'))
    .action(async (options: ConfigOption & { logLevel: LogLevel }) => {
      const config = await readConfig(terminal, options);
      const log = createLogger({
        level: options.logLevel,
        pretty: terminal.stderr.isTTY,
        destination: terminal.stderr,
      });
      done(await serve(terminal, config, log));
    });
}

/** Runs until it is told to stop; answers the exit code. */
async function serve(terminal: Terminal, config: GatewayConfig, log: Logger): Promise<number> {
  const stopping = Promise.withResolvers<number>();
  const phone = config.lab.phone ? await startLabPhone(config) : null;
  const starting = startApp({
    config,
    log,
    now: Date.now,
    pid: terminal.pid,
    onFatal: (error) => {
      log.fatal({ error }, 'the engine is gone for good');
      stopping.resolve(1);
    },
  });
  listen(terminal, stopping.resolve);
  const app = await starting.catch(async (error: Error) => {
    await phone?.close();
    throw new CommandError(`The gateway could not start: ${error.message}`, error instanceof PolicyFileError ? 2 : 1);
  });
  terminal.onSignal('SIGHUP', () => void reload(app, log));
  log.info({ sip: app.addresses.sip, admin: app.addresses.admin }, 'ready');
  terminal.stdout.write(welcome(terminal, config, app));
  const exitCode = await stopping.promise;
  log.info({}, 'stopping: new calls are refused, live ones may end');
  await app.stop();
  await phone?.close();
  log.info({}, 'stopped');
  return exitCode;
}

/** The first signal stops gently, a second one ends now. */
function listen(terminal: Terminal, stop: (exitCode: number) => void): void {
  let firstAt: number | null = null;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    terminal.onSignal(signal, () => {
      const at = Date.now();
      if (firstAt === null) {
        firstAt = at;
        stop(0);
      } else if (at - firstAt >= SAME_SIGNAL_MS) {
        terminal.exitNow(130);
      }
    });
  }
}

async function reload(app: App, log: Logger): Promise<void> {
  const { version, error } = await app.reload();
  if (error === null) log.info({ version }, 'policy read again; changes to gateway.yaml need a restart');
}

/** What a newcomer needs next: where to call, where the mails land, how to look. */
function welcome(terminal: Terminal, config: GatewayConfig, app: App): string {
  const shown = (path: string): string => relative(terminal.cwd, path) || '.';
  const { uri } = config.notification.transport;
  const maildir = uri.startsWith('maildir:') ? shown(uri.slice('maildir:'.length)) : null;
  const phone = config.lab.phone ? ', let it ring (the lab phone never answers), hang up' : '';
  const lines = [
    `Missed Call Gateway is ready on ${app.addresses.sip.join(', ')}`,
    `  call      sip:1001@${callableHost(app.addresses.sip)}${phone}`,
    maildir === null ? `  mails     go to ${uri}` : `  mails     land in ${maildir}/new`,
    '  calls     npm run -s mcg -- calls',
    '  why       npm run -s mcg -- explain CALL',
    `  policy    ${shown(config.policy)} (a saved change holds within a second)`,
    `  health    ${app.addresses.admin}/readyz`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Where a softphone on this machine calls: the first UDP address, loopback where it is bound to every address. */
function callableHost(addresses: readonly string[]): string {
  const bound = addresses.find((address) => address.startsWith('udp')) ?? addresses[0] ?? '';
  return bound
    .replace(/^\w+:?\/+/, '')
    .replace(/^0\.0\.0\.0(?=:)/, '127.0.0.1')
    .replace(/^\[::\](?=:)/, '[::1]')
    .replace(/:5060$/, '');
}
