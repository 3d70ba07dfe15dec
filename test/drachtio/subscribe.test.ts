import { describe, expect, it } from 'vitest';
import { byCallee, rawApplication, UNKNOWN } from './raw-application.ts';
import { rawClient } from './raw-client.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  newCall,
  response,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from './support.ts';
import { embeddedIt } from './target.ts';

const LOST = 'drachtio-server answers it with 500 by itself';

/** A raw application that has sent a SUBSCRIBE to B. */
async function subscribing() {
  const started = await startEngineForTest();
  const client = await rawClient(started.engine);
  await client.ask('route|notify');
  const callee = await calleePeer(started.udpPort);
  const sent = await client.ask(
    `sip||\r\nSUBSCRIBE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\nEvent: presence\r\nExpires: 60\r\n\r\n`,
  );
  const subscribe = await callee.expect(/^SUBSCRIBE /);
  const fromTag = /;tag=([^;\s]+)/.exec(subscribe.header('From'))?.[1] ?? '';
  const dialogId = `${subscribe.header('Call-ID')};from-tag=${fromTag}`;
  const notify = (cseq: number, state: string): void =>
    callee.send(
      byCallee(callee, subscribe, 'NOTIFY', { cseq, headers: `Event: presence\nSubscription-State: ${state}` }),
    );
  const answerNotify = async (status: string) => {
    const { tokens } = await client.sip(/NOTIFY /);
    const ok = await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 ${status}\r\n\r\n`);
    return { tokens, ok };
  };
  const ask = (method: string) => client.ask(`sip||${dialogId}\r\n${method} sip:placeholder SIP/2.0\r\n\r\n`);
  return { ...started, client, callee, subscribe, dialogId, notify, answerNotify, ask, txnId: sent.tokens[10] };
}

describe('SUBSCRIBE of the application', () => {
  it('53: the 2xx makes a dialog, NOTIFY is delivered in it', async () => {
    const { callee, client, subscribe, dialogId, notify, answerNotify } = await subscribing();
    answer(callee, subscribe, 202);
    expect((await client.sip(/SIP\/2\.0 202/)).tokens[9]).toBe(dialogId);
    notify(1, 'active;expires=60');
    expect((await answerNotify('200 OK')).tokens[9]).toBe(dialogId);
    await callee.expect(/^SIP\/2\.0 200 [^]*NOTIFY/);
  });

  embeddedIt(
    'drachtio-server takes it for a new request',
    '53: a NOTIFY that overtakes the 2xx makes it (RFC 6665 4.4.1)',
    async () => {
      const { callee, client, subscribe, dialogId, notify, answerNotify, ask, engine } = await subscribing();
      notify(1, 'active;expires=60');
      expect((await answerNotify('200 OK')).tokens[9]).toBe(dialogId);
      await callee.expect(/^SIP\/2\.0 200 [^]*NOTIFY/);
      answer(callee, subscribe, 200);
      await client.sip(/SIP\/2\.0 200[^]*SUBSCRIBE/);
      expect((await ask('SUBSCRIBE')).tokens[3]).toBe('OK');
      const refresh = await callee.expect(/^SUBSCRIBE sip:bob@/);
      expect(Number.parseInt(refresh.header('CSeq'), 10)).toBe(Number.parseInt(subscribe.header('CSeq'), 10) + 1);
      expect(engine.counts()).toMatchObject({ dialogs: 1, subscribes: 0 });
    },
  );

  embeddedIt(LOST, '53: a NOTIFY of another place that it was forked to is a request of its own', async () => {
    const { callee, subscribe, notify, answerNotify, client } = await subscribing();
    notify(1, 'active');
    await answerNotify('200 OK');
    const other = byCallee(callee, subscribe, 'NOTIFY', { cseq: 2, headers: 'Event: presence' });
    callee.send(other.replace(/tag=callee/, 'tag=other'));
    const { tokens } = await client.sip(/NOTIFY [^]*tag=other/);
    expect(tokens[9]).toBe('');
  });

  embeddedIt(LOST, '53: where the SUBSCRIBE fails after all, the dialog is gone', async () => {
    const { callee, client, engine, subscribe, notify, answerNotify, ask } = await subscribing();
    notify(1, 'active');
    await answerNotify('200 OK');
    answer(callee, subscribe, 481);
    await client.sip(/SIP\/2\.0 481/);
    expect((await ask('SUBSCRIBE')).tokens.slice(3)).toEqual(UNKNOWN);
    expect(engine.counts()).toMatchObject({ dialogs: 0, subscribes: 0 });
  });

  embeddedIt(LOST, '53: a NOTIFY with terminated ends the dialog once the application has answered it', async () => {
    const { callee, client, engine, subscribe, notify, answerNotify, ask } = await subscribing();
    answer(callee, subscribe, 200);
    await client.sip(/SIP\/2\.0 200/);
    notify(1, 'terminated;reason=noresource');
    const { ok } = await answerNotify('200 OK');
    expect(ok.tokens[3]).toBe('OK');
    await callee.expect(/^SIP\/2\.0 200 [^]*NOTIFY/);
    expect((await ask('SUBSCRIBE')).tokens.slice(3)).toEqual(UNKNOWN);
    expect(engine.counts()).toMatchObject({ dialogs: 0, dialogConnections: 0, incoming: 0 });
  });

  it('53: SUBSCRIBEs that fail leave nothing', async () => {
    const { callee, client, subscribe, ask } = await subscribing();
    answer(callee, subscribe, 489);
    await client.sip(/SIP\/2\.0 489/);
    expect((await ask('SUBSCRIBE')).tokens.slice(3)).toEqual(UNKNOWN);
  });
});

describe('SUBSCRIBE of the peer', () => {
  embeddedIt(LOST, '53: the application`s NOTIFY with terminated ends the dialog with its answer', async () => {
    const { engine, client, answered } = await rawApplication();
    const { call, ok } = await answered('202 Accepted', '\r\n', 'SUBSCRIBE');
    await response(call, 202, 'SUBSCRIBE');
    const dialogId = ok.tokens[11] ?? '';
    const notify = (state: string) =>
      client.ask(`sip||${dialogId}\r\nNOTIFY sip:placeholder SIP/2.0\r\nSubscription-State: ${state}\r\n\r\n`);
    for (const state of ['active', 'terminated;reason=timeout']) {
      await notify(state);
      answer(call.peer, await call.peer.expect(new RegExp(`^NOTIFY [^]*${state}`)), 200);
      await client.sip(/SIP\/2\.0 200[^]*NOTIFY/);
    }
    expect((await notify('active')).tokens.slice(3)).toEqual(UNKNOWN);
    expect(engine.counts()).toMatchObject({ dialogs: 0 });
  });

  embeddedIt(
    'drachtio-server forgets the call then (its issue 482)',
    '53: the end of an implied subscription leaves the call as it is',
    async () => {
      const started = await startEngineForTest();
      const client = await rawClient(started.engine);
      await client.ask('route|invite');
      const call = newCall(await callerPeer(started.udpPort));
      sendInvite(call);
      const invite = await client.sip(/INVITE /);
      await client.ask(`sip|${invite.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200);
      sendInDialog(call, 'NOTIFY', { headers: 'Event: refer\nSubscription-State: terminated' });
      const { tokens } = await client.sip(/NOTIFY /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200, 'NOTIFY');
      expect(started.engine.counts().dialogs).toBe(1);
    },
  );
});
