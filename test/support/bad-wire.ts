import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Relay } from './tls-relay.ts';

/** What a bad network does to a packet, in each direction. */
export interface BadWire {
  /** 0 to 1. */
  readonly loss: number;
  readonly delayMs: number;
  /** A packet takes so much longer or shorter. */
  readonly jitterMs: number;
  /** From 0 to 1; a generator of its own makes a run repeatable. */
  readonly random: () => number;
}

interface End {
  readonly host: string;
  readonly port: number;
}

/**
 * UDP between a program at `inside` and everybody who sends to `at`, over a bad network. What the program sends first, or
 * without having been sent anything, goes to `to`.
 * @returns `door`: where the program sends to
 */
export async function badWire(at: End, inside: End, to: End | null, network: BadWire): Promise<Relay & { door: End }> {
  const outer = createSocket('udp4');
  const inner = createSocket('udp4');
  let remote = to;
  let closed = false;
  const pass = (bytes: Buffer, through: Socket, end: End): void => {
    if (network.random() < network.loss) return;
    const delay = network.delayMs + (network.random() * 2 - 1) * network.jitterMs;
    setTimeout(() => {
      if (!closed) through.send(bytes, end.port, end.host);
    }, delay);
  };
  outer.on('message', (bytes, from) => {
    remote ??= { host: from.address, port: from.port };
    pass(bytes, inner, inside);
  });
  inner.on('message', (bytes) => {
    if (remote !== null) pass(bytes, outer, remote);
  });
  outer.bind(at.port, at.host);
  inner.bind(0, at.host);
  await Promise.all([once(outer, 'listening'), once(inner, 'listening')]);
  return {
    door: { host: at.host, port: inner.address().port },
    close: () => {
      if (closed) return;
      closed = true;
      outer.close();
      inner.close();
    },
  };
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function repeatable(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
