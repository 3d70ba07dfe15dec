import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import {
  createTransportLayer,
  type Clock,
  type Destination,
  type Flow,
  type ListenAddress,
  type ParseFailure,
  type SipMessage,
  type TransportHandlers,
  type TransportLayer,
  type TransportLayerOptions,
  type TransportProtocol,
} from '../../../src/sip/index.ts';
import { bytesOf, requestText } from '../message/support.ts';

export const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Values that come one by one, awaited in order. */
export class Inbox<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];
  push(value: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#values.push(value);
    else next(value);
  }
  next(): Promise<T> {
    const value = this.#values.shift();
    return value === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(value);
  }
  get size(): number {
    return this.#values.length;
  }
}

export interface Peer {
  readonly layer: TransportLayer;
  readonly messages: Inbox<{ message: SipMessage; flow: Flow }>;
  readonly failures: Inbox<{ failure: ParseFailure; flow: Flow }>;
  readonly closed: Inbox<Flow>;
}

export const LOOPBACK: ListenAddress[] = [
  { protocol: 'udp', address: '127.0.0.1', port: 0 },
  { protocol: 'tcp', address: '127.0.0.1', port: 0 },
];

export async function peer(
  listen: readonly ListenAddress[] = LOOPBACK,
  options: TransportLayerOptions = {},
  handlers: Partial<TransportHandlers> = {},
): Promise<Peer> {
  const layer = createTransportLayer(listen, options);
  const messages = new Inbox<{ message: SipMessage; flow: Flow }>();
  const failures = new Inbox<{ failure: ParseFailure; flow: Flow }>();
  const closed = new Inbox<Flow>();
  await layer.start({
    onMessage: (message, flow) => messages.push({ message, flow }),
    onFailure: (failure, flow) => failures.push({ failure, flow }),
    onClosed: (flow) => closed.push(flow),
    ...handlers,
  });
  cleanups.push(() => layer.close());
  return { layer, messages, failures, closed };
}

export function to(peer: Peer, protocol: TransportProtocol): Destination {
  const bound = peer.layer.addresses.find((address) => address.protocol === protocol);
  if (bound === undefined) throw new Error(`no ${protocol}`);
  return { protocol, address: bound.address === '0.0.0.0' ? '127.0.0.1' : bound.address, port: bound.port };
}

export function send(from: Peer, destination: Destination | Flow, bytes = bytesOf(requestText())): Promise<Flow> {
  return new Promise((resolve, reject) => {
    from.layer.send(bytes, destination, (error, flow) => (flow === null ? reject(error) : resolve(flow)));
  });
}

/** A plain TCP client of a layer. */
export async function client(of: Peer): Promise<Socket> {
  const socket = connect(to(of, 'tcp').port, '127.0.0.1');
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Time that stands still until `pass` is called. */
export class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ dueMs: number; callback: () => void }>();
  now(): number {
    return this.#now;
  }
  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer = { dueMs: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return timer;
  }
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as { dueMs: number; callback: () => void });
  }
  pass(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) {
      if (timer.dueMs > this.#now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
  get running(): number {
    return this.#timers.size;
  }
}
