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

  cut(bytes: Buffer, pongDue: boolean): readonly Framed[] {
    return this.#framer.push(bytes, pongDue);
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
