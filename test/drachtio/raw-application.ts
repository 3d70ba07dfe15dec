import { expect } from 'vitest';
import { rawClient, type RawMessage } from './raw-client.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  newCall,
  requestText,
  response,
  SDP_A,
  SDP_B,
  sendAck,
  sendInvite,
  startEngineForTest,
  type RawCall,
  type RequestParts,
  type ResponseOptions,
} from './support.ts';
import type { EngineOptions } from '../../src/drachtio/index.ts';
import type { SipTimers } from '../../src/sip/index.ts';

/** Applications of bare frames, for what drachtio-srf does not show. */

/** A raw application, and a peer on each side. */
export async function rawApplication(options: Partial<EngineOptions> = {}) {
  const started = await startEngineForTest(options);
  const client = await rawClient(started.engine);
  for (const verb of ['invite', 'options', 'message', 'register', 'info', 'refer', 'subscribe']) {
    await client.ask(`route|${verb}`);
  }
  const peer = await callerPeer(started.udpPort);
  /** Sends as the application and returns what the peer got. */
  const sent = async (text: string, routeUrl = '') => {
    const method = /^\w+/.exec(text)?.[0] ?? '';
    const ok = await client.ask(`sip||${routeUrl === '' ? '' : `|${routeUrl}`}\r\n${text}`);
    expect(ok.tokens.slice(3, 5)).toEqual(['OK', 'application']);
    return peer.expect(new RegExp(`^${method} `));
  };
  const uri = `sip:1001@127.0.0.1:${peer.port}`;
  /** Rings the application and answers as it says. */
  const answered = async (status: string, rest = '', method = 'INVITE', headers = '') => {
    const call = newCall(peer);
    sendInvite(call, { method, headers, body: '' });
    const { tokens } = await client.sip(new RegExp(`${method} [^]*${call.callId}`));
    const ok = await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 ${status}\r\n${rest}`);
    return { call, ok, txnId: tokens[8] ?? '' };
  };
  return { ...started, client, peer, sent, uri, answered };
}

/** An application of bare frames that is rung by A. */
export async function rung(timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  await client.ask('route|invite');
  const call = newCall(await callerPeer(started.udpPort));
  sendInvite(call);
  const invite = await client.sip(/INVITE /);
  const txnId = invite.tokens[8] ?? '';
  const reply = (status: string, rest = ''): Promise<RawMessage> =>
    client.ask(`sip|${txnId}|\r\nSIP/2.0 ${status}\r\n${rest}\r\n`);
  return { ...started, client, call, txnId, reply };
}

/** An application of bare frames that calls B. */
export async function calling(timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  const callee = await calleePeer(started.udpPort);
  const sent = await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
  const invite = await callee.expect(/^INVITE /);
  const txnId = sent.tokens[10] ?? '';
  const dialogId = `${invite.header('Call-ID')};from-tag=${/;tag=([^;\s]+)/.exec(invite.header('From'))?.[1] ?? ''}`;
  return { ...started, client, callee, sent, invite, txnId, dialogId };
}

/** A raw application that A called and that answered. */
export async function talkingToA(invite: RequestParts = {}, timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  await client.ask('route|invite');
  const call = newCall(await callerPeer(started.udpPort));
  sendInvite(call, invite);
  const { tokens } = await client.sip(/INVITE /);
  await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n${SDP_B}`);
  const ok = await response(call, 200);
  sendAck(call);
  await client.sip(/ACK /);
  const dialogId = `${call.callId};from-tag=${call.tag}`;
  return { ...started, client, call, ok, dialogId, ask: inDialog(client, dialogId) };
}

/** A raw application that called B, which answered. */
export async function talkingToB(ok: ResponseOptions = {}, timers: Partial<SipTimers> = {}) {
  const started = await startEngineForTest({ timers });
  const client = await rawClient(started.engine);
  const callee = await calleePeer(started.udpPort);
  await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n${SDP_A}`);
  const invite = await callee.expect(/^INVITE /);
  answer(callee, invite, 200, { body: SDP_B, ...ok });
  const { tokens } = await client.sip(/SIP\/2\.0 200/);
  const dialogId = tokens[9] ?? '';
  const ask = inDialog(client, dialogId);
  return { ...started, client, callee, invite, dialogId, ask };
}

function inDialog(client: Awaited<ReturnType<typeof rawClient>>, dialogId: string) {
  return (method: string, rest = '') =>
    client.ask(`sip||${dialogId}\r\n${method} sip:placeholder SIP/2.0\r\n${rest}\r\n`);
}

/** A request of B in the dialog that this INVITE made. */
export function byCallee(
  callee: { port: number },
  invite: { header(name: string): string },
  method: string,
  { cseq = 1, body = '', headers = '', contact = `<sip:bob@127.0.0.1:${callee.port}>` } = {},
): string {
  return [
    `${method} ${/<([^>]+)>/.exec(invite.header('Contact'))?.[1] ?? ''} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${callee.port};branch=z9hG4bK${method}${cseq}${invite.header('Call-ID')}`,
    'Max-Forwards: 70',
    `From: ${invite.header('To')};tag=callee`,
    `To: ${invite.header('From')}`,
    `Call-ID: ${invite.header('Call-ID')}`,
    `CSeq: ${cseq} ${method}`,
    ...(contact === '' ? [] : [`Contact: ${contact}`]),
    ...(headers === '' ? [] : [headers]),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
  ]
    .join('\n')
    .concat(`\n\n${body}`);
}

export function sendCancel(call: RawCall, headers = ''): void {
  call.peer.send(requestText({ ...call, toTag: '' }, { method: 'CANCEL', contact: '', headers }));
}

export const UNKNOWN = ['NOK', 'Server error: unable to find dialog for dialog id provided'];
