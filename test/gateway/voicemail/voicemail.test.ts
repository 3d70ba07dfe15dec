import { describe, expect, it, vi } from 'vitest';
import {
  ackFailure,
  answer,
  newCall,
  callerPeer,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  type RawCall,
} from '../../drachtio/support.ts';
import type { Received, SipPeer } from '../../support/sip-peer.ts';
import { expectNothingHeld, type Parts, response, type Rig, ringing, sendCancel, startRig } from '../support.ts';

/** A rig that diverts to a voicemail system of its own. */
async function startVoicemailRig(parts: Parts = {}): Promise<{ rig: Rig; voicemail: SipPeer }> {
  const voicemail = await callerPeer(0);
  const target = `sip:voicemail@127.0.0.1:${voicemail.port}`;
  const rig = await startRig({
    ringTimeoutMs: 100,
    ...parts,
    voicemail: { owner: 'gateway', target, ...parts.voicemail },
  });
  return { rig, voicemail };
}

/** The voicemail system answers, and the caller hangs up at once. */
async function visit(call: RawCall, voicemail: SipPeer, invite: Received): Promise<void> {
  answer(voicemail, invite, 200, { body: SDP_B });
  await response(call, 200);
  sendAck(call);
  await voicemail.expect(/^ACK /);
  sendInDialog(call, 'BYE');
  answer(voicemail, await voicemail.expect(/^BYE /), 200);
}

/** The phone rings, and nobody takes the call: the voicemail system has its INVITE. */
async function unanswered(rig: Rig, voicemail: SipPeer) {
  const { call, invite } = await ringing(rig);
  await rig.callee.expect(/^CANCEL /);
  answer(rig.callee, invite, 487);
  return { call, invite, diverted: await voicemail.expect(/^INVITE /) };
}

describe('a call that nobody takes', () => {
  it('goes to voicemail with exactly one Diversion and a History-Info', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const { call, diverted } = await unanswered(rig, voicemail);
    expect(diverted.start).toBe(`INVITE sip:voicemail@127.0.0.1:${voicemail.port} SIP/2.0`);
    expect(diverted.all('Diversion')).toEqual(['<sip:1001@127.0.0.1>;reason=no-answer']);
    expect(diverted.all('History-Info').join(', ')).toBe(
      '<sip:1001@127.0.0.1?Reason=SIP%3Bcause%3D408>;index=1, ' +
        `<sip:voicemail@127.0.0.1:${voicemail.port};cause=408>;index=1.1;mp=1`,
    );
    expect(diverted.body).toBe(SDP_A);
    answer(voicemail, diverted, 200, { body: SDP_B });
    expect((await response(call, 200)).body).toBe(SDP_B);
    sendAck(call);
    await voicemail.expect(/^ACK /);
    await vi.waitFor(() => expect(rig.gateway.liveCalls()).toMatchObject([{ phase: 'voicemail' }]));
    // Longer than greeting and shortest message: one was left.
    rig.advance(13_000);
    sendInDialog(call, 'BYE');
    answer(voicemail, await voicemail.expect(/^BYE /), 200);
    const { verdict, start } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'voicemail' });
    expect(rig.ledger.answers).toEqual([{ id: start.id, by: 'voicemail' }]);
    await expectNothingHeld(rig);
  });

  it('and who hangs up in the greeting has left nothing', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const { call, diverted } = await unanswered(rig, voicemail);
    await visit(call, voicemail, diverted);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
  });

  it.each([
    { status: 486, headers: '', reason: 'user-busy', cause: 486 },
    { status: 600, headers: '', reason: 'user-busy', cause: 486 },
    { status: 603, headers: '', reason: 'user-busy', cause: 486 },
    { status: 404, headers: '', reason: 'unavailable', cause: 503 },
    { status: 480, headers: '', reason: 'unavailable', cause: 503 },
    { status: 500, headers: 'Reason: Q.850;cause=27', reason: 'unavailable', cause: 503 },
  ])('after a $status goes to voicemail as $reason', async ({ status, headers, reason, cause }) => {
    const { rig, voicemail } = await startVoicemailRig();
    const call = rig.newCall();
    sendInvite(call);
    answer(rig.callee, await rig.callee.expect(/^INVITE /), status, { headers });
    const diverted = await voicemail.expect(/^INVITE /);
    expect(diverted.all('Diversion')).toEqual([`<sip:1001@127.0.0.1>;reason=${reason}`]);
    expect(diverted.header('History-Info')).toContain(`Reason=SIP%3Bcause%3D${cause}`);
    answer(voicemail, diverted, 480);
    ackFailure(call, await response(call, status));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('because no hop is there goes to voicemail as unavailable', async () => {
    const { rig, voicemail } = await startVoicemailRig({
      nextHop: [{ uri: 'sip:127.0.0.1:9;transport=tcp' }],
    });
    const call = rig.newCall();
    sendInvite(call);
    const diverted = await voicemail.expect(/^INVITE /);
    expect(diverted.header('Diversion')).toContain('reason=unavailable');
    answer(voicemail, diverted, 486);
    ackFailure(call, await response(call, 503));
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'unreachable' });
  });

  it.each([484, 604, 488])('after a %i does not: the number, not the user, was at fault', async (status) => {
    const { rig, voicemail } = await startVoicemailRig();
    const call = rig.newCall();
    sendInvite(call);
    answer(rig.callee, await rig.callee.expect(/^INVITE /), status);
    ackFailure(call, await response(call, status));
    await rig.ledger.call();
    expect(voicemail.received).toEqual([]);
  });

  it('and voicemail fails: the caller gets what the phones said', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const { call, diverted } = await unanswered(rig, voicemail);
    answer(voicemail, diverted, 500);
    const final = await response(call, 480);
    expect(final.header('Reason')).toMatch(/^Q\.850;cause=19/);
    ackFailure(call, final);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
    await expectNothingHeld(rig);
  });

  it('as a leg of ours that came back is not diverted there: whoever sent it out does', async () => {
    const { rig, voicemail } = await startVoicemailRig({ ringTimeoutMs: 10_000 });
    const { call, invite } = await ringing(rig);
    const back = newCall(rig.callee, 'sip:1005@127.0.0.1');
    sendInvite(back, { headers: `X-MCG-Call: ${invite.header('X-MCG-Call')}` });
    answer(rig.callee, await rig.callee.expect(/^INVITE sip:1005/), 486);
    ackFailure(back, await response(back, 486));
    expect(voicemail.received).toEqual([]);
    answer(rig.callee, invite, 486);
    answer(voicemail, await voicemail.expect(/^INVITE /), 480);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });

  it('and the caller hangs up while voicemail is dialled', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const { call, diverted } = await unanswered(rig, voicemail);
    answer(voicemail, diverted, 100);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    await voicemail.expect(/^CANCEL /);
    answer(voicemail, diverted, 487);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(rig);
  });

  it.each(['tries', 'says nothing'])(
    'as busy, and the caller hangs up while voicemail %s: he waited for it',
    async (how) => {
      const { rig, voicemail } = await startVoicemailRig();
      const call = rig.newCall();
      sendInvite(call);
      answer(rig.callee, await rig.callee.expect(/^INVITE /), 486);
      const diverted = await voicemail.expect(/^INVITE /);
      if (how === 'tries') answer(voicemail, diverted, 100);
      sendCancel(call);
      ackFailure(call, await response(call, 487));
      // RFC 3261 9.1: who has said nothing yet is not cancelled before he does.
      if (how !== 'tries') answer(voicemail, diverted, 180);
      answer(voicemail, await voicemail.expect(/^CANCEL /), 200);
      answer(voicemail, diverted, 487);
      const { verdict } = await rig.ledger.call();
      expect(verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned', reason: 'missed' });
      await expectNothingHeld(rig);
    },
  );

  it('whose phone answers as voicemail is dialled: the phone is ended, voicemail has the call', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const { call, invite } = await ringing(rig);
    const diverted = await voicemail.expect(/^INVITE /);
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, invite, 200, { body: SDP_B });
    await rig.callee.expect(/^ACK /);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    await visit(call, voicemail, diverted);
    expect((await rig.ledger.call()).verdict.outcome).not.toBe('answered');
    await expectNothingHeld(rig);
  });

  it('hears only ringing while voicemail may still answer, and then the voicemail’s own early media', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const call = rig.newCall();
    sendInvite(call);
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, 183, { body: SDP_B });
    const rings = await response(call, 180);
    expect(rings.body).toBe('');
    expect(rings.header('Content-Type')).toBe('');
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, invite, 487);
    const diverted = await voicemail.expect(/^INVITE /);
    answer(voicemail, diverted, 183, { body: SDP_B });
    expect((await response(call, 183)).body).toBe(SDP_B);
    sendCancel(call);
    await response(call, 487);
    answer(voicemail, await voicemail.expect(/^CANCEL /), 200);
    answer(voicemail, diverted, 487);
    await rig.ledger.call();
  });
});

describe('whoever listens to messages', () => {
  it('by calling the voicemail number reaches voicemail without Diversion, and is answered', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const call = rig.newCall('sip:voicemail@127.0.0.1');
    sendInvite(call);
    const invite = await voicemail.expect(/^INVITE sip:voicemail/);
    expect(invite.all('Diversion')).toEqual([]);
    await visit(call, voicemail, invite);
    const { verdict, state } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'answered', cause: 'voicemail-access', reason: 'voicemail-access' });
    expect(state.legs).toMatchObject([{ kind: 'voicemail' }]);
  });

  it('by calling the own number is answered', async () => {
    const { rig } = await startVoicemailRig();
    const call = rig.newCall();
    sendInvite(call, { headers: 'P-Asserted-Identity: <sip:1001@127.0.0.1>' });
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    await rig.callee.expect(/^ACK /);
    sendInDialog(call, 'BYE');
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    expect((await rig.ledger.call()).verdict).toMatchObject({ reason: 'voicemail-access' });
  });

  it('by calling the own number, busy with that very call, is taken to voicemail', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const call = rig.newCall();
    sendInvite(call, { headers: 'P-Asserted-Identity: <sip:1001@127.0.0.1>' });
    const busy = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, busy, 486);
    const invite = await voicemail.expect(/^INVITE /);
    await visit(call, voicemail, invite);
    const { verdict, start } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'answered', cause: 'voicemail-access' });
    // A gateway that dies meanwhile must know it when it starts again.
    expect(start.evidence).toMatchObject([{ kind: 'voicemail-access' }]);
  });
});

describe('a call that another system diverted to voicemail', () => {
  it('is the diverting user’s, and voicemail has it', async () => {
    const { rig, voicemail } = await startVoicemailRig();
    const call = rig.newCall('sip:voicemail@127.0.0.1');
    sendInvite(call, {
      headers: 'Diversion: <sip:1002@pbx>;reason=no-answer\nDiversion: <sip:1001@pbx>;reason=unconditional',
    });
    const invite = await voicemail.expect(/^INVITE /);
    // Exactly one goes on: the called user's.
    expect(invite.all('Diversion')).toEqual(['<sip:1001@pbx>;reason=unconditional']);
    await visit(call, voicemail, invite);
    const { verdict, start } = await rig.ledger.call();
    expect(start).toMatchObject({ mailbox: 'alice', callee: '1001' });
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
  });
});
