import { describe, expect, it } from 'vitest';
import { DEFECT_LINES_PER_MINUTE } from '../../src/sip/defects.ts';
import { makeResponse } from '../../src/sip/message/response.ts';
import type { SipRequest } from '../../src/sip/message/message.ts';
import type { ServerTransaction, SipStackOptions, StackUser } from '../../src/sip/stack.types.ts';
import { Inbox } from './inbox.ts';
import { requestAt, responseAt, type RawPeer } from './raw-peer.ts';
import { listeningPeer, outcomes, startStack, tcpPeerOf, type StackUnderTest } from './stack-under-test.ts';
import { answered, outgoing, written } from './written.ts';

const PROTOCOLS = ['udp', 'tcp'] as const;

interface Broken extends StackUnderTest {
  readonly lines: string[];
  readonly heard: Inbox<{ transaction: ServerTransaction; request: SipRequest }>;
}

/** A stack whose user throws where the request says so, and answers what does not. */
async function startBroken(planted: Partial<StackUser> = {}, options: Partial<SipStackOptions> = {}): Promise<Broken> {
  const lines: string[] = [];
  const heard: Broken['heard'] = new Inbox();
  const user: StackUser = {
    onRequest(transaction, request) {
      if (request.headers.has('X-Break')) throw new Error('planted');
      heard.push({ transaction, request });
    },
    onAck: () => undefined,
    onCancel: () => undefined,
    ...planted,
  };
  const under = await startStack({ user, log: (level, text) => lines.push(`${level}: ${text}`), ...options });
  return { ...under, lines, heard };
}

function peerOver(under: StackUnderTest, protocol: 'udp' | 'tcp'): Promise<RawPeer> {
  return protocol === 'udp' ? under.peer() : tcpPeerOf(under.port('tcp'));
}

function request(protocol: string, branch: string, method: string, breaks: boolean): string {
  const extra = breaks ? ['X-Break: yes'] : [];
  return written({ method, branch: `z9hG4bK-${branch}`, callId: branch, transport: protocol.toUpperCase(), extra });
}

describe.each(PROTOCOLS)('a message over %s that the user of the stack throws at', (protocol) => {
  it.each(['OPTIONS', 'INVITE'])('%s costs that message only: it gets 500, the next one is heard', async (method) => {
    const under = await startBroken();
    const peer = await peerOver(under, protocol);
    // In one piece: over TCP the second waits in the loop that the first one breaks.
    peer.send(request(protocol, 'one', method, true));
    peer.send(request(protocol, 'two', method, false));
    expect((await responseAt(peer, 500)).headers.get('Call-ID')).toBe('one');
    const { transaction, request: heard } = await under.heard.next();
    expect(heard.headers.get('Call-ID')).toBe('two');
    transaction.respond(makeResponse(heard, 486, 'Busy Here', { toTag: 'bob' }));
    await responseAt(peer, 486);
    expect(under.stack.defectCount).toBe(1);
    expect(under.lines).toHaveLength(1);
    expect(under.lines[0]).toMatch(/^warn: .*127\.0\.0\.1[^]*planted/);
    under.clock.advance(64_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('is said so many times a minute, and counted each time', async () => {
    const under = await startBroken();
    const peer = await peerOver(under, protocol);
    const broken = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i += 1) peer.send(request(protocol, `call-${i}`, 'OPTIONS', true));
      for (let i = from; i < to; i += 1) await responseAt(peer, 500);
    };
    await broken(0, DEFECT_LINES_PER_MINUTE + 25);
    expect(under.stack.defectCount).toBe(DEFECT_LINES_PER_MINUTE + 25);
    expect(under.lines).toHaveLength(DEFECT_LINES_PER_MINUTE);
    under.clock.advance(60_000);
    await broken(100, 101);
    expect(under.lines).toHaveLength(DEFECT_LINES_PER_MINUTE + 1);
    expect(under.lines.at(-1)).toContain('25 more');
  });
});

describe('a user that throws elsewhere', () => {
  const throwing = (): never => {
    throw new Error('planted');
  };

  it('at an ACK leaves the INVITE its timers', async () => {
    const under = await startBroken({ onAck: throwing });
    const peer = await under.peer();
    peer.send(written({ method: 'INVITE' }));
    const { transaction, request: invite } = await under.heard.next();
    transaction.onAckTimeout = throwing;
    transaction.respond(makeResponse(invite, 200, 'OK', { toTag: 'bob' }));
    await responseAt(peer, 200);
    peer.send(written({ method: 'ACK', branch: 'z9hG4bK-ack', toTag: 'bob' }));
    peer.send(written({ method: 'CANCEL', branch: 'z9hG4bK-other' }));
    await responseAt(peer, 481);
    expect(under.stack.defectCount).toBe(1);
    under.clock.advance(64_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('at the answer to a request of ours ends that request only', async () => {
    const under = await startBroken();
    const server = await listeningPeer();
    const uri = `sip:127.0.0.1:${server.port};transport=tcp`;
    const told = outcomes();
    for (const handlers of [{ ...outcomes(), onResponse: throwing }, told]) {
      under.stack.request(outgoing('OPTIONS', uri), { uri }, handlers);
    }
    const peer = await server.peers.next();
    peer.send(answered(await requestAt(peer, 'OPTIONS'), 200));
    peer.send(answered(await requestAt(peer, 'OPTIONS'), 200));
    expect((await told.responses.next()).status).toBe(200);
    expect(under.stack.defectCount).toBe(1);
    under.clock.advance(64_000);
    expect(under.stack.transactionCount).toBe(0);
  });

  it('at the end of a connection is survived', async () => {
    const under = await startBroken({ onClosed: throwing });
    const peer = await tcpPeerOf(under.port('tcp'));
    peer.send(request('tcp', 'one', 'OPTIONS', false));
    await under.heard.next();
    peer.close();
    const other = await tcpPeerOf(under.port('tcp'));
    other.send(request('tcp', 'two', 'OPTIONS', true));
    await responseAt(other, 500);
  });
});
