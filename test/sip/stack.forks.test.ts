import { describe, expect, it } from 'vitest';
import { topVia } from '../../src/sip/message/via.ts';
import type { SipRequest } from '../../src/sip/message/message.ts';
import type { ClientTransaction } from '../../src/sip/stack.types.ts';
import { MAX_FORKED_ANSWERS } from '../../src/sip/transaction/client.ts';
import { requestAt, type RawPeer } from './raw-peer.ts';
import { outcomes, startStack, type Outcomes, type StackUnderTest } from './stack-under-test.ts';
import { answered, outgoing } from './written.ts';

interface Forked extends Outcomes {
  readonly under: StackUnderTest;
  readonly peer: RawPeer;
  readonly uri: string;
  readonly invite: SipRequest;
  readonly transaction: ClientTransaction;
}

/** An INVITE at a proxy that may fork it. */
async function forked(): Promise<Forked> {
  const under = await startStack();
  const peer = await under.peer();
  const uri = `sip:bob@127.0.0.1:${peer.port}`;
  const told = outcomes();
  const transaction = under.stack.request(outgoing('INVITE', uri), { uri }, told);
  return { ...told, under, peer, uri, invite: await requestAt(peer, 'INVITE'), transaction };
}

/** What the peer sent before this has been read: its answer to another request of ours came back. */
async function settled({ under, peer, uri }: Forked): Promise<void> {
  const told = outcomes();
  under.stack.request(outgoing('INFO', uri), { uri }, told);
  peer.send(answered(await requestAt(peer, 'INFO'), 200));
  await told.responses.next();
}

async function tagsOf({ responses }: Forked, count: number): Promise<string[]> {
  const tags: string[] = [];
  for (let left = count; left > 0; left--) {
    const { headers } = await responses.next();
    tags.push(/tag=(\S+)/.exec(headers.get('To') ?? '')?.[1] ?? '');
  }
  return tags;
}

function acknowledge({ transaction, uri }: Forked, toTag: string): void {
  const ack = outgoing('ACK', uri);
  ack.headers.set('To', `<${uri}>;tag=${toTag}`);
  transaction.acknowledge(ack, { uri });
}

describe('an INVITE that a proxy forks (RFC 3261 13.2.2.4)', () => {
  it('has the 18x of every phone passed up', async () => {
    const call = await forked();
    for (const toTag of ['one', 'two', 'three']) call.peer.send(answered(call.invite, 180, { toTag }));
    call.peer.send(answered(call.invite, 183, { toTag: 'one' }));
    expect(await tagsOf(call, 4)).toEqual(['one', 'two', 'three', 'one']);
  });

  it('has each 2xx of another To tag passed up once', async () => {
    const call = await forked();
    for (const toTag of ['one', 'two', 'one', 'two']) call.peer.send(answered(call.invite, 200, { toTag }));
    expect(await tagsOf(call, 2)).toEqual(['one', 'two']);
    await settled(call);
    expect(call.responses.left).toEqual([]);
  });

  it('has each acknowledged by its own ACK, which is sent again for copies of its own 2xx alone', async () => {
    const call = await forked();
    const branches = new Map<string, string | undefined>();
    for (const toTag of ['one', 'two']) {
      call.peer.send(answered(call.invite, 200, { toTag }));
      await tagsOf(call, 1);
      acknowledge(call, toTag);
      branches.set(toTag, topVia(await requestAt(call.peer, 'ACK'))?.params.get('branch'));
    }
    expect(new Set(branches.values()).size).toBe(2);
    for (const toTag of ['two', 'one', 'two']) {
      call.peer.send(answered(call.invite, 200, { toTag }));
      const again = await requestAt(call.peer, 'ACK');
      expect(again.headers.get('To')).toContain(`tag=${toTag}`);
      expect(topVia(again)?.params.get('branch')).toBe(branches.get(toTag));
    }
    await settled(call);
    expect([...call.responses.left, ...call.peer.messages.left]).toEqual([]);
  });

  it('has the answers of 64*T1 after the first, and no more', async () => {
    const call = await forked();
    call.peer.send(answered(call.invite, 200, { toTag: 'one' }));
    await tagsOf(call, 1);
    call.under.clock.advance(31_999);
    call.peer.send(answered(call.invite, 200, { toTag: 'two' }));
    expect(await tagsOf(call, 1)).toEqual(['two']);
    call.under.clock.advance(1);
    call.peer.send(answered(call.invite, 200, { toTag: 'three' }));
    await settled(call);
    expect(call.responses.left).toEqual([]);
  });

  it(`too widely has no more than ${MAX_FORKED_ANSWERS} of its answers taken`, async () => {
    const call = await forked();
    for (let fork = 0; fork < MAX_FORKED_ANSWERS + 8; fork++) {
      call.peer.send(answered(call.invite, 200, { toTag: `fork-${fork}` }));
    }
    await settled(call);
    expect(call.responses.left.length).toBe(MAX_FORKED_ANSWERS);
  });
});
