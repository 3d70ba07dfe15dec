import { describe, expect } from 'vitest';
import { rawClient } from './raw-client.ts';
import { answer, calleePeer, SDP_B } from './support.ts';
import { embeddedIt } from './target.ts';
import { startWithClock } from './timed-engine.ts';

const TIMER_C_MS = 185_000;
const CLOCK = 'it lives by the system`s clock';

async function ringing() {
  const started = await startWithClock();
  const client = await rawClient(started.engine);
  const callee = await calleePeer(started.udpPort);
  const sent = await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
  const invite = await callee.expect(/^INVITE /);
  answer(callee, invite, 180);
  await client.sip(/SIP\/2\.0 180/);
  return { ...started, client, callee, invite, txnId: sent.tokens[10] ?? '' };
}

describe('timer C', () => {
  embeddedIt(CLOCK, '56: the engine cancels what rings 185 s after its last 18x, and delivers the 487', async () => {
    const { engine, clock, client, callee, invite, txnId } = await ringing();
    clock.advance(TIMER_C_MS);
    const cancel = await callee.expect(/^CANCEL /);
    answer(callee, cancel, 200);
    answer(callee, invite, 487);
    expect((await client.sip(/SIP\/2\.0 487/)).tokens[8]).toBe(txnId);
    expect(engine.counts()).toMatchObject({ dialogs: 0, invites: 0, timers: 0 });
  });

  embeddedIt(CLOCK, '56: each 18x begins it anew', async () => {
    const { clock, client, callee, invite } = await ringing();
    clock.advance(TIMER_C_MS - 1);
    answer(callee, invite, 183);
    await client.sip(/SIP\/2\.0 183/);
    clock.advance(TIMER_C_MS - 1);
    await client.ask('ping');
    expect(callee.count(/^CANCEL /)).toBe(0);
    clock.advance(1);
    await callee.expect(/^CANCEL /);
  });

  embeddedIt(CLOCK, '56: an answer that crosses that CANCEL is a call', async () => {
    const { clock, client, callee, invite, engine } = await ringing();
    clock.advance(TIMER_C_MS);
    answer(callee, await callee.expect(/^CANCEL /), 200);
    answer(callee, invite, 200, { body: SDP_B });
    const { tokens } = await client.sip(/SIP\/2\.0 200/);
    await client.ask(`sip||${tokens[9]}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    await callee.expect(/^ACK /);
    await client.ask('ping');
    expect(callee.count(/^BYE /)).toBe(0);
    expect(engine.counts()).toMatchObject({ dialogs: 1, timers: 0 });
  });

  embeddedIt(
    CLOCK,
    '56: an application that gives up after that is answered NOK, and a crossing 200 is ended',
    async () => {
      const { clock, client, callee, invite, txnId } = await ringing();
      clock.advance(TIMER_C_MS);
      await callee.expect(/^CANCEL /);
      const cancel = await client.ask(`sip|${txnId}|\r\nCANCEL sip:x SIP/2.0\r\n\r\n`);
      expect(cancel.tokens[3]).toBe('NOK');
      answer(callee, invite, 200, { body: SDP_B });
      const { tokens } = await client.sip(/SIP\/2\.0 200/);
      await client.ask(`sip||${tokens[9]}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
      await callee.expect(/^BYE /);
    },
  );

  embeddedIt(CLOCK, '56: a final answer ends it', async () => {
    const { engine, client, callee, invite } = await ringing();
    expect(engine.counts().timers).toBe(1);
    answer(callee, invite, 486);
    await client.sip(/SIP\/2\.0 486/);
    expect(engine.counts().timers).toBe(0);
  });
});
