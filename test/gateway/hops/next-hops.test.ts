import { describe, expect, it } from 'vitest';
import {
  ackFailure,
  answer,
  callerPeer,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from '../../drachtio/support.ts';
import { expectNothingHeld, LOCAL_PEER, response, sendCancel, startRig } from '../support.ts';

/** Nobody listens there: a connection is refused at once. */
const DEAD = { uri: 'sip:127.0.0.1:9;transport=tcp' };

describe('the next hop', () => {
  it('that cannot be reached gives way to the next one, which answers', async () => {
    const backup = await callerPeer(0);
    const rig = await startRig({ nextHop: [DEAD, { uri: `sip:127.0.0.1:${backup.port}` }] });
    const call = rig.newCall();
    sendInvite(call);
    const invite = await backup.expect(/^INVITE /);
    answer(backup, invite, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    await backup.expect(/^ACK /);
    sendInDialog(call, 'BYE');
    answer(backup, await backup.expect(/^BYE /), 200);
    const { verdict, state, decisions } = await rig.ledger.call();
    expect(verdict.outcome).toBe('answered');
    expect(decisions).toEqual(['skip alice (answered)']);
    expect(state.legs[0]?.failure?.kind).toBe('transport');
    expect(rig.log).toContainEqual(expect.objectContaining({ level: 'warn', message: 'next hop failed' }));
    await expectNothingHeld(rig);
  });

  it('that says nothing within timer B gives way', async () => {
    const backup = await callerPeer(0);
    const silent = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${silent.port}` }, { uri: `sip:127.0.0.1:${backup.port}` }],
      engine: { timers: { t1Ms: 20, t2Ms: 80, t4Ms: 100, t1x64Ms: 1_000, timerBMs: 200 } },
    });
    const call = rig.newCall();
    sendInvite(call);
    answer(backup, await backup.expect(/^INVITE /), 486);
    ackFailure(call, await response(call, 486));
    expect((await rig.ledger.call()).state.legs[0]?.failure?.kind).toBe('timeout');
  });

  it('that answers 503 gives way, and is tried last the next time', async () => {
    const backup = await callerPeer(0);
    const overloaded = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${overloaded.port}` }, { uri: `sip:127.0.0.1:${backup.port}` }],
    });
    const call = rig.newCall();
    sendInvite(call);
    answer(overloaded, await overloaded.expect(/^INVITE /), 503);
    answer(backup, await backup.expect(/^INVITE /), 486);
    ackFailure(call, await response(call, 486));
    const again = rig.newCall();
    sendInvite(again);
    answer(backup, await backup.expect(/^INVITE /), 503);
    // Known down, but never not at all.
    answer(overloaded, await overloaded.expect(/^INVITE /), 404);
    ackFailure(again, await response(again, 404));
    await rig.ledger.call(2);
  });

  it.each([500, 404, 486, 603])('that answers %i does not give way', async (status) => {
    const backup = await callerPeer(0);
    const first = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${first.port}` }, { uri: `sip:127.0.0.1:${backup.port}` }],
    });
    const call = rig.newCall();
    sendInvite(call);
    answer(first, await first.expect(/^INVITE /), status);
    ackFailure(call, await response(call, status));
    await rig.ledger.call();
    expect(backup.received).toEqual([]);
  });

  it('that rang and then answers 503 does not give way, and the caller gets 500', async () => {
    const backup = await callerPeer(0);
    const first = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${first.port}` }, { uri: `sip:127.0.0.1:${backup.port}` }],
    });
    const call = rig.newCall();
    sendInvite(call);
    const invite = await first.expect(/^INVITE /);
    answer(first, invite, 180);
    answer(first, invite, 503);
    ackFailure(call, await response(call, 500));
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'missed', cause: 'no-answer' },
      decisions: ['notify alice (missed)'],
    });
    expect(backup.received).toEqual([]);
  });

  it('all of them dead: the caller gets 503', async () => {
    const rig = await startRig({ nextHop: [DEAD, { uri: 'sip:127.0.0.1:10;transport=tcp' }] });
    const call = rig.newCall();
    sendInvite(call);
    ackFailure(call, await response(call, 503));
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'missed', cause: 'unreachable' },
      decisions: ['notify alice (missed)'],
    });
    await expectNothingHeld(rig);
  });

  it('is left alone when the caller hangs up between two of them', async () => {
    const backup = await callerPeer(0);
    const silent = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${silent.port}` }, { uri: `sip:127.0.0.1:${backup.port}` }],
      engine: { timers: { t1Ms: 20, t2Ms: 80, t4Ms: 100, t1x64Ms: 1_000, timerBMs: 200 } },
    });
    const call = rig.newCall();
    sendInvite(call);
    await silent.expect(/^INVITE /);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    expect((await rig.ledger.call()).state.legs).toHaveLength(1);
    expect(backup.received).toEqual([]);
    await expectNothingHeld(rig);
  });

  it('gets our credentials where it asks for them', async () => {
    const hop = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${hop.port}`, username: 'mcg', password: 'secret' }],
    });
    const call = rig.newCall();
    sendInvite(call);
    const challenge = 'WWW-Authenticate: Digest realm="pbx", nonce="n1", algorithm=MD5, qop="auth"';
    answer(hop, await hop.expect(/^INVITE /), 401, { headers: challenge });
    const invite = await hop.expect(/^INVITE [^]*?Authorization:/);
    expect(invite.header('Authorization')).toContain('username="mcg"');
    answer(hop, invite, 180);
    await response(call, 180);
    sendCancel(call);
    await response(call, 487);
    answer(hop, await hop.expect(/^CANCEL /), 200);
    answer(hop, invite, 487);
    await rig.ledger.call();
  });

  it.each([0, 2, 3, 4, 6, 30])('that asks for them while the caller gives up does not ring on (%i ms)', async (ms) => {
    const hop = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${hop.port}`, username: 'mcg', password: 'secret' }],
    });
    const call = rig.newCall();
    sendInvite(call);
    const first = await hop.expect(/^INVITE /);
    const challenged = new Promise((resolve) => setTimeout(resolve, ms)).then(() =>
      answer(hop, first, 401, { headers: 'WWW-Authenticate: Digest realm="pbx", nonce="n1"' }),
    );
    setTimeout(() => sendCancel(call), Math.max(0, 6 - ms));
    await challenged;
    // A challenge that comes after the CANCEL is not answered any more.
    const cancelled = hop.expect(/^INVITE [^]*?Authorization:/).then(async (second) => {
      answer(hop, second, 180);
      answer(hop, await hop.expect(/^CANCEL /), 200);
      answer(hop, second, 487);
    });
    cancelled.catch(() => undefined);
    // Whether it rang, and so whether anybody is told, is the race's to say.
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothingHeld(rig);
  });

  it('that does not take our credentials: the challenge is not the caller’s business', async () => {
    const hop = await callerPeer(0);
    const rig = await startRig({
      nextHop: [{ uri: `sip:127.0.0.1:${hop.port}`, username: 'mcg', password: 'wrong' }],
    });
    const call = rig.newCall();
    sendInvite(call);
    const headers = 'WWW-Authenticate: Digest realm="pbx", nonce="n1"';
    answer(hop, await hop.expect(/^INVITE /), 401, { headers });
    answer(hop, await hop.expect(/^INVITE /), 401, { headers });
    const final = await response(call, 403);
    expect(final.header('WWW-Authenticate')).toBe('');
    ackFailure(call, final);
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'failed' },
      decisions: ['skip alice (not-rung)'],
    });
  });
});

describe('routes', () => {
  it('the first that matches peer and number wins, with its prefix', async () => {
    const carrier = await callerPeer(0);
    const rig = await startRig({
      routes: [
        { from: 'someone else', nextHop: [{ uri: 'sip:127.0.0.1:9' }] },
        { from: 'pbx', to: '^0', nextHop: [{ uri: `sip:127.0.0.1:${carrier.port}`, prefix: '9' }] },
      ],
    });
    const call = rig.newCall('sip:0142@127.0.0.1;user=phone');
    sendInvite(call);
    const invite = await carrier.expect(/^INVITE /);
    expect(invite.start).toBe(`INVITE sip:90142@127.0.0.1:${carrier.port};user=phone SIP/2.0`);
    answer(carrier, invite, 486);
    ackFailure(call, await response(call, 486));
    const { start, verdict } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '0142', mailbox: null });
    expect(verdict.outcome).toBe('missed');
  });

  it('where none leads anywhere the caller gets 404', async () => {
    const rig = await startRig({ nextHop: [] });
    const call = rig.newCall();
    sendInvite(call);
    ackFailure(call, await response(call, 404));
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'rejected' },
      decisions: ['skip alice (rejected)'],
    });
    await expectNothingHeld(rig);
  });

  it('a redirection is followed by its user part; its host is never dialled', async () => {
    const elsewhere = await callerPeer(0);
    const rig = await startRig();
    const call = rig.newCall();
    sendInvite(call);
    answer(rig.callee, await rig.callee.expect(/^INVITE sip:1001/), 302, {
      contact: `<sip:2002@127.0.0.1:${elsewhere.port}>;q=0.5, <sip:1002@127.0.0.1:${elsewhere.port}>`,
    });
    const invite = await rig.callee.expect(/^INVITE sip:1002/);
    expect(invite.header('Diversion')).toBe('<sip:1001@127.0.0.1>;reason=unconditional');
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    const { start } = await rig.ledger.call();
    expect(start).toMatchObject({ callee: '1001', mailbox: 'alice' });
    expect(elsewhere.received).toEqual([]);
  });

  it('a redirection after early media is not followed: the caller has an answer already', async () => {
    const rig = await startRig();
    const call = rig.newCall();
    sendInvite(call);
    const invite = await rig.callee.expect(/^INVITE sip:1001/);
    answer(rig.callee, invite, 183, { body: SDP_B });
    await response(call, 183);
    answer(rig.callee, invite, 302, { contact: '<sip:1002@x>' });
    ackFailure(call, await response(call, 480));
    expect((await rig.ledger.call()).state.legs).toHaveLength(1);
  });

  it('a redirection in a circle ends with 480', async () => {
    const rig = await startRig();
    const call = rig.newCall();
    sendInvite(call);
    answer(rig.callee, await rig.callee.expect(/^INVITE sip:1001/), 302, { contact: '<sip:1002@x>' });
    answer(rig.callee, await rig.callee.expect(/^INVITE sip:1002/), 302, { contact: '<sip:1001@x>' });
    ackFailure(call, await response(call, 480));
    expect(await rig.ledger.call()).toMatchObject({
      verdict: { outcome: 'failed' },
      decisions: ['skip alice (not-rung)'],
    });
  });
});

describe('the ring timer', () => {
  it('starts 10 s after the INVITE at the latest: a first 180 after that does not start it again', async () => {
    const rig = await startRig({ ringTimeoutMs: 100, limits: { ringStartMs: 300 } });
    const call = rig.newCall();
    const sentAt = performance.now();
    sendInvite(call);
    const invite = await rig.callee.expect(/^INVITE /);
    rig.advance(301);
    answer(rig.callee, invite, 180);
    answer(rig.callee, await rig.callee.expect(/^CANCEL /), 200);
    // Started again by the 180 it would have ended sooner.
    expect(performance.now() - sentAt).toBeGreaterThan(395);
    answer(rig.callee, invite, 487);
    ackFailure(call, await response(call, 480));
    await rig.ledger.call();
  });
});

describe('OPTIONS', () => {
  it('are asked again although the engine went away during one', async () => {
    const hop = await callerPeer(0);
    const rig = await startRig({
      peers: [{ ...LOCAL_PEER, optionsMs: 40 }],
      nextHop: [{ uri: `sip:127.0.0.1:${hop.port}` }],
    });
    const asked = await hop.expect(/^OPTIONS /);
    const { host, port } = rig.engine.client;
    await rig.engine.close();
    await startEngineForTest({ client: { host, port } });
    await hop.expect(new RegExp(`^OPTIONS (?![^]*Call-ID: ${asked.header('Call-ID')})`), 5_000);
  });

  it('tell which hop is there, where its peer says how often', async () => {
    const backup = await callerPeer(0);
    const rig = await startRig({
      peers: [{ ...LOCAL_PEER, optionsMs: 40 }],
      nextHop: [DEAD, { uri: `sip:127.0.0.1:${backup.port}` }],
    });
    const options = await backup.expect(/^OPTIONS /);
    answer(backup, options, 200);
    await expect.poll(() => rig.log.some(({ message }) => message === 'next hop changed its state')).toBe(true);
    const call = rig.newCall();
    sendInvite(call);
    answer(backup, await backup.expect(/^INVITE /), 486);
    ackFailure(call, await response(call, 486));
    // The dead hop was not waited for.
    expect((await rig.ledger.call()).state.legs).toHaveLength(1);
  });
});
