import { describe, expect, it } from 'vitest';
import { byCallee } from './raw-application.ts';
import { caller } from './srf-application.ts';
import {
  answer,
  callerPeer,
  dialogCount,
  next,
  SDP_A,
  SDP_B,
  type SrfDialog,
  type SrfMessage,
  type SrfRequest,
  type SrfResponse,
} from './support.ts';
import { drachtioServer } from './target.ts';

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
