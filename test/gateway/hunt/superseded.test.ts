import { describe, expect, it } from 'vitest';
import { ackFailure, answer, callerPeer, sendInvite } from '../../drachtio/support.ts';
import type { SipPeer } from '../../support/sip-peer.ts';
import { calls, rings, startHunting } from '../hunting.ts';
import { expectNothingHeld, LOCAL_PEER, response, startRig, type Parts, type Rig } from '../support.ts';

interface Hops {
  readonly rig: Rig;
  readonly first: SipPeer;
  readonly second: SipPeer;
  readonly voicemail: SipPeer;
}

/** Two next hops, and a voicemail system that unanswered calls are diverted to. */
async function startHops(parts: Parts = {}): Promise<Hops> {
  const [first, second, voicemail] = await Promise.all([callerPeer(0), callerPeer(0), callerPeer(0)]);
  const rig = await startRig({
    nextHop: [first, second].map(({ port }) => ({ uri: `sip:127.0.0.1:${port}` })),
    voicemail: { owner: 'gateway', target: `sip:vm@127.0.0.1:${voicemail.port}` },
    ...parts,
  });
  return { rig, first, second, voicemail };
}

describe('a next hop in whose place another was rung', () => {
  it.each([
    [484, 'rejected', 'rejected'],
    [488, 'failed', 'not-rung'],
  ])('says nothing of the called user: 503, then %i is %s, and no voicemail', async (status, outcome, reason) => {
    const { rig, first, second, voicemail } = await startHops();
    const call = calls(rig, '1001');
    answer(first, await first.expect(/^INVITE /), 503);
    answer(second, await second.expect(/^INVITE /), status);
    ackFailure(call, await response(call, status));
    const { verdict, state, decisions } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome, reason });
    expect(decisions).toEqual([`skip alice (${reason})`]);
    expect(state.legs).toMatchObject([{ supersededBy: 'leg-2' }, { id: 'leg-2' }]);
    expect(voicemail.received).toEqual([]);
    await expectNothingHeld(rig);
  });

  it('insisted on an extension (421): what it says when it gets it decides', async () => {
    const { rig, first } = await startHops();
    const call = calls(rig, '1001');
    answer(first, await first.expect(/^INVITE /), 421, { headers: 'Require: timer' });
    answer(first, await first.expect(/^INVITE [^]*timer/), 604);
    ackFailure(call, await response(call, 604));
    const { verdict, state, decisions } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'rejected' });
    expect(decisions).toEqual(['skip alice (rejected)']);
    expect(state.legs).toMatchObject([{ supersededBy: 'leg-2' }, { id: 'leg-2' }]);
  });

  it('sent the call on: the new target decides, and voicemail hears why', async () => {
    const { rig, first, voicemail } = await startHops();
    const call = calls(rig, '1001');
    answer(first, await first.expect(/^INVITE /), 302, { contact: '<sip:1002@x>' });
    answer(first, await first.expect(/^INVITE sip:1002/), 486);
    const diverted = await voicemail.expect(/^INVITE /);
    expect(diverted.all('Diversion')).toEqual(['<sip:1001@127.0.0.1>;reason=user-busy']);
    answer(voicemail, diverted, 480);
    ackFailure(call, await response(call, 486));
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'missed', cause: 'busy' },
      decisions: ['notify alice (missed)'],
    });
  });

  it('sent the call on after it rang: it rang, wherever it went', async () => {
    const { rig, first } = await startHops({ voicemail: {} });
    const call = calls(rig, '1001');
    answer(first, await rings(first), 302, { contact: '<sip:1002@x>' });
    answer(first, await first.expect(/^INVITE sip:1002/), 404);
    ackFailure(call, await response(call, 404));
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'missed', cause: 'no-answer' },
      decisions: ['notify alice (missed)'],
    });
  });
});

describe('whoever sent the call on', () => {
  it('is named to those after him, the latest on top, with those who did before it came here', async () => {
    const { rig, phones } = await startHunting(['1001', '1002', '1003']);
    const [alice, bob, carol] = phones;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('no phones');
    const call = rig.newCall('sip:1001@127.0.0.1');
    const headers = 'Diversion: <sip:0800@pbx>;reason=unconditional';
    sendInvite(call, { headers });
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:1002@x>' });
    answer(bob, await bob.expect(/^INVITE /), 302, { contact: '<sip:1003@x>' });
    const atCarol = await carol.expect(/^INVITE /);
    expect(atCarol.all('Diversion').join(', ')).toBe(
      '<sip:1002@x>;reason=unconditional, <sip:1001@127.0.0.1>;reason=unconditional, <sip:0800@pbx>;reason=unconditional',
    );
    expect(atCarol.all('History-Info').join(', ')).toMatch(
      /^<sip:1001@127\.0\.0\.1\?Reason=SIP%3Bcause%3D302>;index=1, <sip:1002@x;cause=302\?Reason=SIP%3Bcause%3D302>;index=1\.1;mp=1, <sip:1003@[^>]*;cause=302>;index=1\.1\.1;mp=1\.1$/,
    );
    answer(carol, atCarol, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });

  it('in a group is the member, below the group', async () => {
    const { rig, phones } = await startHunting(['1001', '1002', '1003']);
    const [alice, bob, carol] = phones;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('no phones');
    const call = calls(rig, '1100');
    answer(bob, await bob.expect(/^INVITE /), 486);
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:1003@x>' });
    const atCarol = await carol.expect(/^INVITE /);
    expect(atCarol.all('Diversion')).toEqual(['<sip:1001@127.0.0.1>;reason=unconditional']);
    expect(atCarol.all('History-Info').join(', ')).toMatch(
      /^<sip:1100@127\.0\.0\.1>;index=1, <sip:1001@127\.0\.0\.1\?Reason=SIP%3Bcause%3D302>;index=1\.1;mp=1, <sip:1003@[^>]*;cause=302>;index=1\.1\.1;mp=1\.1$/,
    );
    answer(carol, atCarol, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });

  it('in a group, to voicemail: exactly one Diversion, the member’s', async () => {
    const voicemail = await callerPeer(0);
    const { rig, phones } = await startHunting(['1001', '1002'], {
      peers: [LOCAL_PEER],
      voicemail: { owner: 'gateway', target: `sip:vm@127.0.0.1:${voicemail.port}` },
    });
    const [alice, bob] = phones;
    if (alice === undefined || bob === undefined) throw new Error('no phones');
    const call = calls(rig, '1100');
    answer(bob, await bob.expect(/^INVITE /), 486);
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:vm@x>' });
    const diverted = await voicemail.expect(/^INVITE /);
    expect(diverted.all('Diversion')).toEqual(['<sip:1001@127.0.0.1>;reason=unconditional']);
    answer(voicemail, diverted, 480);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });
});
