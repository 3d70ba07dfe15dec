import { describe, expect, it } from 'vitest';
import {
  ackFailure,
  answer,
  callerPeer,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  later,
  newCall,
} from '../../drachtio/support.ts';
import { tcpPeer, udpPeer } from '../../support/sip-peer.ts';
import {
  atCallee,
  calleeSends,
  expectNothingHeld,
  invited,
  LOCAL_PEER,
  response,
  ringing,
  sendCancel,
  startRig,
  talking,
} from '../support.ts';

describe('a call through the gateway', () => {
  it('answered: offer, ringing, answer, ACK and BYE pass with what is end to end', async () => {
    const rig = await startRig();
    const { callee, gateway, ledger } = rig;
    const call = rig.newCall();
    sendInvite(call, {
      headers: 'Subject: lunch\nX-Account: 7\nSupported: 100rel, timer, histinfo\nAllow: INVITE, PUBLISH',
    });
    const invite = await callee.expect(/^INVITE /);
    expect(invite.start).toBe(`INVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0`);
    expect(invite.body).toBe(SDP_A);
    expect(invite.header('Subject')).toBe('lunch');
    expect(invite.header('X-Account')).toBe('7');
    expect(invite.header('Supported')).toBe('histinfo');
    expect(invite.header('Allow')).toBe('INVITE');
    expect(invite.header('Max-Forwards')).toBe('69');
    expect(invite.header('From')).toMatch(/^"Alice" <sip:alice@127\.0\.0\.1>;tag=/);
    expect(invite.header('From')).not.toContain(call.tag);
    expect(invite.header('Call-ID')).not.toBe(call.callId);
    expect(invite.all('Via')).toHaveLength(1);

    answer(callee, invite, 180);
    await response(call, 180);
    expect(gateway.liveCalls()).toMatchObject([{ caller: { number: 'alice' }, callee: '1001', phase: 'ringing' }]);
    answer(callee, invite, 200, { body: SDP_B, headers: 'Server: phone 2' });
    const ok = await response(call, 200);
    expect(ok.body).toBe(SDP_B);
    expect(ok.header('Server')).toBe('phone 2');
    sendAck(call);
    await callee.expect(/^ACK /);

    sendInDialog(call, 'BYE', { headers: 'Reason: Q.850;cause=16' });
    await response(call, 200, 'BYE');
    const bye = await callee.expect(/^BYE /);
    expect(bye.header('Reason')).toBe('Q.850;cause=16');
    answer(callee, bye, 200);
    const { verdict, state, start } = await ledger.call();
    expect(verdict).toEqual({ outcome: 'answered', cause: null, reason: 'answered' });
    expect(state.legs[0]).toMatchObject({ endedBy: 'caller' });
    expect(start).toMatchObject({ callee: '1001', mailbox: 'alice', peer: 'pbx', sipCallId: call.callId });
    expect(ledger.answers).toEqual([{ id: start.id, by: 'phone' }]);
    expect(ledger.rings).toEqual([start.id]);
    await expectNothingHeld(rig);
  });

  it('ended by the called side', async () => {
    const rig = await startRig();
    const { invite } = await talking(rig);
    calleeSends(rig, invite, 'BYE', { headers: 'Reason: Q.850;cause=31' });
    await rig.callee.expect(/^SIP\/2.0 200[^]*BYE/);
    const bye = await rig.caller.expect(/^BYE /);
    expect(bye.header('Reason')).toBe('Q.850;cause=31');
    answer(rig.caller, bye, 200);
    expect((await rig.ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'callee' });
    await expectNothingHeld(rig);
  });

  it('to a busy phone: its final response passes as it is, and the call is missed', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 486, { reason: 'In a meeting', headers: 'Reason: Q.850;cause=17' });
    const busy = await response(call, 486);
    expect(busy.start).toBe('SIP/2.0 486 In a meeting');
    expect(busy.header('Reason')).toBe('Q.850;cause=17');
    ackFailure(call, busy);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'busy' });
    await expectNothingHeld(rig);
  });

  it('given up by the caller: CANCEL goes on with its Reason, and the call is missed', async () => {
    const rig = await startRig();
    const { call, invite } = await ringing(rig);
    sendCancel(call, 'Reason: SIP;cause=487;text="Gave up"\nX-Why: tired');
    ackFailure(call, await response(call, 487));
    const cancel = await rig.callee.expect(/^CANCEL /);
    expect(cancel.header('Reason')).toBe('SIP;cause=487;text="Gave up"');
    expect(cancel.header('X-Why')).toBe('tired');
    answer(rig.callee, cancel, 200);
    answer(rig.callee, invite, 487);
    const { verdict, state } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    expect(state.legs[0]?.final?.status).toBe(487);
    await expectNothingHeld(rig);
  });

  it('answered elsewhere: the Reason of a trusted CANCEL says so', async () => {
    const rig = await startRig();
    const { call, invite } = await ringing(rig);
    sendCancel(call, 'Reason: SIP;cause=200;text="Call completed elsewhere"');
    await response(call, 487);
    answer(rig.callee, invite, 487);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'elsewhere' });
  });

  it('rung out: the caller gets 480 with Q.850 cause 19, never the 487 of the phone', async () => {
    const rig = await startRig({ ringTimeoutMs: 100 });
    const { call, invite } = await ringing(rig);
    const final = await response(call, 480);
    expect(final.header('Reason')).toMatch(/^Q\.850;cause=19/);
    ackFailure(call, final);
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, invite, 487);
    const { verdict, state } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
    expect(state.legs[0]?.timedOutAt).not.toBeNull();
    await expectNothingHeld(rig);
  });

  it('a hop that never says 18x: the ring timer starts by itself', async () => {
    const rig = await startRig({ ringTimeoutMs: 50, limits: { ringStartMs: 50 } });
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 100);
    await response(call, 480);
    // 100 is a provisional response: the CANCEL may leave.
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, invite, 487);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'unreachable' });
  });

  it('early media passes where nothing else can answer any more', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 183, { body: SDP_B, reason: 'Session Progress' });
    const progress = await response(call, 183);
    expect(progress.body).toBe(SDP_B);
    // Another branch of a fork behind the hop: one To tag never carries two answers.
    answer(rig.callee, invite, 183, { body: SDP_A, toTag: 'other' });
    expect((await response(call, 180)).body).toBe('');
    answer(rig.callee, invite, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    sendInDialog(call, 'BYE');
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'answered' });
  });

  it('without an offer: the offer is in the 200, the answer in the ACK', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig, { body: '' });
    expect(invite.body).toBe('');
    answer(rig.callee, invite, 200, { body: SDP_B });
    expect((await response(call, 200)).body).toBe(SDP_B);
    expect(rig.callee.count(/^ACK /)).toBe(0);
    sendAck(call, { body: SDP_A });
    expect((await rig.callee.expect(/^ACK /)).body).toBe(SDP_A);
    sendInDialog(call, 'BYE');
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('a TCP callee', async () => {
    const first = await startRig();
    const tcp = await callerPeer(first.tcpPort, 'tcp');
    const rig = await startRig({ nextHop: [{ uri: `sip:127.0.0.1:${tcp.port};transport=tcp` }] });
    const call = rig.newCall();
    sendInvite(call);
    const invite = await tcp.expect(/^INVITE /);
    expect(invite.start).toBe(`INVITE sip:1001@127.0.0.1:${tcp.port};transport=tcp SIP/2.0`);
    answer(tcp, invite, 603);
    ackFailure(call, await response(call, 603));
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'declined' });
  });

  it('from an IPv6 peer to an IPv6 hop', async () => {
    const callee = await udpPeer(0, '::1');
    later(() => callee.close());
    const rig = await startRig({
      engine: { listen: [{ protocol: 'udp', address: '::1', port: 0 }] },
      peers: [{ ...LOCAL_PEER, allow: ['::1'] }],
      nextHop: [{ uri: `sip:[::1]:${callee.port}` }],
    });
    const port = Number(/:(\d+)$/.exec(rig.engine.sipAddresses[0] ?? '')?.[1]);
    const caller = await udpPeer(port, '::1');
    later(() => caller.close());
    const call = newCall(caller, `sip:1001@[::1]:${port}`);
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    expect(invite.start).toBe(`INVITE sip:1001@[::1]:${callee.port} SIP/2.0`);
    expect(invite.header('X-MCG-Call')).not.toBe('');
    answer(callee, invite, 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'busy' });
  });
});

describe('a caller whose connection closes while it rings', () => {
  it('and who cannot be reached is gone: the phone stops ringing, and the call is missed', async () => {
    const rig = await startRig();
    const caller = await tcpPeer(rig.tcpPort);
    const call = newCall(caller);
    sendInvite(call);
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, 180);
    await response(call, 180);
    await caller.close();
    answer(rig.callee, await atCallee(rig, invite, 'CANCEL'), 200);
    answer(rig.callee, invite, 487);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(rig);
  });
});
