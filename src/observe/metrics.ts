import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { createGauges, type MetricSources } from './gauges.ts';
import { BoundedLabel } from './labels.ts';

/** What happened, told as it happens. Labels are words of closed sets; anything else is counted as `other`. */
export interface Metrics {
  callEnded(outcome: string, cause: string | null): void;
  decided(decision: string, reason: string): void;
  /** `sent`, `retry`, `dead`. */
  notificationResult(result: string): void;
  policyLoaded(ok: boolean): void;
  /** Adds sources; a later one of the same name replaces the earlier. */
  watch(sources: MetricSources): void;
  /** The Prometheus page. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Metrics with a registry of their own, so that several can live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const sources: MetricSources = {};
  const readGauges = createGauges(registry);
  return {
    ...registerCounters(registry),
    watch: (added) => void Object.assign(sources, added),
    async render() {
      await readGauges(sources);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function registerCounters(registry: Registry): Omit<Metrics, 'watch' | 'render'> {
  const registers = [registry];
  const outcomes = new BoundedLabel();
  const causes = new BoundedLabel();
  const decisions = new BoundedLabel();
  const reasons = new BoundedLabel();
  const results = new BoundedLabel();
  const calls = new Counter({
    name: 'mcg_calls_total',
    help: 'Calls that ended, by outcome and cause.',
    labelNames: ['outcome', 'cause'],
    registers,
  });
  const decided = new Counter({
    name: 'mcg_decisions_total',
    help: 'Decisions to notify or to skip, by reason.',
    labelNames: ['decision', 'reason'],
    registers,
  });
  const delivered = new Counter({
    name: 'mcg_notification_attempts_total',
    help: 'Attempts to deliver a notification, by result.',
    labelNames: ['result'],
    registers,
  });
  const loads = new Counter({
    name: 'mcg_policy_loads_total',
    help: 'Loads of the policy file, by result.',
    labelNames: ['result'],
    registers,
  });
  return {
    callEnded: (outcome, cause) => calls.inc({ outcome: outcomes.value(outcome), cause: causes.value(cause) }),
    decided: (decision, reason) => decided.inc({ decision: decisions.value(decision), reason: reasons.value(reason) }),
    notificationResult: (result) => delivered.inc({ result: results.value(result) }),
    policyLoaded: (ok) => loads.inc({ result: ok ? 'ok' : 'error' }),
  };
}
