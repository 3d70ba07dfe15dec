import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';
import { it } from 'vitest';
import type { LocalEngine } from '../../src/drachtio/index.ts';

/** Which engine the suite drives: the embedded one, or the drachtio-server that `DRACHTIO_URL=host:port:secret` names. */
export interface DrachtioServer {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** 64*T1 of its configuration (`<timers>`), 32 s where `DRACHTIO_T1X64_MS` does not tell otherwise. */
  readonly t1x64Ms: number;
}

/** drachtio-server waits this long for the ACK to a 2xx, whatever its `<timers>` say. */
const SERVER_ACK_TIMEOUT_MS = 32_000;
const DEFAULT_T1X64_MS = 32_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** null: the embedded engine. */
export const drachtioServer: DrachtioServer | null = readTarget(
  process.env['DRACHTIO_URL'],
  process.env['DRACHTIO_T1X64_MS'],
);

export function readTarget(url: string | undefined, t1x64Ms: string | undefined): DrachtioServer | null {
  if (url === undefined || url === '') return null;
  const [, host = '', port = '', secret = ''] = /^(.+):(\d+):([^:]+)$/.exec(url) ?? [];
  if (host === '') throw new Error(`DRACHTIO_URL is ${url}: write host:port:secret, such as 127.0.0.1:9022:cymru`);
  return { host, port: Number(port), secret, t1x64Ms: Number(t1x64Ms ?? DEFAULT_T1X64_MS) };
}

/** How long the engine under test waits before it gives up (RFC 3261 17). */
export interface Waits {
  readonly t1x64Ms: number;
  /** For the ACK to a 2xx. */
  readonly ackTimeoutMs: number;
}

export function waitsOf(t1x64Ms: number = DEFAULT_T1X64_MS): Waits {
  return drachtioServer === null
    ? { t1x64Ms, ackTimeoutMs: t1x64Ms }
    : { t1x64Ms: drachtioServer.t1x64Ms, ackTimeoutMs: SERVER_ACK_TIMEOUT_MS };
}

/** A deliberate difference: what the embedded engine does, and what a drachtio-server does instead. */
export function differs<Here, There>(embedded: Here, server: There): Here | There {
  return drachtioServer === null ? embedded : server;
}

/**
 * A test that only the embedded engine can pass: it asks for what only the embedded engine can be told (limits, addresses,
 * its counts), or a drachtio-server cannot do it. Against a drachtio-server it is skipped, and the reason is listed at the end.
 */
export function embeddedIt(reason: string, title: string, test: () => Promise<void> | void): void {
  if (drachtioServer === null) it(title, test);
  else it(title, ({ skip }) => skip(reason));
}

/** The same handle as an embedded engine's, for what the tests of both may ask. */
export async function attach(server: DrachtioServer): Promise<LocalEngine> {
  const hostPorts = await handshake(server);
  return {
    client: { host: server.host, port: server.port },
    secret: server.secret,
    sipAddresses: hostPorts.split(',').map((each) => each.replace('/', '://')),
    defectCount: 0,
    counts: () => {
      throw new Error('a drachtio-server does not tell its counts: declare this test with embeddedIt');
    },
    setTls: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** The SIP addresses that `authenticate` tells; by its answer the server has also seen earlier connections end. */
async function handshake({ host, port, secret }: DrachtioServer): Promise<string> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS) });
    const payload = `00000000-0000-4000-8000-000000000000|authenticate|${secret}|`;
    socket.write(`${payload.length}#${payload}`);
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS) })) as [Buffer];
    const tokens = answer.toString().split('|');
    if (tokens[3] !== 'OK') throw new Error(tokens[4] ?? answer.toString());
    return tokens[4] ?? '';
  } catch (error) {
    throw new Error(`no drachtio-server serves ${host}:${port}; did the last test end it?`, { cause: error });
  } finally {
    socket.destroy();
  }
}
