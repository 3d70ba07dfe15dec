import { describe, expect } from 'vitest';
import { byCallee, calling, rawApplication, talkingToB } from './raw-application.ts';
import { rawClient } from './raw-client.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  EXPIRING,
  newCall,
  response,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
} from './support.ts';
import { embeddedIt } from './target.ts';
import { startWithClock } from './timed-engine.ts';

const CLOCK = 'it lives by the system`s clock';
const TIMER_C_MS = 185_000;

describe('what a peer never ends', () => {
  embeddedIt(CLOCK, '56: an INVITE that is only tried: timer C runs from its beginning', async () => {
    const { engine, clock, udpPort } = await startWithClock(EXPIRING);
    const client = await rawClient(engine);
    const callee = await calleePeer(udpPort);
    await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
    answer(callee, await callee.expect(/^INVITE /), 100);
    await client.ask('ping');
    clock.advance(TIMER_C_MS);
    answer(callee, await callee.expect(/^CANCEL /), 200);
    await client.sip(/SIP\/2\.0 487/);
    await expect
      .poll(() => engine.counts(), { timeout: 5_000 })
      .toMatchObject({ dialogs: 0, transactions: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '56: a re-INVITE that rings for ever is cancelled too, and the call stays', async () => {
    const { engine, clock, udpPort } = await startWithClock(EXPIRING);
    const client = await rawClient(engine);
    const callee = await calleePeer(udpPort);
    await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n${SDP_A}`);
    answer(callee, await callee.expect(/^INVITE /), 200, { body: SDP_B });
    const { tokens } = await client.sip(/SIP\/2\.0 200/);
    await client.ask(`sip||${tokens[9]}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    await callee.expect(/^ACK /);
    await client.ask(`sip||${tokens[9]}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${SDP_A}`);
    answer(callee, await callee.expect(/^INVITE /), 180);
    await client.sip(/SIP\/2\.0 180/);
    clock.advance(TIMER_C_MS);
    await callee.expect(/^CANCEL /);
    await client.sip(/SIP\/2\.0 487/);
    expect(engine.counts()).toMatchObject({ dialogs: 1, timers: 0 });
  });

  embeddedIt(CLOCK, '57: B says BYE, and never answers the re-INVITE that it has tried', async () => {
    const { engine, client, callee, invite, ask } = await talkingToB({}, EXPIRING);
    await ask('ACK');
    await callee.expect(/^ACK /);
    await ask('INVITE', `\r\n${SDP_A}`);
    answer(callee, await callee.expect(/^INVITE [^]*;tag=callee/), 100);
    callee.send(byCallee(callee, invite, 'BYE'));
    const bye = await client.sip(/BYE /);
    await client.ask(`sip|${bye.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await client.sip(/SIP\/2\.0 487/);
    await expect
      .poll(() => engine.counts(), { timeout: 5_000 })
      .toMatchObject({ dialogs: 0, invites: 0, transactions: 0 });
  });

  embeddedIt(
    'it keeps the dialog',
    '20: a challenged BYE that nobody repeats ends the dialog after 64*T1',
    async () => {
      const { engine, client, callee, ask } = await talkingToB({}, EXPIRING);
      await ask('ACK');
      await callee.expect(/^ACK /);
      await ask('BYE');
      answer(callee, await callee.expect(/^BYE /), 401);
      await client.sip(/SIP\/2\.0 401/);
      expect(engine.counts().dialogs).toBe(1);
      await expect.poll(() => engine.counts(), { timeout: 5_000 }).toMatchObject({ dialogs: 0, timers: 0 });
    },
  );
});

describe('a subscription that nobody ends', () => {
  const route = async () => {
    const started = await startWithClock();
    const client = await rawClient(started.engine);
    for (const verb of ['subscribe', 'notify']) await client.ask(`route|${verb}`);
    return { ...started, client };
  };

  embeddedIt(CLOCK, '53: of the peer: it is forgotten some time after what the 2xx granted', async () => {
    const { engine, clock, client, udpPort } = await route();
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call, { method: 'SUBSCRIBE', headers: 'Event: presence\nExpires: 3600', body: '' });
    const { tokens } = await client.sip(/SUBSCRIBE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 202 Accepted\r\nExpires: 60\r\n\r\n`);
    await response(call, 202, 'SUBSCRIBE');
    clock.advance(59_000);
    sendInDialog(call, 'SUBSCRIBE', { headers: 'Event: presence\nExpires: 3600' });
    const again = await client.sip(/SUBSCRIBE [^]*CSeq: 2/);
    await client.ask(`sip|${again.tokens[8]}|\r\nSIP/2.0 200 OK\r\nExpires: 60\r\n\r\n`);
    clock.advance(60_000);
    expect(engine.counts().dialogs).toBe(1);
    clock.advance(32_000);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '53: of the application: the same', async () => {
    const { engine, clock, client, udpPort } = await route();
    const callee = await calleePeer(udpPort);
    await client.ask(
      `sip||\r\nSUBSCRIBE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\nEvent: presence\r\nExpires: 60\r\n\r\n`,
    );
    answer(callee, await callee.expect(/^SUBSCRIBE /), 200, { headers: 'Expires: 60' });
    await client.sip(/SIP\/2\.0 200/);
    clock.advance(60_000);
    expect(engine.counts().dialogs).toBe(1);
    clock.advance(32_000);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });
});

describe('requests of the application that meet', () => {
  embeddedIt('it sends both', '22: one INVITE at a time: a second one gets 491, and the first its end', async () => {
    const { engine, client, callee, invite, ask } = await talkingToB();
    const ack = await ask('ACK');
    expect(ack.tokens[3]).toBe('OK');
    const first = await ask('INVITE', `\r\n${SDP_A}`);
    const second = await ask('INVITE', `\r\n${SDP_B}`);
    expect(second.tokens.slice(3, 6)).toEqual(['OK', 'application', '0']);
    expect((await client.sip(/SIP\/2\.0 491/)).tokens[8]).toBe(second.tokens[10]);
    await callee.expect(/^INVITE [^]*;tag=callee/);
    callee.send(byCallee(callee, invite, 'BYE'));
    expect((await client.sip(/SIP\/2\.0 487/)).tokens[8]).toBe(first.tokens[10]);
    expect(callee.count(/^INVITE [^]*;tag=callee/)).toBe(1);
    expect(engine.counts()).toMatchObject({ dialogs: 0, invites: 0 });
  });

  embeddedIt('it says nothing of its timers', '54: a 200 to its UPDATE after B`s BYE begins no session', async () => {
    const { engine, client, callee, invite, ask } = await talkingToB();
    await ask('ACK');
    await ask('UPDATE');
    const update = await callee.expect(/^UPDATE /);
    callee.send(byCallee(callee, invite, 'BYE'));
    await client.sip(/BYE /);
    answer(callee, update, 200, { headers: 'Session-Expires: 90;refresher=uac' });
    await client.sip(/SIP\/2\.0 200 [^]*UPDATE/);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });
});

describe('a caller whose Contact nobody here can reach', () => {
  const UNREACHABLE = '<sip:alice@127.0.0.1:PORT;transport=tls>';

  async function answeredFrom(timers = {}) {
    const started = await rawApplication({ timers });
    const call = newCall(started.peer);
    const contact = UNREACHABLE.replace('PORT', String(started.peer.port));
    sendInvite(call, { contact });
    const { tokens } = await started.client.sip(/INVITE /);
    await started.client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n${SDP_B}`);
    await response(call, 200);
    return { ...started, call, contact, dialogId: `${call.callId};from-tag=${call.tag}` };
  }

  embeddedIt(
    'it drops the call in silence',
    '38: sends no ACK: the application hears of the end all the same',
    async () => {
      const { client, engine, dialogId } = await answeredFrom(EXPIRING);
      const { tokens, text } = await client.sip(/BYE /);
      expect([tokens[2], tokens[8], tokens[9]]).toEqual(['application', 'unsolicited', dialogId]);
      expect(text).toContain('ACK timeout');
      expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
    },
  );

  embeddedIt('it keeps the dialog', '36: the application`s BYE gets NOK, and the dialog is gone', async () => {
    const { client, engine, call, contact, dialogId } = await answeredFrom();
    sendAck(call, { contact });
    await client.sip(/ACK /);
    const refused = await client.ask(`sip||${dialogId}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    expect(refused.tokens.slice(3)).toEqual(['NOK', 'requested protocol/transport not available']);
    expect(engine.counts().dialogs).toBe(0);
  });
});

describe('a fork', () => {
  embeddedIt('it sends no BYE', '55: the BYE to its second answer has a number above that of its PRACK', async () => {
    const { client, callee, invite, dialogId } = await calling();
    for (const toTag of ['one', 'two']) {
      answer(callee, invite, 183, { toTag, headers: 'Require: 100rel\nRSeq: 5' });
      await client.sip(new RegExp(`SIP/2\\.0 183[^]*tag=${toTag}`));
      await client.ask(`sip||${dialogId}\r\nPRACK sip:placeholder SIP/2.0\r\n\r\n`);
    }
    const pracks = [await callee.expect(/^PRACK /), await callee.expect(/^PRACK /)];
    const prack = pracks.find((each) => each.header('To').endsWith('tag=two'));
    answer(callee, invite, 200, { toTag: 'one', body: SDP_B });
    await client.sip(/SIP\/2\.0 200/);
    answer(callee, invite, 200, { toTag: 'two', body: SDP_B });
    const bye = await callee.expect(/^BYE [^]*tag=two/);
    const numberOf = (text = ''): number => Number.parseInt(text, 10);
    expect(numberOf(bye.header('CSeq'))).toBeGreaterThan(numberOf(prack?.header('CSeq')));
  });
});

describe('at a limit', () => {
  embeddedIt('its limits are lowered', '19: a BYE passes when too many requests are unanswered', async () => {
    const { client, peer, answered } = await rawApplication({ limits: { maxUnansweredRequests: 1 } });
    const { call } = await answered('200 OK', `\r\n${SDP_B}`);
    await response(call, 200);
    const other = newCall(peer);
    sendInvite(other, { method: 'OPTIONS', body: '' });
    await client.sip(/OPTIONS /);
    sendInDialog(call, 'BYE');
    const { tokens } = await client.sip(/BYE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200, 'BYE');
  });
});
