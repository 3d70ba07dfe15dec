import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Clock } from '../stack.types.ts';
import { Framer, type Framed } from './framer.ts';
import { TCP_KEEP_ALIVE_MS, type TransportLimits } from './limits.ts';
import { TransportError, type Destination, type Flow, type ListenAddress } from './transport.ts';

const PONG = Buffer.from('\r\n');

export type Sent = (error: TransportError | null, flow: Flow | null) => void;

export interface ConnectionHandlers {
  onFramed(framed: Framed, flow: Flow): void;
  /** Once, when the connection ends; `flow` is null where it never opened. */
  onClosed(connection: TcpConnection, flow: Flow | null): void;
  /** `heldBytes` of a connection has changed by so much. */
  onHeld(changeBytes: number): void;
  /** Something was thrown while `what` was handled. */
  onDefect(what: string, error: unknown): void;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly onSent: Sent;
}

/** One TCP connection, accepted or made. Connecting -> open -> closed. */
export class TcpConnection {
  readonly id: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #limits: TransportLimits;
  readonly #clock: Clock;
  readonly #framer = new Framer();
  #flow: Flow | null = null;
  #closed = false;
  /** Why it is being closed by us. */
  #reason: TransportError | null = null;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #timer: unknown = null;
  /** A message of the peer came; a connection of ours need not wait for one. */
  #heard = false;
  #receivedMs = -Infinity;
  #heldBytes = 0;

  private constructor(
    id: number,
    socket: Socket,
    remote: { address: string; port: number },
    handlers: ConnectionHandlers,
    limits: TransportLimits,
    clock: Clock,
  ) {
    this.id = id;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.#socket = socket;
    this.#handlers = handlers;
    this.#limits = limits;
    this.#clock = clock;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => (this.#reason ??= connectionError(error, remote)));
    socket.on('close', () => this.#ended());
  }

  static accepted(
    id: number,
    socket: Socket,
    handlers: ConnectionHandlers,
    limits: TransportLimits,
    clock: Clock,
  ): TcpConnection {
    const remote = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const connection = new TcpConnection(id, socket, remote, handlers, limits, clock);
    connection.#opened();
    connection.#limit(limits.messageTimeoutMs, 'no message came');
    return connection;
  }

  /** `localAddress`: null lets the system choose. */
  static connecting(
    id: number,
    to: Destination,
    localAddress: string | null,
    handlers: ConnectionHandlers,
    limits: TransportLimits,
    clock: Clock,
  ): TcpConnection {
    const socket = connect({
      host: to.address,
      port: to.port,
      ...(localAddress === null ? {} : { localAddress }),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    });
    const connection = new TcpConnection(id, socket, to, handlers, limits, clock);
    connection.#heard = true;
    connection.#limit(limits.connectTimeoutMs, 'it did not answer in time');
    socket.on('connect', () => connection.#opened());
    return connection;
  }

  get open(): boolean {
    return this.#flow !== null && !this.#closed && this.#reason === null;
  }

  /** Whether a message may still be handed over: it is open, or about to be. */
  get usable(): boolean {
    return !this.#closed && this.#reason === null;
  }

  /** What incomplete messages of this peer take; 0 once it is being closed. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get flow(): Flow | null {
    return this.#flow;
  }

  send(bytes: Buffer, onSent: Sent): void {
    if (!this.usable) {
      onSent(this.#reason ?? this.#error('closed', 'is closed'), null);
    } else if (this.#socket.writableLength + this.#waitingBytes + bytes.length > this.#limits.maxWriteQueueBytes) {
      // Who does not read will not read the next message either; the queue is given back.
      const error = this.#error('failed', `does not read: ${this.#limits.maxWriteQueueBytes} bytes wait for it`);
      this.close(error);
      onSent(error, null);
    } else if (this.#flow === null) {
      this.#waiting.push({ bytes, onSent });
      this.#waitingBytes += bytes.length;
    } else {
      this.#socket.write(bytes);
      onSent(null, this.#flow);
    }
  }

  /** Ends it at once, what was not sent is lost. */
  close(reason: TransportError | null = null): void {
    this.#reason ??= reason ?? this.#error('closed', 'was closed');
    this.#hold(0);
    this.#socket.destroy();
  }

  /** Ends it where nothing came for so long: its far end is gone, though nobody told us (no RST, a NAT that forgot). */
  closeIfSilent(silentMs: number): void {
    if (this.#clock.now() - this.#receivedMs < silentMs) return;
    this.close(this.#error('timeout', `was silent for ${silentMs} ms`));
  }

  /** Ends it when what was written is out. */
  closeAfterWrites(): void {
    this.#reason ??= this.#error('closed', 'was closed');
    this.#socket.destroySoon();
  }

  #opened(): void {
    this.#stopTimer();
    this.#flow = {
      protocol: 'tcp',
      localAddress: this.#socket.localAddress ?? '',
      localPort: this.#socket.localPort ?? 0,
      remoteAddress: this.remoteAddress,
      remotePort: this.remotePort,
      connectionId: this.id,
    };
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { bytes, onSent } of waiting) this.#guarded('a message', () => this.send(bytes, onSent));
  }

  #receive(chunk: Buffer): void {
    const flow = this.#flow;
    if (flow === null || !this.usable) return;
    this.#receivedMs = this.#clock.now();
    let complete = false;
    let pinged = false;
    for (const framed of this.#cut(chunk)) {
      if (!this.usable) return;
      // Only a message earns a place: line breaks and what must be refused cost a stranger nothing.
      this.#heard ||= framed.kind === 'message';
      complete = this.#heard;
      if (framed.kind === 'ping') pinged = true;
      else this.#hand(framed, flow);
      if (framed.kind === 'failure' && framed.fatal) this.closeAfterWrites();
    }
    if (!this.usable) return;
    // One for the chunk, however many it holds: whoever floods us with line breaks gets no flood back.
    if (pinged) this.#pong();
    // Only a whole message restarts the time: one byte every few seconds does not hold a connection.
    if (complete) this.#stopTimer();
    if (this.#framer.partial && this.#timer === null) {
      this.#limit(this.#limits.messageTimeoutMs, 'the rest of a message did not come');
    }
  }

  #cut(chunk: Buffer): readonly Framed[] {
    try {
      const framed = this.#framer.push(chunk);
      this.#hold(this.#framer.heldBytes);
      return framed;
    } catch (error) {
      // Where its next message begins is unknown.
      this.close(this.#error('failed', 'sent what could not be read'));
      this.#handlers.onDefect(`a stream from ${this.#name}`, error);
      return [];
    }
  }

  #hold(bytes: number): void {
    const change = bytes - this.#heldBytes;
    if (change === 0) return;
    this.#heldBytes = bytes;
    this.#handlers.onHeld(change);
  }

  #hand(framed: Framed, flow: Flow): void {
    try {
      this.#handlers.onFramed(framed, flow);
    } catch (error) {
      this.#handlers.onDefect(`a message from ${this.#name}`, error);
    }
  }

  #guarded(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#handlers.onDefect(`${what} to ${this.#name}`, error);
    }
  }

  get #name(): string {
    return `tcp:${this.remoteAddress}:${this.remotePort}`;
  }

  /** Not to a peer that does not read: its pings would fill our memory. */
  #pong(): void {
    if (this.#socket.writableLength === 0) this.#socket.write(PONG);
  }

  #limit(timeoutMs: number, what: string): void {
    this.#timer = this.#clock.setTimeout(
      () => this.close(this.#error('timeout', `${what} (${timeoutMs} ms)`)),
      timeoutMs,
    );
  }

  #stopTimer(): void {
    if (this.#timer === null) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #ended(): void {
    this.#closed = true;
    this.#stopTimer();
    this.#hold(0);
    const error = this.#reason ?? this.#error('closed', 'was closed by the peer');
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#guarded('the end of the connection', () => this.#handlers.onClosed(this, this.#flow));
    for (const { onSent } of waiting) this.#guarded('a message', () => onSent(error, null));
  }

  #error(code: TransportError['code'], what: string): TransportError {
    return new TransportError(code, `${this.#name} ${what}`);
  }
}

function connectionError(cause: NodeJS.ErrnoException, remote: { address: string; port: number }): TransportError {
  return new TransportError(codeOf(cause), `tcp:${remote.address}:${remote.port}: ${cause.message}`, { cause });
}

function codeOf(error: NodeJS.ErrnoException): TransportError['code'] {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'closed';
    default:
      return 'failed';
  }
}

/** A listening socket; `onSocket` gets every connection with its options set. */
export async function listenTcp(listen: ListenAddress, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS }, onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: listen.address, port: listen.port, ipv6Only: isIP(listen.address) === 6 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // Running out of file descriptors is reported here; the server goes on listening.
  server.on('error', () => undefined);
  return server;
}
