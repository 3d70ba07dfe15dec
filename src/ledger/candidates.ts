import type { CalleeLeg, CallStart, Evidence } from '../call/index.ts';
import type { CallRecord } from '../journal/index.ts';
import type { Answer } from './judge.ts';
import type { Visit } from './message-totals.ts';
import { isSaying, type Candidate } from './voicemail-events.ts';

/** A call that lives. */
export interface LiveCall {
  readonly start: CallStart;
  readonly evidence: readonly Evidence[];
  readonly answered: Answer | null;
  /** When voicemail was known to have it. */
  readonly reachedAt: number | null;
}

/** The calls that something may be about. */
export interface Calls {
  /** Their verdict waits. */
  readonly pending: readonly CallRecord[];
  readonly live: readonly LiveCall[];
}

/** Who says so where totals were compared. */
export const TOTALS = 'message totals';

/** Those of the calls that an unexplained message told of at this time may have come from. */
export function visitsIn({ pending, live }: Calls, at: number): Visit[] {
  return [
    ...pending.filter(({ evidence }) => !isTold(evidence)).map(pendingVisit),
    ...live.filter(({ evidence }) => !isTold(evidence)).flatMap((call) => liveVisit(call, at)),
  ].filter(({ since }) => since <= at);
}

/** Somebody has said what became of this visit. */
function isTold(evidence: readonly Evidence[]): boolean {
  return evidence.some((one) => one.kind === 'voicemail-left' || (one.strength === 'certain' && isSaying(one)));
}

function pendingVisit({ id, state, evidence, startedAt }: CallRecord): Visit {
  const reached = new Set(evidence.filter(({ kind }) => kind === 'voicemail-reached').map(({ source }) => source));
  const isVisit = (leg: CalleeLeg): boolean => leg.kind === 'voicemail' || reached.has(leg.id);
  const leg = state?.legs.find((one) => isVisit(one) && one.answeredAt !== null);
  const { answeredAt = null, endedAt = null } = leg ?? {};
  const stayMs = answeredAt === null || endedAt === null ? null : endedAt - answeredAt;
  return { callId: id, since: answeredAt ?? startedAt, stayMs, live: false };
}

function liveVisit({ start, reachedAt }: LiveCall, at: number): Visit[] {
  return reachedAt === null ? [] : [{ callId: start.id, since: reachedAt, stayMs: at - reachedAt, live: true }];
}

/** Those of the calls that an event may be about. */
export function candidatesIn({ pending, live }: Calls): Candidate[] {
  return [...pending.map(pendingCandidate), ...live.map(liveCandidate)];
}

function pendingCandidate({ id, sipCallId, state, caller, startedAt, evidence }: CallRecord): Candidate {
  const legs = [...(state?.callers ?? []), ...(state?.legs ?? [])].flatMap((leg) => leg.sipCallId ?? []);
  const told = isCertain(evidence);
  return { callId: id, sipCallIds: [sipCallId, ...legs], caller, startedAt, phase: 'voicemail', told };
}

function liveCandidate({ start, evidence, answered, reachedAt }: LiveCall): Candidate {
  const { id, sipCallId, caller, startedAt } = start;
  const phase = reachedAt !== null ? 'voicemail' : answered === null ? 'ringing' : 'answered';
  return { callId: id, sipCallIds: [sipCallId], caller, startedAt, phase, told: isCertain(evidence) };
}

/** The voicemail system itself has spoken; what was counted is only a guess which call it was. */
function isCertain(evidence: readonly Evidence[]): boolean {
  return evidence.some((one) => one.strength === 'certain' && isSaying(one));
}
