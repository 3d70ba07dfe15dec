import { describe, expect, it } from 'vitest';
import { ackFailure, answer, callerPeer, sendInvite } from '../../drachtio/support.ts';
import { LIMITS } from '../../../src/gateway/limits.ts';
import type { SipPeer } from '../../support/sip-peer.ts';
import { answers, calls, cancelled, ends, GROUPS, rings, startHunting } from '../hunting.ts';
import {
  expectNothingHeld,
  LOCAL_PEER,
  response,
  ringing,
  sendCancel,
  startRig,
  type Parts,
  type Rig,
} from '../support.ts';

interface Members {
  readonly rig: Rig;
  readonly alice: SipPeer;
  readonly bob: SipPeer;
}

async function startGroup(parts: Parts = {}): Promise<Members> {
  const { rig, phones } = await startHunting(['1001', '1002'], parts);
  const [alice, bob] = phones;
  if (alice === undefined || bob === undefined) throw new Error('no phones');
  return { rig, alice, bob };
}

async function startDiverting(): Promise<Members & { readonly voicemail: SipPeer }> {
  const voicemail = await callerPeer(0);
  const target = `sip:vm@127.0.0.1:${voicemail.port}`;
  return { ...(await startGroup({ voicemail: { owner: 'gateway', target } })), voicemail };
}

describe('a simultaneous group', () => {
  it('rings all members; one answers, and the call is the group’s', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1100');
    const atAlice = await rings(alice);
    const atBob = await rings(bob);
    await answers(call, bob, atBob);
    expect((await cancelled(alice, atAlice)).header('Reason')).toContain('SIP;cause=200');
    await ends(call, bob, atBob);
    const { start, state, evidence, verdict } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '1100', mailbox: null, group: 'sales' });
    expect(state.legs.map(({ mailbox }) => mailbox)).toEqual(['alice', 'bob']);
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'group', detail: 'rings alice, bob, at the same time' }),
    );
    expect(verdict.outcome).toBe('answered');
    await expectNothingHeld(rig);
  });

  it.each([486, 603, 604, 404])('rings on where one member says %i: another may still answer', async (status) => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1100');
    answer(alice, await rings(alice), status);
    const atBob = await rings(bob);
    await alice.expect(/^ACK /);
    await answers(call, bob, atBob);
    await ends(call, bob, atBob);
    expect((await rig.ledger.call()).verdict.outcome).toBe('answered');
    await expectNothingHeld(rig);
  });

  it('that nobody takes: a member’s 603 is not the group’s answer, unless all of them say so', async () => {
    for (const [status, expected] of [
      [404, 404],
      [603, 603],
    ] as const) {
      const { rig, alice, bob } = await startGroup();
      const call = calls(rig, '1100');
      answer(alice, await rings(alice), 603);
      answer(bob, await rings(bob), status);
      ackFailure(call, await response(call, expected));
      await rig.ledger.call();
      await expectNothingHeld(rig);
    }
  });

  it('without a mailbox is not diverted: a message would be nobody’s', async () => {
    const { rig, alice, bob, voicemail } = await startDiverting();
    const call = calls(rig, '1100');
    answer(alice, await rings(alice), 486);
    answer(bob, await rings(bob), 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    expect(voicemail.received).toEqual([]);
  });

  it('rings phones, and next hops for members who have none', async () => {
    const { rig, phones } = await startHunting(['1001']);
    const [alice] = phones;
    if (alice === undefined) throw new Error('no phone');
    const call = calls(rig, '1100');
    const atAlice = await rings(alice);
    const atBob = await rings(rig.callee);
    expect(atBob.start).toBe(`INVITE sip:1002@127.0.0.1:${rig.callee.port} SIP/2.0`);
    await answers(call, rig.callee, atBob);
    await cancelled(alice, atAlice);
    await ends(call, rig.callee, atBob);
    expect((await rig.ledger.call()).state.legs.map(({ mailbox }) => mailbox)).toEqual(['alice', 'bob']);
  });

  it('of which nobody can be rung gets 404, and says so', async () => {
    const rig = await startRig({ policy: GROUPS, nextHop: [] });
    const call = calls(rig, '1100');
    ackFailure(call, await response(call, 404));
    const { start, evidence } = await rig.ledger.call();
    expect(start.group).toBe('sales');
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'refused', detail: expect.stringContaining('of the group at 1100') }),
    );
  });

  it('a member of which sends the call on: the new number rings in its place, and no longer than it would have', async () => {
    const { rig, phones } = await startHunting(['1001', '1002', '1003']);
    const [alice, bob, carol] = phones;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('no phones');
    const call = calls(rig, '1100');
    const atBob = await rings(bob);
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:1003@x>' });
    const atCarol = await rings(carol);
    await answers(call, carol, atCarol);
    await cancelled(bob, atBob);
    await ends(call, carol, atCarol);
    const { start, state } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '1100', group: 'sales' });
    // Who forwards is told of the call as one who rang.
    expect(state.legs.map(({ mailbox }) => mailbox)).toEqual(['alice', 'bob', 'alice']);
  });

  it('a member of which sends the call back to the group: it is not rung again', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1100');
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:1100@x>' });
    await alice.expect(/^ACK /);
    answer(bob, await rings(bob), 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).state.legs).toHaveLength(2);
  });

  it('a member of which sends the call to another member: that one rings once', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1100');
    const atBob = await rings(bob);
    answer(alice, await alice.expect(/^INVITE /), 302, { contact: '<sip:1002@x>' });
    await alice.expect(/^ACK /);
    answer(bob, atBob, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    expect(bob.count(/^INVITE /)).toBe(1);
  });

  it('to which a phone sends a call is rung, and the called user stays', async () => {
    const { rig, phones } = await startHunting(['1003', '1001', '1002']);
    const [carol, alice, bob] = phones;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('no phones');
    const rigged = calls(rig, '1003');
    // 1003 stands in two dial plans: nobody's mailbox, but somebody's phone.
    answer(carol, await carol.expect(/^INVITE /), 302, { contact: '<sip:1100@x>' });
    answer(alice, await rings(alice), 486);
    answer(bob, await rings(bob), 486);
    ackFailure(rigged, await response(rigged, 486));
    const { start, evidence } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '1003', group: null });
    expect(evidence.map(({ kind }) => kind)).toContain('group');
  });

  it('of a peer that forks is one call while it rings', async () => {
    const rig = await startRig({
      policy: GROUPS,
      peers: [{ ...LOCAL_PEER, forks: true }],
      routes: [{ to: '^1002', nextHop: [] }],
    });
    const to = 'sip:1100@127.0.0.1';
    const one = await ringing(rig, { to });
    const two = await ringing(rig, { to });
    for (const { call, invite } of [one, two]) {
      sendCancel(call);
      ackFailure(call, await response(call, 487));
      answer(rig.callee, invite, 487);
    }
    expect((await rig.ledger.call()).state.callers).toHaveLength(2);
    expect(rig.ledger.started).toHaveLength(1);
  });
});

describe('a serial group', () => {
  it('rings member after member: whoever does not answer in time, is busy or declines gives way', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1200');
    const atAlice = await rings(alice);
    expect((await response(call, 180)).body).toBe('');
    expect(bob.received).toEqual([]);
    expect((await cancelled(alice, atAlice)).header('Reason')).toMatch(/^Q\.850;cause=19/);
    const atBob = await rings(bob);
    await answers(call, bob, atBob);
    await ends(call, bob, atBob);
    const { start, state, evidence } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '1200', mailbox: 'carol', group: 'night' });
    expect(state.legs).toMatchObject([{ mailbox: 'alice' }, { mailbox: 'bob' }]);
    expect(state.legs[0]?.timedOutAt).not.toBeNull();
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'group', detail: 'rings alice, bob, one after the other' }),
    );
    await expectNothingHeld(rig);
  });

  it.each([486, 600, 603])('goes on where a member says %i', async (status) => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1200');
    answer(alice, await rings(alice), status);
    answer(bob, await rings(bob), 480);
    ackFailure(call, await response(call, status === 486 ? 486 : 480));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('has no early media while another member may follow', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1200');
    const atAlice = await alice.expect(/^INVITE /);
    answer(alice, atAlice, 183, { body: 'v=0\n' });
    expect((await response(call, 180)).body).toBe('');
    answer(alice, atAlice, 486);
    const atBob = await bob.expect(/^INVITE /);
    answer(bob, atBob, 183, { body: 'v=0\n' });
    expect((await response(call, 183)).body).toContain('v=0');
    answer(bob, atBob, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });

  it('that nobody takes goes to the group’s mailbox', async () => {
    const { rig, alice, bob, voicemail } = await startDiverting();
    const call = calls(rig, '1200');
    answer(alice, await rings(alice), 486);
    answer(bob, await rings(bob), 486);
    const diverted = await voicemail.expect(/^INVITE /);
    expect(diverted.all('Diversion')).toEqual(['<sip:1200@127.0.0.1>;reason=user-busy']);
    await answers(call, voicemail, diverted);
    await ends(call, voicemail, diverted);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned' });
    await expectNothingHeld(rig);
  });
});

describe('a member who calls her own group', () => {
  it('is not rung; the others are', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = rig.newCall('sip:1100@127.0.0.1');
    sendInvite(call, { headers: 'P-Asserted-Identity: <sip:1001@127.0.0.1>' });
    answer(bob, await rings(bob), 486);
    ackFailure(call, await response(call, 486));
    const { evidence, state } = await rig.ledger.call();
    expect(alice.received).toEqual([]);
    expect(state.legs.map(({ mailbox }) => mailbox)).toEqual(['bob']);
    expect(evidence).toContainEqual(expect.objectContaining({ detail: 'rings bob, at the same time' }));
  });

  it('by a number that is nobody’s mailbox is not rung either', async () => {
    const { rig, phones } = await startHunting(['1001']);
    const [alice] = phones;
    if (alice === undefined) throw new Error('no phone');
    const call = rig.newCall('sip:1300@127.0.0.1');
    sendInvite(call, { headers: 'P-Asserted-Identity: <sip:0612345678@127.0.0.1>' });
    answer(alice, await rings(alice), 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).state.legs).toHaveLength(1);
    expect(rig.callee.received).toEqual([]);
  });

  it('is rung where somebody elsewhere only has her extension', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = rig.newCall('sip:1100@127.0.0.1');
    sendInvite(call, { headers: 'P-Asserted-Identity: <sip:1001@elsewhere.example>' });
    answer(alice, await rings(alice), 486);
    answer(bob, await rings(bob), 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });

  it('and nobody else belongs to it: 480, as for a group whose phones are all gone', async () => {
    const policy = GROUPS.replace('members: [alice, bob] }', 'members: [alice] }');
    const { rig, alice } = await startGroup({ policy });
    const call = rig.newCall('sip:1100@127.0.0.1');
    sendInvite(call, { headers: 'P-Asserted-Identity: <sip:1001@127.0.0.1>' });
    ackFailure(call, await response(call, 480));
    expect((await rig.ledger.call()).state.legs).toEqual([]);
    expect(alice.received).toEqual([]);
    await expectNothingHeld(rig);
  });
});

describe('who of a group is told', () => {
  const own = (notify: string): string =>
    GROUPS.replace('members: [alice, bob] }', `members: [alice, bob], mailbox: carol, notify: ${notify} }`);
  const others = (reason: string) => (name: string) => `skip ${name} (${reason})`;

  it.each([
    ['nobody', [others('condition')('carol')]],
    ['group', ['notify carol (missed)']],
    ['first', ['notify alice (missed)', others('condition')('bob')]],
    ['last', ['notify bob (missed)', others('condition')('alice')]],
    ['all', ['notify alice (missed)', 'notify bob (missed)']],
  ])('notify: %s', async (notify, expected) => {
    const { rig, alice, bob } = await startGroup({ policy: own(notify) });
    const call = calls(rig, '1100');
    const atAlice = await rings(alice);
    await response(call, 180);
    const atBob = await rings(bob);
    answer(alice, atAlice, 480);
    answer(bob, atBob, 480);
    ackFailure(call, await response(call, 480));
    const { verdict, evidence, decisions } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
    expect(evidence.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['group', 'rang', 'final-response']));
    expect(decisions).toEqual(expected);
  });

  it('ring: serial, answered by the second: nobody is told, and one decision says so', async () => {
    const { rig, alice, bob } = await startGroup();
    const call = calls(rig, '1200');
    answer(alice, await rings(alice), 486);
    const atBob = await rings(bob);
    await answers(call, bob, atBob);
    await ends(call, bob, atBob);
    const { verdict, evidence, decisions } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'answered' });
    expect(evidence.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['group', 'answered', 'talk-time']));
    expect(decisions).toEqual(['skip carol (answered)']);
  });
});

describe('a group of 1,000 members', () => {
  it('rings the first hundred, and is over when these are', async () => {
    const members = Array.from({ length: 1_000 }, (_, index) => `"06${String(index).padStart(8, '0')}"`);
    const policy = GROUPS.replace('members: [alice, "0612345678"]', `members: [${members.join(', ')}]`);
    const rig = await startRig({ policy });
    const call = calls(rig, '1300');
    for (let n = 0; n < LIMITS.legsPerCall; n += 1) answer(rig.callee, await rig.callee.expect(/^INVITE /), 480);
    ackFailure(call, await response(call, 480));
    const { state, verdict } = await rig.ledger.call();
    expect(state.legs).toHaveLength(LIMITS.legsPerCall);
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'unreachable' });
    expect(rig.log.filter(({ message }) => message === 'too many legs of one call: not rung').length).toBe(
      1_000 - LIMITS.legsPerCall,
    );
    await expectNothingHeld(rig);
  });
});
