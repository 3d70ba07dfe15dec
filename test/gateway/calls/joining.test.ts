import { describe, expect, it, vi } from 'vitest';
import {
  ackFailure,
  answer,
  newCall,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  unique,
} from '../../drachtio/support.ts';
import { udpPeer } from '../../support/sip-peer.ts';
import { outgoingHeaders } from '../../../src/gateway/message/outgoing.ts';
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
} from '../support.ts';

const UUID = 'ab30317f1a784dc48ff824d0d3715d86';

describe('a leg of ours that comes back (loop-back through a PBX)', () => {
  it('is another leg of the same call, and its phone’s answer answers both', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    const callId = invite.header('X-MCG-Call');
    // The PBX calls a phone through us, on behalf of the call it got from us.
    const back = newCall(rig.callee, 'sip:1005@127.0.0.1');
    sendInvite(back, { headers: `X-MCG-Call: ${callId}` });
    const phone = await rig.callee.expect(/^INVITE sip:1005/);
    expect(phone.header('X-MCG-Call')).toBe(callId);
    answer(rig.callee, phone, 200, { body: SDP_B });
    await response(back, 200);
    sendAck(back);
    await rig.callee.expect(/^ACK sip:bob/);
    answer(rig.callee, invite, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    await rig.callee.expect(/^ACK sip:bob/);
    expect(rig.gateway.liveCalls()).toHaveLength(1);
    expect(rig.gateway.liveCallCount).toBe(1);
    sendInDialog(call, 'BYE');
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    sendInDialog(back, 'BYE');
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    const { state, verdict, evidence, decisions } = await rig.ledger.call();
    expect(decisions).toEqual(['skip alice (answered)']);
    expect(rig.ledger.started).toHaveLength(1);
    expect(state.callers).toMatchObject([
      { id: 'caller', returned: false },
      { id: 'caller-2', returned: true },
    ]);
    expect(verdict.outcome).toBe('answered');
    expect(evidence.map(({ kind }) => kind)).toContain('joined');
    await expectNothingHeld(rig);
  });

  it('that has been there before gets 482', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    const back = newCall(rig.callee, 'sip:1001@127.0.0.1');
    sendInvite(back, { headers: `X-MCG-Call: ${invite.header('X-MCG-Call')}` });
    ackFailure(back, await response(back, 482));
    answer(rig.callee, invite, 482);
    ackFailure(call, await response(call, 482));
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'rejected' },
      decisions: ['skip alice (rejected)'],
    });
    await expectNothingHeld(rig);
  });

  it('with its own Call-ID gets 482: a proxy sent it back', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    const back = { ...newCall(rig.callee, 'sip:1009@127.0.0.1'), callId: invite.header('Call-ID') };
    sendInvite(back);
    ackFailure(back, await response(back, 482));
    answer(rig.callee, invite, 482);
    ackFailure(call, await response(call, 482));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('of a call that is over is a new call', async () => {
    const rig = await startRig();
    const first = await invited(rig);
    answer(rig.callee, first.invite, 486);
    ackFailure(first.call, await response(first.call, 486));
    await rig.ledger.call(1);
    const { call, invite } = await invited(rig, { headers: `X-MCG-Call: ${first.invite.header('X-MCG-Call')}` });
    expect(invite.header('X-MCG-Call')).not.toBe(first.invite.header('X-MCG-Call'));
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call(2);
  });

  it('our own header does not go to a hop that is no peer, nor does the name of who asked for privacy', () => {
    const facts = {
      incoming: { 'p-asserted-identity': '<sip:+331@x>', privacy: 'id', 'X-MCG-Call': 'forged' },
      callId: 'ours',
      uri: 'sip:1001@carrier',
      kind: 'phone',
      calledUri: 'sip:1001@gw',
      isGroup: false,
      diversions: [],
      trusted: true,
    } as const;
    expect(outgoingHeaders({ ...facts, toPeer: false })).toEqual({ privacy: 'id', 'max-forwards': '69' });
    expect(outgoingHeaders({ ...facts, toPeer: true })).toEqual({
      'p-asserted-identity': '<sip:+331@x>',
      privacy: 'id',
      'X-MCG-Call': 'ours',
      'max-forwards': '69',
    });
  });
});

describe('two INVITEs are one call', () => {
  it('where they share the Session-ID', async () => {
    const rig = await startRig();
    const headers = `Session-ID: ${UUID};remote=00000000000000000000000000000000`;
    const one = await ringing(rig, { headers });
    const two = await ringing(rig, { headers, to: 'sip:1002@127.0.0.1' });
    for (const { call, invite } of [one, two]) {
      sendCancel(call);
      ackFailure(call, await response(call, 487));
      answer(rig.callee, invite, 487);
    }
    const { state } = await rig.ledger.call();
    expect(state.callers).toMatchObject([{ returned: false }, { returned: false }]);
    expect(rig.ledger.over).toHaveLength(1);
    await expectNothingHeld(rig);
  });

  it('where a forking peer sends caller and mailbox again while it rings, and one answer silences all', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, forks: true }] });
    const one = await ringing(rig);
    const two = await talking(rig);
    sendCancel(one.call, 'Reason: SIP;cause=200');
    ackFailure(one.call, await response(one.call, 487));
    answer(rig.callee, one.invite, 487);
    await hangUp(rig, two);
    const { verdict, state } = await rig.ledger.call();
    expect(state.callers).toHaveLength(2);
    expect(verdict.outcome).toBe('answered');
    await expectNothingHeld(rig);
  });

  it('but not where they talk already: who calls then calls again', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, forks: true }] });
    const one = await talking(rig);
    const two = await invited(rig);
    expect(rig.ledger.started).toHaveLength(2);
    answer(rig.callee, two.invite, 486);
    ackFailure(two.call, await response(two.call, 486));
    await hangUp(rig, one);
    await rig.ledger.call(2);
  });

  it('but not where the caller hung up and dials again, though the cancelled phone has not answered yet', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, forks: true }] });
    const one = await ringing(rig);
    sendCancel(one.call);
    ackFailure(one.call, await response(one.call, 487));
    const two = await ringing(rig);
    expect(rig.ledger.started).toHaveLength(2);
    answer(rig.callee, one.invite, 487);
    sendCancel(two.call);
    ackFailure(two.call, await response(two.call, 487));
    answer(rig.callee, two.invite, 487);
    await rig.ledger.call(2);
    await expectNothingHeld(rig);
  });

  it('but not where the caller gives a call to somebody else the Session-ID of one that talks', async () => {
    const rig = await startRig();
    const headers = `Session-ID: ${UUID}`;
    const one = await talking(rig, { headers });
    const two = await ringing(rig, { headers, to: 'sip:1002@127.0.0.1' });
    expect(rig.ledger.started.map(({ mailbox }) => mailbox)).toEqual(['alice', 'bob']);
    sendCancel(two.call);
    ackFailure(two.call, await response(two.call, 487));
    answer(rig.callee, two.invite, 487);
    await hangUp(rig, one);
    await rig.ledger.call(2);
  });

  it('but not of a peer that does not fork', async () => {
    const rig = await startRig();
    const one = await ringing(rig);
    const two = await ringing(rig);
    expect(rig.ledger.started).toHaveLength(2);
    for (const { call, invite } of [one, two]) {
      sendCancel(call);
      await response(call, 487);
      answer(rig.callee, invite, 487);
    }
    await rig.ledger.call(2);
    await expectNothingHeld(rig);
  });

  it('but not where a peer that is not believed about callers (trustCallerId: false) names a call that another began', async () => {
    const carrier = { ...LOCAL_PEER, name: 'carrier', allow: ['127.0.0.2/32'], trustCallerId: false };
    const rig = await startRig({ peers: [carrier, { ...LOCAL_PEER, allow: ['127.0.0.1/32'] }] });
    const headers = `Session-ID: ${UUID}`;
    const one = await ringing(rig, { headers });
    const peer = await udpPeer(rig.udpPort, '127.0.0.1', '127.0.0.2');
    const two = newCall(peer, 'sip:1005@127.0.0.1');
    sendInvite(two, { headers });
    const other = await rig.callee.expect(/^INVITE sip:1005/);
    answer(rig.callee, other, 486);
    ackFailure(two, await response(two, 486));
    sendCancel(one.call);
    await response(one.call, 487);
    answer(rig.callee, one.invite, 487);
    const states = [await rig.ledger.call(), await rig.ledger.call()];
    expect(states.map(({ state }) => state.callers.length)).toEqual([1, 1]);
    await peer.close();
  });

  it('and what circles in it leaves nothing in its state', async () => {
    const rig = await startRig({ limits: { callersPerCall: 3 } });
    const headers = `Session-ID: ${UUID}`;
    const one = await ringing(rig, { headers });
    for (let round = 0; round < 10; round += 1) {
      const next = rig.newCall();
      sendInvite(next, { headers: `${headers}\nJoin: x;to-tag=a;from-tag=b` });
      ackFailure(next, await response(next, round < 2 ? 603 : 482));
    }
    sendCancel(one.call);
    await response(one.call, 487);
    answer(rig.callee, one.invite, 487);
    expect((await rig.ledger.call()).state.callers).toHaveLength(3);
  });

  it('but no more than so many: 482', async () => {
    const rig = await startRig({ limits: { callersPerCall: 1 } });
    const headers = `Session-ID: ${UUID}`;
    const one = await ringing(rig, { headers });
    const two = rig.newCall();
    sendInvite(two, { headers });
    ackFailure(two, await response(two, 482));
    sendCancel(one.call);
    await response(one.call, 487);
    answer(rig.callee, one.invite, 487);
    await rig.ledger.call();
  });
});

describe('a number of two mailboxes in different dial plans', () => {
  it('is nobody’s, with the evidence, unless the peer names a plan', async () => {
    for (const [dialPlan, mailbox] of [
      [undefined, null],
      ['Lyon', 'claire'],
    ] as const) {
      const rig = await startRig({ peers: [dialPlan === undefined ? LOCAL_PEER : { ...LOCAL_PEER, dialPlan }] });
      const { call, invite } = await invited(rig, { to: 'sip:1003@127.0.0.1' });
      answer(rig.callee, invite, 486);
      ackFailure(call, await response(call, 486));
      const { start } = await rig.ledger.call();
      expect(start.mailbox).toBe(mailbox);
      expect(start.evidence.map(({ kind }) => kind)).toEqual(mailbox === null ? ['ambiguous'] : []);
    }
  });
});

describe('the next branch of a proxy that forks serially (same Call-ID, From tag and CSeq)', () => {
  it('is a call of its own after the final answer to the one before', async () => {
    const rig = await startRig();
    const { call, invite } = await ringing(rig);
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    const next = { ...call, toTag: '', uri: 'sip:1002@127.0.0.1' };
    sendInvite(next, { branch: unique('z9hG4bK') });
    const second = await rig.callee.expect(/^INVITE sip:1002/);
    answer(rig.callee, second, 200, { body: SDP_B });
    await response(next, 200);
    sendAck(next);
    await vi.waitFor(() => expect(rig.gateway.liveCalls()[0]?.phase).toBe('talking'));
    await hangUp(rig, { call: next, invite: second });
    await expectNothingHeld(rig);
    expect(rig.ledger.started.map(({ callee }) => callee)).toEqual(['1001', '1002']);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'busy' });
    expect((await rig.ledger.call(2)).verdict.outcome).toBe('answered');
  });

  it('joins the call while a leg of the one before is still ending', async () => {
    const rig = await startRig();
    const { call, invite } = await ringing(rig);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    const cancel = await rig.callee.expect(/^CANCEL /);
    const next = { ...call, toTag: '', uri: 'sip:1002@127.0.0.1' };
    sendInvite(next, { branch: unique('z9hG4bK') });
    const second = await rig.callee.expect(/^INVITE sip:1002/);
    answer(rig.callee, cancel, 200);
    answer(rig.callee, invite, 487);
    answer(rig.callee, second, 486);
    ackFailure(next, await response(next, 486));
    await expectNothingHeld(rig);
    expect(rig.ledger.started).toHaveLength(1);
  });
});
