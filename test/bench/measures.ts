import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openPolicyStore, type Policy } from '../../src/policy/index.ts';
import { until } from '../support/gateway-process.ts';
import { startGateway, type GatewayUnderTest } from './gateway.ts';
import { missedCalls, type LoadResult } from './load.ts';
import { acceptingServer, hangingServer } from './mail-servers.ts';
import { cmdlets } from './cmdlets.ts';
import { extensionOf, policyText } from './policy-file.ts';
import { figure, ofRounds, once, percentile, type Row } from './table.ts';

const RING_MS = 150;
const REST_MS = 10_000;
/** Code that runs often is compiled by then. */
const WARM_UP = { rate: 300, calls: 1_200, ringMs: RING_MS };

/** From the start of the process to its line that it is ready. */
export async function* start(): AsyncIterable<Row> {
  const times: number[] = [];
  for (let boot = 0; boot < 5; boot += 1) {
    const gateway = await startGateway();
    times.push(gateway.readyMs);
    await gateway.stop();
  }
  yield ofRounds('start to ready, median of 5', times, 'ms');
}

/** Resident memory and CPU: ready and idle, then with 500 calls that ring. */
export async function* memory(): AsyncIterable<Row> {
  const calls = 500;
  const gateway = await startGateway();
  try {
    const before = await gateway.cpuMs();
    await setTimeout(REST_MS);
    const share = ((await gateway.cpuMs()) - before) / REST_MS;
    yield once('memory at rest', await gateway.rssMiB(), 'MiB');
    yield once('CPU at rest', share * 100, '% of a core');
    const load = missedCalls(gateway, { rate: 250, calls, ringMs: 4_000 });
    await until(20_000, `${calls} live calls`, async () =>
      (await gateway.metrics()).get('mcg_live_calls') === calls ? true : null,
    );
    yield once(`memory with ${calls} calls ringing`, await gateway.rssMiB(), 'MiB');
    const { failed, retransmitted } = await load;
    if (failed + retransmitted > 0) yield trouble(`the ${calls} calls`, { failed, retransmitted });
  } finally {
    await gateway.stop();
  }
}

/** The highest rate of missed calls at which none fails and nothing is sent twice. */
export async function* rate(): AsyncIterable<Row> {
  const server = await hangingServer();
  const gateway = await startGateway({ smtp: server.uri });
  let highest = 0;
  try {
    await missedCalls(gateway, WARM_UP);
    for (const callsPerSecond of [300, 400, 500, 600]) {
      const calls = callsPerSecond * 7;
      const result = await missedCalls(gateway, { rate: callsPerSecond, calls, ringMs: RING_MS });
      if (result.failed + result.retransmitted > 0) {
        yield trouble(`${callsPerSecond} calls/s`, result);
        break;
      }
      highest = callsPerSecond;
    }
  } finally {
    await gateway.stop();
    await server.close();
  }
  yield {
    measure: 'missed calls a second, none failed, none retransmitted',
    figure: highest === 600 ? 'at least 600' : `${highest}`,
    value: highest,
    unit: 'calls/s',
    bar: '600',
    ok: highest >= 600,
  };
}

/** How late the event loops run at 200 missed calls a second: undisturbed, and while 100,000 mailboxes are read again. */
export async function* loops(): AsyncIterable<Row> {
  const mailboxes = 100_000;
  const server = await hangingServer();
  const gateway = await startGateway({ smtp: server.uri, mailboxes });
  try {
    await missedCalls(gateway, WARM_UP);
    const load = { rate: 200, calls: 1_400, ringMs: RING_MS };
    yield* delaysDuring(gateway, 'at 200 calls/s', missedCalls(gateway, load));
    const during = `at 200 calls/s and a reload of ${mailboxes.toLocaleString('en-US')}`;
    const reloading = savedUntilItHolds(gateway, mailboxes - 1);
    yield* delaysDuring(gateway, during, Promise.all([missedCalls(gateway, load), reloading]));
    yield below('saved policy holds, meanwhile', await reloading, 'ms', 5_000);
  } finally {
    await gateway.stop();
    await server.close();
  }
}

/** From the caller's 487 to the mail server's acceptance of the mail, at 100 missed calls a second. */
export async function* mail(): AsyncIterable<Row> {
  const server = await acceptingServer();
  const gateway = await startGateway({ smtp: server.uri });
  try {
    await missedCalls(gateway, WARM_UP);
    const calls = 1_000;
    const result = await missedCalls(gateway, { rate: 100, calls, ringMs: RING_MS, times: true });
    await server.accepted(WARM_UP.calls + calls - result.failed);
    const delays = [...result.endedAt].map(([callId, at]) => (server.acceptedAt.get(callId) ?? Infinity) - at);
    const what = 'end of call to mail accepted, 100 calls/s';
    yield once(`${what}, p50`, percentile(delays, 0.5), 'ms');
    yield below(`${what}, p99`, percentile(delays, 0.99), 'ms', 100);
    if (delays.length !== calls) yield once('mails without a call that ended', calls - delays.length, '');
    if (result.failed + result.retransmitted > 0) yield trouble('100 calls/s', result);
  } finally {
    await gateway.stop();
    await server.close();
  }
}

/** Load of policy files, and look-ups in the largest. */
export async function* policy(): AsyncIterable<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'mcg-bench-'));
  const path = join(folder, 'policy.yaml');
  try {
    for (const mailboxes of [10_000, 100_000]) {
      await writeFile(path, policyText(mailboxes));
      const times: number[] = [];
      let perSecond = 0;
      for (let load = 0; load < 3; load += 1) {
        const startedAt = performance.now();
        const store = await openPolicyStore({ path, now: Date.now });
        times.push(performance.now() - startedAt);
        perSecond = lookUpsPerSecond(store.current());
        await store.close();
      }
      const count = mailboxes.toLocaleString('en-US');
      const most = mailboxes === 100_000 ? 5_000 : 1_000;
      yield ofRounds(`load of ${count} mailboxes, median of 3`, times, 'ms', `under ${figure(most, 'ms')}`);
      yield* cmdlets(path, count);
      if (mailboxes === 100_000) {
        const bar = { bar: 'at least 1,000,000', ok: perSecond >= 1_000_000 };
        yield once(`look-ups a second in ${count}`, perSecond, '', bar);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Extensions and whole numbers in turn, all over the file; the first round is not counted. */
function lookUpsPerSecond(policy: Policy): number {
  const count = policy.mailboxCount;
  const called = Array.from({ length: count }, (_, index) => {
    const extension = extensionOf((index * 7_919) % count);
    const user = index % 2 === 0 ? extension : `+331${extension}`;
    return { user, uri: `sip:${user}@example.com` };
  });
  const round = (): void => {
    for (const each of called) {
      if (policy.findMailbox(each).kind !== 'found') throw new Error(`${each.user} was not found`);
    }
  };
  round();
  const startedAt = performance.now();
  const rounds = 10;
  for (let done = 0; done < rounds; done += 1) round();
  return (rounds * count * 1000) / (performance.now() - startedAt);
}

/** Saves the policy with so many mailboxes; answers the milliseconds until they hold. */
async function savedUntilItHolds(gateway: GatewayUnderTest, mailboxes: number): Promise<number> {
  const text = policyText(mailboxes);
  const loaded = gateway.logged(`"mailboxCount":${mailboxes},`);
  await writeFile(gateway.policyFile, text);
  const savedAt = performance.now();
  await loaded;
  return performance.now() - savedAt;
}

async function* delaysDuring(gateway: GatewayUnderTest, when: string, work: Promise<unknown>): AsyncIterable<Row> {
  // Each reading of the page begins a new period.
  await gateway.metrics();
  await work;
  for (const [name, seconds] of await gateway.metrics()) {
    const labels = /^mcg_loop_delay_seconds\{(.*)\}$/.exec(name)?.[1];
    if (labels === undefined) continue;
    const thread = /thread="(\w+)"/.exec(labels)?.[1];
    const quantile = /quantile="(.*?)"/.exec(labels)?.[1];
    if (quantile === '0.99') yield below(`loop delay of ${thread} ${when}, p99`, seconds * 1000, 'ms', 20);
    if (quantile === '1') yield once(`loop delay of ${thread} ${when}, most`, seconds * 1000, 'ms');
  }
}

function trouble(when: string, { failed, retransmitted }: Pick<LoadResult, 'failed' | 'retransmitted'>): Row {
  const figure = `${failed} failed, ${retransmitted} sent twice`;
  return { measure: `calls in trouble, ${when}`, figure, bar: 'none', ok: false };
}

function below(measure: string, value: number, unit: string, bar: number): Row {
  return once(measure, value, unit, { bar: `under ${figure(bar, unit)}`, ok: value < bar });
}
