import { describe, expect, it } from 'vitest';
import { ackFailure, answer, SDP_A, SDP_B, sendAck, sendInDialog } from '../../drachtio/support.ts';
import { calleeSends, expectNothingHeld, hangUp, invited, response, startRig, talking } from '../support.ts';

const HOLD = SDP_A.replace('t=0 0', 't=0 0\r\na=sendonly');

describe('in an answered call', () => {
  it('a re-INVITE passes both ways, and its ACK', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    sendInDialog(made.call, 'INVITE', { body: HOLD });
    const hold = await rig.callee.expect(/^INVITE /);
    expect(hold.body).toBe(HOLD);
    expect(hold.header('To')).toContain('tag=callee');
    answer(rig.callee, hold, 200, { body: SDP_B });
    expect((await response(made.call, 200)).body).toBe(SDP_B);
    sendAck(made.call);
    await rig.callee.expect(/^ACK /);

    calleeSends(rig, made.invite, 'INVITE', { body: SDP_B });
    const back = await rig.caller.expect(/^INVITE /);
    expect(back.body).toBe(SDP_B);
    answer(rig.caller, back, 200, { body: SDP_A });
    expect((await rig.callee.expect(/^SIP\/2\.0 200[^]*INVITE/)).body).toBe(SDP_A);
    await rig.caller.expect(/^ACK /);
    await hangUp(rig, made);
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('a rejected re-INVITE leaves the call up, however often', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    for (const status of [488, 491, 500]) {
      sendInDialog(made.call, 'INVITE', { body: HOLD });
      answer(rig.callee, await rig.callee.expect(/^INVITE /), status);
      ackFailure(made.call, await response(made.call, status));
    }
    expect(rig.gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]);
    await hangUp(rig, made);
    expect((await rig.ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'caller' });
  });

  it.each(['UPDATE', 'INFO'])(
    'an %s in the same instant as the 200 waits for our own 200, and passes',
    async (method) => {
      const rig = await startRig();
      const { call, invite } = await invited(rig);
      answer(rig.callee, invite, 200, { body: SDP_B });
      calleeSends(rig, invite, method, { body: method === 'UPDATE' ? SDP_B : '' });
      await response(call, 200);
      sendAck(call);
      answer(rig.caller, await rig.caller.expect(new RegExp(`^${method} `)), 200, { body: SDP_A });
      await rig.callee.expect(new RegExp(`^SIP/2\\.0 200[^]*${method}`));
      expect(rig.callee.count(/^SIP\/2\.0 500/)).toBe(0);
      await hangUp(rig, { call, invite });
      await rig.ledger.call();
      await expectNothingHeld(rig);
    },
  );

  it('a re-INVITE that is answered 18x first still gets its answer', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    sendInDialog(made.call, 'INVITE', { body: HOLD });
    const hold = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, hold, 180);
    answer(rig.callee, hold, 200, { body: SDP_B });
    await response(made.call, 200);
    sendAck(made.call);
    await rig.callee.expect(/^ACK /);
    await hangUp(rig, made);
    await rig.ledger.call();
  });

  it('a re-INVITE without an offer: the answer goes on in the ACK', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    sendInDialog(made.call, 'INVITE', { body: '' });
    const invite = await rig.callee.expect(/^INVITE /);
    expect(invite.body).toBe('');
    answer(rig.callee, invite, 200, { body: SDP_B });
    expect((await response(made.call, 200)).body).toBe(SDP_B);
    expect(rig.callee.count(/^ACK /)).toBe(1);
    // The ACK of the first INVITE, sent again, is not the one.
    sendAck(made.call, { cseq: 1, body: SDP_A });
    sendAck(made.call, { body: HOLD });
    expect((await rig.callee.expect(/^ACK /)).body).toBe(HOLD);
    await hangUp(rig, made);
    await rig.ledger.call();
  });

  it.each(['INFO', 'MESSAGE', 'NOTIFY', 'UPDATE', 'OPTIONS'])('%s passes both ways with its body', async (method) => {
    const rig = await startRig();
    const made = await talking(rig);
    const headers = 'Content-Type: text/plain\nEvent: talk\nSubscription-State: active\nX-Thing: a';
    sendInDialog(made.call, method, { headers, body: 'Signal=5 é' });
    const there = await rig.callee.expect(new RegExp(`^${method} `));
    expect(there.body).toBe('Signal=5 é');
    expect(there.header('X-Thing')).toBe('a');
    answer(rig.callee, there, 202, { headers: 'X-Answer: b' });
    expect((await response(made.call, 202, method)).header('X-Answer')).toBe('b');
    calleeSends(rig, made.invite, method, { headers, body: 'back' });
    const back = await rig.caller.expect(new RegExp(`^${method} `));
    expect(back.body).toBe('back');
    answer(rig.caller, back, 415);
    await rig.callee.expect(new RegExp(`^SIP/2\\.0 415[^]*${method}`));
    await hangUp(rig, made);
    await rig.ledger.call();
  });

  it('an UPDATE is not lost while a request of the other side is pending', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    sendInDialog(made.call, 'INFO');
    const info = await rig.callee.expect(/^INFO /);
    calleeSends(rig, made.invite, 'UPDATE', { body: SDP_B });
    const update = await rig.caller.expect(/^UPDATE /);
    answer(rig.caller, update, 200, { body: SDP_A });
    expect((await rig.callee.expect(/^SIP\/2\.0 200[^]*UPDATE/)).body).toBe(SDP_A);
    answer(rig.callee, info, 200);
    await response(made.call, 200, 'INFO');
    await hangUp(rig, made);
    await rig.ledger.call();
  });

  it('a BYE while a re-INVITE is pending ends the call', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    sendInDialog(made.call, 'INVITE', { body: HOLD });
    await rig.callee.expect(/^INVITE /);
    calleeSends(rig, made.invite, 'BYE');
    await rig.callee.expect(/^SIP\/2\.0 200[^]*BYE/);
    answer(rig.caller, await rig.caller.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'callee' });
    await expectNothingHeld(rig);
  });
});

describe('a call that talks', () => {
  it('goes on where both sides say that they are there, in whatever way', async () => {
    const rig = await startRig({ limits: { probeMs: 60 } });
    const made = await talking(rig);
    for (let round = 0; round < 2; round += 1) {
      answer(rig.caller, await rig.caller.expect(/^OPTIONS /), 200);
      answer(rig.callee, await rig.callee.expect(/^OPTIONS /), 405);
    }
    expect(rig.gateway.liveCalls()).toHaveLength(1);
    await hangUp(rig, made);
    expect((await rig.ledger.call()).verdict.outcome).toBe('answered');
    await expectNothingHeld(rig);
  });

  it('ends where a side no longer knows it, though no BYE ever came', async () => {
    const rig = await startRig({ limits: { probeMs: 60 } });
    await talking(rig);
    answer(rig.callee, await rig.callee.expect(/^OPTIONS /), 481);
    answer(rig.caller, await rig.caller.expect(/^BYE /), 200);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).state.legs).toMatchObject([{ endedBy: 'lost' }]);
  });
});
