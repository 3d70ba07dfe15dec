import { describe, expect, it } from 'vitest';
import { byCallee, talkingToA, talkingToB } from './raw-application.ts';
import {
  A_REFRESHES,
  calledWith,
  REFRESH_MS,
  refreshOf,
  rungWith,
  SESSION_MS,
  settled,
  timed,
  WE_REFRESH,
} from './session-calls.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  EXPIRING,
  newCall,
  next,
  response,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  type SrfDialog,
  type SrfMessage,
  type SrfRequest,
  type SrfResponse,
} from './support.ts';
import { differs, embeddedIt } from './target.ts';
import { startWithClock } from './timed-engine.ts';

const CLOCK = 'it lives by the system`s clock';

describe('what is agreed on about the length of a session', () => {
  it.each([
    ['uac', '1800', '1800'],
    ['uas', '1800', '1800'],
    ['uac', '30', '90'],
  ])('54: an offer with refresher=%s, %s s is answered %s with the same', async (refresher, offered, answered) => {
    const headers = `Supported: timer\nSession-Expires: ${offered};refresher=${refresher}`;
    const { ok } = await rungWith({ headers });
    expect(ok.header('Session-Expires')).toBe(`${answered};refresher=${refresher}`);
  });

  it('54: an offer without refresher is ignored, as is one that cannot be read', async () => {
    const unreadable = ['x;refresher=uac', '-5;refresher=uac', `${'9'.repeat(300)};refresher=uac`, ''];
    // drachtio-server drops such an INVITE.
    for (const offer of ['1800', ...differs(unreadable, [])]) {
      const { ok } = await rungWith({ headers: `Supported: timer\nSession-Expires: ${offer}` });
      expect(ok.all('Session-Expires')).toEqual([]);
    }
  });

  it('54: the application`s own Session-Expires is kept', async () => {
    const headers = 'Supported: timer\nSession-Expires: 1800;refresher=uas';
    const { ok } = await rungWith({ headers }, 'Session-Expires: 600;refresher=uac\r\n');
    expect(ok.header('Session-Expires')).toBe('600;refresher=uac');
  });

  embeddedIt(
    'drachtio-server leaves both to the application',
    '54: refresher and Require are added to it (RFC 4028 9)',
    async () => {
      const able = await rungWith({ headers: 'Supported: timer' }, 'Session-Expires: 600\r\n');
      expect(able.ok.header('Session-Expires')).toBe('600;refresher=uac');
      expect(able.ok.header('Require')).toBe('timer');
      const unable = await rungWith({}, 'Session-Expires: 600\r\n');
      expect(unable.ok.header('Session-Expires')).toBe('600;refresher=uas');
      expect(unable.ok.all('Require')).toEqual([]);
    },
  );

  it.each(['INVITE', 'UPDATE'])(
    '54: %s in a dialog with less than 90 s: 422 with Min-SE, not delivered',
    async (method) => {
      const { client, call, ask } = await talkingToA();
      sendInDialog(call, method, { headers: 'Session-Expires: 89;refresher=uac', body: SDP_A });
      expect((await response(call, 422, method)).header('Min-SE')).toBe('90');
      expect((await ask('INFO')).tokens[3]).toBe('OK');
      expect(client.received.filter(({ text }) => text.startsWith(method))).toHaveLength(method === 'INVITE' ? 1 : 0);
    },
  );
});

describe('a session that we refresh', () => {
  embeddedIt(
    CLOCK,
    '54: a re-INVITE at half the time repeats our description; the application hears nothing',
    async () => {
      const test = await timed(WE_REFRESH);
      const { client, call, clock } = test;
      const heard = client.received.filter(({ tokens }) => tokens[1] === 'sip').length;
      clock.advance(SESSION_MS / 2 - 5_001);
      await settled(client);
      expect(call.peer.count(/^INVITE /)).toBe(0);
      clock.advance(10_002);
      const refresh = await call.peer.expect(/^INVITE /);
      expect(refresh.body).toBe(SDP_B);
      expect(refresh.header('Session-Expires')).toBe('90;refresher=uac');
      expect(refresh.header('Min-SE')).toBe('90');
      expect(refresh.header('Contact')).toMatch(/^<sip:127/);
      answer(call.peer, refresh, 200, { body: SDP_A, headers: 'Session-Expires: 90;refresher=uac' });
      const ack = await call.peer.expect(/^ACK /);
      expect(Number.parseInt(ack.header('CSeq'), 10)).toBe(Number.parseInt(refresh.header('CSeq'), 10));
      (await refreshOf(test)).accept();
      await call.peer.expect(/^ACK /);
      expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toHaveLength(heard);
    },
  );

  embeddedIt(CLOCK, '54: towards B, where its 200 names uac or nobody', async () => {
    for (const named of ['90;refresher=uac', '90']) {
      const { callee, clock } = await calledWith({ headers: `Session-Expires: ${named}` });
      for (let i = 0; i < 2; i += 1) {
        clock.advance(REFRESH_MS);
        const refresh = await callee.expect(/^INVITE [^]*Session-Expires/);
        expect(refresh.body).toBe(SDP_A);
        // A peer that knows no session timers is refreshed all the same.
        answer(callee, refresh, 200, { body: SDP_B });
        await callee.expect(/^ACK /);
      }
    }
  });

  embeddedIt(CLOCK, '54: a peer may take over the refreshing', async () => {
    const test = await timed(WE_REFRESH);
    (await refreshOf(test)).accept('Session-Expires: 120;refresher=uas');
    await test.call.peer.expect(/^ACK /);
    test.clock.advance(119_000);
    await settled(test.client);
    expect(test.call.peer.count(/^(INVITE|BYE) /)).toBe(1);
    test.clock.advance(1_001);
    await test.call.peer.expect(/^BYE [^]*Session timer expired/);
  });

  embeddedIt(CLOCK, '54: after a 491 it is tried again', async () => {
    const test = await timed(WE_REFRESH);
    const { call, client, clock } = test;
    answer(call.peer, (await refreshOf(test)).refresh, 491);
    await call.peer.expect(/^ACK /);
    clock.advance(4_001);
    const again = await call.peer.expect(/^INVITE /);
    answer(call.peer, again, 200, { body: SDP_A });
    await call.peer.expect(/^ACK /);
    await settled(client);
    expect(call.peer.count(/^BYE /)).toBe(0);
  });

  embeddedIt(CLOCK, '54: refused otherwise: BYE, and an unsolicited BYE with Session timer expired', async () => {
    const test = await timed(WE_REFRESH);
    const { engine, client, call, dialogId } = test;
    answer(call.peer, (await refreshOf(test)).refresh, 500);
    const bye = await call.peer.expect(/^BYE /);
    expect(bye.header('Reason')).toBe('SIP;cause=200;text="Session timer expired"');
    const { tokens } = await client.sip(/BYE /);
    expect([tokens[2], tokens[8], tokens[9]]).toEqual(['application', 'unsolicited', dialogId]);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '54: not answered at all: the same', async () => {
    const test = await timed(WE_REFRESH, '', EXPIRING);
    await refreshOf(test);
    await test.call.peer.expect(/^BYE [^]*Session timer expired/);
  });

  embeddedIt(CLOCK, '54: A`s re-INVITE or offer in an UPDATE meets ours: 491', async () => {
    const test = await timed(WE_REFRESH);
    const { call } = test;
    const { accept } = await refreshOf(test);
    sendInDialog(call, 'INVITE', { body: SDP_A });
    await response(call, 491);
    sendInDialog(call, 'UPDATE', { body: SDP_A });
    await response(call, 491, 'UPDATE');
    accept();
    await call.peer.expect(/^ACK /);
  });

  embeddedIt(CLOCK, '54: A hangs up while ours is under way: the late 200 is acknowledged', async () => {
    const test = await timed(WE_REFRESH);
    const { call, client, engine } = test;
    const { accept } = await refreshOf(test);
    sendInDialog(call, 'BYE');
    const { tokens } = await client.sip(/BYE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    accept();
    await call.peer.expect(/^ACK /);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '54: the application`s re-INVITE waits for the end of ours, and names the session', async () => {
    const test = await timed(WE_REFRESH);
    const { client, call, dialogId } = test;
    const { refresh, accept } = await refreshOf(test);
    const asked = client.send(`sip||${dialogId}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${SDP_A}`);
    await settled(client);
    expect(call.peer.count(/^INVITE /)).toBe(1);
    accept();
    await call.peer.expect(/^ACK /);
    const theirs = await call.peer.expect(/^INVITE /);
    expect((await client.answer(asked)).tokens[3]).toBe('OK');
    expect(Number.parseInt(theirs.header('CSeq'), 10)).toBe(Number.parseInt(refresh.header('CSeq'), 10) + 1);
    expect(theirs.header('Session-Expires')).toBe('90;refresher=uac');
    expect(theirs.body).toBe(SDP_A);
    answer(call.peer, theirs, 200, { body: SDP_A, headers: 'Session-Expires: 90;refresher=uac' });
    await client.sip(/SIP\/2\.0 200/);
    await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    // What the application has described since is what is refreshed.
    expect((await refreshOf(test)).refresh.body).toBe(SDP_A);
  });

  embeddedIt(CLOCK, '54: so many may wait for that, one more gets NOK', async () => {
    const test = await timed(WE_REFRESH);
    const { client, call, dialogId } = test;
    await refreshOf(test);
    const invite = `sip||${dialogId}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${SDP_A}`;
    for (let i = 0; i < 8; i += 1) client.send(invite);
    expect((await client.ask(invite)).tokens[3]).toBe('NOK');
    expect(call.peer.count(/^INVITE /)).toBe(1);
  });

  embeddedIt(CLOCK, '54: while an INVITE of the application is under way, ours waits', async () => {
    const test = await timed(WE_REFRESH);
    const { client, call, clock, dialogId } = test;
    await client.ask(`sip||${dialogId}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${SDP_A}`);
    const theirs = await call.peer.expect(/^INVITE /);
    clock.advance(REFRESH_MS);
    await settled(client);
    expect(call.peer.count(/^INVITE /)).toBe(1);
    answer(call.peer, theirs, 488);
    await client.sip(/SIP\/2\.0 488/);
    clock.advance(4_001);
    expect((await call.peer.expect(/^INVITE /)).body).toBe(SDP_B);
  });

  embeddedIt(CLOCK, '54: a re-INVITE of either side that is silent about the session leaves it to us', async () => {
    const test = await timed(WE_REFRESH);
    const { client, call, clock, dialogId } = test;
    sendInDialog(call, 'INVITE', { body: SDP_A });
    const { tokens } = await client.sip(/INVITE sip[^]*CSeq: 2 /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n${SDP_B}`);
    const ok = await call.peer.expect(/^SIP\/2\.0 200 [^]*CSeq: 2 INVITE/);
    expect(ok.header('Session-Expires')).toBe('90;refresher=uas');
    expect(ok.all('Require')).toEqual([]);
    sendAck(call);
    await client.sip(/ACK [^]*CSeq: 2 /);
    await client.ask(`sip||${dialogId}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${SDP_A}`);
    answer(call.peer, await call.peer.expect(/^INVITE /), 200, { body: SDP_A });
    await client.sip(/SIP\/2\.0 200/);
    await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    clock.advance(REFRESH_MS);
    expect((await call.peer.expect(/^INVITE /)).header('Session-Expires')).toBe('90;refresher=uac');
  });

  embeddedIt(CLOCK, '54: nobody refreshes a call whose application is gone: it is ended', async () => {
    const { client, engine, call, clock, logged } = await timed(WE_REFRESH);
    client.socket.destroy();
    await expect.poll(() => logged.some((line) => line.endsWith('is gone'))).toBe(true);
    clock.advance(REFRESH_MS);
    await call.peer.expect(/^BYE /);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });
});

describe('a session that the peer refreshes', () => {
  embeddedIt(CLOCK, '54: not refreshed for its whole length: BYE, and srf`s dialog is destroyed', async () => {
    const { engine, clock, udpPort } = await startWithClock();
    const dialog = Promise.withResolvers<SrfDialog>();
    await connectSrf(engine, (srf) => {
      srf.invite((req: SrfRequest, res: SrfResponse) => {
        srf.createUAS(req, res, { localSdp: SDP_B }).then(dialog.resolve, dialog.reject);
      });
    });
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call, A_REFRESHES);
    await response(call, 200);
    const uas = await dialog.promise;
    const acked = next(uas, 'ack');
    sendAck(call);
    await acked;
    const ended = next(uas, 'destroy');
    clock.advance(SESSION_MS);
    const [bye, reason] = await ended;
    expect((bye as SrfMessage).get('Reason')).toMatch(/Session timer expired/);
    expect(reason).toBe('Session timer expired');
    await call.peer.expect(/^BYE /);
    expect(engine.counts()).toMatchObject({ dialogs: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '54: towards B, where its 200 names uas', async () => {
    const { callee, client, clock } = await calledWith({ headers: 'Session-Expires: 90;refresher=uas' });
    clock.advance(SESSION_MS);
    await callee.expect(/^BYE [^]*Session timer expired/);
    await client.sip(/BYE /);
    expect(callee.count(/^INVITE /)).toBe(1);
  });

  embeddedIt(CLOCK, '54: its re-INVITE or UPDATE begins it anew, and who refreshed goes on', async () => {
    const { client, call, clock } = await timed(A_REFRESHES);
    for (const method of ['INVITE', 'UPDATE', 'INVITE']) {
      clock.advance(SESSION_MS - 1);
      const body = method === 'INVITE' ? SDP_A : '';
      sendInDialog(call, method, { headers: 'Supported: timer\nSession-Expires: 90', body });
      const { tokens } = await client.sip(new RegExp(`${method} sip[^]*CSeq: ${call.cseq} `));
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n${body}`);
      const ok = await call.peer.expect(new RegExp(`^SIP/2\\.0 200 [^]*CSeq: ${call.cseq} ${method}`));
      expect(ok.header('Session-Expires')).toBe('90;refresher=uac');
      if (method === 'INVITE') sendAck(call);
    }
    expect(call.peer.count(/^BYE /)).toBe(0);
    clock.advance(SESSION_MS);
    await call.peer.expect(/^BYE [^]*Session timer expired/);
  });

  embeddedIt(CLOCK, '54: a re-INVITE without Session-Expires ends the session timer', async () => {
    const { engine, client, call } = await timed(A_REFRESHES);
    expect(engine.counts().timers).toBe(1);
    sendInDialog(call, 'INVITE', { body: SDP_A });
    const { tokens } = await client.sip(/INVITE sip[^]*CSeq: 2 /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n${SDP_B}`);
    await call.peer.expect(/^SIP\/2\.0 200 [^]*CSeq: 2 INVITE/);
    expect(engine.counts().timers).toBe(0);
  });

  embeddedIt(CLOCK, '54: a session longer than any timeout has no timer', async () => {
    const { engine, ok } = await timed({ headers: 'Supported: timer\nSession-Expires: 4294967295;refresher=uac' });
    expect(ok.header('Session-Expires')).toBe('4294967295;refresher=uac');
    expect(engine.counts().timers).toBe(0);
  });
});

describe('session timers of two legs', () => {
  embeddedIt(CLOCK, '54: createB2BUA that copies all headers: each leg has its own, and they do not meet', async () => {
    const { engine, clock, udpPort } = await startWithClock();
    const callee = await calleePeer(udpPort);
    const call = newCall(await callerPeer(udpPort));
    const both = Promise.withResolvers<{ uas: SrfDialog }>();
    await connectSrf(engine, (srf) => {
      srf.invite((req: SrfRequest, res: SrfResponse) => {
        const options = { proxyRequestHeaders: ['all'], proxyResponseHeaders: ['all'] };
        srf.createB2BUA(req, res, `sip:1001@127.0.0.1:${callee.port}`, options).then(both.resolve, both.reject);
      });
    });
    sendInvite(call, A_REFRESHES);
    const invite = await callee.expect(/^INVITE /);
    expect(invite.header('Session-Expires')).toBe('90;refresher=uac');
    answer(callee, invite, 200, { body: SDP_B, headers: 'Require: timer\nSession-Expires: 90;refresher=uac' });
    expect((await response(call, 200)).header('Session-Expires')).toBe('90;refresher=uac');
    await callee.expect(/^ACK /);
    const acked = next((await both.promise).uas, 'ack');
    sendAck(call);
    await acked;
    // Towards B we are the caller, who refreshes; A refreshes towards us.
    clock.advance(REFRESH_MS);
    answer(callee, await callee.expect(/^INVITE /), 200, { body: SDP_B, headers: 'Session-Expires: 90;refresher=uac' });
    await callee.expect(/^ACK /);
    expect(call.peer.count(/^INVITE /)).toBe(0);
    clock.advance(SESSION_MS - REFRESH_MS);
    await call.peer.expect(/^BYE [^]*Session timer expired/);
  });
});

describe('hostile session timers', () => {
  embeddedIt(
    'drachtio-server drops it',
    '54: an UPDATE of B with a garbled Min-SE or Session-Expires is passed on',
    async () => {
      const { client, callee, invite } = await talkingToB();
      let cseq = 0;
      for (const headers of [
        'Min-SE: x',
        'Session-Expires: ;;;',
        'Session-Expires: 1e9',
        `Min-SE: ${'9'.repeat(99)}`,
      ]) {
        cseq += 1;
        callee.send(byCallee(callee, invite, 'UPDATE', { cseq, headers }));
        const { tokens } = await client.sip(new RegExp(`UPDATE [^]*CSeq: ${cseq} `));
        await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
        const ok = await callee.expect(new RegExp(`^SIP/2\\.0 200 [^]*CSeq: ${cseq} UPDATE`));
        expect(ok.all('Session-Expires')).toEqual([]);
      }
    },
  );
});
