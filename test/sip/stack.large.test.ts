import { describe, expect, it } from 'vitest';
import { parseVia, topVia } from '../../src/sip/message/via.ts';
import type { SipRequest } from '../../src/sip/message/message.ts';
import type { RequestTarget } from '../../src/sip/stack.types.ts';
import { DEFAULT_UDP_MTU_BYTES, TCP_REFUSED_MS, TCP_TRIAL_MS } from '../../src/sip/transaction/targets.ts';
import type { BoundAddress } from '../../src/sip/transport/transport.ts';
import { requestAt, type RawPeer } from './raw-peer.ts';
import { listeningPeer, outcomes, peerOf, startStack, type Outcomes, type StackUnderTest } from './stack-under-test.ts';
import { answered, outgoing, written } from './written.ts';

/** A request of about so many bytes. */
function large(method: string, uri: string, bodyBytes = 2_000): SipRequest {
  return { ...outgoing(method, uri, [['Content-Type', 'text/plain']]), body: Buffer.alloc(bodyBytes, 'x') };
}

interface Both {
  readonly under: StackUnderTest;
  readonly udp: RawPeer;
  readonly tcp: Awaited<ReturnType<typeof listeningPeer>>;
  readonly uri: string;
}

/** A peer that has UDP and TCP at one port. */
async function both(options: Parameters<typeof startStack>[0] = {}): Promise<Both> {
  const under = await startStack(options);
  const tcp = await listeningPeer();
  const udp = await peerOf({ port: under.port('udp') }, '127.0.0.1', tcp.port);
  return { under, udp, tcp, uri: `sip:bob@127.0.0.1:${tcp.port}` };
}

/** What came by UDP, with how it names its transport. */
async function byUdp({ udp }: Both, method: string): Promise<string | undefined> {
  return topVia(await requestAt(udp, method))?.transport;
}

function send(
  { under, uri }: Both,
  request: SipRequest,
  target: RequestTarget = { uri },
): Outcomes & { readonly cancel: () => void } {
  const told = outcomes();
  const transaction = under.stack.request(request, target, told);
  return { ...told, cancel: () => void transaction.cancel() };
}

describe('a request to an address of UDP (RFC 3261 18.1.1)', () => {
  it('over 1300 bytes goes by TCP; its Via says so, and its user is told', async () => {
    const peer = await both();
    const locals: BoundAddress[] = [];
    const told = { ...outcomes(), onLocal: (local: BoundAddress) => void locals.push(local) };
    peer.under.stack.request(large('INVITE', peer.uri), { uri: peer.uri }, told);
    const connection = await peer.tcp.peers.next();
    const invite = await requestAt(connection, 'INVITE');
    expect(topVia(invite)).toMatchObject({ transport: 'TCP', port: peer.under.port('tcp') });
    expect(invite.headers.all('Via')).toHaveLength(1);
    expect(locals.at(-1)?.protocol).toBe('tcp');
    connection.send(answered(invite, 486));
    expect((await told.responses.next()).status).toBe(486);
    expect(peer.udp.messages.left).toEqual([]);
  });

  it.each([
    [DEFAULT_UDP_MTU_BYTES, 'UDP'],
    [DEFAULT_UDP_MTU_BYTES + 1, 'TCP'],
  ])('of %i bytes goes by %s', async (sizeBytes, transport) => {
    const peer = await both();
    const probe = large('MESSAGE', peer.uri, 900);
    const sized = peer.under.stack.request(probe, { uri: peer.uri }, outcomes()).bytes.length;
    await requestAt(peer.udp, 'MESSAGE');
    const request = large('MESSAGE', peer.uri, 900 + sizeBytes - sized);
    send(peer, request);
    const at = transport === 'UDP' ? peer.udp : await peer.tcp.peers.next();
    const received = await requestAt(at, 'MESSAGE');
    expect(parseVia(received.headers.get('Via') ?? '')?.transport).toBe(transport);
  });

  it('stays there where `transport=udp` says so, over a known flow, and to a peer of a dialog that came by UDP', async () => {
    const peer = await both();
    const { uri } = peer;
    peer.udp.send(written({ method: 'OPTIONS' }));
    const { flow } = await peer.under.requests.next();
    for (const target of [{ uri: `${uri};transport=udp` }, { flow }, { uri, by: flow }]) {
      send(peer, large('INFO', uri), target);
      expect(await byUdp(peer, 'INFO')).toBe('UDP');
    }
  });

  it('stays there where no TCP socket is bound, and with another limit', async () => {
    const udpOnly = await both({ listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }] });
    send(udpOnly, large('INFO', udpOnly.uri));
    expect(await byUdp(udpOnly, 'INFO')).toBe('UDP');
    const unlimited = await both({ udpMtuBytes: Infinity });
    send(unlimited, large('INFO', unlimited.uri));
    expect(await byUdp(unlimited, 'INFO')).toBe('UDP');
  });

  it('goes back to UDP where TCP is refused, and does not ask for it again for some time', async () => {
    const peer = await both();
    peer.tcp.close();
    const { responses } = send(peer, large('INVITE', peer.uri));
    const invite = await requestAt(peer.udp, 'INVITE');
    expect(topVia(invite)?.transport).toBe('UDP');
    peer.udp.send(answered(invite, 486));
    expect((await responses.next()).status).toBe(486);
    await requestAt(peer.udp, 'ACK');
    const later = peer.under.stack.request(large('INFO', peer.uri), { uri: peer.uri }, outcomes());
    // By UDP it has left already.
    expect(later.flow?.protocol).toBe('udp');
    peer.under.clock.advance(TCP_REFUSED_MS - 1);
    expect(peer.under.stack.request(large('INFO', peer.uri), { uri: peer.uri }, outcomes()).flow?.protocol).toBe('udp');
    peer.under.clock.advance(1);
    expect(peer.under.stack.request(large('INFO', peer.uri), { uri: peer.uri }, outcomes()).flow).toBeNull();
  });

  it('goes back to UDP where TCP takes too long', async () => {
    const peer = await both();
    send(peer, large('MESSAGE', peer.uri));
    // No event of the socket has been seen yet.
    peer.under.clock.advance(TCP_TRIAL_MS);
    expect(await byUdp(peer, 'MESSAGE')).toBe('UDP');
  });

  it('goes back to UDP where the connection closes without an answer', async () => {
    const peer = await both();
    send(peer, large('MESSAGE', peer.uri));
    const connection = await peer.tcp.peers.next();
    await requestAt(connection, 'MESSAGE');
    connection.close();
    expect(await byUdp(peer, 'MESSAGE')).toBe('UDP');
  });

  it('is not sent to the same host by UDP where that has said 503 by TCP', async () => {
    const peer = await both();
    const { responses } = send(peer, large('INVITE', peer.uri));
    const connection = await peer.tcp.peers.next();
    connection.send(answered(await requestAt(connection, 'INVITE'), 503));
    expect((await responses.next()).status).toBe(503);
    expect(peer.udp.messages.left).toEqual([]);
  });

  it('is not sent by UDP once it is cancelled: 487', async () => {
    const peer = await both();
    const { responses, cancel } = send(peer, large('INVITE', peer.uri));
    cancel();
    peer.under.clock.advance(TCP_TRIAL_MS);
    expect((await responses.next()).status).toBe(487);
    expect(peer.udp.messages.left).toEqual([]);
    expect(peer.under.stack.transactionCount).toBe(0);
  });
});
