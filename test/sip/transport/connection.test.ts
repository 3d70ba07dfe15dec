import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TRANSPORT_LIMITS, type Flow, type ListenAddress, type SipMessage } from '../../../src/sip/index.ts';
import { MESSAGES_PER_TURN, TCP_KEEP_ALIVE_MS } from '../../../src/sip/transport/limits.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { requestText } from '../message/support.ts';
import { HandClock, cleanups, client, peer, readAll, send, to, type Peer } from './layers.ts';

const { keepAliveMs, messageTimeoutMs } = DEFAULT_TRANSPORT_LIMITS;
/** More than the kernel takes for a peer that does not read. */
const MUCH = Buffer.alloc(20_000_000, 'x');
const UNFRAMED = requestText({ 'Content-Length': null });

/** A kept connection of a peer that reads nothing, and for which more waits than the kernel takes. */
async function nonReader(): Promise<{ clock: HandClock; bob: Peer; socket: Socket; flow: Flow }> {
  const clock = new HandClock();
  const bob = await peer(undefined, { clock, limits: { maxWriteQueueBytes: 2 * MUCH.length } });
  const socket = await client(bob);
  socket.write(requestText());
  const { flow } = await bob.messages.next();
  bob.layer.keep(flow);
  socket.pause();
  await send(bob, flow, MUCH);
  return { clock, bob, socket, flow };
}

/** What comes of it from here on, up to a last message of ours. */
async function readRest(bob: Peer, socket: Socket, flow: Flow): Promise<string> {
  await send(bob, flow, Buffer.from('last'));
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk).replace(/^x+/, '');
    if (text.endsWith('last')) break;
  }
  return text;
}

describe('a peer that does not read', () => {
  it('gets no answers to its pings', async () => {
    const { bob, socket, flow } = await nonReader();
    socket.write('\r\n\r\n');
    socket.write(requestText());
    await bob.messages.next();
    expect(await readRest(bob, socket, flow)).toBe('last');
  });

  it('is not asked whether it lives', async () => {
    const { bob, clock, socket, flow } = await nonReader();
    clock.pass(keepAliveMs);
    expect(await readRest(bob, socket, flow)).toBe('last');
  });

  it('has no more time for a last answer than for a message', async () => {
    const { bob, clock, socket } = await nonReader();
    socket.write(UNFRAMED);
    await bob.failures.next();
    clock.pass(messageTimeoutMs - 1);
    expect(bob.closed.size).toBe(0);
    clock.pass(1);
    await bob.closed.next();
    expect(clock.running).toBe(0);
  });
});

describe('connections that are full of messages', () => {
  it('share the turns of the event loop: all messages come, in order, few at once, and those before an end are answered', async () => {
    const count = 400;
    const heard = new Map<number, number[]>();
    let atOnce = 0;
    let most = 0;
    const onMessage = (message: SipMessage, flow: Flow): void => {
      const { remotePort } = flow;
      if (atOnce === 0) setImmediate(() => (atOnce = 0));
      most = Math.max(most, (atOnce += 1));
      const ids = heard.get(remotePort) ?? [];
      heard.set(remotePort, [...ids, Number(message.headers.get('Call-ID'))]);
      if (ids.length === count - 1) void send(bob, flow, Buffer.from('last'));
    };
    const bob = await peer(undefined, {}, { onMessage });
    const sockets = await Promise.all(Array.from({ length: 5 }, () => client(bob)));
    const numbers = Array.from({ length: count }, (_, index) => index);
    const stream = numbers.map((index) => requestText({ 'Call-ID': String(index) })).join('');
    for (const socket of sockets) socket.end(stream);
    expect(await Promise.all(sockets.map(readAll))).toEqual(Array.from({ length: 5 }, () => 'last'));
    for (const ids of heard.values()) expect(ids).toEqual(numbers);
    // What the sockets gave before the turn, and what had waited for it.
    expect(most).toBeLessThanOrEqual(2 * MESSAGES_PER_TURN);
  });
});

describe('a connection that ends', () => {
  it('takes its timers with it', async () => {
    const clock = new HandClock();
    const bob = await peer(undefined, { clock });
    const socket = await client(bob);
    socket.write(requestText());
    bob.layer.keep((await bob.messages.next()).flow);
    socket.write('INVITE');
    while (clock.running < 2) await new Promise(setImmediate);
    socket.destroy();
    await bob.closed.next();
    expect(clock.running).toBe(0);
  });

  it('gives back what it held, whoever ended it', async () => {
    const bob = await peer(undefined, { limits: { maxHeldBytes: 100_000 } });
    for (let time = 0; time < 10; time++) {
      const socket = await client(bob);
      socket.end(requestText({}, 'x'.repeat(40_000)).slice(0, -1));
      socket.resume();
      await bob.closed.next();
    }
    const socket = await client(bob);
    socket.write(requestText({}, 'x'.repeat(40_000)).slice(0, -1));
    await new Promise(setImmediate);
    socket.write('x');
    await bob.messages.next();
  });
});

describe('a socket', () => {
  it('that cannot be bound gives back those that are', async () => {
    const taken = to(await peer([{ protocol: 'tcp', address: '127.0.0.1', port: 0 }]), 'tcp').port;
    const free = await peer([{ protocol: 'tcp', address: '127.0.0.1', port: 0 }]);
    const { port } = to(free, 'tcp');
    await free.layer.close();
    const listen = (...ports: number[]): ListenAddress[] =>
      ports.map((each) => ({ protocol: 'tcp', address: '127.0.0.1', port: each }));
    await expect(peer(listen(port, taken))).rejects.toThrow(`cannot listen on tcp://127.0.0.1:${taken}: `);
    await peer(listen(port));
  });

  it.skipIf(process.platform !== 'linux')('of a stream is asked by the kernel whether its peer lives', async () => {
    const [alice, bob] = [await peer(), await peer()];
    const { localPort, remotePort } = await send(alice, to(bob, 'tcp'));
    await bob.messages.next();
    const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
    for (const [own, far] of [
      [localPort, remotePort],
      [remotePort, localPort],
    ] as const) {
      const ends = new RegExp(`:${hex(own)} 0100007F:${hex(far)} 01 \\S+ (\\S+):(\\S+)`);
      // proc_net_tcp: 02 is the keep-alive timer, in hundredths of a second.
      const keptAlive = (): RegExpExecArray | null => ends.exec(readFileSync('/proc/net/tcp', 'latin1'));
      while (keptAlive()?.[1] === '01') await new Promise(setImmediate);
      expect(keptAlive()?.[1]).toBe('02');
      const dueMs = Number.parseInt(keptAlive()?.[2] ?? '', 16) * 10;
      expect(dueMs).toBeGreaterThan(TCP_KEEP_ALIVE_MS - 5_000);
      expect(dueMs).toBeLessThanOrEqual(TCP_KEEP_ALIVE_MS);
    }
  });

  it('of TLS that gets no TLS any more ends alone', async () => {
    const authority = makeAuthority();
    const tls = authority.issue(['IP:127.0.0.1']);
    const bob = await peer([{ protocol: 'tls', address: '127.0.0.1', port: 0 }], { tls });
    const towards = connect(to(bob, 'tls').port, '127.0.0.1');
    const between = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .pipe(towards)
        .pipe(socket),
    );
    await once(between.listen(0, '127.0.0.1'), 'listening');
    cleanups.push(() => between.close());
    const { port } = between.address() as AddressInfo;
    const secure = connectTls({ host: '127.0.0.1', port, ca: authority.certificate });
    secure.on('error', () => undefined);
    cleanups.push(() => secure.destroy());
    secure.write(requestText());
    const { flow } = await bob.messages.next();
    towards.write('no TLS at all');
    expect(await bob.closed.next()).toEqual(flow);
  });
});
