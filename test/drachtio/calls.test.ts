import { describe, expect, it } from 'vitest';
import {
  ackFailure,
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  dialogCount,
  newCall,
  next,
  response,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  type SrfDialog,
} from './support.ts';

/** A called B through an application that does nothing but createB2BUA. */
async function b2bua(options: { callee?: 'udp' | 'tcp' } = {}) {
  const { engine, udpPort } = await startEngineForTest();
  const callee = await calleePeer(udpPort, options.callee);
  const caller = await callerPeer(udpPort);
  const outcome = Promise.withResolvers<{ uas: SrfDialog; uac: SrfDialog }>();
  outcome.promise.catch(() => undefined);
  const srf = await connectSrf(engine, (app) => {
    app.invite((req, res) => {
      const transport = options.callee === 'tcp' ? ';transport=tcp' : '';
      app.createB2BUA(req, res, `sip:1001@127.0.0.1:${callee.port}${transport}`).then(outcome.resolve, outcome.reject);
    });
  });
  return { engine, srf, caller, callee, call: newCall(caller), dialogs: outcome.promise };
}

describe('calls through createB2BUA', () => {
  it('9: an answered call: 180 and 200 reach A, the ACK reaches B, both dialogs are usable', async () => {
    const { callee, call, dialogs, srf } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    answer(callee, invite, 200, { body: SDP_B });
    const ok = await response(call, 200);
    expect(ok.body).toBe(SDP_B);
    await callee.expect(/^ACK /);
    const { uas, uac } = await dialogs;
    const acked = next(uas, 'ack');
    sendAck(call);
    await acked;
    expect(dialogCount(srf)).toBe(2);
    const info = uac.request({ method: 'INFO' });
    answer(callee, await callee.expect(/^INFO /), 200);
    expect((await info).status).toBe(200);
    const ended = next(uas, 'destroy');
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    await ended;
    const destroyed = uac.destroy();
    answer(callee, await callee.expect(/^BYE /), 200);
    await destroyed;
    expect(dialogCount(srf)).toBe(0);
  });

  it('13: busy: B`s 486 is ACKed by the engine, delivered once, relayed to A; srf`s own ACK gets NOK', async () => {
    const { callee, call, dialogs, srf } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 486, { reason: 'Busy Here' });
    await callee.expect(/^ACK /);
    const busy = await response(call, 486);
    ackFailure(call, busy);
    await expect(dialogs).rejects.toMatchObject({ status: 486, reason: 'Busy Here' });
    await expect.poll(() => srf.idle).toBe(true);
  });

  it('14: A cancels while ringing: 200 and 487 to A, CANCEL to B, B`s 487 is delivered', async () => {
    const { callee, call, dialogs } = await b2bua();
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    call.toTag = '';
    sendInDialog(call, 'CANCEL', { branch: call.branch, cseq: 1 });
    await response(call, 200, 'CANCEL');
    ackFailure(call, await response(call, 487));
    const cancel = await callee.expect(/^CANCEL /);
    answer(callee, cancel, 200);
    answer(callee, invite, 487);
    await callee.expect(/^ACK /);
    await expect(dialogs).rejects.toMatchObject({ status: 487 });
  });
});
