import { randomUUID } from 'node:crypto';
import { afterEach, expect, vi } from 'vitest';
import type {
  GatewayLog,
  GatewayOptions,
  GatewaySettings,
  NextHop,
  Peer,
  PhoneDirectory,
  RegistrarSettings,
  Registrations,
  Voicemail,
} from '../../src/gateway/index.ts';
import { SipGateway } from '../../src/gateway/gateway.ts';
import { LIMITS, type GatewayLimits } from '../../src/gateway/limits.ts';
import { loadPolicy, type Policy, type PolicyStore } from '../../src/policy/index.ts';
import type { EngineOptions } from '../../src/drachtio/index.ts';
import type { Received, SipPeer } from '../support/sip-peer.ts';
import {
  answer,
  callerPeer,
  later,
  newCall,
  requestText,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  type RequestParts,
  type RawCall,
  type TestEngine,
} from '../drachtio/support.ts';
import { RecordingLedger } from './recording-ledger.ts';

export const POLICY = `
dialPlans:
  - { name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", defaultLanguage: fr-FR, timeZone: Europe/Paris, numberPrefixes: ["+3314000"] }
  - { name: Lyon, uriType: TelExtn, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", defaultLanguage: fr-FR, timeZone: Europe/Paris }
mailboxPolicies:
  - { name: Paris Default Policy, dialPlan: Paris, allowMissedCallNotifications: true }
  - { name: Lyon Default Policy, dialPlan: Lyon, allowMissedCallNotifications: true }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], sipAddresses: [sip:alice@example.com], mailboxPolicy: Paris Default Policy }
  - { identity: bob, emailAddress: bob@example.com, extensions: ["1002"], mailboxPolicy: Paris Default Policy }
  - { identity: carol, emailAddress: carol@example.com, extensions: ["1003"], mailboxPolicy: Paris Default Policy }
  - { identity: claire, emailAddress: claire@example.com, extensions: ["1003"], mailboxPolicy: Lyon Default Policy }
`;

export function policyOf(text = POLICY): Policy {
  const load = loadPolicy(text);
  if (!load.ok) throw new Error(JSON.stringify(load.problems));
  return load.policy;
}

function storeOf(policy: Policy): PolicyStore {
  const status = { version: policy.version, loadedAt: 0, mailboxCount: policy.mailboxCount, error: null };
  return {
    current: () => policy,
    status: () => status,
    reload: async () => status,
    onChange: () => () => undefined,
    close: async () => undefined,
  };
}

export const LOCAL_PEER: Peer = {
  name: 'pbx',
  allow: ['127.0.0.0/8'],
  digest: null,
  calledFrom: 'request-uri',
  forks: false,
  trustReason: true,
  trustCallerId: true,
  voicemail: null,
  optionsMs: null,
  maxCalls: null,
  maxCallsPerSecond: null,
  answersAfter: null,
  voicemailEscapeMs: null,
  headers: { pass: null, drop: [] },
  diversion: 'all',
  reliableProvisional: 'off',
  sessionExpiresMs: null,
  numberFormat: 'as-dialled',
  userPhone: false,
  followRedirects: false,
};

export const NO_VOICEMAIL: Voicemail = {
  owner: 'none',
  target: null,
  greetingMs: 10_000,
  minimumMessageMs: 3_000,
  settleMs: 90_000,
  targets: [],
  mwi: null,
  byeHeader: null,
};

export interface Parts {
  readonly nextHop?: readonly NextHop[];
  readonly routes?: GatewaySettings['routing']['routes'];
  readonly peers?: readonly Peer[];
  readonly voicemail?: Partial<Voicemail>;
  readonly ringTimeoutMs?: number;
  readonly limits?: Partial<GatewayLimits>;
  readonly engine?: Partial<EngineOptions>;
  /** policy.yaml. */
  readonly policy?: string;
  readonly featureCodes?: GatewaySettings['featureCodes'];
  readonly switchNotifications?: GatewayOptions['switchNotifications'];
  readonly registrar?: RegistrarSettings;
  readonly phones?: PhoneDirectory;
  readonly registrations?: Registrations;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export interface Rig extends TestEngine {
  readonly options: GatewayOptions;
  readonly gateway: SipGateway;
  readonly ledger: RecordingLedger;
  readonly log: LogLine[];
  /** The next hop, where `Parts` names none. */
  readonly callee: SipPeer;
  readonly caller: SipPeer;
  newCall(uri?: string): RawCall;
  /** Lets time pass on the gateway's clock (not on its timers). */
  advance(ms: number): void;
  /** From now on only `advance` lets it pass. */
  stopClock(): void;
}

/** Starts an engine, a gateway on it, a caller and a callee. What they hold at the end of the test must be nothing. */
export async function startRig(parts: Parts = {}): Promise<Rig> {
  const running = await startEngineForTest({ timers: {}, ...parts.engine });
  const callee = await callerPeer(running.udpPort);
  const caller = await callerPeer(running.udpPort);
  const voicemail = { ...NO_VOICEMAIL, ...parts.voicemail };
  const policy = policyOf(parts.policy);
  const ledger = new RecordingLedger(voicemail, policy);
  const log: LogLine[] = [];
  let ahead = 0;
  let stoppedAt: number | null = null;
  const stopClock = (): void => {
    stoppedAt = Date.now();
  };
  const advance = (ms: number): void => {
    ahead += ms;
  };
  const options: GatewayOptions = {
    engines: [{ ...running.engine.client, secret: running.engine.secret }],
    settings: {
      peers: parts.peers ?? [LOCAL_PEER],
      routing: {
        nextHop: parts.nextHop ?? [{ uri: `sip:127.0.0.1:${callee.port}` }],
        routes: parts.routes ?? [],
        ringTimeoutMs: parts.ringTimeoutMs ?? 10_000,
      },
      voicemail,
      registrar: parts.registrar ?? null,
      featureCodes: parts.featureCodes ?? null,
    },
    phones: parts.phones ?? { find: () => undefined },
    registrations: parts.registrations ?? { load: async () => [], save: async () => undefined },
    switchNotifications: parts.switchNotifications ?? (async () => undefined),
    ledger,
    policy: storeOf(policy),
    log: recordingLog(log),
    now: () => (stoppedAt ?? Date.now()) + ahead,
    newCallId: () => randomUUID(),
  };
  const gateway = new SipGateway(options, { ...LIMITS, ...parts.limits });
  await gateway.start();
  rigs.push({ gateway, ledger, log });
  later(() => gateway.stop());
  return {
    ...running,
    options,
    gateway,
    ledger,
    log,
    callee,
    caller,
    newCall: (uri) => newCall(caller, uri),
    advance,
    stopClock,
  };
}

const rigs: Pick<Rig, 'gateway' | 'ledger' | 'log'>[] = [];

afterEach(() => {
  for (const { ledger, log } of rigs.splice(0)) {
    expect(ledger.complaints).toEqual([]);
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
  }
});

export const NOTHING = { calls: 0, keys: 0, callers: 0, settling: 0, dialogs: 0, named: 0, pendingInvites: 0 };

function recordingLog(lines: LogLine[]): GatewayLog {
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push({ level, message, fields: { ...fields } });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** RFC 3261 9.1: the INVITE's branch, CSeq number and To. */
export function sendCancel(call: RawCall, headers = ''): void {
  call.peer.send(requestText({ ...call, toTag: '' }, { method: 'CANCEL', contact: '', headers }));
}

export interface Ringing {
  readonly call: RawCall;
  /** As the callee got it. */
  readonly invite: Received;
}

/** A call whose INVITE is at the callee. */
export async function invited(rig: Rig, parts: RequestParts & { readonly to?: string } = {}): Promise<Ringing> {
  const call = rig.newCall(parts.to);
  sendInvite(call, { ...parts, headers: `${parts.headers ?? ''}\nX-Test: ${call.callId}` });
  return { call, invite: await rig.callee.expect(new RegExp(`^INVITE [^]*?X-Test: ${call.callId}`)) };
}

/** The next request of this method that the callee gets in the dialog of `invite`; a retransmission of another call's is none. */
export function atCallee(rig: Rig, invite: Received, method: string): Promise<Received> {
  return rig.callee.expect(new RegExp(`^${method} [^]*?Call-ID: ${escaped(invite.header('Call-ID'))}`));
}

/** Waits for a response to this call, and remembers its To tag. */
export async function response(call: RawCall, status: number | string, method = 'INVITE'): Promise<Received> {
  const callId = `(?=[^]*Call-ID: ${call.callId}\\r)`;
  const received = await call.peer.expect(new RegExp(`^SIP/2\\.0 ${status} ${callId}[^]*?CSeq: \\d+ ${method}`));
  const tag = /;tag=([^;\s]+)/.exec(received.header('To'))?.[1];
  if (tag !== undefined && /^SIP\/2\.0 [12]/.test(received.start)) call.toTag = tag;
  return received;
}

function escaped(text: string): string {
  return text.replaceAll(/[^\w-]/g, String.raw`\$&`);
}

/** A call that rings. */
export async function ringing(rig: Rig, parts: RequestParts & { readonly to?: string } = {}): Promise<Ringing> {
  const { call, invite } = await invited(rig, parts);
  answer(rig.callee, invite, 180);
  await response(call, 180);
  return { call, invite };
}

/** A call in which they talk. */
export async function talking(rig: Rig, parts: RequestParts & { readonly to?: string } = {}): Promise<Ringing> {
  const { call, invite } = await invited(rig, parts);
  answer(rig.callee, invite, 200, { body: SDP_B });
  await response(call, 200);
  sendAck(call);
  await atCallee(rig, invite, 'ACK');
  await vi.waitFor(() => expect(rig.gateway.liveCalls()[0]?.phase).toMatch(/talking|voicemail/));
  return { call, invite };
}

let calleeCSeq = 0;

/** A request that the callee sends in its dialog, whose To tag it gave as `callee`. */
export function calleeSends(
  rig: Rig,
  invite: Received,
  method: string,
  { headers = '', body = '', cseq = 0 } = {},
): void {
  calleeCSeq += 1;
  const number = cseq === 0 ? calleeCSeq : cseq;
  const lines = [
    `${method} ${/<([^>]+)>/.exec(invite.header('Contact'))?.[1] ?? ''} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${rig.callee.port};branch=z9hG4bKcallee${calleeCSeq}${method}`,
    'Max-Forwards: 70',
    `From: ${invite.header('To')};tag=callee`,
    `To: ${invite.header('From')}`,
    `Call-ID: ${invite.header('Call-ID')}`,
    `CSeq: ${number} ${method}`,
    `Contact: <sip:bob@127.0.0.1:${rig.callee.port}>`,
    headers,
    body === '' || /content-type/i.test(headers) ? '' : 'Content-Type: application/sdp',
  ];
  rig.callee.send(`${lines.filter((line) => line !== '').join('\n')}\n\n${body}`);
}

/** The call hangs up from the caller's side, and its end is told. */
export async function hangUp(rig: Rig, { call, invite }: Ringing): Promise<void> {
  sendInDialog(call, 'BYE');
  await response(call, 200, 'BYE');
  answer(rig.callee, await atCallee(rig, invite, 'BYE'), 200);
}

/** Nothing lives any more: no call, no key, no dialog. */
export async function expectNothingHeld({ gateway }: Rig): Promise<void> {
  await vi.waitFor(() => expect(gateway.holdings).toEqual(NOTHING));
}
