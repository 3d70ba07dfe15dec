import { describe, expect } from 'vitest';
import { tcpPeer } from '../support/sip-peer.ts';
import { rawClient } from './raw-client.ts';
import { later, newCall, response, sendInvite, startEngineForTest } from './support.ts';
import { embeddedIt } from './target.ts';

async function ringing() {
  const { engine, tcpPort } = await startEngineForTest();
  const client = await rawClient(engine);
  await client.ask('route|invite');
  const caller = await tcpPeer(tcpPort);
  later(() => caller.close());
  const call = newCall(caller);
  sendInvite(call);
  const { tokens } = await client.sip(/INVITE /);
  const transaction = tokens[8] ?? '';
  await client.ask(`sip|${transaction}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
  await response(call, 180);
  return { engine, client, caller, call, transaction };
}

describe('a caller whose TCP connection closes while it rings', () => {
  const NEVER_TOLD = 'drachtio-server tells nobody';

  embeddedIt(
    NEVER_TOLD,
    'and who cannot be reached is gone: the application hears a CANCEL, and nothing is kept',
    async () => {
      const { engine, client, caller, transaction } = await ringing();
      await caller.close();
      const { tokens, text } = await client.sip(/CANCEL /);
      expect(tokens[8]).toBe(transaction);
      expect(text).toMatch(/^CSeq: \d+ CANCEL\r$/m);
      const refused = await client.ask(`sip|${transaction}|\r\nSIP/2.0 487 Request Terminated\r\n\r\n`);
      expect(refused.line).toContain('NOK|Response not sent due to unknown transaction');
      expect(engine.counts()).toMatchObject({ dialogs: 0, incoming: 0 });
    },
  );

  embeddedIt(
    NEVER_TOLD,
    'and who takes connections hears over a new one that it still rings, and its answer',
    async () => {
      const { client, caller, call, transaction } = await ringing();
      caller.drop();
      await caller.expectCopy(/^SIP\/2\.0 180 /);
      await client.ask(`sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200);
      expect(client.received.some(({ text }) => text.startsWith('CANCEL'))).toBe(false);
    },
  );
});
