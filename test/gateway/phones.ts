import { answerChallenge, chooseChallenge, ha1 } from '../../src/digest/index.ts';
import type { PhoneAccount, PhoneDirectory, RegistrarSettings, Registration } from '../../src/gateway/index.ts';
import { ackFailure, newCall, sendInvite, unique, type RawCall, type RequestParts } from '../drachtio/support.ts';
import type { Received, SipPeer } from '../support/sip-peer.ts';
import { LOCAL_PEER } from './support.ts';

/** Phones that register at a rig: raw, so that they can be as wrong as a test likes. */

export const REALM = 'gateway.example.com';
export const REGISTRAR: RegistrarSettings = {
  realm: REALM,
  minExpiresMs: 60_000,
  maxExpiresMs: 600_000,
  maxContacts: 3,
  nonceKey: 'of the tests',
};

/** Where everybody on loopback is a stranger, as a phone is. */
export const FAR_PEER = { ...LOCAL_PEER, allow: ['192.0.2.0/24'] };

export function account(username: string, number = username): PhoneAccount {
  const password = passwordOf(username);
  return {
    username,
    number,
    ha1: { md5: ha1('MD5', username, REALM, password), sha256: ha1('SHA-256', username, REALM, password) },
  };
}

export function passwordOf(username: string): string {
  return `secret of ${username}`;
}

/** Accounts that can be taken away. */
export function directory(...accounts: readonly PhoneAccount[]): PhoneDirectory & { readonly gone: Set<string> } {
  const gone = new Set<string>();
  return {
    gone,
    find: (name) => (gone.has(name) ? undefined : accounts.find(({ username }) => username === name)),
    hasNumber: (number) => accounts.some((each) => each.number === number && !gone.has(each.username)),
  };
}

/** A contact as an earlier life of a gateway left it. */
export function kept(aor: string, contact: string, source: string, expiresAt: number): Registration {
  const nothing = { instance: null, regId: null, path: [], q: 1, callId: 'earlier', cseq: 1, userAgent: '' };
  return { aor, contact, source, expiresAt, ...nothing };
}

export interface PhoneRequest {
  readonly method?: string;
  readonly uri?: string;
  /** User parts; the username by default. */
  readonly to?: string;
  readonly from?: string;
  readonly username?: string;
  readonly password?: string;
  readonly contact?: string;
  readonly headers?: string;
  readonly body?: string;
  readonly callId?: string;
}

let cseq = 0;

export interface Sent {
  readonly callId: string;
  readonly text: string;
}

/** Sends one request, with credentials where there is something to answer. */
export function sendAs(peer: SipPeer, username: string, request: PhoneRequest, authorization?: string): Sent {
  const { method = 'REGISTER', to = username, from = username, contact, headers = '', body = '' } = request;
  const { uri = method === 'REGISTER' ? 'sip:127.0.0.1' : `sip:${to}@127.0.0.1` } = request;
  const callId = request.callId ?? unique('phone');
  cseq += 1;
  const transport = peer.protocol.toUpperCase();
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} 127.0.0.1:${peer.port};branch=${unique('z9hG4bK')};rport`,
    'Max-Forwards: 70',
    `From: "Phone" <sip:${from}@127.0.0.1>;tag=${unique('t')}`,
    `To: <sip:${to}@127.0.0.1>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    contact === undefined ? '' : `Contact: ${contact}`,
    authorization === undefined ? '' : `Authorization: ${authorization}`,
    headers,
    body === '' ? '' : 'Content-Type: application/sdp',
  ];
  const text = `${lines.filter((line) => line !== '').join('\n')}\n\n${body}`;
  peer.send(text);
  return { callId, text };
}

export async function finalOf(peer: SipPeer, callId: string, status: number | string = String.raw`[2-6]\d\d`) {
  return peer.expect(new RegExp(`^SIP/2\\.0 ${status} [^]*?Call-ID: ${callId}\r`));
}

/** What answers the challenge of a response. */
export function credentials(challenged: Received, username: string, request: PhoneRequest, count = 1): string {
  const { method = 'REGISTER', to = username } = request;
  const challenge = chooseChallenge(challenged.header('WWW-Authenticate'));
  if (challenge === null) throw new Error(`no challenge in ${challenged.text}`);
  return answerChallenge(challenge, {
    username: request.username ?? username,
    password: request.password ?? passwordOf(username),
    method,
    uri: request.uri ?? (method === 'REGISTER' ? 'sip:127.0.0.1' : `sip:${to}@127.0.0.1`),
    count,
  });
}

/** Sends a request, answers the challenge, and resolves with what comes then. */
export async function ask(peer: SipPeer, username: string, request: PhoneRequest = {}): Promise<Received> {
  const callId = request.callId ?? unique('phone');
  sendAs(peer, username, { ...request, callId });
  const challenged = await finalOf(peer, callId, 401);
  sendAs(peer, username, { ...request, callId }, credentials(challenged, username, request));
  return finalOf(peer, callId);
}

/** An INVITE of a phone, once more with its password; resolves when that has left. */
export async function phoneCalls(
  peer: SipPeer,
  username: string,
  uri: string,
  { callId = unique('call'), ...parts }: RequestParts & { readonly callId?: string } = {},
): Promise<RawCall> {
  const first = { ...newCall(peer, uri), callId };
  sendInvite(first, parts);
  const challenged = await finalOf(peer, first.callId, 401);
  ackFailure(first, challenged);
  const call = { ...first, branch: unique('z9hG4bK'), cseq: 2 };
  const authorization = `Authorization: ${credentials(challenged, username, { method: 'INVITE', uri })}`;
  sendInvite(call, { ...parts, headers: `${authorization}\n${parts.headers ?? ''}` });
  return call;
}

export function contactOf(peer: SipPeer, user: string): string {
  return `<sip:${user}@127.0.0.1:${peer.port}${peer.protocol === 'udp' ? '' : `;transport=${peer.protocol}`}>`;
}
