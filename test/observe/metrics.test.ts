import { describe, expect, it } from 'vitest';
import { createMetrics, type Metrics, watchLoopDelay } from '../../src/observe/index.ts';
import { MAX_LABEL_VALUES } from '../../src/observe/labels.ts';

/** The sample lines whose metric begins with `name`. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line.startsWith(name));
}

describe('counters', () => {
  it('count calls by outcome and cause', async () => {
    const metrics = createMetrics();
    metrics.callEnded('missed', 'busy');
    metrics.callEnded('missed', 'busy');
    metrics.callEnded('answered', null);
    expect(await samples(metrics, 'mcg_calls_total')).toEqual([
      'mcg_calls_total{outcome="missed",cause="busy"} 2',
      'mcg_calls_total{outcome="answered",cause="none"} 1',
    ]);
  });

  it('count decisions by reason, deliveries by result, loads of the policy by result', async () => {
    const metrics = createMetrics();
    metrics.decided('skip', 'policy-disabled');
    metrics.notificationResult('sent');
    metrics.policyLoaded(false);
    expect(await samples(metrics, 'mcg_decisions')).toEqual([
      'mcg_decisions_total{decision="skip",reason="policy-disabled"} 1',
    ]);
    expect(await samples(metrics, 'mcg_notification_attempts')).toEqual([
      'mcg_notification_attempts_total{result="sent"} 1',
    ]);
    expect(await samples(metrics, 'mcg_policy_loads')).toEqual(['mcg_policy_loads_total{result="error"} 1']);
  });

  it('hold at most so many values of one label, and nothing that is no plain word', async () => {
    const metrics = createMetrics();
    for (let i = 0; i < MAX_LABEL_VALUES * 3; i += 1) metrics.callEnded(`outcome-${i}`, null);
    metrics.decided('notify', 'a\n"b"');
    const counted = await samples(metrics, 'mcg_calls_total');
    expect(counted).toHaveLength(MAX_LABEL_VALUES + 1);
    expect(counted.at(-1)).toBe(`mcg_calls_total{outcome="other",cause="none"} ${MAX_LABEL_VALUES * 2}`);
    expect(await samples(metrics, 'mcg_decisions')).toEqual([
      'mcg_decisions_total{decision="notify",reason="other"} 1',
    ]);
  });

  it('of two gateways in one process do not mix', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.callEnded('missed', 'busy');
    expect(await samples(other, 'mcg_calls_total')).toEqual([]);
  });
});

describe('gauges', () => {
  it('are read at each scrape', async () => {
    const metrics = createMetrics();
    let live = 1;
    metrics.watch({ liveCalls: () => live });
    expect(await samples(metrics, 'mcg_live_calls')).toEqual(['mcg_live_calls 1']);
    live = 2;
    expect(await samples(metrics, 'mcg_live_calls')).toEqual(['mcg_live_calls 2']);
  });

  it('are left out where nobody tells them', async () => {
    expect(await samples(createMetrics(), 'mcg_live_calls')).toEqual([]);
  });

  it('tell the queue of notifications and the age of its oldest', async () => {
    const metrics = createMetrics();
    metrics.watch({ notifications: () => Promise.resolve({ states: { due: 3, sent: 9 }, oldestDueMs: 1_500 }) });
    expect(await samples(metrics, 'mcg_notifications')).toEqual([
      'mcg_notifications{state="due"} 3',
      'mcg_notifications{state="sent"} 9',
      'mcg_notifications_oldest_due_seconds 1.5',
    ]);
  });

  it('name the one policy version that holds', async () => {
    const metrics = createMetrics();
    let version = 'aaa';
    metrics.watch({ policy: () => ({ version, loadedAtMs: 5_000, ok: version === 'aaa', mailboxes: 7 }) });
    await metrics.render();
    version = 'bbb';
    expect(await samples(metrics, 'mcg_policy_')).toEqual([
      'mcg_policy_loaded_timestamp_seconds{version="bbb"} 5',
      'mcg_policy_last_load_ok 0',
      'mcg_policy_mailboxes 7',
    ]);
  });

  it('show the loop delay of each thread', async () => {
    const metrics = createMetrics();
    metrics.watch({ loopDelays: () => Promise.resolve({ main: null, engine: { p50Ms: 1, p99Ms: 2, maxMs: 4 } }) });
    expect(await samples(metrics, 'mcg_loop_delay')).toEqual([
      'mcg_loop_delay_seconds{thread="engine",quantile="0.5"} 0.001',
      'mcg_loop_delay_seconds{thread="engine",quantile="0.99"} 0.002',
      'mcg_loop_delay_seconds{thread="engine",quantile="1"} 0.004',
    ]);
  });

  it('say which engines are connected', async () => {
    const metrics = createMetrics();
    metrics.watch({
      engines: () => [
        { address: '127.0.0.1:9022', connected: true },
        { address: '[::1]:9022', connected: false },
      ],
    });
    expect(await samples(metrics, 'mcg_engine_connected')).toEqual([
      'mcg_engine_connected{address="127.0.0.1:9022"} 1',
      'mcg_engine_connected{address="[::1]:9022"} 0',
    ]);
  });

  it('say which next hops are there', async () => {
    const metrics = createMetrics();
    metrics.watch({
      hops: () => [
        { uri: 'sip:pbx.example.com', up: true },
        { uri: 'sip:127.0.0.1:5090', up: false },
      ],
    });
    expect(await samples(metrics, 'mcg_hop_up')).toEqual([
      'mcg_hop_up{hop="sip:pbx.example.com"} 1',
      'mcg_hop_up{hop="sip:127.0.0.1:5090"} 0',
    ]);
  });

  it('count what was thrown in the engine, and are left out while nobody knows', async () => {
    const metrics = createMetrics();
    let defects: number | null = 3;
    metrics.watch({ engineDefects: () => Promise.resolve(defects) });
    expect(await samples(metrics, 'mcg_engine_defects')).toEqual(['mcg_engine_defects 3']);
    defects = null;
    expect(await samples(metrics, 'mcg_engine_defects')).toEqual([]);
  });

  it('whose source fails are left out and counted, and the others stand', async () => {
    const metrics = createMetrics();
    let healthy = true;
    metrics.watch({
      liveCalls: () => 5,
      notifications: () => (healthy ? { states: { due: 1 }, oldestDueMs: 0 } : Promise.reject(new Error('gone'))),
    });
    expect(await samples(metrics, 'mcg_notifications{')).toHaveLength(1);
    healthy = false;
    const page = await samples(metrics, 'mcg_');
    expect(page.filter((line) => line.startsWith('mcg_notifications{'))).toEqual([]);
    expect(page).toContain('mcg_live_calls 5');
    expect(page).toContain('mcg_metric_source_errors_total{source="notifications"} 1');
  });
});

describe('the loop delay monitor', () => {
  it('sees a thread that was blocked, and forgets it once read', async () => {
    const monitor = watchLoopDelay();
    await ticks(50);
    const until = performance.now() + 300;
    while (performance.now() < until);
    await ticks(50);
    expect(monitor.read().maxMs).toBeGreaterThan(250);
    await ticks(50);
    expect(monitor.read().maxMs).toBeLessThan(250);
    monitor.stop();
  });
});

function ticks(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
