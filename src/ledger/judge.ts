import {
  classifyInterrupted,
  evidenceOf,
  judge,
  rangAt,
  rangMs,
  type CallStart,
  type CallState,
  type Evidence,
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
  const newEvidence = evidenceOf(state, endedAt);
  const evidence = [...call.evidence, ...newEvidence].sort((a, b) => a.at - b.at);
  const answered = call.answered ?? answerIn(state);
  const facts = { state, evidence, endedAt, hasMailbox: hasMailbox(start, law) };
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
    ...judge(facts, law.settings, { settled: false }),
    evidence,
    newEvidence,
  };
}

/**
 * A call that the gateway did not see to its end: only what was reported of it is known.
 * @param detail how it was interrupted, for the evidence
 */
export function judgeInterrupted(call: Reported, endedAt: number, detail: string, law: Law): Judged {
  const { start, rangAt, answered } = call;
  const seen: Evidence = { at: endedAt, kind: 'interrupted', source: 'gateway', strength: 'certain', detail };
  const evidence = [...call.evidence, seen];
  const answeredBy = answered?.by ?? null;
  return {
    start,
    // How long it rang is not known: nobody saw when it stopped.
    course: { rangAt, rangMs: null, answeredAt: answered?.at ?? null, answeredBy, endedAt, state: null },
    rule: interruptedRule(answeredBy),
    verdict: classifyInterrupted({ answeredBy, evidence, endedAt }, law.settings, { settled: false }),
    evidence,
    newEvidence: [seen],
  };
}

/** A call whose verdict waited for evidence, by what the journal has now. */
export function judgePending(record: CallRecord, now: number, law: Law): Judged {
  const { evidence, state, rangAt, rangMs, answeredAt, answeredBy, endedAt: ended } = record;
  const endedAt = ended ?? now;
  const judgement =
    state === null
      ? {
          rule: interruptedRule(answeredBy),
          verdict: classifyInterrupted({ answeredBy, evidence, endedAt }, law.settings, { settled: true }),
        }
      : judge({ state, evidence, endedAt, hasMailbox: hasMailbox(record, law) }, law.settings, { settled: true });
  const course = { rangAt, rangMs, answeredAt, answeredBy, endedAt, state };
  return { start: record, course, ...judgement, evidence, newEvidence: [] };
}

/** What the journal's record of an unfinished call reports. */
export function reportedIn(record: CallRecord): Reported {
  const { evidence, rangAt, answeredAt, answeredBy } = record;
  const answered = answeredAt === null || answeredBy === null ? null : { at: answeredAt, by: answeredBy };
  return { start: record, evidence, rangAt, answered };
}

/** The last line of the table (design.md 4.1), in words. */
function interruptedRule(answeredBy: Answer['by'] | null): string {
  switch (answeredBy) {
    case null:
      return 'the gateway stopped before anybody answered';
    case 'phone':
      return 'the gateway stopped while a phone had answered';
    case 'voicemail':
      return 'the gateway stopped while the voicemail system had the call';
  }
}

function hasMailbox({ mailbox }: CallStart, { policy }: Law): boolean {
  return mailbox !== null && policy.mailbox(mailbox) !== undefined;
}

/** The answer that reached a caller, where nobody reported it while it happened. */
function answerIn(state: CallState): Answer | null {
  let found: Answer | null = null;
  for (const { answeredAt, answeredBy } of state.callers) {
    const leg = state.legs.find(({ id }) => id === answeredBy);
    if (answeredAt === null || leg === undefined) continue;
    const answer = { at: answeredAt, by: leg.kind };
    if (outranks(answer, found)) found = answer;
  }
  return found;
}
