import { describe, expect, it, onTestFinished } from 'vitest';
import { systemNames } from '../../src/sip/transport/names.ts';
import { FAILED_DESTINATION_MS } from '../../src/sip/transport/resolver.ts';
import { startDnsServer, type DnsRecord } from '../support/dns-server.ts';
import { requestAt, type RawPeer } from './raw-peer.ts';
import { listeningPeer, outcomes, peerOf, startStack, type Outcomes, type StackUnderTest } from './stack-under-test.ts';
import { answered, outgoing } from './written.ts';

/** A domain whose first target is at one port of loopback and whose second at another. */
async function stackFor(service: string, ports: readonly number[]): Promise<StackUnderTest> {
  const target = (port: number, priority: number): DnsRecord => ({
    type: 'SRV',
    name: 'host.example',
    port,
    priority,
    weight: 0,
  });
  const dns = await startDnsServer({
    [`${service}.a.example`]: ports.map(target),
    'host.example': [{ type: 'A', address: '127.0.0.1', ttlS: 3_600 }],
  });
  onTestFinished(() => dns.close());
  return startStack({ names: systemNames({ servers: [dns.address], hostsFile: '/nonexistent' }) });
}

interface Pair {
  readonly under: StackUnderTest;
  readonly first: RawPeer;
  readonly second: RawPeer;
}

async function udpPair(): Promise<Pair> {
  const to = { port: 0 };
  const [first, second] = [await peerOf(to), await peerOf(to)];
  const under = await stackFor('_sip._udp', [first.port, second.port]);
  to.port = under.port('udp');
  return { under, first, second };
}

const URI = 'sip:bob@a.example;transport=udp';

function send({ stack }: StackUnderTest, method = 'INVITE', uri = URI): Outcomes {
  const told = outcomes();
  stack.request(outgoing(method, uri), { uri }, told);
  return told;
}

describe('a domain with two targets (RFC 3263 4.3)', () => {
  it('has the second tried after 503, and the first last for some time', async () => {
    const { under, first, second } = await udpPair();
    const { responses } = send(under);
    first.send(answered(await requestAt(first, 'INVITE'), 503));
    await requestAt(first, 'ACK');
    second.send(answered(await requestAt(second, 'INVITE'), 486));
    expect((await responses.next()).status).toBe(486);
    const next = send(under, 'OPTIONS');
    second.send(answered(await requestAt(second, 'OPTIONS'), 200));
    await next.responses.next();
    expect(first.messages.left).toEqual([]);
    under.clock.advance(FAILED_DESTINATION_MS);
    send(under, 'OPTIONS');
    await requestAt(first, 'OPTIONS');
  });

  it('has the first tried first again as soon as it has answered', async () => {
    const { under, first, second } = await udpPair();
    const failing = send(under, 'OPTIONS');
    first.send(answered(await requestAt(first, 'OPTIONS'), 503));
    second.send(answered(await requestAt(second, 'OPTIONS'), 503));
    await failing.responses.next();
    const { responses } = send(under, 'MESSAGE');
    first.send(answered(await requestAt(first, 'MESSAGE'), 503));
    second.send(answered(await requestAt(second, 'MESSAGE'), 200));
    await responses.next();
    const next = send(under, 'OPTIONS');
    second.send(answered(await requestAt(second, 'OPTIONS'), 503));
    first.send(answered(await requestAt(first, 'OPTIONS'), 200));
    await next.responses.next();
    send(under, 'INFO');
    await requestAt(first, 'INFO');
  });

  it('has the second tried where the first gives no answer', async () => {
    const { under, first, second } = await udpPair();
    send(under, 'OPTIONS');
    await requestAt(first, 'OPTIONS');
    under.clock.advance(16_000);
    await requestAt(second, 'OPTIONS');
    send(under, 'INFO');
    await requestAt(second, 'INFO');
  });

  it('has the second tried where the first takes no connection', async () => {
    const [dead, live] = [await listeningPeer(), await listeningPeer()];
    const under = await stackFor('_sip._tcp', [dead.port, live.port]);
    dead.close();
    const uri = 'sip:bob@a.example;transport=tcp';
    const { responses } = send(under, 'INVITE', uri);
    const peer = await live.peers.next();
    peer.send(answered(await requestAt(peer, 'INVITE'), 486));
    expect((await responses.next()).status).toBe(486);
  });

  it('has none tried a second time: the last 503 goes up, and both are tried again for the next request', async () => {
    const { under, first, second } = await udpPair();
    for (const peers of [
      [first, second],
      [first, second],
    ]) {
      const { responses } = send(under, 'OPTIONS');
      for (const peer of peers) peer.send(answered(await requestAt(peer, 'OPTIONS'), 503));
      expect((await responses.next()).status).toBe(503);
    }
  });
});
