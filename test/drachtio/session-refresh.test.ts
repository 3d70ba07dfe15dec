import { describe, expect } from 'vitest';
import { rawClient } from './raw-client.ts';
import { calledWith, REFRESH_MS, refreshOf, SESSION_MS, settled, timed, WE_REFRESH } from './session-calls.ts';
import { answer, callerPeer, EXPIRING, newCall, response, SDP_A, SDP_B, sendInDialog, sendInvite } from './support.ts';
import { embeddedIt } from './target.ts';
import { startWithClock } from './timed-engine.ts';

const CLOCK = 'it lives by the system`s clock';

describe('a session length that nobody may ask for', () => {
  embeddedIt(CLOCK, '54: B`s 200 that names less than 90 s is taken as 90 s: no storm of refreshes', async () => {
    for (const seconds of [0, 1, 89]) {
      const { client, callee, clock } = await calledWith({ headers: `Session-Expires: ${seconds};refresher=uac` });
      clock.advance(SESSION_MS / 2 - 5_001);
      await settled(client);
      expect(callee.count(/^INVITE /)).toBe(1);
      clock.advance(10_002);
      const refresh = await callee.expect(/^INVITE [^]*Session-Expires: 90;/);
      answer(callee, refresh, 200, { body: SDP_B, headers: `Session-Expires: ${seconds};refresher=uac` });
      await callee.expect(/^ACK /);
      clock.advance(SESSION_MS / 2 - 5_001);
      await settled(client);
      expect(callee.count(/^INVITE /)).toBe(2);
    }
  });

  embeddedIt(CLOCK, '54: and no call is ended at once because B would refresh it every second', async () => {
    const { client, callee, clock } = await calledWith({ headers: 'Session-Expires: 1;refresher=uas' });
    clock.advance(SESSION_MS - 1);
    await settled(client);
    expect(callee.count(/^BYE /)).toBe(0);
    clock.advance(1);
    await callee.expect(/^BYE [^]*Session timer expired/);
  });
});

describe('a refresh that comes to no good end', () => {
  embeddedIt(CLOCK, '54: trying, and then nothing: the session ends when its time is over', async () => {
    const test = await timed(WE_REFRESH, '', EXPIRING);
    const { call, clock, client, engine } = test;
    const { refresh } = await refreshOf(test);
    answer(call.peer, refresh, 100);
    answer(call.peer, refresh, 183);
    await settled(client);
    clock.advance(SESSION_MS - REFRESH_MS + 5_001);
    await call.peer.expect(/^BYE [^]*Session timer expired/);
    await client.sip(/BYE /);
    // Nothing of it waits for an answer for ever.
    await call.peer.expect(/^CANCEL /);
    await expect.poll(() => engine.counts().transactions, { timeout: 5_000 }).toBe(0);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '54: it meets the application`s BYE, and its 487 ends nothing twice', async () => {
    const test = await timed(WE_REFRESH);
    const { call, client, dialogId, engine } = test;
    const { refresh } = await refreshOf(test);
    const heard = client.received.filter(({ tokens }) => tokens[1] === 'sip').length;
    await client.ask(`sip||${dialogId}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    const bye = await call.peer.expect(/^BYE /);
    answer(call.peer, refresh, 487);
    await call.peer.expect(/^ACK /);
    answer(call.peer, bye, 200);
    await client.sip(/SIP\/2\.0 200 [^]*BYE/);
    expect(call.peer.count(/^BYE /)).toBe(1);
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toHaveLength(heard + 1);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '54: its 200 moves the target, and the ACK goes there already', async () => {
    const test = await timed(WE_REFRESH);
    const { call } = test;
    const { refresh } = await refreshOf(test);
    const contact = `<sip:moved@127.0.0.1:${call.peer.port}>`;
    answer(call.peer, refresh, 200, { body: SDP_A, headers: 'Session-Expires: 90;refresher=uac', contact });
    expect((await call.peer.expect(/^ACK /)).start).toMatch(/^ACK sip:moved@/);
  });

  embeddedIt(CLOCK, '54: an offer in the application`s UPDATE waits for the end of ours too', async () => {
    const test = await timed(WE_REFRESH);
    const { call, client, dialogId } = test;
    const { accept } = await refreshOf(test);
    client.send(`sip||${dialogId}\r\nUPDATE sip:placeholder SIP/2.0\r\n\r\n${SDP_A}`);
    await settled(client);
    expect(call.peer.count(/^UPDATE /)).toBe(0);
    accept();
    await call.peer.expect(/^UPDATE /);
  });
});

describe('what an application says of the session itself', () => {
  embeddedIt(CLOCK, '54: its Min-SE stands once in its re-INVITE', async () => {
    const { call, client, dialogId } = await timed(WE_REFRESH);
    await client.ask(`sip||${dialogId}\r\nINVITE sip:placeholder SIP/2.0\r\nMin-SE: 120\r\n\r\n${SDP_A}`);
    const invite = await call.peer.expect(/^INVITE /);
    expect(invite.all('Min-SE')).toHaveLength(1);
  });
});

describe('an early dialog', () => {
  embeddedIt(CLOCK, '54: has no session that could run out (RFC 4028 7.4): its UPDATE begins none', async () => {
    const { engine, clock, udpPort } = await startWithClock();
    const client = await rawClient(engine);
    await client.ask('route|invite');
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call);
    const invite = await client.sip(/INVITE /);
    await client.ask(`sip|${invite.tokens[8]}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
    await response(call, 180);
    sendInDialog(call, 'UPDATE', { headers: 'Supported: timer\nSession-Expires: 90;refresher=uac' });
    const update = await client.sip(/UPDATE /);
    await client.ask(`sip|${update.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect((await response(call, 200, 'UPDATE')).all('Session-Expires')).toEqual([]);
    expect(engine.counts()).toMatchObject({ dialogs: 1, timers: 0 });
    clock.advance(SESSION_MS);
    expect(engine.counts()).toMatchObject({ dialogs: 1, timers: 0 });
  });
});
