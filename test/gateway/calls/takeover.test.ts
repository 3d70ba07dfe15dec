import { describe, expect, it, vi } from 'vitest';
import { ackFailure, answer, later, newCall, SDP_A, SDP_B, sendAck, sendInvite } from '../../drachtio/support.ts';
import { udpPeer } from '../../support/sip-peer.ts';
import { expectNothingHeld, LOCAL_PEER, response, sendCancel } from '../support.ts';
import {
  atCallee,
  atCaller,
  calleeDialog,
  calleeHangsUp,
  callerCancels,
  callerDialog,
  callerHangsUp,
  calls,
  endsRinging,
  expectAnsweredCalls,
  phones,
  picksUp,
  rings,
  takes,
  talks,
  type Made,
  type Phones,
} from '../transfers.ts';

async function refused({ dave }: Pick<Phones, 'dave'>, headers: string, status: number): Promise<void> {
  const call = newCall(dave, 'sip:1001@127.0.0.1');
  sendInvite(call, { headers });
  ackFailure(call, await response(call, status));
}

/** Bob's phone rings for Alice, and Dave picks her up. */
async function pickedUp({ alice, bob, dave }: Phones): Promise<{ first: Made; second: Made }> {
  const first = await rings(alice, '1001', bob);
  const second = await takes(dave, `${calleeDialog(first)};early-only`, alice, { headers: 'Require: replaces' });
  return { first, second };
}

describe.each(['udp', 'tcp'] as const)('an INVITE with Replaces over %s', (transport) => {
  it('picks up a call that rings: the caller gets it with its own dialog named, and nobody is mailed', async () => {
    const set = await phones(transport);
    const { first, second } = await pickedUp(set);
    const { callId, tag, toTag } = first.call;
    expect(second.invite.header('Replaces')).toBe(`${callId};to-tag=${tag};from-tag=${toTag};early-only`);
    expect(second.invite.header('Require')).toBe('replaces');
    expect(second.invite.body).toBe(SDP_A);
    await picksUp(second);
    const cancel = await endsRinging(set.bob, first.invite);
    expect(cancel.header('Reason')).toContain('SIP;cause=200');
    sendCancel(first.call);
    ackFailure(first.call, await response(first.call, 487));
    await callerHangsUp(second);
    const { state, evidence } = await set.rig.ledger.call();
    expect(state.callers).toMatchObject([
      { id: 'caller', answeredBy: 'leg-2', cancelledAt: null },
      { id: 'caller-2', answeredBy: 'leg-2' },
    ]);
    const taken = evidence.filter(({ kind }) => kind === 'taken-over');
    expect(taken).toMatchObject([{ source: 'leg-2', strength: 'certain' }]);
    expect(taken[0]?.detail).toBe('alice took the place of leg-1 and talks to caller (Replaces)');
    await expectAnsweredCalls(set, 1);
    expect(set.rig.ledger.answers).toMatchObject([{ by: 'phone' }]);
    await expectNothingHeld(set.rig);
  });

  it('retrieves a parked call: the far end of the dialog is taken away, the other side goes on', async () => {
    const set = await phones(transport);
    const parked = await talks(set.alice, '1001', set.bob);
    const retrieved = await takes(set.dave, calleeDialog(parked), set.alice);
    expect(retrieved.invite.header('Replaces')).toBe(
      `${parked.call.callId};to-tag=${parked.call.tag};from-tag=${parked.call.toTag}`,
    );
    await picksUp(retrieved);
    await callerHangsUp(parked);
    await calleeHangsUp(retrieved);
    const { state } = await set.rig.ledger.call();
    expect(state.callers[0]).toMatchObject({ answeredBy: 'leg-1', takenOverBy: ['leg-2'] });
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('takes the place of a caller: whoever answered it is asked, by the way of its own INVITE', async () => {
    const set = await phones(transport);
    const made = await talks(set.alice, '1001', set.bob);
    const taken = await takes(set.dave, callerDialog(made), set.bob);
    expect(taken.invite.start).toBe(made.invite.start);
    expect(taken.invite.header('Replaces')).toBe(
      `${made.invite.header('Call-ID')};to-tag=callee;from-tag=${/tag=(.*)/.exec(made.invite.header('From'))?.[1]}`,
    );
    await picksUp(taken);
    await calleeHangsUp(made);
    await callerHangsUp(taken);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('takes over again what was taken over', async () => {
    const set = await phones(transport);
    const { first, second } = await pickedUp(set);
    await picksUp(second);
    await callerCancels(first);
    const third = await takes(set.erin, callerDialog(second), set.alice);
    await picksUp(third);
    await calleeHangsUp(second);
    await callerHangsUp(third);
    expect((await set.rig.ledger.call()).state.callers).toHaveLength(3);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });
});

describe('an INVITE with Replaces', () => {
  it('that the other side refuses changes nothing of the call', async () => {
    const set = await phones('udp');
    const first = await rings(set.alice, '1001', set.bob);
    for (const status of [481, 486, 603]) {
      const call = newCall(set.dave, 'sip:1001@127.0.0.1');
      sendInvite(call, { headers: `Replaces: ${calleeDialog(first)}` });
      answer(set.alice, await set.alice.expect(/^INVITE /), status);
      ackFailure(call, await response(call, status));
    }
    answer(set.bob, first.invite, 480);
    ackFailure(first.call, await response(first.call, 480));
    const { state, verdict } = await set.rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
    expect([state.callers.length, state.legs.length]).toEqual([1, 1]);
    await expectNothingHeld(set.rig);
  });

  it('that its sender cancels leaves the call ringing', async () => {
    const set = await phones('udp');
    const { first, second } = await pickedUp(set);
    answer(set.alice, second.invite, 180);
    await response(second.call, 180);
    sendCancel(second.call);
    ackFailure(second.call, await response(second.call, 487));
    await endsRinging(set.alice, second.invite);
    expect(set.bob.count(/^CANCEL /)).toBe(0);
    await picksUp(first);
    await callerHangsUp(first);
    expect((await set.rig.ledger.call()).state.callers).toHaveLength(1);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('that nobody answers is over when the ring time is', async () => {
    const set = await phones('udp', { ringTimeoutMs: 60, limits: { ringStartMs: 0 } });
    const first = await talks(set.alice, '1001', set.bob);
    const second = await takes(set.dave, calleeDialog(first), set.alice);
    answer(set.alice, second.invite, 180);
    ackFailure(second.call, await response(second.call, 480));
    await endsRinging(set.alice, second.invite);
    await callerHangsUp(first);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it.each([
    ['with another To tag', (name: string) => name.replace(/to-tag=[^;]+/, 'to-tag=other'), 481],
    ['with another From tag', (name: string) => name.replace(/from-tag=[^;]+/, 'from-tag=other'), 481],
    ['that wants to replace a dialog that is up only while it is early', (name: string) => `${name};early-only`, 486],
    ['that names two dialogs', (name: string) => `${name}, ${name}`, 400],
    ['that names one twice', (name: string) => `${name}\nReplaces: ${name}`, 400],
    ['that is malformed', (name: string) => name.replace('to-tag', 'two-tag'), 400],
    ['that also joins', (name: string) => `${name}\nJoin: ${name}`, 400],
  ])('%s is refused', async (_, named, status) => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    await refused(set, `Replaces: ${named(calleeDialog(made))}`, status);
    expect(set.alice.count(/^INVITE /)).toBe(0);
    await callerHangsUp(made);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('takes nobody’s place before the called side has answered: only a call that one made oneself is picked up', async () => {
    const set = await phones('udp');
    const made = await rings(set.alice, '1001', set.bob);
    await refused(set, `Replaces: ${callerDialog(made)}`, 481);
    await callerCancels(made);
    await expectNothingHeld(set.rig);
  });

  it('of a stranger gets into nobody’s call', async () => {
    // 127.0.0.1 is a peer, 127.0.0.2 is nobody.
    const set = await phones('udp', { peers: [{ ...LOCAL_PEER, allow: ['127.0.0.1/32'] }] });
    const made = await talks(set.alice, '1001', set.bob);
    const stranger = await udpPeer(set.rig.udpPort, '127.0.0.1', '127.0.0.2');
    later(() => stranger.close());
    const call = newCall(stranger, 'sip:1001@127.0.0.1');
    sendInvite(call, { headers: `Replaces: ${calleeDialog(made)}` });
    await response(call, 403);
    expect(set.alice.count(/^INVITE /)).toBe(0);
    await callerHangsUp(made);
    await expectNothingHeld(set.rig);
  });

  it('that comes after the end is declined, and rings nobody anew', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    await callerHangsUp(made);
    await expectNothingHeld(set.rig);
    await refused(set, `Replaces: ${calleeDialog(made)}`, 603);
    await refused(set, `Replaces: ${callerDialog(made)}`, 603);
    await refused(set, `Replaces: ${callerDialog(made).replace(/to-tag=[^;]+/, 'to-tag=other')}`, 481);
    expect(set.bob.count(/^INVITE /)).toBe(1);
    expect(set.rig.ledger.started).toHaveLength(1);
  });

  it('that names a dialog of nobody here goes where it was dialled, as it is: the device there may know it', async () => {
    const set = await phones('udp');
    const headers = 'Replaces: a@b;to-tag=1;from-tag=2;early-only\nRequire: replaces\nSupported: replaces';
    const made = await calls(set.dave, '1001', set.bob, { headers });
    expect(made.invite.header('Replaces')).toBe('a@b;to-tag=1;from-tag=2;early-only');
    expect(made.invite.header('Require')).toBe('replaces');
    answer(set.bob, made.invite, 481);
    ackFailure(made.call, await response(made.call, 481));
    expect((await set.rig.ledger.call()).verdict).toMatchObject({ outcome: 'failed' });
    await expectNothingHeld(set.rig);
  });

  it('a pickup that crosses the answer: both calls are answered, and each is ended by its own BYE', async () => {
    const set = await phones('udp');
    const { first, second } = await pickedUp(set);
    // Bob answers while Alice already has the pickup.
    answer(set.bob, first.invite, 200, { body: SDP_B });
    await response(first.call, 200);
    sendAck(first.call);
    await atCallee(first, 'ACK ');
    answer(set.alice, second.invite, 486);
    ackFailure(second.call, await response(second.call, 486));
    await callerHangsUp(first);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('whoever answers what was picked up meanwhile is acknowledged and hung up', async () => {
    const set = await phones('udp');
    const { first, second } = await pickedUp(set);
    await picksUp(second);
    answer(set.bob, await set.bob.expect(/^CANCEL /), 200);
    answer(set.bob, first.invite, 200, { body: SDP_B });
    await atCallee(first, 'ACK ');
    answer(set.bob, await atCallee(first, 'BYE '), 200);
    sendCancel(first.call);
    ackFailure(first.call, await response(first.call, 487));
    await callerHangsUp(second);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('what was replaced is ended by us where the one who was asked does not: no phone rings on, no dialog stays', async () => {
    const set = await phones('udp', { limits: { replacedGraceMs: 30 } });
    const { first, second } = await pickedUp(set);
    await picksUp(second);
    await endsRinging(set.bob, first.invite);
    ackFailure(first.call, await response(first.call, 487));
    await callerHangsUp(second);

    const talking = await talks(set.alice, '1001', set.bob);
    const retrieved = await takes(set.dave, calleeDialog(talking), set.alice);
    await picksUp(retrieved);
    answer(set.alice, await atCaller(talking, 'BYE '), 200);
    answer(set.bob, await atCallee(talking, 'BYE '), 200);
    await callerHangsUp(retrieved);
    await expectAnsweredCalls(set, 2);
    await expectNothingHeld(set.rig);
  });

  it('whoever is asked may end what is replaced before it answers: then we wait for nothing there', async () => {
    const replacedGraceMs = 54_321;
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const set = await phones('udp', { limits: { replacedGraceMs } });
    const started = (): number => timers.mock.calls.filter(([, delay]) => delay === replacedGraceMs).length;
    const made = await talks(set.alice, '1001', set.bob);
    const taken = await takes(set.dave, calleeDialog(made), set.alice);
    await callerHangsUp(made);
    await picksUp(taken);
    const again = await takes(set.erin, callerDialog(taken), set.alice);
    await callerHangsUp(taken);
    await picksUp(again);
    await callerHangsUp(again);
    expect(started()).toBe(0);
    timers.mockRestore();
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('a caller that gives up while it is being picked up has hung up', async () => {
    const set = await phones('udp');
    const { first, second } = await pickedUp(set);
    await callerCancels(first);
    answer(set.alice, second.invite, 481);
    ackFailure(second.call, await response(second.call, 481));
    expect((await set.rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(set.rig);
  });

  it('a CANCEL that is faster than our answer to the one who picks up: the call is answered all the same', async () => {
    const set = await phones('udp');
    const { first, second } = await pickedUp(set);
    await callerCancels(first);
    await picksUp(second);
    await callerHangsUp(second);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('without an offer: the answer goes on in the ACK', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    const taken = await takes(set.dave, calleeDialog(made), set.alice, { body: '' });
    answer(set.alice, taken.invite, 200, { body: SDP_B });
    expect((await response(taken.call, 200)).body).toBe(SDP_B);
    sendAck(taken.call, { body: SDP_A });
    expect((await atCallee(taken, 'ACK ')).body).toBe(SDP_A);
    await callerHangsUp(made);
    await callerHangsUp(taken);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('is one of the call’s INVITEs: no more than may be', async () => {
    const set = await phones('udp', { limits: { legsPerCall: 1 } });
    const made = await talks(set.alice, '1001', set.bob);
    await refused(set, `Replaces: ${calleeDialog(made)}`, 482);
    await callerHangsUp(made);
    await expectNothingHeld(set.rig);
  });

  it('is ended with the gateway', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    const waiting = await takes(set.dave, calleeDialog(made), set.alice);
    answer(set.alice, waiting.invite, 180);
    await response(waiting.call, 180);
    const drained = set.rig.gateway.drain(0);
    ackFailure(waiting.call, await response(waiting.call, 503));
    await endsRinging(set.alice, waiting.invite);
    answer(set.alice, await atCaller(made, 'BYE '), 200);
    answer(set.bob, await atCallee(made, 'BYE '), 200);
    await drained;
    await expectNothingHeld(set.rig);
  });
});
