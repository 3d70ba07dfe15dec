import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Destination, Flow, ListenAddress, SipMessage, TransportLayerOptions } from '../../../src/sip/index.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../src/sip/index.ts';
import { requestText } from '../message/support.ts';
import { HandClock, cleanups, client, peer, readAll, send, to, type Peer } from './layers.ts';

const LISTEN: ListenAddress[] = [
  { protocol: 'tcp', address: '127.0.0.1', port: 0 },
  { protocol: 'ws', address: '127.0.0.1', port: 0 },
];
const { keepAliveMs, pongTimeoutMs, idleStrangerMs, maxStrangerBodyBytes } = DEFAULT_TRANSPORT_LIMITS;

/** A layer with a clock of the test's, and one connection that it made to a plain server, or that was made to it. */
async function timed(options: TransportLayerOptions = {}): Promise<{ clock: HandClock; bob: Peer }> {
  const clock = new HandClock();
  return { clock, bob: await peer(LISTEN, { clock, ...options }) };
}

async function keptClient({ bob }: { bob: Peer }): Promise<{ socket: Socket; flow: Flow }> {
  const socket = await client(bob);
  socket.write(requestText());
  const { flow } = await bob.messages.next();
  bob.layer.keep(flow);
  return { socket, flow };
}

/** An answer to a ping, in a segment of its own: taken once what another connection sent after it is. */
async function answerPing({ bob }: { bob: Peer }, socket: Socket): Promise<void> {
  await new Promise((written) => socket.write('\r\n', written));
  (await client(bob)).write(requestText());
  await bob.messages.next();
}

async function heard(socket: Socket): Promise<string> {
  return String((await once(socket, 'data'))[0]);
}

describe('keep-alives (RFC 5626)', () => {
  it('go out as CR LF CR LF on connections on which a request was let in, every 45 s', async () => {
    const some = await timed();
    const { socket } = await keptClient(some);
    for (let time = 0; time < 3; time++) {
      some.clock.pass(keepAliveMs);
      expect(await heard(socket)).toBe('\r\n\r\n');
    }
  });

  it('go out on connections that we made', async () => {
    const { clock, bob } = await timed();
    const server = createServer().listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connected = once(server, 'connection') as Promise<[Socket]>;
    await send(bob, { protocol: 'tcp', address: '127.0.0.1', port });
    const [socket] = await connected;
    expect(await heard(socket)).toMatch(/^INVITE /);
    clock.pass(keepAliveMs);
    expect(await heard(socket)).toBe('\r\n\r\n');
  });

  it('do not go out on other connections', async () => {
    const { clock, bob } = await timed();
    const socket = await client(bob);
    socket.write(requestText());
    await bob.messages.next();
    expect(clock.running).toBe(0);
  });

  it('a peer that has answered one and answers no more has gone', async () => {
    const some = await timed();
    const { socket, flow } = await keptClient(some);
    some.clock.pass(keepAliveMs);
    await heard(socket);
    await answerPing(some, socket);
    some.clock.pass(keepAliveMs);
    await heard(socket);
    some.clock.pass(pongTimeoutMs - 1);
    expect(some.bob.layer.isOpen(flow)).toBe(true);
    some.clock.pass(1);
    expect(some.bob.layer.isOpen(flow)).toBe(false);
    expect(await some.bob.closed.next()).toEqual(flow);
    expect(some.clock.running).toBe(0);
  });

  it.each(['\r\n', requestText()])('anything that comes is an answer: %j', async (text) => {
    const some = await timed();
    const { socket, flow } = await keptClient(some);
    for (let round = 0; round < 3; round++) {
      some.clock.pass(keepAliveMs);
      await heard(socket);
      if (round === 0) await answerPing(some, socket);
      else socket.write(text);
      socket.write('\r\n\r\n');
      await heard(socket);
      some.clock.pass(pongTimeoutMs);
      expect(some.bob.layer.isOpen(flow)).toBe(true);
    }
  });

  it('a line break that is no answer teaches nothing', async () => {
    const some = await timed();
    const { socket, flow } = await keptClient(some);
    await answerPing(some, socket);
    some.clock.pass(keepAliveMs);
    await heard(socket);
    some.clock.pass(pongTimeoutMs + keepAliveMs);
    expect(some.bob.layer.isOpen(flow)).toBe(true);
  });

  it('the answers of a peer are not taken for pings of its own', async () => {
    const some = await timed();
    const { socket } = await keptClient(some);
    let all = '';
    socket.on('data', (chunk) => (all += String(chunk)));
    const pings = '\r\n\r\n'.repeat(3);
    for (let end = 4; end <= pings.length; end += 4) {
      some.clock.pass(keepAliveMs);
      while (all.length < end) await heard(socket);
      await answerPing(some, socket);
      some.clock.pass(pongTimeoutMs);
    }
    // In two segments it is a ping all the same.
    await answerPing(some, socket);
    await answerPing(some, socket);
    while (all.length === pings.length) await heard(socket);
    expect(all).toBe(`${pings}\r\n`);
  });

  it('of a peer that never answered one, silence says nothing', async () => {
    const some = await timed();
    const { socket, flow } = await keptClient(some);
    for (let time = 0; time < 3; time++) {
      some.clock.pass(keepAliveMs);
      await heard(socket);
      some.clock.pass(pongTimeoutMs);
    }
    expect(some.bob.layer.isOpen(flow)).toBe(true);
  });

  it('over WebSocket they are ping frames, which every client answers by itself', async () => {
    const { clock, bob } = await timed();
    const socket = new WebSocket(`ws://127.0.0.1:${to(bob, 'ws').port}`, 'sip', { autoPong: false });
    cleanups.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send(requestText());
    const { flow } = await bob.messages.next();
    bob.layer.keep(flow);
    clock.pass(keepAliveMs);
    await once(socket, 'ping');
    socket.pong();
    socket.send(requestText());
    await bob.messages.next();
    clock.pass(keepAliveMs);
    await once(socket, 'ping');
    clock.pass(pongTimeoutMs);
    expect(bob.layer.isOpen(flow)).toBe(false);
  });

  it('a ping frame of theirs is a sign of life too', async () => {
    const { clock, bob } = await timed();
    const socket = new WebSocket(`ws://127.0.0.1:${to(bob, 'ws').port}`, 'sip');
    cleanups.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send(requestText());
    const { flow } = await bob.messages.next();
    clock.pass(32_000);
    socket.ping();
    await once(socket, 'pong');
    bob.layer.closeIfSilent(flow, 32_000);
    expect(bob.layer.isOpen(flow)).toBe(true);
  });
});

describe('a connection of somebody who is not expected', () => {
  const nobody = { isExpected: () => false };

  it('ends in time, whatever came over it, where nothing was let in', async () => {
    const { clock, bob } = await timed(nobody);
    const socket = await client(bob);
    for (let time = 0; time < 3; time++) {
      socket.write(requestText());
      await bob.messages.next();
      clock.pass(idleStrangerMs / 4);
    }
    expect(bob.closed.size).toBe(0);
    clock.pass(idleStrangerMs / 4);
    expect(await readAll(socket)).toBe('');
    await bob.closed.next();
    expect(clock.running).toBe(0);
  });

  it.each(['at once', 'later'])('stays where a request of it is let in, %s', async (when) => {
    const clock = new HandClock();
    const letIn = (message: SipMessage, flow: Flow): void => {
      bob.layer.keep(flow);
      bob.messages.push({ message, flow });
    };
    const bob: Peer = await peer(
      LISTEN,
      { clock, ...nobody },
      when === 'at once' ? { onMessage: (message, flow) => letIn(message, flow) } : {},
    );
    const socket = await client(bob);
    socket.write(requestText());
    const { message, flow } = await bob.messages.next();
    if (when === 'later') letIn(message, flow);
    clock.pass(10 * idleStrangerMs);
    expect(bob.layer.isOpen(flow)).toBe(true);
  });

  it('is not used for requests of ours until then', async () => {
    const [{ bob }, alice] = [await timed(nobody), await peer(LISTEN)];
    const out = await send(alice, to(bob, 'tcp'));
    const { flow } = await bob.messages.next();
    const back: Destination = { protocol: 'tcp', address: '127.0.0.1', port: out.localPort };
    await expect(send(bob, back)).rejects.toMatchObject({ code: 'refused' });
    bob.layer.keep(flow);
    expect((await send(bob, back)).connectionId).toBe(flow.connectionId);
  });

  it('may hold 64 KiB of a body until then: a larger one gets 513, and ends the connection', async () => {
    const { bob } = await timed(nobody);
    const large = requestText({}, 'x'.repeat(maxStrangerBodyBytes + 1));
    const socket = await client(bob);
    socket.write(requestText({}, 'x'.repeat(maxStrangerBodyBytes)));
    const { flow } = await bob.messages.next();
    bob.layer.keep(flow);
    socket.write(large);
    expect((await bob.messages.next()).message.body).toHaveLength(maxStrangerBodyBytes + 1);
    const second = await client(bob);
    second.write(large);
    expect((await bob.failures.next()).failure.status).toBe(513);
    await bob.closed.next();
  });

  it('gives its place to one who is expected where all are taken', async () => {
    const { bob } = await timed({ ...nobody, limits: { maxConnections: 3 } });
    const letIn = await keptClient({ bob });
    const strangers = [await client(bob), await client(bob)];
    await expect(once(await client(bob), 'close')).resolves.toBeDefined();
    const server = createServer().listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await send(bob, { protocol: 'tcp', address: '127.0.0.1', port });
    expect(await readAll(strangers[0] as Socket)).toBe('');
    expect(strangers[1]?.destroyed).toBe(false);
    expect(bob.layer.isOpen(letIn.flow)).toBe(true);
  });

  it('that sends a large WebSocket message is answered 513', async () => {
    const { bob } = await timed(nobody);
    const socket = new WebSocket(`ws://127.0.0.1:${to(bob, 'ws').port}`, 'sip');
    cleanups.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send(requestText({}, 'x'.repeat(maxStrangerBodyBytes + 1)));
    expect((await bob.failures.next()).failure.status).toBe(513);
  });
});
