import { startEngine } from '../../src/drachtio/index.ts';
import type { SipTimers } from '../../src/sip/index.ts';
import { manualClock } from '../sip/clock.ts';
import { failures, later } from './support.ts';

/** An engine whose own timers run when the test lets time pass. */
export async function startWithClock(timers: Partial<SipTimers> = {}) {
  const clock = manualClock();
  const logged: string[] = [];
  const engine = await startEngine(
    {
      listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
      client: { host: '127.0.0.1', port: 0 },
      secret: 'cymru',
      timers,
    },
    {
      clock,
      log: (level, text) => {
        logged.push(text);
        if (/was dropped: /.test(text)) failures.push(`${level}: ${text}`);
      },
    },
  );
  later(() => engine.close());
  return { engine, clock, logged, udpPort: Number(/:(\d+)$/.exec(engine.sipAddresses[0] ?? '')?.[1]) };
}
