import { describe, expect, it } from 'vitest';
import type { Received } from '../../support/sip-peer.ts';
import { answer, ackFailure, SDP_A, SDP_B, sendAck, sendInDialog, sendInvite } from '../../drachtio/support.ts';
import {
  atCallee,
  calleeSends,
  expectNothingHeld,
  hangUp,
  invited,
  response,
  startRig,
  talking,
  type Ringing,
  type Rig,
} from '../support.ts';

/** Reliable provisional responses (RFC 3262) and session timers (RFC 4028): each side has its own, by the engine. */

async function pracks({ call }: Ringing, provisional: Received): Promise<void> {
  sendInDialog(call, 'PRACK', { headers: `RAck: ${provisional.header('RSeq')} 1 INVITE`, contact: '' });
  await response(call, 200, 'PRACK');
}

/** What the callee hears of it. */
function words(message: Received, name: string): string[] {
  return message
    .all(name)
    .flatMap((value) => value.split(','))
    .map((word) => word.trim());
}

async function answered(rig: Rig, { call, invite }: Ringing): Promise<Received> {
  answer(rig.callee, invite, 200, { body: SDP_B });
  const ok = await response(call, 200);
  sendAck(call);
  await atCallee(rig, invite, 'ACK');
  return ok;
}

describe('a caller that requires 100rel', () => {
  it('gets reliable 18x of a callee that knows nothing of them, and its answer', async () => {
    const rig = await startRig();
    const made = await invited(rig, { headers: 'Require: 100rel\nSupported: 100rel' });
    expect(words(made.invite, 'Require')).toEqual([]);
    expect(words(made.invite, 'Supported')).not.toContain('100rel');
    for (const [status, body] of [
      [180, ''],
      [183, SDP_B],
    ] as const) {
      answer(rig.callee, made.invite, status, { body });
      const provisional = await response(made.call, status);
      expect(words(provisional, 'Require')).toEqual(['100rel']);
      expect(provisional.header('Contact')).not.toBe('');
      await pracks(made, provisional);
    }
    await answered(rig, made);
    expect(rig.callee.count(/^PRACK/)).toBe(0);
    await hangUp(rig, made);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'answered', cause: null });
    await expectNothingHeld(rig);
  });

  it('whose PRACK is late has its answer after it', async () => {
    const rig = await startRig();
    const made = await invited(rig, { headers: 'Require: 100rel' });
    answer(rig.callee, made.invite, 183, { body: SDP_B });
    const provisional = await response(made.call, 183);
    answer(rig.callee, made.invite, 200, { body: SDP_B });
    await atCallee(rig, made.invite, 'ACK');
    expect(rig.caller.count(/^SIP\/2\.0 200 [^]*INVITE/)).toBe(0);
    await pracks(made, provisional);
    await response(made.call, 200);
    sendAck(made.call);
    await hangUp(rig, made);
    await rig.ledger.call();
  });

  it('that never sends a PRACK gets 504, and the callee stops ringing', async () => {
    const rig = await startRig({ engine: { timers: { t1Ms: 8, t2Ms: 64, t4Ms: 80, t1x64Ms: 512 } } });
    const { call, invite } = await invited(rig, { headers: 'Require: 100rel' });
    answer(rig.callee, invite, 180);
    ackFailure(call, await response(call, 504));
    answer(rig.callee, await atCallee(rig, invite, 'CANCEL'), 200);
    answer(rig.callee, invite, 487);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed' });
    await expectNothingHeld(rig);
  });

  it('and makes no offer gets 420: the answer would have to go through its PRACK', async () => {
    const rig = await startRig();
    const call = rig.newCall();
    sendInvite(call, { headers: 'Require: 100rel', body: '' });
    const refused = await response(call, 420);
    expect(refused.header('Unsupported')).toBe('100rel');
    ackFailure(call, refused);
    await expectNothingHeld(rig);
  });
});

describe('a caller that asks for a session timer', () => {
  it.each([
    ['and leaves to us who refreshes', '1800', '1800;refresher=uac'],
    ['and refreshes itself', '600;refresher=uac', '600;refresher=uac'],
    ['and wants us to refresh', '600;refresher=uas', '600;refresher=uas'],
  ])('%s has it, on its side alone', async (_, asked, agreed) => {
    const rig = await startRig();
    const made = await invited(rig, {
      headers: `Require: timer\nSupported: timer\nSession-Expires: ${asked}\nMin-SE: 90`,
    });
    for (const name of ['Require', 'Session-Expires', 'Min-SE']) expect(made.invite.all(name)).toEqual([]);
    const ok = await answered(rig, made);
    expect(ok.header('Session-Expires')).toBe(agreed);
    if (agreed.endsWith('uac')) expect(words(ok, 'Require')).toEqual(['timer']);
    await hangUp(rig, made);
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('refreshes it by a re-INVITE that passes, without what it says of the timer', async () => {
    const rig = await startRig();
    const headers = 'Supported: timer\nSession-Expires: 600';
    const made = await talking(rig, { headers });
    sendInDialog(made.call, 'INVITE', { body: SDP_A, headers: `${headers};refresher=uac` });
    const refresh = await rig.callee.expect(/^INVITE [^]*tag=callee/);
    expect(refresh.all('Session-Expires')).toEqual([]);
    answer(rig.callee, refresh, 200, { body: SDP_B });
    expect((await response(made.call, 200)).header('Session-Expires')).toBe('600;refresher=uac');
    sendAck(made.call);
    await hangUp(rig, made);
    await rig.ledger.call();
  });
});

describe('a next hop that insists', () => {
  it.each(['timer', '100rel'])('on %s by 421 is offered it, and the call goes on', async (option) => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 421, { headers: `Require: ${option}` });
    const again = await rig.callee.expect(new RegExp(`^INVITE [^]*Supported: [^\\r]*${option}`));
    expect(again.header('Call-ID')).not.toBe(invite.header('Call-ID'));
    const timed = option === 'timer' ? { headers: 'Require: timer\nSession-Expires: 900;refresher=uac' } : {};
    if (option === '100rel') {
      answer(rig.callee, again, 180, { headers: 'Require: 100rel\nRSeq: 7' });
      const prack = await rig.callee.expect(/^PRACK /);
      expect(prack.header('RAck')).toMatch(/^7 \d+ INVITE$/);
      answer(rig.callee, prack, 200);
      await response(call, 180);
    }
    answer(rig.callee, again, 200, { body: SDP_B, ...timed });
    const ok = await response(call, 200);
    expect(ok.all('Session-Expires')).toEqual([]);
    expect(ok.all('Require')).toEqual([]);
    sendAck(call);
    await atCallee(rig, again, 'ACK');
    await hangUp(rig, { call, invite: again });
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'answered', cause: null });
    await expectNothingHeld(rig);
  });

  it('on what nobody here can do has its 421 passed on, and is not asked again', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 421, { headers: 'Require: timer, precondition' });
    const refused = await response(call, 421);
    expect(refused.header('Require')).toBe('timer, precondition');
    ackFailure(call, refused);
    expect(rig.callee.count(/^INVITE /)).toBe(1);
    await rig.ledger.call();
  });

  it('and insists again is not asked a third time', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 421, { headers: 'Require: timer' });
    const again = await rig.callee.expect(/^INVITE [^]*Supported: [^\r]*timer/);
    answer(rig.callee, again, 421, { headers: 'Require: timer' });
    ackFailure(call, await response(call, 421));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('on a session timer in its 200 has it, on its side alone; the end of it ends the call', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 200, { body: SDP_B, headers: 'Session-Expires: 900;refresher=uas' });
    expect((await response(call, 200)).all('Session-Expires')).toEqual([]);
    sendAck(call);
    await atCallee(rig, invite, 'ACK');
    // Its refresh passes to the caller as any re-INVITE.
    calleeSends(rig, invite, 'INVITE', { body: SDP_B, headers: 'Session-Expires: 900;refresher=uac' });
    const refresh = await rig.caller.expect(/^INVITE /);
    expect(refresh.all('Session-Expires')).toEqual([]);
    answer(rig.caller, refresh, 200, { body: SDP_A });
    const ok = await rig.callee.expect(/^SIP\/2\.0 200[^]*INVITE/);
    expect(ok.header('Session-Expires')).toBe('900;refresher=uac');
    await hangUp(rig, { call, invite });
    await rig.ledger.call();
  });
});
