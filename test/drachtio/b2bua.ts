import {
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  newCall,
  response,
  SDP_B,
  sendAck,
  sendInvite,
  startEngineForTest,
  next,
  type RawCall,
  type Srf,
  type SrfDialog,
  type SrfRequest,
  type SrfResponse,
  type TestEngine,
} from './support.ts';
import type { EngineLimits } from '../../src/drachtio/index.ts';
import type { SipTimers } from '../../src/sip/index.ts';
import type { Received, SipPeer } from '../support/sip-peer.ts';

export interface B2buaTest extends TestEngine {
  readonly srf: Srf;
  readonly caller: SipPeer;
  readonly callee: SipPeer;
  readonly call: RawCall;
  /** What createB2BUA came to. */
  readonly dialogs: Promise<{ uas: SrfDialog; uac: SrfDialog }>;
  /** The B leg's request, once it was sent. */
  readonly uacRequest: Promise<SrfRequest>;
  readonly uasRequest: Promise<SrfRequest>;
}

export interface B2buaOptions {
  readonly transport?: 'udp' | 'tcp';
  readonly callerTransport?: 'udp' | 'tcp';
  readonly options?: object;
  readonly timers?: Partial<SipTimers>;
  readonly limits?: Partial<EngineLimits>;
  /** Each createB2BUA, as it begins. */
  readonly onDialogs?: (dialogs: Promise<{ uas: SrfDialog; uac: SrfDialog }>) => void;
  /** The uri of B. */
  readonly uri?: (callee: SipPeer) => string;
}

/** A calls B through an application that does nothing but createB2BUA. */
export async function b2bua(parts: B2buaOptions = {}): Promise<B2buaTest> {
  const { transport = 'udp', callerTransport = 'udp' } = parts;
  const started = await startEngineForTest({
    ...(parts.timers === undefined ? {} : { timers: parts.timers }),
    ...(parts.limits === undefined ? {} : { limits: parts.limits }),
  });
  const callee = await calleePeer(started.udpPort, transport);
  const callerPort = callerTransport === 'udp' ? started.udpPort : started.tcpPort;
  const caller = await callerPeer(callerPort, callerTransport);
  const outcome = Promise.withResolvers<{ uas: SrfDialog; uac: SrfDialog }>();
  outcome.promise.catch(() => undefined);
  const sent = Promise.withResolvers<SrfRequest>();
  const asked = Promise.withResolvers<SrfRequest>();
  sent.promise.catch(() => undefined);
  const uri = parts.uri?.(callee) ?? `sip:1001@127.0.0.1:${callee.port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
  const srf = await connectSrf(started.engine, (app) => {
    app.invite((req: SrfRequest, res: SrfResponse) => {
      asked.resolve(req);
      const dialogs = app.createB2BUA(req, res, uri, parts.options ?? {}, {
        cbRequest: (error: Error | null, uacRequest: SrfRequest) => {
          if (error === null) sent.resolve(uacRequest);
          else sent.reject(error);
        },
      });
      parts.onDialogs?.(dialogs);
      dialogs.then(outcome.resolve, outcome.reject);
    });
  });
  return {
    ...started,
    srf,
    caller,
    callee,
    call: newCall(caller),
    dialogs: outcome.promise,
    uacRequest: sent.promise,
    uasRequest: asked.promise,
  };
}

export interface Established extends B2buaTest {
  readonly uas: SrfDialog;
  readonly uac: SrfDialog;
  /** B's INVITE as B got it. */
  readonly invite: Received;
  /** The 200 that A got. */
  readonly ok: Received;
}

/** The same, answered, acknowledged on both sides. */
export async function established(parts: B2buaOptions = {}): Promise<Established> {
  const test = await b2bua(parts);
  const { call, callee, dialogs } = test;
  sendInvite(call);
  const invite = await callee.expect(/^INVITE /);
  answer(callee, invite, 200, { body: SDP_B });
  const ok = await response(call, 200);
  await callee.expect(/^ACK /);
  const { uas, uac } = await dialogs;
  const acked = next(uas, 'ack');
  sendAck(call);
  await acked;
  return { ...test, uas, uac, invite, ok };
}
