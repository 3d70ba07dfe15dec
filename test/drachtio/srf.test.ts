import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { byCallee, sendCancel } from './raw-application.ts';
import { rawClient } from './raw-client.ts';
import {
  routed,
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  dialogCount,
  newCall,
  next,
  response,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  type SrfDialog,
  type SrfMessage,
  type SrfRequest,
  type SrfResponse,
} from './support.ts';
import { differs, drachtioServer, embeddedIt } from './target.ts';
import type { SipPeer } from '../support/sip-peer.ts';

/** An application that calls, and B, which it may call. */
async function caller(transport: 'udp' | 'tcp' = 'udp') {
  const started = await startEngineForTest();
  const srf = await connectSrf(started.engine);
  const callee = await calleePeer(transport === 'udp' ? started.udpPort : started.tcpPort, transport);
  const uri = `sip:1001@127.0.0.1:${callee.port}${transport === 'udp' ? '' : ';transport=tcp'}`;
  return { ...started, srf, callee, uri };
}

/** An application that A has called, and its dialog. */
async function called(transport: 'udp' | 'tcp' = 'udp', contact?: (peer: SipPeer) => string, headers = '') {
  const started = await startEngineForTest();
  const peer = await callerPeer(transport === 'udp' ? started.udpPort : started.tcpPort, transport);
  const answered = Promise.withResolvers<SrfDialog>();
  const srf = await connectSrf(started.engine, (app) =>
    app.invite((req, res) => void app.createUAS(req, res, { localSdp: SDP_B }).then(answered.resolve, answered.reject)),
  );
  const call = newCall(peer);
  sendInvite(call, { headers, ...(contact === undefined ? {} : { contact: contact(peer) }) });
  const ok = await response(call, 200);
  const dialog = await answered.promise;
  const acked = next(dialog, 'ack');
  sendAck(call);
  await acked;
  return { ...started, srf, peer, call, dialog, ok };
}

describe('createUAC', () => {
  it('16: cancelled before B`s first provisional response, the CANCEL leaves after it, and the call ends with 487', async () => {
    const { srf, callee, uri } = await caller();
    const sent = Promise.withResolvers<SrfRequest>();
    const dialog = srf.createUAC(
      uri,
      { localSdp: SDP_A },
      { cbRequest: (_: unknown, req: SrfRequest) => sent.resolve(req) },
    );
    const invite = await callee.expect(/^INVITE /);
    (await sent.promise).cancel({ headers: { Reason: 'SIP;cause=200' } });
    await expect.poll(() => srf.idle).toBe(false);
    expect(callee.count(/^CANCEL /)).toBe(0);
    answer(callee, invite, 180);
    const cancel = await callee.expect(/^CANCEL /);
    expect(cancel.header('Reason')).toBe('SIP;cause=200');
    answer(callee, cancel, 200);
    answer(callee, invite, 487);
    await expect(dialog).rejects.toMatchObject({ status: 487 });
  });

  it('25: every 18x of B reaches cbProvisional, 100 does not', async () => {
    const { srf, callee, uri } = await caller();
    const statuses: number[] = [];
    const dialog = srf.createUAC(
      uri,
      { localSdp: SDP_A },
      { cbProvisional: ({ status }: SrfMessage) => void statuses.push(status) },
    );
    const invite = await callee.expect(/^INVITE /);
    for (const status of [100, 180, 183]) answer(callee, invite, status);
    answer(callee, invite, 200, { body: SDP_B });
    await dialog;
    expect(statuses).toEqual([180, 183]);
  });

  it('33: callingNumber and callingName become From and Contact at the engine`s own address', async () => {
    const { srf, callee, uri, udpPort } = await caller();
    for (const callingName of ['', 'A. Caller']) {
      srf
        .createUAC(uri, { localSdp: SDP_A, callingNumber: '4711', ...(callingName && { callingName }) })
        .catch(() => 0);
      const invite = await callee.expect(/^INVITE /);
      expect(invite.header('From')).toContain(`<sip:4711@127.0.0.1:${udpPort}>;tag=`);
      expect(invite.header('From').startsWith(callingName === '' ? '<' : '"A. Caller" <')).toBe(true);
      expect(invite.header('Contact')).toContain(`sip:4711@127.0.0.1:${udpPort}`);
      answer(callee, invite, 486);
      await callee.expect(/^ACK /);
    }
  });

  it('34: the headers that it is given are kept, each under its name', async () => {
    const { srf, callee, uri } = await caller();
    const headers = {
      'Call-ID': `given${Date.now()}`,
      'Max-Forwards': '17',
      'User-Agent': 'mine/1.0',
      Subject: 'Grüße',
      'X-Mine': 'kept',
      'P-Asserted-Identity': '<sip:pai@localhost>',
    };
    const dialog = srf.createUAC(uri, { localSdp: SDP_A, headers });
    const invite = await callee.expect(/^INVITE /);
    const { 'P-Asserted-Identity': _, ...kept } = headers;
    for (const [name, value] of Object.entries(kept)) expect(invite.header(name)).toBe(value);
    expect(invite.header('P-Asserted-Identity')).toMatch(/^<sip:pai@127\.0\.0\.1:\d+>$/);
    answer(callee, invite, 486);
    await expect(dialog).rejects.toMatchObject({ status: 486 });
  });

  it('39: B repeats its 200: the ACK is repeated, and there is one dialog', async () => {
    const { srf, callee, uri } = await caller();
    const dialog = srf.createUAC(uri, { localSdp: SDP_A });
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 200, { body: SDP_B });
    await callee.expect(/^ACK /);
    await dialog;
    answer(callee, invite, 200, { body: SDP_B });
    await callee.expectCopy(/^ACK /);
    expect(dialogCount(srf)).toBe(1);
  });

  it('43: behind a proxy that records its route, the requests of the dialog go through it', async () => {
    const { srf, callee, uri, udpPort } = await caller();
    const proxy = await callerPeer(udpPort);
    const calling = srf.createUAC(uri, { localSdp: SDP_A });
    const headers = `Record-Route: <sip:last.example;lr>\nRecord-Route: <sip:127.0.0.1:${proxy.port};lr>`;
    answer(callee, await callee.expect(/^INVITE /), 200, { body: SDP_B, headers });
    const routes = `<sip:127.0.0.1:${proxy.port};lr>, <sip:last.example;lr>`;
    expect((await proxy.expect(/^ACK /)).all('Route').join(', ').replaceAll(/,\s*/g, ', ')).toBe(routes);
    const dialog = await calling;
    const asked = dialog.request({ method: 'INFO' });
    const info = await proxy.expect(/^INFO /);
    expect(info.all('Route').join(', ').replaceAll(/,\s*/g, ', ')).toBe(routes);
    answer(proxy, info, 200);
    expect((await asked).status).toBe(200);
  });

  it('44: `proxy` is the next hop; the request-uri stays, and no Route is written', async () => {
    const { srf, callee } = await caller();
    const dialog = srf.createUAC('sip:1001@pbx.invalid', { localSdp: SDP_A, proxy: `sip:127.0.0.1:${callee.port}` });
    const invite = await callee.expect(/^INVITE /);
    expect(invite.start).toBe('INVITE sip:1001@pbx.invalid SIP/2.0');
    expect(invite.all('Route')).toEqual([]);
    answer(callee, invite, 486);
    await expect(dialog).rejects.toMatchObject({ status: 486 });
  });

  it.each([
    ['a closed TCP port', 'sip:a@127.0.0.1:1;transport=tcp'],
    ['a host without address', 'sip:a@no.such.host.invalid'],
  ])('47: to %s rejects with 503', async (_what, uri) => {
    const { srf } = await caller();
    await expect(srf.createUAC(uri, { localSdp: SDP_A })).rejects.toMatchObject({ status: 503 });
    await expect.poll(() => srf.idle).toBe(true);
  });

  it('50: without an offer it gives B`s, and the ACK carries the answer', async () => {
    const { srf, callee, uri } = await caller();
    const offered = srf.createUAC(uri, { noAck: true }) as unknown as Promise<{
      sdp: string;
      ack: (sdp: string) => Promise<SrfDialog>;
    }>;
    const invite = await callee.expect(/^INVITE /);
    expect(invite.body).toBe('');
    answer(callee, invite, 200, { body: SDP_B });
    const offer = await offered;
    expect(offer.sdp).toBe(SDP_B);
    expect(callee.count(/^ACK /)).toBe(0);
    const dialog = await offer.ack(SDP_A);
    const acked = await callee.expect(/^ACK /);
    expect([acked.header('Content-Type'), acked.body]).toEqual(['application/sdp', SDP_A]);
    const destroyed = dialog.destroy();
    answer(callee, await callee.expect(/^BYE /), 200);
    await destroyed;
  });

  it('55: a second answer of another branch makes no second dialog', async () => {
    const { srf, callee, uri } = await caller();
    const dialog = srf.createUAC(uri, { localSdp: SDP_A });
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 200, { toTag: 'first', body: SDP_B });
    await callee.expect(/^ACK [^]*To: .*tag=first/);
    answer(callee, invite, 200, { toTag: 'second', body: SDP_B });
    // drachtio-server repeats the first ACK, and nobody ends the second call.
    if (drachtioServer === null) answer(callee, await callee.expect(/^BYE [^]*To: .*tag=second/), 200);
    else await callee.expectCopy(/^ACK [^]*To: .*tag=first/);
    expect((await dialog).sip.remoteTag).toBe('first');
    expect(dialogCount(srf)).toBe(1);
  });

  it('53: SUBSCRIBE makes a dialog, in which NOTIFY is served', async () => {
    const { srf, callee, uri } = await caller();
    const subscribing = srf.createUAC(uri, { method: 'SUBSCRIBE', headers: { Event: 'presence', Expires: '60' } });
    const subscribe = await callee.expect(/^SUBSCRIBE /);
    answer(callee, subscribe, 202, { headers: 'Expires: 60' });
    const dialog = await subscribing;
    const notified = next<[SrfRequest, SrfResponse]>(dialog, 'notify');
    const headers = 'Event: presence\nSubscription-State: active';
    callee.send(byCallee(callee, subscribe, 'NOTIFY', { headers }));
    const [notify, res] = await notified;
    expect(notify.get('Event')).toBe('presence');
    res.send(200);
    await callee.expect(/^SIP\/2\.0 200/);
  });
});

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
