import type Srf from 'drachtio-srf';
import { describe, expect, it, vi } from 'vitest';
import { watchEngine } from '../../../src/gateway/agent/engine-watch.ts';
import { SipGateway } from '../../../src/gateway/gateway.ts';
import { LIMITS } from '../../../src/gateway/limits.ts';
import { later } from '../../drachtio/support.ts';
import { expectNothing, fromCallee, INVITE, startScripted } from '../scripted-calls.ts';
import { startScriptedEngine } from '../scripted-engine.ts';
import { startRig, type Rig } from '../support.ts';

const QUICK = { enginePingMs: 50, engineSilentPings: 3 };
const SILENT = 'the SIP engine does not answer; it is tried again and again';

/** A gateway on an engine that a test can hang; not started. */
async function unstarted() {
  const rig = await startRig();
  const engine = await startScriptedEngine();
  const gateway = new SipGateway({ ...rig.options, engines: [engine.address] }, { ...LIMITS, ...QUICK });
  later(() => gateway.stop());
  return { rig, engine, gateway };
}

function warnings({ log }: Rig): string[] {
  return log.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message);
}

describe('an engine that is asked whether it is there', () => {
  it('and answers keeps its connection', async () => {
    const { rig, engine, gateway } = await unstarted();
    await gateway.start();
    await engine.pinged(2 * QUICK.engineSilentPings + 2);
    expect(engine.connections).toBe(1);
    expect(gateway.engines).toEqual([{ address: `127.0.0.1:${engine.address.port}`, connected: true }]);
    expect(warnings(rig)).toEqual([]);
  });

  it('and hangs is lost: its calls are settled, and it is connected to when it goes on', async () => {
    const { rig, engine, gateway } = await unstarted();
    await gateway.start();
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).sent('tx-b');
    engine.response(fromCallee(180), 'tx-b', 'out-1;from-tag=engine');
    await engine.command(/^SIP\/2\.0 180/);
    engine.hang();
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
    expect(gateway.connected).toBe(false);
    expect(gateway.engines[0]?.connected).toBe(false);
    await expectNothing(gateway);
    // It takes connections and says nothing: that is tried again too, and not said again.
    await vi.waitFor(() => expect(engine.connections).toBeGreaterThan(2), { timeout: 5_000 });
    expect(warnings(rig)).toEqual([SILENT, 'the connection to the SIP engine is lost']);
    engine.goOn();
    await vi.waitFor(() => expect(gateway.connected).toBe(true), { timeout: 5_000 });
  });

  it('and hangs from the start on is waited for, and spoken of', async () => {
    const { rig, engine, gateway } = await unstarted();
    engine.hang();
    const started = gateway.start();
    await vi.waitFor(() => expect(warnings(rig)).toEqual([SILENT]));
    expect(gateway.connected).toBe(false);
    engine.goOn();
    await started;
    expect(gateway.connected).toBe(true);
  });

  it('is not asked any more once the gateway has stopped', async () => {
    const { engine, gateway } = await startScripted(QUICK);
    await engine.pinged(1);
    await gateway.stop();
    const asked = engine.pings;
    await new Promise((resolve) => setTimeout(resolve, 5 * QUICK.enginePingMs));
    expect(engine.pings).toBe(asked);
  });

  it('and to which there is no connection yet is spoken of after as many rounds', async () => {
    const agent: Srf.Agent = { mapServer: new Map(), wp: { send: () => '' } };
    let rounds = 0;
    const silent = Promise.withResolvers<void>();
    const asked = (): Srf.Agent => {
      rounds += 1;
      return agent;
    };
    later(watchEngine({ enginePingMs: 5, engineSilentPings: 3 }, asked, silent.resolve));
    await silent.promise;
    expect(rounds).toBe(4);
  });
});
