import { expect, vi } from 'vitest';
import {
  ackFailure,
  answer,
  callerPeer,
  newCall,
  requestText,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  type RawCall,
  type RequestParts,
} from '../drachtio/support.ts';
import type { Received, SipPeer } from '../support/sip-peer.ts';
import { response, startRig, type Parts, type Rig } from './support.ts';

/** Calls of raw phones through a rig, for what takes calls over and sends them on. */

export type Transport = 'udp' | 'tcp';

export interface Phones {
  readonly rig: Rig;
  readonly transport: Transport;
  /** Who calls, who is called at 1001, who else there is: at 1003, and nowhere. */
  readonly alice: SipPeer;
  readonly bob: SipPeer;
  readonly carol: SipPeer;
  readonly dave: SipPeer;
  readonly erin: SipPeer;
}

/** @param parts its routes come after those to the phones */
export async function phones(transport: Transport, { routes = [], ...parts }: Parts = {}): Promise<Phones> {
  const [bob, carol] = [await callerPeer(1, transport), await callerPeer(1, transport)];
  const at = ({ port }: SipPeer): { uri: string }[] => [{ uri: `sip:127.0.0.1:${port};transport=${transport}` }];
  const rig = await startRig({
    routes: [{ to: '^1003$', nextHop: at(carol) }, { to: '^100', nextHop: at(bob) }, ...routes],
    nextHop: [],
    ...parts,
  });
  const port = transport === 'udp' ? rig.udpPort : rig.tcpPort;
  return {
    rig,
    transport,
    alice: await callerPeer(port, transport),
    bob,
    carol,
    dave: await callerPeer(port, transport),
    erin: await callerPeer(port, transport),
  };
}

/** One call, both of its sides. */
export interface Made {
  readonly call: RawCall;
  /** The phone that is called, and the INVITE as it got it. */
  readonly at: SipPeer;
  readonly invite: Received;
}

export function tagOf(value: string): string {
  return /;tag=([^;\s]+)/.exec(value)?.[1] ?? '';
}

/** An INVITE of its own; resolves when the other side has it. */
export async function calls(from: SipPeer, number: string, to: SipPeer, parts: RequestParts = {}): Promise<Made> {
  const call = newCall(from, number === '' ? 'sip:127.0.0.1' : `sip:${number}@127.0.0.1`);
  sendInvite(call, { ...parts, headers: `X-Test: ${call.callId}\n${parts.headers ?? ''}` });
  return { call, at: to, invite: await to.expect(new RegExp(`^INVITE [^]*?X-Test: ${call.callId}`)) };
}

export async function rings(from: SipPeer, number: string, to: SipPeer): Promise<Made> {
  const made = await calls(from, number, to);
  answer(to, made.invite, 180);
  await response(made.call, 180);
  return made;
}

export async function talks(from: SipPeer, number: string, to: SipPeer, parts: RequestParts = {}): Promise<Made> {
  const made = await calls(from, number, to, parts);
  await picksUp(made);
  return made;
}

/** The called side answers. */
export async function picksUp({ call, at, invite }: Made): Promise<void> {
  answer(at, invite, 200, { body: SDP_B });
  await response(call, 200);
  sendAck(call);
  await at.expect(new RegExp(`^ACK [^]*?Call-ID: ${invite.header('Call-ID')}`));
}

/** Our dialog with the caller, named by whoever wants to take the caller's place. */
export function callerDialog({ call }: Made): string {
  return `${call.callId};to-tag=${call.toTag};from-tag=${call.tag}`;
}

/** Our dialog with the called phone, named by whoever wants to take its place. */
export function calleeDialog({ invite }: Made): string {
  return `${invite.header('Call-ID')};to-tag=${tagOf(invite.header('From'))};from-tag=callee`;
}

/** An INVITE with Replaces, at the phone that it is for. */
export async function takes(from: SipPeer, replaces: string, at: SipPeer, parts: RequestParts = {}): Promise<Made> {
  return calls(from, '1001', at, { ...parts, headers: `Replaces: ${replaces}\n${parts.headers ?? ''}`.trim() });
}

/** A request of the called side in its dialog. */
let calleeCSeq = 100;
export function calleeSends({ at, invite }: Made, method: string, headers = '', body = ''): void {
  calleeCSeq += 1;
  const tcp = at.protocol === 'tcp' ? ';transport=tcp' : '';
  const lines = [
    `${method} ${/<([^>]+)>/.exec(invite.header('Contact'))?.[1] ?? ''} SIP/2.0`,
    `Via: SIP/2.0/${at.protocol.toUpperCase()} 127.0.0.1:${at.port};branch=z9hG4bKc${calleeCSeq}${method}`,
    'Max-Forwards: 70',
    `From: ${invite.header('To')};tag=callee`,
    `To: ${invite.header('From')}`,
    `Call-ID: ${invite.header('Call-ID')}`,
    `CSeq: ${calleeCSeq} ${method}`,
    `Contact: <sip:bob@127.0.0.1:${at.port}${tcp}>`,
    headers,
  ];
  at.send(`${lines.filter((line) => line !== '').join('\n')}\n\n${body}`);
}

/** What the called side gets in this call. */
export function atCallee({ at, invite }: Made, start: string, method = ''): Promise<Received> {
  return at.expect(new RegExp(`^${start}(?=[^]*?Call-ID: ${invite.header('Call-ID')}\r)[^]*?CSeq: \\d+ ${method}`));
}

/** What the calling side gets in this call. */
export function atCaller({ call }: Made, start: string): Promise<Received> {
  return call.peer.expect(new RegExp(`^${start}(?=[^]*?Call-ID: ${call.callId}\r)`));
}

/** The called side hangs up. */
export async function calleeHangsUp(made: Made): Promise<void> {
  calleeSends(made, 'BYE');
  await atCallee(made, 'SIP/2\\.0 200 ', 'BYE');
  answer(made.call.peer, await atCaller(made, 'BYE '), 200);
}

/** The calling side hangs up. */
export async function callerHangsUp(made: Made): Promise<void> {
  sendInDialog(made.call, 'BYE');
  await response(made.call, 200, 'BYE');
  answer(made.at, await atCallee(made, 'BYE '), 200);
}

/** The caller gives up what rings, as whoever was picked up does. */
export async function callerCancels({ call, at, invite }: Made): Promise<Received> {
  call.peer.send(requestText({ ...call, toTag: '' }, { method: 'CANCEL', contact: '' }));
  await response(call, 200, 'CANCEL');
  ackFailure(call, await response(call, 487));
  return endsRinging(at, invite);
}

export async function endsRinging(at: SipPeer, invite: Received): Promise<Received> {
  const cancel = await at.expect(new RegExp(`^CANCEL [^]*?Call-ID: ${invite.header('Call-ID')}`));
  answer(at, cancel, 200);
  answer(at, invite, 487);
  return cancel;
}

export async function expectAnsweredCalls({ rig }: Phones, count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    const { verdict, decisions } = await rig.ledger.call(n);
    expect(verdict).toMatchObject({ outcome: 'answered', reason: 'answered' });
    expect(decisions).toEqual([expect.stringMatching(/^skip (\w+ \(answered\)|nobody \(no-mailbox\))$/)]);
  }
  await vi.waitFor(() => expect(rig.gateway.holdings.calls).toBe(0));
  expect(rig.ledger.over).toHaveLength(count);
}

export { SDP_A, SDP_B };
