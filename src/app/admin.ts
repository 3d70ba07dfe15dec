import ipaddr from 'ipaddr.js';
import { v7 as uuidv7 } from 'uuid';
import {
  createApi,
  type GatewayStatus,
  type LiveCall,
  type LiveEvent,
  type LiveSource,
  type MadeApi,
} from '../admin/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import type { Gateway, LiveCall as GatewayCall } from '../gateway/index.ts';
import type { AdminJournal, Journal } from '../journal/index.ts';
import { explain } from '../ledger/index.ts';
import type { MailTransport, NotificationWorker, TemplateStore } from '../notification/index.ts';
import type { Logger } from '../observe/index.ts';
import { type PolicyStore, type PolicyVersion, policyVersions } from '../policy/index.ts';
import { type Parts, readiness } from './readiness.ts';

/** Live calls that are shown; of more there is the number. */
const SHOWN_CALLS = 100;
/** Many who look are answered by one look. */
const LOOKED_MS = 400;
const PURGE_EVERY_MS = 10 * 60_000;

/** What the pages and the HTTP API see of calls as they happen. */
export interface Live extends LiveSource {
  tell(event: Exclude<LiveEvent, { kind: 'calls' }>): void;
}

export function createLive(gateway: () => Gateway | null, now: () => number): Live {
  const listeners = new Set<Parameters<LiveSource['subscribe']>[0]>();
  let lookedAt = -Infinity;
  let seen: ReturnType<LiveSource['calls']> = { calls: [], total: 0 };
  return {
    calls() {
      if (now() - lookedAt < LOOKED_MS) return seen;
      lookedAt = now();
      const running = gateway();
      seen = { calls: running?.liveCalls(SHOWN_CALLS).map(shown) ?? [], total: running?.liveCallCount ?? 0 };
      return seen;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(event) {
      for (const listener of listeners) listener(event);
    },
  };
}

const STATES = { routing: 'calling', ringing: 'ringing', talking: 'answered', voicemail: 'voicemail' } as const;

function shown({ id, caller, callee, mailbox, peer, startedAt, phase }: GatewayCall): LiveCall {
  return {
    id,
    startedAt: new Date(startedAt).toISOString(),
    caller: caller.hidden ? null : { number: caller.number, displayName: caller.displayName },
    callee,
    mailbox,
    peer,
    state: STATES[phase],
  };
}

export interface AdminParts {
  readonly config: GatewayConfig;
  readonly parts: Parts;
  readonly journal: Journal & AdminJournal;
  readonly policy: PolicyStore;
  readonly templates: TemplateStore;
  readonly transport: MailTransport;
  readonly worker: NotificationWorker;
  readonly live: Live;
  readonly log: Logger;
  readonly now: () => number;
  readonly version: string;
  readonly origin: () => string;
}

/** The HTTP API on what runs. */
export function adminApi(of: AdminParts): MadeApi {
  const { config, parts, journal, policy, templates, transport, worker, live, log, now, version, origin } = of;
  return createApi({
    journal,
    store: policy,
    policyPath: config.policy,
    live,
    explain,
    mail: config.notification,
    templates,
    transport,
    wake: () => worker.wake(),
    status: statusOf(config, parts),
    log: log.child({ room: 'admin' }),
    node: config.node,
    version,
    startedAt: now(),
    now,
    newId: uuidv7,
    oidc: config.admin.oidc,
    origin,
  });
}

function statusOf({ peers }: GatewayConfig, parts: Parts): GatewayStatus {
  const hops = () =>
    (parts.gateway?.hops ?? []).map(({ uri, up, since }) => ({
      uri,
      up,
      since: since === null ? null : new Date(since).toISOString(),
    }));
  return {
    readiness: () => readiness(parts),
    hops,
    peers: () =>
      peers.map(({ name, profile, allow, voicemail }) => ({
        name,
        profile,
        allow: [...allow],
        voicemail,
        liveCalls: parts.gateway?.liveCallsOf(name) ?? 0,
        hops: hops().filter(({ uri }) => allow.some((cidr) => within(uri, cidr))),
      })),
    registrations: () =>
      (parts.gateway?.registered ?? []).map(({ aor, contact, source, userAgent, expiresAt }) => ({
        aor,
        contact,
        source,
        userAgent,
        expiresAt: new Date(expiresAt).toISOString(),
      })),
  };
}

/** Whether a URI leads to an address of this range; a host name is nobody's here. */
function within(uri: string, cidr: string): boolean {
  const host = /^sips?:(?:[^@]*@)?(\[[^\]]+\]|[^:;?]+)/i.exec(uri)?.[1]?.replace(/^\[|\]$/g, '') ?? '';
  if (!ipaddr.isValid(host)) return false;
  const address = ipaddr.process(host);
  const [range, bits] = cidr.includes('/') ? ipaddr.parseCIDR(cidr) : [ipaddr.parse(cidr), null];
  if (address.kind() !== range.kind()) return false;
  return address.match(range, bits ?? (range.kind() === 'ipv4' ? 32 : 128));
}

/** Sessions, old records and the like go, some at a time. Returns how to stop. */
export function purgeRegularly(journal: AdminJournal, now: () => number, log: Logger): () => void {
  const timer = setInterval(() => {
    journal.purge(now()).catch((error: unknown) => log.warn({ error }, 'old records could not be purged'));
  }, PURGE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Each version of the policy file that no edit of ours made leaves an audit record too, also one that an edit of ours followed
 * before it was seen.
 */
export function auditFileChanges({ policy, journal, now, log, config }: AdminParts): () => void {
  let { version } = policy.status();
  return policy.onChange((status) => {
    if (status.version === version) return;
    const [before, after] = [version, status.version];
    version = after;
    void (async () => {
      for (const step of stepsByHand(await policyVersions(config.policy), before, after)) {
        await journal.intendAudit({
          id: uuidv7(),
          at: now(),
          actor: 'unknown',
          by: 'file',
          source: 'local',
          operation: 'edit file',
          target: config.policy,
          before: { version: step.before },
          after: { version: step.after },
          why: null,
          result: 'done',
          error: null,
        });
      }
    })().catch((error: unknown) => log.warn({ error }, 'a change of the policy file could not be recorded'));
  });
}

interface Step {
  readonly before: string;
  readonly after: string;
}

/** Of the versions that led from one to the other (`kept`: newest first), those that are nobody's: whoever edits by way of this program is named there, and has left a record. */
function stepsByHand(kept: readonly PolicyVersion[], before: string, after: string): readonly Step[] {
  const newest = kept.findIndex(({ version }) => version === after);
  if (newest < 0) return [{ before, after }];
  const oldest = kept.findIndex(({ version }, index) => index > newest && version === before);
  // One that is kept no more: what was between is not known.
  const since = kept.slice(newest, oldest < 0 ? newest + 1 : oldest).toReversed();
  return since.flatMap(({ version, by }, index) =>
    by === null ? [{ before: since[index - 1]?.version ?? before, after: version }] : [],
  );
}
