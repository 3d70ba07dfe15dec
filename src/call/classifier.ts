import { answersIn, type Answers } from './answers.ts';
import { decidingAmong, finalIs, finalIsClass, finalMeans, tookNothing } from './branches.ts';
import type { Evidence, EvidenceKind } from './evidence.ts';
import { ANSWERED_OUTSIDE, INTERRUPTED_RULES } from './interrupted.ts';
import {
  ELSEWHERE,
  missed,
  unmailed,
  verdict,
  VOICEMAIL_ACCESS,
  type Cause,
  type Judgement,
  type PendingVerdict,
  type Verdict,
} from './outcome.ts';
import { hasReason } from './reason.ts';
import { rangAt, type CalleeLeg, type CallerLeg, type CallState } from './state.ts';
import {
  clockNote,
  interruptedVisit,
  mayBeTold,
  ownerFor,
  takenBack,
  visitVerdict,
  type VerdictSettings,
  type VoicemailFacts,
} from './voicemail.ts';

/** A call that has ended, with all that is known of it. */
export interface EndedCall {
  readonly state: CallState;
  readonly evidence: readonly Evidence[];
  readonly endedAt: number;
  /** The called number belongs to a mailbox, or to a group. */
  readonly hasMailbox: boolean;
  /** The peer it came from, which may have a voicemail owner of its own. */
  readonly peer?: string;
}

/** Hanging up sooner than this, before anything rang, is a misdial or a change of mind. */
export const MINIMUM_UNRUNG_WAIT_MS = 5_000;

/** The facts that the rows of the table ask for, derived once. */
interface Facts extends VoicemailFacts {
  readonly call: EndedCall;
  /** Unanswered calls go back to the PBX that sent them. */
  readonly upstream: boolean;
  readonly rang: boolean;
  /** Inbound legs that are not our own coming back. */
  readonly roots: readonly CallerLeg[];
  /** The roots that the caller gave up; none where voicemail took the call by another of them. */
  readonly cancelled: readonly CallerLeg[];
  readonly phones: readonly CalleeLeg[];
  /** One of them rang; a voicemail system that rang and refused leaves them their own verdict. */
  readonly phonesRang: boolean;
  /** Those of them whose final responses decide. */
  readonly deciding: readonly CalleeLeg[];
  readonly answers: Answers;
}

interface Row {
  readonly rule: string;
  readonly judge: (facts: Facts) => Verdict | PendingVerdict | null;
  /** What the verdict rests on, where no evidence says so. */
  readonly note?: (facts: Facts) => string | null;
}

/**
 * The table of design.md section 4.1, a row a line, first match wins. `Rang` is a 180, or a 183 with SDP, on any leg.
 */
const TABLE: readonly Row[] = [
  {
    rule: 'a phone of the call answered, and our 200 left before any CANCEL',
    judge: (facts) => {
      if (facts.answers.human === null) return null;
      if (facts.call.state.voicemailAccess) return VOICEMAIL_ACCESS;
      return verdict('answered', has(facts, 'interrupted') ? 'interrupted' : null, 'answered');
    },
  },
  {
    rule: ANSWERED_OUTSIDE,
    judge: (facts) => (answeredOutside(facts) ? ELSEWHERE : null),
  },
  {
    rule: 'a leg answered, but the CANCEL of the caller won',
    judge: (facts) =>
      facts.cancelled.some(({ id }) =>
        facts.call.state.legs.some((leg) => leg.caller === id && answerCrossed(facts, leg)),
      )
        ? missed('caller-hung-up')
        : null,
  },
  {
    rule: 'a CANCEL said that the call was completed elsewhere',
    judge: (facts) => (completedElsewhere(facts) ? ELSEWHERE : null),
  },
  {
    rule: 'a CANCEL said busy or declined',
    judge: (facts) => {
      const reasons = facts.cancelled.flatMap(({ cancelReasons, cancelTrusted }) =>
        cancelTrusted ? cancelReasons : [],
      );
      if (hasReason(reasons, 'SIP', 486, 600)) return nobodyTookIt(facts, 'busy');
      return hasReason(reasons, 'SIP', 603) ? nobodyTookIt(facts, 'declined') : null;
    },
  },
  {
    rule: 'the caller hung up while it rang',
    judge: (facts) => {
      if (facts.cancelled.length === 0 || !facts.rang) return null;
      return facts.upstream ? takenBack(facts, missed('no-answer'), true) : missed('caller-hung-up');
    },
  },
  {
    // Before the next row: whoever was sent on to voicemail has waited for the called user, however short a time.
    rule: 'diverted to voicemail: the caller hung up before it answered',
    judge: ({ cancelled, call }) => (cancelled.length > 0 && wasDiverted(call) ? missed('voicemail-abandoned') : null),
  },
  {
    rule: 'the caller hung up before anything rang',
    judge: (facts) => {
      if (facts.cancelled.length === 0) return null;
      return facts.cancelled.some((leg) => (leg.cancelledAt ?? 0) - leg.invitedAt >= MINIMUM_UNRUNG_WAIT_MS)
        ? missed('unreachable')
        : verdict('missed', 'caller-hung-up', 'not-rung');
    },
  },
  {
    // Before the rows of diverted calls: whoever listens to messages is not diverted, however short the visit.
    rule: 'a call to a voicemail pilot without diversion, or from the mailbox’s own number',
    judge: (facts) =>
      facts.call.state.voicemailAccess && facts.answers.voicemail.length > 0 ? VOICEMAIL_ACCESS : null,
  },
  {
    rule: 'the gateway ended the call while the voicemail system had it',
    judge: (facts) =>
      facts.answers.voicemail.length > 0 && has(facts, 'interrupted') ? interruptedVisit(facts) : null,
  },
  {
    rule: 'diverted to voicemail: what the voicemail leg shows',
    judge: (facts) => (facts.answers.voicemail.length === 0 ? null : visitVerdict(facts, stayedMs(facts))),
    note: (facts) => clockNote(facts, stayedMs(facts)),
  },
  {
    // Whether our 200 still left is not known; somebody has picked up, and knows of the call.
    rule: 'a phone had answered when the gateway ended the call',
    judge: (facts) =>
      has(facts, 'interrupted') && facts.phones.some((leg) => personAnswered(facts, leg))
        ? verdict('answered', 'interrupted', 'answered')
        : null,
  },
  {
    rule: 'the gateway ended the call while it rang',
    judge: (facts) => (has(facts, 'interrupted') ? missed('interrupted') : null),
  },
  {
    rule: 'busy: 486, 600 or Q.850 cause 17',
    judge: (facts) => (facts.deciding.some((leg) => finalMeans(leg, 'busy')) ? nobodyTookIt(facts, 'busy') : null),
  },
  {
    rule: 'declined: 603, or 403 or 480 with Q.850 cause 21',
    judge: (facts) =>
      facts.deciding.some((leg) => finalMeans(leg, 'declined')) ? nobodyTookIt(facts, 'declined') : null,
  },
  {
    rule: 'unwanted: 607, 608, 428, 433, 436-438',
    judge: (facts) =>
      facts.deciding.some((leg) => finalMeans(leg, 'unwanted')) ? verdict('rejected', 'unwanted', 'rejected') : null,
  },
  {
    rule: 'rejected: 416, 482-485, 604, Q.850 cause 28, or refused by the gateway',
    judge: (facts) => (rejected(facts) ? verdict('rejected', null, 'rejected') : null),
  },
  {
    rule: 'rang, and nobody answered',
    judge: (facts) =>
      facts.phonesRang &&
      facts.deciding.some((leg) => tookNothing(leg, facts.answers) || finalIsClass(leg, 4, 5) || finalIs(leg, 606))
        ? nobodyTookIt(facts, 'no-answer')
        : null,
  },
  {
    rule: 'did not ring, and the number has a mailbox',
    judge: (facts) =>
      facts.call.hasMailbox &&
      (facts.roots.some(isAbsent) ||
        (!facts.phonesRang &&
          facts.deciding.some((leg) => tookNothing(leg, facts.answers) || finalMeans(leg, 'unreachable'))))
        ? nobodyTookIt(facts, 'unreachable')
        : null,
  },
  { rule: 'anything else', judge: () => verdict('failed', null, 'not-rung') },
];

/** The names of the table's lines, and of those for a gateway that died. */
export const RULES: readonly string[] = [...TABLE.map(({ rule }) => rule), ...INTERRUPTED_RULES];

/**
 * The verdict on a call that has ended (design.md 4.1).
 * @param options.settled the wait for evidence is over (or never was): the answer is not pending
 */
export function classify(
  call: EndedCall,
  settings: VerdictSettings,
  options: { readonly settled: boolean },
): Verdict | PendingVerdict {
  return judge(call, settings, options).verdict;
}

/** `classify`, with the line of the table that decided. */
export function judge(call: EndedCall, settings: VerdictSettings, options: { readonly settled: boolean }): Judgement {
  const facts = factsOf(call, settings, options.settled);
  for (const { rule, judge, note: noteOf } of TABLE) {
    const found = judge(facts);
    if (found === null) continue;
    const note = found.outcome === null ? null : (noteOf?.(facts) ?? null);
    return { rule, verdict: call.state.voicemailAccess ? unmailed(found) : found, ...(note === null ? {} : { note }) };
  }
  throw new Error('The last line of the table matches every call.');
}

/** The row's verdict; where the PBX that sent the call now takes it to its voicemail, evidence of a message comes first. */
function nobodyTookIt(facts: Facts, cause: Cause): Verdict | PendingVerdict {
  return facts.upstream ? takenBack(facts, missed(cause), mayBeTold(facts)) : missed(cause);
}

function factsOf(call: EndedCall, settings: VerdictSettings, settled: boolean): Facts {
  const { state, evidence, endedAt, peer } = call;
  const roots = state.callers.filter(({ returned }) => !returned);
  const answers = answersIn(call);
  const phones = state.legs.filter(({ kind }) => kind === 'phone');
  return {
    call,
    evidence,
    endedAt,
    settings,
    settled,
    upstream: ownerFor(settings, peer) === 'upstream',
    rang: rangAt(state) !== null,
    roots,
    cancelled: answers.voicemail.length === 0 ? roots.filter(({ cancelledAt }) => cancelledAt !== null) : [],
    phones,
    phonesRang: phones.some((leg) => leg.rangAt !== null),
    deciding: decidingAmong(phones, answers),
    answers,
  };
}

/** Of several visits the longest: it had the best chance of a message. */
function stayedMs({ answers, endedAt }: Facts): number {
  return Math.max(...answers.voicemail.map((leg) => (leg.endedAt ?? endedAt) - (leg.answeredAt ?? 0)));
}

function personAnswered({ answers }: Facts, leg: CalleeLeg): boolean {
  return leg.answeredAt !== null && !answers.isVoicemail(leg);
}

/** A suspect answer of a carrier's voicemail, which the gateway did not take, is none that crossed. */
function answerCrossed(facts: Facts, leg: CalleeLeg): boolean {
  return leg.kind === 'voicemail' ? leg.answeredAt !== null : personAnswered(facts, leg);
}

/** The call was on its way to a voicemail system; whoever listens to messages is not diverted. */
function wasDiverted({ state }: EndedCall): boolean {
  return !state.voicemailAccess && state.legs.some(({ kind }) => kind === 'voicemail');
}

function has({ evidence }: { readonly evidence: readonly Evidence[] }, kind: EvidenceKind): boolean {
  return evidence.some((one) => one.kind === kind);
}

/** Told by somebody else: what a leg of the call answered has rows of its own. */
function answeredOutside({ call, evidence }: Facts): boolean {
  return evidence.some(({ kind, source }) => kind === 'answered' && !call.state.legs.some(({ id }) => id === source));
}

/**
 * RFC 3326 with the peers' habits (mission facts 5.1): some systems say "completed elsewhere" when it was the caller who hung
 * up. Two or more legs here, all cancelled so and none answered, contradict it.
 */
function completedElsewhere({ roots, cancelled }: Facts): boolean {
  const contradicted = roots.length >= 2 && roots.every(saidElsewhere);
  return cancelled.some(saidElsewhere) && !contradicted;
}

function saidElsewhere({ cancelReasons, cancelTrusted }: CallerLeg): boolean {
  return cancelTrusted && (hasReason(cancelReasons, 'SIP', 200) || hasReason(cancelReasons, 'Q.850', 26));
}

/** No phone of the number is registered with the gateway, which says so itself. */
function isAbsent({ refused }: CallerLeg): boolean {
  return refused?.status === 480;
}

/** The refusal of a number counts only where every leg that answered at all said so. */
function rejected({ deciding, phones, roots }: Facts): boolean {
  if (phones.length === 0) return roots.some((leg) => leg.refused !== null && !isAbsent(leg));
  const finals = deciding.filter((leg) => leg.final !== null && leg.timedOutAt === null);
  const rangOut = deciding.some((leg) => leg.timedOutAt !== null);
  return finals.length > 0 && !rangOut && finals.every((leg) => finalMeans(leg, 'rejected'));
}
