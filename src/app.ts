import { randomBytes, randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import {
  startAdmin,
  type AdminOptions,
  type Readiness,
  type VoicemailEventReport,
  type ReadinessCheck,
} from './admin/index.ts';
import { callerLabel, type VerdictSettings } from './call/index.ts';
import { digestOf, openPhones } from './accounts.ts';
import { unknownDialPlans, type GatewayConfig } from './config/index.ts';
import { startEngineThread, type EngineThread } from './drachtio/index.ts';
import {
  createGateway,
  type DigestSettings,
  type EngineAddress,
  type Gateway,
  type GatewaySettings,
} from './gateway/index.ts';
import { openSqliteJournal, type CallView, type Journal } from './journal/index.ts';
import { createLedger, type CallLedger, type Schedule } from './ledger/index.ts';
import { createNotificationWorker, openMailTransport } from './notification/index.ts';
import { createMetrics, watchLoopDelay, type Logger, type Metrics } from './observe/index.ts';
import { openPolicyStore, setMailbox, type Policy, type PolicyStatus, type PolicyStore } from './policy/index.ts';

export interface AppOptions {
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly now: () => number;
  /** Named in the journal's lock, so that a second gateway can say who holds it. */
  readonly pid: number;
  /** The program cannot go on: its engine is gone for good. */
  readonly onFatal: (error: Error) => void;
  /** Aborted while the gateway starts: the start ends with an error as soon as it can. */
  readonly signal?: AbortSignal;
}

export interface AppAddresses {
  /** `udp://127.0.0.1:5060`, … as bound, or as the drachtio-server tells. */
  readonly sip: readonly string[];
  /** `http://127.0.0.1:8080`. */
  readonly admin: string;
}

/** The running gateway. */
export interface App {
  readonly addresses: AppAddresses;
  /** SIGHUP: reads the policy file again. */
  reload(): Promise<PolicyStatus>;
  /**
   * Refuses new calls, lets live ones end (at most `stopTimeout`), settles what still rings as interrupted, finishes the sends
   * in hand, closes. Idempotent.
   */
  stop(): Promise<void>;
}

/** How long the sends in hand may take at the end. */
const LAST_SENDS_MS = 10_000;

/** Something that was started and must be ended, last first. */
type Cleanup = () => Promise<void>;

/**
 * Starts everything, in one straight line: the admin listener first (not ready yet), so that whoever watches sees a
 * gateway that starts; what calls need before what brings calls. Stops in the opposite order. Where a step fails, what was
 * started is stopped and the error thrown.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const cleanups: Cleanup[] = [];
  const stop = once(async () => {
    for (const cleanup of cleanups.toReversed()) {
      await cleanup().catch((error: unknown) => options.log.error({ error }, 'a part did not stop cleanly'));
    }
  });
  try {
    return { ...(await startParts(options, cleanups)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(options: AppOptions, cleanups: Cleanup[]): Promise<Omit<App, 'stop'>> {
  const { config, log, now } = options;
  const metrics = createMetrics();
  const parts: Parts = { policy: null, journal: null, ledger: null, gateway: null, stopping: false };

  const admin = await startAdmin({
    listen: config.admin.listen,
    status: { readiness: () => readiness(parts) },
    metrics: () => metrics.render(),
    log: log.child({ room: 'admin' }),
    ...voicemailEvents(config, parts, now),
  });
  cleanups.push(() => admin.close());
  const loopDelay = watchLoopDelay();
  cleanups.push(async () => loopDelay.stop());

  const policy = await openPolicyStore({ path: config.policy, now, log: log.child({ room: 'policy' }) });
  parts.policy = policy;
  cleanups.push(() => policy.close());
  policy.onChange((status) => metrics.policyLoaded(status.error === null));
  watchDialPlans(config, policy, log);

  const journal = await openSqliteJournal({ path: config.journal.path, node: config.node, now, pid: options.pid });
  parts.journal = journal;
  cleanups.push(() => journal.close());

  const transport = await openMailTransport(config.notification.transport.uri, config.notification.transport);
  cleanups.push(() => transport.close());
  const worker = createNotificationWorker({
    journal,
    transport,
    mail: config.notification,
    owner: config.node,
    log: log.child({ room: 'notification' }),
    random,
  });
  worker.onResult = (_, result) => metrics.notificationResult(result.kind);
  cleanups.push(() => worker.stop(LAST_SENDS_MS));

  const ledger = createLedger({
    journal,
    policy,
    settings: { node: config.node, ...verdictSettings(config) },
    now,
    newId: uuidv7,
    schedule,
    log: log.child({ room: 'ledger' }),
    onSettled: (call) => {
      callSettled(call, log, metrics);
      if (call.decisions.some(({ decision }) => decision === 'notify')) worker.wake();
    },
  });
  parts.ledger = ledger;
  cleanups.push(() => ledger.stop());
  await ledger.recover();
  await worker.start();

  options.signal?.throwIfAborted();
  const phones = openPhones(config);
  const digest = digestOf(config, phones.current());
  const engine = await startEngine(options, digest, cleanups);
  const gateway = createGateway({
    engines: engine.addresses,
    settings: gatewaySettings(config, digest),
    ledger,
    policy,
    phones: phones.directory,
    registrations: {
      load: () => journal.registrations(),
      save: (aor, contacts) => journal.saveRegistrations(aor, contacts),
    },
    switchNotifications: (mailbox, on) => switchNotifications(config.policy, policy, mailbox, on),
    log: log.child({ room: 'gateway' }),
    now,
    newCallId: uuidv7,
  });
  parts.gateway = gateway;
  cleanups.push(() => gateway.stop());
  cleanups.push(() => {
    parts.stopping = true;
    return gateway.drain(config.stopTimeoutMs);
  });
  metrics.watch({
    liveCalls: () => gateway.liveCallCount,
    notifications: async () => notificationQueue(journal, now()),
    policy: () => policyMetrics(policy.status()),
    engines: () => gateway.engines,
    hops: () => gateway.hops,
    loopDelays: async () => ({ main: loopDelay.read(), engine: (await engine.measure())?.loopDelay ?? null }),
    engineDefects: async () => (await engine.measure())?.defects ?? null,
  });
  // A drachtio-server that is down is waited for without end.
  await Promise.race([gateway.start(), aborted(options.signal)]);

  const sip = engine.sipAddresses ?? gateway.sipAddresses;
  const reload = (): Promise<PolicyStatus> => {
    try {
      phones.reload();
      gateway.phonesChanged();
    } catch (error) {
      log.error({ error }, 'the file of phones cannot be used; the phones that were known stay');
    }
    return policy.reload();
  };
  return { addresses: { sip, admin: admin.address }, reload };
}

interface RunningEngine extends Pick<EngineThread, 'measure'> {
  readonly addresses: readonly EngineAddress[];
  /** Null where the gateway learns them from its drachtio-servers. */
  readonly sipAddresses: readonly string[] | null;
}

/** Set-UMMailbox, from the user's phone; resolves when it holds. */
async function switchNotifications(path: string, policy: PolicyStore, mailbox: string, on: boolean): Promise<void> {
  const result = await setMailbox(path, mailbox, { missedCallNotificationEnabled: on });
  if (!result.ok) throw new Error(result.message);
  await policy.reload();
}

/** Says which peers' dial plans the policy does not have, now and whenever another version of it holds. */
function watchDialPlans(config: GatewayConfig, policy: PolicyStore, log: Logger): void {
  let told = '';
  const tell = (): void => {
    const { version, dialPlans } = policy.current();
    if (version === told) return;
    told = version;
    for (const line of unknownDialPlans(config, dialPlans.keys())) log.warn({ version }, line);
  };
  tell();
  policy.onChange(tell);
}

/** The embedded engine on its thread, or the drachtio-servers of the configuration. */
async function startEngine(
  { config, log, onFatal }: AppOptions,
  digest: DigestSettings | null,
  cleanups: Cleanup[],
): Promise<RunningEngine> {
  if (config.sip.engine === 'drachtio') {
    return { addresses: config.sip.drachtio, sipAddresses: null, measure: async () => null };
  }
  const engineLog = log.child({ room: 'drachtio' });
  const engine = await startEngineThread(
    {
      listen: config.sip.listen,
      timers: { timerBMs: config.sip.timerBMs },
      ...(config.sip.tls === undefined ? {} : { tls: config.sip.tls }),
      ...(config.sip.origins === undefined ? {} : { origins: config.sip.origins }),
      ...(config.sip.advertise === undefined ? {} : { advertise: config.sip.advertise }),
      localNet: config.sip.localNet,
      ...(config.trace === null ? {} : { trace: config.trace }),
      client: { host: '127.0.0.1', port: 0 },
      secret: randomBytes(24).toString('base64url'),
      allow: config.peers.flatMap(({ allow }) => allow),
      ...(digest === null ? {} : { digest }),
    },
    {
      log: (level, text) => engineLog[level]({}, text),
      onRestart: (restarts, error) => engineLog.error({ restarts, error }, 'the engine died and was started again'),
    },
  );
  engine.onExit = onFatal;
  cleanups.push(() => engine.close());
  return {
    addresses: [{ ...engine.client, secret: engine.secret }],
    sipAddresses: engine.sipAddresses,
    measure: () => engine.measure(),
  };
}

/** What the verdict must know of the configuration. */
function verdictSettings({ voicemail, peers }: GatewayConfig): VerdictSettings {
  const owners = new Map(
    peers.flatMap(({ name, voicemail: owner }) => (owner === null ? [] : [[name, owner] as const])),
  );
  return { voicemail: { ...voicemail, owners, events: voicemail.eventToken !== null } };
}

function gatewaySettings(config: GatewayConfig, digest: DigestSettings | null): GatewaySettings {
  const { peers, routing, voicemail, featureCodes } = config;
  const registrar = config.registrar === null || digest === null ? null : { ...config.registrar, ...digest };
  return { peers, routing, voicemail, registrar, digest, featureCodes };
}

interface Parts {
  policy: PolicyStore | null;
  journal: Journal | null;
  ledger: CallLedger | null;
  gateway: Gateway | null;
  stopping: boolean;
}

/** The door for voicemail systems, where the configuration has a token for it. */
function voicemailEvents(
  { voicemail: { eventToken } }: GatewayConfig,
  parts: Parts,
  now: () => number,
): Pick<AdminOptions, 'voicemailEvents'> {
  if (eventToken === null) return {};
  return {
    voicemailEvents: {
      token: eventToken,
      now,
      async receive(report) {
        const { policy, ledger } = parts;
        if (policy === null || ledger === null) return 'starting';
        const mailbox = mailboxOf(report, policy.current());
        if (mailbox === null) return 'unknown-mailbox';
        const { event, call = null, caller = null, durationSeconds, messages } = report;
        const told = { mailbox, at: now(), source: 'event' };
        const durationMs = durationSeconds === undefined ? null : durationSeconds * 1_000;
        // The visit first: the message that it was about explains a rise of the total.
        const found =
          event === undefined ? null : await ledger.voicemailEvent({ ...told, kind: event, call, caller, durationMs });
        if (messages !== undefined) ledger.messageTotals({ ...told, total: messages.new + messages.old });
        return { call: found };
      },
    },
  };
}

function mailboxOf(report: VoicemailEventReport, policy: Policy): string | null {
  if (report.mailbox !== undefined) return policy.mailbox(report.mailbox)?.identity ?? null;
  const { number = '' } = report;
  const isUri = /^(sips?|tel):/i.test(number);
  const user = isUri ? number.replace(/^\w+:/, '').replace(/[@;].*$/, '') : number.replace(/@.*$/, '');
  const found = policy.findMailbox({ user, uri: isUri ? number : `sip:${number}` });
  return found.kind === 'found' ? found.mailbox.identity : null;
}

/** design.md section 6: SIP bound or drachtio connected, policy loaded, journal writable. */
async function readiness({ policy, journal, ledger, gateway, stopping }: Parts): Promise<Readiness> {
  const policyError = policy?.status().error ?? null;
  const writable =
    journal !== null &&
    (await journal.probe().then(
      () => true,
      () => false,
    ));
  const queued = ledger?.queueDepth ?? 0;
  const checks: ReadinessCheck[] = [
    sipCheck(gateway),
    {
      name: 'policy',
      ok: policy !== null,
      // A broken save is no outage: the last good policy holds.
      detail: policyError === null ? 'loaded' : `the last good version holds: ${policyError.message}`,
    },
    {
      name: 'journal',
      ok: writable && ledger?.ready === true,
      detail: writable ? `writable, ${queued} calls wait to be written` : `not writable, ${queued} calls wait`,
    },
    { name: 'draining', ok: !stopping, detail: stopping ? 'stopping: new calls get 503' : 'takes new calls' },
  ];
  return { ready: checks.every(({ ok }) => ok), checks, ...details(gateway) };
}

function details(gateway: Gateway | null): Omit<Readiness, 'ready' | 'checks'> {
  if (gateway === null) return {};
  return {
    hops: gateway.hops.map(({ uri, up, since }) => ({
      uri,
      up,
      since: since === null ? null : new Date(since).toISOString(),
    })),
    registrations: gateway.registered.length,
    liveCalls: gateway.liveCallCount,
  };
}

/** One engine is enough to take calls; each that is missing is named. */
function sipCheck(gateway: Gateway | null): ReadinessCheck {
  const engines = gateway?.engines ?? [];
  const missing = engines.filter(({ connected }) => !connected).map(({ address }) => address);
  if (engines.length === missing.length) return { name: 'sip', ok: false, detail: 'no engine is connected' };
  const detail = missing.length === 0 ? 'connected' : `connected, but not to the engine at ${missing.join(', ')}`;
  return { name: 'sip', ok: true, detail };
}

/** The one line at the end of each call. */
function callSettled(call: CallView, log: Logger, metrics: Metrics): void {
  const own = call.decisions.find(({ primary }) => primary);
  if (call.outcome !== null) metrics.callEnded(call.outcome, call.cause);
  if (own !== undefined) metrics.decided(own.decision, own.reason);
  const fields = {
    call: call.id,
    sipCallId: call.sipCallId,
    peer: call.peer,
    caller: callerLabel(call.caller),
    callee: call.callee,
    mailbox: call.mailbox,
    startedAt: new Date(call.startedAt).toISOString(),
    endedAt: call.endedAt === null ? null : new Date(call.endedAt).toISOString(),
    rangMs: call.rangMs,
    outcome: call.outcome,
    cause: call.cause,
    decision: own?.decision ?? null,
    reason: own?.reason ?? null,
  };
  log.info(fields, call.outcome === null ? 'call ended, its verdict waits for evidence' : 'call ended');
}

async function notificationQueue(
  journal: Journal,
  now: number,
): Promise<{ states: Readonly<Record<string, number>>; oldestDueMs: number }> {
  const [{ notifications }, nextDueAt] = await Promise.all([journal.counts(), journal.nextDueAt()]);
  return { states: notifications, oldestDueMs: nextDueAt === null ? 0 : Math.max(0, now - nextDueAt) };
}

function policyMetrics(status: PolicyStatus): { version: string; loadedAtMs: number; ok: boolean; mailboxes: number } {
  return {
    version: status.version,
    loadedAtMs: status.loadedAt,
    ok: status.error === null,
    mailboxes: status.mailboxCount,
  };
}

const schedule: Schedule = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};

function random(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}

/** Never resolves. */
function aborted(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error('The start was stopped.'));
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => (done ??= action());
}
