import { describe, expect, it } from 'vitest';
import { unasserted } from '../../../src/gateway/access/assertions.ts';
import {
  ackFailure,
  answer,
  later,
  newCall,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
} from '../../drachtio/support.ts';
import { udpPeer, type Received, type SipPeer } from '../../support/sip-peer.ts';
import { account, ask, contactOf, directory, phoneCalls, REGISTRAR } from '../phones.ts';
import { expectNothingHeld, LOCAL_PEER, response, startRig, type Parts, type Rig } from '../support.ts';
import { atCallee, atCaller, calleeSends, callerHangsUp, calls, picksUp, type Made } from '../transfers.ts';

const SAID = [
  'P-Asserted-Identity: <sip:5000@pbx>',
  'P-Preferred-Identity: <sip:5000@pbx>',
  'Remote-Party-ID: <sip:5000@pbx>',
  'Diversion: <sip:5000@pbx>;reason=no-answer',
  'History-Info: <sip:1001@pbx>;index=1, <sip:5000@pbx;cause=408>;index=1.1;mp=1',
  'Server: Cisco Unity Connection',
].join('\n');

/** What of it has passed. */
function heard({ text }: Received): string[] {
  const names = text.split('\r\n').map((line) => line.split(':', 1)[0] ?? '');
  return names.filter((name) => /^(p-|remote|diversion|history)/i.test(name));
}

interface Started {
  readonly rig: Rig;
  /** A peer, at an address of its own. */
  readonly peer: SipPeer;
}

/** Who calls from 127.0.0.2 is a peer; everybody else has to have a password. */
async function startSet(parts: Parts = {}): Promise<Started> {
  const peers = [{ ...LOCAL_PEER, allow: ['127.0.0.2/32'], ...parts.peers?.[0] }];
  const phones = directory(account('1001'), account('alice', '1004'));
  const voicemail = { owner: 'downstream', targets: ['5000'] } as const;
  const rig = await startRig({ registrar: REGISTRAR, phones, voicemail, ...parts, peers });
  const peer = await udpPeer(rig.udpPort, '127.0.0.1', '127.0.0.2');
  later(() => peer.close());
  return { rig, peer };
}

/** One side says all of it in whatever it sends; what of it has come to the other. */
async function talksOfIt(made: Made, saidBy: 'caller' | 'callee'): Promise<string[][]> {
  const { call, at, invite } = made;
  if (saidBy === 'caller') {
    await picksUp(made);
    sendInDialog(call, 'UPDATE', { headers: SAID, body: SDP_A });
    const update = await atCallee(made, 'UPDATE ');
    answer(at, update, 200, { body: SDP_B });
    calleeSends(made, 'INFO');
    answer(call.peer, await atCaller(made, 'INFO '), 200, { headers: SAID });
    return [heard(update), heard(await atCallee(made, 'SIP/2\\.0 200', 'INFO'))];
  }
  answer(at, invite, 183, { headers: SAID });
  const early = await response(call, '18[03]');
  answer(at, invite, 200, { headers: SAID, body: SDP_B });
  const final = await response(call, 200);
  sendAck(call);
  await atCallee(made, 'ACK ');
  calleeSends(made, 'UPDATE', SAID);
  const update = await atCaller(made, 'UPDATE ');
  answer(call.peer, update, 200);
  sendInDialog(call, 'INFO');
  answer(at, await atCallee(made, 'INFO '), 200, { headers: SAID });
  return [heard(early), heard(final), heard(update), heard(await response(call, 200, 'INFO'))];
}

describe('what a phone asserts', () => {
  it('of itself when it is called goes nowhere, in answers and in the dialog, and is no sign of voicemail', async () => {
    const { rig, peer } = await startSet();
    expect((await ask(rig.caller, '1001', { contact: contactOf(rig.caller, '1001') })).start).toMatch('200');
    const made = await calls(peer, '1001', rig.caller);
    expect(await talksOfIt(made, 'callee')).toEqual([[], [], [], []]);
    await callerHangsUp(made);
    const { evidence, verdict } = await rig.ledger.call();
    expect(evidence.map(({ kind }) => kind)).not.toContain('voicemail-reached');
    expect(verdict.outcome).toBe('answered');
    await expectNothingHeld(rig);
  });

  it('of itself when it is refused goes nowhere', async () => {
    const { rig, peer } = await startSet();
    await ask(rig.caller, '1001', { contact: contactOf(rig.caller, '1001') });
    const { call, invite } = await calls(peer, '1001', rig.caller);
    answer(rig.caller, invite, 486, { headers: SAID });
    const final = await response(call, 486);
    ackFailure(call, final);
    expect(heard(final)).toEqual([]);
    await expectNothingHeld(rig);
  });

  it('of itself when it calls goes nowhere, in its INVITE and in the dialog', async () => {
    const { rig } = await startSet();
    const call = await phoneCalls(rig.caller, 'alice', 'sip:1003@127.0.0.1', { headers: SAID, body: SDP_A });
    const invite = await rig.callee.expect(/^INVITE /);
    expect(heard(invite)).toEqual([]);
    const made = { call, at: rig.callee, invite };
    expect(await talksOfIt(made, 'caller')).toEqual([[], []]);
    await callerHangsUp(made);
    await expectNothingHeld(rig);
  });

  it('of whose voicemail it calls (RFC 4458) makes it nobody’s', async () => {
    const { rig } = await startSet();
    const uri = 'sip:1002@127.0.0.1;target=sip:1001%40127.0.0.1;cause=486;user=phone';
    const call = await phoneCalls(rig.caller, 'alice', uri);
    const invite = await rig.callee.expect(/^INVITE /);
    expect(invite.start).not.toMatch(/target|cause/);
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).start).toMatchObject({ callee: '1002', mailbox: 'bob', evidence: [] });
  });
});

describe('a peer with trustCallerId: false', () => {
  const UNTRUSTED = { peers: [{ ...LOCAL_PEER, allow: ['127.0.0.2/32'], trustCallerId: false }] };

  it('does not say whose call it was: who was dialled is the called user, and nothing of it passes', async () => {
    const { rig, peer } = await startSet(UNTRUSTED);
    const said = 'Diversion: <sip:1001@x>;reason=no-answer\nHistory-Info: <sip:1001@x>;index=1, <sip:1002@x>;index=1.1';
    const call = newCall(peer, 'sip:1002@127.0.0.1;target=sip:1001%40x;cause=486');
    sendInvite(call, { headers: said });
    const invite = await rig.callee.expect(/^INVITE /);
    expect(heard(invite)).toEqual([]);
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).start).toMatchObject({ mailbox: 'bob', evidence: [] });
  });

  it('does not say it in its answers either', async () => {
    const carrier = await udpPeer(1, '127.0.0.1', '127.0.0.2');
    later(() => carrier.close());
    const nextHop = [{ uri: `sip:127.0.0.2:${carrier.port}` }];
    const rig = await startRig({ peers: [...UNTRUSTED.peers, { ...LOCAL_PEER, name: 'own' }], nextHop });
    const made = await calls(rig.caller, '0800', carrier);
    expect(await talksOfIt(made, 'callee')).toEqual([[], [], [], []]);
    await callerHangsUp(made);
    await expectNothingHeld(rig);
  });
});

describe('a peer that is believed', () => {
  it('says all of it', async () => {
    const { rig, peer } = await startSet();
    const made = await calls(peer, '1003', rig.callee);
    expect(await talksOfIt(made, 'caller')).toEqual([
      expect.arrayContaining(['P-Asserted-Identity', 'Diversion']),
      expect.arrayContaining(['P-Asserted-Identity']),
    ]);
    await callerHangsUp(made);
  });
});

it('a message without an assertion stays what it is', () => {
  const message = { headers: { from: '<sip:a@b>' } };
  expect(unasserted(message)).toBe(message);
  expect(unasserted({ headers: { 'p-Asserted-Identity': 'x', To: 'y' } }).headers).toEqual({ To: 'y' });
});
