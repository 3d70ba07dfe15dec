import { describe, expect, it, vi } from 'vitest';
import {
  ackFailure,
  answer,
  later,
  requestText,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from '../drachtio/support.ts';
import { SipGateway } from '../../src/gateway/gateway.ts';
import { LIMITS } from '../../src/gateway/limits.ts';
import {
  atCallee,
  calleeSends,
  expectNothingHeld,
  hangUp,
  invited,
  response,
  ringing,
  sendCancel,
  startRig,
  talking,
} from './support.ts';

describe('drain', () => {
  it('waits for the calls that live', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    let drained = false;
    const draining = rig.gateway.drain(10_000).then(() => (drained = true));
    await hangUp(rig, made);
    await draining;
    expect(drained).toBe(true);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'answered', cause: null });
  });

  it('ends what is left: who rings is missed, who talks was answered, both interrupted', async () => {
    const rig = await startRig();
    const first = await talking(rig);
    const second = await ringing(rig);
    const drained = rig.gateway.drain(20);
    ackFailure(second.call, await response(second.call, 503));
    await rig.callee.expect(/^CANCEL /);
    answer(rig.callee, second.invite, 487);
    answer(rig.caller, await rig.caller.expect(/^BYE /), 200);
    answer(rig.callee, await rig.callee.expect(/^BYE /), 200);
    await drained;
    const verdicts = rig.ledger.over.map(({ start, verdict }) => [start.sipCallId, verdict]);
    expect(Object.fromEntries(verdicts)).toMatchObject({
      [first.call.callId]: { outcome: 'answered', cause: 'interrupted' },
      [second.call.callId]: { outcome: 'missed', cause: 'interrupted', reason: 'missed' },
    });
    await expectNothingHeld(rig);
  });

  it('says nothing of calls that had found their end and wait for a last answer only', async () => {
    const rig = await startRig({ ringTimeoutMs: 50 });
    const { call } = await ringing(rig);
    ackFailure(call, await response(call, 480));
    await rig.gateway.drain(0);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
  });

  it('while the first record is written ends the call before it rings', async () => {
    const rig = await startRig();
    const journal = Promise.withResolvers<void>();
    rig.ledger.journal = journal.promise;
    const call = rig.newCall();
    sendInvite(call);
    await vi.waitFor(() => expect(rig.ledger.started).toHaveLength(1));
    const drained = rig.gateway.drain(1);
    ackFailure(call, await response(call, 503));
    journal.resolve();
    await drained;
    expect(rig.callee.received).toEqual([]);
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
  });
});

describe('stop', () => {
  it('may come twice, and leaves nothing', async () => {
    const rig = await startRig();
    await Promise.all([rig.gateway.stop(), rig.gateway.stop()]);
    expect(rig.gateway.connected).toBe(false);
    expect(rig.gateway.holdings).toMatchObject({ calls: 0, dialogs: 0 });
  });
});

describe('the engine', () => {
  it('that goes away takes its calls with it: each is ended as interrupted, and the next engine is connected to', async () => {
    const rig = await startRig();
    const made = await talking(rig);
    const rings = await ringing(rig);
    const [host, port] = [rig.engine.client.host, rig.engine.client.port];
    await rig.engine.close();
    await rig.ledger.call(2);
    const verdicts = rig.ledger.over.map(({ start, verdict }) => [start.sipCallId, verdict]);
    expect(Object.fromEntries(verdicts)).toMatchObject({
      [made.call.callId]: { outcome: 'answered', cause: 'interrupted' },
      [rings.call.callId]: { outcome: 'missed', cause: 'interrupted' },
    });
    expect(rig.gateway.connected).toBe(false);
    await expectNothingHeld(rig);

    const again = await startEngineForTest({ client: { host, port } });
    await vi.waitFor(() => expect(rig.gateway.connected).toBe(true), { timeout: 5_000 });
    const call = rig.newCall();
    call.peer.send(requestText(call, { body: SDP_A }), again.udpPort);
    answer(rig.callee, await rig.callee.expect(/^INVITE [^]*/), 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call(3);
  });

  it('that does not accept the secret is told about', async () => {
    const rig = await startRig();
    const other = await startEngineForTest();
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const gateway = new SipGateway(
      { ...rig.options, log: silent, engines: [{ ...other.engine.client, secret: 'wrong' }] },
      LIMITS,
    );
    later(() => gateway.stop());
    await expect(gateway.start()).rejects.toThrow(/does not accept the secret/);
  });
});

describe('after many calls of every kind', () => {
  it('nothing is held any more', async () => {
    const rig = await startRig({ ringTimeoutMs: 60, limits: { cancelGraceMs: 100 } });
    const kinds: (() => Promise<void>)[] = [
      async () => hangUp(rig, await talking(rig)),
      async () => {
        const { call, invite } = await invited(rig);
        answer(rig.callee, invite, 486);
        ackFailure(call, await response(call, 486));
      },
      async () => {
        const { call, invite } = await ringing(rig);
        sendCancel(call);
        ackFailure(call, await response(call, 487));
        answer(rig.callee, await atCallee(rig, invite, 'CANCEL'), 200);
        answer(rig.callee, invite, 487);
      },
      async () => {
        const { call, invite } = await ringing(rig);
        ackFailure(call, await response(call, 480));
        answer(rig.callee, await atCallee(rig, invite, 'CANCEL'), 200);
        answer(rig.callee, invite, 487);
      },
      async () => {
        const { invite } = await talking(rig);
        calleeSends(rig, invite, 'BYE');
        await rig.callee.expect(/^SIP\/2\.0 200[^]*BYE/);
        answer(rig.caller, await rig.caller.expect(/^BYE /), 200);
      },
      async () => {
        const { call, invite } = await invited(rig);
        answer(rig.callee, invite, 200, { body: SDP_B });
        sendCancel(call);
        const final = await response(call, '(200|487)');
        if (final.start.includes('200')) {
          sendAck(call);
          sendInDialog(call, 'BYE');
        } else {
          ackFailure(call, final);
        }
        await atCallee(rig, invite, 'ACK');
        answer(rig.callee, await atCallee(rig, invite, 'BYE'), 200);
      },
    ];
    const rounds = 8;
    for (let round = 0; round < rounds; round += 1) for (const kind of kinds) await kind();
    await rig.ledger.call(rounds * kinds.length);
    expect(rig.gateway.liveCalls()).toEqual([]);
    await expectNothingHeld(rig);
  });
});
