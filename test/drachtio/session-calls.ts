import { expect } from 'vitest';
import type { LocalEngine } from '../../src/drachtio/index.ts';
import type { SipTimers } from '../../src/sip/index.ts';
import type { ManualClock } from '../sip/clock.ts';
import { rawClient, type RawClient } from './raw-client.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  newCall,
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
import { startWithClock } from './timed-engine.ts';

/** Calls with session timers, between a raw application and a raw peer. */

/** The shortest session there may be, and a moment in which its refresh is due, five seconds around the half. */
export const SESSION_MS = 90_000;
export const REFRESH_MS = 50_000;

/** A call of A that a raw application has answered. */
export async function rungWith(invite: RequestParts, answerHeaders = '') {
  return answeredCall(await startEngineForTest(), invite, answerHeaders);
}

/** The same, with a clock. */
export async function timed(invite: RequestParts, answerHeaders = '', timers: Partial<SipTimers> = {}) {
  return answeredCall(await startWithClock(timers), invite, answerHeaders);
}

async function answeredCall<Started extends { readonly engine: LocalEngine; readonly udpPort: number }>(
  started: Started,
  invite: RequestParts,
  answerHeaders: string,
) {
  const client = await rawClient(started.engine);
  await client.ask('route|invite');
  const call = newCall(await callerPeer(started.udpPort));
  sendInvite(call, invite);
  const { tokens } = await client.sip(/INVITE /);
  await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n${answerHeaders}\r\n${SDP_B}`);
  const ok = await response(call, 200);
  sendAck(call);
  await client.sip(/ACK /);
  const dialogId = `${call.callId};from-tag=${call.tag}`;
  return { ...started, client, call, ok, dialogId };
}

/** A raw application that called B, which answered and was acknowledged. */
export async function calledWith(ok: ResponseOptions) {
  const started = await startWithClock();
  const client = await rawClient(started.engine);
  const callee = await calleePeer(started.udpPort);
  await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n${SDP_A}`);
  const invite = await callee.expect(/^INVITE /);
  answer(callee, invite, 200, { body: SDP_B, ...ok });
  const { tokens } = await client.sip(/SIP\/2\.0 200/);
  const dialogId = tokens[9] ?? '';
  const ask = (method: string, rest = '') =>
    client.ask(`sip||${dialogId}\r\n${method} sip:placeholder SIP/2.0\r\n${rest}`);
  await ask('ACK', '\r\n');
  await callee.expect(/^ACK /);
  return { ...started, client, callee, invite, dialogId, ask };
}

interface Timed {
  readonly clock: ManualClock;
  readonly call: RawCall;
}

/** Lets so much time pass that a refresh is due, and takes it. */
export async function refreshOf({ clock, call }: Timed) {
  clock.advance(REFRESH_MS);
  const refresh = await call.peer.expect(/^INVITE /);
  const accept = (headers = 'Session-Expires: 90;refresher=uac') =>
    answer(call.peer, refresh, 200, { body: SDP_A, headers });
  return { refresh, accept };
}

/** What passed before has been seen by the engine, and what it sends has been sent. */
export async function settled(client: RawClient): Promise<void> {
  expect((await client.ask('ping')).tokens[3]).toBe('OK');
}

export const WE_REFRESH = { headers: 'Supported: timer\nSession-Expires: 90;refresher=uas' };
export const A_REFRESHES = { headers: 'Supported: timer\nSession-Expires: 90;refresher=uac' };
