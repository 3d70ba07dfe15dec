import { describe, expect } from 'vitest';
import { answerChallenge, chooseChallenge, ha1, Nonces } from '../../src/digest/index.ts';
import { udpPeer, type Received } from '../support/sip-peer.ts';
import { rawApplication } from './raw-application.ts';
import {
  ackFailure,
  callerPeer,
  later,
  newCall,
  response,
  sendAck,
  sendInDialog,
  sendInvite,
  unique,
  type RawCall,
} from './support.ts';
import { embeddedIt } from './target.ts';

const DIGEST = { realm: 'phones.example', nonceKey: 'a key of this test' };
const TOLD = 'it is told to ask for passwords';

const strict = () => rawApplication({ allow: ['10.0.0.0/8'], digest: DIGEST });

/** What answers the challenge of a 401, as a phone would. */
function credentials(challenge: Received, method: string, uri = 'sip:1001@127.0.0.1', password = 'secret'): string {
  const chosen = chooseChallenge(challenge.header('WWW-Authenticate'));
  if (chosen === null) throw new Error('there is no challenge');
  return `Authorization: ${answerChallenge(chosen, { username: '1001', password, method, uri, count: 1 })}`;
}

/** Sends the request without and then with credentials. */
async function signedIn(call: RawCall, method: string, parts: { readonly body?: string } = {}): Promise<void> {
  sendInvite(call, { method, branch: unique('z9hG4bK'), ...parts });
  const challenge = await response(call, 401, method);
  call.cseq += 1;
  sendInvite(call, { method, branch: unique('z9hG4bK'), headers: credentials(challenge, method), ...parts });
}

describe('an engine that asks strangers for passwords', () => {
  embeddedIt(TOLD, 'gives a 401 with a challenge for each algorithm, for which it keeps nothing', async () => {
    const { engine, client, peer } = await strict();
    for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'MESSAGE', 'SUBSCRIBE', 'BYE', 'FOO']) {
      const call = newCall(peer);
      sendInvite(call, { method, body: '' });
      const challenge = await response(call, 401, method);
      const [first, second, ...more] = challenge.all('WWW-Authenticate');
      expect(first).toMatch(/^Digest realm="phones\.example", qop="auth", nonce="[\w-]{38}", algorithm=SHA-256$/);
      expect(second).toBe(first?.replace('SHA-256', 'MD5'));
      expect(more).toEqual([]);
      ackFailure(call, challenge);
    }
    await client.ask('ping');
    expect(engine.counts()).toMatchObject({ transactions: 0, incoming: 0, dialogs: 0 });
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toEqual([]);
  });

  embeddedIt(TOLD, 'a flood of strangers, also with nonces that are made up, costs no transaction', async () => {
    const { engine, client, peer } = await strict();
    const foreign = new Nonces({ ...DIGEST, key: 'another key' }).issue('127.0.0.1', Date.now());
    const elsewhere = new Nonces({ ...DIGEST, key: DIGEST.nonceKey }).issue('192.0.2.1', Date.now());
    const expired = new Nonces({ ...DIGEST, key: DIGEST.nonceKey }).issue('127.0.0.1', Date.now() - 600_000);
    const shown = [foreign, elsewhere, expired, 'x', ''].map(
      (nonce) =>
        `Authorization: Digest username="1001", realm="phones.example", nonce="${nonce}", uri="sip:1001@127.0.0.1", response="${'0'.repeat(32)}"`,
    );
    for (const headers of [...shown, 'Authorization: Basic eDp5', 'Authorization: Digest', '']) {
      for (let sent = 0; sent < 50; sent += 1) sendInvite(newCall(peer), { headers, body: '' });
    }
    await expect.poll(() => peer.count(/^SIP\/2\.0 401 /), { timeout: 5_000 }).toBe(400);
    await client.ask('ping');
    expect(engine.counts()).toMatchObject({ transactions: 0, incoming: 0 });
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toEqual([]);
  });

  embeddedIt(TOLD, 'who shows a nonce that counts no more is told so by stale', async () => {
    const { peer } = await strict();
    const call = newCall(peer);
    sendInvite(call, { method: 'REGISTER', body: '' });
    const challenge = await response(call, 401, 'REGISTER');
    expect(challenge.header('WWW-Authenticate')).not.toMatch(/stale/i);
    const again = newCall(peer);
    const headers = credentials(challenge, 'REGISTER').replace(/nonce="./, 'nonce="!');
    sendInvite(again, { method: 'REGISTER', headers, body: '' });
    expect((await response(again, 401, 'REGISTER')).header('WWW-Authenticate')).toContain('stale=TRUE');
  });

  embeddedIt(TOLD, 'what answers the challenge goes to the application, whatever its password', async () => {
    const { client, peer } = await strict();
    for (const method of ['REGISTER', 'INVITE']) {
      const call = newCall(peer);
      await signedIn(call, method);
      const { text } = await client.sip(new RegExp(`${method} [^]*${call.callId}`));
      expect(text).toMatch(/^Authorization: Digest username="1001"/m);
    }
  });

  embeddedIt(TOLD, 'the call of such a phone goes on without passwords, both ways', async () => {
    const { client, peer } = await strict();
    const call = newCall(peer);
    await signedIn(call, 'INVITE');
    const { tokens } = await client.sip(/INVITE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    await client.sip(/ACK /);
    sendInDialog(call, 'INFO', { body: 'x', headers: 'Content-Type: text/plain' });
    const info = await client.sip(/INFO /);
    await client.ask(`sip|${info.tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200, 'INFO');
    sendInDialog(call, 'BYE');
    await client.sip(/BYE /);
    // A tag that is made up opens nothing.
    sendInDialog({ ...call, toTag: 'forged' }, 'INFO');
    await response(call, 401, 'INFO');
  });

  embeddedIt(TOLD, 'a phone that is called from here answers, and hangs up', async () => {
    const { client, peer, sent } = await strict();
    const invite = await sent(`INVITE sip:1001@127.0.0.1:${peer.port} SIP/2.0\r\n\r\n`);
    const [via, from, callId] = ['Via', 'From', 'Call-ID'].map((name) => invite.header(name));
    const contact = `<sip:1001@127.0.0.1:${peer.port}>`;
    peer.send(`SIP/2.0 200 OK
Via: ${via}
From: ${from}
To: <sip:1001@127.0.0.1>;tag=phone
Call-ID: ${callId}
CSeq: ${invite.header('CSeq')}
Contact: ${contact}
`);
    await client.sip(/SIP\/2\.0 200 /);
    peer.send(`BYE sip:x@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=${unique('z9hG4bK')}
From: <sip:1001@127.0.0.1>;tag=phone
To: ${from}
Call-ID: ${callId}
CSeq: 1 BYE
`);
    await client.sip(/BYE /);
  });

  embeddedIt(TOLD, 'the CANCEL of such a phone finds its INVITE', async () => {
    const { client, peer } = await strict();
    const call = newCall(peer);
    sendInvite(call);
    const challenge = await response(call, 401);
    ackFailure(call, challenge);
    const second = { ...call, cseq: 2, branch: unique('z9hG4bK') };
    sendInvite(second, { headers: credentials(challenge, 'INVITE') });
    await client.sip(/INVITE /);
    sendInvite(second, { method: 'CANCEL', body: '', contact: '' });
    await response(second, 200, 'CANCEL');
    ackFailure(second, await response(second, 487));
  });

  embeddedIt(TOLD, 'one nonce is of use to nobody but the address that was given it', async () => {
    const { engine, client, peer, udpPort } = await strict();
    const call = newCall(peer);
    sendInvite(call, { method: 'REGISTER', body: '' });
    const headers = credentials(await response(call, 401, 'REGISTER'), 'REGISTER');
    const other = await udpPeer(udpPort, '127.0.0.1', '127.0.0.2');
    later(() => other.close());
    const stolen = newCall(other);
    sendInvite(stolen, { method: 'REGISTER', headers, body: '' });
    await response(stolen, 401, 'REGISTER');
    await client.ask('ping');
    expect(engine.counts().transactions).toBe(0);
  });

  embeddedIt(TOLD, 'who answers challenges without end gets 503 while others are served', async () => {
    const { client, peer, udpPort } = await rawApplication({
      allow: ['10.0.0.0/8'],
      digest: DIGEST,
      limits: { maxUnansweredRequests: 10 },
    });
    const first = newCall(peer);
    sendInvite(first, { method: 'MESSAGE', body: '' });
    const headers = credentials(await response(first, 401, 'MESSAGE'), 'MESSAGE');
    for (let sent = 0; sent < 20; sent += 1) sendInvite(newCall(peer), { method: 'MESSAGE', headers, body: '' });
    await peer.expect(/^SIP\/2\.0 503 /);
    const other = await udpPeer(udpPort, '127.0.0.1', '127.0.0.2');
    later(() => other.close());
    const call = newCall(other);
    await signedIn(call, 'MESSAGE', { body: '' });
    await client.sip(new RegExp(`MESSAGE [^]*${call.callId}`));
  });

  embeddedIt(TOLD, 'peers that may call are asked for nothing', async () => {
    const { client, peer } = await rawApplication({ allow: ['127.0.0.1'], digest: DIGEST });
    sendInvite(newCall(peer));
    await client.sip(/INVITE /);
  });

  embeddedIt(TOLD, 'the connection of a stranger serves our requests once the application took one of it', async () => {
    const { client, tcpPort } = await strict();
    for (const [status, reached] of [
      ['403 Forbidden', false],
      ['200 OK', true],
    ] as const) {
      const phone = await callerPeer(tcpPort, 'tcp');
      const call = newCall(phone);
      await signedIn(call, 'REGISTER', { body: '' });
      const { tokens } = await client.sip(/REGISTER /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 ${status}\r\n\r\n`);
      await response(call, Number(status.slice(0, 3)), 'REGISTER');
      // Nobody listens at the far end of the phone's connection: there is no other way to it.
      const uri = `sip:1001@127.0.0.1:${tokens[6]};transport=tcp`;
      const id = client.send(`sip||\r\nOPTIONS ${uri} SIP/2.0\r\n\r\n`);
      if (reached) await phone.expect(/^OPTIONS /);
      else await client.sip(/SIP\/2\.0 503 /);
      await client.answer(id);
    }
  });

  embeddedIt(TOLD, 'HA1s of tests are those of RFC 7616', () => {
    expect(ha1('MD5', 'Mufasa', 'http-auth@example.org', 'Circle of Life')).toBe('3d78807defe7de2157e2b0b6573a855f');
  });
});
