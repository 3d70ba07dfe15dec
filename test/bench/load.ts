import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callerSends,
  expectStatus,
  invite,
  ok,
  pause,
  receive,
  receiveInvite,
  reply,
  sipp,
  terminated,
  type SippRun,
} from '../support/sipp.ts';
import type { GatewayUnderTest } from './gateway.ts';
import { extensionOf } from './policy-file.ts';

export interface Load {
  /** Calls a second. */
  readonly rate: number;
  readonly calls: number;
  /** How long each rings before the caller gives up. */
  readonly ringMs: number;
}

/** What sipp counted on both sides. */
export interface LoadResult {
  readonly failed: number;
  readonly retransmitted: number;
  readonly seconds: number;
  /** When the caller of each call (by Call-ID) got its 487: milliseconds since the epoch. */
  readonly endedAt: ReadonlyMap<string, number>;
}

/** The caller's last line: 487 received, at a time that is written down. */
const TERMINATED_AT = `<recv response="487"><action><log message="[call_id] [timestamp]"/></action></recv>`;

const RINGS_UNTIL_CANCELLED = [
  receiveInvite(),
  reply(180, 'Ringing'),
  receive('CANCEL'),
  ok(),
  terminated(),
  receive('ACK'),
];

function givesUp(ringMs: number): string[] {
  const to = { to: extensionOf(1) };
  return [
    invite(to),
    expectStatus(100, { optional: true }),
    expectStatus(180),
    pause(ringMs),
    callerSends('CANCEL', to),
    expectStatus(200),
    TERMINATED_AT,
    callerSends('ACK-FAILURE', to),
  ];
}

/** Calls that ring and are given up: made, and counted by sipp on both sides of the gateway. */
export async function missedCalls(gateway: GatewayUnderTest, load: Load): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mcg-bench-'));
  const [callerStatistics, calleeStatistics] = [join(folder, 'caller.csv'), join(folder, 'callee.csv')];
  const log = join(folder, 'ended.log');
  try {
    const callee = await sipp({
      steps: RINGS_UNTIL_CANCELLED,
      port: gateway.calleePort,
      timeoutSeconds: 120,
      extra: statistics(calleeStatistics),
    });
    const startedAt = performance.now();
    const caller = await sipp({
      steps: givesUp(load.ringMs),
      target: gateway.sip,
      calls: load.calls,
      rate: load.rate,
      extra: [...statistics(callerStatistics), '-trace_logs', '-log_file', log],
    });
    await caller.done;
    const seconds = (performance.now() - startedAt) / 1000;
    await endGently(callee);
    const [made, taken] = [await counted(callerStatistics), await counted(calleeStatistics)];
    // A call that sipp never began, or never ended, is no success either.
    const failed = Math.max(made.failed, taken.failed, load.calls - made.succeeded);
    const retransmitted = made.retransmitted + taken.retransmitted;
    return { failed, retransmitted, seconds, endedAt: endTimes(await readFile(log, 'latin1').catch(() => '')) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function statistics(file: string): string[] {
  return ['-trace_stat', '-stf', file, '-fd', '1'];
}

/** sipp writes its last statistics when it is asked to quit, not when it is killed. */
async function endGently(run: SippRun): Promise<void> {
  const impatience = setTimeout(() => void run.stop(), 3_000);
  run.process.kill('SIGUSR1');
  await run.done;
  clearTimeout(impatience);
}

/** The cumulated columns of the last line of sipp's statistics. */
async function counted(file: string): Promise<{ succeeded: number; failed: number; retransmitted: number }> {
  const lines = (await readFile(file, 'latin1')).trim().split('\n');
  const names = lines[0]?.split(';') ?? [];
  const values = lines.at(-1)?.split(';') ?? [];
  const column = (name: string): number => {
    const value = Number(values[names.indexOf(name)]);
    if (Number.isNaN(value)) throw new Error(`sipp's statistics have no ${name}`);
    return value;
  };
  return {
    succeeded: column('SuccessfulCall(C)'),
    failed: column('FailedCall(C)'),
    retransmitted: column('Retransmissions(C)'),
  };
}

/** sipp's time stamps end in seconds since the epoch. */
function endTimes(log: string): Map<string, number> {
  const ended = new Map<string, number>();
  for (const line of log.split('\n')) {
    const match = /^(\S+) .*?(\d{9,}\.\d+)\s*$/.exec(line);
    if (match !== null) ended.set(match[1]!, Number(match[2]) * 1000);
  }
  return ended;
}
