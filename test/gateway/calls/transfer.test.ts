import { describe, expect, it } from 'vitest';
import { ackFailure, answer, later, SDP_B, sendInDialog } from '../../drachtio/support.ts';
import { MAX_REFERRALS, readReferTo, referToUs } from '../../../src/gateway/calls/transfer.ts';
import { udpPeer, type Received } from '../../support/sip-peer.ts';
import { expectNothingHeld, LOCAL_PEER, response, type Rig } from '../support.ts';
import {
  atCallee,
  atCaller,
  calleeHangsUp,
  calleeSends,
  callerDialog,
  callerHangsUp,
  calls,
  expectAnsweredCalls,
  phones,
  picksUp,
  talks,
  type Made,
} from '../transfers.ts';

/** Our address as the caller knows it: where its in-dialog requests go. */
function ours({ udpPort, tcpPort }: Rig, transport: 'udp' | 'tcp'): string {
  return transport === 'udp' ? `127.0.0.1:${udpPort}` : `127.0.0.1:${tcpPort};transport=tcp`;
}

/** The called side asks the caller to call somebody else. */
async function refers(made: Made, referTo: string, headers = ''): Promise<Received> {
  calleeSends(made, 'REFER', `Refer-To: ${referTo}\n${headers}`.trim());
  return atCaller(made, 'REFER ');
}

/** Whoever was referred tells how it goes (RFC 3515 2.4.4). */
function tells({ call }: Made, body: string, state: string, event = 'refer'): void {
  const headers = `Event: ${event}\nSubscription-State: ${state}\nContent-Type: message/sipfrag;version=2.0`;
  sendInDialog(call, 'NOTIFY', { headers, body });
}

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  it('a blind transfer: REFER leads back to us, the NOTIFYs pass, and the new call is one of its own', async () => {
    const set = await phones(transport);
    const first = await talks(set.alice, '1001', set.bob);
    const refer = await refers(first, '<sip:1003@127.0.0.1:9;transport=tls>', 'Referred-By: <sip:1001@127.0.0.1>');
    expect(refer.header('Refer-To')).toBe(`<sip:1003@${ours(set.rig, transport)}>`);
    expect(refer.header('Referred-By')).toBe('<sip:1001@127.0.0.1>');
    answer(set.alice, refer, 202);
    await atCallee(first, 'SIP/2\\.0 202', 'REFER');
    tells(first, 'SIP/2.0 100 Trying', 'active;expires=60');
    const notify = await atCallee(first, 'NOTIFY ');
    expect([notify.header('Event'), notify.body.trim()]).toEqual(['refer', 'SIP/2.0 100 Trying']);
    answer(set.bob, notify, 200);
    await response(first.call, 200, 'NOTIFY');
    await calleeHangsUp(first);

    const second = await calls(set.alice, '1003', set.carol, { headers: 'Referred-By: <sip:1001@127.0.0.1>' });
    expect(second.invite.header('Referred-By')).toBe('<sip:1001@127.0.0.1>');
    await picksUp(second);
    await callerHangsUp(second);
    const { start, evidence } = await set.rig.ledger.call();
    expect(start.mailbox).toBe('alice');
    expect(evidence.find(({ kind }) => kind === 'transferred')).toMatchObject({
      source: 'leg-1',
      strength: 'strong',
      detail: 'leg-1 asked caller to call 1003 (REFER)',
    });
    await expectAnsweredCalls(set, 2);
    await expectNothingHeld(set.rig);
  });

  it('an attended transfer: the one who is referred takes the place of who asked, in the call that it was about', async () => {
    const set = await phones(transport);
    const first = await talks(set.alice, '1001', set.bob);
    const consult = await talks(set.bob, '1003', set.carol);
    const replaces = encodeURIComponent(callerDialog(consult));
    const refer = await refers(
      first,
      `<sip:${ours(set.rig, transport)}?Replaces=${replaces}&Require=replaces&X-Bad=1>`,
    );
    const referTo = refer.header('Refer-To');
    expect(referTo).toBe(`<sip:${ours(set.rig, transport)}?Replaces=${replaces}&Require=replaces>`);
    answer(set.alice, refer, 202);
    await atCallee(first, 'SIP/2\\.0 202', 'REFER');

    const named = decodeURIComponent(/Replaces=([^&>]+)/.exec(referTo)?.[1] ?? '');
    const last = await calls(set.alice, '', set.carol, { headers: `Replaces: ${named}` });
    expect(last.invite.header('Replaces')).toContain(`${consult.invite.header('Call-ID')};to-tag=callee`);
    await picksUp(last);
    await calleeHangsUp(consult);
    tells(first, 'SIP/2.0 200 OK', 'terminated;reason=noresource');
    answer(set.bob, await atCallee(first, 'NOTIFY '), 200);
    await response(first.call, 200, 'NOTIFY');
    await calleeHangsUp(first);
    await callerHangsUp(last);
    await expectAnsweredCalls(set, 2);
    const consulted = set.rig.ledger.over.find(({ start }) => start.callee === '1003');
    expect(consulted?.evidence.map(({ kind }) => kind)).toContain('taken-over');
    await expectNothingHeld(set.rig);
  });

  it('a blind transfer to somebody who does not answer: the first call was answered, the second is missed by its user', async () => {
    const set = await phones(transport);
    const first = await talks(set.alice, '1001', set.bob);
    answer(set.alice, await refers(first, 'sip:1003@127.0.0.1'), 202);
    await atCallee(first, 'SIP/2\\.0 202', 'REFER');
    const peer = { headers: 'P-Asserted-Identity: <sip:2001@127.0.0.1>\nReferred-By: <sip:1001@127.0.0.1>' };
    const second = await calls(set.alice, '1003', set.carol, peer);
    answer(set.carol, second.invite, 180);
    answer(set.carol, second.invite, 480);
    ackFailure(second.call, await response(second.call, 480));
    const missed = await set.rig.ledger.call(1);
    expect(missed.verdict).toMatchObject({ outcome: 'missed', cause: 'no-answer', reason: 'missed' });
    // Nobody's mailbox, here.
    expect(missed.decisions).toEqual(['skip nobody (no-mailbox)']);
    expect(missed.evidence.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['rang', 'final-response']));
    expect([missed.start.callee, missed.start.caller.number]).toEqual(['1003', '2001']);
    await callerHangsUp(first);
    expect(await set.rig.ledger.call(2)).toMatchObject({
      verdict: { outcome: 'answered' },
      decisions: ['skip alice (answered)'],
    });
    await expectNothingHeld(set.rig);
  });
});

describe('REFER', () => {
  it.each([
    ['without a Refer-To', 'Subject: x', 400],
    ['with two', 'Refer-To: <sip:1003@127.0.0.1>, <sip:1002@127.0.0.1>', 400],
    ['to a number that no route leads to', 'Refer-To: <sip:0900@127.0.0.1>', 603],
    ['to no number', 'Refer-To: <sip:127.0.0.1>', 603],
    ['to something else than a phone', 'Refer-To: <http://127.0.0.1/>', 603],
    ['for another method', 'Refer-To: <sip:1003@127.0.0.1;method=BYE>', 603],
    ['with a Replaces that names nothing', 'Refer-To: <sip:1003@127.0.0.1?Replaces=x>', 603],
  ])('%s goes no further', async (_, headers, status) => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    sendInDialog(made.call, 'REFER', { headers });
    await response(made.call, status, 'REFER');
    calleeSends(made, 'REFER', headers);
    await atCallee(made, `SIP/2\\.0 ${status}`, 'REFER');
    expect(set.bob.count(/^REFER /) + set.alice.count(/^REFER /)).toBe(0);
    await callerHangsUp(made);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('goes to nobody who could not call through us: whoever it would ask has to be a peer, or a phone of ours', async () => {
    const set = await phones('udp', { peers: [{ ...LOCAL_PEER, allow: ['127.0.0.2/32'] }] });
    const caller = await udpPeer(set.rig.udpPort, '127.0.0.1', '127.0.0.2');
    later(() => caller.close());
    const made = await talks(caller, '1001', set.bob);
    sendInDialog(made.call, 'REFER', { headers: 'Refer-To: <sip:1003@127.0.0.1>' });
    await response(made.call, 603, 'REFER');
    expect(set.bob.count(/^REFER /)).toBe(0);
    await callerHangsUp(made);
    await expectNothingHeld(set.rig);
  });

  it('needs a number that both sides may dial: nobody has it dialled by somebody else who may', async () => {
    const [trunk, pbx] = [
      { ...LOCAL_PEER, name: 'trunk', allow: ['127.0.0.2/32'] },
      { ...LOCAL_PEER, allow: ['127.0.0.1/32'] },
    ];
    const nextHop = [{ uri: 'sip:127.0.0.1:9' }];
    const routes = [
      { from: 'pbx', to: '^0900', nextHop },
      { from: 'trunk', to: '^0800', nextHop },
    ];
    const set = await phones('udp', { peers: [trunk, pbx], routes });
    const caller = await udpPeer(set.rig.udpPort, '127.0.0.1', '127.0.0.2');
    later(() => caller.close());
    const made = await talks(caller, '1001', set.bob);
    sendInDialog(made.call, 'REFER', { headers: 'Refer-To: <sip:0900@127.0.0.1>' });
    await response(made.call, 603, 'REFER');
    calleeSends(made, 'REFER', 'Refer-To: <sip:0800@127.0.0.1>');
    await atCallee(made, 'SIP/2\\.0 603', 'REFER');
    calleeSends(made, 'REFER', 'Refer-To: <sip:0900@127.0.0.1>');
    await atCallee(made, 'SIP/2\\.0 603', 'REFER');
    expect(set.bob.count(/^REFER /) + caller.count(/^REFER /)).toBe(0);
    sendInDialog(made.call, 'REFER', { headers: 'Refer-To: <sip:1003@127.0.0.1>' });
    answer(set.bob, await atCallee(made, 'REFER '), 202);
    await response(made.call, 202, 'REFER');
    await callerHangsUp(made);
    await expectNothingHeld(set.rig);
  });

  it.each([405, 420, 501, 603])('that the other side refuses by %i is answered so', async (status) => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    answer(set.alice, await refers(made, 'sip:1003@127.0.0.1'), status);
    await atCallee(made, `SIP/2\\.0 ${status}`, 'REFER');
    await callerHangsUp(made);
    const { evidence } = await set.rig.ledger.call();
    expect(evidence.map(({ kind }) => kind)).not.toContain('transferred');
    await expectNothingHeld(set.rig);
  });

  it('without a subscription (RFC 4488) passes with what says so, both ways', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    const asked = 'Refer-Sub: false\nRequire: norefersub\nSupported: norefersub, replaces';
    const refer = await refers(made, 'sip:1003@127.0.0.1', asked);
    expect(['Refer-Sub', 'Require', 'Supported'].map((name) => refer.header(name))).toEqual([
      'false',
      'norefersub',
      'norefersub, replaces',
    ]);
    answer(set.alice, refer, 200, { headers: 'Refer-Sub: false' });
    expect((await atCallee(made, 'SIP/2\\.0 200', 'REFER')).header('Refer-Sub')).toBe('false');
    await callerHangsUp(made);
    await expectAnsweredCalls(set, 1);
  });

  it('goes from the caller to the called side as well, while that is on hold', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    sendInDialog(made.call, 'INVITE', { body: SDP_B });
    const hold = await atCallee(made, 'INVITE ');
    sendInDialog(made.call, 'REFER', { headers: 'Refer-To: "Carol" <tel:1003>' });
    const refer = await atCallee(made, 'REFER ');
    expect(refer.header('Refer-To')).toBe(`<sip:1003@${ours(set.rig, 'udp')};user=phone>`);
    answer(set.bob, refer, 202);
    await response(made.call, 202, 'REFER');
    answer(set.bob, hold, 200, { body: SDP_B });
    await response(made.call, 200);
    await callerHangsUp(made);
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });

  it('its NOTIFYs name it by the CSeq that each side knows it by', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    const told: string[] = [];
    for (const number of ['1003', '1002']) {
      const refer = await refers(made, `sip:${number}@127.0.0.1`);
      answer(set.alice, refer, 202);
      const asked = Number.parseInt((await atCallee(made, 'SIP/2\\.0 202', 'REFER')).header('CSeq'), 10);
      tells(made, 'SIP/2.0 100 Trying', 'active', `refer;id=${Number.parseInt(refer.header('CSeq'), 10)}`);
      const notify = await atCallee(made, 'NOTIFY ');
      answer(set.bob, notify, 200);
      expect(notify.header('Event')).toBe(`refer;id=${asked}`);
      told.push(notify.header('Event'));
    }
    expect(new Set(told).size).toBe(2);
    await callerHangsUp(made);
    await expectAnsweredCalls(set, 1);
  });

  it(`are told apart by their NOTIFYs, the last ${MAX_REFERRALS} of a side`, async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    const referred: { asked: number; got: number }[] = [];
    for (let n = 0; n <= MAX_REFERRALS; n += 1) {
      const refer = await refers(made, 'sip:1003@127.0.0.1');
      answer(set.alice, refer, 202);
      const accepted = await atCallee(made, 'SIP/2\\.0 202', 'REFER');
      const [asked = 0, got = 0] = [accepted, refer].map((each) => Number.parseInt(each.header('CSeq'), 10));
      referred.push({ asked, got });
    }
    const [oldest, second] = referred;
    for (const [id, told] of [
      [oldest?.got, oldest?.got],
      [second?.got, second?.asked],
      [referred.at(-1)?.got, referred.at(-1)?.asked],
    ]) {
      tells(made, 'SIP/2.0 100 Trying', 'active', `refer;id=${id}`);
      const notify = await atCallee(made, 'NOTIFY ');
      answer(set.bob, notify, 200);
      expect(notify.header('Event')).toBe(`refer;id=${told}`);
    }
    expect(oldest?.got).not.toBe(oldest?.asked);
    await callerHangsUp(made);
    await expectAnsweredCalls(set, 1);
  });

  it('a NOTIFY whose subscription the other side no longer knows ends the subscription, not the call', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    answer(set.alice, await refers(made, 'sip:1003@127.0.0.1'), 202);
    tells(made, 'SIP/2.0 100 Trying', 'active');
    answer(set.bob, await atCallee(made, 'NOTIFY '), 481);
    await response(made.call, 481, 'NOTIFY');
    expect(set.rig.gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]);
    await callerHangsUp(made);
    await expectAnsweredCalls(set, 1);
  });

  it('a BYE that crosses a NOTIFY ends the call, and nothing is left of either', async () => {
    const set = await phones('udp');
    const made = await talks(set.alice, '1001', set.bob);
    answer(set.alice, await refers(made, 'sip:1003@127.0.0.1'), 202);
    tells(made, 'SIP/2.0 100 Trying', 'active');
    const notify = await atCallee(made, 'NOTIFY ');
    calleeSends(made, 'BYE');
    answer(set.alice, await atCaller(made, 'BYE '), 200);
    answer(set.bob, notify, 481);
    await atCallee(made, 'SIP/2\\.0 200', 'BYE');
    tells(made, 'SIP/2.0 200 OK', 'terminated');
    await response(made.call, 481, 'NOTIFY');
    await expectAnsweredCalls(set, 1);
    await expectNothingHeld(set.rig);
  });
});

describe('a Refer-To', () => {
  it.each([
    ['<sip:1003@a>', '<sip:1003@gw:5060;transport=tcp>'],
    ['sip:1003@a', '<sip:1003@gw:5060;transport=tcp>'],
    ['"C" <sips:%2B33@a:5071;user=phone;x=y>;p=1', '<sip:%2B33@gw:5060;transport=tcp;user=phone>'],
    ['<tel:+33123>', '<sip:+33123@gw:5060;transport=tcp;user=phone>'],
    [
      '<sip:a?Replaces=1%40b%3Bto-tag%3D2%3Bfrom-tag%3D3>',
      '<sip:gw:5060;transport=tcp?Replaces=1%40b%3Bto-tag%3D2%3Bfrom-tag%3D3>',
    ],
    ['<sip:1@a?P-Asserted-Identity=%3Csip:x%40y%3E&X-MCG-Call=1&Diversion=z>', '<sip:1@gw:5060;transport=tcp>'],
  ])('%s leads to us', (value, expected) => {
    const read = readReferTo(value);
    expect(read === null ? null : referToUs(read, '<sip:gw:5060;transport=tcp>')).toBe(expected);
  });

  it.each([
    '',
    'nothing',
    '<mailto:a@b>',
    '<sip:1@a>, <sip:2@a>',
    '<sip:1@a;method=REGISTER>',
    '<sip:1@a?Replaces=%ZZ>',
    '<sip:1@a?Replaces=x>',
    '<sip:1@a?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3&replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>',
  ])('%j is none', (value) => {
    expect(readReferTo(value)).toBeNull();
  });
});
