import { describe, expect, it, onTestFinished } from 'vitest';
import type { SipRequest } from '../../../src/sip/message/message.ts';
import { topVia } from '../../../src/sip/message/via.ts';
import { DEFAULT_TIMERS } from '../../../src/sip/stack.types.ts';
import { TransactionLayer } from '../../../src/sip/transaction/layer.ts';
import type { Hop } from '../../../src/sip/transaction/targets.ts';
import { TimerQueue } from '../../../src/sip/transaction/timer-queue.ts';
import { createTransportLayer } from '../../../src/sip/transport/layer.ts';
import { TransportError, type BoundAddress } from '../../../src/sip/transport/transport.ts';
import { manualClock, type ManualClock } from '../clock.ts';
import { Inbox } from '../inbox.ts';
import { requestAt, type RawPeer } from '../raw-peer.ts';
import { listeningPeer, outcomes, peerOf, type Outcomes } from '../stack-under-test.ts';
import { answered, outgoing, written } from '../written.ts';

const URI = 'sip:bob@b.example';

interface Under {
  readonly layer: TransactionLayer;
  readonly clock: ManualClock;
  readonly requests: Inbox<SipRequest>;
  readonly port: number;
}

/** A layer over real sockets whose look-ups are the test's. */
async function layerWith(hops: () => readonly Hop[] | Promise<readonly Hop[]>): Promise<Under> {
  const clock = manualClock();
  const requests = new Inbox<SipRequest>();
  const transport = createTransportLayer(
    [
      { protocol: 'udp', address: '127.0.0.1', port: 0 },
      { protocol: 'tcp', address: '127.0.0.1', port: 0 },
    ],
    { clock },
  );
  const localFor = (hop: Hop): BoundAddress | undefined =>
    transport.addresses.find(({ protocol }) => protocol === hop.protocol);
  const layer = new TransactionLayer({
    transport,
    timers: DEFAULT_TIMERS,
    queue: new TimerQueue(clock, () => undefined),
    user: {
      onRequest: (_transaction, request) => requests.push(request),
      onAck: () => undefined,
      onCancel: () => undefined,
    },
    admit: undefined,
    maxTransactions: 10,
    targets: {
      reach: () => ({ hops: hops(), local: transport.addresses[0], fixed: true }),
      localFor,
      overTcp: () => null,
      refusedTcp: () => undefined,
      failed: () => undefined,
      answered: () => undefined,
    },
    onDefect: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  await transport.start(layer);
  onTestFinished(async () => {
    layer.close();
    await transport.close();
  });
  return { layer, clock, requests, port: transport.addresses[0]?.port ?? 0 };
}

function udp(port: number): Hop {
  return { protocol: 'udp', address: '127.0.0.1', port };
}

function send(
  { layer }: Under,
  method = 'INVITE',
): Outcomes & { transaction: ReturnType<TransactionLayer['request']> } {
  const told = outcomes();
  return { ...told, transaction: layer.request(outgoing(method, URI), { uri: URI }, told) };
}

/** What the peer has sent before this was read: so was an OPTIONS of its own, which nobody answers. */
async function settledAt({ requests }: Under, peer: RawPeer): Promise<void> {
  peer.send(written({ method: 'OPTIONS' }));
  await requests.next();
}

describe('a request with several addresses (RFC 3263 4.3)', () => {
  it('goes to the next after a transport error, on a branch of its own and with the Via of that transport', async () => {
    const refusing = await listeningPeer();
    refusing.close();
    const to = { port: 0 };
    const peer = await peerOf(to);
    const under = await layerWith(() => [
      { protocol: 'tcp', address: '127.0.0.1', port: refusing.port },
      udp(peer.port),
    ]);
    to.port = under.port;
    const { transaction, responses } = send(under);
    const first = topVia(transaction.request);
    const invite = await requestAt(peer, 'INVITE');
    expect([first?.transport, topVia(invite)?.transport]).toEqual(['TCP', 'UDP']);
    expect(topVia(invite)?.params.get('branch')).not.toBe(first?.params.get('branch'));
    expect(invite.headers.all('Via').length).toBe(1);
    peer.send(answered(invite, 180));
    expect((await responses.next()).status).toBe(180);
  });

  it.each([
    ['OPTIONS', [16_000, 16_000]],
    ['INVITE', [16_000, 16_000]],
    ['OPTIONS', [8_000, 8_000, 8_000, 8_000]],
  ])('%s: each silent one has an equal share of 64*T1: %j, and the timeout is told then', async (method, sharesMs) => {
    const peers = await Promise.all(sharesMs.map(() => peerOf({ port: 0 })));
    const under = await layerWith(() => peers.map(({ port }) => udp(port)));
    const { ends } = send(under, method);
    for (const [index, shareMs] of sharesMs.entries()) {
      const peer = peers[index]!;
      await requestAt(peer, method);
      under.clock.advance(shareMs - 1);
      expect([peers[index + 1]?.messages.left.length ?? 0, ends.left.length]).toEqual([0, 0]);
      under.clock.advance(1);
    }
    expect(await ends.next()).toBe('timeout');
    under.clock.advance(32_000);
    expect(under.layer.transactionCount).toBe(0);
  });

  it('all of them have 64*T1, however many they are, however late one of them says 503', async () => {
    const to = { port: 0 };
    const [full, other] = [await peerOf(to), await peerOf(to)];
    const under = await layerWith(() => [udp(full.port), udp(other.port)]);
    to.port = under.port;
    const { responses } = send(under);
    const invite = await requestAt(full, 'INVITE');
    under.clock.advance(1_000);
    full.send(answered(invite, 100));
    full.send(answered(await requestAt(full, 'INVITE'), 100));
    await settledAt(under, other);
    under.clock.advance(31_000);
    full.send(answered(invite, 503));
    expect((await responses.next()).status).toBe(503);
    expect(other.messages.left).toEqual([]);
  });

  it('an address that answered 100 has not failed: timer F is told, nothing else is tried', async () => {
    const to = { port: 0 };
    const [slow, other] = [await peerOf(to), await peerOf(to)];
    const under = await layerWith(() => [udp(slow.port), udp(other.port)]);
    to.port = under.port;
    const { ends } = send(under, 'OPTIONS');
    slow.send(answered(await requestAt(slow, 'OPTIONS'), 100));
    await settledAt(under, slow);
    under.clock.advance(31_999);
    expect(ends.left).toEqual([]);
    under.clock.advance(1);
    expect(await ends.next()).toBe('timeout');
    expect(other.messages.left).toEqual([]);
  });

  it('goes to the next after 503, which is acknowledged and not passed up', async () => {
    const to = { port: 0 };
    const [full, free] = [await peerOf(to), await peerOf(to)];
    const under = await layerWith(() => [udp(full.port), udp(free.port)]);
    to.port = under.port;
    const { responses } = send(under);
    const refused = await requestAt(full, 'INVITE');
    full.send(answered(refused, 503));
    const ack = await requestAt(full, 'ACK');
    expect(topVia(ack)?.params.get('branch')).toBe(topVia(refused)?.params.get('branch'));
    free.send(answered(await requestAt(free, 'INVITE'), 486));
    expect((await responses.next()).status).toBe(486);
    full.send(answered(refused, 503));
    expect(topVia(await requestAt(full, 'ACK'))?.params.get('branch')).toBe(topVia(refused)?.params.get('branch'));
  });

  it('the 503 of the last, and any after an 18x, is passed up', async () => {
    const to = { port: 0 };
    const [one, other] = [await peerOf(to), await peerOf(to)];
    const under = await layerWith(() => [udp(one.port), udp(other.port)]);
    to.port = under.port;
    const { responses } = send(under);
    const invite = await requestAt(one, 'INVITE');
    one.send(answered(invite, 180));
    await responses.next();
    one.send(answered(invite, 503));
    expect((await responses.next()).status).toBe(503);
    expect(other.messages.left).toEqual([]);
  });

  it('goes nowhere else once it is cancelled', async () => {
    const silent = await peerOf({ port: 0 });
    const under = await layerWith(() => [udp(silent.port), udp(silent.port)]);
    const { transaction, ends } = send(under);
    transaction.cancel();
    under.clock.advance(32_000);
    expect(await ends.next()).toBe('timeout');
  });

  it('where the system refuses the datagram after all, goes to the next at once', async () => {
    const to = { port: 0 };
    const [one, other] = [await peerOf(to), await peerOf(to)];
    const under = await layerWith(() => [udp(one.port), udp(other.port)]);
    to.port = under.port;
    const { transaction } = send(under);
    under.layer.onSendError(new TransportError('failed', 'no route'), transaction.flow!);
    await requestAt(other, 'INVITE');
  });

  it('but not where it was answered: a later datagram may have been another transaction’s', async () => {
    const to = { port: 0 };
    const peer = await peerOf(to);
    const under = await layerWith(() => [udp(peer.port)]);
    to.port = under.port;
    const { transaction, responses, ends } = send(under);
    peer.send(answered(await requestAt(peer, 'INVITE'), 180));
    await responses.next();
    under.layer.onSendError(new TransportError('failed', 'no route'), transaction.flow!);
    expect(ends.left).toEqual([]);
    expect(under.layer.transactionCount).toBe(1);
  });
});

describe('a request to a name', () => {
  it('has bytes and no flow until the name is found', async () => {
    const peer = await peerOf({ port: 0 });
    const under = await layerWith(() => Promise.resolve([udp(peer.port)]));
    const { transaction } = send(under);
    expect(transaction.flow).toBeNull();
    expect(transaction.bytes.toString()).toMatch(/^INVITE .*\r\nVia: /);
    expect(under.layer.transactionCount).toBe(1);
    const invite = await requestAt(peer, 'INVITE');
    expect(invite.headers.all('Via').length).toBe(1);
    expect(transaction.flow).toMatchObject({ remotePort: peer.port });
  });

  it('that is not found is a transport error', async () => {
    const under = await layerWith(() =>
      Promise.reject(new TransportError('dns', 'no address was found for b.example')),
    );
    expect(await send(under).ends.next()).toMatchObject({ code: 'dns' });
    expect(under.layer.transactionCount).toBe(0);
  });

  it('that has no address is one too', async () => {
    const under = await layerWith(() => Promise.resolve([]));
    expect(await send(under).ends.next()).toMatchObject({ code: 'dns' });
  });

  it('that was cancelled meanwhile is never sent: 487', async () => {
    const peer = await peerOf({ port: 0 });
    const under = await layerWith(() => Promise.resolve([udp(peer.port)]));
    const { transaction, responses } = send(under);
    transaction.cancel();
    expect((await responses.next()).status).toBe(487);
    expect(under.layer.transactionCount).toBe(0);
    expect(peer.messages.left).toEqual([]);
  });
});
