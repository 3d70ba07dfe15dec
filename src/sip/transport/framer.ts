import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../message/limits.ts';
import type { ParseFailure, SipMessage } from '../message/message.ts';
import { contentLengthOf, failure, parseHead, withBody, type ParsedHead } from '../message/parse.ts';
import { badRequest, TOO_LARGE } from '../message/problem.ts';
import { contentLengthProblem } from '../message/validate.ts';

/** What came out of a stream. `fatal`: where the next message begins is unknown, the connection must be closed. */
export type Framed =
  | { readonly kind: 'message'; readonly message: SipMessage }
  /** CR LF CR LF between messages, to be answered by CR LF (RFC 5626 3.5.1). */
  | { readonly kind: 'ping' }
  /** CR LF alone, where an answer to a ping of ours was due. */
  | { readonly kind: 'pong' }
  | { readonly kind: 'failure'; readonly failure: ParseFailure; readonly fatal: boolean };

const EMPTY = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;

/**
 * Cuts a stream into messages by their Content-Length (RFC 3261 18.3). Pure: bytes in, messages out. Every byte is looked at
 * once, however the stream is chopped; what is held back is bounded by one header block and one body.
 */
export class Framer {
  /** A message that announces a larger body is refused, and with it the stream. */
  maxBodyBytes = MAX_BODY_BYTES;
  /** Bytes not yet used are #bytes[#start, #end). The buffer grows by doubling, to the announced length at most, and is let go when it is empty. */
  #bytes: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** Everything before it has been searched for the end of the header block. */
  #searched = 0;
  #head: ParsedHead | null = null;
  #bodyLength = 0;
  #lineBreaks = 0;
  #dead = false;
  #more = false;

  /** A message has begun and is not complete. */
  get partial(): boolean {
    return this.#end > this.#start || this.#head !== null;
  }

  /** Memory that what is held back takes. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** `push` has stopped at its `maxMessages`: the next, of no bytes even, goes on. */
  get more(): boolean {
    return this.#more;
  }

  /**
   * `pongDue`: a single line break in this chunk is the answer to a ping of ours, not half a ping. `maxMessages`: so many are
   * taken, what comes after them is held back.
   */
  push(chunk: Buffer, pongDue = false, maxMessages = Infinity): Framed[] {
    const framed: Framed[] = [];
    if (this.#dead) return framed;
    if (pongDue && !this.partial && chunk.length === 2 && chunk[0] === CR && chunk[1] === LF) return [{ kind: 'pong' }];
    this.#take(chunk);
    let messages = 0;
    while (messages < maxMessages) {
      const next = this.#next();
      if (next === null) break;
      framed.push(next);
      if (next.kind !== 'ping') messages += 1;
    }
    this.#more = messages >= maxMessages && this.partial && !this.#dead;
    this.#keepRest(chunk);
    return framed;
  }

  #next(): Framed | null {
    if (this.#dead) return null;
    if (this.#head !== null) return this.#readBody(this.#head);
    return this.#readPing() ?? this.#readHead();
  }

  #readPing(): Framed | null {
    while (this.#bytes[this.#start] === CR && this.#start + 1 < this.#end && this.#bytes[this.#start + 1] === LF) {
      this.#start += 2;
      this.#lineBreaks++;
      if (this.#lineBreaks === 2) {
        this.#lineBreaks = 0;
        return { kind: 'ping' };
      }
    }
    return null;
  }

  #readHead(): Framed | null {
    const from = Math.max(this.#searched, this.#start);
    const window = this.#bytes.subarray(0, Math.min(this.#end, this.#start + MAX_HEAD_BYTES));
    const blank = window.indexOf('\r\n\r\n', from, 'latin1');
    if (blank < 0) {
      if (this.#end - this.#start >= MAX_HEAD_BYTES) return this.#die(this.#oversizeHead(window));
      this.#searched = Math.max(this.#start, this.#end - 3);
      return null;
    }
    const head = parseHead(this.#bytes.toString('latin1', this.#start, blank + 2));
    this.#lineBreaks = 0;
    this.#start = blank + 4;
    this.#searched = this.#start;
    const lost = framingLoss(head, this.maxBodyBytes);
    if (lost !== null) return this.#die(lost);
    this.#head = head;
    this.#bodyLength = head.message === null ? 0 : (contentLengthOf(head.message) ?? 0);
    return this.#readBody(head);
  }

  /** The lines that did come, so that the sender can be told. */
  #oversizeHead(window: Buffer): ParseFailure {
    const lastLine = window.lastIndexOf('\r\n', undefined, 'latin1');
    const head = parseHead(window.toString('latin1', this.#start, Math.max(lastLine + 2, this.#start)));
    return failure(head.message, TOO_LARGE);
  }

  #readBody(head: ParsedHead): Framed | null {
    const end = this.#start + this.#bodyLength;
    if (end > this.#end) return null;
    // A copy: the message may live for minutes, and would hold the whole chunk.
    const body = this.#bodyLength === 0 ? EMPTY : Buffer.from(this.#bytes.subarray(this.#start, end));
    this.#start = end;
    this.#searched = end;
    this.#head = null;
    const outcome = withBody(head, body, 'stream');
    if (outcome.ok) return { kind: 'message', message: outcome.message };
    return { kind: 'failure', failure: outcome, fatal: false };
  }

  #die(loss: ParseFailure): Framed {
    this.#dead = true;
    return { kind: 'failure', failure: loss, fatal: true };
  }

  /** Where nothing was held back the chunk itself is read, without a copy. */
  #take(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#searched = 0;
      return;
    }
    if (this.#end + chunk.length > this.#bytes.length) this.#grow(this.#end - this.#start + chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** What is left of the chunk is copied: the chunk belongs to the socket. */
  #keepRest(chunk: Buffer): void {
    if (this.#dead || this.#start === this.#end) {
      this.#bytes = EMPTY;
      this.#start = 0;
      this.#end = 0;
      this.#searched = 0;
    } else if (this.#bytes === chunk) this.#grow(this.#end - this.#start);
  }

  #grow(needed: number): void {
    const doubled = Math.max(2 * needed, 1_024);
    const known = this.#head === null ? doubled : Math.max(needed, this.#bodyLength);
    const larger = Buffer.allocUnsafe(Math.min(doubled, known));
    larger.set(this.#bytes.subarray(this.#start, this.#end), 0);
    this.#searched = Math.max(0, this.#searched - this.#start);
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = larger;
  }
}

/** RFC 3261 18.3: on a stream Content-Length is mandatory. Without one that can be believed the next message is not found. */
function framingLoss(head: ParsedHead, maxBodyBytes: number): ParseFailure | null {
  const { message, problem, complete } = head;
  if (message === null || !complete) return failure(message, problem ?? badRequest('Not A SIP Message'));
  const [length, ...others] = message.headers.all('Content-Length');
  if (length === undefined) return failure(message, problem ?? badRequest('Missing Content-Length'));
  if (others.length > 0) return failure(message, badRequest('Repeated Content-Length'));
  const bad = contentLengthProblem(length) ?? (Number(length) > maxBodyBytes ? TOO_LARGE : null);
  return bad === null ? null : failure(message, bad);
}
