import { randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { callShown, type MadeApi, startAdmin } from './admin/index.ts';
import { digestOf, openPhones } from './app/accounts.ts';
import { adminApi, type AdminParts, auditFileChanges, createLive, purgeRegularly } from './app/admin.ts';
import { certificates } from './app/certificates.ts';
import { startEngine } from './app/engine.ts';
import { readiness, type Parts } from './app/readiness.ts';
import { callSettled, notificationQueue, policyMetrics } from './app/reports.ts';
import { voicemailEvents } from './app/voicemail-events.ts';
import type { VerdictSettings } from './call/index.ts';
import { editAudit } from './cmdlet/index.ts';
import { unknownDialPlans, type GatewayConfig } from './config/index.ts';
import { createGateway, type DigestSettings, type GatewaySettings } from './gateway/index.ts';
import { openSqliteJournal } from './journal/index.ts';
import { createLedger, type Schedule } from './ledger/index.ts';
import { createNotificationWorker, openMailTransport, openTemplates } from './notification/index.ts';
import { createMetrics, watchLoopDelay, type Logger } from './observe/index.ts';
import { editPolicy, openPolicyStore, type PolicyStatus, type PolicyStore } from './policy/index.ts';

export interface AppOptions {
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly now: () => number;
  /** Of this program. */
  readonly version: string;
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
  /** Where the first account is made, with its one-time secret; null: there are accounts. */
  readonly firstAccountPath: string | null;
  /**
   * SIGHUP: reads the policy file, the phones and the templates again, and takes the certificates of `again`, what gateway.yaml and
   * its files say now; null: it has mistakes, the certificates stay.
   */
  reload(again?: GatewayConfig | null): Promise<PolicyStatus>;
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
  const parts: Parts = { policy: null, templates: null, journal: null, ledger: null, gateway: null, stopping: false };

  let api: MadeApi | null = null;
  const admin = await startAdmin({
    listen: config.admin.listen,
    tls: config.admin.tls ?? undefined,
    publicUrl: config.admin.publicUrl ?? undefined,
    status: { readiness: () => readiness(parts) },
    metrics: () => metrics.render(),
    log: log.child({ room: 'admin' }),
    api: () => api,
    version: options.version,
    ...voicemailEvents(config, parts, now),
  });
  cleanups.push(() => admin.close());
  const live = createLive(() => parts.gateway, now);
  const loopDelay = watchLoopDelay();
  cleanups.push(async () => loopDelay.stop());

  const policy = await openPolicyStore({ path: config.policy, now, log: log.child({ room: 'policy' }) });
  parts.policy = policy;
  cleanups.push(() => policy.close());
  policy.onChange((status) => {
    metrics.policyLoaded(status.error === null);
    live.tell({ kind: 'policy', version: status.version, broken: status.error !== null });
  });
  watchDialPlans(config, policy, log);

  const journal = await openSqliteJournal({ path: config.journal.path, node: config.node, now, pid: options.pid });
  parts.journal = journal;
  cleanups.push(() => journal.close());

  const transport = await openMailTransport(config.notification.transport.uri, config.notification.transport);
  cleanups.push(() => transport.close());
  const templates = await openTemplates(config.notification.templates, log.child({ room: 'notification' }));
  parts.templates = templates;
  const worker = createNotificationWorker({
    journal,
    transport,
    mail: config.notification,
    templates,
    owner: config.node,
    log: log.child({ room: 'notification' }),
    random,
  });
  worker.onResult = (_, result) => metrics.notificationResult(result.kind);
  cleanups.push(() => worker.stop(LAST_SENDS_MS));

  const admins = {
    config,
    parts,
    journal,
    policy,
    templates,
    transport,
    worker,
    live,
    log,
    now,
    version: options.version,
    origin: () => admin.address,
  };
  api = adminApi(admins);
  const ends = [purgeRegularly(journal, now, log), auditFileChanges(admins)];
  cleanups.push(async () => ends.forEach((end) => end()));

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
      live.tell({ kind: 'ended', call: callShown(call) });
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
  const engine = await startEngine(options, digest, (close) => cleanups.push(close));
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
    switchNotifications: (mailbox, on) => switchNotifications(admins, mailbox, on),
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
  const renew = certificates({ config, admin, engine, log });
  const reload = async (again: GatewayConfig | null = null): Promise<PolicyStatus> => {
    if (again !== null) renew(again);
    await templates.reload();
    try {
      phones.reload();
      gateway.phonesChanged();
    } catch (error) {
      log.error({ error }, 'the file of phones cannot be used; the phones that were known stay');
    }
    return policy.reload();
  };
  return { addresses: { sip, admin: admin.address }, firstAccountPath: await api.firstAccountPath(), reload };
}

/** Set-UMMailbox, from the user's phone; resolves when it holds. */
async function switchNotifications(
  { config, policy, journal, now }: AdminParts,
  mailbox: string,
  on: boolean,
): Promise<void> {
  if (policy.current().mailbox(mailbox)?.missedCallNotificationEnabled === on) return;
  const changes = { missedCallNotificationEnabled: on };
  const caller = { name: mailbox, by: 'phone', source: mailbox, permissions: new Set<never>(), mailbox } as const;
  const about = { caller, operation: 'Set-UMMailbox', target: mailbox, why: null };
  const result = await editPolicy({
    path: config.policy,
    changes: [{ kind: 'mailbox', action: 'set', name: mailbox, changes }],
    by: mailbox,
    audit: editAudit({ journal, now, newId: uuidv7, ...about }),
  });
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
