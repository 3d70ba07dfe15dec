import { describe, expect, it, vi } from 'vitest';
import {
  ackFailure,
  answer,
  newCall,
  requestText,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
} from '../../drachtio/support.ts';
import { tcpPeer } from '../../support/sip-peer.ts';
import {
  atCallee,
  calleeSends,
  expectNothingHeld,
  invited,
  response,
  ringing,
  sendCancel,
  startRig,
  talking,
} from '../support.ts';

describe('the caller gives up', () => {
  it('while the first record is being written: nothing is sent out', async () => {
    const rig = await startRig();
    const journal = Promise.withResolvers<void>();
    rig.ledger.journal = journal.promise;
    const call = rig.newCall();
    sendInvite(call);
    await vi.waitFor(() => expect(rig.ledger.started).toHaveLength(1));
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    await vi.waitFor(() => expect(rig.log.map(({ message }) => message)).toContain('the caller gave up'));
    journal.resolve();
    const { verdict, state } = await rig.ledger.call();
    expect(state.legs).toEqual([]);
    expect(verdict).toEqual({ outcome: 'missed', cause: 'caller-hung-up', reason: 'not-rung' });
    expect(rig.callee.received).toEqual([]);
    await expectNothingHeld(rig);
  });

  it('in the same packet burst as its INVITE', async () => {
    const rig = await startRig();
    const call = rig.newCall();
    sendInvite(call);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    await rig.ledger.call();
    // Where the INVITE had left already, its CANCEL follows the first provisional response.
    await expectNothingHeld(rig);
  });

  it('before the phone said anything: the CANCEL waits for its first provisional response', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    expect(rig.callee.count(/^CANCEL /)).toBe(0);
    answer(rig.callee, invite, 180);
    answer(rig.callee, await rig.callee.expect(/^CANCEL /), 200);
    answer(rig.callee, invite, 487);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(rig);
  });

  it('and the phone answers all the same: its leg is acknowledged and ended, the call is missed', async () => {
    const rig = await startRig();
    const { call, invite } = await ringing(rig);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, invite, 200, { body: SDP_B });
    await rig.callee.expect(/^ACK /);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    const { verdict, evidence } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    expect(evidence.map(({ kind }) => kind)).toContain('answer-crossed');
    await expectNothingHeld(rig);
  });

  it('at the very moment of the answer: whichever left first decides, and both sides end alike', async () => {
    const rig = await startRig();
    for (let n = 1; n <= 10; n += 1) {
      const { call, invite } = await ringing(rig);
      answer(rig.callee, invite, 200, { body: SDP_B });
      sendCancel(call);
      const final = await response(call, '(200|487)');
      const answered = final.start.startsWith('SIP/2.0 200');
      if (answered) {
        sendAck(call);
        sendInDialog(call, 'BYE');
      } else {
        ackFailure(call, final);
      }
      await atCallee(rig, invite, 'ACK');
      answer(rig.callee, await atCallee(rig, invite, 'BYE'), 200);
      const { verdict } = await rig.ledger.call(n);
      expect(verdict.outcome).toBe(answered ? 'answered' : 'missed');
    }
    await expectNothingHeld(rig);
  });

  it('and no phone ever answers the CANCEL: the verdict does not wait for it', async () => {
    const rig = await startRig({ limits: { cancelGraceMs: 100 } });
    const { call } = await ringing(rig);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    await rig.callee.expect(/^CANCEL /);
    const { verdict } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(rig);
  });

  it('and the phone answers after the verdict: its leg is still acknowledged and ended', async () => {
    const rig = await startRig({ limits: { cancelGraceMs: 50 } });
    const { call, invite } = await ringing(rig);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    await rig.ledger.call();
    answer(rig.callee, invite, 200, { body: SDP_B });
    await rig.callee.expect(/^ACK /);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    await expectNothingHeld(rig);
  });

  it('a call without an offer, and the phone answers: the ACK still carries an answer', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig, { body: '' });
    answer(rig.callee, invite, 180);
    await response(call, 180);
    sendCancel(call);
    await response(call, 487);
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, invite, 200, { body: SDP_B });
    expect((await rig.callee.expect(/^ACK /)).body).not.toBe('');
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    await rig.ledger.call();
  });

  it('by closing its connection: the phone is cancelled as soon as that is noticed', async () => {
    const rig = await startRig();
    const tcp = await tcpPeer(rig.tcpPort);
    const call = newCall(tcp);
    sendInvite(call);
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, 180);
    await response(call, 180);
    await tcp.close();
    await vi.waitFor(() => {
      answer(rig.callee, invite, 180);
      expect(rig.callee.count(/^CANCEL /)).toBeGreaterThan(0);
    });
    answer(rig.callee, invite, 487);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(rig);
  });
});

describe('an answered call', () => {
  it('with a BYE from both sides at once ends once', async () => {
    const rig = await startRig();
    const { call, invite } = await talking(rig);
    sendInDialog(call, 'BYE');
    calleeSends(rig, invite, 'BYE');
    await response(call, 200, 'BYE');
    await rig.callee.expect(/^SIP\/2\.0 200[^]*BYE/);
    const { verdict, state } = await rig.ledger.call();
    expect(verdict.outcome).toBe('answered');
    expect(state.legs[0]?.endedBy).toMatch(/caller|callee/);
    await expectNothingHeld(rig);
  });

  it('whose caller never acknowledges is given up, and the phone gets its BYE', async () => {
    const rig = await startRig({ engine: { timers: { t1Ms: 20, t2Ms: 80, t4Ms: 100, t1x64Ms: 400 } } });
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 200, { body: SDP_B });
    await response(call, 200);
    await rig.callee.expect(/^ACK /);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'lost' });
    await expectNothingHeld(rig);
  });

  it('whose phone hangs up in the same moment as it answers ends on both sides', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 200, { body: SDP_B });
    calleeSends(rig, invite, 'BYE');
    await rig.callee.expect(/^SIP\/2\.0 200[^]*BYE/);
    await response(call, 200);
    sendAck(call);
    answer(rig.caller, await rig.caller.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'callee' });
    await expectNothingHeld(rig);
  });

  it('whose phone does not answer the BYE ends all the same', async () => {
    const rig = await startRig();
    const { call } = await talking(rig);
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    await rig.callee.expect(/^BYE /);
    expect((await rig.ledger.call()).verdict.outcome).toBe('answered');
    await expectNothingHeld(rig);
  });

  it.each([481, 408])('whose phone answers %i in the dialog is ended as lost', async (status) => {
    const rig = await startRig();
    const { call } = await talking(rig);
    sendInDialog(call, 'INFO');
    answer(rig.callee, await rig.callee.expect(/^INFO /), status);
    await response(call, status, 'INFO');
    answer(rig.caller, await rig.caller.expect(/^BYE /), 200);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'lost' });
    await expectNothingHeld(rig);
  });

  it('whose phone is dead: a request that nobody answers ends it', async () => {
    const rig = await startRig({ engine: { timers: { t1Ms: 50, t2Ms: 200, t4Ms: 100, t1x64Ms: 1_500 } } });
    const { call } = await talking(rig);
    sendInDialog(call, 'INFO');
    // The engine may have answered for us a moment before it told us that nobody did.
    await rig.caller.expect(/^SIP\/2\.0 (408|500)[^]*INFO/);
    answer(rig.caller, await rig.caller.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'lost' });
    await expectNothingHeld(rig);
  });
});

describe('the ring timer', () => {
  it('and the answer cross: the phone is ended, and for the call nobody answered', async () => {
    const rig = await startRig({ ringTimeoutMs: 80 });
    const { call, invite } = await ringing(rig);
    ackFailure(call, await response(call, 480));
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, invite, 200, { body: SDP_B });
    await rig.callee.expect(/^ACK /);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    const { verdict, evidence } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
    expect(evidence.map(({ kind }) => kind)).not.toContain('answered');
    await expectNothingHeld(rig);
  });

  it('is stopped by the hang-up', async () => {
    const rig = await startRig({ ringTimeoutMs: 150 });
    const { call, invite } = await ringing(rig);
    sendCancel(call);
    await response(call, 487);
    answer(rig.callee, invite, 487);
    expect((await rig.ledger.call()).state.legs[0]?.timedOutAt).toBeNull();
  });
});

describe('two INVITEs of one Call-ID that wait at the same time', () => {
  it('are one call, and each CANCEL reaches its own', async () => {
    const rig = await startRig();
    const first = rig.newCall();
    const second = { ...rig.newCall('sip:1002@127.0.0.1'), callId: first.callId };
    sendInvite(first);
    const one = await rig.callee.expect(/^INVITE sip:1001/);
    sendInvite(second);
    const two = await rig.callee.expect(/^INVITE sip:1002/);
    answer(rig.callee, one, 180);
    answer(rig.callee, two, 180);
    await response(first, 180);
    await response(second, 180);
    sendCancel(first);
    answer(rig.callee, await rig.callee.expect(/^CANCEL sip:1001/), 200);
    answer(rig.callee, one, 487);
    sendCancel(second);
    answer(rig.callee, await rig.callee.expect(/^CANCEL sip:1002/), 200);
    answer(rig.callee, two, 487);
    const { state } = await rig.ledger.call();
    expect(state.callers).toHaveLength(2);
    expect(rig.ledger.started).toHaveLength(1);
    await expectNothingHeld(rig);
  });
});

describe('a retransmitted INVITE', () => {
  it('is one call', async () => {
    const rig = await startRig();
    const call = rig.newCall();
    const text = requestText(call, { body: SDP_A });
    rig.caller.send(text);
    rig.caller.send(text);
    const invite = await rig.callee.expect(/^INVITE /);
    rig.caller.send(text);
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    expect(rig.ledger.started).toHaveLength(1);
    await expectNothingHeld(rig);
  });
});
