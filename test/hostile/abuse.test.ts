import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { REFUSAL_LINES_PER_MINUTE } from '../../src/drachtio/limits.ts';
import { connectSrf, newCall, requestText, SDP_A, type SrfRequest } from '../drachtio/support.ts';
import { heapBytes } from '../fuzz/heap.ts';
import { toWire, type SipPeer } from '../support/sip-peer.ts';
import {
  expectCall,
  peerTo,
  ping,
  startHostileEngine,
  streamPeerTo,
  userAgent,
  type HostileEngine,
} from './support.ts';

/** Messages of a flood; MCG_FLOOD=100000 asks for more than fits into every run of the tests. */
const FLOOD = Number(process.env['MCG_FLOOD'] ?? 10_000);
/** So many datagrams at most wait in the engine's socket. */
const AT_ONCE = 100;
const FLOOD_TIMEOUT_MS = 60_000 + FLOOD * 2;

interface Attacked extends HostileEngine {
  readonly heard: SrfRequest[];
  readonly caller: SipPeer;
  readonly attacker: SipPeer;
}

async function attacked(options: Parameters<typeof startHostileEngine>[0] = {}): Promise<Attacked> {
  const started = await startHostileEngine(options);
  const { heard } = await userAgent(started.engine);
  // One source may not take everything; it may take its own.
  const caller = await peerTo(started.udpPort, '127.0.0.1', '127.0.0.2');
  await expectCall(caller);
  heard.splice(0);
  return { ...started, heard, caller, attacker: await peerTo(started.udpPort) };
}

/** How many got this final answer; copies and pings do not count. */
function answersTo(peer: SipPeer, status: number): number {
  const answers = peer.received.filter(({ start }) => start.startsWith(`SIP/2.0 ${status} `));
  return new Set(answers.map((each) => each.header('Call-ID')).filter((id) => !id.startsWith('ping-'))).size;
}

/** Sends `count` messages, never more than the socket's buffer holds; a call passes at every quarter. */
async function flood({ attacker, caller }: Attacked, count: number, message: (index: number) => string): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    attacker.send(message(index), undefined);
    if (index % AT_ONCE === AT_ONCE - 1) await ping(attacker);
    if (index % Math.ceil(count / 4) === 0) await expectCall(caller);
  }
  await ping(attacker);
  await expectCall(caller);
}

async function connections(port: number, count: number): Promise<Socket[]> {
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'connect');
      return socket;
    }),
  );
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  return sockets;
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

const OPTIONS = `OPTIONS sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKslow
From: <sip:slow@127.0.0.1>;tag=slow
To: <sip:127.0.0.1>
Call-ID: slow
CSeq: 1 OPTIONS
`;

describe('connections', () => {
  it('300 that send a byte at a time hold nobody up', async () => {
    const { tcpPort, caller } = await attacked();
    const stream = await streamPeerTo(tcpPort);
    const slow = await connections(tcpPort, 300);
    const bytes = toWire(OPTIONS);
    for (let at = 0; at < 30; at += 1) {
      for (const socket of slow) socket.write(bytes.subarray(at, at + 1));
      await ping(stream);
      if (at % 10 === 0) await expectCall(caller);
    }
    await expectCall(stream);
  });

  it('500 that end within a message leave nothing', async () => {
    const { tcpPort, caller, engine } = await attacked();
    const bytes = toWire(OPTIONS);
    for (let round = 0; round < 5; round += 1) {
      const halves = await connections(tcpPort, 100);
      for (const [index, socket] of halves.entries())
        socket.end(bytes.subarray(0, 1 + ((index * 7) % (bytes.length - 1))));
      await expectCall(caller);
      await Promise.all(halves.map(closed));
    }
    expect(engine.counts()).toMatchObject({ dialogs: 0, dialogConnections: 0, incoming: 0, invites: 0 });
  });

  it('a megabyte without a line end closes its connection', async () => {
    const { tcpPort, caller } = await attacked();
    const [socket] = await connections(tcpPort, 1);
    socket!.write(Buffer.alloc(2 ** 20, 'a'));
    await closed(socket!);
    await expectCall(caller);
  });

  it('a client frame of 10^15 bytes closes its connection, and no application hears of it', async () => {
    const { engine, caller } = await attacked();
    const socket = connect(engine.client.port, engine.client.host);
    socket.on('error', () => undefined);
    socket.write(
      `43#a|authenticate|${engine.secret}|`.replace('43', String(`a|authenticate|${engine.secret}|`.length)),
    );
    await once(socket, 'data');
    socket.write('1000000000000000#');
    await closed(socket);
    await expectCall(caller);
  });
});

describe('floods', () => {
  const text = (
    method: string,
    attacker: SipPeer,
    index: number,
    parts: Parameters<typeof requestText>[1] = {},
  ): string =>
    requestText(
      { ...newCall(attacker), callId: `flood-${index}`, branch: `z9hG4bKflood${index}` },
      { method, ...parts },
    );

  it(
    `${FLOOD} requests that no application routed get 503, each, and reach nobody`,
    async () => {
      const test = await attacked();
      await flood(test, FLOOD, (index) => text('PUBLISH', test.attacker, index));
      expect(answersTo(test.attacker, 503)).toBe(FLOOD);
      expect(test.heard.filter(({ method }) => method !== 'INVITE')).toEqual([]);
    },
    FLOOD_TIMEOUT_MS,
  );

  it(
    `${FLOOD} INVITEs that are never answered: up to the limit others call as ever, beyond it they get 503 with Retry-After`,
    async () => {
      const limit = FLOOD / 2;
      // One source may take four fifths of all.
      const started = await startHostileEngine({ limits: { maxUnansweredRequests: limit * 1.25 } });
      await connectSrf(started.engine, (app) => {
        app.options((_req, res) => res.send(200));
        app.invite((req, res) => {
          if (!req.uri.includes('nowhere')) void app.createUAS(req, res, { localSdp: SDP_A });
        });
      });
      const caller = await peerTo(started.udpPort);
      const attacker = await streamPeerTo(started.tcpPort);
      await expectCall(caller);
      const restingBytes = await heapBytes();
      const invite = (index: number): void =>
        attacker.send(text('INVITE', attacker, index, { uri: 'sip:nowhere@127.0.0.1' }));
      for (let index = 0; index < limit - 1; index += 1) {
        invite(index);
        if (index % 500 === 499) {
          await ping(attacker);
          await expectCall(caller);
        }
      }
      await ping(attacker);
      await expectCall(caller);
      // What the engine, drachtio-srf and this test remember of each, all in one process.
      expect(((await heapBytes()) - restingBytes) / limit).toBeLessThan(32_768);
      for (let index = limit - 1; index < FLOOD; index += 1) invite(index);
      await expect.poll(() => answersTo(attacker, 503), { timeout: 30_000 }).toBe(FLOOD - limit);
      expect(started.engine.counts().incoming).toBe(limit);
      const refused = attacker.received.filter(({ start }) => start.startsWith('SIP/2.0 503'));
      expect(refused.every((each) => Number(each.header('Retry-After')) > 0)).toBe(true);
      expect(started.logged.filter((line) => line.includes('was refused')).length).toBeLessThanOrEqual(
        REFUSAL_LINES_PER_MINUTE,
      );
    },
    FLOOD_TIMEOUT_MS,
  );

  it(
    `${FLOOD} responses to nothing cost nothing, and bring nothing about`,
    async () => {
      const test = await attacked();
      await flood(
        test,
        FLOOD,
        (index) => `SIP/2.0 200 OK
Via: SIP/2.0/UDP 127.0.0.1:${test.udpPort};branch=z9hG4bK-${index}
From: <sip:a@127.0.0.1>;tag=a
To: <sip:b@127.0.0.1>;tag=b
Call-ID: nothing-${index}
CSeq: 1 INVITE
Contact: <sip:b@127.0.0.1>
`,
      );
      expect(test.attacker.received.filter(({ start }) => !start.startsWith('SIP/2.0 200'))).toEqual([]);
    },
    FLOOD_TIMEOUT_MS,
  );

  it(
    `${FLOOD} CANCELs for nothing get 481, each, and nothing is kept for them`,
    async () => {
      const test = await attacked();
      const before = test.engine.counts().transactions;
      for (let index = 0; index < FLOOD; index += 1) {
        test.attacker.send(text('CANCEL', test.attacker, index));
        if (index % AT_ONCE === AT_ONCE - 1)
          await test.attacker.expect(new RegExp(`^SIP/2\\.0 481 [^]*Call-ID: flood-${index}\r`));
      }
      expect(test.engine.counts().transactions).toBeLessThanOrEqual(before);
      expect(test.attacker.count(/^SIP\/2\.0 481 /)).toBe(FLOOD);
      await expectCall(test.caller);
    },
    FLOOD_TIMEOUT_MS,
  );

  it(
    `${FLOOD} ACKs for nothing get no answer, and nothing is kept for them`,
    async () => {
      const test = await attacked();
      await flood(test, FLOOD, (index) =>
        text('ACK', { ...test.attacker }, index).replace(/^(To: .*)$/m, '$1;tag=made-up'),
      );
      expect(test.attacker.received.filter(({ start }) => !start.startsWith('SIP/2.0 200'))).toEqual([]);
      expect(test.heard.filter(({ method }) => method === 'ACK')).toEqual([]);
    },
    FLOOD_TIMEOUT_MS,
  );

  it('REGISTERs with hundreds of Contacts are remembered up to the limit', async () => {
    const test = await attacked({ limits: { maxRegisteredContacts: 50 } });
    const stream = await streamPeerTo(test.tcpPort);
    for (let index = 0; index < 50; index += 1) {
      const contact = Array.from({ length: 300 }, (_, each) => `<sip:u${index}-${each}@127.0.0.1>`).join(', ');
      stream.send(text('REGISTER', stream, index, { contact }));
      await stream.expect(new RegExp(`^SIP/2\\.0 200 [^]*Call-ID: flood-${index}\r`));
    }
    await expectCall(test.caller);
  });
});

describe('reliable provisional responses', () => {
  it('that are never acknowledged end 100 calls with 5xx, and no other (RFC 3262 3)', async () => {
    const started = await startHostileEngine({ timers: { t1Ms: 31, t2Ms: 250, t4Ms: 312, t1x64Ms: 2_000 } });
    await connectSrf(started.engine, (app) => {
      app.options((_req, res) => res.send(200));
      app.invite((req, res) => {
        if (req.uri.includes('1001')) void app.createUAS(req, res, { localSdp: SDP_A });
        else res.send(183, { headers: { Require: '100rel' }, body: SDP_A });
      });
    });
    const caller = await peerTo(started.udpPort);
    const attacker = await peerTo(started.udpPort);
    for (let index = 0; index < 100; index += 1) {
      const invite = { ...newCall(attacker, 'sip:nobody@127.0.0.1'), callId: `reliable-${index}` };
      attacker.send(requestText(invite, { headers: 'Supported: 100rel' }));
      if (index % 10 === 0) await expectCall(caller);
    }
    await expect.poll(() => answersTo(attacker, 183), { timeout: 10_000 }).toBe(100);
    const ended = (): number =>
      new Set(
        attacker.received.filter(({ start }) => start.startsWith('SIP/2.0 5')).map((each) => each.header('Call-ID')),
      ).size;
    await expect.poll(ended, { timeout: 15_000 }).toBe(100);
    await expectCall(caller);
    await expect
      .poll(() => started.engine.counts(), { timeout: 15_000 })
      .toMatchObject({ dialogs: 0, incoming: 0, transactions: 0 });
  });
});

describe('responses with the right branch', () => {
  it('but another method in CSeq are no answers', async () => {
    const { engine, udpPort } = await startHostileEngine();
    const peer = await peerTo(udpPort);
    const srf = await connectSrf(engine, (app) => app.options((_req, res) => res.send(200)));
    const statuses: number[] = [];
    const request = await srf.request(`sip:bob@127.0.0.1:${peer.port}`, {
      method: 'MESSAGE',
      body: 'hello',
      headers: { 'Content-Type': 'text/plain' },
    });
    const ended = new Promise<void>((resolve) =>
      request.on('response', ({ status }: { status: number }) => {
        statuses.push(status);
        resolve();
      }),
    );
    const message = await peer.expect(/^MESSAGE /);
    const answered = (status: number, cseq: string): string => `SIP/2.0 ${status} Whatever
Via: ${message.header('Via')}
From: ${message.header('From')}
To: ${message.header('To')};tag=b
Call-ID: ${message.header('Call-ID')}
CSeq: ${cseq}
`;
    const [sequence] = message.header('CSeq').split(' ');
    for (const method of ['INVITE', 'OPTIONS', 'message', 'CANCEL']) peer.send(answered(200, `${sequence} ${method}`));
    await ping(peer);
    expect(statuses).toEqual([]);
    peer.send(answered(404, message.header('CSeq')));
    await ended;
    expect(statuses).toEqual([404]);
  });
});
