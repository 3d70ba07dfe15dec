import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../message/limits.ts';
import type { ParseOutcome } from '../message/message.ts';
import { failure, parseHead, withBody } from '../message/parse.ts';
import { badRequest, TOO_LARGE } from '../message/problem.ts';
import type { Framed } from './framer.ts';
import type { Wire, WireUser } from './wire.ts';

const PONG = '\r\n';

/** A WebSocket (RFC 7118): each of its messages, text or binary, is one SIP message. */
export class WebSocketWire implements Wire {
  readonly #webSocket: WebSocket;
  /** What the WebSocket runs on, TCP or TLS. */
  readonly #socket: Socket;
  #held = 0;
  /** Of what has come since `#held` was counted, bytes of frames that are complete. */
  #taken = 0;
  /** What the last ping of this chunk holds. */
  #pinged: Buffer | null = null;
  maxBodyBytes = MAX_BODY_BYTES;

  constructor(webSocket: WebSocket, socket: Socket, user: WireUser) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    webSocket.on('message', (data: Buffer) => {
      this.#taken += frameBytes(data.length);
      user.receive(data);
    });
    webSocket.on('ping', (data) => {
      this.#taken += frameBytes(data.length);
      this.#pinged = data;
    });
    webSocket.on('pong', (data) => {
      this.#taken += frameBytes(data.length);
      user.ponged();
    });
    webSocket.on('error', (error) => {
      user.failed(error);
      // The close frame, which says why, is written already; its answer is not waited for.
      socket.destroySoon();
    });
    // Heard after the WebSocket itself has taken the chunk.
    socket.on('data', (chunk: Buffer) => {
      this.#count(chunk.length);
      this.#answerPing();
      user.cameIn();
    });
  }

  get queuedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  get heldBytes(): number {
    return Math.max(0, this.#held - this.#taken);
  }

  /** One message of the library is one of ours. */
  get more(): boolean {
    return false;
  }

  get partial(): boolean {
    return this.heldBytes > 0;
  }

  cut(bytes: Buffer): readonly Framed[] {
    // RFC 5626 3.5.1 over WebSocket (RFC 7118 6): four bytes are a ping, two an answer.
    if (bytes.length <= 4 && bytes.every((byte) => byte === 0x0d || byte === 0x0a)) {
      return bytes.length === 4 ? [{ kind: 'ping' }] : [{ kind: 'pong' }];
    }
    const outcome = this.#parse(bytes);
    return [
      outcome.ok ? { kind: 'message', message: outcome.message } : { kind: 'failure', failure: outcome, fatal: false },
    ];
  }

  send(message: Buffer): void {
    // A text message must be UTF-8 (RFC 6455 5.6); browsers read text more easily.
    this.#webSocket.send(message, { binary: !isUtf8(message) });
  }

  /** Browsers answer a ping frame by themselves; of CR LF CR LF they would make a message. */
  ping(): void {
    this.#webSocket.ping();
  }

  pong(): void {
    this.#webSocket.send(PONG);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  destroySoon(): void {
    this.#webSocket.close();
    this.#socket.destroySoon();
  }

  /** RFC 6455 5.5.3: the last of several alone, for each answer costs a write. None where the peer does not read: it would fill our memory. */
  #answerPing(): void {
    const data = this.#pinged;
    this.#pinged = null;
    if (data !== null && this.#socket.writableLength === 0) this.#webSocket.pong(data);
  }

  /** RFC 7118 5: the WebSocket message ends the SIP message, Content-Length may be left out. */
  #parse(bytes: Buffer): ParseOutcome {
    const blank = bytes.indexOf('\r\n\r\n', 0, 'latin1');
    const headEnd = blank < 0 ? bytes.length : blank + 2;
    if (headEnd > MAX_HEAD_BYTES) return failure(null, TOO_LARGE);
    const head = parseHead(bytes.toString('latin1', 0, headEnd));
    if (blank < 0) return failure(head.message, head.problem ?? badRequest('Header Block Without End'));
    const rest = bytes.subarray(headEnd + 2);
    if (rest.length > this.maxBodyBytes) return failure(head.message, TOO_LARGE);
    // A copy: the message may live for minutes, and would hold the whole chunk.
    return withBody(head, rest.length === 0 ? rest : Buffer.from(rest), 'stream');
  }

  /** The library does not tell what it holds: what has come, less the frames it has given. */
  #count(chunkBytes: number): void {
    const held = Math.max(0, this.#held + chunkBytes - this.#taken);
    // What is left after a frame came with this very chunk; the heads of fragments, which nobody counts, add up no further.
    this.#held = this.#taken > 0 ? Math.min(held, chunkBytes) : held;
    this.#taken = 0;
  }
}

/** A client's frame with so much in it: two bytes, the length where it is longer, four of the mask (RFC 6455 5.2). */
function frameBytes(payloadBytes: number): number {
  const lengthBytes = payloadBytes < 126 ? 0 : payloadBytes < 65_536 ? 2 : 8;
  return 2 + lengthBytes + 4 + payloadBytes;
}
