import { describe, expect, it } from 'vitest';
import { established } from './b2bua.ts';
import { rawClient } from './raw-client.ts';
import {
  ackFailure,
  answer,
  calleePeer,
  callerPeer,
  EXPIRING,
  FAST,
  newCall,
  next,
  requestText,
  response,
  responseCopy,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  dialogCount,
  type RequestParts,
  type ResponseOptions,
  type SrfMessage,
  type SrfRequest,
  type SrfResponse,
} from './support.ts';
import type { SipTimers } from '../../src/sip/index.ts';

/** A raw application that A called and that answered. */
async function rawUas(invite: RequestParts = {}, timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  await client.ask('route|invite');
  const call = newCall(await callerPeer(started.udpPort));
  sendInvite(call, invite);
  const { tokens } = await client.sip(/INVITE /);
  await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n${SDP_B}`);
  const ok = await response(call, 200);
  sendAck(call);
  await client.sip(/ACK /);
  const dialogId = `${call.callId};from-tag=${call.tag}`;
  return { ...started, client, call, ok, dialogId, ask: inDialog(client, dialogId) };
}

/** A raw application that called B, which answered. */
async function rawUac(ok: ResponseOptions = {}, timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  const callee = await calleePeer(started.udpPort);
  await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n${SDP_A}`);
  const invite = await callee.expect(/^INVITE /);
  answer(callee, invite, 200, { body: SDP_B, ...ok });
  const { tokens } = await client.sip(/SIP\/2\.0 200/);
  const dialogId = tokens[9] ?? '';
  const ask = inDialog(client, dialogId);
  return { ...started, client, callee, invite, dialogId, ask };
}

function inDialog(client: Awaited<ReturnType<typeof rawClient>>, dialogId: string) {
  return (method: string, rest = '') =>
    client.ask(`sip||${dialogId}\r\n${method} sip:placeholder SIP/2.0\r\n${rest}\r\n`);
}

const UNKNOWN = ['NOK', 'Server error: unable to find dialog for dialog id provided'];

describe('the end of a dialog', () => {
  it('19: A`s BYE reaches the application and its 200 A; the application`s BYE reaches B, and its 200 the application', async () => {
    const { srf, call, callee, uas, uac } = await established();
    const ended = next(uas, 'destroy');
    sendInDialog(call, 'BYE', { headers: 'Reason: Q.850;cause=16' });
    await response(call, 200, 'BYE');
    const [bye, reason] = await ended;
    expect((bye as SrfMessage).get('Reason')).toBe('Q.850;cause=16');
    expect(reason).toBe('normal release');
    const destroyed = uac.destroy({ headers: { Reason: 'Q.850;cause=16' } });
    const received = await callee.expect(/^BYE /);
    expect(received.header('Reason')).toBe('Q.850;cause=16');
    answer(callee, received, 200);
    await destroyed;
    expect(dialogCount(srf)).toBe(0);
    await expect.poll(() => srf.idle).toBe(true);
    sendInDialog(call, 'INFO');
    await response(call, 503, 'INFO');
    sendInDialog(call, 'BYE');
    await response(call, 481, 'BYE');
  });

  it('19: the tokens of BYE: dialogId with the request, none with the echo of its 200', async () => {
    const { client, call, dialogId, ask } = await rawUas();
    sendInDialog(call, 'BYE');
    const bye = await client.sip(/BYE /);
    expect(bye.tokens[9]).toBe(dialogId);
    expect(bye.tokens.slice(10)).toEqual(['']);
    expect((await ask('INFO')).tokens.slice(3)).toEqual(UNKNOWN);
    const ok = await client.ask(`sip|${bye.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(ok.tokens[11]).toBe('');
    expect(ok.text).not.toMatch(/^Contact:/m);
    await response(call, 200, 'BYE');
  });

  it('20: the application`s BYE without answer gives 408 at 64*T1, and destroy() resolves', async () => {
    const { uac, callee, srf } = await established({ timers: EXPIRING });
    await uac.destroy();
    expect(callee.count(/^BYE /)).toBeGreaterThan(3);
    expect(dialogCount(srf)).toBe(1);
  });

  it('20: a challenged BYE leaves the dialog, so that it can be repeated with credentials', async () => {
    const { client, callee, ask } = await rawUac();
    await ask('ACK');
    await ask('BYE');
    const bye = await callee.expect(/^BYE /);
    answer(callee, bye, 401, { headers: 'WWW-Authenticate: Digest realm="x", nonce="y"' });
    await client.sip(/SIP\/2\.0 401/);
    const sequence = Number.parseInt(bye.header('CSeq'), 10);
    expect((await ask('BYE', `CSeq: ${sequence + 1} BYE\r\nAuthorization: Digest x\r\n`)).tokens[3]).toBe('OK');
    const again = await callee.expect(/^BYE [^]*Authorization/);
    expect(again.header('CSeq')).toBe(`${sequence + 1} BYE`);
    answer(callee, again, 200);
    await client.sip(/SIP\/2\.0 200 [^]*BYE/);
    expect((await ask('BYE')).tokens.slice(3)).toEqual(UNKNOWN);
  });

  it('31: an in-dialog request with an unknown dialogId gets NOK, srf`s ENODIALOG', async () => {
    const { client } = await rawUas();
    for (const method of ['INFO', 'BYE', 'INVITE', 'UPDATE', 'REFER']) {
      const asked = await client.ask(`sip||no;from-tag=such\r\n${method} sip:placeholder SIP/2.0\r\n\r\n`);
      expect(asked.tokens.slice(3)).toEqual(UNKNOWN);
    }
    const { uas, call } = await established();
    sendInDialog(call, 'BYE');
    await next(uas, 'destroy');
    await expect(uas.request({ method: 'INFO' })).rejects.toMatchObject({ code: 'ENODIALOG' });
  });

  it('57: a BYE during the application`s re-INVITE is delivered, and the re-INVITE ends with a final', async () => {
    const { uac, callee, invite } = await established();
    const status = new Promise((resolve) => {
      uac.request({ method: 'INVITE', body: SDP_A }, (_error, res) => res.status >= 200 && resolve(res.status));
    });
    await callee.expect(/^INVITE [^]*To: [^\r]*tag=callee/);
    const ended = next(uac, 'destroy');
    callee.send(byCallee(callee, invite, 'BYE'));
    await ended;
    expect(await status).toBe(487);
    await callee.expect(/^SIP\/2\.0 200/);
  });
});

/** A request of B in the dialog that this INVITE made. */
function byCallee(
  callee: { port: number },
  invite: { header(name: string): string },
  method: string,
  { cseq = 1, body = '', headers = '', contact = `<sip:bob@127.0.0.1:${callee.port}>` } = {},
): string {
  return [
    `${method} ${/<([^>]+)>/.exec(invite.header('Contact'))?.[1] ?? ''} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${callee.port};branch=z9hG4bK${method}${cseq}${invite.header('Call-ID')}`,
    'Max-Forwards: 70',
    `From: ${invite.header('To')};tag=callee`,
    `To: ${invite.header('From')}`,
    `Call-ID: ${invite.header('Call-ID')}`,
    `CSeq: ${cseq} ${method}`,
    ...(contact === '' ? [] : [`Contact: ${contact}`]),
    ...(headers === '' ? [] : [headers]),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
  ]
    .join('\n')
    .concat(`\n\n${body}`);
}

describe('the end of a dialog before its ACK', () => {
  it('a BYE in place of the ACK ends the dialog for good: no ACK timeout follows', async () => {
    const { engine, udpPort } = await startEngineForTest({ timers: EXPIRING });
    const client = await rawClient(engine);
    await client.ask('route|invite');
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendInDialog(call, 'BYE');
    const bye = await client.sip(/BYE /);
    await client.ask(`sip|${bye.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    // Another call whose ACK is missed later than the first one's would have been.
    const second = newCall(call.peer);
    sendInvite(second);
    const again = await client.sip(/INVITE /);
    await client.ask(`sip|${again.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await call.peer.expect(/^BYE /);
    await client.sip(/unsolicited/);
    expect(call.peer.count(new RegExp(`^BYE [^]*${call.callId}`))).toBe(0);
    expect(client.received.filter(({ tokens }) => tokens[8] === 'unsolicited')).toHaveLength(1);
  });
});

describe('re-INVITE', () => {
  it('21: A`s re-INVITE is answered 100, delivered with a new txnId and the dialogId; 200 has a Contact; its ACK is delivered', async () => {
    const { client, call, dialogId } = await rawUas();
    const first = client.received.find(({ text }) => text.startsWith('INVITE'));
    sendInDialog(call, 'INVITE', { body: SDP_A });
    await response(call, 100);
    const again = await client.sip(/INVITE /);
    expect(again.tokens[9]).toBe(dialogId);
    expect(again.tokens[8]).not.toBe(first?.tokens[8]);
    expect(again.tokens.slice(10)).toEqual(['']);
    await client.ask(`sip|${again.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n${SDP_B}`);
    const ok = await response(call, 200);
    expect(ok.header('Contact')).toMatch(/^<sip:127\.0\.0\.1:\d+>$/);
    sendAck(call);
    const ack = await client.sip(/ACK /);
    expect(ack.tokens[9]).toBe(dialogId);
    expect([again.tokens[8], first?.tokens[8]]).not.toContain(ack.tokens[8]);
  });

  it('21: srf answers a re-INVITE by itself, or through modify', async () => {
    const { call, uas } = await established();
    sendInDialog(call, 'INVITE', { body: SDP_A });
    expect((await response(call, 200)).body).toBe(SDP_B);
    sendAck(call);
    uas.on('modify', (_req: SrfRequest, res: SrfResponse) => res.send(488));
    sendInDialog(call, 'INVITE', { body: SDP_A });
    ackFailure(call, await response(call, 488));
  });

  it('21: the 2xx to a re-INVITE is repeated until its ACK', async () => {
    const { call } = await established({ timers: FAST });
    sendInDialog(call, 'INVITE', { body: SDP_A });
    await response(call, 200);
    for (let i = 0; i < 2; i += 1) await responseCopy(call, 200);
    sendAck(call);
  });

  it('22: dialog.modify(): re-INVITE with CSeq + 1 to the remote target; its ACK goes when the application sends it', async () => {
    const { uac, callee, invite } = await established();
    const modified = uac.modify(SDP_A);
    const again = await callee.expect(/^INVITE /);
    expect(again.start).toBe(`INVITE sip:bob@127.0.0.1:${callee.port} SIP/2.0`);
    expect(Number.parseInt(again.header('CSeq'), 10)).toBe(Number.parseInt(invite.header('CSeq'), 10) + 1);
    expect(again.header('To')).toMatch(/;tag=callee$/);
    expect(again.header('Contact')).toBe(invite.header('Contact'));
    answer(callee, again, 200, { body: SDP_B });
    expect(await modified).toBe(SDP_B);
    const ack = await callee.expect(/^ACK /);
    expect(ack.header('CSeq')).toBe(again.header('CSeq').replace('INVITE', 'ACK'));
    answer(callee, again, 200, { body: SDP_B });
    expect((await callee.expectCopy(/^ACK /)).text).toBe(ack.text);
  });

  it.each([
    ['488 Not Acceptable Here', 'alice'],
    ['200 OK', 'moved'],
  ])('22: a re-INVITE of A that the application answers %s leaves %s as the remote target', async (answered, user) => {
    const { client, call, ask } = await rawUas();
    sendInDialog(call, 'INVITE', { body: SDP_A, contact: `<sip:moved@127.0.0.1:${call.peer.port}>` });
    const { tokens } = await client.sip(/INVITE [^]*moved/);
    const status = Number.parseInt(answered, 10);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 ${answered}\r\n\r\n`);
    await call.peer.expect(new RegExp(`^SIP/2\\.0 ${status} [^]*CSeq: ${call.cseq} INVITE`));
    sendAck(call);
    await ask('INFO');
    const info = await call.peer.expect(/^INFO /);
    expect(info.start).toBe(`INFO sip:${user}@127.0.0.1:${call.peer.port} SIP/2.0`);
  });

  it('22: the first CSeq of a UAS dialog is the INVITE`s + 1', async () => {
    const { call, ask } = await rawUas();
    await ask('INFO');
    expect((await call.peer.expect(/^INFO /)).header('CSeq')).toBe('2 INFO');
  });

  it('22: a refused re-INVITE is ACKed by the engine, and the application`s ACK gets NOK', async () => {
    const { client, callee, ask } = await rawUac();
    await ask('ACK');
    await callee.expect(/^ACK /);
    await ask('INVITE');
    const again = await callee.expect(/^INVITE /);
    answer(callee, again, 491);
    await client.sip(/SIP\/2\.0 491/);
    await callee.expect(/^ACK /);
    expect((await ask('ACK')).tokens.slice(3)).toEqual([
      'NOK',
      'Server error: ACK for non-success final response is automatically generated by server',
    ]);
    expect((await ask('INFO')).tokens[3]).toBe('OK');
  });

  it('23: a re-INVITE answered 18x then 200: both are delivered', async () => {
    const { client, callee, dialogId, ask } = await rawUac();
    await ask('ACK');
    const sent = await ask('INVITE');
    const again = await callee.expect(/^INVITE [^]*tag=callee/);
    answer(callee, again, 180);
    answer(callee, again, 200, { body: SDP_B });
    for (const status of ['180', '200']) {
      const { tokens } = await client.sip(new RegExp(`SIP/2\\.0 ${status}`));
      expect([tokens[8], tokens[9]]).toEqual([sent.tokens[10], dialogId]);
    }
  });

  it('a new Contact in a re-INVITE, or in the 200 to ours, is where the next request goes', async () => {
    const { call, ask, client } = await rawUas();
    const contact = `<sip:elsewhere@127.0.0.1:${call.peer.port}>`;
    sendInDialog(call, 'INVITE', { body: SDP_A, contact });
    const again = await client.sip(/INVITE [^]*elsewhere/);
    await client.ask(`sip|${again.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await ask('INFO');
    expect((await call.peer.expect(/^INFO /)).start).toMatch(/^INFO sip:elsewhere@/);
    await ask('INVITE');
    const ours = await call.peer.expect(/^INVITE /);
    answer(call.peer, ours, 200, { contact: `<sip:third@127.0.0.1:${call.peer.port}>` });
    await client.sip(/SIP\/2\.0 200 [^]*third/);
    await ask('ACK');
    expect((await call.peer.expect(/^ACK /)).start).toMatch(/^ACK sip:third@/);
  });

  it('two overlapping re-INVITEs of the peer are both delivered, and both ACKs', async () => {
    const { client, call } = await rawUas();
    const txns: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      sendInDialog(call, 'INVITE', { body: SDP_A });
      txns.push((await client.sip(/INVITE /)).tokens[8] ?? '');
    }
    for (const txn of txns) await client.ask(`sip|${txn}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    for (const cseq of [2, 3]) {
      sendAck(call, { cseq });
      await client.sip(new RegExp(`ACK [^]*CSeq: ${cseq} ACK`));
    }
  });

  it('a cancelled re-INVITE ends with 487; the application is not told and its answer gets NOK', async () => {
    const { client, call } = await rawUas();
    sendInDialog(call, 'INVITE', { body: SDP_A });
    const again = await client.sip(/INVITE /);
    const branch = /branch=([^;\r]+)/.exec(again.text)?.[1] ?? '';
    call.peer.send(requestText(call, { method: 'CANCEL', branch }));
    await response(call, 200, 'CANCEL');
    await response(call, 487);
    const late = await client.ask(`sip|${again.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(late.tokens.slice(3)).toEqual(['NOK', 'Response not sent due to unknown transaction']);
    expect(client.received.some(({ text }) => text.startsWith('CANCEL'))).toBe(false);
    sendInDialog(call, 'BYE');
    await client.sip(/BYE /);
  });
});

describe('other requests in dialogs', () => {
  it.each(['INFO', 'REFER', 'NOTIFY', 'MESSAGE', 'UPDATE', 'OPTIONS'])(
    '24: %s works in both directions',
    async (method) => {
      const { uas, uac, call, callee, invite } = await established();
      const parts = { headers: { 'Content-Type': 'text/x', 'X-One': '1' }, body: 'out' };
      for (const [dialog, peer] of [
        [uac, callee],
        [uas, call.peer],
      ] as const) {
        const asked = dialog.request({ method, ...parts });
        const received = await peer.expect(new RegExp(`^${method} sip:(bob|alice)@127`));
        expect([received.header('X-One'), received.body]).toEqual(['1', 'out']);
        answer(peer, received, 202, { headers: 'X-Two: 2' });
        const res = await asked;
        expect([res.status, res.get('X-Two')]).toEqual([202, '2']);
      }
      uas.on(method.toLowerCase(), (req: SrfRequest, res: SrfResponse) =>
        res.send(202, 'Taken', { headers: { 'X-Body': req.body } }),
      );
      sendInDialog(call, method, { body: 'in', headers: 'Content-Type: text/x' });
      expect((await response(call, 202, method)).header('X-Body')).toBe('in');
      uac.on(method.toLowerCase(), (_req: SrfRequest, res: SrfResponse) => res.send(480));
      callee.send(byCallee(callee, invite, method));
      await callee.expect(/^SIP\/2\.0 480/);
    },
  );

  it('a CSeq lower than the last is answered 500 and not delivered', async () => {
    const { client, call } = await rawUas();
    sendInDialog(call, 'INFO', { cseq: 9 });
    await client.sip(/INFO /);
    sendInDialog(call, 'INFO', { cseq: 8 });
    await response(call, 500, 'INFO');
    await client.ask('ping');
    expect(client.received.filter(({ text }) => text.startsWith('INFO'))).toHaveLength(1);
  });

  it('an INFO that the application never answers costs the peer a 500', async () => {
    const { client, call } = await rawUas({}, EXPIRING);
    sendInDialog(call, 'INFO');
    const info = await client.sip(/INFO /);
    await response(call, 500, 'INFO');
    expect((await client.ask(`sip|${info.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`)).tokens[3]).toBe('NOK');
  });

  it('the peer`s unanswered requests get 487 when its BYE ends the dialog', async () => {
    const { client, call } = await rawUas();
    sendInDialog(call, 'INFO');
    const info = await client.sip(/INFO /);
    sendInDialog(call, 'BYE');
    await response(call, 487, 'INFO');
    await client.sip(/BYE /);
    const late = await client.ask(`sip|${info.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    expect(late.tokens[3]).toBe('NOK');
  });
});

describe('early dialogs', () => {
  async function ringing() {
    const started = await startEngineForTest();
    const client = await rawClient(started.engine);
    await client.ask('route|invite');
    const call = newCall(await callerPeer(started.udpPort));
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    const dialogId = `${call.callId};from-tag=${call.tag}`;
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
    await response(call, 180);
    return { ...started, client, call, dialogId, txnId: tokens[8] ?? '' };
  }

  it('a caller`s BYE before the answer: 200 to it, 487 to the INVITE, and a CANCEL for the application', async () => {
    const { client, call, dialogId, txnId } = await ringing();
    sendInDialog(call, 'BYE', { headers: 'Reason: SIP;cause=486' });
    await response(call, 200, 'BYE');
    await response(call, 487);
    const { tokens, text } = await client.sip(/CANCEL /);
    expect([tokens[8], tokens[9]]).toEqual([txnId, dialogId]);
    expect(text).toMatch(/^Reason: SIP;cause=486\r$/m);
    expect(text).toMatch(/^CSeq: 1 CANCEL\r$/m);
  });

  it('a second INVITE in it gets 500 with Retry-After, and the first goes on', async () => {
    const { client, call, txnId } = await ringing();
    sendInDialog(call, 'INVITE', { body: SDP_A });
    expect((await response(call, 500)).header('Retry-After')).toBe('5');
    expect((await client.ask(`sip|${txnId}|\r\nSIP/2.0 200 OK\r\n\r\n`)).tokens[3]).toBe('OK');
    expect(client.received.filter(({ text }) => text.startsWith('INVITE'))).toHaveLength(1);
  });

  it('the caller`s UPDATE and INFO in it are delivered with a txnId of their own, the dialogId, and answered', async () => {
    const { client, call, dialogId, txnId } = await ringing();
    for (const method of ['UPDATE', 'INFO']) {
      sendInDialog(call, method);
      const { tokens } = await client.sip(new RegExp(`${method} sip`));
      expect(tokens[8]).not.toBe(txnId);
      expect(tokens[9]).toBe(dialogId);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\nCSeq: ${call.cseq} ${method}\r\n\r\n`);
      await response(call, 200, method);
    }
    await client.ask(`sip|${txnId}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    call.cseq = 1;
    sendAck(call);
    expect((await client.sip(/ACK /)).tokens[8]).toBe(txnId);
  });

  it('the application`s requests in the early dialog of its INVITE go to the branch that rang', async () => {
    const started = await startEngineForTest();
    const client = await rawClient(started.engine);
    const callee = await calleePeer(started.udpPort);
    await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 183, { toTag: 'early', headers: 'Require: 100rel\nRSeq: 7' });
    const { tokens } = await client.sip(/SIP\/2\.0 183/);
    const sequence = Number.parseInt(invite.header('CSeq'), 10);
    const prack = `sip||${tokens[9]}\r\nPRACK sip:placeholder SIP/2.0\r\nRAck: 7 ${sequence} INVITE\r\n\r\n`;
    const ok = await client.ask(prack);
    const received = await callee.expect(/^PRACK /);
    expect(received.header('To')).toMatch(/;tag=early$/);
    expect(received.header('RAck')).toBe(`7 ${sequence} INVITE`);
    expect(received.header('CSeq')).toBe(`${sequence + 1} PRACK`);
    answer(callee, received, 200);
    expect((await client.sip(/SIP\/2\.0 200 [^]*PRACK/)).tokens[8]).toBe(ok.tokens[10]);
    answer(callee, invite, 200, { toTag: 'early' });
    await client.sip(/SIP\/2\.0 200 [^]*INVITE/);
    await client.ask(`sip||${tokens[9]}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`);
    expect((await callee.expect(/^INFO /)).header('CSeq')).toBe(`${sequence + 2} INFO`);
  });
});

describe('the way of requests in dialogs', () => {
  it('43: Record-Route of a caller: Route in that order, sent to the first', async () => {
    const proxy = await startEngineForTest().then(({ udpPort }) => callerPeer(udpPort));
    const routes = `Record-Route: <sip:127.0.0.1:${proxy.port};lr>, <sip:second.example;lr>`;
    const { call, ask, ok } = await rawUas({ headers: routes });
    expect(ok.all('Record-Route').join(', ')).toBe(routes.slice('Record-Route: '.length));
    await ask('INFO');
    const info = await proxy.expect(/^INFO /);
    expect(info.start).toBe(`INFO sip:alice@127.0.0.1:${call.peer.port} SIP/2.0`);
    expect(info.all('Route').join(', ')).toBe(`<sip:127.0.0.1:${proxy.port};lr>, <sip:second.example;lr>`);
  });

  it('43: Record-Route of a callee: reversed; ACK, re-INVITE and BYE take it', async () => {
    const proxy = await startEngineForTest().then(({ udpPort }) => callerPeer(udpPort));
    const { callee, ask } = await rawUac({
      headers: `Record-Route: <sip:last.example;lr>\nRecord-Route: <sip:127.0.0.1:${proxy.port};lr>`,
    });
    for (const method of ['ACK', 'INVITE', 'BYE']) {
      await ask(method);
      const received = await proxy.expect(new RegExp(`^${method} `));
      expect(received.start).toBe(`${method} sip:bob@127.0.0.1:${callee.port} SIP/2.0`);
      expect(received.all('Route').join(', ')).toBe(`<sip:127.0.0.1:${proxy.port};lr>, <sip:last.example;lr>`);
    }
  });

  it('45: a caller behind NAT, whose Contact differs from its source, is reached at the source', async () => {
    const { call, ask } = await rawUas({ contact: '<sip:alice@10.11.12.13:5099>' });
    await ask('INFO');
    expect((await call.peer.expect(/^INFO /)).start).toBe('INFO sip:alice@10.11.12.13:5099 SIP/2.0');
  });

  it('45: a callee whose Contact names another host is reached at the source of its 200', async () => {
    const { callee, ask } = await rawUac({ contact: '<sip:bob@10.11.12.13>' });
    await ask('ACK');
    expect((await callee.expect(/^ACK /)).start).toBe('ACK sip:bob@10.11.12.13 SIP/2.0');
    await ask('BYE');
    await callee.expect(/^BYE /);
  });
});
