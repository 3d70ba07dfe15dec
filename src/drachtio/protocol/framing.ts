import { MAX_LENGTH_DIGITS } from '../limits.ts';

const HASH = 0x23;
const ZERO = 0x30;
const NINE = 0x39;

export interface FramesRead {
  /** Complete payloads, in order. Where possible they are views of the chunk that was pushed. */
  readonly frames: Buffer[];
  /** Why nothing more can be read from this connection, or null. */
  readonly problem: string | null;
}

/**
 * Takes `<length>#<payload>` apart (drachtio-protocol 1.1). The length counts bytes. Chunks may be split anywhere; after a
 * problem everything further is ignored.
 */
export class FrameParser {
  /** May be raised once the application has authenticated. */
  maxFrameBytes: number;
  #length = 0;
  #digits = 0;
  #payload: Buffer | null = null;
  #filled = 0;
  #reading: 'length' | 'payload' = 'length';
  #problem: string | null = null;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Buffer): FramesRead {
    const frames: Buffer[] = [];
    let at = 0;
    while (at < chunk.length && this.#problem === null) {
      if (this.#reading === 'length') {
        at = this.#readLength(chunk, at);
      } else if (this.#payload === null && chunk.length - at >= this.#length) {
        frames.push(chunk.subarray(at, at + this.#length));
        at += this.#length;
        this.#expectLength();
      } else {
        at = this.#readPart(chunk, at, frames);
      }
    }
    return { frames, problem: this.#problem };
  }

  #expectLength(): void {
    this.#reading = 'length';
    this.#length = 0;
    this.#digits = 0;
    this.#payload = null;
    this.#filled = 0;
  }

  #readLength(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at] ?? 0;
      at += 1;
      if (byte === HASH) {
        this.#lengthComplete();
        return at;
      }
      if (byte < ZERO || byte > NINE) {
        this.#problem = 'a frame must begin with its length in digits and #';
        return at;
      }
      this.#digits += 1;
      if (this.#digits > MAX_LENGTH_DIGITS) {
        this.#problem = `a frame length has more than ${MAX_LENGTH_DIGITS} digits`;
        return at;
      }
      this.#length = this.#length * 10 + (byte - ZERO);
    }
    return at;
  }

  #lengthComplete(): void {
    if (this.#length === 0) {
      this.#problem = 'a frame must have a length above 0';
    } else if (this.#length > this.maxFrameBytes) {
      this.#problem = `a frame of ${this.#length} bytes is over the limit of ${this.maxFrameBytes}`;
    } else {
      this.#reading = 'payload';
    }
  }

  #readPart(chunk: Buffer, from: number, frames: Buffer[]): number {
    this.#payload ??= Buffer.allocUnsafe(this.#length);
    const taken = chunk.copy(this.#payload, this.#filled, from);
    this.#filled += taken;
    if (this.#filled === this.#length) {
      frames.push(this.#payload);
      this.#expectLength();
    }
    return from + taken;
  }
}
