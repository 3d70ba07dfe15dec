import {
  answererOf,
  answersIn,
  evidenceOf,
  judge,
  judgeInterrupted as judgeInterruptedCall,
  rangAt,
  rangMs,
  type CallStart,
  type CalleeLeg,
  type CallState,
  type EndedCall,
  type Evidence,
  type Judgement,
  type VerdictSettings,
} from '../call/index.ts';
import type { CallRecord } from '../journal/index.ts';
import type { Policy } from '../policy/index.ts';
import type { Judged } from './settlement.ts';

/** What a verdict rests on besides the call. */
export interface Law {
  readonly settings: VerdictSettings;
  readonly policy: Policy;
}

/** What has been reported of a call that has not ended. */
export interface Reported {
  readonly start: CallStart;
  /** From outside the call's signalling; the journal has it, or is about to. */
  readonly evidence: readonly Evidence[];
  readonly rangAt: number | null;
  readonly answered: Answer | null;
}

export interface Answer {
  readonly at: number;
  readonly by: 'phone' | 'voicemail';
}

/** Of each kind the first answer counts, and a phone's over the voicemail system's: somebody talked. */
export function outranks(answer: Answer, known: Answer | null): boolean {
  return known === null || (known.by === 'voicemail' && answer.by === 'phone');
}

/** A call whose last leg has ended. */
export function judgeEnded(call: Reported, state: CallState, endedAt: number, law: Law): Judged {
  const { start } = call;
  const newEvidence = evidenceOf(state, endedAt, call.evidence);
  const evidence = [...call.evidence, ...newEvidence].sort((a, b) => a.at - b.at);
  const answered = answerIn(state, evidence) ?? call.answered;
  const facts = factsOf(start, { state, evidence, endedAt }, law);
  const judgement = judge(facts, law.settings, { settled: false });
  const noted = noteIn(judgement, endedAt);
  return {
    start,
    course: {
      rangAt: rangAt(state) ?? call.rangAt,
      rangMs: rangMs(state, endedAt),
      answeredAt: answered?.at ?? null,
      answeredBy: answered?.by ?? null,
      endedAt,
      state,
    },
    ...judgement,
    evidence: [...evidence, ...noted],
    newEvidence: [...newEvidence, ...noted],
  };
}

/**
 * A call that the gateway did not see to its end: only what was reported of it is known.
 * @param detail how it was interrupted, for the evidence
 */
export function judgeInterrupted(call: Reported, endedAt: number, detail: string, law: Law): Judged {
  const { start, rangAt } = call;
  const seen: Evidence = { at: endedAt, kind: 'interrupted', source: 'gateway', strength: 'certain', detail };
  const evidence = [...call.evidence, seen];
  const facts = { answeredBy: call.answered?.by ?? null, evidence, endedAt };
  const answered = { answeredAt: call.answered?.at ?? null, answeredBy: answererOf(facts) };
  return {
    start,
    // How long it rang is not known: nobody saw when it stopped.
    course: { rangAt, rangMs: null, ...answered, endedAt, state: null },
    ...judgeInterruptedCall(facts, law.settings, { settled: false }),
    evidence,
    newEvidence: [seen],
  };
}

/**
 * A call whose verdict waited for evidence, by what the journal has now. Before it is due, it may still have to wait: the
 * verdict is pending again unless there is decisive evidence.
 * @param told evidence that the journal has not
 */
export function judgePending(record: CallRecord, now: number, law: Law, told: readonly Evidence[] = []): Judged {
  const { state, rangAt, rangMs, answeredAt, answeredBy, endedAt: ended } = record;
  const evidence = [...record.evidence, ...told];
  const endedAt = ended ?? now;
  const when = { settled: record.pendingUntil === null || now >= record.pendingUntil };
  const judgement =
    state === null
      ? judgeInterruptedCall({ answeredBy, evidence, endedAt }, law.settings, when)
      : judge(factsOf(record, { state, evidence, endedAt }, law), law.settings, when);
  const course = { rangAt, rangMs, answeredAt, answeredBy, endedAt, state };
  const noted = noteIn(judgement, now);
  return { start: record, course, ...judgement, evidence: [...evidence, ...noted], newEvidence: [...told, ...noted] };
}

/** A verdict that no evidence speaks for says so itself, for people who ask why. */
function noteIn({ note }: Judgement, at: number): Evidence[] {
  return note === undefined
    ? []
    : [{ at, kind: 'voicemail-duration', source: 'gateway', strength: 'weak', detail: note }];
}

/** What the journal's record of an unfinished call reports. */
export function reportedIn(record: CallRecord): Reported {
  const { evidence, rangAt, answeredAt, answeredBy } = record;
  const answered = answeredAt === null || answeredBy === null ? null : { at: answeredAt, by: answeredBy };
  return { start: record, evidence, rangAt, answered };
}

/** What the table asks for. A group's number is somebody's, also where the group has no mailbox of its own. */
function factsOf(start: CallStart, ended: Omit<EndedCall, 'hasMailbox' | 'peer'>, { policy }: Law): EndedCall {
  const { mailbox, group, peer } = start;
  const known = mailbox !== null && policy.mailbox(mailbox) !== undefined;
  return { ...ended, hasMailbox: known || (group ?? null) !== null, peer };
}

/** The answer that reached a caller; somebody's before the voicemail system's. */
function answerIn(state: CallState, evidence: readonly Evidence[]): Answer | null {
  const { human, voicemail } = answersIn({ state, evidence });
  const legs = human === null ? voicemail : [human];
  const times = legs.map((leg) => relayedAt(state, leg) ?? leg.answeredAt ?? 0);
  return times.length === 0 ? null : { at: Math.min(...times), by: human === null ? 'voicemail' : 'phone' };
}

/** When our 200 with this leg's answer left; null where the leg took the call over later. */
function relayedAt({ callers }: CallState, leg: CalleeLeg): number | null {
  return callers.find(({ answeredBy, returned }) => answeredBy === leg.id && !returned)?.answeredAt ?? null;
}
