import { describe, expect, it, vi } from 'vitest';
import { createPeerLimits, MAX_COUNTED } from '../../../src/gateway/access/peer-limits.ts';
import { createSeldom, MAX_SPOKEN_OF } from '../../../src/gateway/access/seldom.ts';
import { LIMITS, REFUSAL_LINE_MS } from '../../../src/gateway/limits.ts';
import { ackFailure, answer, callerPeer, unique, type RawCall } from '../../drachtio/support.ts';
import type { Received, SipPeer } from '../../support/sip-peer.ts';
import { account, ask, directory, FAR_PEER, phoneCalls, REGISTRAR } from '../phones.ts';
import { expectNothingHeld, LOCAL_PEER, response, startRig, type Parts, type Rig } from '../support.ts';

const PHONES = directory(account('alice', '1004'), account('bob', '1005'));
const UUID = 'ab30317f1a784dc48ff824d0d3715d86';

async function rigOf(parts: Parts = {}): Promise<Rig> {
  return startRig({ registrar: REGISTRAR, phones: PHONES, peers: [FAR_PEER], ...parts });
}

interface Ringing {
  readonly call: RawCall;
  readonly invite: Received;
}

/** A call of a phone that is at the next hop. `asAlice`: the raw caller's From is alice. */
async function rings(rig: Rig, phone: SipPeer, headers = ''): Promise<Ringing> {
  const test = unique('x');
  const call = await phoneCalls(phone, 'alice', 'sip:0800@127.0.0.1', { headers: `X-Test: ${test}\n${headers}` });
  return { call, invite: await rig.callee.expect(new RegExp(`^INVITE [^]*?X-Test: ${test}`)) };
}

async function ends(rig: Rig, { call, invite }: Ringing): Promise<void> {
  answer(rig.callee, invite, 486);
  ackFailure(call, await response(call, 486));
}

async function refused(phone: SipPeer): Promise<void> {
  const call = await phoneCalls(phone, 'alice', 'sip:0800@127.0.0.1');
  const final = await response(call, 503);
  expect(final.header('Retry-After')).toBe('5');
  ackFailure(call, final);
}

describe('the calls of a phone’s account', () => {
  it('are bounded while they live; one more gets 503, and an end makes room', async () => {
    const rig = await rigOf({ limits: { callsPerPhone: 2 } });
    const one = await rings(rig, rig.caller);
    const two = await rings(rig, rig.caller);
    await refused(rig.caller);
    // From wherever it calls: it is the account that counts.
    await refused(await callerPeer(rig.udpPort));
    expect(rig.ledger.started).toHaveLength(2);
    expect(rig.log.filter(({ message }) => message === 'calls of a peer are refused')).toMatchObject([
      { fields: { peer: 'phones/alice', why: '2 calls live already (maxCalls)' } },
    ]);
    await ends(rig, one);
    await vi.waitFor(() => expect(rig.gateway.liveCalls()).toHaveLength(1));
    const three = await rings(rig, rig.caller);
    await ends(rig, two);
    await ends(rig, three);
    await expectNothingHeld(rig);
  });

  it('start no faster than people dial, those that belong to one call included', async () => {
    const rig = await rigOf();
    rig.stopClock();
    const calls: Ringing[] = [];
    for (let n = 0; n < LIMITS.callsPerPhonePerSecond; n += 1) {
      calls.push(await rings(rig, rig.caller, `Session-ID: ${UUID}`));
    }
    await refused(rig.caller);
    rig.advance(1_000 / LIMITS.callsPerPhonePerSecond);
    calls.push(await rings(rig, rig.caller, `Session-ID: ${UUID}`));
    await refused(rig.caller);
    expect(rig.ledger.started).toHaveLength(1);
    for (const each of calls) await ends(rig, each);
    await expectNothingHeld(rig);
  });

  it('are more than any phone has', () => {
    expect([LIMITS.callsPerPhone, LIMITS.callsPerPhonePerSecond]).toEqual([50, 5]);
  });

  it('are counted for a bounded number of accounts', () => {
    const limits = createPeerLimits(() => 1_000, { ...SILENT });
    const admit = (name: string): boolean => limits.admit({ name, maxCalls: null, maxCallsPerSecond: 1 }, 0);
    expect([admit('first'), admit('first')]).toEqual([true, false]);
    for (let n = 1; n < MAX_COUNTED; n += 1) admit(`${n}`);
    expect(admit('first')).toBe(false);
    admit('one more');
    expect(admit('first')).toBe(true);
  });
});

describe('a phone', () => {
  it('joins nobody’s call by its Session-ID, its Call-ID or our name for it: it has a call of its own', async () => {
    const peers = [{ ...LOCAL_PEER, allow: ['127.0.0.2/32'] }];
    const rig = await rigOf({ peers });
    const victim = await rings(rig, rig.caller, `Session-ID: ${UUID}`);
    const headers = `Session-ID: ${UUID}\nX-MCG-Call: ${victim.invite.header('X-MCG-Call')}`;
    const other = await callerPeer(rig.udpPort);
    const calls: RawCall[] = [];
    for (const callId of [unique('call'), victim.call.callId]) {
      calls.push(await bobCalls(other, 'sip:0801@127.0.0.1', { headers: `${headers}\nX-Test: ${callId}`, callId }));
    }
    const invites = [await rig.callee.expect(/^INVITE sip:0801/), await rig.callee.expect(/^INVITE sip:0801/)];
    expect(rig.ledger.started).toHaveLength(3);
    for (const [index, call] of calls.entries()) {
      answer(rig.callee, invites[index]!, 486);
      ackFailure(call, await response(call, 486));
    }
    await ends(rig, victim);
    for (const { evidence } of rig.ledger.over) expect(evidence.map(({ kind }) => kind)).not.toContain('joined');
    await expectNothingHeld(rig);
  });
});

/** The raw caller's From is alice's; this one is bob's. */
async function bobCalls(
  phone: SipPeer,
  uri: string,
  parts: { readonly headers: string; readonly callId: string },
): Promise<RawCall> {
  const asBob: SipPeer = { ...phone, send: (text, to) => phone.send(text.replace('<sip:alice@', '<sip:bob@'), to) };
  return phoneCalls(asBob, 'bob', uri, parts);
}

describe('refusals of strangers and phones', () => {
  it('are a line once in ten seconds for each source, with how many there were', async () => {
    const rig = await rigOf();
    rig.stopClock();
    const wrong = async (): Promise<void> => {
      expect((await ask(rig.caller, 'alice', { password: 'guessed' })).start).toMatch('403');
    };
    const lines = () => rig.log.filter(({ message }) => message === 'REGISTER refused');
    const said = () => lines().filter(({ level }) => level === 'info');
    for (let n = 0; n < 5; n += 1) await wrong();
    expect(said()).toHaveLength(1);
    expect(said()[0]?.fields).toMatchObject({ status: 403, from: `udp/127.0.0.1:${rig.caller.port}` });
    rig.advance(REFUSAL_LINE_MS);
    await wrong();
    expect(said()).toHaveLength(2);
    expect(said()[1]?.fields).toMatchObject({ status: 403, refused: 5 });
  });

  it('are counted for a bounded number of sources', () => {
    let now = 0;
    const seldom = createSeldom(() => now, REFUSAL_LINE_MS);
    expect([seldom.count('first'), seldom.count('first')]).toEqual([1, null]);
    for (let n = 1; n < MAX_SPOKEN_OF; n += 1) seldom.count(`${n}`);
    expect(seldom.count('first')).toBeNull();
    seldom.count('one more');
    expect(seldom.size).toBe(MAX_SPOKEN_OF);
    expect(seldom.count('first')).toBe(1);
    now = -REFUSAL_LINE_MS;
    expect(seldom.count('first')).toBe(1);
  });
});

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
