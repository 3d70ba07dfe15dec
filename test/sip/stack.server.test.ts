import { describe, expect, it } from 'vitest';
import { tagOf } from '../../src/sip/message/name-address.ts';
import { makeResponse, type ResponseParts } from '../../src/sip/message/response.ts';
import type { ServerTransaction } from '../../src/sip/stack.types.ts';
import { DIALOG_RESERVE } from '../../src/sip/transaction/layer.ts';
import { responseAt, type RawPeer } from './raw-peer.ts';
import { listeningPeer, peerOf, startStack, tcpPeerOf, type Arrival, type StackUnderTest } from './stack-under-test.ts';
import { written, type WrittenRequest } from './written.ts';

const INVITE: WrittenRequest = { method: 'INVITE' };

function answer(transaction: ServerTransaction, status: number, parts: ResponseParts = {}): void {
  transaction.respond(makeResponse(transaction.request, status, 'Whatever', { toTag: 'bob', ...parts }));
}

/** An INVITE that has come in, with its 100. */
async function invited(under: StackUnderTest, request: WrittenRequest = INVITE): Promise<Arrival & { peer: RawPeer }> {
  const peer = await under.peer();
  peer.send(written(request));
  const arrival = await under.requests.next();
  await responseAt(peer, 100);
  return { ...arrival, peer };
}

/** The stack has read everything sent to it before: it answered something sent after. */
async function settled(peer: RawPeer): Promise<void> {
  peer.send(written({ method: 'CANCEL', branch: 'z9hG4bK-settled', callId: 'settled' }));
  await responseAt(peer, 481);
}

describe('an INVITE', () => {
  it('is answered 100 at once and passed up once, however often it is retransmitted', async () => {
    const under = await startStack();
    const { peer } = await invited(under);
    peer.send(written(INVITE));
    peer.send(written(INVITE));
    await responseAt(peer, 100);
    await responseAt(peer, 100);
    await settled(peer);
    expect(under.requests.left).toEqual([]);
    expect(under.stack.transactionCount).toBe(1);
  });

  it('when retransmitted after an 18x gets the 18x again', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 180);
    await responseAt(peer, 180);
    peer.send(written(INVITE));
    const again = await responseAt(peer, 180);
    expect(tagOf(again.headers.get('To'))).toBe('bob');
  });

  it('is answered to the source of the packet, with received and rport in Via (RFC 3581 4)', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 180);
    const via = (await responseAt(peer, 180)).headers.get('Via');
    expect(via).toContain(`rport=${peer.port}`);
    expect(via).toContain('received=127.0.0.1');
  });

  it('the caller of which may hear it ring without limit', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 180);
    under.clock.advance(3_600_000);
    expect(transaction.open).toBe(true);
    answer(transaction, 486);
    await responseAt(peer, 486);
  });

  it('that nobody answers gets 408 after 128*T1', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    const ends: unknown[] = [];
    transaction.onTerminated = (error) => ends.push(error);
    under.clock.advance(63_999);
    expect(transaction.open).toBe(true);
    under.clock.advance(1);
    await responseAt(peer, 408);
    expect(transaction.open).toBe(false);
    expect(ends).toEqual([null]);
    expect(() => answer(transaction, 200)).toThrow(/final answer/);
  });
});

describe('a 2xx to INVITE', () => {
  it.each(['udp', 'tcp'] as const)(
    'is repeated over %s from T1 on, doubling to T2, until the ACK',
    async (protocol) => {
      const under = await startStack();
      const peer = protocol === 'udp' ? await under.peer() : await tcpPeerOf(under.port('tcp'));
      const transport = protocol.toUpperCase();
      peer.send(written({ ...INVITE, transport }));
      const { transaction } = await under.requests.next();
      answer(transaction, 200);
      await responseAt(peer, 200);
      for (const delayMs of [500, 1_000, 2_000, 4_000, 4_000]) {
        under.clock.advance(delayMs - 1);
        expect(peer.messages.left.filter((message) => message.kind === 'response' && message.status === 200)).toEqual(
          [],
        );
        under.clock.advance(1);
        await responseAt(peer, 200);
      }
      peer.send(written({ method: 'ACK', branch: 'z9hG4bK-ack', toTag: 'bob', transport }));
      const { ack, transaction: acknowledged } = await under.acks.next();
      expect(acknowledged).toBe(transaction);
      expect(ack.headers.get('CSeq')).toBe('1 ACK');
      under.clock.advance(10_000);
      await settled(peer);
      expect(peer.messages.left.filter((message) => message.kind === 'response' && message.status === 200)).toEqual([]);
    },
  );

  it('whose ACK is sent again is acknowledged once', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 200);
    for (let copy = 0; copy < 3; copy++) peer.send(written({ method: 'ACK', branch: 'z9hG4bK-ack', toTag: 'bob' }));
    await under.acks.next();
    await settled(peer);
    expect(under.acks.left).toEqual([]);
  });

  it('is also acknowledged by an ACK with the branch of the INVITE, as old phones send it', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 200);
    peer.send(written({ method: 'ACK', toTag: 'bob' }));
    expect((await under.acks.next()).transaction).toBe(transaction);
  });

  it('under another To tag than the 18x is acknowledged under its own', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 180, { toTag: 'early' });
    answer(transaction, 200, { toTag: 'answer' });
    peer.send(written({ method: 'ACK', branch: 'z9hG4bK-ack', toTag: 'answer' }));
    expect((await under.acks.next()).transaction).toBe(transaction);
  });

  it('that is never acknowledged is told after 64*T1', async () => {
    const under = await startStack();
    const { transaction } = await invited(under);
    let told = 0;
    transaction.onAckTimeout = () => told++;
    answer(transaction, 200);
    under.clock.advance(31_999);
    expect(told).toBe(0);
    under.clock.advance(1);
    expect(told).toBe(1);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('absorbs retransmitted INVITEs (RFC 6026)', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 200);
    await responseAt(peer, 200);
    peer.send(written(INVITE));
    await settled(peer);
    expect(under.requests.left).toEqual([]);
    expect(peer.messages.left).toEqual([]);
  });

  it('an ACK of another dialog goes up without a transaction', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 200);
    peer.send(written({ method: 'ACK', branch: 'z9hG4bK-ack', toTag: 'somebody-else' }));
    expect((await under.acks.next()).transaction).toBeNull();
  });
});

describe('a failure to INVITE', () => {
  it('is sent again over UDP until its ACK, which does not go up', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 486);
    await responseAt(peer, 486);
    under.clock.advance(500);
    await responseAt(peer, 486);
    peer.send(written(INVITE));
    await responseAt(peer, 486);
    peer.send(written({ method: 'ACK', toTag: 'bob' }));
    await settled(peer);
    under.clock.advance(4_000);
    await settled(peer);
    expect(peer.messages.left).toEqual([]);
    expect(under.acks.left).toEqual([]);
    under.clock.advance(1_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('is not sent again over TCP, and gone with its ACK', async () => {
    const under = await startStack();
    const peer = await tcpPeerOf(under.port('tcp'));
    peer.send(written({ ...INVITE, transport: 'TCP' }));
    const { transaction } = await under.requests.next();
    answer(transaction, 486);
    under.clock.advance(10_000);
    await responseAt(peer, 486);
    peer.send(written({ method: 'ACK', toTag: 'bob', transport: 'TCP' }));
    await settled(peer);
    expect(peer.messages.left.filter((message) => message.kind === 'response' && message.status === 486)).toEqual([]);
    expect(under.stack.transactionCount).toBe(0);
  });
});

describe('a CANCEL', () => {
  it('gets 200, its INVITE 487, both with the To tag of the 18x, and goes up once (9.2)', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 180);
    const cancel = written({ method: 'CANCEL', extra: ['Reason: SIP;cause=200'] });
    peer.send(cancel);
    peer.send(cancel);
    const ok = await responseAt(peer, 200);
    const terminated = await responseAt(peer, 487);
    expect(ok.headers.get('CSeq')).toBe('1 CANCEL');
    expect(tagOf(ok.headers.get('To'))).toBe('bob');
    expect(tagOf(terminated.headers.get('To'))).toBe('bob');
    const told = await under.cancels.next();
    expect(told.transaction).toBe(transaction);
    expect(told.cancel.headers.get('Reason')).toBe('SIP;cause=200');
    await responseAt(peer, 200);
    await settled(peer);
    expect(under.cancels.left).toEqual([]);
    expect(transaction.open).toBe(false);
    expect(() => answer(transaction, 200)).toThrow(/final answer/);
  });

  it('before any answer gives 200 and 487 one To tag of ours', async () => {
    const under = await startStack();
    const { peer } = await invited(under);
    peer.send(written({ method: 'CANCEL' }));
    const ok = tagOf((await responseAt(peer, 200)).headers.get('To'));
    expect(ok).toMatch(/^[0-9a-f]{16}$/);
    expect(tagOf((await responseAt(peer, 487)).headers.get('To'))).toBe(ok);
  });

  it('that crosses our 200 gets 200 and has no effect', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 200);
    await responseAt(peer, 200);
    peer.send(written({ method: 'CANCEL' }));
    expect((await responseAt(peer, 200)).headers.get('CSeq')).toBe('1 CANCEL');
    await settled(peer);
    expect(under.cancels.left).toEqual([]);
    expect(peer.messages.left).toEqual([]);
  });

  it('that matches nothing gets 481', async () => {
    const under = await startStack();
    const { peer } = await invited(under);
    peer.send(written({ method: 'CANCEL', branch: 'z9hG4bK-other' }));
    await responseAt(peer, 481);
    expect(under.stack.transactionCount).toBe(1);
  });

  it('with another sent-by is believed on the same flow, where NAT has changed it, and on no other', async () => {
    const under = await startStack();
    const { peer } = await invited(under);
    const cancel = written({ method: 'CANCEL', sentBy: '203.0.113.9:1234' });
    const stranger = await under.peer();
    stranger.send(cancel);
    await responseAt(stranger, 481);
    expect(under.cancels.left).toEqual([]);
    peer.send(cancel);
    await responseAt(peer, 200);
    await responseAt(peer, 487);
  });
});

describe('a merged INVITE (RFC 3261 8.2.2.2)', () => {
  it('gets 482, costs no transaction, and its ACK is absorbed', async () => {
    const under = await startStack();
    const { peer } = await invited(under);
    peer.send(written({ ...INVITE, branch: 'z9hG4bK-second' }));
    const refused = await responseAt(peer, 482);
    const toTag = tagOf(refused.headers.get('To'))!;
    peer.send(written({ method: 'ACK', branch: 'z9hG4bK-second', toTag }));
    await settled(peer);
    expect(under.requests.left).toEqual([]);
    expect(under.acks.left).toEqual([]);
    expect(under.stack.transactionCount).toBe(1);
  });

  it.each([
    ['another CSeq', { sequence: 2 }],
    ['another From tag', { fromTag: 'carol' }],
    ['another Call-ID', { callId: 'call-2' }],
    ['a To tag', { toTag: 'bob' }],
  ])('is none with %s', async (_title, difference) => {
    const under = await startStack();
    const { peer } = await invited(under);
    peer.send(written({ ...INVITE, branch: 'z9hG4bK-second', ...difference }));
    await under.requests.next();
    expect(under.stack.transactionCount).toBe(2);
  });

  it('is one while the 2xx of the first is remembered', async () => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, 200);
    peer.send(written({ ...INVITE, branch: 'z9hG4bK-second' }));
    await responseAt(peer, 482);
    expect(under.requests.left).toEqual([]);
  });

  it.each([300, 486, 603])('is none once the first was answered %i: a proxy forks serially', async (status) => {
    const under = await startStack();
    const { peer, transaction } = await invited(under);
    answer(transaction, status);
    await responseAt(peer, status);
    peer.send(written({ ...INVITE, branch: 'z9hG4bK-second' }).replace('sip:bob@', 'sip:carol@'));
    const second = await under.requests.next();
    expect(second.request.uri).toBe('sip:carol@b.example');
    // The third branch meets the second, which has no answer yet.
    peer.send(written({ ...INVITE, branch: 'z9hG4bK-third' }));
    await responseAt(peer, 482);
    // The end of the first takes nothing of the second away: its 2xx is acknowledged.
    peer.send(written({ method: 'ACK', toTag: 'bob' }));
    answer(second.transaction, 200, { toTag: 'carol' });
    await responseAt(peer, 200);
    under.clock.advance(5_000);
    peer.send(written({ method: 'ACK', branch: 'z9hG4bK-ack', toTag: 'carol' }));
    expect((await under.acks.next()).transaction).toBe(second.transaction);
  });

  it('is none once the first was cancelled', async () => {
    const under = await startStack();
    const { peer } = await invited(under);
    peer.send(written({ method: 'CANCEL' }));
    await responseAt(peer, 487);
    peer.send(written({ ...INVITE, branch: 'z9hG4bK-second' }));
    await under.requests.next();
  });
});

describe('other requests', () => {
  it('that are retransmitted get the final response again, and go up once', async () => {
    const under = await startStack();
    const peer = await under.peer();
    peer.send(written({ method: 'OPTIONS' }));
    const { transaction } = await under.requests.next();
    peer.send(written({ method: 'OPTIONS' }));
    answer(transaction, 200);
    await responseAt(peer, 200);
    peer.send(written({ method: 'OPTIONS' }));
    await responseAt(peer, 200);
    expect(under.requests.left).toEqual([]);
    under.clock.advance(32_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('that nobody answers get 500 after 64*T1', async () => {
    const under = await startStack();
    const peer = await under.peer();
    peer.send(written({ method: 'MESSAGE' }));
    const { transaction } = await under.requests.next();
    under.clock.advance(32_000);
    const response = await responseAt(peer, 500);
    expect(tagOf(response.headers.get('To'))).toMatch(/./);
    expect(transaction.open).toBe(false);
  });

  it('of two methods on one branch are two transactions', async () => {
    const under = await startStack();
    const peer = await under.peer();
    peer.send(written({ method: 'OPTIONS' }));
    peer.send(written({ method: 'INFO', toTag: 'x' }));
    await under.requests.next();
    await under.requests.next();
    expect(under.stack.transactionCount).toBe(2);
  });
});

describe('a client of RFC 2543, whose branch says nothing', () => {
  it('is served: INVITE, retransmission, CANCEL and ACK find each other', async () => {
    const under = await startStack();
    const old = { branch: '1' };
    const { peer } = await invited(under, { ...INVITE, ...old });
    peer.send(written({ ...INVITE, ...old }));
    await responseAt(peer, 100);
    peer.send(written({ method: 'CANCEL', ...old }));
    await responseAt(peer, 200);
    const toTag = tagOf((await responseAt(peer, 487)).headers.get('To'))!;
    peer.send(written({ method: 'ACK', toTag, ...old }));
    await settled(peer);
    under.clock.advance(5_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('may use the same branch for another call', async () => {
    const under = await startStack();
    const { peer } = await invited(under, { ...INVITE, branch: '1' });
    peer.send(written({ ...INVITE, branch: '1', callId: 'call-2' }));
    await under.requests.next();
    expect(under.stack.transactionCount).toBe(2);
  });
});

describe('what must not become a transaction', () => {
  it('a stranger gets one stateless answer; its ACK is absorbed', async () => {
    const under = await startStack({ admit: () => ({ status: 403, reason: 'Forbidden' }) });
    const peer = await under.peer();
    peer.send(written(INVITE));
    const refused = await responseAt(peer, 403);
    peer.send(written({ method: 'ACK', toTag: tagOf(refused.headers.get('To'))! }));
    await settled(peer);
    expect(under.stack.transactionCount).toBe(0);
    expect(under.requests.left).toEqual([]);
    expect(under.acks.left).toEqual([]);
  });

  it('the copies of a refused request get the same To tag (8.2.7)', async () => {
    const under = await startStack({ admit: () => ({ status: 403, reason: 'Forbidden' }) });
    const peer = await under.peer();
    peer.send(written(INVITE));
    peer.send(written(INVITE));
    const tags = [await responseAt(peer, 403), await responseAt(peer, 403)].map(({ headers }) => headers.get('To'));
    expect(tags[0]).toBe(tags[1]);
  });

  it.each(['INVITE', 'BYE', 'OPTIONS'])('a made-up To tag opens no door: %s', async (method) => {
    const under = await startStack({ admit: () => ({ status: 403, reason: 'Forbidden' }) });
    const peer = await under.peer();
    peer.send(written({ method, toTag: 'made-up' }));
    await responseAt(peer, 403);
    await settled(peer);
    expect(under.stack.transactionCount).toBe(0);
    expect(under.requests.left).toEqual([]);
  });

  it('who is admitted is decided by the request: that of a known dialog may pass', async () => {
    const under = await startStack({
      admit: ({ headers }) => (tagOf(headers.get('To')) === 'bob' ? null : { status: 403, reason: 'Forbidden' }),
    });
    const peer = await under.peer();
    peer.send(written({ method: 'BYE', toTag: 'bob' }));
    expect((await under.requests.next()).request.method).toBe('BYE');
  });

  it('beyond maxTransactions new requests get 503 with Retry-After, those of dialogs still pass', async () => {
    const under = await startStack({ maxTransactions: 1 });
    const { peer } = await invited(under);
    peer.send(written({ ...INVITE, branch: 'z9hG4bK-2', callId: 'call-2' }));
    const refused = await responseAt(peer, 503);
    expect(refused.headers.get('Retry-After')).toBe('10');
    expect(under.stack.transactionCount).toBe(1);
    peer.send(written({ method: 'BYE', toTag: 'bob', branch: 'z9hG4bK-3' }));
    await under.requests.next();
  });
});

describe('the transactions of one source', () => {
  it('are four times what is free at most: beyond, it gets 503 and others are served; they count until they end', async () => {
    const under = await startStack({ maxTransactions: 10 });
    const flooding = await under.peer();
    const asked = (index: number): string =>
      written({ method: 'OPTIONS', branch: `z9hG4bK-${index}`, callId: `call-${index}` });
    const admitted: Arrival[] = [];
    for (let index = 0; index < 8; index += 1) {
      flooding.send(asked(index));
      admitted.push(await under.requests.next());
    }
    flooding.send(asked(8));
    expect((await responseAt(flooding, 503)).headers.get('Retry-After')).toBe('10');
    const other = await peerOf({ port: under.port('udp') }, '127.0.0.2');
    other.send(asked(9));
    await under.requests.next();
    for (const { transaction } of admitted) answer(transaction, 200);
    under.clock.advance(under.stack.timers.t1x64Ms);
    flooding.send(asked(10));
    await under.requests.next();
  });
});

describe('requests within dialogs', () => {
  it('are bounded as well: beyond DIALOG_RESERVE they get the same 503', async () => {
    const under = await startStack({ maxTransactions: 1 - DIALOG_RESERVE });
    const peer = await under.peer();
    peer.send(written({ method: 'BYE', toTag: 'bob' }));
    await under.requests.next();
    peer.send(written({ method: 'INFO', toTag: 'bob' }));
    expect((await responseAt(peer, 503)).headers.get('Retry-After')).toBe('10');
    expect(under.stack.transactionCount).toBe(1);
  });
});

describe('bad input', () => {
  it('a request that can be read far enough is answered; an ACK never', async () => {
    const under = await startStack();
    const peer = await under.peer();
    const broken = written({ method: 'OPTIONS' }).replace('CSeq: 1 OPTIONS', 'CSeq: 1 INVITE');
    peer.send(broken);
    const refused = await responseAt(peer, 400);
    expect(refused.headers.get('Call-ID')).toBe('call-1');
    peer.send(written({ method: 'ACK' }).replace('CSeq: 1 ACK', 'CSeq: 1 INVITE'));
    await settled(peer);
    expect(peer.messages.left).toEqual([]);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('garbage, responses to nothing and ACKs to nothing are dropped', async () => {
    const under = await startStack();
    const peer = await under.peer();
    peer.send(Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 7) % 256)));
    peer.send('\r\n\r\n');
    peer.send('INVITE sip:bob@b.example SIP/2.0\r\n\r\n');
    peer.send(
      'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK-forged\r\nCSeq: 1 INVITE\r\nCall-ID: x\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n\r\n',
    );
    peer.send(written({ method: 'ACK' }));
    await settled(peer);
    expect(under.stack.transactionCount).toBe(0);
    expect(under.requests.left).toEqual([]);
    expect(under.acks.left).toEqual([]);
  });
});

describe('connections', () => {
  it('responses go back over the connection the request came by', async () => {
    const under = await startStack();
    const peer = await tcpPeerOf(under.port('tcp'));
    peer.send(written({ ...INVITE, transport: 'TCP' }));
    const { transaction } = await under.requests.next();
    answer(transaction, 486);
    await responseAt(peer, 100);
    await responseAt(peer, 486);
  });

  it('where it has closed, over a new one to the source and the port of sent-by (18.2.2)', async () => {
    const under = await startStack();
    const server = await listeningPeer();
    const peer = await tcpPeerOf(under.port('tcp'));
    peer.send(written({ ...INVITE, transport: 'TCP', sentBy: `pc.a.example:${server.port}` }));
    const { transaction } = await under.requests.next();
    peer.close();
    expect((await under.closed.next()).connectionId).toBe(transaction.flow.connectionId);
    answer(transaction, 486);
    await responseAt(await server.peers.next(), 486);
  });

  it('where that fails too, the transaction ends and says so', async () => {
    const under = await startStack();
    const server = await listeningPeer();
    const peer = await tcpPeerOf(under.port('tcp'));
    peer.send(written({ ...INVITE, transport: 'TCP', sentBy: `pc.a.example:${server.port}` }));
    const { transaction } = await under.requests.next();
    server.close();
    peer.close();
    await under.closed.next();
    const ended = new Promise((resolve) => {
      transaction.onTerminated = resolve;
    });
    answer(transaction, 486);
    expect(await ended).toMatchObject({ name: 'TransportError' });
    expect(under.stack.transactionCount).toBe(0);
  });
});

describe('IPv6', () => {
  it('an INVITE over [::1] is answered there', async () => {
    const under = await startStack({ listen: [{ protocol: 'udp', address: '::1', port: 0 }] });
    const peer = await peerOf({ port: under.port('udp', '::1') }, '::1');
    peer.send(written({ ...INVITE, sentBy: '[::1]:5060' }));
    const { transaction } = await under.requests.next();
    answer(transaction, 180);
    await responseAt(peer, 180);
    expect(transaction.flow.remoteAddress).toBe('::1');
  });
});
