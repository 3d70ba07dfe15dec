import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { sendCancel } from './raw-application.ts';
import { rawClient } from './raw-client.ts';
import { called, caller } from './srf-application.ts';
import {
  answer,
  callerPeer,
  connectSrf,
  newCall,
  next,
  response,
  routed,
  SDP_A,
  SDP_B,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  type SrfRequest,
  type SrfResponse,
} from './support.ts';
import { differs, embeddedIt } from './target.ts';

describe('Dialog', () => {
  // `dialog.refer()` and its like throw in drachtio-srf 5.0.29, before anything is sent: `request` is the way.
  it('24: a REFER, and the NOTIFY of what came of it, each go within the dialog', async () => {
    const { dialog, peer, call } = await called();
    const asked = dialog.request({ method: 'REFER', headers: { 'Refer-To': '<sip:1002@example.com>' } });
    const refer = await peer.expect(/^REFER /);
    expect(refer.header('Refer-To')).toBe('<sip:1002@example.com>');
    expect(refer.header('Contact')).toMatch(/^<sip:.*127\.0\.0\.1:\d+>$/);
    answer(peer, refer, 202);
    expect((await asked).status).toBe(202);
    dialog.on('notify', (_req: SrfRequest, res: SrfResponse) => res.send(200));
    sendInDialog(call, 'NOTIFY', { headers: 'Event: refer\nSubscription-State: active', body: '' });
    await response(call, 200, 'NOTIFY');
  });

  it('24: a REFER of the peer reaches the listener, whose answer and NOTIFY reach the peer', async () => {
    const { dialog, peer, call } = await called();
    const referred = next<[SrfRequest, SrfResponse]>(dialog, 'refer');
    sendInDialog(call, 'REFER', { headers: 'Refer-To: <sip:1002@example.com>' });
    const [refer, res] = await referred;
    expect(refer.get('Refer-To')).toBe('<sip:1002@example.com>');
    res.send(202);
    await response(call, 202, 'REFER');
    const body = 'SIP/2.0 100 Trying\r\n';
    const headers = { Event: 'refer', 'Subscription-State': 'active', 'Content-Type': 'message/sipfrag' };
    const asked = dialog.request({ method: 'NOTIFY', headers, body });
    const notify = await peer.expect(/^NOTIFY /);
    expect(notify.body).toBe(body);
    answer(peer, notify, 200);
    expect((await asked).status).toBe(200);
  });

  embeddedIt('drachtio-server loses the answer', '23: modify() whose INVITE rings before it is answered', async () => {
    const { dialog, peer } = await called();
    const modified = dialog.modify(SDP_A);
    const again = await peer.expect(/^INVITE /);
    answer(peer, again, 180);
    answer(peer, again, 200, { body: SDP_B });
    expect(await modified).toBe(SDP_B);
    await peer.expect(/^ACK /);
  });

  it('22: modify() in a dialog that the peer began: the peer`s CSeq + 1, to its Contact', async () => {
    const { dialog, peer, call } = await called();
    const modified = dialog.modify(SDP_A);
    const again = await peer.expect(/^INVITE /);
    expect([again.start, again.header('CSeq'), again.body]).toEqual([
      `INVITE sip:alice@127.0.0.1:${peer.port} SIP/2.0`,
      '2 INVITE',
      SDP_A,
    ]);
    expect(again.header('To')).toContain(`;tag=${call.tag}`);
    answer(peer, again, 200, { body: SDP_B });
    expect(await modified).toBe(SDP_B);
    await peer.expect(/^ACK /);
  });

  it('45: a caller whose Contact is not where it sends from is reached where it sends from', async () => {
    const { dialog, peer } = await called('udp', () => '<sip:alice@10.11.12.13:5099>');
    const asked = dialog.request({ method: 'INFO' });
    const info = await peer.expect(/^INFO /);
    expect(info.start).toBe('INFO sip:alice@10.11.12.13:5099 SIP/2.0');
    answer(peer, info, 200);
    expect((await asked).status).toBe(200);
  });

  it('46: a caller over TCP is reached over its connection', async () => {
    const { dialog, peer } = await called('tcp', () => '<sip:alice@192.0.2.55:9;transport=tcp>');
    const destroyed = dialog.destroy();
    const bye = await peer.expect(/^BYE sip:alice@192\.0\.2\.55/);
    answer(peer, bye, 200);
    await destroyed;
  });

  it('43: a caller behind a proxy that records its route is reached through it', async () => {
    const proxy = await callerPeer(0);
    const { dialog, peer } = await called('udp', undefined, `Record-Route: <sip:127.0.0.1:${proxy.port};lr>`);
    const destroyed = dialog.destroy();
    const bye = await proxy.expect(/^BYE /);
    expect(bye.start).toBe(`BYE sip:alice@127.0.0.1:${peer.port} SIP/2.0`);
    expect(bye.header('Route')).toBe(`<sip:127.0.0.1:${proxy.port};lr>`);
    answer(proxy, bye, 200);
    await destroyed;
  });

  it.each(['INFO', 'BYE'])('27: a challenged %s is repeated with credentials and CSeq + 1', async (method) => {
    const { dialog, peer } = await called();
    const auth = { username: 'u', password: 'p' };
    const asked = method === 'BYE' ? dialog.destroy({ auth }) : dialog.request({ method, auth });
    const first = await peer.expect(new RegExp(`^${method} `));
    answer(peer, first, 401, { headers: 'WWW-Authenticate: Digest realm="x", nonce="abc", qop="auth"' });
    const second = await peer.expect(new RegExp(`^${method} [^]*Authorization: Digest username="u"`));
    expect(Number.parseInt(second.header('CSeq'), 10)).toBe(Number.parseInt(first.header('CSeq'), 10) + 1);
    for (const name of ['Call-ID', 'From', 'To']) expect(second.header(name)).toBe(first.header(name));
    answer(peer, second, 200);
    await asked;
  });
});

describe('srf', () => {
  it('36: the length of a body with characters beyond ASCII is counted in bytes', async () => {
    const { srf, callee, uri } = await caller();
    const body = 'Grüße an 日本 ☎';
    const sent = await srf.request(uri, { method: 'MESSAGE', headers: { 'Content-Type': 'text/plain' }, body });
    const answered = once(sent, 'response');
    const message = await callee.expect(/^MESSAGE /);
    expect([message.body, message.header('Content-Length')]).toEqual([body, String(Buffer.byteLength(body))]);
    answer(callee, message, 202);
    expect(((await answered) as [SrfResponse])[0].status).toBe(202);
  });

  it('32: a second final response is refused, and the application serves on', async () => {
    const started = await startEngineForTest();
    const peer = await callerPeer(started.udpPort);
    const refused = Promise.withResolvers<string | null>();
    await connectSrf(started.engine, (app) => {
      app.options((_req, res) => res.send(200));
      app.invite((req, res) => {
        req.on('cancel', () => res.send(487, 'Request Terminated', {}, (error) => refused.resolve(error)));
        res.send(180);
      });
    });
    const call = newCall(peer);
    sendInvite(call);
    await response(call, 180);
    sendCancel(call);
    expect(String(await refused.promise)).toContain('unknown transaction');
    const ping = newCall(peer);
    sendInvite(ping, { method: 'OPTIONS', body: '' });
    await response(ping, 200, 'OPTIONS');
  });

  it('37: one INVITE rings the application once, however often it is sent', async () => {
    const started = await startEngineForTest();
    const peer = await callerPeer(started.udpPort);
    const rung: SrfRequest[] = [];
    await connectSrf(started.engine, (app) => {
      app.options((_req, res) => res.send(200));
      app.invite((req, res) => {
        rung.push(req);
        res.send(180);
      });
    });
    const call = newCall(peer);
    for (let i = 0; i < 3; i += 1) sendInvite(call);
    await response(call, 180);
    sendInvite(call);
    const ping = newCall(peer);
    sendInvite(ping, { method: 'OPTIONS', body: '' });
    await response(ping, 200, 'OPTIONS');
    expect(rung).toHaveLength(1);
  });

  it('42: a connection that broke is made again with all routes, and new calls work', async () => {
    const started = await startEngineForTest();
    const peer = await callerPeer(started.udpPort);
    const sockets: { destroy(): void }[] = [];
    const srf = await connectSrf(started.engine, (app) => {
      app.invite((_req, res) => res.send(486));
      app.options((req, res) => {
        sockets.push(req.socket as { destroy(): void });
        res.send(200);
      });
    });
    const ask = async (method: string, status: number): Promise<void> => {
      const call = newCall(peer);
      sendInvite(call, { method, body: '' });
      await response(call, status, method);
    };
    for (let i = 0; i < 2; i += 1) {
      await ask('OPTIONS', 200);
      const reconnected = next<[Error | null]>(srf, 'connect');
      sockets.at(-1)?.destroy();
      expect((await reconnected)[0]).toBeNull();
      await routed(srf);
      await ask('INVITE', 486);
    }
  });

  it('41: while no application is connected INVITE gets 503', async () => {
    const started = await startEngineForTest();
    const peer = await callerPeer(started.udpPort);
    const client = await rawClient(started.engine);
    await client.ask('route|invite');
    client.socket.destroy();
    await client.closed;
    const ask = async (method: string): Promise<number> => {
      const call = newCall(peer);
      sendInvite(call, { method, body: '' });
      const final = await peer.expect(new RegExp(`^SIP/2\\.0 [2-6]\\d\\d (?=[^]*?Call-ID: ${call.callId}\r)`));
      return Number(final.start.split(' ')[1]);
    };
    await expect.poll(() => ask('INVITE')).toBe(503);
    // An engine on its own is a peer that is alive; drachtio-server makes no difference.
    expect(await ask('OPTIONS')).toBe(differs(200, 503));
  });
});
