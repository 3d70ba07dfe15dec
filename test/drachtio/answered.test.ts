import { describe, expect, it } from 'vitest';
import { b2bua, established } from './b2bua.ts';
import { rawClient } from './raw-client.ts';
import { rung, calling } from './raw-application.ts';
import {
  answer,
  dialogCount,
  next,
  requestText,
  response,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from './support.ts';
import { differs, drachtioServer } from './target.ts';

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
    const { client, callee, invite, txnId, dialogId, sent, udpPort } = await calling();
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
    const { client, call, reply, txnId } = await rung();
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
    const { client, call, reply, txnId } = await rung();
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
    // drachtio-server takes every ACK that it gets for the first.
    const delivered = client.received.filter((message) => message.text.startsWith('ACK '));
    expect(delivered).toHaveLength(differs(1, 2));
  });

  it('25: 100 is never delivered, every 18x is, with the same txnId and dialogId', async () => {
    const { client, callee, invite, txnId, dialogId } = await calling();
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
    const { client, callee, invite, dialogId } = await calling();
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
    const { client, callee, invite, dialogId } = await calling();
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
    const { client, callee, invite, dialogId } = await calling();
    answer(callee, invite, 200, { toTag: 'first', body: SDP_B });
    await client.sip(/SIP\/2\.0 200/);
    await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    await callee.expect(/^ACK [^]*To: .*tag=first/);
    answer(callee, invite, 200, { toTag: 'second', body: SDP_B });
    if (drachtioServer === null) {
      await callee.expect(/^ACK [^]*To: .*tag=second/);
      answer(callee, await callee.expect(/^BYE [^]*To: .*tag=second/), 200);
    } else {
      // The ACK of the first answer again, and nobody ends the second call.
      await callee.expectCopy(/^ACK [^]*To: .*tag=first/);
    }
    await client.ask('ping');
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toHaveLength(1);
    expect((await client.ask(`sip||${dialogId}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`)).tokens[3]).toBe('OK');
  });
});
