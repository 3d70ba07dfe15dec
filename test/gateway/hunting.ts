import type { Registration } from '../../src/gateway/index.ts';
import { answer, callerPeer, SDP_B, sendAck, sendInDialog, sendInvite, type RawCall } from '../drachtio/support.ts';
import type { Received, SipPeer } from '../support/sip-peer.ts';
import { account, directory, kept, REGISTRAR } from './phones.ts';
import { POLICY, response, startRig, type Parts, type Rig } from './support.ts';

/** Calls that ring several phones. */

export const GROUPS = `${POLICY}
groups:
  - { identity: sales, dialPlan: Paris, extensions: ["1100"], members: [alice, bob] }
  - { identity: night, dialPlan: Paris, extensions: ["1200"], members: [alice, bob], ring: serial, ringTimeout: 1s, mailbox: carol }
  - { identity: mobile, dialPlan: Paris, extensions: ["1300"], members: [alice, "0612345678"] }
`;

const PHONES = directory(account('1001'), account('1002'), account('1003'));

export interface Hunting {
  readonly rig: Rig;
  /** In the order in which they were named. */
  readonly phones: readonly SipPeer[];
}

/** A rig with registered phones. @param registered their numbers, perhaps with a q: `1001`, `1001;q=0.5` */
export async function startHunting(registered: readonly string[], parts: Parts = {}): Promise<Hunting> {
  const phones = await Promise.all(registered.map(() => callerPeer(0)));
  const load = async (): Promise<Registration[]> =>
    registered.map((written, index) => {
      const [number = '', q = '1'] = written.split(';q=');
      const at = `127.0.0.1:${phones[index]?.port}`;
      return { ...kept(number, `sip:${number}@${at}`, `udp/${at}`, Date.now() + 600_000), q: Number(q) };
    });
  const rig = await startRig({
    policy: GROUPS,
    registrar: REGISTRAR,
    phones: PHONES,
    registrations: { load, save: async () => undefined },
    ...parts,
  });
  return { rig, phones };
}

/** The phone has the INVITE of the call, and rings. */
export async function rings(phone: SipPeer): Promise<Received> {
  const invite = await phone.expect(/^INVITE /);
  answer(phone, invite, 180);
  return invite;
}

/** The next request of this method in the dialog of `invite`. */
export function requestAt(phone: SipPeer, invite: Received, method: string): Promise<Received> {
  return phone.expect(new RegExp(`^${method} [^]*?Call-ID: ${invite.header('Call-ID')}\r`));
}

/** The phone's INVITE is cancelled, and ends. */
export async function cancelled(phone: SipPeer, invite: Received): Promise<Received> {
  const cancel = await requestAt(phone, invite, 'CANCEL');
  answer(phone, cancel, 200);
  answer(phone, invite, 487);
  return cancel;
}

/** The phone answers, and has its ACK; the caller is connected to it. */
export async function answers(call: RawCall, phone: SipPeer, invite: Received): Promise<void> {
  answer(phone, invite, 200, { body: SDP_B });
  await response(call, 200);
  sendAck(call);
  await requestAt(phone, invite, 'ACK');
}

/** The caller hangs up on the phone. */
export async function ends(call: RawCall, phone: SipPeer, invite: Received): Promise<void> {
  sendInDialog(call, 'BYE');
  await response(call, 200, 'BYE');
  answer(phone, await requestAt(phone, invite, 'BYE'), 200);
}

/** The phone's answer is acknowledged and ended at once. */
export async function sentAway(phone: SipPeer, invite: Received): Promise<void> {
  await requestAt(phone, invite, 'ACK');
  answer(phone, await requestAt(phone, invite, 'BYE'), 200);
}

export function calls(rig: Rig, number: string): RawCall {
  const call = rig.newCall(`sip:${number}@127.0.0.1`);
  sendInvite(call);
  return call;
}
