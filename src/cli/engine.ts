import { Option, type Command } from 'commander';
import { startEngine, type EngineOptions, type LocalEngine } from '../drachtio/index.ts';
import { LOG_LEVELS, type Logger, type LogLevel } from '../observe/index.ts';
import { DEFAULT_TIMERS } from '../sip/index.ts';
import {
  cidrs,
  clientAddress,
  clientText,
  DEFAULT_CLIENT,
  DEFAULT_LISTEN,
  engineOptions,
  host,
  listens,
  origins,
  SECRET_VARIABLE,
  type EngineFlags,
} from './engine-options.ts';
import { openLog } from './log.ts';
import { milliseconds } from './options.ts';
import { onStop } from './signals.ts';
import { CommandError, type Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  mcg engine --secret cymru
  mcg engine --listen udp://127.0.0.1:5090 --listen tcp://127.0.0.1:5090 --client 127.0.0.1:9022 --secret-file drachtio.secret
  mcg engine --listen wss://0.0.0.0:5443 --tls-certificate cert.pem --tls-key key.pem --secret-file drachtio.secret
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
    .option(
      '--tls-certificate <file>',
      'for tls:// and wss://: our certificate and what stands between it and the root, PEM',
    )
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--tls-client-ca <file>', 'lets in by TLS only who shows a certificate of these authorities, PEM')
    .option('--tls-server-ca <file>', 'authorities of those we call by TLS, PEM, beside the system’s')
    .option('--origin <url>', 'web sites whose pages may open a WebSocket; may be repeated (default: all)', origins)
    .option('--cdrs', 'sends call detail records to applications that ask for them')
    .option('--t1 <ms>', `RFC 3261’s T1 (default: ${DEFAULT_TIMERS.t1Ms})`, milliseconds)
    .option('--t2 <ms>', `T2 (default: ${DEFAULT_TIMERS.t2Ms})`, milliseconds)
    .option('--t4 <ms>', `T4 (default: ${DEFAULT_TIMERS.t4Ms})`, milliseconds)
    .option('--t1x64 <ms>', 'how long requests and 2xx without an answer are kept (default: 64 times T1)', milliseconds)
    .option('--timer-b <ms>', 'the same for INVITEs that get no response at all (default: as --t1x64)', milliseconds)
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(LOG_LEVELS).default('info'))
    .addHelpText('after', EXAMPLES)
    .action(async (flags: EngineFlags & { readonly logLevel: LogLevel }) => {
      done(await serve(terminal, () => engineOptions(terminal, flags), flags.logLevel));
    });
}

/** Runs until it is told to stop; answers the exit code. `read` reads the files that the flags name. */
async function serve(terminal: Terminal, read: () => EngineOptions, level: LogLevel): Promise<number> {
  const options = read();
  const log = openLog(terminal, level);
  const stopping = Promise.withResolvers<number>();
  onStop(terminal, stopping.resolve);
  // In this thread: nothing else is in the process, a thread of its own costs the same CPU (231 to 234 ticks of it for 6,000 calls), and
  // whatever ends it is to be seen by who supervises it.
  const engine = await startEngine(options, { log: (at, text) => log[at]({}, text) }).catch((error: Error) => {
    throw new CommandError(`The engine could not start: ${error.message}. ${remedy(error)}`.trimEnd());
  });
  terminal.onSignal('SIGHUP', () => renewCertificates(engine, read, log));
  log.info({ sip: engine.sipAddresses, client: clientText(engine), advertise: options.advertise }, 'ready');
  terminal.stdout.write(welcome(engine, options));
  const exitCode = await stopping.promise;
  await engine.close();
  log.info({}, 'stopped');
  return exitCode;
}

function renewCertificates(engine: LocalEngine, read: () => EngineOptions, log: Logger): void {
  try {
    const { tls } = read();
    if (tls === undefined) return;
    engine.setTls(tls);
    log.info({}, 'certificates read again');
  } catch (error) {
    log.error({ error }, 'the certificates cannot be used; those before stay');
  }
}

function remedy({ message }: Error): string {
  const [option, elsewhere] = message.includes('listen for applications')
    ? ['--client', '']
    : ['--listen', ' Behind NAT, listen on yours, and name the other with --advertise.'];
  if (message.includes('EADDRINUSE')) {
    return `Another program has this port: stop it, or choose another with ${option}.`;
  }
  if (message.includes('EADDRNOTAVAIL'))
    return `This machine has no such address: give ${option} one of its own.${elsewhere}`;
  // OpenSSL's words.
  if (message.includes('routines:')) return '--tls-certificate and --tls-key must be a pair, in PEM.';
  return '';
}

function welcome(engine: LocalEngine, { advertise, localNet = [] }: EngineOptions): string {
  const local = localNet.length === 0 ? '' : `, those in ${localNet.join(', ')} the address above`;
  const told = advertise === undefined ? '' : `  peers         are told ${advertise}${local}\n`;
  return `The engine is ready on ${engine.sipAddresses.join(', ')}
${told}  applications  connect to ${clientText(engine)} with the secret
  without any   OPTIONS get 200, everything else 503
`;
}
