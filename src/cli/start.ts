import { relative } from 'node:path';
import { Option, type Command } from 'commander';
import type { App } from '../app.ts';
import { changedSettings, loadConfig, type GatewayConfig } from '../config/index.ts';
import { LOG_LEVELS, type Logger, type LogLevel } from '../observe/index.ts';
import { PolicyFileError } from '../policy/index.ts';
import { problemLines } from '../yamlfile/index.ts';
import { commandLine, readConfig, withConfig, type ConfigOption } from './config.ts';
import { startLabPhone } from './lab-phone.ts';
import { openLog } from './log.ts';
import { onStop } from './signals.ts';
import { startGateway } from './start-gateway.ts';
import { CommandError, type Terminal } from './terminal.ts';

export function addStart(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  withConfig(program.command('start'))
    .description('runs the gateway until SIGTERM or SIGINT')
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(LOG_LEVELS).default('info'))
    .action(async (options: ConfigOption & { logLevel: LogLevel }) => {
      const config = await readConfig(terminal, options);
      done(await serve(terminal, config, openLog(terminal, options.logLevel)));
    });
}

/** Runs until it is told to stop, also where it is told so while it starts; answers the exit code. */
async function serve(terminal: Terminal, config: GatewayConfig, log: Logger): Promise<number> {
  const stopping = Promise.withResolvers<number>();
  const started = Promise.withResolvers<App>();
  const abort = new AbortController();
  const stop = (exitCode: number): void => {
    stopping.resolve(exitCode);
    abort.abort();
  };
  onStop(terminal, stop);
  terminal.onSignal('SIGHUP', () => void reload(terminal, config, started.promise, log));
  const phone = config.lab.phone ? await startLabPhone(config) : null;
  try {
    const app = await startGateway(terminal, config, log, stop, abort.signal);
    started.resolve(app);
    log.info({ sip: app.addresses.sip, admin: app.addresses.admin }, 'ready');
    terminal.stdout.write(welcome(terminal, config, app));
    const exitCode = await stopping.promise;
    log.info({}, 'stopping: new calls are refused, live ones may end');
    await app.stop();
    log.info({}, 'stopped');
    return exitCode;
  } catch (error) {
    if (!abort.signal.aborted) throw startFailed(error);
    log.info({}, 'stopped before the start was over');
    const exitCode = await stopping.promise;
    // A connection that is being tried cannot be given up: it would hold the process for as long as nobody answers.
    terminal.exitNow(exitCode);
    return exitCode;
  } finally {
    await phone?.close();
  }
}

function startFailed(error: unknown): CommandError {
  const message = error instanceof Error ? error.message : String(error);
  return new CommandError(`The gateway could not start: ${message}`, error instanceof PolicyFileError ? 2 : 1);
}

/** Says what of gateway.yaml needs a restart, and reads the rest again; a gateway that starts does so once it is up. */
async function reload(terminal: Terminal, config: GatewayConfig, started: Promise<App>, log: Logger): Promise<void> {
  const { path } = config;
  const reading = await loadConfig(path, terminal.env);
  if (!reading.ok) {
    const problems = problemLines(path, reading.problems);
    log.warn({ path, problems }, 'gateway.yaml has mistakes: a restart would fail; what runs is not changed');
  } else {
    const changed = changedSettings(config, reading.config);
    if (changed.length > 0) {
      log.warn({ path, changed }, `gateway.yaml has changes that need a restart: ${changed.join(', ')}`);
    }
  }
  const { version, error } = await (await started).reload(reading.ok ? reading.config : null);
  if (error === null) log.info({ version }, 'policy read again');
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
    `  calls     ${commandLine(terminal, config.path, 'calls')}`,
    `  why       ${commandLine(terminal, config.path, 'explain CALL')}`,
    `  policy    ${shown(config.policy)} (a saved change holds within a second)`,
    `  health    ${app.addresses.admin}/readyz`,
    app.firstAccountPath === null
      ? `  admin     ${app.addresses.admin}`
      : `  admin     ${app.addresses.admin}${app.firstAccountPath}\n            (this link makes the first account, once)`,
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
