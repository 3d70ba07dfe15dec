import type { Socket } from 'node:net';
import { FrameParser } from './framing.ts';
import type { EngineLimits } from '../limits.ts';
import { type Command, parsePayload } from './token-line.ts';

/** The first byte of a TLS connection (RFC 8446 5.1); a frame begins with a digit. */
const TLS_HANDSHAKE = 0x16;

export interface ClientHandlers {
  onCommand(client: Client, command: Command): void;
  onClosed(client: Client): void;
  /** Somebody who did not show the secret was turned away, for an operator: anybody can do that any number of times. */
  onRefused(text: string): void;
  /** Something was thrown while `what` was handled. */
  onDefect(what: string, error: unknown): void;
  log(level: 'warn' | 'info' | 'debug', text: string): void;
}

/**
 * One connection of an application. What is sent in one turn of the event loop leaves in one write, in the order of the
 * calls, on which the order rules of drachtio-protocol 4.2 rest.
 */
export class Client {
  readonly name: string;
  authenticated = false;
  readonly #socket: Socket;
  readonly #handlers: ClientHandlers;
  readonly #limits: EngineLimits;
  readonly #parser: FrameParser;
  readonly #authenticateTimer: NodeJS.Timeout;
  #queue: (string | Buffer)[] = [];
  #queuedBytes = 0;
  #flushing: NodeJS.Immediate | null = null;
  #busy = false;
  #closed = false;

  constructor(socket: Socket, limits: EngineLimits, handlers: ClientHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#limits = limits;
    this.#parser = new FrameParser(limits.maxUnauthenticatedFrameBytes);
    this.name = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.#authenticateTimer = setTimeout(() => this.abort('did not authenticate'), limits.authenticateTimeoutMs);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 45_000);
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#receive(chunk);
      } catch (error) {
        handlers.onDefect(`what application ${this.name} sent`, error);
        this.abort('sent what could not be read');
      }
    });
    socket.on('error', (error) => {
      if (this.authenticated) {
        handlers.log('info', `application ${this.name}: ${error.message}`);
      }
    });
    socket.on('close', () => this.#onClose());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether so much waits for it that what is new had better go elsewhere. */
  isBusy(): boolean {
    const bytes = this.#backlogBytes();
    const busy = bytes > this.#limits.busyClientBacklogBytes;
    if (busy && !this.#busy) {
      this.#handlers.log('warn', `application ${this.name} is busy: ${bytes} bytes wait for it, new requests get 503`);
    }
    this.#busy = busy;
    return busy;
  }

  /** Whether it is so far behind that its dialogs too must go without what they can do without. */
  isOverrun(): boolean {
    return this.#backlogBytes() > this.#limits.maxClientBacklogBytes / 2;
  }

  /** The application knows the secret: long frames are welcome now. */
  admit(): void {
    this.authenticated = true;
    this.#parser.maxFrameBytes = this.#limits.maxFrameBytes;
    clearTimeout(this.#authenticateTimer);
  }

  /** Sends a first line (one character per byte) and the SIP message that belongs to it. */
  send(line: string, text: Buffer | null = null): void {
    if (this.#closed) {
      return;
    }
    const head = text === null ? `${line.length}#${line}` : `${line.length + 2 + text.length}#${line}\r\n`;
    this.#queue.push(head);
    this.#queuedBytes += head.length;
    if (text !== null) {
      this.#queue.push(text);
      this.#queuedBytes += text.length;
    }
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  /** Sends what is queued, then closes: the end of a connection that broke the protocol. */
  end(): void {
    this.#flush();
    this.#socket.destroySoon();
    this.#onClose();
  }

  /** Closes at once. */
  abort(reason: string): void {
    if (!this.#closed) {
      const text = `application ${this.name}: ${reason}, its connection is closed`;
      if (this.authenticated) {
        this.#handlers.log('warn', text);
      } else {
        this.#handlers.onRefused(text);
      }
    }
    this.#socket.destroy();
    this.#onClose();
  }

  #backlogBytes(): number {
    return this.#socket.writableLength + this.#queuedBytes;
  }

  #receive(chunk: Buffer): void {
    const { frames, problem } = this.#parser.push(chunk);
    for (const frame of frames) {
      if (this.#closed) {
        return;
      }
      this.#handlers.onCommand(this, parsePayload(frame));
    }
    if (problem !== null) {
      this.abort(
        chunk[0] === TLS_HANDSHAKE && !this.authenticated ? 'this looks like TLS: connect without `tls`' : problem,
      );
    }
  }

  #flush(): void {
    if (this.#flushing !== null) {
      clearImmediate(this.#flushing);
      this.#flushing = null;
    }
    if (this.#closed || this.#queue.length === 0) {
      return;
    }
    const batch = Buffer.allocUnsafe(this.#queuedBytes);
    let at = 0;
    for (const piece of this.#queue) {
      at += typeof piece === 'string' ? batch.write(piece, at, 'latin1') : piece.copy(batch, at);
    }
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#socket.write(batch);
    // An application that does not read must not fill our memory.
    if (this.#socket.writableLength > this.#limits.maxClientBacklogBytes) {
      this.abort(`does not read, ${this.#socket.writableLength} bytes wait for it`);
    }
  }

  #onClose(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    clearTimeout(this.#authenticateTimer);
    if (this.#flushing !== null) {
      clearImmediate(this.#flushing);
    }
    this.#queue = [];
    this.#socket.removeAllListeners('data');
    this.#handlers.onClosed(this);
  }
}
