import type { Socket } from 'node:net';
import { Framer, type Framed } from './framer.ts';
import type { Wire, WireUser } from './wire.ts';

const PING = Buffer.from('\r\n\r\n');
const PONG = Buffer.from('\r\n');

/** A byte stream, TCP or TLS, in which Content-Length tells the messages apart (RFC 3261 18.3). */
export class StreamWire implements Wire {
  readonly #socket: Socket;
  readonly #framer = new Framer();

  constructor(socket: Socket, user: WireUser) {
    this.#socket = socket;
    socket.on('data', (chunk) => user.receive(chunk));
    socket.on('error', (error) => {
      user.failed(error);
      // TLS that gets no TLS any more is left open by Node.js.
      socket.destroy();
    });
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  get heldBytes(): number {
    return this.#framer.heldBytes;
  }

  get partial(): boolean {
    return this.#framer.partial;
  }

  get maxBodyBytes(): number {
    return this.#framer.maxBodyBytes;
  }

  set maxBodyBytes(bytes: number) {
    this.#framer.maxBodyBytes = bytes;
  }

  get more(): boolean {
    return this.#framer.more;
  }

  cut(bytes: Buffer, pongDue: boolean, maxMessages: number): readonly Framed[] {
    const paused = this.#framer.more;
    const framed = this.#framer.push(bytes, pongDue, maxMessages);
    if (this.#framer.more !== paused) this.#pause(!paused);
    return framed;
  }

  #pause(paused: boolean): void {
    // The peer's end is heard even while paused. What it sent before is to be read, and answered, first.
    this.#socket.allowHalfOpen = paused;
    if (paused) this.#socket.pause();
    else if (this.#socket.readableEnded) queueMicrotask(() => this.#socket.end());
    else this.#socket.resume();
  }

  send(message: Buffer): void {
    this.#socket.write(message);
  }

  ping(): void {
    this.#socket.write(PING);
  }

  pong(): void {
    this.#socket.write(PONG);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  destroySoon(): void {
    this.#socket.destroySoon();
  }
}
