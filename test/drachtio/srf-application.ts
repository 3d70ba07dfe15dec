import {
  calleePeer,
  callerPeer,
  connectSrf,
  newCall,
  next,
  response,
  SDP_B,
  sendAck,
  sendInvite,
  startEngineForTest,
  type SrfDialog,
} from './support.ts';
import type { SipPeer } from '../support/sip-peer.ts';

/** An application that calls, and B, which it may call. */
export async function caller(transport: 'udp' | 'tcp' = 'udp') {
  const started = await startEngineForTest();
  const srf = await connectSrf(started.engine);
  const callee = await calleePeer(transport === 'udp' ? started.udpPort : started.tcpPort, transport);
  const uri = `sip:1001@127.0.0.1:${callee.port}${transport === 'udp' ? '' : ';transport=tcp'}`;
  return { ...started, srf, callee, uri };
}

/** An application that A has called, and its dialog. */
export async function called(transport: 'udp' | 'tcp' = 'udp', contact?: (peer: SipPeer) => string, headers = '') {
  const started = await startEngineForTest();
  const peer = await callerPeer(transport === 'udp' ? started.udpPort : started.tcpPort, transport);
  const answered = Promise.withResolvers<SrfDialog>();
  const srf = await connectSrf(started.engine, (app) =>
    app.invite((req, res) => void app.createUAS(req, res, { localSdp: SDP_B }).then(answered.resolve, answered.reject)),
  );
  const call = newCall(peer);
  sendInvite(call, { headers, ...(contact === undefined ? {} : { contact: contact(peer) }) });
  const ok = await response(call, 200);
  const dialog = await answered.promise;
  const acked = next(dialog, 'ack');
  sendAck(call);
  await acked;
  return { ...started, srf, peer, call, dialog, ok };
}
