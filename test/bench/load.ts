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
  reply,
  sipp,
  type SippRun,
  type Step,
} from '../support/sipp.ts';
import { extensionOf } from './policy-file.ts';
import type { Way } from './types.ts';

export interface Load {
  /** Calls a second. */
  readonly rate: number;
  readonly calls: number;
  /** How long each rings before the caller gives up. */
  readonly ringMs: number;
  /** Writes down when each call ended; costs sipp a line a call. */
  readonly times?: boolean;
}

/** What sipp counted on both sides. */
export interface LoadResult {
  readonly failed: number;
  readonly retransmitted: number;
  readonly seconds: number;
  /** When the caller of each call (by Call-ID) got its 487: milliseconds since the epoch. Empty where nobody asked for `times`. */
  readonly endedAt: ReadonlyMap<string, number>;
}

/** The caller's last line: 487 received, at a time that is written down. */
const TERMINATED_AT = `<recv response="487"><action><log message="[call_id] [timestamp]"/></action></recv>`;

/**
 * Keeps what the 487 must repeat of the INVITE. sipp's `[last_Via:]` would be the CANCEL's, which has passed a proxy with its own Via
 * alone; and a server may count CSeq from any number.
 */
const INVITED = `<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="vias"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
</action></recv>`;

const TERMINATED = `<send retrans="500"><![CDATA[
SIP/2.0 487 Request Terminated
Via:[$vias]
[last_From:]
[last_To:];tag=[pid]SIPpTag01[call_number]
[last_Call-ID:]
CSeq:[$cseq]
Content-Length: 0

]]></send>`;

const RINGS_UNTIL_CANCELLED = [INVITED, reply(180, 'Ringing'), receive('CANCEL'), ok(), TERMINATED, receive('ACK')];

function givesUp({ ringMs, times = false }: Load): Step[] {
  const to = { to: extensionOf(1) };
  return [
    invite(to),
    expectStatus(100, { optional: true }),
    expectStatus(180),
    pause(ringMs),
    callerSends('CANCEL', to),
    expectStatus(200),
    times ? TERMINATED_AT : expectStatus(487),
    callerSends('ACK-FAILURE', to),
  ];
}

/** Calls that ring and are given up: made, and counted by sipp on both sides of what is between. */
export async function missedCalls(way: Way, load: Load): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mcg-bench-'));
  const [callerStatistics, calleeStatistics] = [join(folder, 'caller.csv'), join(folder, 'callee.csv')];
  const log = join(folder, 'ended.log');
  const timeoutSeconds = Math.ceil(load.calls / load.rate) + 60;
  try {
    const callee = await sipp({
      steps: RINGS_UNTIL_CANCELLED,
      port: way.calleePort,
      timeoutSeconds,
      extra: statistics(calleeStatistics),
    });
    const startedAt = performance.now();
    const caller = await sipp({
      steps: givesUp(load),
      target: way.sip,
      timeoutSeconds,
      calls: load.calls,
      rate: load.rate,
      extra: [...statistics(callerStatistics), ...(load.times === true ? ['-trace_logs', '-log_file', log] : [])],
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
