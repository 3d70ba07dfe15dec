import { describe, expect, it } from 'vitest';
import { answer, callerPeer, later, response, sendInvite } from '../../drachtio/support.ts';
import { tcpPeer, type SipPeer, type StreamPeer } from '../../support/sip-peer.ts';
import { account, ask, directory, REGISTRAR } from '../phones.ts';
import { expectNothingHeld, LOCAL_PEER, startRig, type Rig } from '../support.ts';

const PHONES = directory(account('1001'), account('1009'));

/** Whoever calls is a peer; phones are asked for their password all the same. */
function startRegistrar(): Promise<Rig> {
  return startRig({ registrar: REGISTRAR, phones: PHONES, peers: [LOCAL_PEER] });
}

async function streamPhone(rig: Rig): Promise<StreamPeer> {
  const phone = await tcpPeer(rig.tcpPort);
  later(() => phone.close());
  return phone;
}

/** Calls a number; what `phone` gets is declined. */
async function declined(rig: Rig, number: string, phone: SipPeer): Promise<void> {
  const call = rig.newCall(`sip:${number}@127.0.0.1`);
  sendInvite(call);
  answer(phone, await phone.expect(/^INVITE /), 486);
  await response(call, 486);
}

describe('what a phone registers over a connection', () => {
  // Else the engine forgets the connection of both with the one, and dials the host of the other.
  it.each(['udp', 'tcp'] as const)(
    'is one contact in every spelling that the engine takes for one (%s)',
    async (other) => {
      const rig = await startRegistrar();
      const pbx = await callerPeer(rig.udpPort);
      const phone = await streamPhone(rig);
      const contact = `sip:0900123@127.0.0.1:${pbx.port}`;
      expect((await ask(phone, '1009', { contact: `<${contact};transport=tcp>` })).start).toMatch('200');
      const again = other === 'tcp' ? phone : await callerPeer(rig.udpPort);
      const spelled = `<sip:%30900123@127.0.0.1:${pbx.port}>;expires=0`;
      expect((await ask(again, '1009', { contact: spelled })).start).toMatch('200');
      expect(rig.gateway.registered).toEqual([]);
    },
  );

  it.each([
    ['a To that the engine does not remember', `1009@${'h'.repeat(1_100)};x=`, '<sip:0900123@127.0.0.1:9>'],
    ['a user part that cannot be read', '1009', '<sip:%zz@127.0.0.1>'],
  ])('is refused with %s', async (_, to, contact) => {
    const rig = await startRegistrar();
    const phone = await streamPhone(rig);
    expect((await ask(phone, '1009', { to, contact })).start).toMatch('SIP/2.0 400');
    expect(rig.gateway.registered).toEqual([]);
  });

  it('is rung as it was written, also where its user part has a question mark', async () => {
    const rig = await startRegistrar();
    const phone = await streamPhone(rig);
    expect((await ask(phone, '1009', { contact: '<sip:127.0.0.9?x@a.invalid?Subject=b>' })).start).toMatch('200');
    const call = rig.newCall('sip:1009@127.0.0.1');
    sendInvite(call);
    const invite = await phone.expect(/^INVITE /);
    expect(invite.start).toBe('INVITE sip:127.0.0.9?x@a.invalid SIP/2.0');
    answer(phone, invite, 486);
    await response(call, 486);
    await expectNothingHeld(rig);
  });

  it('cannot be taken over or taken back by another account, and is free again when it has gone', async () => {
    const rig = await startRegistrar();
    const [victim, thief] = [await streamPhone(rig), await streamPhone(rig)];
    const contact = '<sip:phone@abc.invalid;transport=tcp>';
    expect((await ask(victim, '1001', { contact })).start).toMatch('200');
    const overUdp = await callerPeer(rig.udpPort);
    for (const from of [thief, overUdp, victim]) {
      for (const said of [contact, `${contact};expires=0`, '<sip:ph%6fne@ABC.invalid>']) {
        expect((await ask(from, '1009', { contact: said })).start).toMatch('SIP/2.0 403');
      }
    }
    await declined(rig, '1001', victim);
    expect((await ask(victim, '1001', { contact: '*', headers: 'Expires: 0' })).start).toMatch('200');
    expect((await ask(thief, '1009', { contact })).start).toMatch('200');
    await declined(rig, '1009', thief);
    await expectNothingHeld(rig);
  });
});
