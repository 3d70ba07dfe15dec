import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createPeerLimits } from '../../../src/gateway/access/peer-limits.ts';
import { ackFailure, answer, newCall, sendInvite } from '../../drachtio/support.ts';
import {
  expectNothingHeld,
  hangUp,
  invited,
  LOCAL_PEER,
  response,
  ringing,
  sendCancel,
  startRig,
  talking,
  type Rig,
} from '../support.ts';

const PEER = { ...LOCAL_PEER, maxCalls: 2 };

async function refused(rig: Rig): Promise<void> {
  const call = rig.newCall();
  sendInvite(call);
  const final = await response(call, 503);
  expect(final.header('Retry-After')).toBe('5');
  ackFailure(call, final);
}

describe('maxCalls', () => {
  it('bounds the live calls of a peer; the next one gets 503, is not journalled, and its end makes room', async () => {
    const rig = await startRig({ peers: [PEER] });
    const one = await talking(rig);
    const two = await ringing(rig);
    await refused(rig);
    await refused(rig);
    expect(rig.ledger.started).toHaveLength(2);
    expect(rig.log.filter(({ message }) => message === 'calls of a peer are refused')).toEqual([
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ peer: 'pbx', why: '2 calls live already (maxCalls)', refused: 1 }) as object,
      }),
    ]);
    await hangUp(rig, one);
    await vi.waitFor(() => expect(rig.gateway.liveCalls()).toHaveLength(1));
    const three = await ringing(rig);
    await refused(rig);
    for (const { call, invite } of [two, three]) {
      answer(rig.callee, invite, 486);
      ackFailure(call, await response(call, 486));
    }
    await expectNothingHeld(rig);
  });

  it.each([
    {
      title: 'refused by the gateway',
      end: async (rig: Rig) => {
        const call = rig.newCall();
        sendInvite(call, { headers: 'Join: abc;to-tag=1;from-tag=2' });
        ackFailure(call, await response(call, 603));
      },
    },
    {
      title: 'cancelled',
      end: async (rig: Rig) => {
        const { call, invite } = await ringing(rig);
        sendCancel(call);
        ackFailure(call, await response(call, 487));
        answer(rig.callee, await rig.callee.expect(/^CANCEL /), 200);
        answer(rig.callee, invite, 487);
      },
    },
    {
      title: 'without a route',
      end: async (rig: Rig) => {
        const call = rig.newCall('sip:127.0.0.1');
        sendInvite(call);
        ackFailure(call, await response(call, 404));
      },
    },
    {
      title: 'busy',
      end: async (rig: Rig) => {
        const { call, invite } = await invited(rig);
        answer(rig.callee, invite, 486);
        ackFailure(call, await response(call, 486));
      },
    },
  ])('a call that was $title counts no longer', async ({ end }) => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, maxCalls: 1 }] });
    for (let i = 0; i < 3; i += 1) {
      await end(rig);
      await expectNothingHeld(rig);
    }
    expect(rig.log.filter(({ message }) => message === 'calls of a peer are refused')).toEqual([]);
  });

  it('counts calls: an INVITE that joins a live one is no other', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, maxCalls: 1 }] });
    const { call, invite } = await invited(rig);
    const back = newCall(rig.callee, 'sip:1005@127.0.0.1');
    sendInvite(back, { headers: `X-MCG-Call: ${invite.header('X-MCG-Call')}` });
    const phone = await rig.callee.expect(/^INVITE sip:1005/);
    answer(rig.callee, phone, 486);
    ackFailure(back, await response(back, 486));
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    await expectNothingHeld(rig);
  });

  it('of one peer leaves the others theirs', async () => {
    const other = { ...LOCAL_PEER, name: 'other', allow: ['127.0.0.2'], maxCalls: 1 };
    const rig = await startRig({ peers: [other, { ...LOCAL_PEER, maxCalls: 1 }] });
    const { call, invite } = await ringing(rig);
    await refused(rig);
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    await expectNothingHeld(rig);
  });
});

describe('maxCallsPerSecond', () => {
  it('refuses what comes faster, and takes calls again as time passes', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, maxCallsPerSecond: 2 }] });
    const busy = async (): Promise<void> => {
      const { call, invite } = await invited(rig);
      answer(rig.callee, invite, 486);
      ackFailure(call, await response(call, 486));
    };
    rig.stopClock();
    await busy();
    await busy();
    await refused(rig);
    rig.advance(500);
    await busy();
    await refused(rig);
    expect(rig.ledger.started).toHaveLength(3);
    await expectNothingHeld(rig);
  });

  it('lets through a burst of one second, and never more than the rate in the long run', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), gaps, (rate, waits) => {
        let now = 1_000;
        const limits = createPeerLimits(() => now, SILENT);
        const peer = { ...LOCAL_PEER, maxCallsPerSecond: rate };
        const taken: number[] = [];
        for (const wait of waits) {
          now += wait;
          if (limits.admit(peer, 0)) taken.push(now);
        }
        for (const [index, from] of taken.entries()) {
          for (const [more, to] of taken.slice(index).entries()) {
            expect(more + 1).toBeLessThanOrEqual(rate + ((to - from) * rate) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });

  it('survives a clock that is set back', () => {
    let now = 100_000;
    const limits = createPeerLimits(() => now, SILENT);
    const peer = { ...LOCAL_PEER, maxCallsPerSecond: 1 };
    expect(limits.admit(peer, 0)).toBe(true);
    now = 0;
    expect(limits.admit(peer, 0)).toBe(false);
    now = 1_000;
    expect(limits.admit(peer, 0)).toBe(true);
  });
});

describe('refusals', () => {
  it('are said once in ten seconds for each peer, with how many there were', () => {
    let now = 0;
    const said: object[] = [];
    const limits = createPeerLimits(() => now, { ...SILENT, warn: (fields: object) => void said.push(fields) });
    const peer = { ...LOCAL_PEER, maxCalls: 1 };
    for (let i = 0; i < 100; i += 1) limits.admit(peer, 1);
    limits.admit({ ...peer, name: 'other' }, 1);
    now = 10_000;
    limits.admit(peer, 1);
    expect(said).toEqual([
      { peer: 'pbx', why: '1 calls live already (maxCalls)', refused: 1 },
      { peer: 'other', why: '1 calls live already (maxCalls)', refused: 1 },
      { peer: 'pbx', why: '1 calls live already (maxCalls)', refused: 100 },
    ]);
  });
});

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
