import { describe, expect, it } from 'vitest';
import { rawClient } from './raw-client.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  newCall,
  response,
  SDP_A,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from './support.ts';
import { differs, embeddedIt, drachtioServer } from './target.ts';

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
    await response(call, differs(200, 481), 'BYE');
    await response(call, differs(487, 500));
    // drachtio-server tells the application nothing.
    if (drachtioServer !== null) return;
    const { tokens, text } = await client.sip(/CANCEL /);
    expect([tokens[8], tokens[9]]).toEqual([txnId, dialogId]);
    expect(text).toMatch(/^Reason: SIP;cause=486\r$/m);
    expect(text).toMatch(/^CSeq: 1 CANCEL\r$/m);
  });

  embeddedIt('drachtio-server gives no answer', 'a second INVITE in it gets 500, and the first goes on', async () => {
    const { client, call, txnId } = await ringing();
    sendInDialog(call, 'INVITE', { body: SDP_A });
    expect((await response(call, 500)).header('Retry-After')).toBe('5');
    expect((await client.ask(`sip|${txnId}|\r\nSIP/2.0 200 OK\r\n\r\n`)).tokens[3]).toBe('OK');
    expect(client.received.filter(({ text }) => text.startsWith('INVITE'))).toHaveLength(1);
  });

  const AMBIGUOUS = 'drachtio-server gives UPDATE the txnId of the INVITE, and refuses INFO';

  embeddedIt(AMBIGUOUS, 'the caller`s UPDATE and INFO in it have a txnId of their own and the dialogId', async () => {
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
