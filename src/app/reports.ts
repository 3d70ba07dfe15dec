import { callerLabel } from '../call/index.ts';
import type { CallView, Journal } from '../journal/index.ts';
import type { Logger, Metrics } from '../observe/index.ts';
import type { PolicyStatus } from '../policy/index.ts';

/** The one line at the end of each call. */
export function callSettled(call: CallView, log: Logger, metrics: Metrics): void {
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

export async function notificationQueue(
  journal: Journal,
  now: number,
): Promise<{ states: Readonly<Record<string, number>>; oldestDueMs: number }> {
  const { notifications, oldest } = await journal.counts();
  return { states: notifications, oldestDueMs: oldest === null ? 0 : Math.max(0, now - oldest.createdAt) };
}

export function policyMetrics(status: PolicyStatus): {
  version: string;
  loadedAtMs: number;
  ok: boolean;
  mailboxes: number;
} {
  return {
    version: status.version,
    loadedAtMs: status.loadedAt,
    ok: status.error === null,
    mailboxes: status.mailboxCount,
  };
}
