import * as SIP from 'sip.js';
import { describe, expect } from 'vitest';
import { WebSocket } from 'ws';
import { makeAuthority } from '../support/certificates.ts';
import { rawApplication } from './raw-application.ts';
import { sipJsCall, sipJsPhone } from './sip-js.ts';
import {
  answer,
  callerPeer,
  connectSrf,
  later,
  next,
  SDP_B,
  startEngineForTest,
  type Srf,
  type SrfDialog,
  type SrfRequest,
  type TestEngine,
} from './support.ts';
import { embeddedIt } from './target.ts';

const TOLD = 'it is told its addresses';

const WEB = [
  { protocol: 'udp', address: '127.0.0.1', port: 0 },
  { protocol: 'ws', address: '127.0.0.1', port: 0 },
] as const;

async function webEngine(prepare: (srf: Srf) => void): Promise<TestEngine & { srf: Srf; url: string }> {
  const test = await startEngineForTest({ listen: WEB });
  const srf = await connectSrf(test.engine, prepare);
  return { ...test, srf, url: test.engine.sipAddresses.find((address) => address.startsWith('ws://')) ?? '' };
}

/** The dialogs of INVITEs that the application answers by itself. */
function answering(dialogs: { resolve(dialog: SrfDialog): void }, requests: SrfRequest[] = []): (srf: Srf) => void {
  return (srf) =>
    srf.invite((req, res) => {
      requests.push(req);
      void srf.createUAS(req, res, { localSdp: SDP_B }).then((dialog) => dialogs.resolve(dialog));
    });
}

describe('46: sip.js, a WebSocket caller in an unmodified drachtio-srf application', () => {
  embeddedIt(
    TOLD,
    'its INVITE is answered, shown as tcp; the application’s re-INVITE and BYE come back over the same WebSocket',
    async () => {
      const uas = Promise.withResolvers<SrfDialog>();
      const requests: SrfRequest[] = [];
      const { url } = await webEngine(answering(uas, requests));
      const phone = await sipJsPhone(url);
      const call = await sipJsCall(phone, 'sip:1001@127.0.0.1');
      await call.established;
      const dialog = await uas.promise;
      expect(requests[0]).toMatchObject({ protocol: 'tcp', source_address: '127.0.0.1' });
      expect(requests[0]?.get('Via')).toMatch(/^SIP\/2\.0\/WS \S+\.invalid;/);
      expect(await dialog.modify(SDP_B.replace('50000', '50002'))).toContain('m=audio 40000');
      await dialog.destroy();
      await call.terminated;
    },
  );

  embeddedIt(TOLD, 'it hangs up: the application hears its BYE', async () => {
    const uas = Promise.withResolvers<SrfDialog>();
    const { url } = await webEngine(answering(uas));
    const call = await sipJsCall(await sipJsPhone(url), 'sip:1001@127.0.0.1');
    const dialog = await uas.promise;
    await call.established;
    const destroyed = next(dialog, 'destroy');
    await call.inviter.bye();
    await destroyed;
  });

  embeddedIt(TOLD, 'a call from it to a phone over UDP, and back down', async () => {
    let callee = 0;
    const { url, udpPort } = await webEngine((srf) =>
      srf.invite((req, res) => void srf.createB2BUA(req, res, `sip:bob@127.0.0.1:${callee}`)),
    );
    const bob = await callerPeer(udpPort);
    callee = bob.port;
    const call = await sipJsCall(await sipJsPhone(url), 'sip:1001@127.0.0.1');
    const invite = await bob.expect(/^INVITE /);
    answer(bob, invite, 200, { body: SDP_B });
    await call.established;
    await bob.expect(/^ACK /);
  });

  embeddedIt(
    TOLD,
    'it registers, and is called over its WebSocket at a contact in .invalid; 410 once that is closed',
    async () => {
      const { url, srf } = await webEngine((app) =>
        app.register((req, res) => res.send(200, { headers: { Contact: `${req.get('Contact')};expires=60` } })),
      );
      const phone = await sipJsPhone(url, { onInvite: (invitation) => void invitation.accept() });
      const registerer = new SIP.Registerer(phone.agent);
      const registered = Promise.withResolvers<void>();
      registerer.stateChange.addListener((state) => {
        if (state === SIP.RegistererState.Registered) registered.resolve();
      });
      await registerer.register();
      await registered.promise;
      const contact = phone.agent.contact.uri.toString();
      expect(contact).toContain('.invalid');
      const dialog = await srf.createUAC(contact, { localSdp: SDP_B });
      expect(dialog.remote.sdp).toContain('m=audio 40000');
      // In its dialog, too.
      await dialog.destroy();
      await phone.drop();
      await expect(srf.createUAC(contact, { localSdp: SDP_B })).rejects.toMatchObject({ status: 410 });
    },
  );
});

describe('a raw WebSocket client', () => {
  const invite = (via: string, contact: string): string =>
    `INVITE sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/${via} abc.invalid;branch=z9hG4bKx\r\nMax-Forwards: 70\r\nFrom: <sip:a@b.invalid>;tag=x\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: ${via}x@b\r\nCSeq: 1 INVITE\r\nContact: ${contact}\r\n\r\n`;

  describe.each(['ws', 'wss'] as const)('over %s', (kind) => {
    embeddedIt(TOLD, 'Contact and local address are the WebSocket’s, without Content-Length', async () => {
      const authority = makeAuthority();
      const { client, engine } = await rawApplication({
        listen: [...WEB, { protocol: 'wss', address: '127.0.0.1', port: 0 }],
        tls: authority.issue(['IP:127.0.0.1']),
      });
      const url = engine.sipAddresses.find((address) => address.startsWith(`${kind}://`)) ?? '';
      const socket = new WebSocket(url, 'sip', { ca: authority.certificate });
      later(() => socket.terminate());
      await new Promise((opened) => socket.on('open', opened));
      const heard: string[] = [];
      socket.on('message', (data: Buffer) => heard.push(data.toString()));
      socket.send(invite(kind.toUpperCase(), '<sip:a@abc.invalid;transport=ws>'));
      const { tokens } = await client.sip(/^[^\r]*\r\nINVITE /);
      const port = /:(\d+)$/.exec(url)?.[1] ?? '';
      expect([tokens[4], tokens[5], tokens[10], tokens[11]]).toEqual(['tcp', '127.0.0.1', '127.0.0.1', port]);
      const told = await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      expect(told.text).toContain(`Contact: <sip:127.0.0.1:${port};transport=ws>`);
      await expect.poll(() => heard.length).toBe(2);
      expect(heard[1]).toMatch(
        /^SIP\/2\.0 200 OK\r\nVia: SIP\/2\.0\/WSS? abc\.invalid;branch=z9hG4bKx;rport=\d+;received=127/,
      );
      expect(told.tokens[10]).not.toBe('');
      // In its dialog: over the same WebSocket, by a Via of its kind.
      const dialogId = told.tokens[11] ?? '';
      await client.ask(`sip||${dialogId}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`);
      await expect
        .poll(() => heard.find((text) => text.startsWith('INFO ')))
        .toMatch(
          new RegExp(
            `^INFO sip:a@abc\\.invalid;transport=ws SIP/2\\.0\r\nVia: SIP/2\\.0/${kind.toUpperCase()} 127\\.0\\.0\\.1:${port};`,
          ),
        );
      socket.terminate();
      await new Promise((closed) => socket.on('close', closed));
    });
  });
});
