import type { Socket } from 'node:net';
import { MAX_BODY_BYTES } from '../message/limits.ts';
import type { Clock } from '../stack.types.ts';
import type { Framed } from './framer.ts';
import type { TransportLimits } from './limits.ts';
import { TransportError, type Flow, type TransportProtocol } from './transport.ts';
import type { Turns } from './turns.ts';
import type { Wire, WireUser } from './wire.ts';

const NOTHING = Buffer.alloc(0);

export type Sent = (error: TransportError | null, flow: Flow | null) => void;

export interface ConnectionHandlers {
  onFramed(framed: Framed, flow: Flow): void;
  /** Once, when the connection ends; `flow` is null where it never opened. */
  onClosed(connection: Connection, flow: Flow | null): void;
  /** `heldBytes` of a connection has changed by so much. */
  onHeld(changeBytes: number): void;
  /** Something was thrown while `what` was handled. */
  onDefect(what: string, error: unknown): void;
}

export interface ConnectionParts {
  readonly id: number;
  readonly protocol: TransportProtocol;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** What the bytes go over at the bottom: its end is the connection's. */
  readonly socket: Socket;
  /** We made it. */
  readonly ours: boolean;
  /** How long it may take to open, handshakes included. */
  readonly openTimeoutMs: number;
  /** Its peer may keep it without a request that was let in. */
  readonly expected: boolean;
  readonly handlers: ConnectionHandlers;
  readonly limits: TransportLimits;
  readonly clock: Clock;
  /** Shared by all connections. */
  readonly turns: Turns;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly onSent: Sent;
}

/** One TCP, TLS or WebSocket connection, accepted or made. Connecting (handshakes are part of it) -> open -> closed. */
export class Connection implements WireUser {
  readonly id: number;
  readonly protocol: TransportProtocol;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #parts: ConnectionParts;
  readonly #clock: Clock;
  #wire: Wire | null = null;
  #flow: Flow | null = null;
  #closed = false;
  /** Why it is being closed by us. */
  #reason: TransportError | null = null;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #timer: unknown = null;
  /** It is ours, its source is expected, or a request of its peer was let in. */
  #wanted: boolean;
  /** A message of the peer came; a connection of ours need not wait for one. */
  #heard: boolean;
  #receivedMs = -Infinity;
  #heldBytes = 0;
  #keepAlive: unknown = null;
  /** A sign of life was asked for, and nothing has come since. */
  #silent = false;
  /** Some of our pings were answered: a missing answer means something. */
  #answersPings = false;

  constructor(parts: ConnectionParts) {
    const { socket, ours, openTimeoutMs } = parts;
    this.id = parts.id;
    this.protocol = parts.protocol;
    this.remoteAddress = parts.remoteAddress;
    this.remotePort = parts.remotePort;
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#wanted = ours || parts.expected;
    this.#heard = ours;
    socket.on('error', (error) => this.failed(error));
    socket.on('close', () => this.#ended());
    this.#limit(openTimeoutMs, ours ? 'it did not answer in time' : 'its handshake took too long');
  }

  get open(): boolean {
    return this.#flow !== null && this.usable;
  }

  /** Whether a message may still be handed over: it is open, or about to be. */
  get usable(): boolean {
    return !this.#closed && this.#reason === null;
  }

  /** Whether it may serve everyone who goes to its far end: not while a stranger's, who may leave, or be made to, any moment. */
  get reusable(): boolean {
    return this.usable && this.#wanted;
  }

  /** What incomplete messages of this peer take; 0 once it is being closed. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get name(): string {
    return `${this.protocol}:${this.remoteAddress}:${this.remotePort}`;
  }

  /** It can carry messages from now on. */
  opened(wire: Wire): void {
    if (!this.usable) {
      wire.destroy();
      return;
    }
    const { socket, ours, limits } = this.#parts;
    this.#stopTimer();
    this.#wire = wire;
    this.#flow = {
      protocol: this.protocol,
      localAddress: socket.localAddress ?? '',
      localPort: socket.localPort ?? 0,
      remoteAddress: this.remoteAddress,
      remotePort: this.remotePort,
      connectionId: this.id,
    };
    if (ours) this.#keepAliveLater();
    else if (this.#wanted) this.#limit(limits.messageTimeoutMs, 'no message came');
    else {
      wire.maxBodyBytes = limits.maxStrangerBodyBytes;
      this.#limit(limits.idleStrangerMs, 'no request of it was let in');
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { bytes, onSent } of waiting) this.#guarded('a message', () => this.send(bytes, onSent));
  }

  /** A request of its peer was let in: it may stay, and is kept alive. */
  keep(): void {
    if (this.#keepAlive !== null || this.#wire === null || !this.usable) return;
    this.#wanted = true;
    this.#wire.maxBodyBytes = MAX_BODY_BYTES;
    this.#keepAliveLater();
    this.#watch(true);
  }

  send(bytes: Buffer, onSent: Sent): void {
    const wire = this.#wire;
    const { maxWriteQueueBytes } = this.#parts.limits;
    if (!this.usable) {
      onSent(this.#reason ?? this.#error('closed', 'is closed'), null);
    } else if ((wire?.queuedBytes ?? 0) + this.#waitingBytes + bytes.length > maxWriteQueueBytes) {
      // Who does not read will not read the next message either; the queue is given back.
      const error = this.#error('failed', `does not read: ${maxWriteQueueBytes} bytes wait for it`);
      this.close(error);
      onSent(error, null);
    } else if (wire === null) {
      this.#waiting.push({ bytes, onSent });
      this.#waitingBytes += bytes.length;
    } else {
      wire.send(bytes);
      onSent(null, this.#flow);
    }
  }

  /** Ends it at once, what was not sent is lost. */
  close(reason: TransportError | null = null): void {
    this.#reason ??= reason ?? this.#error('closed', 'was closed');
    this.#hold(0);
    (this.#wire ?? this.#parts.socket).destroy();
  }

  /** Ends it where nothing came for so long: its far end is gone, though nobody told us (no RST, a NAT that forgot). */
  closeIfSilent(silentMs: number): void {
    if (this.#clock.now() - this.#receivedMs < silentMs) return;
    this.close(this.#error('timeout', `was silent for ${silentMs} ms`));
  }

  receive(chunk: Buffer): void {
    if (!this.usable) return;
    const asked = this.#silent;
    this.#alive();
    this.#read(chunk, asked);
  }

  readonly #goOn = (): void => {
    if (this.usable) this.#read(NOTHING, false);
  };

  #read(chunk: Buffer, asked: boolean): void {
    const { turns } = this.#parts;
    const flow = this.#flow;
    if (flow === null) return;
    const framed = this.#cut(chunk, asked, turns.share);
    turns.spend(framed.length);
    if (this.#wire?.more === true) turns.wait(this.#goOn);
    let complete = false;
    let pinged = false;
    for (const each of framed) {
      if (!this.usable) return;
      // Only a message earns a place: line breaks and what must be refused cost a stranger nothing.
      this.#heard ||= each.kind === 'message';
      complete = this.#heard;
      if (each.kind === 'ping') pinged = true;
      else if (each.kind === 'pong') this.#answersPings ||= asked;
      else this.#hand(each, flow);
      if (each.kind === 'failure' && each.fatal) this.#closeAfterWrites();
    }
    if (!this.usable) return;
    // One for the chunk, however many it holds: whoever floods us with line breaks gets no flood back.
    if (pinged) this.#pong();
    this.#watch(complete);
  }

  cameIn(): void {
    if (!this.usable) return;
    this.#alive();
    this.#hold(this.#wire?.heldBytes ?? 0);
    this.#watch(false);
  }

  ponged(): void {
    this.#answersPings ||= this.#silent;
    this.#alive();
  }

  failed(error: Error): void {
    this.#reason ??= connectionError(error, this.name);
  }

  #alive(): void {
    this.#receivedMs = this.#clock.now();
    this.#silent = false;
  }

  /** Only a whole message restarts the time: one byte every few seconds does not hold a connection, nor does a stranger's. */
  #watch(complete: boolean): void {
    if (complete && this.#heard && this.#wanted) this.#stopTimer();
    if (this.#wire?.partial === true && this.#timer === null) {
      this.#limit(this.#parts.limits.messageTimeoutMs, 'the rest of a message did not come');
    }
  }

  #cut(chunk: Buffer, pongDue: boolean, maxMessages: number): readonly Framed[] {
    const wire = this.#wire;
    if (wire === null) return [];
    try {
      const framed = wire.cut(chunk, pongDue, maxMessages);
      this.#hold(wire.heldBytes);
      return framed;
    } catch (error) {
      // Where its next message begins is unknown.
      this.close(this.#error('failed', 'sent what could not be read'));
      this.#parts.handlers.onDefect(`a stream from ${this.name}`, error);
      return [];
    }
  }

  #hold(bytes: number): void {
    const change = bytes - this.#heldBytes;
    if (change === 0) return;
    this.#heldBytes = bytes;
    this.#parts.handlers.onHeld(change);
  }

  #hand(framed: Framed, flow: Flow): void {
    try {
      this.#parts.handlers.onFramed(framed, flow);
    } catch (error) {
      this.#parts.handlers.onDefect(`a message from ${this.name}`, error);
    }
  }

  #guarded(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#parts.handlers.onDefect(`${what} to ${this.name}`, error);
    }
  }

  /** Not to a peer that does not read: its pings would fill our memory. */
  #pong(): void {
    if (this.#wire?.queuedBytes === 0) this.#wire.pong();
  }

  // --- keep-alives

  #keepAliveLater(): void {
    this.#keepAlive = this.#clock.setTimeout(() => this.#ping(), this.#parts.limits.keepAliveMs);
  }

  #ping(): void {
    // A peer that does not read need not be asked.
    const asked = this.#wire?.queuedBytes === 0;
    if (asked) {
      this.#wire?.ping();
      this.#silent = true;
    }
    const judged = asked && this.#answersPings;
    if (judged) this.#keepAlive = this.#clock.setTimeout(() => this.#judge(), this.#parts.limits.pongTimeoutMs);
    else this.#keepAliveLater();
  }

  /** RFC 5626 4.4.1: no answer to a ping, the flow has failed. Of peers that never answered one, silence says nothing. */
  #judge(): void {
    if (this.#silent) this.close(this.#error('timeout', 'did not answer a keep-alive'));
    else this.#keepAliveLater();
  }

  // --- the end

  /** Ends it when what was written is out. */
  #closeAfterWrites(): void {
    this.#reason ??= this.#error('closed', 'was closed');
    this.#hold(0);
    this.#wire?.destroySoon();
    // Who does not read what is written would keep it open.
    this.#stopTimer();
    this.#limit(this.#parts.limits.messageTimeoutMs, 'it did not read our last answer');
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
    if (this.#keepAlive !== null) this.#clock.clearTimeout(this.#keepAlive);
    this.#hold(0);
    const error = this.#reason ?? this.#error('closed', 'was closed by the peer');
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#guarded('the end of the connection', () => this.#parts.handlers.onClosed(this, this.#flow));
    for (const { onSent } of waiting) this.#guarded('a message', () => onSent(error, null));
  }

  #error(code: TransportError['code'], what: string): TransportError {
    return new TransportError(code, `${this.name} ${what}`);
  }
}

function connectionError(cause: NodeJS.ErrnoException, name: string): TransportError {
  return new TransportError(codeOf(cause), `${name}: ${cause.message}`, { cause });
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
