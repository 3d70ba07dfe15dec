import type { CallFilter, CallView, NotificationRecord } from '../../journal/index.ts';
import type { Call, CallDetails, Notification } from '../contract.ts';
import { type Handlers, Refusal } from '../handlers.ts';
import { csvLine } from './policy-file/csv-format.ts';
import type { OperationContext } from './context.ts';
import { pageOf } from './accounts.ts';

type Names = 'calls' | 'call' | 'exportCalls' | 'liveCalls' | 'missedReport' | 'unreturned' | 'myCalls';

/** Calls that one export has. */
export const MAX_EXPORTED_CALLS = 100_000;
const EXPORT_PAGE = 500;
/** Rows of a report. */
export const MAX_SHOWN_REPORT_ROWS = 1_000;
/** Where no time is given. */
const REPORT_SPAN_MS = 7 * 24 * 60 * 60 * 1000;

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** The call log and the reports. */
export function createCallHandlers(context: OperationContext): Handlers<Names> {
  const { journal, live, explain, now } = context;
  const span = ({ from, to }: { readonly from?: string | undefined; readonly to?: string | undefined }) => {
    const end = to === undefined ? now() : Date.parse(to);
    return { from: from === undefined ? end - REPORT_SPAN_MS : Date.parse(from), to: end };
  };
  return {
    async calls({ query }) {
      const { items, next } = await journal.callPage(filterOf(query), pageOf(query));
      return { body: { items: items.map((call) => callShown(call)), next } };
    },
    async call({ params, query }) {
      const call = await journal.call(params.id);
      if (call === null) throw new Refusal(404, `There is no call ${params.id}.`);
      return { body: detailsOf(call, explain(call, query.language)) };
    },
    async exportCalls({ query, signal }) {
      return { body: exported(context, filterOf(query), signal) };
    },
    async liveCalls() {
      const { calls, total } = live.calls();
      return { body: { items: [...calls], total } };
    },
    async missedReport({ query }) {
      const { by, timeZone } = query;
      const { rows, truncated } = await journal.report({ ...span(query), by, timeZone, limit: MAX_SHOWN_REPORT_ROWS });
      return { body: { rows: rows.map((row) => ({ ...row })), truncated } };
    },
    async unreturned({ query }) {
      const { mailbox } = query;
      const wanted = { ...span(query), ...(mailbox === undefined ? {} : { mailbox }), limit: MAX_SHOWN_REPORT_ROWS };
      const { rows, truncated } = await journal.unreturned(wanted);
      return { body: { rows: rows.map((row) => ({ ...row, lastAt: iso(row.lastAt) })), truncated } };
    },
    async myCalls({ query, caller }) {
      const { mailbox } = caller;
      if (mailbox === null)
        throw new Refusal(404, 'This account has no mailbox of its own: an administrator can name one.');
      const { items, next } = await journal.callPage({ mailbox, outcome: 'missed' }, pageOf(query));
      return { body: { items: items.map((call) => callShown(call, mailbox)), next } };
    },
  };
}

function filterOf(query: Readonly<Record<string, unknown>>): CallFilter {
  const { from, to, mailbox, group, outcome, decision, reason, number } = query as Readonly<
    Record<string, string | undefined>
  >;
  return {
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(group === undefined ? {} : { group }),
    ...(outcome === undefined ? {} : { outcome: outcome as NonNullable<CallFilter['outcome']> }),
    ...(decision === undefined ? {} : { decision: decision as NonNullable<CallFilter['decision']> }),
    ...(reason === undefined ? {} : { reason }),
    ...(number === undefined ? {} : { number }),
  };
}

/** @param mailbox whose decision is shown; the called user's where it is left out */
export function callShown(call: CallView, mailbox?: string): Call {
  const own = call.decisions.find((one) => (mailbox === undefined ? one.primary : one.mailbox === mailbox));
  const { caller } = call;
  return {
    id: call.id,
    startedAt: iso(call.startedAt),
    endedAt: isoOrNull(call.endedAt),
    caller: caller.hidden ? null : { number: caller.number, displayName: caller.displayName },
    callee: call.callee,
    mailbox: call.mailbox,
    group: call.group,
    peer: call.peer,
    rangMs: call.rangMs,
    outcome: call.outcome,
    cause: call.cause,
    pendingUntil: isoOrNull(call.pendingUntil),
    decision: own?.decision ?? null,
    reason: own?.reason ?? null,
    notification: own?.notifications[0]?.state ?? null,
  };
}

function detailsOf(call: CallView, explanation: readonly string[]): CallDetails {
  const { hidden } = call.caller;
  return {
    ...callShown(call),
    // Who made the Call-ID of a caller who hides wrote the host into it, as many do.
    callId: hidden ? '' : call.sipCallId,
    node: call.node,
    rule: call.rule,
    explanation: [...explanation],
    evidence: call.evidence.map(({ at, kind, source, strength, detail }) => ({
      at: iso(at),
      kind,
      source,
      strength,
      detail,
    })),
    decisions: call.decisions.map(({ mailbox, decision, reason, detail, notifications }) => ({
      mailbox,
      decision,
      reason,
      detail,
      notifications: notifications.map(({ id, channel, state, attempts, lastError }) => ({
        id,
        channel,
        state,
        attempts,
        lastError,
      })),
    })),
  };
}

export function notificationShown(notification: NotificationRecord): Notification {
  const { id, callId, mailbox, channel, state, attempts, createdAt, dueAt, sentAt, content, lastError } = notification;
  return {
    id,
    callId,
    mailbox,
    channel,
    state,
    attempts,
    createdAt: iso(createdAt),
    dueAt: iso(dueAt),
    sentAt: isoOrNull(sentAt),
    recipient: content.recipient.address,
    lastError,
  };
}

const COLUMNS = [
  'id',
  'startedAt',
  'endedAt',
  'callerNumber',
  'callerName',
  'callee',
  'mailbox',
  'group',
  'peer',
  'rangSeconds',
  'outcome',
  'cause',
  'decision',
  'reason',
  'notification',
] as const;

async function* exported(
  { journal }: OperationContext,
  filter: CallFilter,
  signal: AbortSignal,
): AsyncGenerator<string> {
  // So that spreadsheets read UTF-8.
  yield `\ufeff${csvLine(COLUMNS)}`;
  let left = MAX_EXPORTED_CALLS;
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof journal.callPage>> = await journal.callPage(filter, {
      limit: Math.min(EXPORT_PAGE, left),
      ...(after === null ? {} : { after }),
    });
    yield page.items.map((call) => csvLine(cellsOf(callShown(call)))).join('');
    left -= page.items.length;
    after = page.next;
  } while (after !== null && left > 0 && !signal.aborted);
}

function cellsOf(call: Call): string[] {
  const cells: Record<(typeof COLUMNS)[number], string | number | null> = {
    ...call,
    callerNumber: call.caller?.number ?? null,
    callerName: call.caller?.displayName ?? null,
    rangSeconds: call.rangMs === null ? null : Math.round(call.rangMs / 1_000),
  };
  return COLUMNS.map((column) => String(cells[column] ?? ''));
}
