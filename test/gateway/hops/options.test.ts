import { expect, it, describe, vi } from 'vitest';
import { answer, later } from '../../drachtio/support.ts';
import { udpPeer } from '../../support/sip-peer.ts';
import { LOCAL_PEER, startRig, type Rig } from '../support.ts';

/** Fast enough for a test; a hop must be asked again before the one before timed out. */
const WATCHED = { ...LOCAL_PEER, optionsMs: 20 };

async function asked(rig: Rig, status: number): Promise<void> {
  answer(rig.callee, await rig.callee.expect(/^OPTIONS /), status);
}

describe('next hops are asked by OPTIONS', () => {
  it('only where their peer says how often', async () => {
    const asks = await udpPeer(0, '127.0.0.1', '127.0.0.2');
    later(() => asks.close());
    const rig = await startRig({
      peers: [
        { ...WATCHED, allow: ['127.0.0.2'] },
        { ...LOCAL_PEER, name: 'other' },
      ],
      routes: [{ nextHop: [{ uri: `sip:127.0.0.2:${asks.port}` }] }],
    });
    for (let n = 0; n < 3; n += 1) answer(asks, await asks.expect(/^OPTIONS /), 200);
    expect(rig.callee.received).toEqual([]);
    expect(rig.gateway.hops).toEqual([
      { uri: `sip:127.0.0.1:${rig.callee.port}`, up: true, since: null },
      { uri: `sip:127.0.0.2:${asks.port}`, up: true, since: null },
    ]);
  });

  it('go down after two in a row that failed and come up after two that were answered', async () => {
    const rig = await startRig({ peers: [WATCHED] });
    const state = (): boolean | undefined => rig.gateway.hops[0]?.up;
    for (const status of [503, 200, 503]) await asked(rig, status);
    await asked(rig, 405);
    expect(state()).toBe(true);
    for (const status of [503, 503]) await asked(rig, status);
    await vi.waitFor(() => expect(state()).toBe(false));
    expect(rig.gateway.hops[0]?.since).toBeGreaterThan(0);
    await asked(rig, 200);
    const next = await rig.callee.expect(/^OPTIONS /);
    expect(state()).toBe(false);
    answer(rig.callee, next, 200);
    await vi.waitFor(() => expect(state()).toBe(true));
    const said = rig.log
      .filter(({ message }) => message === 'next hop changed its state')
      .map(({ fields }) => fields['up']);
    expect(said).toEqual([false, true]);
  });
});
