import { describe, expect } from 'vitest';
import { calling, talkingToB } from './raw-application.ts';
import { answer } from './support.ts';
import { embeddedIt } from './target.ts';

const BRIEF = { timerBMs: 100 };
const WHY = 'a drachtio-server cannot be told timer B, and forgets an INVITE with it';

describe('a phone that answers after timer B', () => {
  embeddedIt(WHY, 'rings: it is cancelled, and its 487 acknowledged', async () => {
    const { client, callee, invite, engine } = await calling(BRIEF);
    await client.sip(/SIP\/2\.0 408/);
    answer(callee, invite, 180);
    const cancel = await callee.expect(/^CANCEL /);
    expect(cancel.header('Via')).toBe(invite.header('Via'));
    answer(callee, cancel, 200);
    answer(callee, invite, 487);
    await callee.expect(/^ACK /);
    expect(engine.counts()).toMatchObject({ dialogs: 0, invites: 0 });
  });

  embeddedIt(WHY, 'picks up: it gets ACK and BYE, and the application hears of nothing but its 408', async () => {
    const { client, callee, invite, engine } = await calling(BRIEF);
    await client.sip(/SIP\/2\.0 408/);
    const told = client.received.length;
    answer(callee, invite, 200);
    const ack = await callee.expect(/^ACK /);
    expect(ack.header('To')).toContain('tag=callee');
    const bye = await callee.expect(/^BYE /);
    expect(bye.header('To')).toContain('tag=callee');
    answer(callee, bye, 200);
    answer(callee, invite, 200);
    await callee.expectCopy(/^ACK /);
    await client.ask('ping');
    expect(client.received.slice(told).map(({ tokens }) => tokens[1])).not.toContain('sip');
    expect(engine.counts()).toMatchObject({ dialogs: 0, invites: 0 });
  });

  embeddedIt(
    WHY,
    'to a re-INVITE: it gets its ACK, and whether the call goes on is the application`s to say',
    async () => {
      const { client, callee, ask } = await talkingToB({}, BRIEF);
      await ask('INVITE');
      const again = await callee.expect(/^INVITE /);
      await client.sip(/SIP\/2\.0 408/);
      answer(callee, again, 200);
      const ack = await callee.expect(/^ACK [^]*CSeq: /);
      expect(ack.header('CSeq')).toBe(again.header('CSeq').replace('INVITE', 'ACK'));
      await ask('INFO');
      await callee.expect(/^INFO /);
      expect(callee.count(/^BYE /)).toBe(0);
    },
  );
});
