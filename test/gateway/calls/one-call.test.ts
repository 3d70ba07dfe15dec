import { describe, expect, it } from 'vitest';
import {
  ackFailure,
  answer,
  newCall,
  requestText,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
} from '../../drachtio/support.ts';
import {
  expectNothingHeld,
  invited,
  LOCAL_PEER,
  response,
  ringing,
  sendCancel,
  startRig,
  type Ringing,
  type Rig,
} from '../support.ts';

const FOREIGN = '01890a5d-ac96-774b-bcce-b302099a8057';
const UUID = 'ab30317f1a784dc48ff824d0d3715d86';

async function busy(rig: Rig, { call, invite }: Ringing): Promise<void> {
  answer(rig.callee, invite, 486);
  ackFailure(call, await response(call, 486));
}

describe('two gateways in a chain', () => {
  it('judge the call each by itself: the second one says that the first has it', async () => {
    const rig = await startRig();
    const one = await invited(rig, { headers: `X-MCG-Call: ${FOREIGN}` });
    expect(one.invite.header('X-MCG-Call')).not.toBe(FOREIGN);
    await busy(rig, one);
    const { start, evidence } = await rig.ledger.call();
    expect(start.mailbox).toBe('alice');
    expect(evidence).toContainEqual(
      expect.objectContaining({ kind: 'joined', strength: 'weak', detail: expect.stringContaining(FOREIGN) }),
    );
  });

  it('but what is no name of a call is nobody’s word', async () => {
    const rig = await startRig();
    await busy(rig, await invited(rig, { headers: 'X-MCG-Call: "><script>' }));
    expect((await rig.ledger.call()).evidence.map(({ kind }) => kind)).not.toContain('joined');
  });

  it('of which the second one gets the call twice, by two ways of the first: it is one call there', async () => {
    const rig = await startRig();
    const headers = `X-MCG-Call: ${FOREIGN}\nSession-ID: ${UUID}`;
    const one = await ringing(rig, { headers });
    const two = await ringing(rig, { headers, to: 'sip:1002@127.0.0.1' });
    await busy(rig, one);
    await busy(rig, two);
    expect((await rig.ledger.call()).state.callers).toHaveLength(2);
    expect(rig.ledger.started).toHaveLength(1);
    await expectNothingHeld(rig);
  });
});

describe('a call that spirals through a PBX', () => {
  it('to several phones, one leg after the other, is one call; the answer of the last one answers it', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    const named = `X-MCG-Call: ${invite.header('X-MCG-Call')}`;
    const first = newCall(rig.callee, 'sip:1005@127.0.0.1');
    sendInvite(first, { headers: named });
    answer(rig.callee, await rig.callee.expect(/^INVITE sip:1005/), 480);
    ackFailure(first, await response(first, 480));
    const second = newCall(rig.callee, 'sip:1006@127.0.0.1');
    sendInvite(second, { headers: named });
    answer(rig.callee, await rig.callee.expect(/^INVITE sip:1006/), 200, { body: SDP_B });
    await response(second, 200);
    sendAck(second);
    answer(rig.callee, invite, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    sendInDialog(second, 'BYE');
    await response(second, 200, 'BYE');
    const { state, verdict } = await rig.ledger.call();
    expect(state.callers.map(({ returned }) => returned)).toEqual([false, true, true]);
    expect(verdict.outcome).toBe('answered');
    expect(rig.ledger.started).toHaveLength(1);
    await expectNothingHeld(rig);
  });

  it('in a circle ends: 482 at the number that it has been to, 483 where it takes ever new ones', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    const headers = `X-MCG-Call: ${invite.header('X-MCG-Call')}`;
    const again = newCall(rig.callee, 'sip:1001@127.0.0.1');
    sendInvite(again, { headers });
    ackFailure(again, await response(again, 482));
    const spent = newCall(rig.callee, 'sip:1009@127.0.0.1');
    rig.callee.send(requestText(spent, { headers, body: SDP_A }).replace('Max-Forwards: 70', 'Max-Forwards: 0'));
    ackFailure(spent, await response(spent, 483));
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });
});

describe('a peer that forks', () => {
  it('to numbers of one user: one is enough, and none of them is another call', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, forks: true }] });
    const one = await ringing(rig);
    const two = await ringing(rig, { to: 'sip:+33140001001@127.0.0.1' });
    for (const { call, invite } of [one, two]) {
      sendCancel(call);
      ackFailure(call, await response(call, 487));
      answer(rig.callee, invite, 487);
    }
    expect((await rig.ledger.call()).state.callers).toHaveLength(2);
    expect(rig.ledger.started).toHaveLength(1);
  });

  it('for two callers who call the same user at once is two calls', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, forks: true }] });
    const one = await ringing(rig, { headers: 'P-Asserted-Identity: <sip:2001@127.0.0.1>' });
    const two = await ringing(rig, { headers: 'P-Asserted-Identity: <sip:2002@127.0.0.1>' });
    await busy(rig, one);
    await busy(rig, two);
    await rig.ledger.call(2);
    expect(rig.ledger.started).toHaveLength(2);
  });

  it('for a caller who hides is never guessed to be one call', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, forks: true }] });
    const both: Ringing[] = [];
    for (let n = 0; n < 2; n += 1) {
      const call = rig.newCall();
      const text = requestText(call, { body: SDP_A });
      rig.caller.send(text.replace(/^From: .*<[^>]+>/m, 'From: <sip:anonymous@anonymous.invalid>'));
      both.push({ call, invite: await rig.callee.expect(/^INVITE /) });
    }
    for (const one of both) await busy(rig, one);
    await rig.ledger.call(2);
    expect(rig.ledger.started.map(({ caller }) => caller.hidden)).toEqual([true, true]);
  });
});
