import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import process from 'node:process';
import { connect as connectTls } from 'node:tls';
import type { Worker } from 'node:worker_threads';
import { describe, expect, vi } from 'vitest';
import { type EngineOptions, startEngineThread } from '../../src/drachtio/index.ts';
import { makeAuthority } from '../support/certificates.ts';
import { LOCAL_ENGINE, portOf } from '../support/local-engine.ts';
import { callerPeer, connectSrf, later, newCall, next, response, sendInvite } from './support.ts';
import { embeddedIt } from './target.ts';

async function start(hooks: Parameters<typeof startEngineThread>[1] = {}, options: Partial<EngineOptions> = {}) {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => void workers.push(worker);
  process.on('worker', onWorker);
  later(() => void process.removeListener('worker', onWorker));
  const engine = await startEngineThread({ ...LOCAL_ENGINE, ...options }, hooks);
  later(() => engine.close());
  return { engine, workers };
}

describe('an engine on its own thread', () => {
  embeddedIt('its thread', 'takes calls, and closes', async () => {
    const { engine } = await start();
    await connectSrf(engine, (srf) => srf.invite((_req, res) => res.send(486)));
    const call = newCall(await callerPeer(portOf(engine, 'udp')));
    sendInvite(call);
    await response(call, 486);
    await engine.close();
    await engine.close();
  });

  embeddedIt('its thread', 'is started again on the same ports when it dies, and srf reconnects', async () => {
    const restarted = Promise.withResolvers<number>();
    const { engine, workers } = await start({ onRestart: (restarts) => restarted.resolve(restarts) });
    const before = { client: engine.client, sip: engine.sipAddresses };
    const srf = await connectSrf(engine, (app) => app.invite((_req, res) => res.send(486)));
    const reconnected = next(srf, 'connect');
    await workers[0]?.terminate();
    expect(await restarted.promise).toBe(1);
    expect(engine.restarts).toBe(1);
    expect({ client: engine.client, sip: engine.sipAddresses }).toEqual(before);
    await reconnected;
    const call = newCall(await callerPeer(portOf(engine, 'udp')));
    sendInvite(call);
    await response(call, 486);
  });

  embeddedIt(
    'its thread',
    'keeps renewed certificates when it is started again, and refuses those it could not start with',
    async () => {
      const authority = makeAuthority();
      const [first, second] = [authority.issue(['IP:127.0.0.1']), authority.issue(['IP:127.0.0.1'])];
      const restarted = Promise.withResolvers<number>();
      const { engine, workers } = await start(
        { onRestart: (restarts) => restarted.resolve(restarts) },
        { listen: [{ protocol: 'tls', address: '127.0.0.1', port: 0 }], tls: first },
      );
      expect(() => engine.setTls({ ...second, key: first.key })).toThrow(/mismatch/);
      engine.setTls(second);
      await workers[0]?.terminate();
      await restarted.promise;
      const socket = connectTls({ port: portOf(engine, 'tls'), host: '127.0.0.1', ca: authority.certificate });
      later(() => void socket.destroy());
      await once(socket, 'secureConnect');
      expect(socket.getPeerCertificate().fingerprint256).toBe(new X509Certificate(second.certificate).fingerprint256);
    },
  );

  embeddedIt('its thread', 'closed while it is being started again leaves no thread, and its ports free', async () => {
    let restarts = 0;
    const { engine, workers } = await start({ onRestart: (count) => (restarts = count) });
    const again = new Promise<void>((resolve) => process.once('worker', () => resolve()));
    await workers[0]?.terminate();
    await again;
    await engine.close();
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]);
    expect(restarts).toBe(0);
    const taken = [{ protocol: 'udp', address: '127.0.0.1', port: portOf(engine, 'udp') }] as const;
    const next = await startEngineThread({ ...LOCAL_ENGINE, listen: taken });
    await next.close();
  });

  embeddedIt(
    'its thread',
    'tells how late its loop runs and what was thrown in it; whoever asks meanwhile gets the same answer',
    async () => {
      const { engine } = await start();
      const [one, other] = await Promise.all([engine.measure(), engine.measure()]);
      expect(one).toBe(other);
      expect(one).toEqual({
        loopDelay: {
          p50Ms: expect.any(Number) as number,
          p99Ms: expect.any(Number) as number,
          maxMs: expect.any(Number) as number,
        },
        defects: 0,
      });
      expect(one?.loopDelay.maxMs).toBeGreaterThanOrEqual(one?.loopDelay.p50Ms ?? Infinity);
      expect(await engine.measure()).not.toBe(one);
    },
  );

  embeddedIt('its thread', 'tells nothing while it is dead, nor once it is closed', async () => {
    const restarted = Promise.withResolvers<number>();
    const { engine, workers } = await start({ onRestart: (restarts) => restarted.resolve(restarts) });
    const asked = engine.measure();
    await workers[0]?.terminate();
    await asked;
    expect(await engine.measure()).toBeNull();
    await restarted.promise;
    expect(await engine.measure()).not.toBeNull();
    await engine.close();
    expect(await engine.measure()).toBeNull();
  });

  embeddedIt('its thread', 'that does not answer in time tells nothing', async () => {
    const { engine, workers } = await start();
    const [worker] = workers;
    if (worker === undefined) throw new Error('no worker');
    // As if the loop stood still: the question is not heard.
    vi.spyOn(worker, 'postMessage').mockImplementationOnce(() => undefined);
    expect(await engine.measure()).toBeNull();
    expect(await engine.measure()).not.toBeNull();
  });

  embeddedIt('its thread', 'rejects with the address where a port is taken', async () => {
    const { engine } = await start();
    const taken = {
      ...LOCAL_ENGINE,
      listen: [{ protocol: 'udp', address: '127.0.0.1', port: portOf(engine, 'udp') }],
    } as const;
    await expect(startEngineThread(taken)).rejects.toThrow(String(portOf(engine, 'udp')));
  });

  embeddedIt('its thread', 'refuses an address range that is none before it binds anything', async () => {
    await expect(startEngineThread({ ...LOCAL_ENGINE, allow: ['10.0.0.0/8', 'nowhere'] })).rejects.toThrow(
      'nowhere is no address range',
    );
  });
});
