import { appendFile, chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FLUSH_BYTES, FLUSH_INTERVAL_MS, MAX_MESSAGE_BYTES, MAX_WAITING_BYTES, SEGMENTS } from './limits.ts';
import { withoutSecrets } from './secrets.ts';
import { isSegment, lineOf, segmentName } from './segments.ts';
import type { TracedMessage } from './types.ts';

export interface TraceOptions {
  /** The folder, made where it is missing. */
  readonly path: string;
  /** All files together. */
  readonly maxBytes: number;
  readonly now: () => number;
  /** One line for an operator: the trace cannot be written, or can be again. */
  readonly log: (text: string) => void;
}

export interface TraceWriter {
  /** Never waits, never throws. */
  write(message: TracedMessage): void;
  /** Messages that were left out: the disk did not follow, or a file of the ring takes none that large. */
  readonly dropped: number;
  /** Writes what waits. */
  close(): Promise<void>;
}

/** A ring of files in a folder of its own. What cannot be written is lost, and nothing waits for it. */
export function createTraceWriter(options: TraceOptions): TraceWriter {
  return new RingWriter(options);
}

class RingWriter implements TraceWriter {
  dropped = 0;
  readonly #options: TraceOptions;
  /** What one file of the ring may take. */
  readonly #fileBytes: number;
  #lines: Buffer[] = [];
  #waitingBytes = 0;
  #segment: string | null = null;
  #segmentBytes = 0;
  #begun = 0;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> | null = null;
  #failing = false;
  #closed = false;

  constructor(options: TraceOptions) {
    this.#options = options;
    this.#fileBytes = options.maxBytes / SEGMENTS;
  }

  write(message: TracedMessage): void {
    if (this.#closed) return;
    const line = Buffer.from(lineOf({ ...message, text: withoutSecrets(message.text.slice(0, MAX_MESSAGE_BYTES)) }));
    if (this.#waitingBytes + line.length > MAX_WAITING_BYTES || line.length > this.#fileBytes) {
      this.dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#waitingBytes += line.length;
    if (this.#waitingBytes >= FLUSH_BYTES) void this.#flush();
    else this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_INTERVAL_MS).unref();
  }

  async close(): Promise<void> {
    await this.#flush();
    this.#closed = true;
    // What came while the last lines were written.
    await this.#flush();
  }

  #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#flushing ??= this.#writeAll().finally(() => (this.#flushing = null));
    return this.#flushing;
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      const bytes = this.#next();
      try {
        await appendFile(await this.#room(bytes.length), bytes, { mode: 0o600 });
        this.#segmentBytes += bytes.length;
        if (this.#failing) this.#options.log('the trace can be written again');
        this.#failing = false;
      } catch (error) {
        this.#segment = null;
        if (!this.#failing) this.#options.log(`the trace cannot be written: ${String(error)}`);
        this.#failing = true;
      } finally {
        this.#waitingBytes -= bytes.length;
      }
    }
  }

  /** Lines that fit into one file: what waits may be more than that. */
  #next(): Buffer {
    const most = Math.min(FLUSH_BYTES, this.#fileBytes);
    let bytes = 0;
    const over = this.#lines.findIndex((line) => (bytes += line.length) > most);
    return Buffer.concat(this.#lines.splice(0, over < 0 ? this.#lines.length : Math.max(1, over)));
  }

  /** The file that takes so much more; a new one, with the oldest gone, where the present one is full. */
  async #room(bytes: number): Promise<string> {
    const { path, now } = this.#options;
    if (this.#segment !== null && this.#segmentBytes + bytes <= this.#fileBytes) return this.#segment;
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (this.#begun === 0) await chmod(path, 0o700).catch(() => undefined);
    const old = (await readdir(path)).filter(isSegment).sort();
    for (const name of old.slice(0, Math.max(0, old.length - SEGMENTS + 1)))
      await rm(join(path, name), { force: true });
    this.#begun += 1;
    this.#segmentBytes = 0;
    this.#segment = join(path, segmentName(now(), this.#begun));
    return this.#segment;
  }
}
