import { describe, expect, it } from 'vitest';
import { answer, SDP_B, sendAck, sendInDialog } from '../../drachtio/support.ts';
import {
  atCallee,
  calleeSends,
  expectNothingHeld,
  hangUp,
  invited,
  response,
  startRig,
  talking,
  type Parts,
  type Rig,
  type Ringing,
} from '../support.ts';

/** A PBX behind us takes unanswered calls to its own voicemail, whose number is 5000. */
const start = (parts: Parts = {}): Promise<Rig> =>
  startRig({
    ...parts,
    voicemail: { owner: 'downstream', targets: ['5000'], byeHeader: 'x-voicemail-message', ...parts.voicemail },
  });

/** Long enough for greeting and shortest message. */
const LONG_MS = 20_000;

async function answeredWith(rig: Rig, first: string, final: string): Promise<Ringing> {
  const { call, invite } = await invited(rig);
  answer(rig.callee, invite, 180, { headers: 'Server: PBX 4.2' });
  await response(call, 180);
  if (first !== '') answer(rig.callee, invite, 181, { headers: first });
  answer(rig.callee, invite, 200, { body: SDP_B, headers: final });
  await response(call, 200);
  sendAck(call);
  await atCallee(rig, invite, 'ACK');
  return { call, invite };
}

describe('the PBX answers with its voicemail', () => {
  it.each([
    { title: 'a Diversion on 181', first: 'Diversion: <sip:5000@pbx>;reason=no-answer', final: '', strength: 'strong' },
    {
      title: 'History-Info on 200',
      first: '',
      final: 'History-Info: <sip:1001@pbx>;index=1, <sip:5000@pbx;cause=408>;index=1.1;mp=1',
      strength: 'strong',
    },
    {
      title: 'another identity in the 200',
      first: '',
      final: 'P-Asserted-Identity: <sip:5000@pbx>',
      strength: 'strong',
    },
    { title: 'another server in the 200', first: '', final: 'Server: Cisco Unity Connection', strength: 'weak' },
  ])('as $title says', async ({ first, final, strength }) => {
    const rig = await start();
    const ringing = await answeredWith(rig, first, final);
    await hangUp(rig, ringing);
    const { verdict, evidence } = await rig.ledger.call();
    expect(evidence).toContainEqual(expect.objectContaining({ kind: 'voicemail-reached', source: 'leg-1', strength }));
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
    expect(rig.ledger.answers.map(({ by }) => by)).toEqual(['voicemail']);
    await expectNothingHeld(rig);
  });

  it('and somebody who stays long enough has left a message', async () => {
    const rig = await start();
    const ringing = await answeredWith(rig, 'Diversion: <sip:5000@pbx>', '');
    rig.advance(LONG_MS);
    await hangUp(rig, ringing);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'voicemail' });
  });

  it('but a call that went on to somebody else was answered', async () => {
    const rig = await start();
    const ringing = await answeredWith(rig, 'Diversion: <sip:1001@pbx>;reason=no-answer', 'Server: PBX 4.2');
    await hangUp(rig, ringing);
    const { verdict, evidence } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'answered' });
    expect(evidence.filter(({ kind }) => kind.startsWith('voicemail'))).toEqual([]);
    expect(evidence.map(({ kind }) => kind)).toContain('redirected');
    expect(rig.ledger.answers.map(({ by }) => by)).toEqual(['phone']);
  });

  it('as a later UPDATE says', async () => {
    const rig = await start();
    const ringing = await talking(rig);
    calleeSends(rig, ringing.invite, 'UPDATE', { headers: 'P-Asserted-Identity: <sip:5000@pbx>' });
    const update = await ringing.call.peer.expect(/^UPDATE /);
    answer(ringing.call.peer, update, 200);
    await atCalleeResponse(rig, 'UPDATE');
    await hangUp(rig, ringing);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
  });

  it('what the caller says of itself is no sign', async () => {
    const rig = await start();
    const ringing = await talking(rig);
    sendInDialog(ringing.call, 'UPDATE', { headers: 'P-Asserted-Identity: <sip:5000@pbx>' });
    answer(rig.callee, await atCallee(rig, ringing.invite, 'UPDATE'), 200);
    await response(ringing.call, 200, 'UPDATE');
    await hangUp(rig, ringing);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'answered' });
  });
});

describe('the voicemail system’s word at the end', () => {
  it('in its BYE decides, however long the caller stayed', async () => {
    const rig = await start();
    const { call, invite } = await answeredWith(rig, '', 'P-Asserted-Identity: <sip:5000@pbx>');
    rig.advance(LONG_MS);
    calleeSends(rig, invite, 'BYE', { headers: 'X-Voicemail-Message: no' });
    answer(call.peer, await call.peer.expect(/^BYE /), 200);
    const { verdict, evidence } = await rig.ledger.call();
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'voicemail-none', source: 'leg-1', strength: 'certain' }),
    );
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
    await expectNothingHeld(rig);
  });

  it('in its answer to our BYE is waited for', async () => {
    const rig = await start();
    const { call, invite } = await answeredWith(rig, '', 'P-Asserted-Identity: <sip:5000@pbx>');
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    answer(rig.callee, await atCallee(rig, invite, 'BYE'), 200, { headers: 'X-Voicemail-Message: 12' });
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'voicemail' });
    await expectNothingHeld(rig);
  });

  it('is not waited for long', async () => {
    const rig = await start({ limits: { cancelGraceMs: 50 } });
    const { call, invite } = await answeredWith(rig, '', 'P-Asserted-Identity: <sip:5000@pbx>');
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    const bye = await atCallee(rig, invite, 'BYE');
    const { verdict, evidence } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
    expect(evidence.map(({ kind }) => kind)).not.toContain('voicemail-left');
    // Too late: the call is over.
    answer(rig.callee, bye, 200, { headers: 'X-Voicemail-Message: yes' });
    await expectNothingHeld(rig);
  });

  it('is not believed of a phone', async () => {
    const rig = await start();
    const { call, invite } = await talking(rig);
    calleeSends(rig, invite, 'BYE', { headers: 'X-Voicemail-Message: no' });
    answer(call.peer, await call.peer.expect(/^BYE /), 200);
    const { verdict, evidence } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'answered' });
    expect(evidence.filter(({ kind }) => kind.startsWith('voicemail'))).toEqual([]);
  });

  it('is not believed of the caller', async () => {
    const rig = await start();
    const { call, invite } = await answeredWith(rig, '', 'P-Asserted-Identity: <sip:5000@pbx>');
    sendInDialog(call, 'BYE', { headers: 'X-Voicemail-Message: yes' });
    await response(call, 200, 'BYE');
    answer(rig.callee, await atCallee(rig, invite, 'BYE'), 200);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
  });
});

describe('a PBX diverts to its voicemail through us', () => {
  it('the leg is voicemail’s, and the call is that of who diverted it', async () => {
    const rig = await start();
    const headers = 'Diversion: <sip:1001@pbx>;reason=no-answer';
    const { call, invite } = await talking(rig, { to: 'sip:5000@127.0.0.1', headers });
    expect(invite.start).toContain('sip:5000@');
    expect(invite.all('Diversion')).toEqual(['<sip:1001@pbx>;reason=no-answer']);
    await hangUp(rig, { call, invite });
    const { start: begun, state, verdict } = await rig.ledger.call();
    expect(begun).toMatchObject({ callee: '1001', mailbox: 'alice' });
    expect(state.legs).toMatchObject([{ kind: 'voicemail' }]);
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
  });

  it('as RFC 4458 has it: the Request-URI says whose call it was, here and to the voicemail system', async () => {
    const rig = await start();
    const to = 'sip:vm@127.0.0.1;target=sip:1001%40pbx.example;cause=408';
    const { call, invite } = await talking(rig, { to });
    expect(invite.start).toContain(';target=sip:1001%40pbx.example;cause=408');
    rig.advance(LONG_MS);
    await hangUp(rig, { call, invite });
    const { start: begun, state, verdict } = await rig.ledger.call();
    expect(begun).toMatchObject({ callee: '1001', mailbox: 'alice' });
    expect(state.legs).toMatchObject([{ kind: 'voicemail' }]);
    expect(verdict).toMatchObject({ outcome: 'voicemail' });
  });

  it('as Lync has it: the user’s own address with opaque=app:voicemail', async () => {
    const rig = await start();
    const { call, invite } = await talking(rig, { to: 'sip:1002@127.0.0.1;opaque=app:voicemail' });
    expect(invite.start).toContain(';opaque=app:voicemail');
    await hangUp(rig, { call, invite });
    const { start: begun, verdict } = await rig.ledger.call();
    expect(begun).toMatchObject({ mailbox: 'bob' });
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
  });

  it('and who dials the number without a diversion listens to messages', async () => {
    const rig = await start();
    const ringing = await talking(rig, { to: 'sip:5000@127.0.0.1' });
    await hangUp(rig, ringing);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'answered', cause: 'voicemail-access' });
  });
});

/** The gateway's answer to a request of the callee. */
async function atCalleeResponse(rig: Rig, method: string): Promise<void> {
  await rig.callee.expect(new RegExp(`^SIP/2\\.0 200 [^]*?CSeq: \\d+ ${method}`));
}
