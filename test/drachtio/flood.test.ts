import { describe, expect } from 'vitest';
import { rawClient } from './raw-client.ts';
import {
  callerPeer,
  newCall,
  response,
  SDP_A,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from './support.ts';
import { embeddedIt } from './target.ts';
import type { EngineOptions } from '../../src/drachtio/index.ts';

async function start(options: Partial<EngineOptions> = {}) {
  const started = await startEngineForTest(options);
  const client = await rawClient(started.engine);
  for (const verb of ['invite', 'info', 'message']) await client.ask(`route|${verb}`);
  const peer = await callerPeer(started.tcpPort, 'tcp');
  return { ...started, client, peer };
}

async function talking({ client, peer }: Pick<Awaited<ReturnType<typeof start>>, 'client' | 'peer'>) {
  const call = newCall(peer);
  sendInvite(call);
  const { tokens } = await client.sip(new RegExp(`INVITE [^]*${call.callId}`));
  await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
  await response(call, 200);
  sendAck(call);
  await client.sip(/ACK /);
  return call;
}

const large = (bytes: number): string => SDP_A + 'a=x\r\n'.repeat(bytes / 5);

describe('an application that is slow to read', () => {
  const limits = { busyClientBacklogBytes: 200_000, maxClientBacklogBytes: 2_000_000 };

  embeddedIt(
    'its limits are lowered',
    'gets no new requests beyond a mark; they get 503 with Retry-After, and its live calls go on',
    async () => {
      const started = await start({ limits });
      const { client, peer } = started;
      const live = await talking(started);
      client.socket.pause();
      const refused = async (): Promise<string> => {
        // Each with the kernel's buffers in between; far more than both limits in all.
        for (let sent = 0; sent < 300 && peer.count(/^SIP\/2\.0 503 /) === 0; sent += 1) {
          sendInvite(newCall(peer), { body: large(100_000) });
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        return (await peer.expect(/^SIP\/2\.0 503 /)).header('Retry-After');
      };
      expect(await refused()).toBe('5');
      for (let sent = 0; sent < 100; sent += 1) sendInvite(newCall(peer), { body: large(100_000) });
      sendInDialog(live, 'BYE');
      await expect.poll(() => peer.count(/^SIP\/2\.0 503 /), { timeout: 5_000 }).toBeGreaterThanOrEqual(101);
      client.socket.resume();
      const { tokens } = await client.sip(/BYE /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(live, 200, 'BYE');
      expect(client.socket.destroyed).toBe(false);
      await talking(started);
    },
  );

  embeddedIt(
    'its limits are lowered',
    'and in its dialogs nothing but BYE beyond half of what closes its connection',
    async () => {
      const started = await start({ limits: { ...limits, maxClientBacklogBytes: 400_000 } });
      const { client, peer } = started;
      const live = await talking(started);
      client.socket.pause();
      for (let sent = 0; sent < 300 && peer.count(/^SIP\/2\.0 503 /) === 0; sent += 1) {
        sendInDialog(live, 'INFO', { body: large(100_000) });
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await peer.expect(/^SIP\/2\.0 503 [^]*INFO/);
      sendInDialog(live, 'BYE');
      client.socket.resume();
      await client.sip(/BYE /);
      expect(client.socket.destroyed).toBe(false);
    },
  );
});

describe('a body outside a dialog', () => {
  embeddedIt(
    'drachtio-server delivers it',
    'larger than any description gets 513, and the application hears nothing of it',
    async () => {
      const { client, peer } = await start();
      sendInvite(newCall(peer), { body: large(300_000) });
      await peer.expect(/^SIP\/2\.0 513 Message Too Large/);
      const call = newCall(peer);
      sendInvite(call, { body: large(200_000) });
      await client.sip(new RegExp(`INVITE [^]*${call.callId}`));
      expect(client.received.filter(({ text }) => text.startsWith('INVITE')).length).toBe(1);
    },
  );
});
