import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, vi } from 'vitest';
import { rawClient } from './raw-client.ts';
import { rawApplication } from './raw-application.ts';
import { answer, callerPeer, FAST, newCall, response, sendAck, sendInvite } from './support.ts';
import { embeddedIt } from './target.ts';

describe('limits', () => {
  embeddedIt(
    'its limits are lowered',
    'dialogs: beyond the limit an INVITE gets 503, the application`s one NOK; room comes back',
    async () => {
      const { client, peer, uri } = await rawApplication({ limits: { maxDialogs: 2 } });
      const first = newCall(peer);
      sendInvite(first);
      const { tokens } = await client.sip(/INVITE /);
      expect((await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`)).tokens[3]).toBe('OK');
      const third = newCall(peer);
      sendInvite(third);
      await response(third, 503);
      const refused = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
      expect(refused.tokens.slice(3)).toEqual(['NOK', 'the engine holds 2 dialogs, which is its limit']);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 486 Busy\r\n\r\n`);
      sendInvite(newCall(peer));
      await client.sip(/INVITE /);
    },
  );

  embeddedIt('its limits are lowered', 'dialogs: those whose application is gone make room first', async () => {
    const { client, engine, peer } = await rawApplication({ limits: { maxDialogs: 1 } });
    const call = newCall(peer);
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    await client.sip(/ACK /);
    const other = await rawClient(engine);
    await other.ask('route|invite');
    client.socket.destroy();
    await client.closed;
    await other.ask('ping');
    sendInvite(newCall(peer));
    await other.sip(/INVITE /);
  });

  embeddedIt(
    'its limits are lowered',
    'beyond the limit of transactions an application’s request is NOK, and passes when there is room again',
    async () => {
      const { client, peer, uri } = await rawApplication({ limits: { maxTransactions: 1 }, timers: FAST });
      await client.ask(`sip||\r\nOPTIONS ${uri} SIP/2.0\r\n\r\n`);
      const options = await peer.expect(/^OPTIONS /);
      for (const method of ['OPTIONS', 'INVITE']) {
        const refused = await client.ask(`sip||\r\n${method} ${uri} SIP/2.0\r\n\r\n`);
        expect(refused.tokens.slice(3)).toEqual(['NOK', 'the engine holds 1 transactions, which is its limit']);
      }
      answer(peer, options, 486);
      await client.sip(/SIP\/2\.0 486/);
      await vi.waitFor(async () => {
        const { tokens } = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
        expect(tokens[3]).toBe('OK');
      });
      await peer.expect(/^INVITE /);
    },
  );

  embeddedIt('its limits are lowered', 'unanswered requests: beyond the limit new ones get 503', async () => {
    const { client, peer } = await rawApplication({ limits: { maxUnansweredRequests: 2 } });
    for (let i = 0; i < 2; i += 1) {
      sendInvite(newCall(peer), { method: 'OPTIONS', body: '' });
      await client.sip(/OPTIONS /);
    }
    const third = newCall(peer);
    sendInvite(third, { method: 'OPTIONS', body: '' });
    await response(third, 503, 'OPTIONS');
  });

  embeddedIt(
    'its limits are lowered',
    'unanswered requests: one source leaves room for others; its refusals are sent once, and make no transaction',
    async () => {
      const { client, peer, engine, uri, udpPort } = await rawApplication({
        limits: { maxUnansweredRequests: 10 },
        timers: FAST,
      });
      const flood = Array.from({ length: 10 }, () => newCall(peer));
      for (const call of flood) sendInvite(call);
      // Of ten, eight are not more than four times the two that are left.
      for (const call of flood.slice(8)) expect((await response(call, 503)).header('Retry-After')).toBe('5');
      for (const call of flood.slice(0, 8)) await client.sip(new RegExp(`INVITE [^]*${call.callId}`));
      expect(engine.counts().transactions).toBe(8);
      const other = createSocket('udp4').bind(0, '127.0.0.2');
      await once(other, 'listening');
      const options = `OPTIONS ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKother;rport\r\nMax-Forwards: 70\r\nFrom: <sip:a@x>;tag=a\r\nTo: <sip:b@x>\r\nCall-ID: other\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;
      other.send(options, udpPort, '127.0.0.1');
      await client.sip(/OPTIONS [^]*Call-ID: other/i);
      other.close();
    },
  );

  embeddedIt(
    'its limits are lowered',
    'early dialogs of one INVITE: further ones are delivered all the same',
    async () => {
      const { client, uri, sent, peer } = await rawApplication({ limits: { maxEarlyDialogs: 1 } });
      const invite = await sent(`INVITE ${uri} SIP/2.0\r\n\r\n`);
      for (const toTag of ['one', 'two']) {
        answer(peer, invite, 180, { toTag });
        await client.sip(new RegExp(`SIP/2\\.0 180 [^]*tag=${toTag}`));
      }
      answer(peer, invite, 200, { toTag: 'two' });
      await client.sip(/SIP\/2\.0 200/);
    },
  );

  embeddedIt('its limits are lowered', 'registered contacts: the oldest is forgotten', async () => {
    const { client, tcpPort } = await rawApplication({ limits: { maxRegisteredContacts: 1 }, timers: FAST });
    const phone = await callerPeer(tcpPort, 'tcp');
    for (const user of ['old', 'new']) {
      const call = newCall(phone);
      sendInvite(call, { method: 'REGISTER', body: '', contact: `<sip:${user}@127.0.0.1:1;transport=tcp>` });
      const { tokens } = await client.sip(/REGISTER /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200, 'REGISTER');
    }
    await client.ask('sip||\r\nOPTIONS sip:new@127.0.0.1:1;transport=tcp SIP/2.0\r\n\r\n');
    await phone.expect(/^OPTIONS sip:new/);
    await client.ask('sip||\r\nOPTIONS sip:old@127.0.0.1:1;transport=tcp SIP/2.0\r\n\r\n');
    await client.sip(/SIP\/2\.0 503/);
  });
});
