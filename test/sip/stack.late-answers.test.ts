import { describe, expect, it } from 'vitest';
import { topVia } from '../../src/sip/message/via.ts';
import type { NameService } from '../../src/sip/transport/names.ts';
import type { ClientTransaction } from '../../src/sip/stack.types.ts';
import { requestAt, type RawPeer } from './raw-peer.ts';
import {
  listeningPeer,
  outcomes,
  peerOf,
  startStack,
  tcpPeerOf,
  type Outcomes,
  type StackUnderTest,
} from './stack-under-test.ts';
import { answered, outgoing } from './written.ts';

const TIMERS = { timerBMs: 4_000 };

interface Sent extends Outcomes {
  readonly peer: RawPeer;
  readonly uri: string;
  readonly transaction: ClientTransaction;
}

/** An INVITE that its peer has in hand and that was given up after timer B. */
async function givenUp(under: StackUnderTest): Promise<Sent & { invite: Awaited<ReturnType<typeof requestAt>> }> {
  const peer = await under.peer();
  const uri = `sip:bob@127.0.0.1:${peer.port}`;
  const told = outcomes();
  const transaction = under.stack.request(outgoing('INVITE', uri, [['Route', '<sip:p1.example;lr>']]), { uri }, told);
  const invite = await requestAt(peer, 'INVITE');
  under.clock.advance(TIMERS.timerBMs);
  expect(await told.ends.next()).toBe('timeout');
  // What was sent meanwhile.
  for (let copy = 0; copy < 3; copy++) await requestAt(peer, 'INVITE');
  return { ...told, peer, uri, transaction, invite };
}

async function settled(under: StackUnderTest, { peer, uri }: Sent): Promise<void> {
  const told = outcomes();
  under.stack.request(outgoing('INFO', uri), { uri }, told);
  peer.send(answered(await requestAt(peer, 'INFO'), 200));
  await told.responses.next();
}

describe('an INVITE that was given up after timer B', () => {
  it('is cancelled when it rings after all: once, on its own branch, and its 487 is acknowledged', async () => {
    const under = await startStack({ timers: TIMERS });
    const sent = await givenUp(under);
    const { peer, invite, ends, responses } = sent;
    for (const status of [100, 180, 180]) peer.send(answered(invite, status));
    const cancel = await requestAt(peer, 'CANCEL');
    expect(topVia(cancel)?.params.get('branch')).toBe(topVia(invite)?.params.get('branch'));
    expect(cancel.headers.all('Route')).toEqual(['<sip:p1.example;lr>']);
    peer.send(answered(cancel, 200));
    peer.send(answered(invite, 487));
    await requestAt(peer, 'ACK');
    await settled(under, sent);
    expect(peer.messages.left).toEqual([]);
    expect([...ends.left, ...responses.left]).toEqual([]);
    under.clock.advance(64_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('that is answered after all has its 2xx passed up, so that the user can acknowledge and end it', async () => {
    const under = await startStack({ timers: TIMERS });
    const { peer, invite, uri, responses, ends, transaction } = await givenUp(under);
    const ok = answered(invite, 200);
    peer.send(ok);
    expect((await responses.next()).status).toBe(200);
    const ack = outgoing('ACK', uri);
    ack.headers.set('To', `<${uri}>;tag=bob`);
    transaction.acknowledge(ack, { uri });
    await requestAt(peer, 'ACK');
    peer.send(ok);
    await requestAt(peer, 'ACK');
    expect([...ends.left, ...responses.left]).toEqual([]);
  });

  it('that is refused after all has the failure acknowledged, and nobody is told', async () => {
    const under = await startStack({ timers: TIMERS });
    const sent = await givenUp(under);
    sent.peer.send(answered(sent.invite, 486));
    await requestAt(sent.peer, 'ACK');
    await settled(under, sent);
    expect([...sent.ends.left, ...sent.responses.left]).toEqual([]);
  });

  it('is remembered until 64*T1, and T4 after its last copy at least', async () => {
    const under = await startStack({ timers: TIMERS });
    await givenUp(under);
    under.clock.advance(27_999);
    expect(under.stack.transactionCount).toBe(1);
    under.clock.advance(1);
    expect(under.stack.transactionCount).toBe(0);
    const usual = await startStack();
    usual.stack.request(outgoing('INVITE', 'sip:bob@127.0.0.1:9'), { uri: 'sip:bob@127.0.0.1:9' }, outcomes());
    usual.clock.advance(32_000 + 4_999);
    expect(usual.stack.transactionCount).toBe(1);
    usual.clock.advance(1);
    expect(usual.stack.transactionCount).toBe(0);
  });

  it('over TCP, on a connection that was closed since it was silent, is cancelled over another one (18.2.2)', async () => {
    const under = await startStack({ timers: TIMERS });
    const server = await listeningPeer();
    const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`;
    const told = outcomes();
    under.stack.request(outgoing('INVITE', uri), { uri }, told);
    const invite = await requestAt(await server.peers.next(), 'INVITE');
    under.clock.advance(TIMERS.timerBMs);
    expect(await told.ends.next()).toBe('timeout');
    const peer = await tcpPeerOf(under.port('tcp'));
    peer.send(answered(invite, 180));
    const callee = await server.peers.next();
    const cancel = await requestAt(callee, 'CANCEL');
    expect(topVia(cancel)?.params.get('branch')).toBe(topVia(invite)?.params.get('branch'));
    peer.send(answered(invite, 487));
    await requestAt(callee, 'ACK');
  });

  it('and had been cancelled before, has its CANCEL sent with what the user gave when it rings', async () => {
    const under = await startStack({ timers: TIMERS });
    const peer = await under.peer();
    const uri = `sip:bob@127.0.0.1:${peer.port}`;
    const told = outcomes();
    const transaction = under.stack.request(outgoing('INVITE', uri), { uri }, told);
    const invite = await requestAt(peer, 'INVITE');
    transaction.cancel([{ name: 'Reason', value: 'SIP;cause=480' }]);
    under.clock.advance(TIMERS.timerBMs);
    expect(await told.ends.next()).toBe('timeout');
    peer.send(answered(invite, 180));
    expect((await requestAt(peer, 'CANCEL')).headers.get('Reason')).toBe('SIP;cause=480');
  });
});

describe('an INVITE whose connection closes while its phone rings', () => {
  it('is told as failed and cancelled over another one, by which its 2xx may come (18.2.2)', async () => {
    const under = await startStack();
    const server = await listeningPeer();
    const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`;
    const told = outcomes();
    under.stack.request(outgoing('INVITE', uri), { uri }, told);
    const first = await server.peers.next();
    const invite = await requestAt(first, 'INVITE');
    first.send(answered(invite, 180));
    await told.responses.next();
    first.close();
    expect(await told.ends.next()).toMatchObject({ code: 'closed' });
    const second = await server.peers.next();
    const cancel = await requestAt(second, 'CANCEL');
    expect(topVia(cancel)?.params.get('branch')).toBe(topVia(invite)?.params.get('branch'));
    second.send(answered(cancel, 200));
    second.send(answered(invite, 200));
    expect((await told.responses.next()).status).toBe(200);
    expect(told.ends.left).toEqual([]);
    under.clock.advance(64_000);
    expect(under.stack.transactionCount).toBe(0);
  });
});

describe('late answers of the first of two addresses', () => {
  interface Forked extends Outcomes {
    readonly under: StackUnderTest;
    readonly first: RawPeer;
    readonly second: RawPeer;
    readonly one: Awaited<ReturnType<typeof requestAt>>;
    readonly other: Awaited<ReturnType<typeof requestAt>>;
    readonly transaction: ClientTransaction;
  }

  /** `first` has let timer B pass; `second` has the INVITE. */
  async function secondTried(): Promise<Forked> {
    const names: NameService = {
      addresses: () => Promise.resolve({ addresses: ['127.0.0.2', '127.0.0.3'], ttlMs: 60_000 }),
      srv: () => Promise.reject(new Error('none')),
    };
    const listen = [{ protocol: 'udp', address: '127.0.0.1', port: 0 }] as const;
    const under = await startStack({ timers: TIMERS, names, listen });
    const to = { port: under.port('udp') };
    const first = await peerOf(to, '127.0.0.2');
    const second = await peerOf(to, '127.0.0.3', first.port);
    const told = outcomes();
    const uri = `sip:bob@two.example:${first.port}`;
    const transaction = under.stack.request(outgoing('INVITE', uri), { uri }, told);
    const one = await requestAt(first, 'INVITE');
    under.clock.advance(TIMERS.timerBMs);
    for (let copy = 0; copy < 3; copy++) await requestAt(first, 'INVITE');
    const other = await requestAt(second, 'INVITE');
    return { ...told, under, first, second, one, other, transaction };
  }

  function branch(message: Parameters<typeof topVia>[0]): string | undefined {
    return topVia(message)?.params.get('branch');
  }

  it('ringing is cancelled on the branch of the first, and the second rings on', async () => {
    const { first, second, one, other, responses } = await secondTried();
    first.send(answered(one, 180, { toTag: 'one' }));
    expect(branch(await requestAt(first, 'CANCEL'))).toBe(branch(one));
    first.send(answered(one, 487, { toTag: 'one' }));
    expect(branch(await requestAt(first, 'ACK'))).toBe(branch(one));
    second.send(answered(other, 180, { toTag: 'two' }));
    expect((await responses.next()).headers.get('To')).toContain('tag=two');
    expect(second.messages.left).toEqual([]);
  });

  it('an answer that comes first is the answer; the second is cancelled: the call was completed elsewhere', async () => {
    const { first, second, one, other, responses, ends, transaction } = await secondTried();
    second.send(answered(other, 180, { toTag: 'two' }));
    await responses.next();
    first.send(answered(one, 200, { toTag: 'one' }));
    expect((await responses.next()).headers.get('To')).toContain('tag=one');
    const cancel = await requestAt(second, 'CANCEL');
    expect(branch(cancel)).toBe(branch(other));
    expect(cancel.headers.get('Reason')).toBe('SIP;cause=200;text="Call completed elsewhere"');
    expect(transaction.flow?.remoteAddress).toBe('127.0.0.2');
    second.send(answered(other, 183, { toTag: 'two' }));
    second.send(answered(other, 487, { toTag: 'two' }));
    await requestAt(second, 'ACK');
    expect([...responses.left, ...ends.left]).toEqual([]);
  });

  it('an answer that comes after that of the second is passed up as that of a forked branch', async () => {
    const { first, second, one, other, responses } = await secondTried();
    second.send(answered(other, 200, { toTag: 'two' }));
    expect((await responses.next()).headers.get('To')).toContain('tag=two');
    first.send(answered(one, 200, { toTag: 'one' }));
    expect((await responses.next()).headers.get('To')).toContain('tag=one');
  });

  it('a refusal is acknowledged, and the second goes on', async () => {
    const { first, second, one, other, responses } = await secondTried();
    first.send(answered(one, 486, { toTag: 'one' }));
    expect(branch(await requestAt(first, 'ACK'))).toBe(branch(one));
    second.send(answered(other, 486, { toTag: 'two' }));
    expect((await responses.next()).headers.get('To')).toContain('tag=two');
    expect(responses.left).toEqual([]);
  });
});
