import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repeatable } from '../support/bad-wire.ts';
import { describeWith } from '../support/peers.ts';
import { startRig, type Rig } from './verdict-rig.ts';
import { HOPS, PEERS, RULE, TABLE, type Hop, type Row } from './verdict-table.ts';

/** A network of its own, named after this process: nothing else on the machine is touched. */
const NAMESPACE = `mcg-${process.pid}`;
const NEAR = `mcg${process.pid % 100_000}a`;
const FAR = `mcg${process.pid % 100_000}b`;
/** RFC 2544 C.2.2: 198.18.0.0/15 is for tests. */
const PREFIX = `198.18.${process.pid % 250}.`;
const BAD = ['loss', '5%', 'delay', '100ms', '20ms'];

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: 'pipe' });
}

const far = (...args: string[]): void => run('ip', 'netns', 'exec', NAMESPACE, ...args);

function build(): void {
  run('ip', 'netns', 'add', NAMESPACE);
  run('ip', 'link', 'add', NEAR, 'type', 'veth', 'peer', 'name', FAR, 'netns', NAMESPACE);
  run('ip', 'address', 'add', `${PREFIX}100/24`, 'dev', NEAR);
  run('ip', 'link', 'set', NEAR, 'up');
  far('ip', 'link', 'set', 'lo', 'up');
  for (const last of [...Object.values(PEERS), ...Object.values(HOPS), '30']) {
    far('ip', 'address', 'add', `${PREFIX}${last}/24`, 'dev', FAR);
  }
  far('ip', 'link', 'set', FAR, 'up');
  run('tc', 'qdisc', 'add', 'dev', NEAR, 'root', 'netem', ...BAD);
  far('tc', 'qdisc', 'add', 'dev', FAR, 'root', 'netem', ...BAD);
}

/** Also what is half built. */
function remove(): void {
  for (const args of [
    ['link', 'delete', NEAR],
    ['netns', 'delete', NAMESPACE],
  ]) {
    try {
      run('ip', ...args);
    } catch {
      // It was not there.
    }
  }
}

function permitted(): boolean {
  try {
    build();
    return true;
  } catch {
    return false;
  } finally {
    remove();
  }
}

/** What stands in for a scenario that needs every 18x (RFC 3261 13.3.1.1: it comes once), and in order. */
function steady(row: Row): Row {
  const hop = (one: Hop | 'dead'): Hop | 'dead' => {
    if (one === 'dead') return one;
    if (one.scenario === 'uas-rings') return { ...one, scenario: 'uas-rings-on' };
    return one.scenario === 'uas-answers' ? { ...one, pauseMs: 300 } : one;
  };
  const callers = row.callers.map((one) =>
    one.scenario.startsWith('uac-hangs-up')
      ? { ...one, scenario: 'uac-hangs-up-whatever-it-heard', pauseMs: 800 }
      : one,
  );
  return { ...row, callers, hops: row.hops.map(hop) };
}

const HUNG_UP_ON = new Set<string | null>([RULE.hungUpRinging, RULE.elsewhere, RULE.cancelReason]);
const ROWS = TABLE.filter(
  ({ rule, netem, callers, hops }) =>
    netem === true ||
    (HUNG_UP_ON.has(rule) && callers.length === 1 && callers[0]?.peer === undefined && hops.length > 0),
)
  .filter(({ callers, hops }) =>
    [...callers, ...hops].every(
      (one) =>
        one !== 'dead' && !['uac-takes-two-ways', 'uac-hangs-up-in-early-media', 'uas-plays'].includes(one.scenario),
    ),
  )
  .map(steady);

const PATIENT = { wire: 'udp', timerBMs: 8_000, ringTimeoutMs: 4_000 } as const;
const NETEM = permitted();
const HOW = NETEM ? 'netem in a namespace' : 'a relay of ours, as netem needs root and its kernel module';

describeWith('sipp', `the verdicts, across a network that loses 5 % and delays by 100 ms (${HOW})`, () => {
  let rig: Rig;
  beforeAll(async () => {
    if (NETEM) {
      build();
      const within = ['ip', 'netns', 'exec', NAMESPACE];
      rig = await startRig(ROWS, { ...PATIENT, prefix: PREFIX, gateway: `${PREFIX}100`, within });
    } else {
      const prefix = `127.104.${process.pid % 250}.`;
      const bad = { loss: 0.05, delayMs: 100, jitterMs: 20, random: repeatable(2_026) };
      rig = await startRig(ROWS, { ...PATIENT, prefix, gateway: `${prefix}100`, bad });
    }
  }, 60_000);
  afterAll(async () => {
    try {
      await rig.stop();
    } finally {
      if (NETEM) remove();
    }
  });

  it.each(ROWS)('$what', { timeout: 90_000 }, async (row) => {
    const { callers, calls } = await rig.play(row);
    expect(callers.filter(({ code }) => code !== 0)).toEqual([]);
    const judged = calls.map(({ outcome, cause, rule, decisions: [own] }) => {
      return [outcome, cause, own?.decision, own?.reason, rule];
    });
    expect(judged).toEqual([[...(row.verdict ?? []), row.rule]]);
  });
});
