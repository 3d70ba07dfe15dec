import { describe, expect, it } from 'vitest';
import { answer, callerPeer, SDP_A, unique } from '../../drachtio/support.ts';
import type { Received, SipPeer } from '../../support/sip-peer.ts';
import { account, credentials, directory, FAR_PEER, finalOf, REGISTRAR, sendAs } from '../phones.ts';
import { startRig } from '../support.ts';

const PHONES = directory(account('1001'), account('1009'));

/** An INVITE of a phone with its password; resolves with the challenge's Call-ID. */
async function invites(phone: SipPeer, name: string, contact: string, headers: string): Promise<string> {
  const request = { method: 'INVITE', to: '1003', contact, headers, body: SDP_A, callId: unique('invite') };
  sendAs(phone, name, request);
  const challenged: Received = await finalOf(phone, request.callId, 401);
  sendAs(phone, name, request, credentials(challenged, name, request));
  return request.callId;
}

describe('whoever takes over a call of a phone', () => {
  it.each(['udp', 'tcp'] as const)('calls no host that the phone has named (%s)', async (transport) => {
    const rig = await startRig({ registrar: REGISTRAR, phones: PHONES, peers: [FAR_PEER] });
    const pbx = await callerPeer(rig.udpPort);
    const port = transport === 'udp' ? rig.udpPort : rig.tcpPort;
    const [phone, other] = [await callerPeer(port, transport), await callerPeer(port, transport)];
    const named = `sip:0900123@127.0.0.1:${pbx.port}`;
    const callId = await invites(phone, '1001', `<${named}>`, `Record-Route: <sip:127.0.0.1:${pbx.port};lr>`);
    answer(rig.callee, await rig.callee.expect(/^INVITE /), 180);
    const ringing = await finalOf(phone, callId, 180);
    const [fromTag, toTag] = ['From', 'To'].map((name) => /tag=(\S+)/.exec(ringing.header(name))?.[1]);
    const replaces = `Replaces: ${callId};to-tag=${fromTag};from-tag=${toTag}`;
    const second = await invites(other, '1009', '<sip:1009@127.0.0.1>', replaces);
    if (transport === 'tcp') expect((await finalOf(other, second)).start).toMatch('480');
    else expect((await phone.expect(/^INVITE /)).header('Replaces')).not.toBe('');
    expect(pbx.received).toEqual([]);
  });
});
