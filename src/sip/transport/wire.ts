import type { Framed } from './framer.ts';

/** How messages get over one connection: the part in which TCP, TLS and WebSocket differ. */
export interface Wire {
  /** Bytes that the peer has not taken yet. */
  readonly queuedBytes: number;
  /** Memory that what came of a message that is not complete takes. */
  readonly heldBytes: number;
  /** A message has begun and is not complete. */
  readonly partial: boolean;
  /** A message with a larger body is refused. */
  maxBodyBytes: number;
  /** What is in these bytes, together with those before. `pongDue`: the answer to a ping of ours has not come yet. */
  cut(bytes: Buffer, pongDue: boolean, maxMessages: number): readonly Framed[];
  /** `cut` left messages in what has come, for it has taken `maxMessages`; meanwhile no more is read. */
  readonly more: boolean;
  /** One whole message. */
  send(message: Buffer): void;
  /** Asks the peer for a sign of life (RFC 5626 3.5.1; RFC 6455 5.5.2). */
  ping(): void;
  /** Answers such a question. */
  pong(): void;
  destroy(): void;
  /** Ends it when what was written is out. */
  destroySoon(): void;
}

/** What a wire tells of. */
export interface WireUser {
  /** Bytes for `cut`. */
  receive(bytes: Buffer): void;
  /** Something came: `heldBytes` and `partial` may have changed. */
  cameIn(): void;
  /** The peer gave the sign of life that was asked for. */
  ponged(): void;
  /** It is about to end, for this reason. */
  failed(error: Error): void;
}
