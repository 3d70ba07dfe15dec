import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, connect as connectTcp, type AddressInfo, type Server, type Socket as TcpSocket } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type ConnectionOptions,
  type TlsOptions,
} from 'node:tls';

/**
 * A raw SIP peer for tests: it sends the text it is told to and waits for what matches. It knows no transactions, so that a
 * test can be as wrong as it likes.
 */
export interface SipPeer {
  readonly protocol: 'udp' | 'tcp' | 'tls';
  readonly port: number;
  /** Everything received, in order. */
  readonly received: Received[];
  /**
   * The first message, from those not taken yet, that matches; removed from the queue. Copies of a message, which come whenever
   * the machine is slow to answer, are passed over. Rejects after `timeoutMs`.
   */
  expect(match: RegExp, timeoutMs?: number): Promise<Received>;
  /** The same for copies alone, where the repetition is what matters. */
  expectCopy(match: RegExp, timeoutMs?: number): Promise<Received>;
  /** How many received messages match. */
  count(match: RegExp): number;
  /** Sends to `to`, or to where the last message came from. Line ends may be \n; Content-Length is added. */
  send(text: string, to?: number): void;
  /** Sends bytes as they are. */
  sendRaw(bytes: Buffer | string, to?: number): void;
  close(): Promise<void>;
}

export interface Received {
  readonly text: string;
  /** The first line. */
  readonly start: string;
  readonly body: string;
  /** Every value of a header, long name, any case. */
  all(name: string): string[];
  header(name: string): string;
}

const EXPECT_TIMEOUT_MS = 5_000;

export function readMessage(text: string): Received {
  const end = text.indexOf('\r\n\r\n');
  const head = end === -1 ? text : text.slice(0, end);
  const lines = head.split('\r\n');
  const all = (name: string): string[] =>
    lines
      .slice(1)
      .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map((line) => line.slice(line.indexOf(':') + 1).trim());
  return {
    text,
    start: lines[0] ?? '',
    body: end === -1 ? '' : text.slice(end + 4),
    all,
    header: (name) => all(name)[0] ?? '',
  };
}

/** CRLF line ends, and a Content-Length in bytes where the text has none. */
export function toWire(text: string): Buffer {
  const [head = '', ...rest] = text.replace(/\r?\n/g, '\n').replace(/^\n+/, '').split('\n\n');
  const body = rest.join('\n\n').replace(/\n/g, '\r\n');
  const length = /^content-length:/im.test(head) ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(
    `${head
      .trimEnd()
      .replace(/\n[ \t]*(?=\S+:)/g, '\n')
      .replace(/\n/g, '\r\n')}\r\n${length}\r\n${body}`,
  );
}

interface Waiter {
  readonly match: RegExp;
  readonly copy: boolean;
  resolve(message: Received): void;
}

class Inbox {
  readonly received: Received[] = [];
  readonly #seen = new Set<string>();
  readonly #queue: { readonly message: Received; readonly copy: boolean }[] = [];
  readonly #waiting: Waiter[] = [];

  push(text: string): void {
    const message = readMessage(text);
    const copy = this.#seen.has(text);
    this.#seen.add(text);
    this.received.push(message);
    const index = this.#waiting.findIndex((waiter) => waiter.copy === copy && waiter.match.test(text));
    const [waiter] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (waiter === undefined) this.#queue.push({ message, copy });
    else waiter.resolve(message);
  }

  expect(match: RegExp, copy: boolean, timeoutMs = EXPECT_TIMEOUT_MS): Promise<Received> {
    const index = this.#queue.findIndex((queued) => queued.copy === copy && match.test(queued.message.text));
    const [found] = index === -1 ? [] : this.#queue.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found.message);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        match,
        copy,
        resolve: (message) => {
          clearTimeout(timer);
          resolve(message);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        const seen = this.received.map(({ start }) => start).join('\n  ');
        const what = copy ? 'no copy' : 'nothing';
        reject(new Error(`${what} matched ${match} within ${timeoutMs} ms; received:\n  ${seen}`));
      }, timeoutMs);
      this.#waiting.push(waiter);
    });
  }
}

/** A peer on UDP, port 0 of `own`. `to` defaults to `defaultPort`. */
export async function udpPeer(defaultPort: number, host = '127.0.0.1', own = host): Promise<SipPeer> {
  const socket: UdpSocket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const inbox = new Inbox();
  let lastPort = defaultPort;
  socket.on('message', (bytes, from) => {
    lastPort = from.port;
    inbox.push(bytes.toString('utf8'));
  });
  socket.bind(0, own);
  await once(socket, 'listening');
  const sendRaw = (bytes: Buffer | string, to = lastPort): void => socket.send(bytes, to, host);
  return {
    protocol: 'udp',
    port: socket.address().port,
    received: inbox.received,
    expect: (match, timeoutMs) => inbox.expect(match, false, timeoutMs),
    expectCopy: (match, timeoutMs) => inbox.expect(match, true, timeoutMs),
    count: (match) => inbox.received.filter(({ text }) => match.test(text)).length,
    send: (text, to) => sendRaw(toWire(text), to),
    sendRaw,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** A peer over connections: its end of them can be dropped. */
export interface StreamPeer extends SipPeer {
  /** How many connections it has. */
  connections(): number;
  drop(): void;
}

/** A peer that listens on TCP, port 0, and connects to `defaultPort` when it sends first. */
export function tcpPeer(defaultPort: number, host = '127.0.0.1'): Promise<StreamPeer> {
  return streamPeer('tcp', createServer(), () => connectTcp(defaultPort, host), host);
}

/** The same by TLS. `settings`: its own certificate and key, and whom it believes. */
export function tlsPeer(
  defaultPort: number,
  settings: TlsOptions & ConnectionOptions,
  host = '127.0.0.1',
): Promise<StreamPeer> {
  return streamPeer('tls', createTlsServer(settings), () => connectTls({ ...settings, port: defaultPort, host }), host);
}

async function streamPeer(
  protocol: 'tcp' | 'tls',
  server: Server,
  connect: () => TcpSocket,
  host: string,
): Promise<StreamPeer> {
  const inbox = new Inbox();
  const sockets = new Set<TcpSocket>();
  let last: TcpSocket | null = null;
  const adopt = (socket: TcpSocket): void => {
    sockets.add(socket);
    last = socket;
    let pending = '';
    socket.on('data', (chunk) => {
      last = socket;
      pending += chunk.toString('latin1');
      pending = takeMessages(pending, (text) => inbox.push(Buffer.from(text, 'latin1').toString('utf8')));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (last === socket) last = null;
    });
  };
  server.on(protocol === 'tls' ? 'secureConnection' : 'connection', adopt);
  server.listen(0, host);
  await once(server, 'listening');
  const sendRaw = (bytes: Buffer | string): void => {
    if (last === null) adopt(connect());
    last?.write(bytes);
  };
  return {
    protocol,
    port: (server.address() as AddressInfo).port,
    received: inbox.received,
    expect: (match, timeoutMs) => inbox.expect(match, false, timeoutMs),
    expectCopy: (match, timeoutMs) => inbox.expect(match, true, timeoutMs),
    count: (match) => inbox.received.filter(({ text }) => match.test(text)).length,
    send: (text) => sendRaw(toWire(text)),
    sendRaw,
    connections: () => sockets.size,
    drop: () => {
      for (const socket of sockets) socket.destroy();
      last = null;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function takeMessages(pending: string, take: (text: string) => void): string {
  let rest = pending.replace(/^(\r\n)+/, '');
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return rest;
    const length = Number(/^content-length:\s*(\d+)/im.exec(rest.slice(0, end))?.[1] ?? 0);
    if (rest.length < end + 4 + length) return rest;
    take(rest.slice(0, end + 4 + length));
    rest = rest.slice(end + 4 + length).replace(/^(\r\n)+/, '');
  }
}
