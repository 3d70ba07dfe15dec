import { describe, expect, it } from 'vitest';
import { startEngine } from '../../src/drachtio/index.ts';
import { established } from './b2bua.ts';
import { rawClient, type RawClient } from './raw-client.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  later,
  newCall,
  next,
  response,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  type RawCall,
  type SrfRequest,
} from './support.ts';
import { differs, embeddedIt } from './target.ts';
import type { SipPeer } from '../support/sip-peer.ts';

/** Sends a call and tells who got it. */
async function ring(peer: SipPeer, clients: readonly RawClient[]): Promise<RawClient> {
  const call = newCall(peer);
  const invite = new RegExp(`^INVITE [^]*${call.callId}`);
  sendInvite(call);
  const holder = (): RawClient | undefined =>
    clients.find(({ received }) => received.some(({ text }) => invite.test(text)));
  await expect.poll(holder).toBeDefined();
  const client = holder();
  if (client === undefined) throw new Error('nobody was rung');
  await client.sip(new RegExp(`INVITE [^]*${call.callId}`));
  return client;
}

async function start() {
  const started = await startEngineForTest();
  const peer = await callerPeer(started.udpPort);
  const [one, other] = [await rawClient(started.engine), await rawClient(started.engine)] as const;
  for (const client of [one, other]) await client.ask('route|invite');
  // A drachtio-server goes on with the turns of the applications before, and forgets one that is gone with each request.
  let last = one;
  for (let i = 0; i < differs(1, 10); i += 1) last = await ring(peer, [one, other]);
  const clients = last === one ? ([other, one] as const) : ([one, other] as const);
  return { ...started, peer, clients };
}

async function answerCall(client: RawClient, call: RawCall): Promise<void> {
  const { tokens } = await client.sip(new RegExp(`INVITE [^]*${call.callId}`));
  await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
  await response(call, 200);
  sendAck(call);
  await client.sip(/ACK /);
}

/** The engine has seen the end of this connection. */
async function gone(client: RawClient, other: RawClient): Promise<void> {
  client.socket.destroy();
  await client.closed;
  await other.ask('ping');
}

describe('an engine without an application', () => {
  embeddedIt(
    'its log is read',
    'answers 200 to OPTIONS, 100 and 503 to INVITE, 503 to the rest, as before the first application so after the last',
    async () => {
      const gone = Promise.withResolvers<void>();
      const engine = await startEngine(
        {
          listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
          client: { host: '127.0.0.1', port: 0 },
          secret: 'cymru',
        },
        { log: (_, text) => text.endsWith('is gone') && gone.resolve() },
      );
      later(() => engine.close());
      const peer = await callerPeer(Number(engine.sipAddresses[0]?.split(':').at(-1)));
      const ask = async (method: string, status: number): Promise<string> => {
        const call = newCall(peer);
        sendInvite(call, { method, body: '' });
        return (await response(call, status, method)).header('Allow');
      };
      const alone = async (): Promise<void> => {
        expect(await ask('OPTIONS', 200)).toContain('INVITE');
        for (const method of ['INVITE', 'MESSAGE', 'REGISTER']) await ask(method, 503);
      };
      await alone();
      // Whoever has not shown the secret is no application.
      const stranger = await rawClient(engine, null);
      await alone();
      const client = await rawClient(engine);
      await ask('OPTIONS', 503);
      client.socket.destroy();
      await gone.promise;
      await alone();
      stranger.socket.destroy();
    },
  );
});

describe('several applications', () => {
  it('40: new requests go round; requests in a dialog stick to the one that answered', async () => {
    const { peer, clients } = await start();
    const calls = [newCall(peer), newCall(peer), newCall(peer), newCall(peer)];
    for (const [index, call] of calls.entries()) {
      sendInvite(call);
      await answerCall(clients[index % 2] ?? clients[0], call);
    }
    for (const [index, call] of calls.entries()) {
      sendInDialog(call, 'INFO');
      await clients[index % 2]?.sip(new RegExp(`INFO [^]*${call.callId}`));
    }
  });

  embeddedIt(
    'drachtio-server gives it one',
    '6: a verb routed twice, as srf does with each new route, has no second turn',
    async () => {
      const { peer, clients } = await start();
      const [first, second] = clients;
      await first.ask('route|invite');
      for (const client of [first, second, first, second]) {
        sendInvite(newCall(peer));
        await client.sip(/INVITE /);
      }
    },
  );

  embeddedIt(
    'drachtio-server removes all verbs',
    '40: verbs have turns of their own, and remove_route leaves the others in turn',
    async () => {
      const { peer, clients } = await start();
      const [first, second] = clients;
      await first.ask('route|options');
      for (let i = 0; i < 2; i += 1) {
        sendInvite(newCall(peer), { method: 'OPTIONS', body: '' });
        await first.sip(/OPTIONS /);
      }
      sendInvite(newCall(peer));
      await first.sip(/INVITE /);
      await first.ask('remove_route|invite');
      for (let i = 0; i < 2; i += 1) {
        sendInvite(newCall(peer));
        await second.sip(/INVITE /);
      }
    },
  );

  it('41: after a disconnect BYE in its dialog gets 481, new INVITEs go to the others', async () => {
    const { peer, clients } = await start();
    const [first, second] = clients;
    const call = newCall(peer);
    sendInvite(call);
    await answerCall(first, call);
    await gone(first, second);
    sendInDialog(call, 'INFO');
    await response(call, 481, 'INFO');
    sendInDialog(call, 'BYE');
    await response(call, 481, 'BYE');
    for (let i = 0; i < 2; i += 1) {
      sendInvite(newCall(peer));
      await second.sip(/INVITE /);
    }
  });

  const NO_CLEANUP = 'drachtio-server leaves calls of an application that is gone as they are';

  embeddedIt(
    NO_CLEANUP,
    '41: INVITEs that the application had not answered get 503, requests in its dialogs 481',
    async () => {
      const { peer, clients } = await start();
      const [first, second] = clients;
      const talking = newCall(peer);
      sendInvite(talking);
      await answerCall(first, talking);
      sendInDialog(talking, 'INFO');
      await first.sip(/INFO /);
      sendInvite(newCall(peer));
      await second.sip(/INVITE /);
      const ringing = newCall(peer);
      sendInvite(ringing);
      const { tokens } = await first.sip(new RegExp(`INVITE [^]*${ringing.callId}`));
      await first.ask(`sip|${tokens[8]}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
      const early = await response(ringing, 180);
      await gone(first, second);
      expect((await response(ringing, 503)).header('To')).toBe(early.header('To'));
      await response(talking, 481, 'INFO');
    },
  );

  embeddedIt(
    NO_CLEANUP,
    '41: INVITEs that it was sending are cancelled; an answer that comes all the same is ACKed and ended',
    async () => {
      const { udpPort, clients } = await start();
      const [first, second] = clients;
      const callee = await calleePeer(udpPort);
      await first.ask(`sip||\r\nINVITE sip:1@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
      const invite = await callee.expect(/^INVITE /);
      answer(callee, invite, 180);
      await first.sip(/SIP\/2\.0 180/);
      await gone(first, second);
      answer(callee, await callee.expect(/^CANCEL /), 200);
      answer(callee, invite, 200, { body: SDP_B });
      await callee.expect(/^ACK /);
      answer(callee, await callee.expect(/^BYE /), 200);
    },
  );

  embeddedIt(NO_CLEANUP, '41: an answer that it had not acknowledged is ACKed and ended', async () => {
    const { udpPort, clients } = await start();
    const [first, second] = clients;
    const callee = await calleePeer(udpPort);
    await first.ask(`sip||\r\nINVITE sip:1@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
    answer(callee, await callee.expect(/^INVITE /), 200, { body: SDP_B });
    await first.sip(/SIP\/2\.0 200/);
    await gone(first, second);
    await callee.expect(/^ACK /);
    answer(callee, await callee.expect(/^BYE /), 200);
  });

  embeddedIt(
    NO_CLEANUP,
    '41: an answer that cannot be ACKed, its Contact being out of reach, holds nothing else up',
    async () => {
      const started = await start();
      const [first, second] = started.clients;
      const unreachable = {
        contact: '<sip:bob@127.0.0.1:1;transport=ws>',
        headers: 'Record-Route: <sip:127.0.0.1:1;transport=ws;lr>',
      };
      const callees = [await calleePeer(started.udpPort), await calleePeer(started.udpPort)];
      for (const [index, callee] of callees.entries()) {
        await first.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
        answer(callee, await callee.expect(/^INVITE /), 200, { body: SDP_B, ...(index === 0 ? unreachable : {}) });
        await first.sip(/SIP\/2\.0 200/);
      }
      await gone(first, second);
      await callees[1]?.expect(/^ACK /);
      answer(callees[1]!, await callees[1]!.expect(/^BYE /), 200);
    },
  );

  embeddedIt(
    'it is stopped',
    '42: srf reconnects to an engine that came back, with all its routes, and new calls work',
    async () => {
      const options = {
        listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
        client: { host: '127.0.0.1', port: 0 },
        secret: 'cymru',
      } as const;
      const first = await startEngine(options);
      const srf = await connectSrf(first, (app) => {
        app.invite((_req, res) => res.send(486));
        app.options((_req, res) => res.send(200));
      });
      const reconnected = next(srf, 'connect');
      await first.close();
      const second = await startEngine({ ...options, client: first.client });
      later(() => second.close());
      expect((await reconnected)[0]).toBeNull();
      const peer = await callerPeer(Number(/:(\d+)$/.exec(second.sipAddresses[0] ?? '')?.[1]));
      const call = newCall(peer);
      sendInvite(call);
      await response(call, 486);
      const ping = newCall(peer);
      sendInvite(ping, { method: 'OPTIONS', body: '' });
      await response(ping, 200, 'OPTIONS');
    },
  );

  it('42: after a reconnect requests on the old dialogs are unknown to the engine', async () => {
    const { srf, uas, engine, udpPort } = await established();
    const reconnected = next(srf, 'connect');
    (Reflect.get(uas, 'socket') as { destroy(): void }).destroy();
    await reconnected;
    await expect(uas.request({ method: 'INFO' })).rejects.toMatchObject({ code: 'ESOCKETDESTROYED' });
    const asked = Promise.withResolvers<SrfRequest>();
    srf.use('info', (req, res) => {
      asked.resolve(req);
      res.send(200);
    });
    await (await rawClient(engine)).ask('ping');
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call, { method: 'INFO', body: '' });
    await response(call, 200, 'INFO');
    expect((await asked.promise).stackDialogId).toBe('');
  });
});
