import { expect, onTestFinished } from 'vitest';
import { startEngine, type EngineOptions, type LocalEngine } from '../../src/drachtio/index.ts';
import {
  connectSrf,
  newCall,
  response,
  sendAck,
  sendInDialog,
  sendInvite,
  type Srf,
  type SrfRequest,
} from '../drachtio/support.ts';
import { LOCAL_ENGINE, portOf } from '../support/local-engine.ts';
import { tcpPeer, udpPeer, type Received, type SipPeer } from '../support/sip-peer.ts';

/** An engine of the test's own, with whatever limits; what it survived although it should not have met it fails the test. */
export interface HostileEngine {
  readonly engine: LocalEngine;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly logged: readonly string[];
}

export async function startHostileEngine(options: Partial<EngineOptions> = {}): Promise<HostileEngine> {
  const logged: string[] = [];
  const engine = await startEngine(
    {
      ...LOCAL_ENGINE,
      ...options,
    },
    { log: (level, text) => void logged.push(`${level}: ${text}`) },
  );
  onTestFinished(async () => {
    await engine.close();
    expect(logged.filter((line) => /failed: |was dropped/.test(line))).toEqual([]);
    expect(engine.defectCount).toBe(0);
  });
  return { engine, udpPort: portOf(engine, 'udp'), tcpPort: portOf(engine, 'tcp'), logged };
}

/** `own`: the address that it sends from. */
export async function peerTo(port: number, host = '127.0.0.1', own = host): Promise<SipPeer> {
  const peer = await udpPeer(port, host, own);
  onTestFinished(() => peer.close());
  return peer;
}

export async function streamPeerTo(port: number): Promise<Awaited<ReturnType<typeof tcpPeer>>> {
  const peer = await tcpPeer(port);
  onTestFinished(() => peer.close());
  return peer;
}

let pings = 0;

/**
 * Resolves once an OPTIONS of the peer is answered (503 where its source has no room left): what it sent before has been read, and had its
 * answer.
 */
export async function ping(peer: SipPeer): Promise<void> {
  const id = `ping-${(pings += 1)}`;
  peer.send(`OPTIONS sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/${peer.protocol.toUpperCase()} 127.0.0.1:${peer.port};branch=z9hG4bK${id}
From: <sip:test@127.0.0.1>;tag=${id}
To: <sip:127.0.0.1>
Call-ID: ${id}
CSeq: 1 OPTIONS
Max-Forwards: 70
`);
  await peer.expect(new RegExp(`^SIP/2.0 (?:200|503) [^]*Call-ID: ${id}\r\n`), 20_000);
}

/** The final answers that came to anything but pings, each once. */
export function finalAnswers(peer: SipPeer): Received[] {
  const texts = new Set(peer.received.map(({ text }) => text));
  return peer.received.filter(
    ({ text, start }) => texts.delete(text) && /^SIP\/2\.0 [2-6]/.test(start) && !/^Call-ID: ping-/im.test(text),
  );
}

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';

/**
 * An application that answers as RFC 3261 8.2 and 10.3 have a user agent and registrar answer: what it cannot do it refuses,
 * everything else gets 200. `heard` has the requests that reached it.
 */
export async function userAgent(engine: LocalEngine): Promise<{ srf: Srf; heard: SrfRequest[] }> {
  const heard: SrfRequest[] = [];
  const methods = ['register', 'options', 'message', 'info', 'subscribe', 'notify', 'refer', 'bye', 'update'];
  const srf = await connectSrf(engine, (app) => {
    app.invite((req, res) => {
      heard.push(req);
      const refusal = refusalOf(req);
      if (refusal !== null) return res.send(refusal.status, { headers: refusal.headers });
      app.createUAS(req, res, { localSdp: SDP }).then(
        (dialog) => dialog.on('destroy', () => undefined),
        () => undefined,
      );
    });
    for (const method of methods) {
      app.use(method, (req, res) => {
        if (!req.get('Call-ID').startsWith('ping-')) heard.push(req);
        const { status, headers } = refusalOf(req) ?? { status: 200, headers: {} };
        res.send(status, { headers });
      });
    }
  });
  return { srf, heard };
}

function refusalOf(req: SrfRequest): { status: number; headers: Record<string, string> } | null {
  // RFC 3261 8.2.2.3
  if (req.has('Require')) return { status: 420, headers: { Unsupported: req.get('Require') } };
  if (req.method === 'REGISTER') return registrarRefusal(req);
  if (req.method !== 'INVITE') return null;
  // RFC 3261 8.1.1.8
  if (!req.has('Contact')) return { status: 400, headers: {} };
  // RFC 3261 8.2.3
  if (req.body !== '' && req.get('Content-Type') !== 'application/sdp') {
    return { status: 415, headers: { Accept: 'application/sdp' } };
  }
  // RFC 3261 20.1: it wants no session description for an answer.
  if (req.has('Accept') && !/application\/sdp|\*\/\*/.test(req.get('Accept'))) return { status: 406, headers: {} };
  return null;
}

function registrarRefusal(req: SrfRequest): { status: number; headers: Record<string, string> } | null {
  // RFC 3261 10.3 5: the address-of-record is none of this domain.
  if (!/sips?:/.test(req.get('To'))) return { status: 404, headers: {} };
  // RFC 3261 22.1
  if (req.has('Authorization') && !req.get('Authorization').startsWith('Digest ')) {
    return { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="example.com", nonce="1", algorithm=MD5' } };
  }
  return null;
}

/** A call takes some milliseconds; on a machine with more to do than it has cores, more. */
const CALL_MS = 3_000;

/** The caller who keeps to the rules: whatever others do, the call is answered and ends, and nobody waits long for it. */
export async function expectCall(caller: SipPeer): Promise<void> {
  const startMs = performance.now();
  const call = newCall(caller);
  sendInvite(call);
  await response(call, 200);
  sendAck(call);
  sendInDialog(call, 'BYE');
  await response(call, 200, 'BYE');
  expect(performance.now() - startMs).toBeLessThan(CALL_MS);
}
