import { describe, expect, it } from 'vitest';
import { established } from './b2bua.ts';
import { rawApplication } from './raw-application.ts';
import {
  ackFailure,
  callerPeer,
  later,
  newCall,
  next,
  requestText,
  response,
  sendAck,
  sendInDialog,
  sendInvite,
  unique,
} from './support.ts';
import { differs, embeddedIt, drachtioServer } from './target.ts';
import { udpPeer } from '../support/sip-peer.ts';

describe('what is refused', () => {
  it('30: without a dialog: BYE, UPDATE, PRACK, REFER and re-INVITE 481, stray CANCEL 481, stray ACK ignored', async () => {
    const { client, peer } = await rawApplication();
    const call = { ...newCall(peer), toTag: 'unknown' };
    sendAck(call);
    // drachtio-server drops PRACK and REFER.
    for (const method of differs(['BYE', 'UPDATE', 'PRACK', 'REFER', 'INVITE'], ['BYE', 'UPDATE', 'INVITE'])) {
      sendInDialog(call, method, { body: '' });
      if (method === 'INVITE') await response(call, 100);
      await response(call, 481, method);
    }
    sendInDialog({ ...call, toTag: '' }, 'CANCEL');
    await response(call, 481, 'CANCEL');
    for (const method of differs(['BYE', 'UPDATE', 'PRACK'], [])) {
      sendInvite({ ...newCall(peer), callId: call.callId }, { method, body: '' });
      await response(call, 481, method);
    }
    await client.ask('ping');
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toEqual([]);
  });

  it('30: other methods in an unknown dialog are requests of their own', async () => {
    const { client, peer, udpPort } = await rawApplication();
    const call = { ...newCall(peer), toTag: 'unknown' };
    for (const method of ['INFO', 'MESSAGE', 'OPTIONS']) {
      sendInDialog(call, method);
      const { tokens } = await client.sip(new RegExp(`${method} sip`));
      expect([tokens[9], tokens[10], tokens[11]]).toEqual(['', '127.0.0.1', String(udpPort)]);
    }
  });

  it('the other half of a dialog must match: a wrong tag is an unknown dialog', async () => {
    const { uas, call } = await established();
    const right = call.toTag;
    call.toTag = 'guessed';
    sendInDialog(call, 'BYE');
    await response(call, 481, 'BYE');
    call.toTag = right;
    const ended = next(uas, 'destroy');
    sendInDialog(call, 'BYE');
    await ended;
  });

  const MERGED = 'drachtio-server delivers merged INVITEs, and mixes them up';

  embeddedIt(MERGED, 'a merged INVITE, the same by another branch, gets 482 and the application sees one', async () => {
    const { client, peer } = await rawApplication();
    const call = newCall(peer);
    sendInvite(call);
    await client.sip(/INVITE /);
    sendInvite(call, { branch: unique('z9hG4bK') });
    await response(call, 482);
    // With another CSeq it would be another call to srf, which keys calls by Call-ID.
    sendInvite(call, { branch: unique('z9hG4bK'), cseq: 2 });
    await response(call, 482);
    await client.ask('ping');
    expect(client.received.filter(({ text }) => text.startsWith('INVITE'))).toHaveLength(1);
  });

  embeddedIt(MERGED, 'a merged INVITE gets 482 after the answer too, and the call goes on', async () => {
    const { call, uas } = await established();
    sendInvite({ ...call, toTag: '' }, { branch: unique('z9hG4bK'), cseq: 1 });
    await response(call, 482);
    sendInDialog(call, 'BYE');
    await next(uas, 'destroy');
  });

  it('a proxy that forks serially sends its next branch after our 486, and the application sees it', async () => {
    const { client, peer } = await rawApplication();
    const call = newCall(peer);
    sendInvite(call);
    const first = await client.sip(/INVITE sip:1001/);
    await client.ask(`sip|${first.tokens[8]}|\r\nSIP/2.0 486 Busy Here\r\n\r\n`);
    ackFailure(call, await response(call, 486));
    sendInvite({ ...call, uri: 'sip:1002@127.0.0.1' }, { branch: unique('z9hG4bK') });
    await client.sip(/INVITE sip:1002/);
    if (drachtioServer !== null) return;
    sendInvite(call, { branch: unique('z9hG4bK') });
    await response(call, 482);
  });

  embeddedIt('drachtio-server delivers it', 'an INVITE without From tag, or with | in Call-ID, gets 400', async () => {
    const { peer } = await rawApplication();
    for (const spoil of [
      (text: string) => text.replace(/;tag=tag\w+/, ''),
      (text: string) => text.replace(/^Call-ID: /m, 'Call-ID: a|'),
    ]) {
      const call = newCall(peer);
      peer.send(spoil(requestText(call)));
      await peer.expect(new RegExp(`^SIP/2\\.0 400 [^]*${call.callId}`));
    }
  });

  embeddedIt(
    'it is told who may call',
    'strangers get a stateless 403, whatever they send; allowed peers pass',
    async () => {
      const { engine, client, peer } = await rawApplication({ allow: ['10.0.0.0/8'] });
      for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'MESSAGE']) {
        const call = newCall(peer);
        sendInvite(call, { method, body: '' });
        await response(call, 403, method);
      }
      // A made-up To tag does not open the door.
      for (const method of ['INVITE', 'BYE', 'INFO', 'REFER']) {
        const call = { ...newCall(peer), toTag: 'forged' };
        sendInDialog(call, method);
        await response(call, 403, method);
      }
      await client.ask('ping');
      expect(engine.counts().transactions).toBe(0);
      expect(peer.count(/^SIP\/2\.0 (?!403)/)).toBe(0);
      expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toEqual([]);
      const open = await rawApplication({ allow: ['10.0.0.0/8', '127.0.0.1', '2001:db8::/32'] });
      sendInvite(newCall(open.peer));
      await open.client.sip(/INVITE /);
    },
  );

  embeddedIt(
    'it is told who may call',
    'the peer of a dialog may move to an address that is not allowed to call',
    async () => {
      const { client, peer, udpPort } = await rawApplication({ allow: ['127.0.0.1'] });
      const call = newCall(peer);
      sendInvite(call);
      const { tokens } = await client.sip(/INVITE /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200);
      sendAck(call);
      await client.sip(/ACK /);
      const moved = await udpPeer(udpPort, '127.0.0.1', '127.0.0.2');
      later(() => moved.close());
      sendInDialog({ ...call, peer: moved, cseq: 1 }, 'INFO');
      await client.sip(/INFO /);
      sendInDialog({ ...call, peer: moved, toTag: 'forged', cseq: 2 }, 'INFO');
      await response({ ...call, peer: moved }, 403, 'INFO');
    },
  );

  it('60: garbage, spoofed responses and unknown methods never stop the engine', async () => {
    const { client, peer, udpPort, tcpPort } = await rawApplication();
    const tcp = await callerPeer(tcpPort, 'tcp');
    const garbage = [
      'x',
      '\r\n\r\n',
      '\u0000\u0001\u0002',
      'INVITE',
      'INVITE sip:a SIP/2.0\r\n\r\n',
      'SIP/2.0 200 OK\r\n\r\n',
      `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:${udpPort};branch=z9hG4bKspoof\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n`,
      `INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKg\r\nContact: ${'<'.repeat(1_000)}\r\nFrom: "a\r\n\r\n`,
    ];
    for (const text of garbage) {
      peer.sendRaw(text);
      tcp.sendRaw(text);
    }
    sendInvite(newCall(peer), { method: 'FROBNICATE', body: '' });
    if (drachtioServer === null) {
      // drachtio-server drops it.
      const refused = await peer.expect(/^SIP\/2\.0 501 [^]*FROBNICATE/);
      expect(refused.header('Allow')).toContain('INVITE');
    }
    sendInvite(newCall(peer));
    const { tokens } = await client.sip(/INVITE /);
    expect((await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 486 Busy\r\n\r\n`)).tokens[3]).toBe('OK');
    for (const {
      tokens: [, type],
    } of client.received)
      expect(['sip', 'response']).toContain(type);
  });
});
