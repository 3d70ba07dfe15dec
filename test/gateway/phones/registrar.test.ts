import { describe, expect, it, vi } from 'vitest';
import type { Registration } from '../../../src/gateway/index.ts';
import {
  answer,
  callerPeer,
  later,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  unique,
} from '../../drachtio/support.ts';
import { tcpPeer, type SipPeer, type StreamPeer } from '../../support/sip-peer.ts';
import {
  account,
  ask,
  contactOf,
  credentials,
  directory,
  FAR_PEER,
  finalOf,
  kept,
  passwordOf,
  REGISTRAR,
  sendAs,
} from '../phones.ts';
import { expectNothingHeld, LOCAL_PEER, response, startRig, type Parts, type Rig } from '../support.ts';

const PHONES = directory(account('1001'), account('bob', '1002'), account('1009'));

function startRegistrar(parts: Parts = {}): Promise<Rig> {
  return startRig({ registrar: REGISTRAR, phones: PHONES, peers: [FAR_PEER], ...parts });
}

async function phoneAt(rig: Rig, transport: 'udp' | 'tcp' = 'udp'): Promise<SipPeer> {
  return callerPeer(transport === 'udp' ? rig.udpPort : rig.tcpPort, transport);
}

async function streamPhone(rig: Rig): Promise<StreamPeer> {
  const phone = await tcpPeer(rig.tcpPort);
  later(() => phone.close());
  return phone;
}

describe('a phone registers', () => {
  it('with its password, and is asked for it wherever it comes from', async () => {
    for (const peers of [[FAR_PEER], [LOCAL_PEER]]) {
      const rig = await startRegistrar({ peers });
      const phone = await phoneAt(rig);
      const done = await ask(phone, '1001', { contact: contactOf(phone, '1001') });
      expect(done.start).toBe('SIP/2.0 200 OK');
      expect(done.header('Contact')).toBe(`${contactOf(phone, '1001')};expires=600`);
      expect(rig.gateway.registered).toMatchObject([{ aor: '1001', source: `udp/127.0.0.1:${phone.port}` }]);
    }
  });

  it.each([
    ['a wrong password', { password: 'guessed' }, 403],
    ['a name that is nobody’s', { username: 'mallory' }, 403],
    ['the address-of-record of somebody else', { to: '1009' }, 403],
    ['a contact that cannot be', { contact: '<tel:1001>' }, 400],
    ['a while that is too short', { headers: 'Expires: 5' }, 423],
  ])('but not with %s: %s', async (_, request, status) => {
    const rig = await startRegistrar();
    const phone = await phoneAt(rig);
    const refused = await ask(phone, '1001', { contact: contactOf(phone, '1001'), ...request });
    expect(refused.start).toMatch(`SIP/2.0 ${status}`);
    expect(rig.gateway.registered).toEqual([]);
  });

  it('but not with an answer that was used before', async () => {
    const rig = await startRegistrar();
    const phone = await phoneAt(rig);
    const request = { contact: contactOf(phone, '1001') };
    const challenged = await finalOf(phone, sendAs(phone, '1001', request).callId, 401);
    const shown = credentials(challenged, '1001', request);
    expect((await finalOf(phone, sendAs(phone, '1001', request, shown).callId)).start).toMatch('200');
    const other = await phoneAt(rig);
    const replayed = await finalOf(other, sendAs(other, '1001', { contact: contactOf(other, '1001') }, shown).callId);
    expect(replayed.start).toMatch('401');
    expect(rig.gateway.registered).toHaveLength(1);
  });

  it('nowhere where there is no registrar', async () => {
    const rig = await startRig();
    const phone = await phoneAt(rig);
    expect((await finalOf(phone, sendAs(phone, '1001', {}).callId)).start).toMatch('403');
  });

  it('asks what stands, and takes it back', async () => {
    const rig = await startRegistrar();
    const phone = await phoneAt(rig);
    await ask(phone, '1001', { contact: `${contactOf(phone, '1001')};expires=90` });
    expect((await ask(phone, '1001')).header('Contact')).toContain(';expires=90');
    const ended = await ask(phone, '1001', { contact: '*', headers: 'Expires: 0' });
    expect(ended.header('Contact')).toBe('');
    expect(rig.gateway.registered).toEqual([]);
  });

  it('and is none any more when its time is over', async () => {
    const rig = await startRegistrar();
    const phone = await phoneAt(rig);
    await ask(phone, '1001', { contact: contactOf(phone, '1001') });
    rig.advance(599_000);
    expect(rig.gateway.registered).toHaveLength(1);
    rig.advance(1_000);
    expect(rig.gateway.registered).toEqual([]);
  });

  it('and loses its contacts when its account is gone', async () => {
    const phones = directory(account('1001'), account('bob', '1002'));
    const rig = await startRegistrar({ phones });
    const phone = await phoneAt(rig);
    await ask(phone, '1001', { contact: contactOf(phone, '1001') });
    phones.gone.add('1001');
    rig.gateway.phonesChanged();
    expect(rig.gateway.registered).toEqual([]);
  });
});

describe('a registered phone is rung', () => {
  async function calls(rig: Rig, phone: SipPeer, number = '1001') {
    const call = rig.newCall(`sip:${number}@127.0.0.1`);
    sendInvite(call);
    return { call, invite: await phone.expect(/^INVITE /) };
  }

  it('where its REGISTER came from, whatever its Contact says (RFC 3581)', async () => {
    const rig = await startRegistrar({ peers: [LOCAL_PEER] });
    const phone = await phoneAt(rig);
    await ask(phone, '1001', { contact: '<sip:1001@10.255.0.9:5060;ob>' });
    const { call, invite } = await calls(rig, phone);
    expect(invite.start).toBe('INVITE sip:1001@10.255.0.9:5060;ob SIP/2.0');
    answer(phone, invite, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    await phone.expect(/^ACK /);
    sendInDialog(call, 'BYE');
    answer(phone, await phone.expect(/^BYE /), 200);
    await response(call, 200, 'BYE');
    await expectNothingHeld(rig);
  });

  it('over the connection that it registered on', async () => {
    const rig = await startRegistrar({ peers: [LOCAL_PEER] });
    const phone = await streamPhone(rig);
    await ask(phone, '1001', { contact: '<sip:x7k@df7jal23.invalid;transport=ws>' });
    const { call, invite } = await calls(rig, phone);
    expect(invite.start).toBe('INVITE sip:x7k@df7jal23.invalid;transport=ws SIP/2.0');
    expect(phone.connections()).toBe(1);
    answer(phone, invite, 486);
    await response(call, 486);
    await expectNothingHeld(rig);
  });

  it('until its connection is gone: then it is registered no longer', async () => {
    const rig = await startRegistrar({ peers: [LOCAL_PEER] });
    const phone = await streamPhone(rig);
    await ask(phone, '1001', { contact: contactOf(phone, '1001') });
    phone.drop();
    await vi.waitFor(async () => {
      const call = rig.newCall('sip:1001@127.0.0.1');
      sendInvite(call);
      await response(call, '[3-6]..');
      expect(rig.gateway.registered).toEqual([]);
    });
    await expectNothingHeld(rig);
  });

  it('through the proxy that it registered by (RFC 3327)', async () => {
    const rig = await startRegistrar({ peers: [LOCAL_PEER] });
    const phone = await phoneAt(rig);
    const edge = await phoneAt(rig);
    await ask(phone, '1001', {
      contact: '<sip:1001@10.255.0.9>',
      headers: `Supported: path\nPath: <sip:127.0.0.1:${edge.port};lr>`,
    });
    const { call, invite } = await calls(rig, edge);
    expect(invite.start).toBe('INVITE sip:1001@10.255.0.9 SIP/2.0');
    expect(invite.header('Route')).toBe(`<sip:127.0.0.1:${edge.port};lr>`);
    answer(edge, invite, 486);
    await response(call, 486);
  });

  it('after a restart, where it registered over UDP and its account is still there', async () => {
    const at = Date.now() + 60_000;
    const spare: { phone: SipPeer | null } = { phone: null };
    const first = await startRegistrar();
    spare.phone = await phoneAt(first);
    const load = async (): Promise<Registration[]> => [
      kept('1001', 'sip:1001@10.255.0.9', `udp/127.0.0.1:${spare.phone?.port}`, at),
      kept('1001', 'sip:1001@10.255.0.8', 'tcp/127.0.0.1:9', at),
      kept('1009', 'sip:1009@10.255.0.8', 'udp/127.0.0.1:9', Date.now() - 1),
      kept('1234', 'sip:1234@10.255.0.8', 'udp/127.0.0.1:9', at),
    ];
    const rig = await startRegistrar({ peers: [LOCAL_PEER], registrations: { load, save: async () => undefined } });
    expect(rig.gateway.registered.map(({ contact }) => contact)).toEqual(['sip:1001@10.255.0.9']);
    const { call, invite } = await calls(rig, spare.phone);
    answer(spare.phone, invite, 486);
    await response(call, 486);
  });
});

describe('a phone that is not registered', () => {
  const parts = { nextHop: [], peers: [LOCAL_PEER] };
  const verdicts = (rig: Rig): unknown => rig.ledger.over.map(({ verdict }) => verdict);

  it.each([
    ['1001', 'a number with a mailbox', { outcome: 'missed', cause: 'unreachable' }],
    ['1009', 'a phone without a mailbox', { outcome: 'failed', cause: null }],
  ])('is only absent, 480: %s, %s', async (number, _, verdict) => {
    const rig = await startRegistrar(parts);
    const call = rig.newCall(`sip:${number}@127.0.0.1`);
    sendInvite(call);
    await response(call, 480);
    await expectNothingHeld(rig);
    expect(verdicts(rig)).toMatchObject([verdict]);
  });

  it('is not one that nobody knows, 404', async () => {
    const rig = await startRegistrar(parts);
    const call = rig.newCall('sip:7777@127.0.0.1');
    sendInvite(call);
    await response(call, 404);
    await expectNothingHeld(rig);
    expect(verdicts(rig)).toMatchObject([{ outcome: 'rejected' }]);
  });

  it('has voicemail', async () => {
    const voicemail = await callerPeer(0);
    const target = `sip:voicemail@127.0.0.1:${voicemail.port}`;
    const rig = await startRegistrar({ ...parts, voicemail: { owner: 'gateway', target } });
    const call = rig.newCall('sip:1001@127.0.0.1');
    sendInvite(call);
    const diverted = await voicemail.expect(/^INVITE /);
    answer(voicemail, diverted, 486);
    await response(call, 480);
    await expectNothingHeld(rig);
    expect(verdicts(rig)).toMatchObject([{ outcome: 'missed', cause: 'unreachable' }]);
  });
});

describe('a phone calls', () => {
  const invitation = (headers = ''): { method: string; body: string; headers: string } => ({
    method: 'INVITE',
    body: SDP_A,
    headers,
  });

  it('by the routes of phones', async () => {
    const rig = await startRegistrar({ nextHop: [] });
    const phone = await phoneAt(rig);
    const request = { ...invitation(), to: '1003', contact: contactOf(phone, '1001') };
    expect((await ask(phone, '1001', request)).start).toMatch('404');
    const routed = await startRegistrar({
      nextHop: [],
      routes: [{ from: 'phones', nextHop: [{ uri: `sip:127.0.0.1:${rig.callee.port}` }] }],
    });
    const other = await phoneAt(routed);
    const asked = ask(other, '1001', { ...request, contact: contactOf(other, '1001') });
    answer(rig.callee, await rig.callee.expect(/^INVITE /), 486);
    expect((await asked).start).toMatch('486');
  });

  it('with its password alone, and what only peers may say is left out', async () => {
    const rig = await startRegistrar();
    const phone = await phoneAt(rig);
    const callId = unique('phone');
    const request = {
      ...invitation(
        'P-Asserted-Identity: <sip:1009@127.0.0.1>\nDiversion: <sip:1009@127.0.0.1>;reason=no-answer\nX-MCG-Call: x',
      ),
      callId,
      to: '1003',
      from: 'bob',
      contact: contactOf(phone, 'bob'),
    };
    sendAs(phone, 'bob', request);
    const challenged = await finalOf(phone, callId, 401);
    expect(rig.ledger.started).toEqual([]);
    sendAs(phone, 'bob', request, credentials(challenged, 'bob', request));
    const invite = await rig.callee.expect(/^INVITE /);
    expect(invite.header('From')).toMatch(/^"Phone" <sip:1002@127\.0\.0\.1>;tag=/);
    expect(invite.text).not.toMatch(/1009|^Authorization/im);
    answer(rig.callee, invite, 486);
    await finalOf(phone, callId, 486);
    expect(rig.ledger.started).toMatchObject([{ peer: 'phones', callee: '1003', caller: { number: '1002' } }]);
  });

  it.each([
    ['says to be somebody else', { from: '1009' }],
    ['has a wrong password', { password: 'guessed' }],
    ['shows the name of somebody else', { username: '1009' }],
  ])('and is refused with 403 where it %s', async (_, request) => {
    const rig = await startRegistrar();
    const phone = await phoneAt(rig);
    const refused = await ask(phone, 'bob', {
      ...invitation(),
      to: '1003',
      contact: contactOf(phone, 'bob'),
      ...request,
    });
    expect(refused.start).toMatch('403');
    expect(rig.ledger.started).toEqual([]);
    expect(rig.callee.received).toEqual([]);
  });

  it('and may ask whether we are there', async () => {
    const rig = await startRegistrar();
    const phone = await phoneAt(rig);
    expect((await ask(phone, 'bob', { method: 'OPTIONS' })).start).toMatch('200');
  });

  it('a peer that has a password comes in as itself, from anywhere', async () => {
    const peer = { ...FAR_PEER, name: 'trunk', digest: { username: 'trunk', password: passwordOf('trunk') } };
    const rig = await startRegistrar({ peers: [peer] });
    const phone = await phoneAt(rig);
    const callId = unique('phone');
    const request = { ...invitation(), callId, to: '1003', from: '+33123456789', contact: contactOf(phone, 'x') };
    sendAs(phone, 'trunk', request);
    const challenged = await finalOf(phone, callId, 401);
    sendAs(phone, 'trunk', request, credentials(challenged, 'trunk', request));
    answer(rig.callee, await rig.callee.expect(/^INVITE /), 486);
    await finalOf(phone, callId, 486);
    expect(rig.ledger.started).toMatchObject([{ peer: 'trunk', caller: { number: '+33123456789' } }]);
    // It may call; it is nobody's phone.
    expect((await ask(phone, 'trunk', { contact: contactOf(phone, 'trunk') })).start).toMatch('403');
  });
});
