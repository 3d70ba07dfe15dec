import { describe, expect, it } from 'vitest';
import type { SipTimers } from '../../src/sip/index.ts';
import { b2bua, established } from './b2bua.ts';
import { rawClient, type RawMessage } from './raw-client.ts';
import {
  ackFailure,
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  dialogCount,
  EXPIRING,
  newCall,
  next,
  requestText,
  response,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  type RawCall,
  type SrfMessage,
  type SrfRequest,
} from './support.ts';

function cancel(call: RawCall, headers = ''): void {
  call.peer.send(requestText({ ...call, toTag: '' }, { method: 'CANCEL', contact: '', headers }));
}

/** An application of bare frames that is rung by A. */
async function rawUas(timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  await client.ask('route|invite');
  const call = newCall(await callerPeer(started.udpPort));
  sendInvite(call);
  const invite = await client.sip(/INVITE /);
  const txnId = invite.tokens[8] ?? '';
  const reply = (status: string, rest = ''): Promise<RawMessage> =>
    client.ask(`sip|${txnId}|\r\nSIP/2.0 ${status}\r\n${rest}\r\n`);
  return { ...started, client, call, txnId, reply };
}

/** An application of bare frames that calls B. */
async function rawUac(timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  const callee = await calleePeer(started.udpPort);
  const sent = await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
  const invite = await callee.expect(/^INVITE /);
  const txnId = sent.tokens[10] ?? '';
  const dialogId = `${invite.header('Call-ID')};from-tag=${/;tag=([^;\s]+)/.exec(invite.header('From'))?.[1] ?? ''}`;
  return { ...started, client, callee, sent, invite, txnId, dialogId };
}

describe('answered calls', () => {
  it('8: dialogId is <Call-ID>;from-tag=<From tag of the INVITE> on both legs', async () => {
    const { uas, uac, call, invite } = await established();
    const tag = /;tag=([^;\s]+)/.exec(invite.header('From'))?.[1];
    expect(uas.id).toBe(`${call.callId};from-tag=${call.tag}`);
    expect(uac.id).toBe(`${invite.header('Call-ID')};from-tag=${tag}`);
  });

  it('9: createB2BUA: 180 and 200 reach A, the ACK reaches B, both dialogs are usable and end', async () => {
    const { callee, call, dialogs, srf } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    expect(invite.body).toBe(SDP_A);
    answer(callee, invite, 180);
    await response(call, 180);
    answer(callee, invite, 200, { body: SDP_B });
    expect((await response(call, 200)).body).toBe(SDP_B);
    await callee.expect(/^ACK /);
    const { uas, uac } = await dialogs;
    const acked = next(uas, 'ack');
    sendAck(call);
    await acked;
    expect(dialogCount(srf)).toBe(2);
    const info = uac.request({ method: 'INFO' });
    answer(callee, await callee.expect(/^INFO /), 200);
    expect((await info).status).toBe(200);
    const ended = next(uas, 'destroy');
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    await ended;
    const destroyed = uac.destroy();
    answer(callee, await callee.expect(/^BYE /), 200);
    await destroyed;
    expect(dialogCount(srf)).toBe(0);
    await expect.poll(() => srf.idle).toBe(true);
  });

  it('10: the OK for an INVITE, with its txnId and full text, precedes everything that comes of it', async () => {
    const { client, callee, invite, txnId, dialogId, sent, udpPort } = await rawUac();
    const { tokens, text } = sent;
    expect(tokens.slice(3, 5)).toEqual(['OK', 'application']);
    expect(tokens.slice(6, 9)).toEqual(['udp', '127.0.0.1', String(udpPort)]);
    expect(tokens.slice(11)).toEqual(['Msg sent:', '']);
    expect(text).toBe(invite.text);
    expect(Number(tokens[5])).toBe(Buffer.byteLength(text));
    answer(callee, invite, 180);
    const ringing = await client.sip(/SIP\/2\.0 180/);
    expect([ringing.tokens[2], ringing.tokens[8], ringing.tokens[9]]).toEqual(['network', txnId, dialogId]);
    expect(ringing.tokens.slice(10)).toEqual(['']);
    expect(ringing.tokens.slice(4, 7)).toEqual(['udp', '127.0.0.1', String(callee.port)]);
    expect(client.received.indexOf(sent)).toBeLessThan(client.received.indexOf(ringing));
  });

  it('10: a failure that is known at once is still delivered after the OK', async () => {
    const { engine } = await startEngineForTest();
    const client = await rawClient(engine);
    const id = client.send('sip||\r\nOPTIONS sip:127.0.0.1:1;transport=tcp SIP/2.0\r\n\r\n');
    const failed = await client.sip(/SIP\/2\.0 503/);
    const ok = client.received.findIndex(({ tokens }) => tokens[2] === id);
    expect(ok).toBeGreaterThanOrEqual(0);
    expect(ok).toBeLessThan(client.received.indexOf(failed));
  });

  it('11: the OK for the 200, with T10, T11, To tag and Contact, precedes the ACK message', async () => {
    const { client, call, reply, txnId } = await rawUas();
    const ok = await reply('200 OK', `Content-Type: application/sdp\r\n`);
    const dialogId = `${call.callId};from-tag=${call.tag}`;
    expect([ok.tokens[3], ok.tokens[4], ok.tokens[10], ok.tokens[11], ok.tokens[12], ok.tokens[13]]).toEqual([
      'OK',
      'application',
      txnId,
      dialogId,
      '',
      'Msg sent:',
    ]);
    expect(ok.text).toMatch(/^To: .*;tag=\S+\r$/m);
    expect(ok.text).toMatch(/^Contact: <sip:127\.0\.0\.1:\d+>\r$/m);
    expect((await response(call, 200)).text).toBe(ok.text);
    sendAck(call);
    const ack = await client.sip(/ACK /);
    expect(ack.tokens[9]).toBe(dialogId);
    expect(client.received.indexOf(ok)).toBeLessThan(client.received.indexOf(ack));
  });

  it('12: A`s ACK is delivered once with the INVITE`s txnId and dialogId, and its body', async () => {
    const { client, call, reply, txnId } = await rawUas();
    await reply('200 OK');
    await response(call, 200);
    const ack = requestText(call, { method: 'ACK', branch: `${call.branch}ack`, body: SDP_A });
    call.peer.send(ack);
    call.peer.send(ack);
    const { tokens, text } = await client.sip(/ACK /);
    expect([tokens[2], tokens[4], tokens[8], tokens[9]]).toEqual([
      'network',
      '',
      txnId,
      `${call.callId};from-tag=${call.tag}`,
    ]);
    expect(text.endsWith(SDP_A)).toBe(true);
    sendInDialog(call, 'INFO');
    await client.sip(/INFO /);
    expect(client.received.filter((message) => /ACK /.test(message.text.slice(0, 5)))).toHaveLength(1);
  });

  it('25: 100 is never delivered, every 18x is, with the same txnId and dialogId', async () => {
    const { client, callee, invite, txnId, dialogId } = await rawUac();
    answer(callee, invite, 100);
    answer(callee, invite, 180);
    answer(callee, invite, 183, { body: SDP_B, toTag: 'other' });
    answer(callee, invite, 180, { toTag: 'other' });
    await client.sip(/SIP\/2\.0 183/);
    answer(callee, invite, 200, { body: SDP_B, toTag: 'other' });
    await client.sip(/SIP\/2\.0 200/);
    const delivered = client.received.filter(({ tokens }) => tokens[1] === 'sip');
    expect(delivered.map(({ text }) => text.slice(8, 11))).toEqual(['180', '183', '180', '200']);
    for (const { tokens } of delivered) expect([tokens[8], tokens[9]]).toEqual([txnId, dialogId]);
  });

  it('39: a repeated 200 is swallowed before the ACK, answered with the ACK after it, and never delivered twice', async () => {
    const { client, callee, invite, dialogId } = await rawUac();
    answer(callee, invite, 200, { body: SDP_B });
    answer(callee, invite, 200, { body: SDP_B });
    await client.sip(/SIP\/2\.0 200/);
    expect(callee.count(/^ACK /)).toBe(0);
    const ok = await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    expect(ok.tokens[3]).toBe('OK');
    const first = await callee.expect(/^ACK /);
    expect(first.header('CSeq')).toBe(invite.header('CSeq').replace('INVITE', 'ACK'));
    answer(callee, invite, 200, { body: SDP_B });
    expect((await callee.expectCopy(/^ACK /)).text).toBe(first.text);
    expect(client.received.filter(({ text }) => text.startsWith('SIP/2.0 200'))).toHaveLength(1);
  });

  it('39: a second ACK of the application is sent again', async () => {
    const { client, callee, invite, dialogId } = await rawUac();
    answer(callee, invite, 200, { body: SDP_B });
    await client.sip(/SIP\/2\.0 200/);
    for (let i = 0; i < 2; i += 1) {
      const ok = await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
      expect(ok.tokens[3]).toBe('OK');
      await callee.expect(/^ACK /);
    }
  });

  it('50: delayed offer: B`s ACK carries SDP, and A`s SDP travels in its ACK', async () => {
    const { callee, call, dialogs } = await b2bua();
    sendInvite(call, { body: '' });
    const invite = await callee.expect(/^INVITE /);
    expect(invite.body).toBe('');
    answer(callee, invite, 200, { body: SDP_B });
    expect((await response(call, 200)).body).toBe(SDP_B);
    sendAck(call, { body: SDP_A });
    const ack = await callee.expect(/^ACK /);
    expect(ack.body).toBe(SDP_A);
    expect(ack.header('Content-Type')).toBe('application/sdp');
    await dialogs;
  });

  it('55: a second 200 of another To tag is acknowledged and ended, invisible to the application', async () => {
    const { client, callee, invite, dialogId } = await rawUac();
    answer(callee, invite, 200, { toTag: 'first', body: SDP_B });
    await client.sip(/SIP\/2\.0 200/);
    await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    await callee.expect(/^ACK [^]*To: .*tag=first/);
    answer(callee, invite, 200, { toTag: 'second', body: SDP_B });
    await callee.expect(/^ACK [^]*To: .*tag=second/);
    answer(callee, await callee.expect(/^BYE [^]*To: .*tag=second/), 200);
    await client.ask('ping');
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toHaveLength(1);
    expect((await client.ask(`sip||${dialogId}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`)).tokens[3]).toBe('OK');
  });
});

describe('calls that are not answered', () => {
  it('13: busy: B`s 486 is ACKed by the engine, delivered once and relayed to A', async () => {
    const { callee, call, dialogs, srf } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 486, { reason: 'Busy Here' });
    answer(callee, invite, 486, { reason: 'Busy Here' });
    await callee.expect(/^ACK /);
    await callee.expectCopy(/^ACK /);
    const busy = await response(call, 486);
    ackFailure(call, busy);
    await expect(dialogs).rejects.toMatchObject({ status: 486, reason: 'Busy Here' });
    await expect.poll(() => srf.idle).toBe(true);
  });

  it('13: the application`s own ACK to a failure gets NOK', async () => {
    const { client, callee, invite, dialogId } = await rawUac();
    answer(callee, invite, 486);
    const busy = await client.sip(/SIP\/2\.0 486/);
    expect(busy.tokens[9]).toBe(dialogId);
    const ack = await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    expect(ack.tokens.slice(3)).toEqual([
      'NOK',
      'Server error: ACK for non-success final response is automatically generated by server',
    ]);
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toHaveLength(1);
  });

  it('14: A cancels while ringing: 200 and 487 to A, CANCEL to B with its Reason, B`s 487 is delivered', async () => {
    const { callee, call, dialogs, srf } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    cancel(call, 'Reason: SIP;cause=200;text="Call completed elsewhere"');
    await response(call, 200, 'CANCEL');
    ackFailure(call, await response(call, 487));
    const cancelled = await callee.expect(/^CANCEL /);
    expect(cancelled.header('Via')).toBe(invite.header('Via'));
    expect(cancelled.header('CSeq')).toBe(invite.header('CSeq').replace('INVITE', 'CANCEL'));
    expect(cancelled.header('Reason')).toBe('SIP;cause=200;text="Call completed elsewhere"');
    answer(callee, cancelled, 200);
    answer(callee, invite, 487);
    await callee.expect(/^ACK /);
    await expect(dialogs).rejects.toMatchObject({ status: 487 });
    await expect.poll(() => srf.idle).toBe(true);
  });

  it('14: the CANCEL has the INVITE`s txnId and its dialogId; the application`s 487 gets NOK', async () => {
    const { client, call, reply, txnId } = await rawUas();
    await reply('180 Ringing');
    const ringing = await response(call, 180);
    cancel(call);
    const { tokens } = await client.sip(/CANCEL /);
    expect([tokens[2], tokens[8], tokens[9]]).toEqual(['network', txnId, `${call.callId};from-tag=${call.tag}`]);
    const late = await reply('487 Request Terminated');
    expect(late.tokens.slice(3)).toEqual(['NOK', 'Response not sent due to unknown transaction']);
    expect((await response(call, 487)).header('To')).toBe(ringing.header('To'));
  });

  it('15: A cancels before the application answered anything: the same, dialogId empty', async () => {
    const { client, call, reply, txnId } = await rawUas();
    cancel(call);
    const { tokens } = await client.sip(/CANCEL /);
    expect([tokens[8], tokens[9]]).toEqual([txnId, '']);
    await response(call, 200, 'CANCEL');
    await response(call, 487);
    expect((await reply('180 Ringing')).tokens[3]).toBe('NOK');
  });

  it('15: srf emits cancel', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const rung = Promise.withResolvers<SrfRequest>();
    await connectSrf(engine, (srf) => srf.invite((req) => rung.resolve(req)));
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call);
    const cancelled = next<[SrfMessage]>(await rung.promise, 'cancel');
    cancel(call, 'Reason: Q.850;cause=16');
    expect((await cancelled)[0].get('Reason')).toBe('Q.850;cause=16');
  });

  it('16: the application cancels before B`s first provisional: OK at once, CANCEL leaves after the first 1xx', async () => {
    const { client, callee, invite, txnId } = await rawUac();
    const ok = await client.ask(
      `sip|${txnId}|\r\nCANCEL sip:placeholder SIP/2.0\r\nreason: SIP;cause=486\r\nX-Kept-As: is\r\n\r\n`,
    );
    expect(ok.tokens[3]).toBe('OK');
    expect(callee.count(/^CANCEL /)).toBe(0);
    answer(callee, invite, 100);
    const cancelled = await callee.expect(/^CANCEL /);
    expect(cancelled.header('Reason')).toBe('SIP;cause=486');
    expect(cancelled.header('X-Kept-As')).toBe('is');
    answer(callee, cancelled, 200);
    answer(callee, invite, 487);
    expect((await client.sip(/SIP\/2\.0 487/)).tokens[8]).toBe(txnId);
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toHaveLength(1);
  });

  it('16: a second CANCEL and one after the final get NOK', async () => {
    const { client, callee, invite, txnId } = await rawUac();
    const cancelLine = `sip|${txnId}|\r\nCANCEL sip:placeholder SIP/2.0\r\n\r\n`;
    expect((await client.ask(cancelLine)).tokens[3]).toBe('OK');
    expect((await client.ask(cancelLine)).tokens.slice(3)).toEqual([
      'NOK',
      `internal server error canceling transaction id: ${txnId}`,
    ]);
    answer(callee, invite, 486);
    await client.sip(/SIP\/2\.0 486/);
    expect((await client.ask(cancelLine)).tokens.slice(3)).toEqual([
      'NOK',
      `unable to cancel unknown transaction id: ${txnId}`,
    ]);
  });

  it('17: no answer from B at all: 408 is delivered 64*T1 after the request, and relayed to A', async () => {
    const { call, callee, dialogs } = await b2bua({ timers: EXPIRING });
    const begun = Date.now();
    sendInvite(call);
    await callee.expect(/^INVITE /);
    await response(call, 408);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(EXPIRING.t1x64Ms - 20);
    expect(callee.count(/^INVITE /)).toBeGreaterThan(3);
    await expect(dialogs).rejects.toMatchObject({ status: 408 });
  });

  it('18: an app timer cancels: B gets CANCEL, the app gets 487, and no second final', async () => {
    const { call, callee, uacRequest, dialogs } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    const finals: number[] = [];
    const request = await uacRequest;
    request.on('response', ({ status }: { status: number }) => void finals.push(status));
    request.cancel();
    answer(callee, await callee.expect(/^CANCEL /), 200);
    answer(callee, invite, 487);
    answer(callee, invite, 487);
    await response(call, 487);
    await expect(dialogs).rejects.toMatchObject({ status: 487 });
    await callee.expect(/^ACK /);
    await callee.expectCopy(/^ACK /);
    expect(finals).toEqual([487]);
  });

  it('18: B rings, is cancelled and never answers: a 487 is delivered 64*T1 after the CANCEL', async () => {
    const { client, callee, invite, txnId } = await rawUac(EXPIRING);
    answer(callee, invite, 180);
    await client.sip(/SIP\/2\.0 180/);
    await client.ask(`sip|${txnId}|\r\nCANCEL sip:placeholder SIP/2.0\r\n\r\n`);
    const final = await client.sip(/SIP\/2\.0 487/);
    expect(final.tokens[8]).toBe(txnId);
  });

  it('48: a 200 that crosses the CANCEL is delivered; after its ACK the engine ends the dialog and says so', async () => {
    const { client, callee, invite, txnId, dialogId } = await rawUac();
    answer(callee, invite, 180);
    await client.sip(/SIP\/2\.0 180/);
    await client.ask(`sip|${txnId}|\r\nCANCEL sip:placeholder SIP/2.0\r\n\r\n`);
    answer(callee, await callee.expect(/^CANCEL /), 200);
    answer(callee, invite, 200, { body: SDP_B });
    await client.sip(/SIP\/2\.0 200/);
    const ack = await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    expect(ack.tokens[3]).toBe('OK');
    await callee.expect(/^ACK /);
    const bye = await callee.expect(/^BYE /);
    expect(bye.header('Reason')).toBe('SIP;cause=200;text="ACK-BYE due to cancel race condition"');
    const told = await client.sip(/BYE /);
    expect([told.tokens[2], told.tokens[8], told.tokens[9]]).toEqual(['application', 'unsolicited', dialogId]);
    expect(told.text).toBe(bye.text);
    answer(callee, bye, 200);
    const again = await client.ask(`sip||${dialogId}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    expect(again.tokens.slice(3)).toEqual(['NOK', 'Server error: unable to find dialog for dialog id provided']);
  });

  it('48: createB2BUA whose caller cancels while B answers leaves no dialog on either side', async () => {
    const { call, callee, dialogs, srf } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    cancel(call);
    const cancelled = await callee.expect(/^CANCEL /);
    answer(callee, invite, 200, { body: SDP_B });
    answer(callee, cancelled, 200);
    await callee.expect(/^ACK /);
    answer(callee, await callee.expect(/^BYE /), 200);
    await response(call, 487);
    await expect(dialogs).rejects.toBeDefined();
    await expect.poll(() => dialogCount(srf)).toBe(0);
  });

  it('an application silent for 128*T1 costs the caller a 408, and hears a CANCEL', async () => {
    const { client, call } = await rawUas(EXPIRING);
    await response(call, 408);
    await client.sip(/CANCEL /);
  });
});
