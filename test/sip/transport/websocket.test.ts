import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import type { ListenAddress, TransportLayerOptions } from '../../../src/sip/index.ts';
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../../../src/sip/message/limits.ts';
import { MAX_WEBSOCKET_PIECES } from '../../../src/sip/transport/limits.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { bytesOf, requestText } from '../message/support.ts';
import { HandClock, Inbox, cleanups, peer, readAll, send, to, type Peer } from './layers.ts';

const authority = makeAuthority();
const own = authority.issue(['DNS:pbx.example.com', 'IP:127.0.0.1']);

const LISTEN: ListenAddress[] = [
  { protocol: 'ws', address: '127.0.0.1', port: 0 },
  { protocol: 'wss', address: '127.0.0.1', port: 0 },
  { protocol: 'tcp', address: '127.0.0.1', port: 0 },
];

type Kind = 'ws' | 'wss';

function webPeer(options: TransportLayerOptions = {}): Promise<Peer> {
  return peer(LISTEN, { tls: own, ...options });
}

/** A WebSocket client; its messages, as text. */
interface Browser {
  readonly socket: WebSocket;
  readonly messages: Inbox<string>;
  readonly closed: Promise<number>;
}

async function browser(
  of: Peer,
  kind: Kind = 'ws',
  protocols: string | string[] = 'sip',
  options: ClientOptions = {},
): Promise<Browser> {
  const socket = new WebSocket(`${kind}://127.0.0.1:${to(of, kind).port}/any/path`, protocols, {
    ca: authority.certificate,
    ...options,
  });
  cleanups.push(() => socket.terminate());
  const messages = new Inbox<string>();
  socket.on('message', (data: Buffer, isBinary) =>
    messages.push(`${isBinary ? 'binary ' : ''}${data.toString('latin1')}`),
  );
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  });
  socket.on('error', () => undefined);
  return { socket, messages, closed };
}

/** A plain client of the port, with what it sends first. */
function raw(of: Peer, kind: Kind, text: string): Socket {
  const { port } = to(of, kind);
  const socket =
    kind === 'ws' ? connect(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ca: authority.certificate });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  socket.write(text);
  return socket;
}

const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const upgrade = (...more: string[]): string => `${[...HANDSHAKE, ...more].join('\r\n')}\r\n\r\n`;

describe.each(['ws', 'wss'] as const)('%s', (kind) => {
  it('carries a message there, and an answer back over the same flow', async () => {
    const bob = await webPeer();
    const { socket, messages } = await browser(bob, kind);
    expect(socket.protocol).toBe('sip');
    expect(socket.extensions).toBe('');
    socket.send(requestText({ Via: `SIP/2.0/${kind.toUpperCase()} df7jal23ls0d.invalid;branch=z9hG4bK1` }, 'body'));
    const { message, flow } = await bob.messages.next();
    expect(message.headers.get('Via')).toMatch(
      /df7jal23ls0d\.invalid;branch=z9hG4bK1;rport=\d+;received=127\.0\.0\.1$/,
    );
    expect(message.body.toString()).toBe('body');
    expect(flow).toMatchObject({ protocol: kind, remoteAddress: '127.0.0.1', localPort: to(bob, kind).port });
    expect(bob.layer.localFor(flow)).toMatchObject({ protocol: kind, port: to(bob, kind).port });
    await send(bob, flow, bytesOf(requestText({ start: 'SIP/2.0 200 OK' })));
    expect(await messages.next()).toMatch(/^SIP\/2\.0 200 OK\r\n/);
  });

  it('an ordinary GET gets 426, and the connection is closed', async () => {
    const answer = await readAll(raw(await webPeer(), kind, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 426 /);
    expect(answer).toMatch(/^Upgrade: websocket\r$/im);
  });

  it('an expectation that is not met ends the connection with the answer', async () => {
    const ask = 'GET / HTTP/1.1\r\nHost: x\r\nExpect: the-unexpected\r\n\r\n';
    const answer = await readAll(raw(await webPeer(), kind, ask + ask));
    expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 417']);
  });

  it.each([
    ['none', upgrade()],
    ['another', upgrade('Sec-WebSocket-Protocol: chat, sips')],
  ])('the subprotocol sip is needed: %s gets 400 that says so', async (_, text) => {
    const bob = await webPeer();
    const answer = await readAll(raw(bob, kind, text));
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*subprotocol sip/s);
    await bob.layer.close();
    expect(bob.closed.size).toBe(0);
  });

  it('the subprotocol sip is chosen, whatever else is offered first', async () => {
    expect((await browser(await webPeer(), kind, ['chat', 'sip'])).socket.protocol).toBe('sip');
  });

  it('an end of the WebSocket is told, and a closed flow refuses', async () => {
    const bob = await webPeer();
    const { socket, closed } = await browser(bob, kind);
    socket.send(requestText());
    const { flow } = await bob.messages.next();
    socket.close();
    expect(await bob.closed.next()).toEqual(flow);
    expect(bob.layer.isOpen(flow)).toBe(false);
    await expect(send(bob, flow)).rejects.toMatchObject({ code: 'closed' });
    await closed;
  });

  it('a handshake that drips is cut off in time, however slowly', async () => {
    const clock = new HandClock();
    const bob = await webPeer({ clock, limits: { handshakeTimeoutMs: 1_000 } });
    const socket = raw(bob, kind, upgrade('Sec-WebSocket-Protocol: sip').slice(0, -2));
    while (clock.running === 0) await new Promise(setImmediate);
    clock.pass(999);
    await new Promise((written) => socket.write('X-Drip: 1\r\n', written));
    expect(socket.destroyed).toBe(false);
    clock.pass(1);
    await new Promise((closed) => socket.on('close', closed));
    expect(clock.running).toBe(0);
  });

  it('none is made: a destination is no way to a browser', async () => {
    const bob = await webPeer();
    const { socket } = await browser(bob, kind);
    socket.send(requestText());
    const { flow } = await bob.messages.next();
    const back = { protocol: kind, address: flow.remoteAddress, port: flow.remotePort };
    await expect(send(bob, back)).rejects.toMatchObject({ code: 'no-transport' });
  });
});

describe('a WebSocket message', () => {
  it('is one SIP message, text or binary, fragmented or not, with or without Content-Length (RFC 7118 5)', async () => {
    const bob = await webPeer();
    const { socket } = await browser(bob);
    const text = requestText({ 'Content-Length': null }, 'body');
    socket.send(text);
    socket.send(bytesOf(text), { binary: true });
    for (const [index, byte] of text.split('').entries()) socket.send(byte, { fin: index === text.length - 1 });
    for (let time = 0; time < 3; time++) expect((await bob.messages.next()).message.body.toString()).toBe('body');
  });

  it('two SIP messages in one are none, a body shorter than promised is none', async () => {
    const bob = await webPeer();
    const { socket } = await browser(bob);
    socket.send(requestText() + requestText());
    expect((await bob.failures.next()).failure.status).toBe(400);
    socket.send(requestText({ 'Content-Length': '9' }, 'body'));
    expect((await bob.failures.next()).failure.status).toBe(400);
    socket.send(requestText());
    await bob.messages.next();
    expect(bob.messages.size).toBe(0);
  });

  it('of ours is text where it is UTF-8, else binary', async () => {
    const bob = await webPeer();
    const { socket, messages } = await browser(bob);
    socket.send(requestText());
    const { flow } = await bob.messages.next();
    await send(bob, flow, Buffer.from('é'));
    await send(bob, flow, Buffer.from([0xe9]));
    expect(await messages.next()).toBe(Buffer.from('é').toString('latin1'));
    expect(await messages.next()).toBe('binary \u00e9');
  });

  it('of CR LF CR LF is answered by CR LF, of CR LF by nothing; a ping frame by a pong (RFC 7118 6)', async () => {
    const bob = await webPeer();
    const { socket, messages } = await browser(bob);
    socket.send('\r\n');
    socket.send('\r\n\r\n');
    expect(await messages.next()).toBe('\r\n');
    socket.ping('x');
    expect(String((await once(socket, 'pong'))[0])).toBe('x');
    socket.send(requestText());
    await bob.messages.next();
    expect(messages.size + bob.failures.size).toBe(0);
  });

  it('may be as large as one on a stream, no larger: the connection ends with 1009', async () => {
    const bob = await webPeer();
    const { socket, closed } = await browser(bob);
    socket.send(requestText({}, 'x'.repeat(MAX_BODY_BYTES)));
    expect((await bob.messages.next()).message.body).toHaveLength(MAX_BODY_BYTES);
    socket.send(requestText({}, 'x'.repeat(MAX_BODY_BYTES + 1)));
    expect((await bob.failures.next()).failure.status).toBe(513);
    socket.send(requestText({ 'X-Large': 'x'.repeat(MAX_HEAD_BYTES) }));
    expect((await bob.failures.next()).failure.problem).toBe('Message Too Large');
    socket.send('x'.repeat(MAX_HEAD_BYTES + MAX_BODY_BYTES + 1));
    expect(await closed).toBe(1009);
    await bob.closed.next();
  });

  it('that is not finished in time costs the connection, however slowly it drips', async () => {
    const clock = new HandClock();
    const bob = await webPeer({ clock, limits: { messageTimeoutMs: 1_000 } });
    const { socket, closed } = await browser(bob);
    socket.send(requestText());
    await bob.messages.next();
    expect(clock.running).toBe(0);
    socket.send('INVITE', { fin: false });
    while (clock.running === 0) await new Promise(setImmediate);
    clock.pass(999);
    expect(bob.closed.size).toBe(0);
    clock.pass(1);
    await closed;
    await bob.closed.next();
    expect(clock.running).toBe(0);
  });

  it('whole ones hold nothing, whatever their size and number', async () => {
    const clock = new HandClock();
    const bob = await webPeer({ clock });
    const { socket } = await browser(bob);
    for (const length of [1, 125, 126, 65_000, 65_600, 300_000]) socket.send(requestText({}, 'x'.repeat(length)));
    for (let time = 0; time < 6; time++) await bob.messages.next();
    socket.ping();
    await once(socket, 'pong');
    expect(clock.running).toBe(0);
  });

  it('incomplete ones share the budget of all connections', async () => {
    const bob = await webPeer({ limits: { maxHeldBytes: 300_000 } });
    const modest = await browser(bob);
    modest.socket.send('INVITE', { fin: false });
    for (let round = 0; round < 3; round++) {
      const { socket } = await browser(bob);
      socket.send('x'.repeat(290_000), { fin: false });
      if (round > 0) await bob.closed.next();
    }
    modest.socket.send(requestText().slice('INVITE'.length), { fin: true });
    await bob.messages.next();
    expect(bob.closed.size).toBe(0);
  });
});

describe('WebSocket connections', () => {
  it('count for their source before their handshake is done', async () => {
    const bob = await webPeer({ limits: { maxConnectionsPerSource: 2 } });
    raw(bob, 'ws', 'GET ');
    await browser(bob);
    await expect(browser(bob)).rejects.toThrow();
  });

  it('a handshake with more than 16 KiB of header fields is refused', async () => {
    const answer = await readAll(raw(await webPeer(), 'ws', upgrade(`X-Large: ${'x'.repeat(17_000)}`)));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('frames that are none end it', async () => {
    const bob = await webPeer();
    const socket = raw(bob, 'ws', upgrade('Sec-WebSocket-Protocol: sip'));
    await once(socket, 'data');
    socket.write('no frame at all');
    await readAll(socket);
    await bob.closed.next();
  });

  it('origins: pages of other sites are refused, and named in the log; those named and programs are not', async () => {
    const lines: string[] = [];
    const bob = await webPeer({ origins: ['https://phone.example.com'], log: (line) => lines.push(line) });
    await browser(bob, 'ws', 'sip', { origin: 'https://phone.example.com' });
    await browser(bob, 'ws', 'sip');
    await expect(browser(bob, 'ws', 'sip', { origin: 'https://elsewhere.example' })).rejects.toThrow('403');
    const long = `https://${'x'.repeat(1_000)}`;
    await expect(browser(bob, 'ws', 'sip', { origin: long })).rejects.toThrow('403');
    expect(lines).toEqual([
      'a WebSocket from 127.0.0.1 is refused: its Origin "https://elsewhere.example" is not among those allowed',
      expect.stringMatching(/^.{1,300}$/),
    ]);
  });

  it('refused origins cost ten lines a minute', async () => {
    const lines: string[] = [];
    const bob = await webPeer({ origins: [], log: (line) => lines.push(line) });
    for (let index = 0; index < 15; index += 1) {
      await expect(browser(bob, 'ws', 'sip', { origin: 'https://elsewhere.example' })).rejects.toThrow('403');
    }
    expect(lines).toHaveLength(10);
  });

  it('of many pings at once the last alone is answered (RFC 6455 5.5.3)', async () => {
    const socket = raw(await webPeer(), 'ws', upgrade('Sec-WebSocket-Protocol: sip'));
    await once(socket, 'data');
    // FIN and ping, a mask of zeros, one byte.
    const pings = Array.from({ length: 100 }, (_, index) => Buffer.from([0x89, 0x81, 0, 0, 0, 0, index]));
    let pongs = Buffer.alloc(0);
    socket.on('data', (chunk) => (pongs = Buffer.concat([pongs, chunk])));
    socket.write(Buffer.concat(pings));
    await expect.poll(() => pongs.at(-1)).toBe(99);
    // Three bytes each; the system may have cut what was one write.
    expect(pongs.length).toBeLessThan(12);
  });

  it(`one in more than ${MAX_WEBSOCKET_PIECES} fragments ends the connection with 1008, however little is in them`, async () => {
    const bob = await webPeer();
    const { socket, closed } = await browser(bob);
    for (let time = 0; time <= MAX_WEBSOCKET_PIECES; time++) socket.send('x', { fin: false });
    expect(await closed).toBe(1008);
    expect(await bob.closed.next()).toMatchObject({ protocol: 'ws' });
  });

  it('one that floods us with pings and does not read gets no flood of answers', async () => {
    const bob = await webPeer({ limits: { maxWriteQueueBytes: 64_000_000 } });
    const { socket, messages } = await browser(bob);
    let pongs = 0;
    socket.on('pong', () => pongs++);
    socket.send(requestText());
    const { flow } = await bob.messages.next();
    socket.pause();
    // More than the kernel takes for a peer that does not read.
    await send(bob, flow, Buffer.alloc(20_000_000, 0x20));
    for (let time = 0; time < 1_000; time++) socket.ping('x'.repeat(125));
    socket.send(requestText());
    await bob.messages.next();
    socket.resume();
    await messages.next();
    socket.ping();
    await once(socket, 'pong');
    expect(pongs).toBe(1);
  });
});
