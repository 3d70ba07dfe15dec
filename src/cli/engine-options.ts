import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { isCidr, isHost, isLoopback, listenAddress, webOrigin } from '../config/index.ts';
import type { EngineOptions } from '../drachtio/index.ts';
import { DEFAULT_TIMERS } from '../sip/index.ts';
import { readRegularFile } from '../yamlfile/index.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** What `mcg engine` is told on its command line, and the options of an engine made of it. */

type Listen = EngineOptions['listen'][number];

export interface EngineFlags {
  readonly listen?: readonly Listen[];
  readonly client: EngineOptions['client'];
  readonly remoteClients?: true;
  readonly secret?: string;
  readonly secretFile?: string;
  readonly advertise?: string;
  readonly localNet?: readonly string[];
  readonly allow?: readonly string[];
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly tlsServerCa?: string;
  readonly origin?: readonly string[];
  readonly cdrs?: true;
  readonly t1?: number;
  readonly t2?: number;
  readonly t4?: number;
  readonly t1x64?: number;
  readonly timerB?: number;
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
/** What needs a certificate of ours. */
const TLS: ReadonlySet<Listen['protocol']> = new Set(['tls', 'wss']);
export const DEFAULT_LISTEN = ['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060'];
/** As drachtio-server's. */
export const DEFAULT_CLIENT = '127.0.0.1:9022';
/** drachtio-server reads it too. */
export const SECRET_VARIABLE = 'DRACHTIO_SECRET';
/** Secrets and certificates are small. */
const MAX_FILE_BYTES = 64 * 1024;

export function engineOptions(terminal: Terminal, flags: EngineFlags): EngineOptions {
  const {
    client,
    advertise,
    localNet,
    allow,
    origin,
    cdrs,
    listen = DEFAULT_LISTEN.flatMap((text) => listens(text)),
  } = flags;
  if (!isLoopback(client.host) && flags.remoteClients !== true) {
    throw new CommandError(
      `--client ${clientText({ client })} can be reached from other machines, and nothing on that connection is encrypted, the secret neither. Take an address of this machine alone (127.0.0.1), or add --remote-clients where the network between is yours alone.`,
      2,
    );
  }
  const taken = listen.find((each) => each.protocol !== 'udp' && isSamePort(each, client.host, client.port));
  if (taken !== undefined) {
    const has = `--listen ${taken.protocol}://${clientText({ client: { host: taken.address, port: taken.port } })}`;
    throw new CommandError(
      `--client ${clientText({ client })} has the port of ${has}: choose another for one of them.`,
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
    ...(origin === undefined ? {} : { origins: origin }),
    ...(cdrs === undefined ? {} : { cdrs }),
    ...tlsOf(terminal, flags, listen),
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
  const given =
    secret ??
    (secretFile === undefined ? terminal.env[SECRET_VARIABLE] : readFile(terminal, '--secret-file', secretFile));
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

function tlsOf(terminal: Terminal, flags: EngineFlags, listen: readonly Listen[]): Pick<EngineOptions, 'tls'> {
  const { tlsCertificate, tlsKey, tlsClientCa, tlsServerCa } = flags;
  if (tlsCertificate === undefined || tlsKey === undefined) {
    const [given] = Object.entries({ tlsCertificate, tlsKey, tlsClientCa, tlsServerCa }).filter(([, file]) => file);
    const [secure] = listen.filter(({ protocol }) => TLS.has(protocol));
    if (given === undefined && secure === undefined) return {};
    const why = secure === undefined ? 'TLS' : `Listening on ${secure.protocol}://`;
    throw new CommandError(`${why} needs both --tls-certificate FILE and --tls-key FILE.`, 2);
  }
  return {
    tls: {
      certificate: readCertificate(terminal, '--tls-certificate', tlsCertificate),
      key: readFile(terminal, '--tls-key', tlsKey),
      ...(tlsClientCa === undefined ? {} : { clientCa: readCertificate(terminal, '--tls-client-ca', tlsClientCa) }),
      ...(tlsServerCa === undefined ? {} : { serverCa: readCertificate(terminal, '--tls-server-ca', tlsServerCa) }),
    },
  };
}

function readCertificate(terminal: Terminal, flag: string, file: string): string {
  const text = readFile(terminal, flag, file);
  try {
    // OpenSSL passes over authorities that are none.
    void new X509Certificate(text);
  } catch {
    const remedy = 'name a PEM file, it has a line -----BEGIN CERTIFICATE-----.';
    throw new CommandError(`${flag} ${file} holds no certificate that can be read: ${remedy}`, 2);
  }
  return text;
}

/** Without the last line break. */
function readFile(terminal: Terminal, flag: string, file: string): string {
  const path = resolve(terminal.cwd, file);
  try {
    const read = readRegularFile(path, MAX_FILE_BYTES);
    if (typeof read !== 'string') return read.bytes.toString('utf8').replace(/\r?\n$/, '');
    throw new Error(read === 'too large' ? `it is larger than ${MAX_FILE_BYTES} bytes` : 'it is no file');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = missing ? 'there is no such file' : error instanceof Error ? error.message : String(error);
    throw new CommandError(`${flag} ${path}: ${why}`, 2);
  }
}

/** An address that is bound by itself and with all others of its family cannot be bound twice. */
function isSamePort(known: Listen, address: string, port: number): boolean {
  if (port === 0 || known.port !== port || known.address.includes(':') !== address.includes(':')) return false;
  return known.address === address || WILDCARDS.has(known.address) || WILDCARDS.has(address);
}

/** What is wrong with `udp://host:port` or `host:port`; `usual` where nothing better can be said. */
function addressMistake(text: string, usual: string): string {
  const [, scheme = '', address = '', port = ''] = /^(\w+:\/\/)?(.+):(\d+)$/.exec(text) ?? [];
  if (port === '') return usual;
  if (Number(port) > 65_535) return 'The port must be 1 to 65535.';
  if (isIP(address) === 6) return `IPv6 in brackets: ${scheme}[${address}]:${port}.`;
  return isHost(address) ? `It must be an IP address, no name. ${usual}` : usual;
}

export function listens(text: string, before: readonly Listen[] = []): Listen[] {
  const address = listenAddress(text.replace('://localhost:', '://127.0.0.1:'));
  if (address === null) {
    const usual =
      'It must be udp, tcp, tls, ws or wss with an address and a port: udp://127.0.0.1:5060, tcp://[::1]:5060.';
    throw new InvalidArgumentError(/^(udp|tcp|tls|wss?):/.test(text) ? addressMistake(text, usual) : usual);
  }
  const { protocol, host: bound, port } = address;
  // TCP, TLS and WebSocket share their ports.
  const isTaken = (known: Listen): boolean =>
    (known.protocol === 'udp') === (protocol === 'udp') && isSamePort(known, bound, port);
  if (before.some(isTaken)) throw new InvalidArgumentError('Another --listen has this port.');
  return [...before, { protocol, address: bound, port }];
}

export function clientAddress(text: string): EngineOptions['client'] {
  const address = listenAddress(`tcp://${text.replace(/^localhost:/, '127.0.0.1:')}`);
  if (address === null) {
    throw new InvalidArgumentError(addressMistake(text, `It must be an address and a port: ${DEFAULT_CLIENT}.`));
  }
  return { host: address.host, port: address.port };
}

export function host(text: string): string {
  if (!isHost(text)) throw new InvalidArgumentError('It must be an address or a host name, without a port.');
  return text;
}

export function cidrs(text: string, before: readonly string[] = []): string[] {
  if (!isCidr(text)) throw new InvalidArgumentError('It must be like 192.0.2.0/24, 2001:db8::/32 or one address.');
  return [...before, text];
}

export function origins(text: string, before: readonly string[] = []): string[] {
  const origin = webOrigin(text);
  if (origin === null)
    throw new InvalidArgumentError('It must be like https://phone.example.com: scheme, host, port, no path.');
  return [...before, origin];
}

/** `127.0.0.1:9022`. */
export function clientText({ client: { host: address, port } }: Pick<EngineOptions, 'client'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
