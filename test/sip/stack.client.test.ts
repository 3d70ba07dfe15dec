import { describe, expect, it } from 'vitest';
import { topVia } from '../../src/sip/message/via.ts';
import { DIALOG_RESERVE } from '../../src/sip/transaction/layer.ts';
import type { ClientTransaction } from '../../src/sip/stack.types.ts';
import type { NameService } from '../../src/sip/transport/names.ts';
import type { BoundAddress } from '../../src/sip/transport/transport.ts';
import { requestAt, type RawPeer } from './raw-peer.ts';
import { listeningPeer, outcomes, peerOf, startStack, type Outcomes, type StackUnderTest } from './stack-under-test.ts';
import { answered, outgoing, written } from './written.ts';

const RINGING = { headers: [{ name: 'Contact', value: '<sip:bob@127.0.0.1>' }] };

function branchOf(message: Parameters<typeof topVia>[0]): string | undefined {
  return topVia(message)?.params.get('branch');
}

interface Sent extends Outcomes {
  readonly peer: RawPeer;
  readonly uri: string;
  readonly transaction: ClientTransaction;
}

/** A request on its way to a raw UDP peer. */
async function send(under: StackUnderTest, method: string, extra: readonly [string, string][] = []): Promise<Sent> {
  const peer = await under.peer();
  const uri = `sip:bob@127.0.0.1:${peer.port}`;
  const told = outcomes();
  const transaction = under.stack.request(outgoing(method, uri, extra), { uri }, told);
  return { ...told, peer, uri, transaction };
}

/** What the peer sent before this has been read: its answer to another request of ours came back. */
async function settled(under: StackUnderTest, { peer, uri }: Sent): Promise<void> {
  const told = outcomes();
  under.stack.request(outgoing('INFO', uri), { uri }, told);
  peer.send(answered(await requestAt(peer, 'INFO'), 200));
  await told.responses.next();
}

function ackFor(uri: string, toTag: string): ReturnType<typeof outgoing> {
  const ack = outgoing('ACK', uri);
  ack.headers.set('To', `<${uri}>;tag=${toTag}`);
  return ack;
}

describe('a request', () => {
  it('leaves with our Via, a branch with the magic cookie, Max-Forwards and Content-Length', async () => {
    const under = await startStack();
    const { peer, transaction } = await send(under, 'OPTIONS');
    const received = await requestAt(peer, 'OPTIONS');
    expect(received.headers.get('Via')).toMatch(
      new RegExp(`^SIP/2.0/UDP 127.0.0.1:${under.port('udp')};rport;branch=z9hG4bK-[0-9a-f-]{36}$`),
    );
    expect(received.headers.get('Max-Forwards')).toBe('70');
    expect(received.headers.get('Content-Length')).toBe('0');
    expect(transaction.flow).toMatchObject({ protocol: 'udp', remotePort: peer.port, connectionId: null });
    expect(transaction.bytes.toString()).toContain('OPTIONS sip:bob@');
  });

  it('two requests never have one branch', async () => {
    const under = await startStack();
    const one = await send(under, 'OPTIONS');
    const other = await send(under, 'OPTIONS');
    expect(branchOf(one.transaction.request)).not.toBe(branchOf(other.transaction.request));
  });

  it('keeps the Max-Forwards it has', async () => {
    const under = await startStack();
    const { transaction } = await send(under, 'OPTIONS', [['Max-Forwards', '12']]);
    expect(transaction.request.headers.all('Max-Forwards')).toEqual(['12']);
  });

  it('is sent again over UDP after 0.5, 1, 2, 4, 4 s, and times out after 32 s', async () => {
    const under = await startStack();
    const { peer, ends } = await send(under, 'OPTIONS');
    await requestAt(peer, 'OPTIONS');
    for (const delayMs of [500, 1_000, 2_000, 4_000, 4_000]) {
      under.clock.advance(delayMs);
      await requestAt(peer, 'OPTIONS');
    }
    under.clock.advance(20_499);
    expect(ends.left).toEqual([]);
    under.clock.advance(1);
    expect(await ends.next()).toBe('timeout');
    expect(under.stack.transactionCount).toBe(0);
  });

  it('has its response passed up once, whatever is repeated on the wire', async () => {
    const under = await startStack();
    const sent = await send(under, 'OPTIONS');
    const ok = answered(await requestAt(sent.peer, 'OPTIONS'), 200);
    for (let copy = 0; copy < 3; copy++) sent.peer.send(ok);
    await sent.responses.next();
    await settled(under, sent);
    expect(sent.responses.left).toEqual([]);
  });

  it('is not answered by what is not for it: another branch, another method, two Vias', async () => {
    const under = await startStack();
    const sent = await send(under, 'OPTIONS');
    const { peer } = sent;
    const received = await requestAt(peer, 'OPTIONS');
    const ok = answered(received, 200).toString('latin1');
    peer.send(ok.replace('branch=z9hG4bK-', 'branch=z9hG4bK-x'));
    peer.send(ok.replace('5 OPTIONS', '5 INFO'));
    peer.send(ok.replace('Via:', 'Via: SIP/2.0/UDP elsewhere;branch=z9hG4bK-1\r\nVia:'));
    peer.send(ok.replace('\r\nFrom:', '\r\nVia: SIP/2.0/UDP elsewhere;branch=z9hG4bK-1\r\nFrom:'));
    await settled(under, sent);
    expect(sent.responses.left).toEqual([]);
    peer.send(ok);
    await sent.responses.next();
  });
});

describe('an INVITE', () => {
  it('is sent 7 times in all over UDP and times out after 64*T1', async () => {
    const under = await startStack();
    const { peer, ends } = await send(under, 'INVITE');
    await requestAt(peer, 'INVITE');
    for (const delayMs of [500, 1_000, 2_000, 4_000, 8_000, 16_000]) {
      under.clock.advance(delayMs);
      await requestAt(peer, 'INVITE');
    }
    under.clock.advance(500);
    expect(await ends.next()).toBe('timeout');
    // Late answers to the last copy: stack.late-answers.test.ts.
    under.clock.advance(5_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('gives a silent peer up after timer B where one is configured', async () => {
    const under = await startStack({ timers: { timerBMs: 4_000 } });
    const { ends } = await send(under, 'INVITE');
    under.clock.advance(3_999);
    expect(ends.left).toEqual([]);
    under.clock.advance(1);
    expect(await ends.next()).toBe('timeout');
  });

  it('has 18x passed up, 100 never', async () => {
    const under = await startStack();
    const { peer, responses } = await send(under, 'INVITE');
    const invite = await requestAt(peer, 'INVITE');
    peer.send(answered(invite, 100));
    peer.send(answered(invite, 180));
    expect((await responses.next()).status).toBe(180);
    peer.send(answered(invite, 183));
    expect((await responses.next()).status).toBe(183);
    under.clock.advance(600_000);
    expect(under.stack.transactionCount).toBe(1);
  });

  it('has a failure acknowledged on its own branch, with its Route and CSeq number, and copies acknowledged again', async () => {
    const under = await startStack();
    const route: [string, string][] = [['Route', '<sip:p1.example;lr>, <sip:p2.example;lr>']];
    const sent = await send(under, 'INVITE', route);
    const { peer, responses } = sent;
    const invite = await requestAt(peer, 'INVITE');
    for (let copy = 0; copy < 2; copy++) {
      peer.send(answered(invite, 486));
      const ack = await requestAt(peer, 'ACK');
      expect(branchOf(ack)).toBe(branchOf(invite));
      expect(ack.uri).toBe(invite.uri);
      expect(ack.headers.get('CSeq')).toBe('5 ACK');
      expect(ack.headers.get('To')).toContain('tag=bob');
      expect(ack.headers.get('From')).toBe(invite.headers.get('From'));
      expect(ack.headers.all('Route')).toEqual(['<sip:p1.example;lr>, <sip:p2.example;lr>']);
    }
    expect((await responses.next()).status).toBe(486);
    await settled(under, sent);
    expect(responses.left).toEqual([]);
    under.clock.advance(32_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('has its 2xx acknowledged by the user alone, and the copies by the ACK the user gave', async () => {
    const under = await startStack();
    const sent = await send(under, 'INVITE');
    const { peer, responses, transaction, uri } = sent;
    const invite = await requestAt(peer, 'INVITE');
    const ok = answered(invite, 200, RINGING);
    peer.send(ok);
    await responses.next();
    peer.send(ok);
    await settled(under, sent);
    expect(peer.messages.left).toEqual([]);
    const bytes = transaction.acknowledge(ackFor(uri, 'bob'), { uri });
    const ack = await requestAt(peer, 'ACK');
    expect(bytes.toString()).toContain(branchOf(ack));
    expect(branchOf(ack)).not.toBe(branchOf(invite));
    peer.send(ok);
    expect(branchOf(await requestAt(peer, 'ACK'))).toBe(branchOf(ack));
    await settled(under, sent);
    expect(responses.left).toEqual([]);
  });
});

describe('cancelling an INVITE (RFC 3261 9.1)', () => {
  it('waits for the first provisional response', async () => {
    const under = await startStack();
    const { peer, transaction, responses } = await send(under, 'INVITE');
    const invite = await requestAt(peer, 'INVITE');
    const made = transaction.cancel([{ name: 'Reason', value: 'SIP;cause=480' }]);
    expect(made?.method).toBe('CANCEL');
    under.clock.advance(500);
    await requestAt(peer, 'INVITE');
    expect(peer.messages.left).toEqual([]);
    peer.send(answered(invite, 100));
    const cancel = await requestAt(peer, 'CANCEL');
    expect(branchOf(cancel)).toBe(branchOf(invite));
    expect(cancel.headers.all('Via').length).toBe(1);
    expect(cancel.uri).toBe(invite.uri);
    expect(cancel.headers.get('CSeq')).toBe('5 CANCEL');
    expect(cancel.headers.get('To')).toBe(invite.headers.get('To'));
    expect(cancel.headers.get('Reason')).toBe('SIP;cause=480');
    peer.send(answered(cancel, 200));
    peer.send(answered(invite, 487));
    await requestAt(peer, 'ACK');
    expect((await responses.next()).status).toBe(487);
    expect(responses.left).toEqual([]);
    under.clock.advance(32_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('is done at once after one, and the CANCEL is repeated until its answer', async () => {
    const under = await startStack();
    const { peer, transaction, responses } = await send(under, 'INVITE', [['Route', '<sip:p1.example;lr>']]);
    peer.send(answered(await requestAt(peer, 'INVITE'), 180));
    await responses.next();
    transaction.cancel();
    expect((await requestAt(peer, 'CANCEL')).headers.get('Route')).toBe('<sip:p1.example;lr>');
    under.clock.advance(500);
    await requestAt(peer, 'CANCEL');
  });

  it('ends in a 487 of our own where no final response follows within 64*T1', async () => {
    const under = await startStack();
    const { peer, transaction, responses } = await send(under, 'INVITE');
    peer.send(answered(await requestAt(peer, 'INVITE'), 180));
    await responses.next();
    transaction.cancel();
    under.clock.advance(31_999);
    expect(responses.left).toEqual([]);
    under.clock.advance(1);
    expect((await responses.next()).status).toBe(487);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('may be crossed by the 200, which is passed up', async () => {
    const under = await startStack();
    const { peer, transaction, responses } = await send(under, 'INVITE');
    const invite = await requestAt(peer, 'INVITE');
    peer.send(answered(invite, 180));
    await responses.next();
    transaction.cancel();
    peer.send(answered(invite, 200, RINGING));
    expect((await responses.next()).status).toBe(200);
  });

  it('is too late after a final response, and refused a second time', async () => {
    const under = await startStack();
    const late = await send(under, 'INVITE');
    late.peer.send(answered(await requestAt(late.peer, 'INVITE'), 486));
    await late.responses.next();
    expect(late.transaction.cancel()).toBeNull();
    const twice = await send(under, 'INVITE');
    twice.transaction.cancel();
    expect(() => twice.transaction.cancel()).toThrow(/cancelled already/);
  });

  it('is for INVITE alone', async () => {
    const under = await startStack();
    const { transaction } = await send(under, 'OPTIONS');
    expect(() => transaction.cancel()).toThrow(/only an INVITE/);
  });

  it('of a silent peer ends in the timeout of the INVITE', async () => {
    const under = await startStack();
    const { transaction, ends, responses } = await send(under, 'INVITE');
    transaction.cancel();
    under.clock.advance(32_000);
    expect(await ends.next()).toBe('timeout');
    expect(responses.left).toEqual([]);
  });
});

describe('connections', () => {
  it('a request over TCP is not sent again, and answered over the same connection', async () => {
    const under = await startStack();
    const server = await listeningPeer();
    const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`;
    const told = outcomes();
    const transaction = under.stack.request(outgoing('INVITE', uri), { uri }, told);
    expect(transaction.flow).toBeNull();
    const peer = await server.peers.next();
    const invite = await requestAt(peer, 'INVITE');
    expect(topVia(invite)?.transport).toBe('TCP');
    expect(transaction.flow?.connectionId).not.toBeNull();
    under.clock.advance(10_000);
    peer.send(answered(invite, 180));
    await told.responses.next();
    expect(peer.messages.left).toEqual([]);
  });

  it('that close fail the transactions that wait on them, and no other', async () => {
    const under = await startStack();
    const server = await listeningPeer();
    const overUdp = await send(under, 'INVITE');
    const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`;
    const overTcp = outcomes();
    under.stack.request(outgoing('INVITE', uri), { uri }, overTcp);
    const peer = await server.peers.next();
    peer.send(answered(await requestAt(peer, 'INVITE'), 180));
    await overTcp.responses.next();
    peer.close();
    expect(await overTcp.ends.next()).toMatchObject({ code: 'closed' });
    expect(overUdp.ends.left).toEqual([]);
  });

  it('that are refused are told after `request` has returned', async () => {
    const under = await startStack();
    const server = await listeningPeer();
    server.close();
    const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`;
    const told = outcomes();
    under.stack.request(outgoing('INVITE', uri), { uri }, told);
    expect(told.ends.left).toEqual([]);
    expect(await told.ends.next()).toMatchObject({ code: 'refused' });
    expect(under.stack.transactionCount).toBe(0);
  });

  it.each(['INVITE', 'OPTIONS'])(
    'whose far end is dead get no further request after a %s timed out',
    async (method) => {
      const under = await startStack();
      const server = await listeningPeer();
      const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`;
      const told = outcomes();
      under.stack.request(outgoing(method, uri), { uri }, told);
      const dead = await server.peers.next();
      await requestAt(dead, method);
      under.clock.advance(32_000);
      expect(await told.ends.next()).toBe('timeout');
      under.stack.request(outgoing(method, uri), { uri }, told);
      await requestAt(await server.peers.next(), method);
    },
  );

  it('that live are used again although one request was not answered', async () => {
    const under = await startStack();
    const server = await listeningPeer();
    const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`;
    const told = outcomes();
    under.stack.request(outgoing('INVITE', uri), { uri }, told);
    const peer = await server.peers.next();
    await requestAt(peer, 'INVITE');
    under.clock.advance(1_000);
    peer.send(written({ method: 'OPTIONS', transport: 'TCP' }));
    await under.requests.next();
    under.clock.advance(31_000);
    expect(await told.ends.next()).toBe('timeout');
    under.stack.request(outgoing('OPTIONS', uri), { uri }, told);
    await requestAt(peer, 'OPTIONS');
  });

  it('a flow that is closed is a transport error, told after `request` has returned', async () => {
    const under = await startStack();
    const uri = 'sip:bob@127.0.0.1';
    const flow = { protocol: 'tcp', localAddress: '127.0.0.1', localPort: under.port('tcp') } as const;
    const told = outcomes();
    const gone = { ...flow, remoteAddress: '127.0.0.1', remotePort: 9, connectionId: 4711 };
    under.stack.request(outgoing('BYE', uri), { flow: gone }, told);
    expect(told.ends.left).toEqual([]);
    expect(await told.ends.next()).toMatchObject({ code: 'closed' });
  });

  it('a target that no bound transport reaches is refused by `request` itself', async () => {
    const under = await startStack();
    for (const uri of ['sip:bob@127.0.0.1;transport=tls', 'sip:bob@[::1]', 'tel:+4930123']) {
      expect(under.stack.localFor({ uri })).toBeUndefined();
      expect(() => under.stack.request(outgoing('OPTIONS', 'sip:bob@b.example'), { uri }, outcomes())).toThrow(
        expect.objectContaining({ name: 'TransportError', code: 'no-transport' }),
      );
    }
    expect(under.stack.transactionCount).toBe(0);
  });

  it('a request that fits no datagram is told, not lost', async () => {
    const under = await startStack();
    const peer = await under.peer();
    const uri = `sip:bob@127.0.0.1:${peer.port}`;
    const told = outcomes();
    const huge = { ...outgoing('MESSAGE', uri, [['Content-Type', 'text/plain']]), body: Buffer.alloc(70_000, 'x') };
    under.stack.request(huge, { uri }, told);
    expect(await told.ends.next()).toMatchObject({ code: 'too-large' });
    expect(under.stack.transactionCount).toBe(0);
  });
});

describe('a stack that is closed', () => {
  it('leaves no transaction and no timer behind', async () => {
    const under = await startStack();
    await send(under, 'INVITE');
    await send(under, 'OPTIONS');
    expect(under.stack.transactionCount).toBe(2);
    await under.stack.close();
    expect(under.stack.transactionCount).toBe(0);
    expect(under.clock.alarms).toBe(0);
  });
});

describe('requests of ours beyond maxTransactions', () => {
  it('are refused with `full` at once; those of dialogs pass, and all do again when one has ended', async () => {
    const under = await startStack({ maxTransactions: 1 });
    const first = await send(under, 'OPTIONS');
    await expect(send(under, 'OPTIONS')).rejects.toMatchObject({ name: 'TransportError', code: 'full' });
    const bye = outgoing('BYE', first.uri);
    bye.headers.set('To', `<${first.uri}>;tag=bob`);
    under.stack.request(bye, { uri: first.uri }, outcomes());
    await requestAt(first.peer, 'BYE');
    expect(under.stack.transactionCount).toBe(2);
    under.clock.advance(64_000);
    expect(under.stack.transactionCount).toBe(0);
    await requestAt((await send(under, 'INVITE')).peer, 'INVITE');
  });

  it('have DIALOG_RESERVE more within dialogs, and no more than that', async () => {
    const under = await startStack({ maxTransactions: -DIALOG_RESERVE });
    const bye = outgoing('BYE', 'sip:bob@127.0.0.1:5060');
    bye.headers.set('To', '<sip:bob@127.0.0.1>;tag=bob');
    expect(() => under.stack.request(bye, { uri: 'sip:127.0.0.1:9' }, outcomes())).toThrow('transactions live already');
  });
});

describe('several sockets', () => {
  const LISTEN = ['127.0.0.1', '::1'].map((address) => ({ protocol: 'udp', address, port: 0 }) as const);

  function named(hosts: Record<string, readonly string[]>): NameService {
    return {
      addresses: (host) => Promise.resolve({ addresses: hosts[host] ?? [], ttlMs: 60_000 }),
      srv: () => Promise.reject(Object.assign(new Error('none'), { code: 'ENODATA' })),
    };
  }

  it('a name that is looked up is told its own address before the request is written', async () => {
    const under = await startStack({ listen: LISTEN, names: named({ 'six.example': ['::1'] }) });
    const peer = await peerOf({ port: under.port('udp', '::1') }, '::1');
    const uri = `sip:bob@six.example:${peer.port}`;
    const told: BoundAddress[] = [];
    const request = outgoing('OPTIONS', uri);
    const onLocal = (local: BoundAddress): void => {
      told.push(local);
      request.headers.set('Contact', `<sip:${local.host}>`);
    };
    under.stack.request(request, { uri }, { ...outcomes(), onLocal });
    expect(told).toEqual([]);
    expect((await requestAt(peer, 'OPTIONS')).headers.get('Contact')).toBe('<sip:::1>');
    expect(told).toEqual([expect.objectContaining({ host: '::1', port: under.port('udp', '::1') })]);
    expect(under.stack.localFor({ uri })?.host).toBe('::1');
  });

  it('a name of both families is reached by the one that is bound', async () => {
    const names = named({ 'both.example': ['127.0.0.1', '::1'] });
    const under = await startStack({ listen: LISTEN.slice(1), names });
    const peer = await peerOf({ port: under.port('udp', '::1') }, '::1');
    const uri = `sip:bob@both.example:${peer.port}`;
    for (let time = 0; time < 2; time++) {
      const told = outcomes();
      under.stack.request(outgoing('INVITE', uri), { uri }, told);
      peer.send(answered(await requestAt(peer, 'INVITE'), 486));
      await told.responses.next();
      expect(under.stack.localFor({ uri })?.host).toBe('::1');
    }
  });

  it('a request to a peer that came by one of them leaves by that one', async () => {
    const wildcards = [1, 2].map(() => ({ protocol: 'udp', address: '0.0.0.0', port: 0 }) as const);
    const under = await startStack({ listen: wildcards });
    for (const { port } of under.stack.addresses) {
      const peer = await peerOf({ port });
      peer.send(written({ method: 'OPTIONS', branch: `z9hG4bK-${port}` }));
      const { flow } = await under.requests.next();
      const target = { uri: `sip:bob@127.0.0.1:${peer.port}`, by: flow };
      expect(under.stack.localFor(target)?.port).toBe(port);
      expect(under.stack.localFor({ flow })?.port).toBe(port);
      under.stack.request(outgoing('BYE', target.uri), target, outcomes());
      expect(topVia(await requestAt(peer, 'BYE'))?.port).toBe(port);
    }
  });
});
