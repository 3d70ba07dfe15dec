import { describe, expect, it } from 'vitest';
import { established } from './b2bua.ts';
import { rawApplication } from './raw-application.ts';
import {
  unique,
  answer,
  answerText,
  callerPeer,
  connectSrf,
  dialogCount,
  later,
  newCall,
  next,
  requestText,
  response,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from './support.ts';
import { differs, embeddedIt } from './target.ts';
import { udpPeer } from '../support/sip-peer.ts';

describe('TCP', () => {
  it('46: requests in the dialog of a TCP caller use its connection, whatever its Contact says', async () => {
    const { client, tcpPort } = await rawApplication();
    const caller = await callerPeer(tcpPort, 'tcp');
    const call = newCall(caller);
    sendInvite(call, { contact: '<sip:alice@192.0.2.55:9;transport=tcp>' });
    const { tokens } = await client.sip(/INVITE /);
    expect(tokens[4]).toBe('tcp');
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    const ack = await client.sip(/ACK /);
    await client.ask(`sip||${ack.tokens[9]}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`);
    answer(caller, await caller.expect(/^INFO sip:alice@192\.0\.2\.55/), 200);
    await client.sip(/SIP\/2\.0 200 [^]*INFO/);
  });

  it('46: requests to a contact registered over TCP use that connection; 410 once it is closed', async () => {
    const { client, tcpPort, peer } = await rawApplication();
    const phone = await callerPeer(tcpPort, 'tcp');
    // A drachtio-server remembers it for a minute, by user and host.
    const user = unique('alice');
    const contact = `<sip:${user}@192.0.2.55:9;transport=tcp>`;
    const call = newCall(phone);
    sendInvite(call, { method: 'REGISTER', body: '', contact: `${contact};expires=60` });
    const { tokens } = await client.sip(/REGISTER /);
    const granted = `Contact: ${contact};expires=60`;
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n${granted}\r\n\r\n`);
    await response(call, 200, 'REGISTER');
    const invite = `sip||\r\nINVITE sip:${user}@192.0.2.55:9;transport=tcp SIP/2.0\r\n\r\n`;
    expect((await client.ask(invite)).tokens[3]).toBe('OK');
    const received = await phone.expect(new RegExp(`^INVITE sip:${user}@192`));
    answer(phone, received, 486);
    await client.sip(/SIP\/2\.0 486/);
    await phone.close();
    // The engine has seen the connection end when it has answered what came after.
    sendInvite(newCall(peer), { method: 'OPTIONS', body: '' });
    await client.sip(/OPTIONS /);
    await client.ask(invite);
    await client.sip(/SIP\/2\.0 410 Gone/);
  });

  it('46: a dialog whose connection has ended gives 410, or 503, where its Contact cannot be reached', async () => {
    const { client, tcpPort } = await rawApplication();
    const caller = await callerPeer(tcpPort, 'tcp');
    const call = newCall(caller);
    sendInvite(call, { contact: '<sip:alice@127.0.0.1:1;transport=tcp>' });
    const { tokens } = await client.sip(/INVITE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    const ack = await client.sip(/ACK /);
    await caller.close();
    await client.ask(`sip||${ack.tokens[9]}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    await client.sip(differs(/SIP\/2\.0 410 Gone/, /SIP\/2\.0 503/));
  });

  it('a call over TCP on both sides', async () => {
    const { call, callee, uas, uac } = await established({ transport: 'tcp', callerTransport: 'tcp' });
    sendInDialog(call, 'BYE');
    await next(uas, 'destroy');
    const destroyed = uac.destroy();
    answer(callee, await callee.expect(/^BYE /), 200);
    await destroyed;
  });
});

describe('IPv6', () => {
  embeddedIt('it is told its addresses', 'a call comes in over ::1 and goes out over ::1', async () => {
    const { engine } = await startEngineForTest({ listen: [{ protocol: 'udp', address: '::1', port: 0 }] });
    const port = Number(/:(\d+)$/.exec(engine.sipAddresses[0] ?? '')?.[1]);
    const [caller, callee] = [await udpPeer(port, '::1'), await udpPeer(port, '::1')];
    later(() => caller.close());
    later(() => callee.close());
    const srf = await connectSrf(engine, (app) =>
      app.invite((req, res) => void app.createB2BUA(req, res, `sip:1001@[::1]:${callee.port}`)),
    );
    const call = newCall(caller, 'sip:1001@[::1]');
    caller.send(requestText(call, { body: SDP_A }).replaceAll('127.0.0.1', '[::1]'));
    const invite = await callee.expect(/^INVITE /);
    expect(invite.header('Contact')).toContain(`@[::1]:${port}>`);
    callee.send(answerText(callee, invite, 200, { body: SDP_B }).replaceAll('127.0.0.1', '[::1]'));
    await response(call, 200);
    await callee.expect(/^ACK sip:bob@\[::1\]/);
    await expect.poll(() => dialogCount(srf)).toBe(2);
  });
});
