import { describe, expect, it } from 'vitest';
import {
  ackFailure,
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  newCall,
  response,
  SDP_A,
  SDP_B,
  sendInvite,
  startEngineForTest,
  unique,
  type SrfRequest,
} from './support.ts';

const CHALLENGE = 'WWW-Authenticate: Digest realm="x", nonce="abc", qop="auth"';

/** srf calls B with credentials. */
async function calling() {
  const { engine, udpPort } = await startEngineForTest();
  const srf = await connectSrf(engine);
  const callee = await calleePeer(udpPort);
  const sent = Promise.withResolvers<SrfRequest>();
  const dialog = srf.createUAC(
    `sip:1001@127.0.0.1:${callee.port}`,
    { localSdp: SDP_A, auth: { username: 'u', password: 'p' } },
    { cbRequest: (_error: Error | null, req: SrfRequest) => sent.resolve(req) },
  );
  dialog.catch(() => undefined);
  return { srf, callee, dialog, request: await sent.promise };
}

describe('digest authentication', () => {
  it('26: REGISTER: 401 with its challenge, a second REGISTER with credentials, 200 with Contact and expires', async () => {
    const { engine, udpPort } = await startEngineForTest();
    await connectSrf(engine, (srf) =>
      srf.register((req, res) => {
        if (!req.has('Authorization')) res.send(401, { headers: { 'WWW-Authenticate': 'Digest realm="x"' } });
        else res.send(200, { headers: { Contact: `${req.get('Contact')};expires=60` } });
      }),
    );
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call, { method: 'REGISTER', body: '' });
    expect((await response(call, 401, 'REGISTER')).header('WWW-Authenticate')).toBe('Digest realm="x"');
    call.cseq = 2;
    call.toTag = '';
    sendInvite(call, {
      method: 'REGISTER',
      body: '',
      branch: unique('z9hG4bK'),
      headers: 'Authorization: Digest username="u"',
    });
    const ok = await response(call, 200, 'REGISTER');
    expect(ok.header('Contact')).toBe(`<sip:alice@127.0.0.1:${call.peer.port}>;expires=60`);
  });

  it('26: an INVITE that is challenged and comes again with credentials is one call', async () => {
    const { engine, udpPort } = await startEngineForTest();
    await connectSrf(engine, (srf) =>
      srf.invite((req, res) => {
        if (!req.has('Authorization')) res.send(401, { headers: { 'WWW-Authenticate': 'Digest realm="x"' } });
        else res.send(486);
      }),
    );
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call);
    ackFailure(call, await response(call, 401));
    call.cseq = 2;
    sendInvite(call, { branch: unique('z9hG4bK'), headers: 'Authorization: Digest username="u"' });
    await response(call, 486);
  });

  it.each([
    [401, 'WWW-Authenticate', 'Authorization'],
    [407, 'Proxy-Authenticate', 'Proxy-Authorization'],
  ])(
    '27: uac auth: after a %i a second INVITE of the same Call-ID and From tag, CSeq + 1',
    async (status, asks, gives) => {
      const { callee, dialog, request } = await calling();
      const first = await callee.expect(/^INVITE /);
      answer(callee, first, status, { headers: CHALLENGE.replace('WWW-Authenticate', asks) });
      await callee.expect(/^ACK /);
      const second = await callee.expect(new RegExp(`^INVITE [^]*\\n${gives}: Digest username="u"`));
      for (const name of ['Call-ID', 'From', 'To']) expect(second.header(name)).toBe(first.header(name));
      expect(Number.parseInt(second.header('CSeq'), 10)).toBe(Number.parseInt(first.header('CSeq'), 10) + 1);
      answer(callee, second, 200, { body: SDP_B });
      await callee.expect(/^ACK /);
      expect((await dialog).id).toBe(
        `${first.header('Call-ID')};from-tag=${/;tag=([^;]+)/.exec(first.header('From'))?.[1]}`,
      );
      expect(request.stackTxnId).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('28: a CANCEL after the challenge is applied to the second INVITE', async () => {
    const { callee, dialog, request } = await calling();
    answer(callee, await callee.expect(/^INVITE /), 401, { headers: CHALLENGE });
    const second = await callee.expect(/^INVITE [^]*Authorization/);
    answer(callee, second, 180);
    request.cancel();
    const cancel = await callee.expect(/^CANCEL /);
    expect(cancel.header('CSeq')).toBe(second.header('CSeq').replace('INVITE', 'CANCEL'));
    answer(callee, cancel, 200);
    answer(callee, second, 487);
    await expect(dialog).rejects.toMatchObject({ status: 487 });
  });
});
