import { once, type EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach } from 'vitest';
import { startEngine, type Engine, type EngineOptions, type LocalEngine } from '../../src/drachtio/index.ts';
import { LOCAL_ENGINE, portOf } from '../support/local-engine.ts';
import { tcpPeer, udpPeer, type Received, type SipPeer } from '../support/sip-peer.ts';
import { attach, drachtioServer, waitsOf, type Waits } from './target.ts';

/**
 * The conformance suite drives an engine through an unmodified drachtio-srf. Only `startEngineForTest` knows which engine it
 * is (target.ts): the same tests run against a real drachtio-server.
 */

/** For what comes only after 64*T1 (or the like): how long to wait for it. */
export function beyond(waitMs: number): number {
  return waitMs + 5_000;
}

/** As much of drachtio-srf as the suite uses; its own declarations lack half of it. */
export interface SrfMessage {
  method: string;
  uri: string;
  status: number;
  reason: string;
  body: string;
  type: string;
  headers: Record<string, string>;
  get(name: string): string;
  has(name: string): boolean;
}

export interface SrfRequest extends EventEmitter, SrfMessage {
  readonly source: string;
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly stackTime: string;
  readonly stackTxnId: string;
  readonly stackDialogId: string;
  readonly receivedOn?: string;
  readonly sessionToken?: string;
  readonly socket: unknown;
  cancel(options?: object, callback?: (error: Error | null, request: SrfRequest) => void): void;
}

export interface SrfResponse extends EventEmitter, SrfMessage {
  readonly source_address: string;
  readonly source_port: number;
  readonly stackTxnId: string;
  readonly stackDialogId: string;
  send(
    status: number,
    reason?: string | object,
    options?: object | ((error: string | null, message: SrfMessage) => void),
    callback?: (error: string | null, message: SrfMessage) => void,
    onAck?: (ack: SrfRequest) => void,
  ): void;
}

export interface SrfDialog extends EventEmitter {
  readonly id: string;
  readonly sip: { callId: string; localTag: string; remoteTag: string };
  readonly local: { uri: string; sdp: string };
  readonly remote: { uri: string; sdp: string };
  readonly connected: boolean;
  other: SrfDialog;
  destroy(options?: object): Promise<SrfMessage>;
  modify(sdp: string): Promise<string>;
  request(options: object): Promise<SrfResponse>;
  request(options: object, callback: (error: Error | null, response: SrfResponse) => void): void;
}

type Handler = (req: SrfRequest, res: SrfResponse) => void;

export interface Srf extends EventEmitter {
  readonly idle: boolean;
  connect(options: object): void;
  disconnect(): void;
  use(method: string, handler: Handler): void;
  invite(handler: Handler): void;
  register(handler: Handler): void;
  options(handler: Handler): void;
  message(handler: Handler): void;
  info(handler: Handler): void;
  createUAS(req: SrfRequest, res: SrfResponse, options: object): Promise<SrfDialog>;
  createUAC(uri: string, options: object, callbacks?: object): Promise<SrfDialog>;
  createB2BUA(
    req: SrfRequest,
    res: SrfResponse,
    uri: string,
    options?: object,
    callbacks?: object,
  ): Promise<{ uas: SrfDialog; uac: SrfDialog }>;
  request(uri: string, options: object): Promise<SrfRequest>;
}

export const SrfClass = createRequire(import.meta.url)('drachtio-srf') as new () => Srf;

/** SIP timers of RFC 3261 a sixteenth as long (64*T1 is 2 s), where copies are waited for. Elsewhere a busy machine makes them. */
export const FAST = { t1Ms: 31, t2Ms: 250, t4Ms: 312, t1x64Ms: 2_000 } as const;

/** Where the end of 64*T1 is waited for. */
export const EXPIRING = { t1Ms: 8, t2Ms: 64, t4Ms: 80, t1x64Ms: 512 } as const;

export interface TestEngine {
  readonly engine: LocalEngine;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly waits: Waits;
}

const cleanups: (() => Promise<void> | void)[] = [];

/** Runs after the present test, last in first out. */
export function later(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** The engine under test. A drachtio-server can be told nothing: there `timers` are its own, and any other option throws. */
export async function startEngineForTest(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const engine = drachtioServer === null ? await startEmbedded(options) : await attach(drachtioServer);
  const told = Object.keys(options).filter((name) => name !== 'timers');
  if (drachtioServer !== null && told.length > 0) {
    throw new Error(`a drachtio-server cannot be told ${told.join(', ')}: declare this test with embeddedIt`);
  }
  const waits = waitsOf(options.timers?.t1x64Ms);
  return { engine, udpPort: portOf(engine, 'udp'), tcpPort: portOf(engine, 'tcp'), waits };
}

async function startEmbedded(options: Partial<EngineOptions>): Promise<LocalEngine> {
  const engine = await startEngine(
    {
      ...LOCAL_ENGINE,
      ...options,
    },
    {
      log: (level, text) => {
        // A defect that the engine survived must not stay unseen.
        if (/failed: |was dropped: /.test(text)) failures.push(`${level}: ${text}`);
      },
    },
  );
  later(() => engine.close());
  return engine;
}

/** What the engine caught and logged although nobody should see it. */
export const failures: string[] = [];

afterEach(() => {
  const seen = failures.splice(0);
  if (seen.length > 0) throw new Error(`the engine survived its own defect:\n${seen.join('\n')}`);
});

export async function connectSrf(engine: Engine, prepare: (srf: Srf) => void = () => undefined): Promise<Srf> {
  const srf = new SrfClass();
  srf.on('error', () => undefined);
  prepare(srf);
  srf.connect({ host: engine.client.host, port: engine.client.port, secret: engine.secret });
  const [error] = (await once(srf, 'connect')) as [Error | null];
  if (error !== null) throw error;
  await routed(srf);
  later(() => {
    try {
      srf.disconnect();
    } catch {
      // Not connected any more.
    }
  });
  return srf;
}

interface SrfAgent {
  readonly mapServer: Map<unknown, { readonly pendingRequests: Map<string, () => void> }>;
  readonly wp: { send(socket: unknown, message: string): string };
}

/** srf emits `connect` before the engine has read its routes: the answer to a ping comes after theirs. */
export async function routed(srf: Srf): Promise<void> {
  const { mapServer, wp } = (Reflect.get(srf, '_app') as { readonly client: SrfAgent }).client;
  for (const [socket, { pendingRequests }] of mapServer) {
    await new Promise<void>((resolve) => pendingRequests.set(wp.send(socket, 'ping'), resolve));
  }
}

/** The dialogs srf believes in. */
export function dialogCount(srf: Srf): number {
  return (Reflect.get(srf, '_dialogs') as Map<string, SrfDialog>).size;
}

export async function callerPeer(port: number, transport: 'udp' | 'tcp' = 'udp'): Promise<SipPeer> {
  const peer = await (transport === 'udp' ? udpPeer(port) : tcpPeer(port));
  later(() => peer.close());
  return peer;
}

/** A peer that is called: it has a port of its own, and answers to where the request came from. */
export const calleePeer = callerPeer;

export const SDP_A =
  'v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
export const SDP_B =
  'v=0\r\no=b 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 50000 RTP/AVP 0\r\n';

let counter = 0;
export function unique(prefix: string): string {
  counter += 1;
  return `${prefix}${counter}x${Date.now().toString(36)}`;
}

/** One call as a raw caller makes it. */
export interface RawCall {
  readonly peer: SipPeer;
  readonly callId: string;
  readonly tag: string;
  readonly branch: string;
  readonly uri: string;
  cseq: number;
  /** From the engine's responses. */
  toTag: string;
}

export interface RequestParts {
  readonly method?: string;
  readonly uri?: string;
  readonly headers?: string;
  readonly body?: string;
  readonly branch?: string;
  readonly cseq?: number;
  readonly contact?: string;
}

export function newCall(peer: SipPeer, uri = 'sip:1001@127.0.0.1'): RawCall {
  return { peer, callId: unique('call'), tag: unique('tag'), branch: unique('z9hG4bK'), uri, cseq: 1, toTag: '' };
}

export function requestText(call: RawCall, parts: RequestParts = {}): string {
  const { method = 'INVITE', headers = '', body = '', branch = call.branch, cseq = call.cseq, uri = call.uri } = parts;
  const { peer, callId, tag, toTag } = call;
  const contact =
    parts.contact ?? `<sip:alice@127.0.0.1:${peer.port}${peer.protocol === 'tcp' ? ';transport=tcp' : ''}>`;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${peer.protocol.toUpperCase()} 127.0.0.1:${peer.port};branch=${branch}`,
    'Max-Forwards: 70',
    `From: "Alice" <sip:alice@127.0.0.1>;tag=${tag}`,
    `To: <sip:1001@127.0.0.1>${toTag === '' ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    contact === '' ? '' : `Contact: ${contact}`,
    headers.trim(),
    body === '' || /content-type/i.test(headers) ? '' : 'Content-Type: application/sdp',
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n\n${body}`;
}

export function sendInvite(call: RawCall, parts: RequestParts = {}): void {
  call.peer.send(requestText(call, { body: SDP_A, ...parts }));
}

/** Waits for a response to this call and remembers its To tag. */
export async function response(
  call: RawCall,
  status: number,
  method = 'INVITE',
  timeoutMs?: number,
): Promise<Received> {
  const received = await call.peer.expect(responsePattern(call, status, method), timeoutMs);
  const tag = /;tag=([^;\s]+)/.exec(received.header('To'))?.[1];
  if (tag !== undefined && status < 300) call.toTag = tag;
  return received;
}

/** Waits for a copy of a response to this call. */
export function responseCopy(call: RawCall, status: number, method = 'INVITE'): Promise<Received> {
  return call.peer.expectCopy(responsePattern(call, status, method));
}

function responsePattern({ callId }: RawCall, status: number, method: string): RegExp {
  return new RegExp(`^SIP/2\\.0 ${status} (?=[^]*?Call-ID: ${callId}\r)[^]*?CSeq: \\d+ ${method}`);
}

/** The ACK to a 2xx, with a branch of its own. */
export function sendAck(call: RawCall, parts: RequestParts = {}): void {
  call.peer.send(requestText(call, { method: 'ACK', branch: unique('z9hG4bK'), ...parts }));
}

/** The ACK to a failure, with the INVITE's branch and the response's To. */
export function ackFailure(call: RawCall, failure: Received): void {
  const text = requestText(call, { method: 'ACK', contact: '' });
  call.peer.send(text.replace(/^To: .*$/m, `To: ${failure.header('To')}`));
}

export function sendInDialog(call: RawCall, method: string, parts: RequestParts = {}): void {
  call.cseq += 1;
  call.peer.send(requestText(call, { method, branch: unique('z9hG4bK'), ...parts }));
}

export interface ResponseOptions {
  readonly toTag?: string;
  readonly headers?: string;
  readonly body?: string;
  readonly contact?: string;
  readonly reason?: string;
}

/** A raw callee's answer to a request it received. */
export function answerText(peer: SipPeer, request: Received, status: number, options: ResponseOptions = {}): string {
  const { toTag = 'callee', headers = '', body = '', reason = 'Whatever' } = options;
  const contact =
    options.contact ?? `<sip:bob@127.0.0.1:${peer.port}${peer.protocol === 'tcp' ? ';transport=tcp' : ''}>`;
  const to = request.header('To');
  return [
    `SIP/2.0 ${status} ${reason}`,
    ...request.all('Via').map((via) => `Via: ${via}`),
    ...request.all('Record-Route').map((route) => `Record-Route: ${route}`),
    `From: ${request.header('From')}`,
    `To: ${to}${/;tag=/.test(to) || status === 100 ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${request.header('Call-ID')}`,
    `CSeq: ${request.header('CSeq')}`,
    contact === '' ? '' : `Contact: ${contact}`,
    headers.trim(),
    body === '' || /content-type/i.test(headers) ? '' : 'Content-Type: application/sdp',
  ]
    .filter((line) => line !== '')
    .join('\n')
    .concat(`\n\n${body}`);
}

export function answer(peer: SipPeer, request: Received, status: number, options: ResponseOptions = {}): void {
  peer.send(answerText(peer, request, status, options));
}

/** Resolves with the arguments of the next event of this name; errors in between are no matter. */
export function next<T extends unknown[]>(emitter: EventEmitter, event: string): Promise<T> {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args as T)));
}
