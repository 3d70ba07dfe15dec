import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports for programs that cannot tell which one they took. They lie below those that the system hands out itself (from 32768 on:
 * ip_local_port_range), so that nothing that binds port 0, or connects, takes one between our look and its use; by chance, so that
 * programs that look at the same time find different ones; and none is given twice by one program.
 */
const FIRST = 12_000;
const AFTER_LAST = 32_000;

const given = new Set<number>();

/** A port that is free for UDP and for TCP. */
export function freePort(address = '127.0.0.1'): Promise<number> {
  return freePorts(1, address);
}

/** The first of several in a row that are free for UDP and for TCP. */
export async function freePorts(count: number, address = '127.0.0.1'): Promise<number> {
  for (;;) {
    const first = randomInt(FIRST, AFTER_LAST - count);
    const ports = Array.from({ length: count }, (_, at) => first + at);
    if (ports.some((port) => given.has(port))) continue;
    for (const port of ports) given.add(port);
    const free = await Promise.all(ports.flatMap((port) => [udpTakes(port, address), tcpTakes(port, address)]));
    if (free.every(Boolean)) return first;
  }
}

async function udpTakes(port: number, address: string): Promise<boolean> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const free = await settled(once(socket.bind(port, address), 'listening'));
  await new Promise<void>((resolve) => socket.close(resolve));
  return free;
}

async function tcpTakes(port: number, address: string): Promise<boolean> {
  const server = createServer();
  const free = await settled(once(server.listen(port, address), 'listening'));
  await new Promise((resolve) => server.close(resolve));
  return free;
}

function settled(opening: Promise<unknown>): Promise<boolean> {
  return opening.then(
    () => true,
    () => false,
  );
}
