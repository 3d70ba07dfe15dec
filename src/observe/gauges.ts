import { Counter, Gauge, type Registry } from 'prom-client';

/** Longest wait for one source; a scrape never hangs on a journal that does. */
const SOURCE_TIMEOUT_MS = 2_000;

/** A source is asked at each scrape. One that fails leaves its gauge out and is counted. */
export interface MetricSources {
  liveCalls?(): number;
  /** Notifications by state, and how long the oldest due one has waited. */
  notifications?(): Promise<NotificationQueue> | NotificationQueue;
  policy?(): {
    readonly version: string;
    readonly loadedAtMs: number;
    readonly ok: boolean;
    readonly mailboxes: number;
  };
  /** Those that SIP goes through. */
  engines?(): readonly { readonly address: string; readonly connected: boolean }[];
  /** Next hops; their number is that of the configuration. */
  hops?(): readonly { readonly uri: string; readonly up: boolean }[];
  /** By thread: `main`, `engine`. Null: it could not be read. */
  loopDelays?(): Promise<LoopDelays> | LoopDelays;
  /** What was thrown in the engine and cost one message each. Null: it could not be read. */
  engineDefects?(): Promise<number | null> | number | null;
}

export type LoopDelays = Readonly<Record<string, LoopDelay | null>>;

export interface NotificationQueue {
  readonly states: Readonly<Record<string, number>>;
  readonly oldestDueMs: number;
}

/** How late a thread's event loop ran since it was last read. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One gauge or several, filled from one source. */
interface Reading {
  readonly source: keyof MetricSources;
  /** Takes the old values away: what cannot be read now is left out. */
  clear(): void;
  read(sources: MetricSources): Promise<void> | void;
}

/** Registers the gauges; the function that comes back fills them, and is called before each scrape is answered. */
export function createGauges(registry: Registry): (sources: MetricSources) => Promise<void> {
  const errors = new Counter({
    name: 'mcg_metric_source_errors_total',
    help: 'Times a gauge could not be read.',
    labelNames: ['source'],
    registers: [registry],
  });
  const readings = [
    liveCalls(registry),
    notifications(registry),
    policy(registry),
    engines(registry),
    hops(registry),
    loopDelays(registry),
    engineDefects(registry),
  ];
  return async (sources) => {
    await Promise.all(
      readings.map(async (reading) => {
        reading.clear();
        if (sources[reading.source] === undefined) return;
        try {
          await within(SOURCE_TIMEOUT_MS, reading.read(sources));
        } catch {
          errors.inc({ source: reading.source });
        }
      }),
    );
  };
}

function liveCalls(registry: Registry): Reading {
  const gauge = new Gauge({ name: 'mcg_live_calls', help: 'Calls in progress.', registers: [registry] });
  return {
    source: 'liveCalls',
    clear: () => gauge.remove(),
    read: (sources) => gauge.set(sources.liveCalls?.() ?? 0),
  };
}

function notifications(registry: Registry): Reading {
  const registers = [registry];
  const states = new Gauge({
    name: 'mcg_notifications',
    help: 'Notifications in the journal, by state.',
    labelNames: ['state'],
    registers,
  });
  const oldest = new Gauge({
    name: 'mcg_notifications_oldest_due_seconds',
    help: 'How long ago the oldest notification was made that has not been handed over nor given up.',
    registers,
  });
  return {
    source: 'notifications',
    clear() {
      states.reset();
      oldest.remove();
    },
    async read(sources) {
      const queue = await sources.notifications?.();
      if (queue === undefined) return;
      for (const [state, count] of Object.entries(queue.states)) states.set({ state }, count);
      oldest.set(queue.oldestDueMs / 1000);
    },
  };
}

function policy(registry: Registry): Reading {
  const registers = [registry];
  const loaded = new Gauge({
    name: 'mcg_policy_loaded_timestamp_seconds',
    help: 'When the policy that holds was loaded.',
    labelNames: ['version'],
    registers,
  });
  const ok = new Gauge({
    name: 'mcg_policy_last_load_ok',
    help: '1 where the last load of the policy file succeeded, 0 where an earlier policy still holds.',
    registers,
  });
  const mailboxes = new Gauge({ name: 'mcg_policy_mailboxes', help: 'Mailboxes in the policy that holds.', registers });
  return {
    source: 'policy',
    clear() {
      // One version at a time: the one before must not be left as a series of its own.
      loaded.reset();
      ok.remove();
      mailboxes.remove();
    },
    read(sources) {
      const now = sources.policy?.();
      if (now === undefined) return;
      loaded.set({ version: now.version }, now.loadedAtMs / 1000);
      ok.set(now.ok ? 1 : 0);
      mailboxes.set(now.mailboxes);
    },
  };
}

function engines(registry: Registry): Reading {
  const gauge = new Gauge({
    name: 'mcg_engine_connected',
    help: '1 where the SIP engine at this address is connected, else 0.',
    labelNames: ['address'],
    registers: [registry],
  });
  return {
    source: 'engines',
    clear: () => gauge.reset(),
    read(sources) {
      for (const { address, connected } of sources.engines?.() ?? []) gauge.set({ address }, connected ? 1 : 0);
    },
  };
}

function hops(registry: Registry): Reading {
  const gauge = new Gauge({
    name: 'mcg_hop_up',
    help: '1 where a next hop answered last, 0 where it is tried behind the others.',
    labelNames: ['hop'],
    registers: [registry],
  });
  return {
    source: 'hops',
    clear: () => gauge.reset(),
    read(sources) {
      for (const { uri, up } of sources.hops?.() ?? []) gauge.set({ hop: uri }, up ? 1 : 0);
    },
  };
}

function loopDelays(registry: Registry): Reading {
  const gauge = new Gauge({
    name: 'mcg_loop_delay_seconds',
    help: 'How late a thread’s event loop ran since the last scrape.',
    labelNames: ['thread', 'quantile'],
    registers: [registry],
  });
  return {
    source: 'loopDelays',
    clear: () => gauge.reset(),
    async read(sources) {
      for (const [thread, delay] of Object.entries((await sources.loopDelays?.()) ?? {})) {
        if (delay === null) continue;
        gauge.set({ thread, quantile: '0.5' }, delay.p50Ms / 1000);
        gauge.set({ thread, quantile: '0.99' }, delay.p99Ms / 1000);
        gauge.set({ thread, quantile: '1' }, delay.maxMs / 1000);
      }
    },
  };
}

function engineDefects(registry: Registry): Reading {
  const gauge = new Gauge({
    name: 'mcg_engine_defects',
    help: 'Messages and commands lost to a defect of the engine since its thread began.',
    registers: [registry],
  });
  return {
    source: 'engineDefects',
    clear: () => gauge.remove(),
    async read(sources) {
      const defects = await sources.engineDefects?.();
      if (defects !== undefined && defects !== null) gauge.set(defects);
    },
  };
}

async function within(timeoutMs: number, work: Promise<void> | void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
