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
export async function readiness({ policy, templates, journal, ledger, gateway, stopping }: Parts): Promise<Readiness> {
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
    templatesCheck(templates),
    { name: 'draining', ok: !stopping, detail: stopping ? 'stopping: new calls get 503' : 'takes new calls' },
  ];
  return { ready: checks.every(({ ok }) => ok), checks, ...details(gateway) };
}

/** A text that cannot be used is no outage: the one that comes with the program stands in for it. */
function templatesCheck(templates: TemplateStore | null): ReadinessCheck {
  const broken = (templates?.list() ?? []).filter(({ error }) => error !== null);
  const named = broken.slice(0, MAX_NAMED_TEMPLATES).map(({ language, part }) => `${language}/${part}`);
  const more = broken.length > named.length ? ` and ${broken.length - named.length} more` : '';
  const detail =
    broken.length === 0
      ? 'all can be used'
      : `mails have the built-in text, for ${named.join(', ')}${more} cannot be used: the log says why`;
  return { name: 'templates', ok: templates !== null, detail };
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
