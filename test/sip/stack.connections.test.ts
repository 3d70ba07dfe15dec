import { describe, expect, it } from 'vitest';
import { DEFAULT_TRANSPORT_LIMITS } from '../../src/sip/transport/limits.ts';
import { responseAt } from './raw-peer.ts';
import { startStack, tcpPeerOf } from './stack-under-test.ts';
import { written } from './written.ts';

const { idleStrangerMs } = DEFAULT_TRANSPORT_LIMITS;
const FORBIDDEN = { status: 403, reason: 'Forbidden' };

describe('the connection of somebody who is not expected', () => {
  it('ends where all that came over it was refused', async () => {
    const { port, clock, closed } = await startStack({ isExpected: () => false, admit: () => FORBIDDEN });
    const stranger = await tcpPeerOf(port('tcp'));
    for (const branch of ['z9hG4bK-1', 'z9hG4bK-2']) {
      stranger.send(written({ method: 'INVITE', transport: 'TCP', branch, callId: branch }));
      await responseAt(stranger, 403);
    }
    clock.advance(idleStrangerMs - 1);
    stranger.send(written({ method: 'INVITE', transport: 'TCP', branch: 'z9hG4bK-3', callId: 'call-3' }));
    await responseAt(stranger, 403);
    clock.advance(1);
    await closed.next();
    expect(clock.alarms).toBe(0);
  });

  it('stays where a request was admitted: its dialog may live long', async () => {
    const { port, clock, requests } = await startStack({
      isExpected: () => false,
      admit: (request) => (request.method === 'INFO' ? null : FORBIDDEN),
    });
    const moved = await tcpPeerOf(port('tcp'));
    moved.send(written({ method: 'INFO', transport: 'TCP', toTag: 'ours' }));
    await requests.next();
    clock.advance(10 * idleStrangerMs);
    moved.send(written({ method: 'INFO', transport: 'TCP', toTag: 'ours', branch: 'z9hG4bK-2', sequence: 2 }));
    await requests.next();
  });

  it('somebody who is expected may wait for a first call as long as ever', async () => {
    const { port, clock } = await startStack({ isExpected: () => true, admit: () => FORBIDDEN });
    const peer = await tcpPeerOf(port('tcp'));
    peer.send(written({ method: 'INVITE', transport: 'TCP' }));
    await responseAt(peer, 403);
    clock.advance(10 * idleStrangerMs);
    peer.send(written({ method: 'INVITE', transport: 'TCP', branch: 'z9hG4bK-2', callId: 'call-2' }));
    await responseAt(peer, 403);
  });
});

describe('a request that was admitted but does not keep its connection', () => {
  const unproven = { isExpected: () => false, keeps: () => false };

  it('lets it end like that of any stranger', async () => {
    const { port, clock, requests, closed } = await startStack(unproven);
    const stranger = await tcpPeerOf(port('tcp'));
    stranger.send(written({ method: 'REGISTER', transport: 'TCP' }));
    await requests.next();
    clock.advance(idleStrangerMs);
    await closed.next();
  });

  it('it stays once its sender is accepted', async () => {
    const { stack, port, clock, requests } = await startStack(unproven);
    const phone = await tcpPeerOf(port('tcp'));
    phone.send(written({ method: 'REGISTER', transport: 'TCP' }));
    stack.keep((await requests.next()).flow);
    clock.advance(10 * idleStrangerMs);
    phone.send(written({ method: 'REGISTER', transport: 'TCP', branch: 'z9hG4bK-2', sequence: 2 }));
    await requests.next();
  });
});
