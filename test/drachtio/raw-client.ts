import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { Engine } from '../../src/drachtio/index.ts';
import { later } from './support.ts';

/** One message of the engine, taken apart. */
export interface RawMessage {
  readonly tokens: string[];
  readonly line: string;
  readonly text: string;
}

/** An application without drachtio-srf: frames by hand. */
export interface RawClient {
  readonly socket: Socket;
  readonly received: RawMessage[];
  /** Sends `<uuid>|<payload>` as one frame and returns the id. */
  send(payload: string): string;
  /** The answer to that id. */
  answer(id: string): Promise<RawMessage>;
  /** Sends and awaits the answer. */
  ask(payload: string): Promise<RawMessage>;
  /** The next `sip` message not taken yet whose line and text match. */
  sip(match: RegExp, timeoutMs?: number): Promise<RawMessage>;
  readonly closed: Promise<void>;
}

type RawMatch = (message: RawMessage) => boolean;

const ANSWER_TIMEOUT_MS = 5_000;

export function frame(payload: string): Buffer {
  const bytes = Buffer.from(payload, 'utf8');
  return Buffer.concat([Buffer.from(`${bytes.length}#`), bytes]);
}

export async function rawClient(engine: Engine, secret: string | null = engine.secret): Promise<RawClient> {
  const socket = connect(engine.client.port, engine.client.host);
  await once(socket, 'connect');
  later(async () => {
    if (socket.destroyed) return;
    const ended = once(socket, 'close');
    socket.destroy();
    await ended;
  });
  const received: RawMessage[] = [];
  const queue: RawMessage[] = [];
  const waiting: { wants(message: RawMessage): boolean; resolve(message: RawMessage): void }[] = [];
  let pending = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const hash = pending.indexOf('#');
      if (hash === -1) return;
      const length = Number(pending.toString('latin1', 0, hash));
      if (pending.length < hash + 1 + length) return;
      const payload = pending.toString('utf8', hash + 1, hash + 1 + length);
      pending = pending.subarray(hash + 1 + length);
      const cr = payload.indexOf('\r\n');
      const line = cr === -1 ? payload : payload.slice(0, cr);
      const message = { line, tokens: line.split('|'), text: cr === -1 ? '' : payload.slice(cr + 2) };
      received.push(message);
      const index = waiting.findIndex((waiter) => waiter.wants(message));
      const [waiter] = index === -1 ? [] : waiting.splice(index, 1);
      if (waiter === undefined) queue.push(message);
      else waiter.resolve(message);
    }
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const take = (wants: RawMatch, what: string, timeoutMs = ANSWER_TIMEOUT_MS): Promise<RawMessage> => {
    const index = queue.findIndex(wants);
    const [found] = index === -1 ? [] : queue.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = received.map(({ line }) => line).join('\n  ');
        reject(new Error(`no ${what} came; received:\n  ${seen}`));
      }, timeoutMs);
      waiting.push({
        wants,
        resolve: (message) => {
          clearTimeout(timer);
          resolve(message);
        },
      });
    });
  };
  const client: RawClient = {
    socket,
    received,
    closed,
    send: (payload) => {
      const id = randomUUID();
      socket.write(frame(`${id}|${payload}`));
      return id;
    },
    answer: (id) => take(({ tokens }) => tokens[1] === 'response' && tokens[2] === id, `answer to ${id}`),
    ask: (payload) => client.answer(client.send(payload)),
    sip: (match, timeoutMs) =>
      take(
        ({ tokens, line, text }) => tokens[1] === 'sip' && match.test(`${line}\r\n${text}`),
        `sip message ${match}`,
        timeoutMs,
      ),
  };
  if (secret !== null) await client.ask(`authenticate|${secret}|`);
  return client;
}
