import { describe, expect, it } from 'vitest';
import { byCallee, calling, rawApplication, rung } from './raw-application.ts';
import {
  ackFailure,
  answer,
  EXPIRING,
  FAST,
  response,
  responseCopy,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
} from './support.ts';
import { differs, embeddedIt } from './target.ts';

const ONE = 'drachtio-server keeps one early dialog of an INVITE';

function inDialog(method: string, dialogId: string, headers = '', body = ''): string {
  return `sip||${dialogId}\r\n${method} sip:placeholder SIP/2.0\r\n${headers}\r\n${body}`;
}

/** B answers an INVITE of the application from two places; the application has heard of `two` last. */
async function forked() {
  const test = await calling();
  const { callee, client, invite } = test;
  for (const toTag of ['callee', 'two']) {
    const contact = `<sip:${toTag}@127.0.0.1:${callee.port}>`;
    answer(callee, invite, 183, { toTag, contact, body: SDP_B });
    await client.sip(new RegExp(`SIP/2\\.0 183[^]*tag=${toTag}`));
  }
  return test;
}

describe('early dialogs of an INVITE of the application', () => {
  embeddedIt(ONE, '24: its request goes to the one that its To tag names, else to the one heard of last', async () => {
    const { client, callee, invite, dialogId } = await forked();
    await client.ask(inDialog('INFO', dialogId));
    expect((await callee.expect(/^INFO sip:two@/)).header('To')).toMatch(/;tag=two$/);
    await client.ask(inDialog('UPDATE', dialogId, 'To: <sip:x@y>;tag=callee\r\n', SDP_A));
    const update = await callee.expect(/^UPDATE sip:callee@/);
    expect(update.header('To')).toMatch(/;tag=callee$/);
    answer(callee, update, 200, { contact: `<sip:moved@127.0.0.1:${callee.port}>` });
    await client.sip(/SIP\/2\.0 200[^]*UPDATE/);
    answer(callee, invite, 180);
    await client.sip(/SIP\/2\.0 180/);
    await client.ask(inDialog('INFO', dialogId));
    // The 2xx to the UPDATE has moved the target of this early dialog alone.
    expect((await callee.expect(/^INFO sip:moved@/)).header('To')).toMatch(/;tag=callee$/);
  });

  embeddedIt(ONE, '24: each has sequence numbers of its own', async () => {
    const { client, callee, invite, dialogId } = await forked();
    const first = Number.parseInt(invite.header('CSeq'), 10);
    for (const [tag, cseq] of [
      ['callee', first + 1],
      ['callee', first + 2],
      ['two', first + 1],
    ] as const) {
      await client.ask(inDialog('INFO', dialogId, `To: <sip:x@y>;tag=${tag}\r\n`));
      expect((await callee.expect(new RegExp(`^INFO [^]*;tag=${tag}`))).header('CSeq')).toBe(`${cseq} INFO`);
    }
  });

  embeddedIt(ONE, '24: B`s UPDATE in one of them is matched by its tags, and moves its target alone', async () => {
    const { client, callee, invite, dialogId } = await forked();
    callee.send(byCallee(callee, invite, 'UPDATE', { contact: `<sip:elsewhere@127.0.0.1:${callee.port}>` }));
    const { tokens } = await client.sip(/UPDATE /);
    expect(tokens[9]).toBe(dialogId);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await callee.expect(/^SIP\/2\.0 200 [^]*UPDATE/);
    await client.ask(inDialog('INFO', dialogId));
    await callee.expect(/^INFO sip:elsewhere@/);
    await client.ask(inDialog('INFO', dialogId, 'To: <sip:x@y>;tag=two\r\n'));
    await callee.expect(/^INFO sip:two@/);
  });

  embeddedIt(ONE, '55: the confirmed one wins: its requests go nowhere else, and the others are unknown', async () => {
    const { client, callee, invite, dialogId } = await forked();
    answer(callee, invite, 200, { toTag: 'two', contact: `<sip:two@127.0.0.1:${callee.port}>`, body: SDP_B });
    await client.sip(/SIP\/2\.0 200/);
    await client.ask(inDialog('ACK', dialogId));
    await client.ask(inDialog('INFO', dialogId, 'To: <sip:x@y>;tag=callee\r\n'));
    expect((await callee.expect(/^INFO sip:two@/)).header('To')).toMatch(/;tag=two$/);
    callee.send(byCallee(callee, invite, 'UPDATE'));
    await callee.expect(/^SIP\/2\.0 481 [^]*UPDATE/);
  });
});

describe('UPDATE (RFC 3311)', () => {
  it('24: a second one of the peer before the first is answered gets 500 with Retry-After', async () => {
    const { client, call, reply } = await rung();
    await reply('180 Ringing');
    await response(call, 180);
    sendInDialog(call, 'UPDATE', { body: SDP_A });
    const { tokens } = await client.sip(/UPDATE /);
    sendInDialog(call, 'UPDATE', { body: SDP_A });
    expect((await response(call, 500, 'UPDATE')).header('Retry-After')).toBe(differs('5', ''));
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\nCSeq: 2 UPDATE\r\n\r\n`);
    await response(call, 200, 'UPDATE');
    sendInDialog(call, 'UPDATE');
    await client.sip(/UPDATE [^]*CSeq: 4 UPDATE/);
  });

  embeddedIt(
    'drachtio-server answers NOK',
    '24: one of the application in the early dialog of its caller',
    async () => {
      const { client, call, reply } = await rung();
      const ringing = await reply('180 Ringing');
      await response(call, 180);
      expect((await client.ask(inDialog('UPDATE', ringing.tokens[11] ?? '', '', SDP_B))).tokens[3]).toBe('OK');
      const update = await call.peer.expect(/^UPDATE /);
      expect(update.body).toBe(SDP_B);
      expect(update.header('Contact')).toMatch(/^<sip:127/);
      answer(call.peer, update, 491);
      await client.sip(/SIP\/2\.0 491/);
    },
  );
});

describe('the application`s BYE before the ACK (RFC 3261 15)', () => {
  const AT_ONCE = 'drachtio-server sends it at once';

  async function answered(timers = {}) {
    const test = await rung(timers);
    const { tokens } = await test.reply('200 OK');
    await response(test.call, 200);
    const bye = await test.client.ask(inDialog('BYE', tokens[11] ?? '', 'X-Why: done\r\n'));
    return { ...test, bye };
  }

  embeddedIt(AT_ONCE, '19: it has its OK at once, of size 0, and leaves with the ACK', async () => {
    const { client, call, bye } = await answered();
    expect(bye.tokens.slice(3, 6)).toEqual(['OK', 'application', '0']);
    expect(bye.text).toMatch(/^BYE /);
    expect(call.peer.count(/^BYE /)).toBe(0);
    sendAck(call);
    const sent = await call.peer.expect(/^BYE /);
    expect(sent.header('X-Why')).toBe('done');
    answer(call.peer, sent, 200);
    expect((await client.sip(/SIP\/2\.0 200[^]*BYE/)).tokens[8]).toBe(bye.tokens[10]);
    await client.sip(/ACK /);
  });

  embeddedIt(AT_ONCE, '38: without ACK it leaves after 64*T1, and the application hears of no other end', async () => {
    const { engine, client, call, bye } = await answered(EXPIRING);
    const sent = await call.peer.expect(/^BYE /);
    expect(sent.all('Reason')).toEqual([]);
    answer(call.peer, sent, 200);
    expect((await client.sip(/SIP\/2\.0 200[^]*BYE/)).tokens[8]).toBe(bye.tokens[10]);
    expect(client.received.filter(({ tokens }) => tokens[8] === 'unsolicited')).toEqual([]);
    expect(engine.counts()).toMatchObject({ dialogs: 0, incoming: 0 });
  });

  embeddedIt(AT_ONCE, '19: the peer`s BYE is faster: ours gets 481 and is never sent', async () => {
    const { client, call, bye } = await answered();
    sendInDialog(call, 'BYE');
    const { tokens } = await client.sip(/BYE sip/);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200, 'BYE');
    expect((await client.sip(/SIP\/2\.0 481[^]*BYE/)).tokens[8]).toBe(bye.tokens[10]);
    expect(call.peer.count(/^BYE /)).toBe(0);
  });

  embeddedIt(AT_ONCE, '31: a second BYE finds no dialog', async () => {
    const { client, call } = await answered();
    const again = await client.ask(inDialog('BYE', `${call.callId};from-tag=${call.tag}`));
    expect(again.tokens.slice(3)).toEqual(['NOK', 'Server error: unable to find dialog for dialog id provided']);
  });

  embeddedIt(
    'its copies come too late to be waited for',
    '38: the caller`s BYE ends the repetition of our 200',
    async () => {
      const { client, call, reply } = await rung(FAST);
      await reply('200 OK');
      await response(call, 200);
      await responseCopy(call, 200);
      sendInDialog(call, 'BYE');
      const { tokens } = await client.sip(/BYE /);
      const copies = call.peer.count(/^SIP\/2\.0 200 [^]*INVITE/);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200, 'BYE');
      // Another transaction's copies show that time enough has passed.
      sendInDialog(call, 'INVITE');
      await response(call, 481);
      for (let i = 0; i < 4; i += 1) await responseCopy(call, 481);
      expect(call.peer.count(/^SIP\/2\.0 200 [^]*INVITE/)).toBeLessThanOrEqual(copies + 1);
      ackFailure(call, await call.peer.expectCopy(/^SIP\/2\.0 481/));
    },
  );
});

describe('headers that the engine writes', () => {
  it('33: a To made from the Request-URI keeps the parameters of the URI in brackets', async () => {
    const { sent, peer } = await rawApplication();
    const uri = `sip:1001@127.0.0.1:${peer.port};transport=udp;user=phone`;
    const message = await sent(`MESSAGE ${uri} SIP/2.0\r\n\r\n`);
    expect(message.header('To')).toBe(
      differs(`<${uri}>`, `<sip:1001@127.0.0.1:${peer.port}>;transport=udp;user=phone`),
    );
  });
});
