import type { Readiness, ReadinessCheck } from '../admin/index.ts';
import type { Gateway } from '../gateway/index.ts';
import type { Journal } from '../journal/index.ts';
import type { CallLedger } from '../ledger/index.ts';
import type { TemplateStore } from '../notification/index.ts';
import type { PolicyStore } from '../policy/index.ts';

/** Templates that cannot be used and are named. */
const MAX_NAMED_TEMPLATES = 3;

/** What runs by now. */
export interface Parts {
  policy: PolicyStore | null;
  templates: TemplateStore | null;
  journal: Journal | null;
  ledger: CallLedger | null;
  gateway: Gateway | null;
  stopping: boolean;
}

/** design.md section 6: SIP bound or drachtio connected, policy loaded, journal writable. */
export async function readiness(parts: Parts): Promise<Readiness> {
  const { journal, ledger, gateway, stopping } = parts;
  const writable =
    journal !== null &&
    (await journal.probe().then(
      () => true,
      () => false,
    ));
  const queued = ledger?.queueDepth ?? 0;
  const checks: ReadinessCheck[] = [
    sipCheck(gateway),
    policyCheck(parts),
    {
      name: 'journal',
      ok: writable && ledger?.ready === true,
      detail: writable ? `writable, ${queued} calls wait to be written` : `not writable, ${queued} calls wait`,
      code: writable ? 'journal-writable' : 'journal-not-writable',
      values: { queued },
    },
    templatesCheck(parts),
    await mailCheck(parts),
    {
      name: 'draining',
      ok: !stopping,
      detail: stopping ? 'stopping: new calls get 503' : 'takes new calls',
      code: stopping ? 'calls-refused' : 'calls-taken',
    },
  ];
  return { ready: checks.every(({ ok }) => ok), checks, ...details(gateway) };
}

/** A broken save is no outage: the last good policy holds. */
function policyCheck({ policy }: Parts): ReadinessCheck {
  const name = 'policy';
  if (policy === null) return { name, ok: false, detail: 'not loaded yet', code: 'policy-missing' };
  const { error } = policy.status();
  if (error === null) return { name, ok: true, detail: 'loaded', code: 'policy-loaded' };
  const detail = `the last good version holds: ${error.message}`;
  return { name, ok: true, attention: true, detail, code: 'policy-broken', values: { error: error.message } };
}

/** A text that cannot be used is no outage: the one that comes with the program stands in for it. */
function templatesCheck({ templates }: Parts): ReadinessCheck {
  const name = 'templates';
  if (templates === null) return { name, ok: false, detail: 'not loaded yet', code: 'templates-missing' };
  const broken = templates.list().filter(({ error }) => error !== null);
  if (broken.length === 0) return { name, ok: true, detail: 'all can be used', code: 'templates-usable' };
  const listed = broken.slice(0, MAX_NAMED_TEMPLATES).map(({ language, part }) => `${language}/${part}`);
  const more = broken.length > listed.length ? ` (+${broken.length - listed.length})` : '';
  const named = listed.join(', ') + more;
  const detail = `mails have the built-in text, for ${named} cannot be used: the log says why`;
  return { name, ok: true, attention: true, detail, code: 'templates-broken', values: { named } };
}

/** Mail that does not leave is no outage: it waits. */
async function mailCheck({ journal }: Parts): Promise<ReadinessCheck> {
  const name = 'mail';
  const counts = (await journal?.counts().catch(() => null)) ?? null;
  // The check of the journal says so.
  if (counts === null) return { name, ok: true, detail: 'not known', code: 'mail-unknown' };
  const { notifications, oldest } = counts;
  if (oldest === null) return { name, ok: true, detail: 'nothing waits', code: 'mail-idle' };
  const waiting = notifications.due + notifications.claimed;
  const { attempts, lastError } = oldest;
  const since = `${new Date(oldest.createdAt).toISOString().slice(0, 19)}Z`;
  if (attempts === 0 || lastError === null) {
    return {
      name,
      ok: true,
      detail: `${waiting} wait, since ${since}`,
      code: 'mail-waiting',
      values: { waiting, since },
    };
  }
  const detail = `${waiting} wait, since ${since}; the oldest has failed ${attempts} times: ${lastError}`;
  const values = { waiting, since, attempts, error: lastError };
  return { name, ok: true, attention: true, detail, code: 'mail-failing', values };
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
  const name = 'sip';
  if (engines.length === missing.length) return { name, ok: false, detail: 'no engine is connected', code: 'sip-none' };
  if (missing.length === 0) return { name, ok: true, detail: 'connected', code: 'sip-connected' };
  const detail = `connected, but not to the engine at ${missing.join(', ')}`;
  return { name, ok: true, attention: true, detail, code: 'sip-partly', values: { missing: missing.join(', ') } };
}
