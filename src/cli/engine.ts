import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { isCidr, isHost, isLoopback, listenAddress } from '../config/index.ts';
import { startEngine, type EngineOptions, type LocalEngine } from '../drachtio/index.ts';
import { createLogger, LOG_LEVELS, type LogLevel } from '../observe/index.ts';
import { DEFAULT_TIMERS } from '../sip/index.ts';
import { readRegularFile } from '../yamlfile/index.ts';
import { milliseconds } from './options.ts';
import { onStop } from './signals.ts';
import { CommandError, type Terminal } from './terminal.ts';

type Listen = EngineOptions['listen'][number];

interface EngineFlags {
  readonly listen?: readonly Listen[];
  readonly client: EngineOptions['client'];
  readonly remoteClients?: true;
  readonly secret?: string;
  readonly secretFile?: string;
  readonly advertise?: string;
  readonly localNet?: readonly string[];
  readonly allow?: readonly string[];
  readonly t1?: number;
  readonly t2?: number;
  readonly t4?: number;
  readonly t1x64?: number;
  readonly timerB?: number;
  readonly logLevel: LogLevel;
}

/** What the engine speaks so far. */
const PROTOCOLS: ReadonlySet<Listen['protocol']> = new Set(['udp', 'tcp']);
const DEFAULT_LISTEN = ['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060'];
/** As drachtio-server's. */
const DEFAULT_CLIENT = '127.0.0.1:9022';
/** drachtio-server reads it too. */
const SECRET_VARIABLE = 'DRACHTIO_SECRET';
const MAX_SECRET_BYTES = 64 * 1024;

const EXAMPLES = `
Examples:
  mcg engine --secret cymru
  mcg engine --listen udp://127.0.0.1:5090 --listen tcp://127.0.0.1:5090 --client 127.0.0.1:9022 --secret-file drachtio.secret
  mcg engine --listen udp://0.0.0.0:5060 --advertise 203.0.113.5 --local-net 10.0.0.0/8 --secret-file drachtio.secret

An application connects with drachtio-srf: srf.connect({ host: '127.0.0.1', port: 9022, secret: 'cymru' }).
Until one does, OPTIONS get 200 and everything else 503. Whoever may list processes sees --secret: prefer
--secret-file, or the variable ${SECRET_VARIABLE}.
`;

export function addEngine(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  program
    .command('engine')
    .description('runs the SIP engine alone, in drachtio-server’s place, for any drachtio application')
    .option('--listen <uri>', `where SIP is taken; may be repeated (default: ${DEFAULT_LISTEN.join(', ')})`, listens)
    .addOption(
      new Option('--client <address>', 'where applications connect')
        .argParser(clientAddress)
        .default(clientAddress(DEFAULT_CLIENT), DEFAULT_CLIENT),
    )
    .option('--remote-clients', 'lets --client be an address that other machines reach: the protocol is not encrypted')
    .addOption(
      new Option('--secret <text>', `what applications must know (default: the variable ${SECRET_VARIABLE})`).conflicts(
        'secretFile',
      ),
    )
    .option('--secret-file <file>', 'the file that has the secret')
    .option('--advertise <host>', 'the address that peers reach this one at, behind NAT or in a container', host)
    .option('--local-net <cidr>', 'peers in it are shown the bound address all the same; may be repeated', cidrs)
    .option('--allow <cidr>', 'who may call, anyone else gets 403; may be repeated (default: everybody)', cidrs)
    .option('--t1 <ms>', `RFC 3261’s T1 (default: ${DEFAULT_TIMERS.t1Ms})`, milliseconds)
    .option('--t2 <ms>', `T2 (default: ${DEFAULT_TIMERS.t2Ms})`, milliseconds)
    .option('--t4 <ms>', `T4 (default: ${DEFAULT_TIMERS.t4Ms})`, milliseconds)
    .option('--t1x64 <ms>', 'how long requests and 2xx without an answer are kept (default: 64 times T1)', milliseconds)
    .option('--timer-b <ms>', 'the same for INVITEs that get no response at all (default: as --t1x64)', milliseconds)
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(LOG_LEVELS).default('info'))
    .addHelpText('after', EXAMPLES)
    .action(async (flags: EngineFlags) => {
      done(await serve(terminal, engineOptions(terminal, flags), flags.logLevel));
    });
}

/** Runs until it is told to stop; answers the exit code. */
async function serve(terminal: Terminal, options: EngineOptions, level: LogLevel): Promise<number> {
  const log = createLogger({ level, pretty: terminal.stderr.isTTY, destination: terminal.stderr });
  const stopping = Promise.withResolvers<number>();
  onStop(terminal, stopping.resolve);
  // In this thread: nothing else is in the process, and whatever ends it is to be seen by who supervises it.
  const engine = await startEngine(options, { log: (at, text) => log[at]({}, text) }).catch((error: Error) => {
    const remedy = error.message.includes('EADDRINUSE')
      ? '. Another program has it: stop that one, or take another'
      : '';
    throw new CommandError(`The engine could not start: ${error.message}${remedy}.`);
  });
  log.info({ sip: engine.sipAddresses, client: clientText(engine) }, 'ready');
  terminal.stdout.write(welcome(engine));
  const exitCode = await stopping.promise;
  await engine.close();
  log.info({}, 'stopped');
  return exitCode;
}

function welcome(engine: LocalEngine): string {
  return `The engine is ready on ${engine.sipAddresses.join(', ')}
  applications  connect to ${clientText(engine)} with the secret
  without any   OPTIONS get 200, everything else 503
`;
}

function clientText({ client: { host: address, port } }: Pick<EngineOptions, 'client'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function engineOptions(terminal: Terminal, flags: EngineFlags): EngineOptions {
  const { client, advertise, localNet, allow, listen = DEFAULT_LISTEN.flatMap((text) => listens(text)) } = flags;
  if (!isLoopback(client.host) && flags.remoteClients !== true) {
    throw new CommandError(
      `--client ${clientText({ client })} can be reached from other machines, and nothing on that connection is encrypted, the secret neither. Take an address of this machine alone (127.0.0.1), or add --remote-clients where the network between is yours alone.`,
      2,
    );
  }
  const mistake = timerMistake(flags);
  if (mistake !== null) throw new CommandError(mistake, 2);
  const { t1 = DEFAULT_TIMERS.t1Ms, t2 = DEFAULT_TIMERS.t2Ms, t4 = DEFAULT_TIMERS.t4Ms, t1x64 = 64 * t1 } = flags;
  return {
    listen,
    client,
    secret: secretOf(terminal, flags),
    timers: {
      t1Ms: t1,
      t2Ms: t2,
      t4Ms: t4,
      t1x64Ms: t1x64,
      ...(flags.timerB === undefined ? {} : { timerBMs: flags.timerB }),
    },
    ...(advertise === undefined ? {} : { advertise }),
    ...(localNet === undefined ? {} : { localNet }),
    ...(allow === undefined ? {} : { allow }),
  };
}

/** RFC 3261 17.1.2.1: T2 caps what T1 begins; and nothing may be given up before it was repeated. */
function timerMistake(flags: EngineFlags): string | null {
  const { t1 = DEFAULT_TIMERS.t1Ms, t2 = DEFAULT_TIMERS.t2Ms, t1x64 = 64 * t1, timerB = t1x64 } = flags;
  if (t1 > t2) return `T1 (${t1} ms) is longer than T2 (${t2} ms), its upper bound: make --t1 shorter or --t2 longer.`;
  if (t1x64 < t1) return `--t1x64 (${t1x64} ms) is shorter than T1 (${t1} ms): 64 times T1 is usual, ${64 * t1}.`;
  if (timerB < t1) return `--timer-b (${timerB} ms) is shorter than T1 (${t1} ms): no INVITE would be repeated.`;
  return null;
}

function secretOf(terminal: Terminal, { secret, secretFile }: EngineFlags): string {
  const given = secret ?? (secretFile === undefined ? terminal.env[SECRET_VARIABLE] : readSecret(terminal, secretFile));
  if (given === undefined || given === '') {
    throw new CommandError(
      `The secret is missing: applications must show one. Add --secret-file FILE, --secret TEXT, or set ${SECRET_VARIABLE}.`,
      2,
    );
  }
  // It is a token of a line (drachtio-protocol 1.2).
  if (/[|\r\n]/.test(given)) throw new CommandError('The secret may have no | and no line break.', 2);
  return given;
}

function readSecret(terminal: Terminal, file: string): string {
  const path = resolve(terminal.cwd, file);
  try {
    const read = readRegularFile(path, MAX_SECRET_BYTES);
    if (typeof read !== 'string') return read.bytes.toString('utf8').replace(/\r?\n$/, '');
    throw new Error(read === 'too large' ? `it is larger than ${MAX_SECRET_BYTES} bytes` : 'it is no file');
  } catch (error) {
    throw new CommandError(`--secret-file ${path}: ${error instanceof Error ? error.message : String(error)}`, 2);
  }
}

function listens(text: string, before: readonly Listen[] = []): Listen[] {
  const address = listenAddress(text);
  if (address === null) {
    throw new InvalidArgumentError('It must be like udp://127.0.0.1:5060 or tcp://[::1]:5060.');
  }
  const { protocol, host: bound, port } = address;
  if (!PROTOCOLS.has(protocol)) {
    throw new InvalidArgumentError(`${protocol} is not built yet: take ${[...PROTOCOLS].join(' or ')}.`);
  }
  if (
    port !== 0 &&
    before.some((known) => known.protocol === protocol && known.address === bound && known.port === port)
  ) {
    throw new InvalidArgumentError('It is named twice.');
  }
  return [...before, { protocol, address: bound, port }];
}

function clientAddress(text: string): EngineOptions['client'] {
  const address = listenAddress(`tcp://${text.replace(/^localhost:/, '127.0.0.1:')}`);
  if (address === null) throw new InvalidArgumentError(`It must be an address and a port: ${DEFAULT_CLIENT}.`);
  return { host: address.host, port: address.port };
}

function host(text: string): string {
  if (!isHost(text)) throw new InvalidArgumentError('It must be an address or a host name, without a port.');
  return text;
}

function cidrs(text: string, before: readonly string[] = []): string[] {
  if (!isCidr(text)) throw new InvalidArgumentError('It must be like 192.0.2.0/24, 2001:db8::/32 or one address.');
  return [...before, text];
}
