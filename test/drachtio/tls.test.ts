import { describe, expect } from 'vitest';
import { makeAuthority } from '../support/certificates.ts';
import { tlsPeer, type StreamPeer } from '../support/sip-peer.ts';
import { rawClient } from './raw-client.ts';
import {
  answer,
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
  type SrfDialog,
  type SrfRequest,
  type TestEngine,
} from './support.ts';
import { embeddedIt } from './target.ts';

const TOLD = 'it is told its addresses and its certificate';
const authority = makeAuthority();
const own = authority.issue(['IP:127.0.0.1']);
const tls = { ...own, serverCa: authority.certificate, clientCa: authority.certificate };

async function tlsEngine(): Promise<TestEngine & { tlsPort: number }> {
  const started = await startEngineForTest({
    listen: (['udp', 'tcp', 'tls'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
    tls,
  });
  const address = started.engine.sipAddresses.find((each) => each.startsWith('tls://'));
  return { ...started, tlsPort: Number(/:(\d+)$/.exec(address ?? '')?.[1]) };
}

/** Someone with a certificate for this name; it asks us for ours. */
async function peerNamed(name: string, to: number): Promise<StreamPeer> {
  const { certificate: cert, key } = authority.issue([name]);
  const peer = await tlsPeer(to, { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true });
  later(() => peer.close());
  return peer;
}

const contactOf = (peer: StreamPeer): string => `<sip:peer@127.0.0.1:${peer.port};transport=tls>`;

describe('TLS', () => {
  embeddedIt(TOLD, 'a call from TLS to TLS: Via, Contact and tokens say tls, in dialogs too', async () => {
    const { engine, tlsPort } = await tlsEngine();
    const [caller, callee] = [await peerNamed('DNS:caller', tlsPort), await peerNamed('DNS:localhost', tlsPort)];
    const dialogs = Promise.withResolvers<{ uas: SrfDialog; uac: SrfDialog }>();
    const requests: SrfRequest[] = [];
    await connectSrf(engine, (srf) =>
      srf.invite((req, res) => {
        requests.push(req);
        dialogs.resolve(srf.createB2BUA(req, res, `sip:bob@localhost:${callee.port};transport=tls`));
      }),
    );
    const call = newCall(caller);
    sendInvite(call, { contact: contactOf(caller) });
    const invite = await callee.expect(/^INVITE /);
    expect(requests[0]).toMatchObject({ protocol: 'tls', source_address: '127.0.0.1' });
    expect(invite.header('Via')).toMatch(new RegExp(`^SIP/2\\.0/TLS 127\\.0\\.0\\.1:${tlsPort};`));
    expect(invite.header('Contact')).toBe(`"Alice" <sip:alice@127.0.0.1:${tlsPort};transport=tls>`);
    answer(callee, invite, 200, { body: SDP_B, contact: contactOf(callee) });
    const answered = await response(call, 200);
    expect(answered.header('Contact')).toBe(`<sip:127.0.0.1:${tlsPort};transport=tls>`);
    sendAck(call);
    const { uas, uac } = await dialogs.promise;
    await callee.expect(/^ACK /);
    // To the address in the Contact, of which the certificate says nothing: over the connection whose name was verified.
    sendInDialog(call, 'BYE');
    await next(uas, 'destroy');
    const destroyed = uac.destroy();
    answer(callee, await callee.expect(/^BYE /), 200);
    await destroyed;
    expect([caller.connections(), callee.connections()]).toEqual([1, 1]);
  });

  embeddedIt(TOLD, 'sips: means TLS; a certificate of another name, and nobody there, end as 503', async () => {
    const { engine, tlsPort } = await tlsEngine();
    const [good, bad] = [await peerNamed('DNS:localhost', tlsPort), await peerNamed('DNS:elsewhere', tlsPort)];
    const client = await rawClient(engine);
    await client.ask(`sip||\r\nOPTIONS sips:bob@localhost:${good.port} SIP/2.0\r\n\r\n`);
    const options = await good.expect(/^OPTIONS sips:bob@localhost/);
    expect(options.header('Via')).toMatch(/^SIP\/2\.0\/TLS /);
    answer(good, options, 200);
    await client.sip(/SIP\/2\.0 200/);
    const told = await client.ask(`sip||\r\nOPTIONS sips:bob@localhost:${bad.port} SIP/2.0\r\n\r\n`);
    expect(told.tokens[3]).toBe('OK');
    await client.sip(/SIP\/2\.0 503/);
    await client.ask(`sip||\r\nMESSAGE sips:bob@localhost:1 SIP/2.0\r\n\r\n`);
    await client.sip(/SIP\/2\.0 503 [^]*MESSAGE/);
    expect(bad.received).toEqual([]);
  });

  embeddedIt(
    TOLD,
    '46: a phone that registered over TLS is called over its connection; 410 once that is closed',
    async () => {
      const { engine, tlsPort, udpPort } = await tlsEngine();
      const phone = await peerNamed('DNS:phone', tlsPort);
      const client = await rawClient(engine);
      await client.ask('route|register');
      const elsewhere = await callerPeer(udpPort);
      const uri = `sip:alice@127.0.0.1:${elsewhere.port}`;
      sendInvite(newCall(phone), { method: 'REGISTER', body: '', contact: `<${uri}>;expires=60` });
      const { tokens } = await client.sip(/REGISTER /);
      expect(tokens[4]).toBe('tls');
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\nContact: <${uri}>;expires=60\r\n\r\n`);
      await phone.expect(/^SIP\/2\.0 200/);
      const message = `MESSAGE ${uri} SIP/2.0\r\n\r\n`;
      await client.ask(`sip||\r\n${message}`);
      answer(phone, await phone.expect(/^MESSAGE /), 200);
      await client.sip(/SIP\/2\.0 200 [^]*MESSAGE/);
      // A route URL is the application's own word on where to send it.
      await client.ask(`sip|||${uri}\r\n${message}`);
      answer(elsewhere, await elsewhere.expect(/^MESSAGE /), 200);
      await client.sip(/SIP\/2\.0 200 [^]*MESSAGE/);
      phone.drop();
      await expect
        .poll(() =>
          client
            .ask(`sip||\r\n${message}`)
            .then(() => client.sip(/SIP\/2\.0 \d+ [^]*MESSAGE/))
            .then(({ text }) => text),
        )
        .toMatch(/^SIP\/2\.0 410 Gone/);
    },
  );
});
