import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { connectSrf, FAST, later, startEngineForTest } from '../drachtio/support.ts';
import { startPhones } from './phones.ts';

const CALLS = 3_000;
/** A request that somebody keeps takes thousands; compiled code, which comes and goes, has been seen to make 60. */
const MAX_BYTES_PER_CALL = 160;

/** What JavaScript holds once all garbage is gone. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 4; round += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('calls leave no memory behind: engine and application hold after 4,000 what they held after 1,000', async () => {
  const phones = await startPhones();
  later(() => phones.close());
  const { engine, udpPort } = await startEngineForTest({ timers: FAST });
  const srf = await connectSrf(engine, (app) =>
    app.invite((request, response) => {
      app.createB2BUA(request, response, `sip:1001@127.0.0.1:${phones.calleePort}`).catch(() => undefined);
    }),
  );
  const forgotten = async (): Promise<void> => {
    await expect
      .poll(() => Object.values(engine.counts()).reduce((sum, count) => sum + count, 0), { timeout: 10_000 })
      .toBe(0);
    expect(srf.idle).toBe(true);
  };
  await phones.missedCalls(udpPort, 1_000);
  await forgotten();
  const before = liveBytes();
  await phones.missedCalls(udpPort, CALLS);
  await forgotten();
  expect((liveBytes() - before) / CALLS).toBeLessThan(MAX_BYTES_PER_CALL);
}, 60_000);
