import { describe, expect, it } from 'vitest';
import { byCallee, calling, sendCancel, UNKNOWN } from './raw-application.ts';
import { rawClient } from './raw-client.ts';
import {
  ackFailure,
  answer,
  callerPeer,
  calleePeer,
  connectSrf,
  EXPIRING,
  FAST,
  newCall,
  next,
  response,
  responseCopy,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  type RawCall,
  type RequestParts,
  type SrfDialog,
  type SrfMessage,
  type SrfRequest,
  type SrfResponse,
} from './support.ts';
import { differs, embeddedIt } from './target.ts';
import type { EngineOptions } from '../../src/drachtio/index.ts';
import type { Received } from '../support/sip-peer.ts';

const SUPPORTED = { headers: 'Supported: 100rel' };
const RELIABLY = 'Require: 100rel\r\n';
const BAD_STACK = 'drachtio-server ends there';

/** An application of bare frames, rung by A. */
async function rung(invite: RequestParts = SUPPORTED, options: Partial<EngineOptions> = {}) {
  const started = await startEngineForTest(options);
  const client = await rawClient(started.engine);
  await client.ask('route|invite');
  const call = newCall(await callerPeer(started.udpPort));
  sendInvite(call, invite);
  const { tokens } = await client.sip(/INVITE /);
  const txnId = tokens[8] ?? '';
  const reply = (status: string, headers = '', body = '') =>
    client.ask(`sip|${txnId}|\r\nSIP/2.0 ${status}\r\n${headers}\r\n${body}`);
  return { ...started, client, call, txnId, dialogId: `${call.callId};from-tag=${call.tag}`, reply };
}

function sendPrack(call: RawCall, reliable: Received | string, parts: RequestParts = {}): void {
  const rack = typeof reliable === 'string' ? reliable : `${reliable.header('RSeq')} 1 INVITE`;
  sendInDialog(call, 'PRACK', { ...parts, headers: `RAck: ${rack}\n${parts.headers ?? ''}` });
}

describe('reliable provisional responses of an application', () => {
  it('49: through drachtio-srf: RSeq is added, the PRACK is delivered and its answer reaches A', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const pracked = Promise.withResolvers<SrfRequest>();
    const sent = Promise.withResolvers<SrfMessage>();
    const dialog = Promise.withResolvers<SrfDialog>();
    await connectSrf(engine, (srf) => {
      srf.invite((req: SrfRequest, res: SrfResponse) => {
        const options = { headers: { Require: '100rel' }, body: SDP_B };
        res.send(
          183,
          undefined,
          options,
          (_error, message) => sent.resolve(message),
          (prack: SrfRequest) => {
            pracked.resolve(prack);
            srf.createUAS(req, res, { localSdp: SDP_B }).then(dialog.resolve, dialog.reject);
          },
        );
      });
    });
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call, SUPPORTED);
    const progress = await response(call, 183);
    expect(progress.all('Require')).toEqual(['100rel']);
    expect(progress.header('Contact')).toMatch(/^<sip:127/);
    expect((await sent.promise).get('RSeq')).toBe(progress.header('RSeq'));
    sendPrack(call, progress);
    await response(call, 200, 'PRACK');
    expect((await pracked.promise).get('RAck')).toBe(`${progress.header('RSeq')} 1 INVITE`);
    await response(call, 200);
    const acked = next(await dialog.promise, 'ack');
    sendAck(call, { cseq: 1 });
    await acked;
  });

  it('49: the PRACK has a txnId of its own and the dialogId', async () => {
    const { client, call, txnId, dialogId, reply } = await rung();
    const ok = await reply('183 Progress', RELIABLY);
    expect(ok.tokens.slice(10, 12)).toEqual([txnId, dialogId]);
    const progress = await response(call, 183);
    expect(ok.text).toContain(`\r\nRSeq: ${progress.header('RSeq')}\r\n`);
    sendPrack(call, progress);
    const prack = await client.sip(/PRACK /);
    expect(prack.tokens[8]).not.toBe(txnId);
    expect(prack.tokens[9]).toBe(dialogId);
    await client.ask(`sip|${prack.tokens[8]}|\r\nSIP/2.0 200 OK\r\nCSeq: 2 PRACK\r\n\r\n`);
    await response(call, 200, 'PRACK');
  });

  it('49: a reliable response is repeated until its PRACK, and the next one waits for that', async () => {
    const { client, call, reply } = await rung(SUPPORTED, { timers: FAST });
    await reply('183 Progress', RELIABLY);
    const second = await reply('180 Ringing', RELIABLY);
    expect(second.tokens.slice(3, 6)).toEqual(['OK', 'application', differs('0', expect.any(String))]);
    const progress = await response(call, 183);
    await responseCopy(call, 183);
    expect(call.peer.count(/^SIP\/2\.0 180/)).toBe(0);
    sendPrack(call, progress);
    const ringing = await response(call, 180);
    expect(Number(ringing.header('RSeq'))).toBe(Number(progress.header('RSeq')) + 1);
    await client.sip(/PRACK /);
    const copies = call.peer.count(/^SIP\/2\.0 183/);
    await responseCopy(call, 180);
    expect(call.peer.count(/^SIP\/2\.0 183/)).toBe(copies);
    // One that stays unacknowledged ends a drachtio-server.
    sendPrack(call, ringing);
    await client.sip(/PRACK [^]*CSeq: 3 PRACK/);
  });

  it('49: RSeq starts anywhere below 2^31', async () => {
    const { client, call, reply } = await rung();
    await reply('183 Progress', RELIABLY);
    const progress = await response(call, 183);
    const rseq = Number(progress.header('RSeq'));
    expect(rseq).toBeGreaterThan(0);
    expect(rseq).toBeLessThan(2 ** 31);
    sendPrack(call, progress);
    await client.sip(/PRACK /);
  });

  embeddedIt(BAD_STACK, '49: a 2xx waits while a reliable 18x with a description is unacknowledged', async () => {
    const { client, call, txnId, dialogId, reply } = await rung();
    await reply('183 Progress', RELIABLY, SDP_B);
    const progress = await response(call, 183);
    const held = await reply('200 OK', '', SDP_B);
    expect(held.tokens.slice(3, 6)).toEqual(['OK', 'application', '0']);
    expect(held.tokens[11]).toBe(dialogId);
    expect((await reply('486 Busy Here')).tokens.slice(3)).toEqual([
      'NOK',
      'Response not sent due to unknown transaction',
    ]);
    expect(call.peer.count(/^SIP\/2\.0 200/)).toBe(0);
    sendPrack(call, progress);
    await response(call, 200, 'PRACK');
    const ok = await response(call, 200);
    expect(ok.body).toBe(SDP_B);
    sendAck(call, { cseq: 1 });
    expect((await client.sip(/ACK /)).tokens.slice(8, 10)).toEqual([txnId, dialogId]);
  });

  embeddedIt(BAD_STACK, '49: without a description a 2xx does not wait, and the late PRACK gets its 200', async () => {
    const { client, call, reply } = await rung(SUPPORTED, { timers: FAST });
    await reply('180 Ringing', RELIABLY);
    const ringing = await response(call, 180);
    await reply('200 OK', '', SDP_B);
    await response(call, 200);
    sendPrack(call, ringing);
    await response(call, 200, 'PRACK');
    sendAck(call, { cseq: 1 });
    await client.sip(/ACK /);
    sendPrack(call, ringing);
    await response(call, 481, 'PRACK');
  });

  embeddedIt(BAD_STACK, '49: a failure ends the repetition at once', async () => {
    const { call, reply } = await rung();
    await reply('183 Progress', RELIABLY, SDP_B);
    await response(call, 183);
    await reply('486 Busy Here');
    ackFailure(call, await response(call, 486));
  });

  it('49: a caller without 100rel: NOK, and the call goes on', async () => {
    const { call, reply } = await rung({});
    expect((await reply('183 Progress', RELIABLY)).tokens.slice(3)).toEqual([
      'NOK',
      'Remote endpoint does not support 100rel',
    ]);
    expect((await reply('180 Ringing')).tokens[3]).toBe('OK');
    expect((await response(call, 180)).all('RSeq')).toEqual([]);
  });

  const MIXED_UP = 'drachtio-server loses the PRACK';

  embeddedIt(MIXED_UP, '49: a caller that requires 100rel gets every 18x reliably, and no 100', async () => {
    const { client, call, reply } = await rung({ headers: 'Require: 100rel' });
    await reply('180 Ringing', 'Require: other\r\n');
    const ringing = await response(call, 180);
    expect(ringing.all('Require').join(', ')).toBe('other, 100rel');
    sendPrack(call, ringing);
    await client.sip(/PRACK /);
  });

  const EXACT = 'drachtio-server does not look at RAck';

  embeddedIt(
    EXACT,
    '49: a PRACK with a wrong RAck gets 481, one that cannot be read 400; neither is delivered',
    async () => {
      const { client, call, reply } = await rung();
      await reply('183 Progress', RELIABLY);
      const progress = await response(call, 183);
      const rseq = Number(progress.header('RSeq'));
      for (const rack of [`${rseq + 1} 1 INVITE`, `${rseq} 2 INVITE`, `${rseq} 1 OPTIONS`, `0 1 INVITE`]) {
        sendPrack(call, rack);
        await response(call, 481, 'PRACK');
      }
      for (const rack of [
        '',
        'x',
        `${rseq}`,
        `${rseq} 1`,
        `-1 1 INVITE`,
        `${'9'.repeat(400)} 1 INVITE`,
        `${rseq} 1 INVITE x`,
      ]) {
        sendPrack(call, rack);
        await response(call, 400, 'PRACK');
      }
      sendPrack(call, progress);
      await client.sip(/PRACK /);
      expect(client.received.filter(({ text }) => text.startsWith('PRACK'))).toHaveLength(1);
    },
  );

  embeddedIt(EXACT, '49: a flood of PRACKs costs an answer each', async () => {
    const { engine, client, call, reply } = await rung();
    await reply('183 Progress', RELIABLY);
    const progress = await response(call, 183);
    for (let i = 1; i <= 500; i += 1) {
      sendPrack(call, `${i} 1 INVITE`);
      // More at once than a socket of the system holds would be lost on their way.
      if (i % 50 === 0) await expect.poll(() => call.peer.count(/^SIP\/2\.0 481 [^]*PRACK/)).toBe(i);
    }
    sendPrack(call, progress);
    await client.sip(/PRACK /);
    expect(engine.counts().timers).toBe(0);
  });

  embeddedIt('drachtio-server drops it', '49: a PRACK outside any dialog gets 481', async () => {
    const { udpPort } = await startEngineForTest();
    const call = newCall(await callerPeer(udpPort));
    sendPrack(call, '1 1 INVITE');
    await response(call, 481, 'PRACK');
  });

  embeddedIt(
    BAD_STACK,
    '49: never acknowledged for 64*T1: 504, a CANCEL for the application, nothing is left',
    async () => {
      const { engine, client, call, txnId, reply } = await rung(SUPPORTED, { timers: EXPIRING });
      await reply('183 Progress', RELIABLY);
      await response(call, 183);
      ackFailure(call, await response(call, 504));
      const { tokens, text } = await client.sip(/CANCEL /);
      expect(tokens[8]).toBe(txnId);
      expect(text).toMatch(/^Reason: SIP;cause=504;text="PRACK timeout"\r$/m);
      expect((await reply('200 OK')).tokens[3]).toBe('NOK');
      const { transactions: _, ...remembered } = engine.counts();
      expect(Object.values(remembered).every((count) => count === 0)).toBe(true);
    },
  );

  embeddedIt(BAD_STACK, '49: the same with a 2xx that waits: the application hears an unsolicited BYE', async () => {
    const { engine, client, call, dialogId, reply } = await rung(SUPPORTED, { timers: EXPIRING });
    await reply('183 Progress', RELIABLY, SDP_B);
    await response(call, 183);
    await reply('200 OK', '', SDP_B);
    ackFailure(call, await response(call, 504));
    const { tokens, text } = await client.sip(/BYE /);
    expect([tokens[2], tokens[8], tokens[9]]).toEqual(['application', 'unsolicited', dialogId]);
    expect(text).toMatch(/^Reason: SIP;cause=200;text="CANCEL after 200 OK"\r$/m);
    expect(call.peer.count(/^BYE /)).toBe(0);
    const { transactions: _, ...remembered } = engine.counts();
    expect(Object.values(remembered).every((count) => count === 0)).toBe(true);
  });

  it('49: a CANCEL while a reliable 18x is unacknowledged', async () => {
    const { client, call, txnId, dialogId, reply } = await rung();
    await reply('183 Progress', RELIABLY);
    await response(call, 183);
    sendCancel(call);
    await response(call, 200, 'CANCEL');
    ackFailure(call, await response(call, 487));
    expect((await client.sip(/CANCEL /)).tokens.slice(8, 10)).toEqual([txnId, dialogId]);
  });

  embeddedIt(BAD_STACK, '49: a CANCEL while a 2xx waits: 487, and an unsolicited BYE for the application', async () => {
    const { client, engine, call, dialogId, reply } = await rung();
    await reply('183 Progress', RELIABLY, SDP_B);
    await response(call, 183);
    await reply('200 OK', '', SDP_B);
    const held = client.ask(`sip||${dialogId}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    expect((await held).tokens.slice(3, 6)).toEqual(['OK', 'application', '0']);
    sendCancel(call);
    await response(call, 200, 'CANCEL');
    ackFailure(call, await response(call, 487));
    await client.sip(/unsolicited[^]*BYE /);
    await client.sip(/SIP\/2\.0 481[^]*BYE/);
    expect(engine.counts()).toMatchObject({ dialogs: 0, incoming: 0, timers: 0 });
  });

  embeddedIt('a limit of the embedded engine', '49: so many may wait, one more gets NOK', async () => {
    const { call, reply } = await rung();
    const answers = [];
    for (let i = 0; i < 18; i += 1) answers.push(await reply('183 Progress', RELIABLY));
    expect(answers.map(({ tokens }) => tokens[3])).toEqual([...Array<string>(17).fill('OK'), 'NOK']);
    await response(call, 183);
  });
});

describe('reliable provisional responses that an application gets', () => {
  it('49: one is delivered once, and drachtio-srf`s PRACK carries RAck', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const callee = await calleePeer(udpPort);
    const srf = await connectSrf(engine);
    const provisional: string[] = [];
    const dialog = srf.createUAC(
      `sip:1001@127.0.0.1:${callee.port}`,
      { localSdp: SDP_A, headers: { Supported: '100rel' } },
      { cbProvisional: (res: SrfMessage) => provisional.push(res.get('RSeq')) },
    );
    const invite = await callee.expect(/^INVITE /);
    const progress = { headers: 'Require: 100rel\nRSeq: 7', body: SDP_B };
    answer(callee, invite, 183, progress);
    const prack = await callee.expect(/^PRACK /);
    expect(prack.header('RAck')).toBe(`7 ${invite.header('CSeq')}`);
    expect(prack.header('CSeq')).toBe(`${Number.parseInt(invite.header('CSeq'), 10) + 1} PRACK`);
    expect(prack.header('To')).toMatch(/;tag=callee$/);
    answer(callee, invite, 183, progress);
    answer(callee, prack, 200);
    answer(callee, invite, 200, { body: SDP_B });
    const ack = await callee.expect(/^ACK /);
    expect(Number.parseInt(ack.header('CSeq'), 10)).toBe(Number.parseInt(invite.header('CSeq'), 10));
    await dialog;
    expect(provisional).toEqual(['7']);
    expect(callee.count(/^PRACK /)).toBe(1);
  });

  embeddedIt(
    'drachtio-server delivers them',
    '49: a copy, or one after a gap, is not delivered; the missing one is',
    async () => {
      const { client, callee, invite } = await calling();
      const send = (rseq: string, status: number): void =>
        answer(callee, invite, status, { headers: `Require: 100rel\nRSeq: ${rseq}` });
      send('10', 183);
      send('12', 182);
      send('10', 183);
      send('x', 181);
      send('99999999999', 181);
      send('11', 180);
      send('12', 182);
      await client.sip(/SIP\/2\.0 182/);
      const seen = client.received.flatMap(({ text }) => /^SIP\/2\.0 (1\d\d)/.exec(text)?.[1] ?? []);
      expect(seen).toEqual(['183', '180', '182']);
    },
  );

  embeddedIt(
    'drachtio-server sends it as it is',
    '49: a PRACK without RAck gets that of the oldest response without one; without any NOK',
    async () => {
      const { client, callee, invite, dialogId } = await calling();
      answer(callee, invite, 183, { headers: 'Require: 100rel\nRSeq: 10' });
      await client.sip(/SIP\/2\.0 183/);
      const prack = `sip||${dialogId}\r\nPRACK sip:placeholder SIP/2.0\r\n\r\n`;
      expect((await client.ask(prack)).tokens[3]).toBe('OK');
      expect((await callee.expect(/^PRACK /)).header('RAck')).toBe(`10 ${invite.header('CSeq')}`);
      expect((await client.ask(prack)).tokens.slice(3)).toEqual(['NOK', 'unable to find IIP when sending PRACK']);
    },
  );

  embeddedIt(
    'drachtio-server keeps one early dialog',
    '49: forked early dialogs each have their own RSeq, and get their own PRACK',
    async () => {
      const { client, callee, invite, dialogId } = await calling();
      const prack = (rseq: number): Promise<unknown> =>
        client.ask(
          `sip||${dialogId}\r\nPRACK sip:placeholder SIP/2.0\r\nRAck: ${rseq} ${invite.header('CSeq')}\r\n\r\n`,
        );
      for (const toTag of ['one', 'two']) {
        answer(callee, invite, 183, { toTag, headers: 'Require: 100rel\nRSeq: 5' });
        await client.sip(new RegExp(`SIP/2\\.0 183[^]*tag=${toTag}`));
      }
      answer(callee, invite, 183, { toTag: 'one', headers: 'Require: 100rel\nRSeq: 6' });
      await client.sip(/SIP\/2\.0 183[^]*RSeq: 6/);
      for (const rseq of [5, 5, 6]) await prack(rseq);
      const pracks = [];
      for (let i = 0; i < 3; i += 1) pracks.push(await callee.expect(/^PRACK /));
      expect(pracks.map(({ text }) => /^To: .*;tag=(\w+)/m.exec(text)?.[1])).toEqual(['one', 'two', 'one']);
    },
  );

  it('49: a PRACK where nothing is early: NOK', async () => {
    const { client, dialogId } = await calling();
    const prack = await client.ask(`sip||${dialogId}\r\nPRACK sip:placeholder SIP/2.0\r\nRAck: 1 1 INVITE\r\n\r\n`);
    expect(prack.tokens.slice(3)).toEqual(UNKNOWN);
  });

  embeddedIt(
    'drachtio-server does not',
    '49: B`s request in an early dialog of its own is matched by its tags',
    async () => {
      const { client, callee, invite, dialogId } = await calling();
      for (const toTag of ['callee', 'two']) answer(callee, invite, 183, { toTag });
      await client.sip(/SIP\/2\.0 183[^]*tag=two/);
      callee.send(byCallee(callee, invite, 'UPDATE', { contact: '<sip:elsewhere@127.0.0.1:9>' }));
      const update = await client.sip(/UPDATE /);
      expect(update.tokens[9]).toBe(dialogId);
    },
  );
});
