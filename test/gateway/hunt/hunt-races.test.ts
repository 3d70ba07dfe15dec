import { describe, expect, it, vi } from 'vitest';
import { ackFailure, answer, SDP_B, sendAck, sendInDialog } from '../../drachtio/support.ts';
import type { Received, SipPeer } from '../../support/sip-peer.ts';
import { answers, calls, cancelled, ends, requestAt, rings, sentAway, startHunting } from '../hunting.ts';
import { expectNothingHeld, response, sendCancel, type Parts, type Rig } from '../support.ts';

interface Two {
  readonly rig: Rig;
  readonly one: SipPeer;
  readonly two: SipPeer;
}

async function startTwo(numbers: readonly [string, string] = ['1001', '1001'], parts: Parts = {}): Promise<Two> {
  const { rig, phones } = await startHunting(numbers, parts);
  const [one, two] = phones;
  if (one === undefined || two === undefined) throw new Error('no phones');
  return { rig, one, two };
}

const ROUNDS = 10;

describe('two phones', () => {
  it('answer at once: the caller gets exactly one answer, the other phone’s is acknowledged and ended', async () => {
    const { rig, one, two } = await startTwo();
    for (let n = 1; n <= ROUNDS; n += 1) {
      const call = calls(rig, '1001');
      const invites = [await rings(one), await rings(two)] as const;
      const order = n % 2 === 0 ? [0, 1] : [1, 0];
      for (const index of order) answer(index === 0 ? one : two, invites[index === 0 ? 0 : 1], 200, { body: SDP_B });
      await response(call, 200);
      sendAck(call);
      const sentBye = (phone: SipPeer, invite: Received): boolean =>
        phone.count(new RegExp(`^BYE [^]*?Call-ID: ${invite.header('Call-ID')}\r`)) > 0;
      await vi.waitFor(() => expect(sentBye(one, invites[0]) || sentBye(two, invites[1])).toBe(true));
      const lost = sentBye(one, invites[0]) ? 0 : 1;
      const ended = async (index: 0 | 1): Promise<void> => {
        const phone = index === 0 ? one : two;
        answer(phone, await requestAt(phone, invites[index], 'BYE'), 200);
      };
      await ended(lost);
      expect(sentBye(lost === 0 ? two : one, invites[lost === 0 ? 1 : 0])).toBe(false);
      sendInDialog(call, 'BYE');
      await response(call, 200, 'BYE');
      await ended(lost === 0 ? 1 : 0);
      for (const [phone, invite] of [
        [one, invites[0]],
        [two, invites[1]],
      ] as const) {
        await requestAt(phone, invite, 'ACK');
      }
      const { verdict } = await rig.ledger.call(n);
      expect(verdict.outcome).toBe('answered');
      const tags = call.peer.received.filter(({ text }) => isAnswerTo(text, call.callId)).map((r) => r.header('To'));
      expect(new Set(tags).size).toBe(1);
    }
    await expectNothingHeld(rig);
  });

  it('ring, one answers, and the other answers although its CANCEL is under way: it is acknowledged and ended', async () => {
    const { rig, one, two } = await startTwo();
    const call = calls(rig, '1001');
    const atOne = await rings(one);
    const atTwo = await rings(two);
    await answers(call, one, atOne);
    answer(two, await requestAt(two, atTwo, 'CANCEL'), 200);
    answer(two, atTwo, 200, { body: SDP_B });
    await sentAway(two, atTwo);
    expect(call.peer.count(/^SIP\/2\.0 200[^]*CSeq: \d+ INVITE/)).toBe(1);
    await ends(call, one, atOne);
    const { verdict, state } = await rig.ledger.call();
    expect(verdict.outcome).toBe('answered');
    expect(state.callers[0]?.answeredBy).toBe('leg-1');
    await expectNothingHeld(rig);
  });

  it('ring, and one has said nothing when the other answers: its CANCEL waits for its first word (RFC 3261 9.1)', async () => {
    const { rig, one, two } = await startTwo();
    const call = calls(rig, '1001');
    const atOne = await rings(one);
    const atTwo = await two.expect(/^INVITE /);
    await answers(call, one, atOne);
    expect(two.count(/^CANCEL /)).toBe(0);
    answer(two, atTwo, 180);
    await cancelled(two, atTwo);
    await ends(call, one, atOne);
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it('of which one declines as the other answers: whichever came first decides, and both end alike', async () => {
    const { rig, one, two } = await startTwo();
    for (let n = 1; n <= ROUNDS; n += 1) {
      const call = calls(rig, '1001');
      const atOne = await rings(one);
      const atTwo = await rings(two);
      const decline = (): void => answer(one, atOne, 603);
      const accept = (): void => answer(two, atTwo, 200, { body: SDP_B });
      for (const say of n % 2 === 0 ? [decline, accept] : [accept, decline]) say();
      const final = await response(call, '(200|603)');
      const answered = final.start.startsWith('SIP/2.0 200');
      if (answered) {
        sendAck(call);
        await requestAt(two, atTwo, 'ACK');
        sendInDialog(call, 'BYE');
        answer(two, await requestAt(two, atTwo, 'BYE'), 200);
      } else {
        ackFailure(call, final);
        await sentAway(two, atTwo);
      }
      expect((await rig.ledger.call(n)).verdict).toMatchObject(
        answered ? { outcome: 'answered' } : { outcome: 'missed', cause: 'declined' },
      );
    }
    await expectNothingHeld(rig);
  });
});

describe('the caller of two phones', () => {
  it('gives up as one answers: whichever left first decides, and everybody ends alike', async () => {
    const { rig, one, two } = await startTwo();
    for (let n = 1; n <= ROUNDS; n += 1) {
      const call = calls(rig, '1001');
      const atOne = await rings(one);
      const atTwo = await rings(two);
      const accept = (): void => answer(two, atTwo, 200, { body: SDP_B });
      for (const act of n % 2 === 0 ? [accept, () => sendCancel(call)] : [() => sendCancel(call), accept]) act();
      const final = await response(call, '(200|487)');
      const answered = final.start.startsWith('SIP/2.0 200');
      if (answered) {
        sendAck(call);
        await requestAt(two, atTwo, 'ACK');
        sendInDialog(call, 'BYE');
        answer(two, await requestAt(two, atTwo, 'BYE'), 200);
      } else {
        ackFailure(call, final);
        await sentAway(two, atTwo);
      }
      await cancelled(one, atOne);
      const { verdict } = await rig.ledger.call(n);
      expect(verdict.outcome).toBe(answered ? 'answered' : 'missed');
    }
    await expectNothingHeld(rig);
  });

  it('gives up: both are cancelled with the caller’s own Reason', async () => {
    const { rig, one, two } = await startTwo();
    const call = calls(rig, '1001');
    const atOne = await rings(one);
    const atTwo = await rings(two);
    sendCancel(call, 'Reason: SIP;cause=487;text="Gave up"');
    ackFailure(call, await response(call, 487));
    for (const [phone, invite] of [
      [one, atOne],
      [two, atTwo],
    ] as const) {
      expect((await cancelled(phone, invite)).header('Reason')).toBe('SIP;cause=487;text="Gave up"');
    }
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(rig);
  });

  it('gives up, and neither of them ever says a word: the verdict does not wait', async () => {
    const { rig, one, two } = await startTwo(['1001', '1001'], { limits: { cancelGraceMs: 50 } });
    const call = calls(rig, '1001');
    await one.expect(/^INVITE /);
    await two.expect(/^INVITE /);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    expect((await rig.ledger.call()).state.legs).toHaveLength(2);
    await expectNothingHeld(rig);
  });

  it('gives up between two members of a serial group: the next one is not rung, or not for long', async () => {
    const { rig, one, two } = await startTwo(['1001', '1002']);
    for (let n = 1; n <= ROUNDS; n += 1) {
      const call = calls(rig, '1200');
      const atOne = await rings(one);
      const before = two.count(/^INVITE /);
      const busy = (): void => answer(one, atOne, 486);
      for (const act of n % 2 === 0 ? [busy, () => sendCancel(call)] : [() => sendCancel(call), busy]) act();
      ackFailure(call, await response(call, 487));
      // Whatever the second phone has been sent by then is cancelled at its first word.
      const { state, verdict } = await rig.ledger.call(n).catch(() => rig.ledger.call(n));
      expect(verdict).toMatchObject({ outcome: 'missed' });
      if (state.legs.length === 2) await cancelled(two, await rings(two));
      expect(two.count(/^INVITE /)).toBe(before + state.legs.length - 1);
    }
    await expectNothingHeld(rig);
  });
});

describe('while several phones ring', () => {
  it('the engine is lost: the call is interrupted, and nothing is held', async () => {
    const { rig, one, two } = await startTwo();
    calls(rig, '1001');
    await rings(one);
    await rings(two);
    await rig.engine.close();
    const { verdict, state } = await rig.ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
    expect(state.legs).toMatchObject([{ endedBy: 'lost' }, { endedBy: 'lost' }]);
    await expectNothingHeld(rig);
  });

  it('the gateway stops: the caller gets 503, and all of them are cancelled', async () => {
    const { rig, one, two } = await startTwo();
    const call = calls(rig, '1001');
    const atOne = await rings(one);
    const atTwo = await rings(two);
    const drained = rig.gateway.drain(0);
    ackFailure(call, await response(call, 503));
    await cancelled(one, atOne);
    await cancelled(two, atTwo);
    await drained;
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
    await expectNothingHeld(rig);
  });

  it('one of them answers in the moment in which the engine is lost: nothing is held', async () => {
    const { rig, one, two } = await startTwo();
    const call = calls(rig, '1001');
    const atOne = await rings(one);
    await rings(two);
    answer(one, atOne, 200, { body: SDP_B });
    await response(call, 200);
    await rig.engine.close();
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });
});

function isAnswerTo(text: string, callId: string): boolean {
  return text.startsWith('SIP/2.0 200') && text.includes(`Call-ID: ${callId}\r`) && /CSeq: \d+ INVITE/.test(text);
}
