import { describe, expect, it } from 'vitest';
import { ackFailure, answer, callerPeer, SDP_A, SDP_B, sendAck } from '../../drachtio/support.ts';
import { answers, calls, cancelled, ends, rings, sentAway, startHunting } from '../hunting.ts';
import { expectNothingHeld, LOCAL_PEER, response, startRig } from '../support.ts';

const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

describe('phones of one user', () => {
  it('ring at the same time; the first answer wins, and the others hear that it did', async () => {
    const { rig, phones } = await startHunting(['1001', '1001', '1001']);
    const [desk, soft, mobile] = phones;
    if (desk === undefined || soft === undefined || mobile === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const atDesk = await rings(desk);
    const atSoft = await rings(soft);
    const atMobile = await rings(mobile);
    expect(rig.callee.received).toEqual([]);
    await answers(call, soft, atSoft);
    expect((await cancelled(desk, atDesk)).header('Reason')).toBe(ELSEWHERE);
    expect((await cancelled(mobile, atMobile)).header('Reason')).toBe(ELSEWHERE);
    await ends(call, soft, atSoft);
    const { verdict, state } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'answered' });
    expect(state.callers).toMatchObject([{ sipCallId: call.callId, answeredBy: 'leg-2' }]);
    expect(state.legs.map(({ sipCallId }) => sipCallId)).toEqual(
      [atDesk, atSoft, atMobile].map((invite) => invite.header('Call-ID')),
    );
    await expectNothingHeld(rig);
  });

  it('have no early media while several ring; the last one that rings has it', async () => {
    const { rig, phones } = await startHunting(['1001', '1001']);
    const [desk, soft] = phones;
    if (desk === undefined || soft === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const atDesk = await desk.expect(/^INVITE /);
    const atSoft = await soft.expect(/^INVITE /);
    answer(desk, atDesk, 183, { body: SDP_B });
    const held = await response(call, 180);
    expect(held.body).toBe('');
    answer(soft, atSoft, 486);
    await soft.expect(/^ACK /);
    answer(desk, atDesk, 183, { body: SDP_A });
    expect((await response(call, 183)).body).toBe(SDP_A);
    answer(desk, atDesk, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });

  it('of a lower q ring when those of a higher one do not answer', async () => {
    const { rig, phones } = await startHunting(['1001;q=0.5', '1001'], { ringTimeoutMs: 100 });
    const [mobile, desk] = phones;
    if (desk === undefined || mobile === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const atDesk = await rings(desk);
    expect((await cancelled(desk, atDesk)).header('Reason')).toMatch(/^Q\.850;cause=19/);
    const atMobile = await rings(mobile);
    await answers(call, mobile, atMobile);
    await ends(call, mobile, atMobile);
    expect((await rig.ledger.call()).verdict.outcome).toBe('answered');
    await expectNothingHeld(rig);
  });

  it.each([600, 603, 604, 606])('end all where one of them says %i, and none of a lower q rings', async (status) => {
    const { rig, phones } = await startHunting(['1001', '1001', '1001;q=0.1']);
    const [desk, soft, mobile] = phones;
    if (desk === undefined || soft === undefined || mobile === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const atDesk = await rings(desk);
    const atSoft = await rings(soft);
    answer(soft, atSoft, status);
    expect((await cancelled(desk, atDesk)).header('Reason')).toBe(`SIP;cause=${status}`);
    ackFailure(call, await response(call, status));
    await rig.ledger.call();
    expect(mobile.received).toEqual([]);
    await expectNothingHeld(rig);
  });

  it('fail together: the caller gets the best of their responses when the last one has come', async () => {
    const { rig, phones } = await startHunting(['1001', '1001', '1001']);
    const [desk, soft, mobile] = phones;
    if (desk === undefined || soft === undefined || mobile === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const invites = [await rings(desk), await rings(soft), await rings(mobile)] as const;
    answer(desk, invites[0], 404);
    answer(soft, invites[1], 486, { reason: 'In a meeting' });
    await soft.expect(/^ACK /);
    expect(call.peer.count(/^SIP\/2\.0 [3-6]/)).toBe(0);
    answer(mobile, invites[2], 500);
    const final = await response(call, 486);
    expect(final.start).toBe('SIP/2.0 486 In a meeting');
    ackFailure(call, final);
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('of which one sends the call on: that number rings beside the others, and the called user stays', async () => {
    const { rig, phones } = await startHunting(['1001', '1001', '1002']);
    const [desk, soft, bob] = phones;
    if (desk === undefined || soft === undefined || bob === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const atDesk = await rings(desk);
    answer(soft, await soft.expect(/^INVITE /), 302, { contact: '<sip:1002@192.0.2.1>' });
    const atBob = await rings(bob);
    expect(atBob.header('Diversion')).toBe('<sip:1001@127.0.0.1>;reason=unconditional');
    await answers(call, bob, atBob);
    expect((await cancelled(desk, atDesk)).header('Reason')).toBe(ELSEWHERE);
    await ends(call, bob, atBob);
    const { start, evidence } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '1001', mailbox: 'alice' });
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'redirected', detail: expect.stringMatching(/^302 .* 1001 went on to 1002$/) }),
    );
    await expectNothingHeld(rig);
  });

  it('and A, who sends to B, who sends to C: the called user is A', async () => {
    const { rig, phones } = await startHunting(['1001', '1002', '1003']);
    const [alice, bob, carol] = phones;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:1002@x>' });
    answer(bob, await bob.expect(/^INVITE /), 302, { contact: '<sip:1003@x>' });
    const atCarol = await carol.expect(/^INVITE /);
    expect(atCarol.all('Diversion').join(', ')).toBe(
      '<sip:1002@x>;reason=unconditional, <sip:1001@127.0.0.1>;reason=unconditional',
    );
    answer(carol, atCarol, 486);
    ackFailure(call, await response(call, 486));
    const { start, evidence, verdict } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '1001', mailbox: 'alice' });
    expect(evidence.filter(({ kind }) => kind === 'redirected')).toHaveLength(2);
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'busy' });
  });

  it('of which one sends the call where phones may not dial is not followed, though its caller may', async () => {
    const trunk = await callerPeer(0);
    const outside = { to: '^0', from: LOCAL_PEER.name, nextHop: [{ uri: `sip:127.0.0.1:${trunk.port}` }] };
    const { rig, phones } = await startHunting(['1001'], { nextHop: [], routes: [outside] });
    const [alice] = phones;
    if (alice === undefined) throw new Error('no phone');
    const call = calls(rig, '1001');
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:0899123456@x>' });
    ackFailure(call, await response(call, 480));
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'failed' });
    expect(trunk.received).toEqual([]);
    // The caller may dial it.
    const direct = calls(rig, '0899123456');
    answer(trunk, await trunk.expect(/^INVITE sip:0899123456/), 486);
    ackFailure(direct, await response(direct, 486));
  });

  it('of which one sends the call to the number that was dialled is not followed', async () => {
    const { rig, phones } = await startHunting(['1001', '1001']);
    const [desk, soft] = phones;
    if (desk === undefined || soft === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const atDesk = await rings(desk);
    answer(soft, await soft.expect(/^INVITE /), 302, { contact: '<sip:1001@x>' });
    await soft.expect(/^ACK /);
    answer(desk, atDesk, 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).state.legs).toHaveLength(2);
  });

  it('that both send the call to the same number ring it once', async () => {
    const { rig, phones } = await startHunting(['1001', '1001', '1002']);
    const [desk, soft, bob] = phones;
    if (desk === undefined || soft === undefined || bob === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    answer(desk, await desk.expect(/^INVITE /), 302, { contact: '<sip:1002@x>' });
    answer(soft, await soft.expect(/^INVITE /), 302, { contact: '<sip:1002@x>' });
    answer(bob, await bob.expect(/^INVITE /), 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    expect(bob.count(/^INVITE /)).toBe(1);
  });

  it('one of which cannot be reached: the other rings on', async () => {
    const { rig, phones } = await startHunting(['1001', '1001']);
    const [gone, desk] = phones;
    if (gone === undefined || desk === undefined) throw new Error('no phones');
    const call = calls(rig, '1001');
    const atDesk = await rings(desk);
    answer(gone, await gone.expect(/^INVITE /), 503);
    await answers(call, desk, atDesk);
    await ends(call, desk, atDesk);
    expect((await rig.ledger.call()).verdict.outcome).toBe('answered');
  });

  it('no more of which ring than one call may have legs', async () => {
    const { rig, phones } = await startHunting(['1001', '1001', '1001'], { limits: { legsPerCall: 2 } });
    const call = calls(rig, '1001');
    for (const phone of phones.slice(0, 2)) answer(phone, await rings(phone), 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).state.legs).toHaveLength(2);
    expect(phones[2]?.received).toEqual([]);
    expect(rig.log.map(({ message }) => message)).toContain('too many legs of one call: not rung');
  });
});

describe('a proxy behind one leg that forks', () => {
  it('shows several To tags: as many phones rang there, and 199 says that one of them stopped, not that the call did', async () => {
    const rig = await startRig();
    const call = calls(rig, '1001');
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, 180, { toTag: 'desk' });
    answer(rig.callee, invite, 180, { toTag: 'soft' });
    await response(call, 180);
    answer(rig.callee, invite, 199, { toTag: 'desk' });
    answer(rig.callee, invite, 183, { toTag: 'soft', body: SDP_B });
    expect((await response(call, 183)).body).toBe(SDP_B);
    expect(call.peer.count(/^SIP\/2\.0 199/)).toBe(0);
    answer(rig.callee, invite, 486, { toTag: 'proxy' });
    ackFailure(call, await response(call, 486));
    const { evidence, state } = await rig.ledger.call();
    expect(state.legs).toHaveLength(1);
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'rang', source: 'leg-1', detail: expect.stringContaining('2 phones rang') }),
    );
  });
});

describe('who diverts to voicemail', () => {
  it.each([
    ['none', 'gateway', true],
    ['gateway', 'none', false],
    ['gateway', 'upstream', false],
    ['gateway', null, true],
  ] as const)('is told for all by `owner: %s`, for one peer by %s: diverted %s', async (owner, ofPeer, diverted) => {
    const voicemail = await callerPeer(0);
    const rig = await startRig({
      peers: [{ ...LOCAL_PEER, voicemail: ofPeer }],
      voicemail: { owner, target: `sip:vm@127.0.0.1:${voicemail.port}` },
    });
    const call = calls(rig, '1001');
    answer(rig.callee, await rig.callee.expect(/^INVITE /), 486);
    if (diverted) answer(voicemail, await voicemail.expect(/^INVITE /), 480);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    expect(voicemail.count(/^INVITE /)).toBe(diverted ? 1 : 0);
  });

  it('two phones that ring out are diverted once, when both have', async () => {
    const voicemail = await callerPeer(0);
    const { rig, phones } = await startHunting(['1001', '1001'], {
      ringTimeoutMs: 100,
      voicemail: { owner: 'gateway', target: `sip:vm@127.0.0.1:${voicemail.port}` },
    });
    const call = calls(rig, '1001');
    const invites = await Promise.all(phones.map(rings));
    await Promise.all(phones.map(async (phone, index) => cancelled(phone, invites[index] ?? (await rings(phone)))));
    const diverted = await voicemail.expect(/^INVITE /);
    expect(diverted.all('Diversion')).toEqual(['<sip:1001@127.0.0.1>;reason=no-answer']);
    await answers(call, voicemail, diverted);
    await ends(call, voicemail, diverted);
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'missed', cause: 'voicemail-abandoned' },
      decisions: ['notify alice (missed)'],
    });
    expect(voicemail.count(/^INVITE /)).toBe(1);
    await expectNothingHeld(rig);
  });
});

describe('an answer that is probably a network’s voicemail', () => {
  const GUARDED = { ...LOCAL_PEER, voicemailEscapeMs: 1_500 };

  /** A group of a desk phone and of a mobile, behind the default next hop; the mobile is switched off. */
  async function cutsIn() {
    const { rig, phones } = await startHunting(['1001'], { peers: [GUARDED] });
    const [desk] = phones;
    if (desk === undefined) throw new Error('no phone');
    const call = calls(rig, '1300');
    const atMobile = await rig.callee.expect(/^INVITE sip:0612345678/);
    const atDesk = await rings(desk);
    answer(rig.callee, atMobile, 200, { body: SDP_B });
    await sentAway(rig.callee, atMobile);
    return { rig, call, desk, atDesk };
  }

  it('which cuts in without ringing while somebody’s phone may ring wins nothing: it is ended, and the others ring on', async () => {
    const { rig, call, desk, atDesk } = await cutsIn();
    await answers(call, desk, atDesk);
    await ends(call, desk, atDesk);
    const { verdict, evidence } = await rig.ledger.call();
    expect(verdict.outcome).toBe('answered');
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'voicemail-reached', strength: 'weak', source: 'leg-2' }),
    );
    await expectNothingHeld(rig);
  });

  it('and when nobody else takes the call: it was missed, and the caller hears that nobody answered', async () => {
    const { rig, call, desk, atDesk } = await cutsIn();
    answer(desk, atDesk, 404);
    ackFailure(call, await response(call, '4\\d\\d'));
    // The group's, which tells nobody.
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'missed' },
      decisions: ['skip nobody (condition)'],
    });
    await expectNothingHeld(rig);
  });

  it('goes to the caller where nobody else can answer, and the call knows', async () => {
    const rig = await startRig({ peers: [GUARDED] });
    const call = calls(rig, '1001');
    const invite = await rig.callee.expect(/^INVITE /);
    await answers(call, rig.callee, invite);
    await ends(call, rig.callee, invite);
    const { verdict, evidence } = await rig.ledger.call();
    expect(evidence).toContainEqual(expect.objectContaining({ kind: 'voicemail-reached', source: 'leg-1' }));
    expect(verdict.outcome).not.toBe('answered');
  });

  it.each([
    ['rang', 180, 0],
    ['comes later', 100, 1_500],
  ])('is somebody’s where it %s', async (_what, status, waitMs) => {
    const rig = await startRig({ peers: [GUARDED] });
    const call = calls(rig, '1001');
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, status);
    if (status === 180) await response(call, 180);
    rig.advance(waitMs);
    await answers(call, rig.callee, invite);
    await ends(call, rig.callee, invite);
    const { verdict, evidence } = await rig.ledger.call();
    expect(evidence.map(({ kind }) => kind)).not.toContain('voicemail-reached');
    expect(verdict.outcome).toBe('answered');
  });

  it.each([
    [19_000, false],
    [20_500, true],
    [23_000, false],
  ])('after %i ms of ringing, where the peer answers for voicemail after 20s..22s: %s', async (rangMs, suspect) => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, answersAfter: { fromMs: 20_000, toMs: 22_000 } }] });
    const call = calls(rig, '1001');
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, 180);
    await response(call, 180);
    rig.advance(rangMs);
    await answers(call, rig.callee, invite);
    await ends(call, rig.callee, invite);
    const { evidence } = await rig.ledger.call();
    expect(evidence.some(({ kind }) => kind === 'voicemail-reached')).toBe(suspect);
  });

  it('a trunk that rings in its early media has rung from then on', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, answersAfter: { fromMs: 20_000, toMs: 22_000 } }] });
    const call = calls(rig, '1001');
    const invite = await rig.callee.expect(/^INVITE /);
    answer(rig.callee, invite, 183, { body: SDP_B });
    await response(call, 183);
    rig.advance(20_500);
    await answers(call, rig.callee, invite);
    await ends(call, rig.callee, invite);
    const { evidence } = await rig.ledger.call();
    expect(evidence).toContainEqual(expect.objectContaining({ kind: 'voicemail-reached', strength: 'weak' }));
  });
});

describe('a peer whose redirections are followed (Exchange UM)', () => {
  it('is taken at its word, host and port, as often as redirections are followed', async () => {
    const server = await callerPeer(0);
    const worker = await callerPeer(0);
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, followRedirects: true }] });
    const call = calls(rig, '1001');
    const to = (port: number): { contact: string } => ({ contact: `<sip:127.0.0.1:${port};transport=udp>` });
    answer(rig.callee, await rig.callee.expect(/^INVITE /), 302, to(server.port));
    const second = await server.expect(/^INVITE /);
    expect(second.start).toBe(`INVITE sip:1001@127.0.0.1:${server.port};transport=udp SIP/2.0`);
    expect(second.all('Diversion')).toEqual([]);
    answer(server, second, 302, to(worker.port));
    const third = await worker.expect(/^INVITE /);
    answer(worker, third, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    await ends(call, worker, third);
    expect((await rig.ledger.call()).state.legs).toHaveLength(3);
  });

  it('but not in a circle', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, followRedirects: true }], limits: { redirects: 2 } });
    const call = calls(rig, '1001');
    const contact = `<sip:127.0.0.1:${rig.callee.port}>`;
    for (let n = 0; n < 3; n += 1) answer(rig.callee, await rig.callee.expect(/^INVITE /), 302, { contact });
    ackFailure(call, await response(call, 480));
    expect((await rig.ledger.call()).state.legs).toHaveLength(3);
    await expectNothingHeld(rig);
  });
});
