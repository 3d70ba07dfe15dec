import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  createTransportLayer,
  type Destination,
  type Flow,
  type ListenAddress,
  type SipMessage,
  type TransportError,
} from '../../../src/sip/index.ts';
import { reachableAddress, readOwnAddresses } from '../../../src/sip/transport/local-address.ts';
import { bytesOf, requestText } from '../message/support.ts';
import { HandClock, Inbox, LOOPBACK, cleanups, client, peer, readAll, send, to, type Peer } from './layers.ts';

/** A port whose owner accepts nothing and whose queue is full: the kernel leaves further SYNs unanswered. */
async function deafPort(): Promise<number> {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(code, { eval: true });
  cleanups.push(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = [1, 2].map(() => connect(port, '127.0.0.1'));
  cleanups.push(() => fillers.forEach((filler) => filler.destroy()));
  await Promise.all(fillers.map((filler) => once(filler, 'connect')));
  return port;
}

describe.each(['udp', 'tcp'] as const)('%s', (protocol) => {
  it('carries a message there, and an answer back over the same flow', async () => {
    const [alice, bob] = [await peer(), await peer()];
    const out = await send(alice, to(bob, protocol));
    const { message, flow } = await bob.messages.next();
    expect(message).toMatchObject({ kind: 'request', method: 'INVITE' });
    expect(message.headers.get('Via')).toBe(
      `SIP/2.0/UDP pc33.example.com;branch=z9hG4bK776asdhds;rport=${out.localPort};received=127.0.0.1`,
    );
    expect(flow).toMatchObject({ protocol, remoteAddress: '127.0.0.1', remotePort: out.localPort });
    expect(flow).toMatchObject({ localAddress: '127.0.0.1', localPort: to(bob, protocol).port });

    await send(bob, flow, bytesOf(requestText({ start: 'SIP/2.0 200 OK' })));
    const back = await alice.messages.next();
    expect(back.message).toMatchObject({ kind: 'response', status: 200 });
    expect(back.message.headers.get('Via')).toBe('SIP/2.0/UDP pc33.example.com;branch=z9hG4bK776asdhds');
    expect(back.flow).toEqual(out);
    expect(alice.layer.isOpen(out) && bob.layer.isOpen(flow)).toBe(true);
  });

  it('hands over what is no SIP message as a failure', async () => {
    const [alice, bob] = [await peer(), await peer()];
    await send(alice, to(bob, protocol), bytesOf(requestText({ CSeq: '1 BYE' })));
    expect((await bob.failures.next()).failure).toMatchObject({ status: 400, message: { method: 'INVITE' } });
  });

  it('works over IPv6', async () => {
    const listen: ListenAddress[] = [{ protocol, address: '::1', port: 0 }];
    const [alice, bob] = [await peer(listen), await peer(listen)];
    await send(alice, to(bob, protocol));
    const { message, flow } = await bob.messages.next();
    expect(flow.remoteAddress).toBe('::1');
    expect(message.headers.get('Via')).toContain(';received=::1');
  });

  it('both families may listen on one port', async () => {
    const four = await peer([{ protocol, address: '0.0.0.0', port: 0 }]);
    await peer([{ protocol, address: '::', port: to(four, protocol).port }]);
  });

  it('a socket in use is named, and nothing stays bound', async () => {
    const taken = await peer();
    const free = createTransportLayer([LOOPBACK[0]!, { ...to(taken, protocol) }]);
    const { port } = to(taken, protocol);
    await expect(free.start({ onMessage() {}, onFailure() {}, onClosed() {} })).rejects.toThrow(
      new RegExp(`cannot listen on ${protocol}://127\\.0\\.0\\.1:${port}: .*EADDRINUSE`),
    );
  });

  it('after close everything fails, once, and a second close is nothing', async () => {
    const [alice, bob] = [await peer(), await peer()];
    await alice.layer.close();
    await expect(send(alice, to(bob, protocol))).rejects.toMatchObject({ code: 'closed' });
    await alice.layer.close();
  });
});

describe('addresses', () => {
  it.each(['0.0.0.0', '127.0.0.1'])(
    'bound to %s show it in localNet, although another one is advertised',
    async (address) => {
      const options = { advertise: '203.0.113.5', localNet: ['127.0.0.0/16', '192.0.2.7', '2001:db8::/32'] };
      const some = await peer([{ protocol: 'udp', address, port: 0 }], options);
      const shownTo = (remote: string): string | undefined =>
        some.layer.localFor({ protocol: 'udp', address: remote, port: 5060 })?.host;
      const own = address === '127.0.0.1' ? address : reachableAddress(address, '192.0.2.7', readOwnAddresses());
      expect(shownTo('192.0.2.7')).toBe(own);
      expect(shownTo('192.0.2.8')).toBe('203.0.113.5');
      expect(shownTo('127.0.0.9')).toBe('127.0.0.1');
      expect(shownTo('127.1.0.1')).toBe(address === '127.0.0.1' ? '203.0.113.5' : '127.0.0.1');
    },
  );

  it('refuse a localNet that is no network, by its name', () => {
    expect(() => createTransportLayer(LOOPBACK, { localNet: ['10.0.0.0/8', '10.0.0/8'] })).toThrow(
      'localNet: 10.0.0/8 is no address range',
    );
  });

  it('show advertise everywhere but towards loopback on a wildcard', async () => {
    const some = await peer([{ protocol: 'udp', address: '0.0.0.0', port: 0 }], { advertise: '203.0.113.5' });
    expect(some.layer.addresses[0]?.host).toBe('203.0.113.5');
    expect(some.layer.addresses[0]?.port).toBeGreaterThan(0);
    const host = (address: string): string | undefined =>
      some.layer.localFor({ protocol: 'udp', address, port: 1 })?.host;
    expect(host('198.51.100.1')).toBe('203.0.113.5');
    expect(host('127.0.0.1')).toBe('127.0.0.1');
    expect(host('::1')).toBeUndefined();
    expect(some.layer.localFor({ protocol: 'tcp', address: '198.51.100.1', port: 1 })).toBeUndefined();
  });

  it('show a literal advertise on the sockets of its own family alone', async () => {
    const listen: ListenAddress[] = [
      { protocol: 'udp', address: '0.0.0.0', port: 0 },
      { protocol: 'udp', address: '::1', port: 0 },
    ];
    const shown = async (advertise: string): Promise<readonly string[]> => {
      const { layer } = await peer(listen, { advertise });
      const [four, six] = layer.addresses;
      const towards = ['198.51.100.1', '2001:db8::9'].map(
        (address) => layer.localFor({ protocol: 'udp', address, port: 5060 })?.host ?? '',
      );
      expect([four?.host, six?.host]).toEqual(towards);
      return towards;
    };
    expect(await shown('203.0.113.5')).toEqual(['203.0.113.5', '::1']);
    expect((await shown('2001:db8::1'))[1]).toBe('2001:db8::1');
    expect((await shown('2001:db8::1'))[0]).not.toBe('2001:db8::1');
    expect(await shown('sip.example.com')).toEqual(['sip.example.com', 'sip.example.com']);
  });

  it.each(['udp', 'tcp'] as const)('of a %s flow are those of the very socket it came in by', async (protocol) => {
    for (const address of ['0.0.0.0', '127.0.0.1']) {
      const listen: ListenAddress[] = [1, 2, 3].map(() => ({ protocol, address, port: 0 }));
      const [some, caller] = [await peer(listen), await peer()];
      for (const { port } of some.layer.addresses) {
        await send(caller, { protocol, address: '127.0.0.1', port });
        const { flow } = await some.messages.next();
        expect(some.layer.localFor(flow)).toMatchObject({ host: '127.0.0.1', port });
        await send(some, flow);
        expect((await caller.messages.next()).flow.remotePort).toBe(port);
      }
    }
  });

  it('are the bound ones where they are not wildcards', async () => {
    const some = await peer();
    expect(some.layer.addresses.map(({ host }) => host)).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it.each(['tls', 'wss'] as const)('%s is refused where there is no certificate', async (protocol) => {
    await expect(peer([{ protocol, address: '127.0.0.1', port: 0 }])).rejects.toThrow(
      `cannot listen on ${protocol}://127.0.0.1:0: TLS needs a certificate and its key`,
    );
  });

  it('a name is no address to listen on', async () => {
    await expect(peer([{ protocol: 'udp', address: 'localhost', port: 0 }])).rejects.toThrow('give an IP address');
  });
});

describe('sending', () => {
  it.each([
    ['no socket of the protocol', { protocol: 'tls', address: '127.0.0.1', port: 5061 }, 'no-transport'],
    ['no socket of the family', { protocol: 'udp', address: '::1', port: 5060 }, 'no-transport'],
    ['a name', { protocol: 'udp', address: 'localhost', port: 5060 }, 'no-transport'],
    ['UDP port 0', { protocol: 'udp', address: '127.0.0.1', port: 0 }, 'failed'],
    ['TCP port 0', { protocol: 'tcp', address: '127.0.0.1', port: 0 }, 'failed'],
    ['TCP port 70000', { protocol: 'tcp', address: '127.0.0.1', port: 70_000 }, 'failed'],
    ['nobody there', { protocol: 'tcp', address: '127.0.0.1', port: 1 }, 'refused'],
  ] as const)('fails with a word: %s', async (_, destination, code) => {
    await expect(send(await peer(), destination)).rejects.toMatchObject({ name: 'TransportError', code });
  });

  it('a datagram over 65,507 bytes is too large', async () => {
    const [alice, bob] = [await peer(), await peer()];
    await expect(send(alice, to(bob, 'udp'), Buffer.alloc(65_508))).rejects.toMatchObject({ code: 'too-large' });
    await send(alice, to(bob, 'udp'), bytesOf(requestText({}, 'x'.repeat(65_000))));
    expect((await bob.messages.next()).message.body).toHaveLength(65_000);
  });

  it('tells of success at once over UDP and open connections', async () => {
    const [alice, bob] = [await peer(), await peer()];
    await send(alice, to(bob, 'tcp'));
    for (const protocol of ['udp', 'tcp'] as const) {
      let flow: Flow | null = null;
      alice.layer.send(bytesOf(requestText()), to(bob, protocol), (_, used) => (flow = used));
      expect(flow).toMatchObject({ protocol, remotePort: to(bob, protocol).port });
    }
  });

  it('a datagram that the system refuses later is reported, and the socket lives', async () => {
    const errors = new Inbox<{ error: TransportError; flow: Flow }>();
    const onSendError = (error: TransportError, flow: Flow): void => errors.push({ error, flow });
    const [alice, bob] = [await peer(LOOPBACK, {}, { onSendError }), await peer()];
    // From a loopback address there is no way out.
    await send(alice, { protocol: 'udp', address: '203.0.113.1', port: 5060 });
    expect(await errors.next()).toMatchObject({ error: { code: 'failed' }, flow: { remoteAddress: '203.0.113.1' } });
    await send(alice, to(bob, 'udp'));
    await bob.messages.next();
  });

  it('survives peers that are not there (ICMP port unreachable)', async () => {
    const [alice, bob] = [await peer(), await peer()];
    const gone = createSocket('udp4').bind(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address();
    gone.close();
    for (let time = 0; time < 3; time++) await send(alice, { protocol: 'udp', address: '127.0.0.1', port });
    await send(alice, to(bob, 'udp'));
    await bob.messages.next();
  });
});

describe('UDP', () => {
  it('passes over keep-alives', async () => {
    const bob = await peer();
    const socket = createSocket('udp4');
    cleanups.push(() => socket.close());
    const { port } = to(bob, 'udp');
    for (const bytes of ['', '\r\n\r\n', '\0', requestText()]) socket.send(bytesOf(bytes), port, '127.0.0.1');
    await bob.messages.next();
    expect(bob.failures.size).toBe(0);
  });
});

describe('TCP connections', () => {
  it('one is made for many messages to one destination, also while it opens', async () => {
    const [alice, bob] = [await peer(), await peer()];
    const flows = await Promise.all([1, 2, 3].map(() => send(alice, to(bob, 'tcp'))));
    flows.push(await send(alice, to(bob, 'tcp')));
    expect(new Set(flows.map(({ connectionId }) => connectionId)).size).toBe(1);
    for (const each of flows) expect((await bob.messages.next()).flow.remotePort).toBe(each.localPort);
  });

  it('an inbound one is used again for a request to where it came from', async () => {
    const [alice, bob] = [await peer(), await peer()];
    const out = await send(alice, to(bob, 'tcp'));
    const { flow } = await bob.messages.next();
    const back = await send(bob, { protocol: 'tcp', address: '127.0.0.1', port: out.localPort });
    expect(back.connectionId).toBe(flow.connectionId);
    expect((await alice.messages.next()).flow).toEqual(out);
  });

  it('its end is told to both, and a closed flow refuses', async () => {
    const bob = await peer();
    const socket = await client(bob);
    socket.write(requestText());
    const { flow } = await bob.messages.next();
    socket.destroy();
    expect(await bob.closed.next()).toEqual(flow);
    expect(bob.layer.isOpen(flow)).toBe(false);
    await expect(send(bob, flow)).rejects.toMatchObject({ code: 'closed' });
  });

  it('a message cut anywhere arrives whole', async () => {
    const bob = await peer();
    const socket = await client(bob);
    for (const byte of requestText({}, 'body').split('')) socket.write(byte);
    expect((await bob.messages.next()).message.body.toString()).toBe('body');
  });

  it('CR LF CR LF is answered by CR LF (RFC 5626 3.5.1)', async () => {
    const socket = await client(await peer());
    socket.write('\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toBe('\r\n');
  });

  it('a flood of line breaks is answered once a chunk', async () => {
    const bob = await peer();
    const socket = await client(bob);
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.write('\r\n'.repeat(100_000) + requestText());
    const { flow } = await bob.messages.next();
    await send(bob, flow, Buffer.from('end'));
    while (!Buffer.concat(received).includes('end')) await once(socket, 'data');
    // A chunk of the socket has some 64 KiB.
    expect(Buffer.concat(received).length).toBeLessThan(100);
  });

  it.each([
    ['pings', '\r\n\r\n'],
    ['a request that is refused', requestText({ CSeq: '1 BYE' }, 'xyz')],
  ])('%s do not keep a place for who never sends a message', async (_, text) => {
    const clock = new HandClock();
    const bob = await peer(LOOPBACK, { clock, limits: { messageTimeoutMs: 1_000 } });
    const socket = await client(bob);
    socket.write(`${text}\r\n\r\n`);
    await once(socket, 'data');
    clock.pass(1_000);
    await bob.closed.next();
    expect(clock.running).toBe(0);
  });

  it('one that was silent for a time is closed when asked, one that was not stays', async () => {
    const clock = new HandClock();
    const [alice, bob] = [await peer(LOOPBACK, { clock }), await peer()];
    const out = await send(alice, to(bob, 'tcp'));
    await send(bob, (await bob.messages.next()).flow);
    await alice.messages.next();
    clock.pass(999);
    alice.layer.closeIfSilent(out, 1_000);
    expect(alice.layer.isOpen(out)).toBe(true);
    clock.pass(1);
    alice.layer.closeIfSilent(out, 1_000);
    expect(alice.layer.isOpen(out)).toBe(false);
    expect((await send(alice, to(bob, 'tcp'))).connectionId).not.toBe(out.connectionId);
  });

  it('after a failure that loses the stream the answer still goes out, then it is closed', async () => {
    const bob: Peer = await peer(
      LOOPBACK,
      {},
      {
        onFailure: (failure, flow) => bob.layer.send(Buffer.from(`answer ${failure.status}`), flow, () => undefined),
      },
    );
    const socket = await client(bob);
    socket.write(requestText({ 'Content-Length': 'x' }) + requestText());
    expect(await readAll(socket)).toBe('answer 400');
    expect(bob.messages.size).toBe(0);
  });

  it('after a failure that does not, it goes on', async () => {
    const bob = await peer();
    const socket = await client(bob);
    socket.write(requestText({ CSeq: '1 BYE' }, 'xyz') + requestText());
    await bob.failures.next();
    await bob.messages.next();
  });

  it('one that sends half a message is closed in time, however slowly it drips', async () => {
    const clock = new HandClock();
    const bob = await peer(LOOPBACK, { clock, limits: { messageTimeoutMs: 1_000 } });
    const socket = await client(bob);
    socket.write(requestText());
    await bob.messages.next();
    expect(clock.running).toBe(0);
    socket.write(`${requestText()}INVITE`);
    await bob.messages.next();
    clock.pass(900);
    await new Promise((written) => socket.write(' sip:x', written));
    for (let round = 0; round < 5; round++) await new Promise(setImmediate);
    clock.pass(99);
    expect(bob.closed.size).toBe(0);
    clock.pass(1);
    await bob.closed.next();
    expect(clock.running).toBe(0);
  });

  it('incomplete messages share a budget; beyond it the connection with the most is closed, no other', async () => {
    const maxHeldBytes = 300_000;
    const bob = await peer(LOOPBACK, { limits: { maxHeldBytes } });
    const stuffed = requestText({}, 'x'.repeat(290_000)).slice(0, -1);
    const modest = await client(bob);
    modest.write(requestText({}, 'modest').slice(0, -1));
    // More than once, for what a closed connection held is given back.
    for (let round = 0; round < 4; round++) {
      const socket = await client(bob);
      socket.write(stuffed);
      if (round > 0) await bob.closed.next();
    }
    modest.write('t');
    expect((await bob.messages.next()).message.body.toString()).toBe('modest');
    expect(bob.closed.size).toBe(0);
  });

  it('one that never sends anything is closed in time', async () => {
    const clock = new HandClock();
    const bob = await peer(LOOPBACK, { clock, limits: { messageTimeoutMs: 1_000 } });
    const first = await client(bob);
    await client(bob);
    first.write(requestText());
    await bob.messages.next();
    while (clock.running !== 1) await new Promise(setImmediate);
    expect(clock.running).toBe(1);
    clock.pass(1_000);
    await bob.closed.next();
    expect(bob.closed.size).toBe(0);
  });

  it('one that does not open in time fails, and every message that waited for it', async () => {
    const clock = new HandClock();
    const alice = await peer(LOOPBACK, { clock, limits: { connectTimeoutMs: 500 } });
    const deaf: Destination = { protocol: 'tcp', address: '127.0.0.1', port: await deafPort() };
    const sends = [send(alice, deaf), send(alice, deaf)].map((sent) =>
      expect(sent).rejects.toMatchObject({ code: 'timeout' }),
    );
    await new Promise(setImmediate);
    clock.pass(499);
    expect(clock.running).toBe(1);
    clock.pass(1);
    await Promise.all(sends);
    expect(clock.running).toBe(0);
  });

  it('more than the limit from one source are closed, and there is room again when one ends', async () => {
    const bob = await peer(LOOPBACK, { limits: { maxConnectionsPerSource: 2 } });
    const [first] = [await client(bob), await client(bob)];
    const third = await client(bob);
    expect(await readAll(third)).toBe('');
    first.write(requestText());
    await bob.messages.next();
    first.destroy();
    await bob.closed.next();
    const fourth = await client(bob);
    fourth.write(requestText());
    await bob.messages.next();
  });

  it('more than the limit in all are neither taken nor made', async () => {
    const bob = await peer(LOOPBACK, { limits: { maxConnections: 1 } });
    const first = await client(bob);
    first.write(requestText());
    await bob.messages.next();
    expect(await readAll(await client(bob))).toBe('');
    await expect(send(bob, { protocol: 'tcp', address: '127.0.0.1', port: 1 })).rejects.toMatchObject({
      code: 'failed',
    });
  });

  it('a peer that does not read is cut off when too much waits for it', async () => {
    const bob = await peer(LOOPBACK, { limits: { maxWriteQueueBytes: 100_000 } });
    const socket = await client(bob);
    socket.pause();
    socket.write(requestText());
    const { flow } = await bob.messages.next();
    const flood = async (): Promise<void> => {
      for (;;) await send(bob, flow, Buffer.alloc(50_000));
    };
    await expect(flood()).rejects.toMatchObject({ code: 'failed' });
    expect(await bob.closed.next()).toEqual(flow);
  });
});

describe('handlers that throw', () => {
  const planted = (): never => {
    throw new Error('planted');
  };

  it.each(['udp', 'tcp'] as const)('cost one message over %s, and are told with its source', async (protocol) => {
    const defects = new Inbox<string>();
    const heard = new Inbox<SipMessage>();
    let first = true;
    const server = await peer(
      LOOPBACK,
      {},
      {
        onMessage(message) {
          if (first) {
            first = false;
            planted();
          }
          heard.push(message);
        },
        onDefect: (what, error) => defects.push(`${what}: ${String(error)}`),
      },
    );
    const sender = await peer();
    const flow = await send(sender, to(server, protocol));
    await send(sender, flow);
    expect(await defects.next()).toMatch(/127\.0\.0\.1.*planted/);
    await heard.next();
    expect(defects.size).toBe(0);
  });

  it('at the end of a connection, or when it opens, are survived', async () => {
    const defects = new Inbox<string>();
    const onDefect = (what: string): void => defects.push(what);
    const server = await peer();
    const one = await peer(LOOPBACK, {}, { onClosed: planted, onDefect });
    one.layer.send(bytesOf(requestText()), to(server, 'tcp'), planted);
    await defects.next();
    const flow = await send(one, to(server, 'tcp'));
    const { flow: back } = await server.messages.next();
    expect(one.layer.isOpen(flow)).toBe(true);
    await server.layer.close();
    await defects.next();
    expect(one.layer.isOpen(flow)).toBe(false);
    expect(back.connectionId).not.toBeNull();
  });
});
