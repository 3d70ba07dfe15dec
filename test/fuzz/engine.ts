import { strict as assert } from 'node:assert';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startEngine, type LocalEngine } from '../../src/drachtio/index.ts';
import { LOCAL_ENGINE, portOf } from '../support/local-engine.ts';
import { connectApplication, type Application } from './application.ts';
import { openFrameClient, type FrameClient } from './frames.ts';
import { mutated } from './mutate.ts';
import { openPhone, type Phone } from './phone.ts';
import type { Random } from './random.ts';

/** A running engine with an application, a phone on UDP, connections over TCP, and somebody on its client port. */
export interface EngineUnderFuzz {
  readonly engine: LocalEngine;
  /** One message comes in, over UDP or TCP. */
  receive(bytes: Buffer, random: Random): void;
  /** A request in a dialog that stands, or nearly. False where none does. */
  receiveInDialog(id: string, random: Random, others: readonly Buffer[]): boolean;
  /** An application's frame, or nearly. */
  command(random: Random, others: readonly Buffer[]): Promise<void>;
  /** What was sent before has been read. */
  settle(): Promise<void>;
  /** Ends what stands, lets all timers run, and asserts that nothing is left and nothing was thrown. */
  drain(): Promise<void>;
  /** A call as on every day: answered, acknowledged, ended. */
  goodCall(): Promise<void>;
  close(): Promise<void>;
}

/** 64*T1 is half a second: a transaction ends while the test still runs. */
const TIMERS = { t1Ms: 8, t2Ms: 64, t4Ms: 80, t1x64Ms: 512 };
const DRAIN_TIMEOUT_MS = 20_000;

export async function startEngineUnderFuzz(): Promise<EngineUnderFuzz> {
  const failures: string[] = [];
  const engine = await startEngine(
    {
      ...LOCAL_ENGINE,
      timers: TIMERS,
    },
    { log: (_level, text) => (/failed: |was dropped/.test(text) ? failures.push(text) : undefined) },
  );
  const application: Application = await connectApplication(engine);
  const phone: Phone = await openPhone(portOf(engine, 'udp'));
  const sink: Phone = await openPhone(portOf(engine, 'udp'));
  const frames: FrameClient = openFrameClient(engine, sink.port);
  let connection: Socket | null = null;

  const overTcp = (bytes: Buffer, random: Random): void => {
    if (connection === null || connection.destroyed || !connection.writable) {
      connection = connect(portOf(engine, 'tcp'), '127.0.0.1');
      connection.on('error', () => undefined);
      connection.resume();
    }
    connection.write(bytes);
    // What is half sent must not swallow all that follows.
    if (random.chance(0.3)) connection.end();
  };

  const everythingEnded = async (): Promise<void> => {
    const endMs = performance.now() + DRAIN_TIMEOUT_MS;
    for (;;) {
      const counts = engine.counts();
      if (Object.values(counts).every((count) => count === 0)) return;
      // What was under way when the application ended all, and rings or talks since.
      await application.endAll();
      assert.ok(performance.now() < endMs, `left when all timers have run: ${JSON.stringify(counts)}`);
      await wait(20);
    }
  };

  const settle = async (): Promise<void> => {
    await Promise.all([phone.ping(), frames.settle()]);
  };

  return {
    engine,
    receive(bytes, random) {
      if (random.chance(0.75)) phone.send(bytes);
      else overTcp(bytes, random);
    },
    receiveInDialog(id, random, others) {
      const request = phone.requestInDialog(id, random);
      if (request === null) return false;
      phone.send(random.chance(0.8) ? mutated(request, random, others) : request);
      return true;
    },
    command: (random, others) => frames.send(random, others),
    settle,
    async drain() {
      await settle();
      connection?.destroy();
      frames.close();
      await application.endAll();
      await everythingEnded();
      assert.deepEqual(failures.splice(0), [], 'the engine survived its own defect');
      assert.equal(engine.defectCount, 0, 'the engine survived its own defect');
    },
    goodCall: () => phone.call(),
    async close() {
      connection?.destroy();
      frames.close();
      application.close();
      await Promise.all([phone.close(), sink.close()]);
      await engine.close();
    },
  };
}
