import type { Evidence, EvidenceKind } from './evidence.ts';
import { means, type FinalResponse } from './final-response.ts';
import type { Cause, DecisionReason, Outcome, PendingVerdict, Verdict } from './outcome.ts';
import { hasReason } from './reason.ts';
import { rangAt, type CalleeLeg, type CallerLeg, type CallState } from './state.ts';

export interface VerdictSettings {
  readonly voicemail: {
    /** Who takes an unanswered call to voicemail (design: voicemail.owner). */
    readonly owner: 'gateway' | 'upstream' | 'downstream' | 'none';
    /** Answer to beep. */
    readonly greetingMs: number;
    readonly minimumMessageMs: number;
    /** How long a verdict waits for evidence. */
    readonly settleMs: number;
  };
}

/** A call that has ended, with all that is known of it. */
export interface EndedCall {
  readonly state: CallState;
  readonly evidence: readonly Evidence[];
  readonly endedAt: number;
  /** The called number belongs to a mailbox. */
  readonly hasMailbox: boolean;
}

/** A verdict and the line of the table that made it. */
export interface Judgement {
  readonly rule: string;
  readonly verdict: Verdict | PendingVerdict;
}

/** Hanging up sooner than this, before anything rang, is a misdial or a change of mind. */
export const MINIMUM_UNRUNG_WAIT_MS = 5_000;

/** The facts that the rows of the table ask for, derived once. */
interface Facts {
  readonly call: EndedCall;
  readonly settings: VerdictSettings;
  /** The wait for evidence is over: no row may answer "pending". */
  readonly settled: boolean;
  readonly rang: boolean;
  /** Inbound legs that are not our own coming back. */
  readonly roots: readonly CallerLeg[];
  /** The roots that the caller gave up; none where voicemail took the call by another of them. */
  readonly cancelled: readonly CallerLeg[];
  readonly phones: readonly CalleeLeg[];
  /** The phone whose answer reached a root. */
  readonly answeredPhone: CalleeLeg | null;
  /** The voicemail leg whose answer reached a root. */
  readonly voicemail: CalleeLeg | null;
}

interface Row {
  readonly rule: string;
  readonly judge: (facts: Facts) => Verdict | PendingVerdict | null;
}

/**
 * The table of design.md section 4.1, a row a line, first match wins. `Rang` is a 180, or a 183 with SDP, on any leg.
 */
const TABLE: readonly Row[] = [
  {
    rule: 'a phone of the call answered, and our 200 left before any CANCEL',
    judge: (facts) => {
      if (facts.answeredPhone === null) return null;
      if (facts.call.state.voicemailAccess) return VOICEMAIL_ACCESS;
      return verdict('answered', has(facts, 'interrupted') ? 'interrupted' : null, 'answered');
    },
  },
  {
    rule: 'a leg answered, but the CANCEL of the caller won',
    judge: (facts) =>
      facts.cancelled.some(({ id }) =>
        facts.call.state.legs.some((leg) => leg.caller === id && leg.answeredAt !== null),
      )
        ? missed('caller-hung-up')
        : null,
  },
  {
    rule: 'a CANCEL said that the call was completed elsewhere',
    judge: (facts) => (completedElsewhere(facts) ? verdict('elsewhere', null, 'answered-elsewhere') : null),
  },
  {
    rule: 'a CANCEL said busy or declined',
    judge: (facts) => {
      const reasons = facts.cancelled.flatMap(({ cancelReasons }) => cancelReasons);
      if (hasReason(reasons, 'SIP', 486, 600)) return missed('busy');
      return hasReason(reasons, 'SIP', 603) ? missed('declined') : null;
    },
  },
  {
    rule: 'the caller hung up while it rang',
    judge: (facts) => {
      if (facts.cancelled.length === 0 || !facts.rang) return null;
      return facts.settings.voicemail.owner === 'upstream' ? takenBackUpstream(facts) : missed('caller-hung-up');
    },
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
    judge: (facts) => (facts.call.state.voicemailAccess && facts.voicemail !== null ? VOICEMAIL_ACCESS : null),
  },
  {
    rule: 'the gateway ended the call while the voicemail system had it',
    judge: (facts) => (facts.voicemail !== null && has(facts, 'interrupted') ? interruptedInVoicemail(facts) : null),
  },
  {
    rule: 'diverted to voicemail: what the voicemail leg shows',
    judge: (facts) => (facts.voicemail === null ? null : voicemailVerdict(facts, facts.voicemail)),
  },
  {
    // Whether our 200 still left is not known; somebody has picked up, and knows of the call.
    rule: 'a phone had answered when the gateway ended the call',
    judge: (facts) =>
      has(facts, 'interrupted') && facts.phones.some((leg) => leg.answeredAt !== null)
        ? verdict('answered', 'interrupted', 'answered')
        : null,
  },
  {
    rule: 'the gateway ended the call while it rang',
    judge: (facts) => (has(facts, 'interrupted') ? missed('interrupted') : null),
  },
  {
    rule: 'busy: 486, 600 or Q.850 cause 17',
    judge: (facts) => (facts.phones.some((leg) => finalMeans(leg, 'busy')) ? missed('busy') : null),
  },
  {
    rule: 'declined: 603, or 403 or 480 with Q.850 cause 21',
    judge: (facts) => (facts.phones.some((leg) => finalMeans(leg, 'declined')) ? missed('declined') : null),
  },
  {
    rule: 'unwanted: 607, 608, 428, 433, 436-438',
    judge: (facts) =>
      facts.phones.some((leg) => finalMeans(leg, 'unwanted')) ? verdict('rejected', 'unwanted', 'rejected') : null,
  },
  {
    rule: 'rejected: 416, 482-485, 604, Q.850 cause 28, or refused by the gateway',
    judge: (facts) => (rejected(facts) ? verdict('rejected', null, 'rejected') : null),
  },
  {
    rule: 'rang, and nobody answered',
    judge: (facts) =>
      facts.rang && facts.phones.some((leg) => gaveUp(leg) || finalIsClass(leg, 4, 5) || finalIs(leg, 606))
        ? missed('no-answer')
        : null,
  },
  {
    rule: 'did not ring, and the number has a mailbox',
    judge: (facts) =>
      !facts.rang && facts.call.hasMailbox && facts.phones.some(unreachable) ? missed('unreachable') : null,
  },
  { rule: 'anything else', judge: () => verdict('failed', null, 'not-rung') },
];

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
  for (const { rule, judge } of TABLE) {
    const found = judge(facts);
    if (found !== null) return { rule, verdict: call.state.voicemailAccess ? unmailed(found) : found };
  }
  throw new Error('The last line of the table matches every call.');
}

/** A call whose gateway died: only what the journal had is known of it (the table's last line). */
export interface InterruptedCall {
  readonly answeredBy: 'phone' | 'voicemail' | null;
  readonly evidence: readonly Evidence[];
  readonly endedAt: number;
}

/** The verdict on a call that ended because the gateway or its engine died. */
export function classifyInterrupted(
  call: InterruptedCall,
  settings: VerdictSettings,
  options: { readonly settled: boolean },
): Verdict | PendingVerdict {
  if (has({ call }, 'voicemail-access')) {
    return call.answeredBy === null ? unmailed(missed('interrupted')) : VOICEMAIL_ACCESS;
  }
  switch (call.answeredBy) {
    case 'phone':
      return verdict('answered', 'interrupted', 'answered');
    case 'voicemail':
      return interruptedInVoicemail({ call, settings, settled: options.settled });
    case null:
      return missed('interrupted');
  }
}

function verdict(outcome: Outcome, cause: Cause | null, reason: DecisionReason): Verdict {
  return { outcome, cause, reason };
}

function missed(cause: Cause): Verdict {
  return verdict('missed', cause, 'missed');
}

const VOICEMAIL_ACCESS = verdict('answered', 'voicemail-access', 'voicemail-access');

/** Nobody is mailed about a call to their own voicemail or from their own number, however it ended. */
function unmailed(found: Verdict | PendingVerdict): Verdict | PendingVerdict {
  return found.outcome !== null && found.reason === 'missed' ? { ...found, reason: 'voicemail-access' } : found;
}

function pending(endedAt: number, settings: VerdictSettings): PendingVerdict {
  return { outcome: null, pendingUntil: endedAt + settings.voicemail.settleMs };
}

function factsOf(call: EndedCall, settings: VerdictSettings, settled: boolean): Facts {
  const roots = call.state.callers.filter(({ returned }) => !returned);
  const voicemail = relayedAnswer(call.state, roots, 'voicemail');
  return {
    call,
    settings,
    settled,
    rang: rangAt(call.state) !== null,
    roots,
    cancelled: voicemail === null ? roots.filter(({ cancelledAt }) => cancelledAt !== null) : [],
    phones: call.state.legs.filter(({ kind }) => kind === 'phone'),
    answeredPhone: relayedAnswer(call.state, roots, 'phone'),
    voicemail,
  };
}

/** The leg of this kind whose answer reached one of these callers. */
function relayedAnswer(state: CallState, callers: readonly CallerLeg[], kind: CalleeLeg['kind']): CalleeLeg | null {
  const relayed = new Set(callers.map(({ answeredBy }) => answeredBy));
  return state.legs.find((leg) => leg.kind === kind && relayed.has(leg.id)) ?? null;
}

function has(facts: { readonly call: Pick<EndedCall, 'evidence'> }, kind: EvidenceKind): boolean {
  return facts.call.evidence.some((evidence) => evidence.kind === kind);
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

/** The PBX that sent the call takes it back, perhaps to its voicemail: only evidence can tell. */
function takenBackUpstream(facts: Facts): Verdict | PendingVerdict {
  if (has(facts, 'voicemail-left')) return verdict('voicemail', null, 'voicemail-left');
  if (has(facts, 'answered')) return verdict('elsewhere', null, 'answered-elsewhere');
  return facts.settled ? missed('no-answer') : pending(facts.call.endedAt, facts.settings);
}

/** Stronger evidence first: the voicemail system's word, then how long the caller stayed. */
function voicemailVerdict(facts: Facts, leg: CalleeLeg): Verdict {
  if (has(facts, 'voicemail-blank')) return missed('voicemail-blank');
  if (has(facts, 'voicemail-left')) return verdict('voicemail', null, 'voicemail-left');
  const { greetingMs, minimumMessageMs } = facts.settings.voicemail;
  const stayedMs = (leg.endedAt ?? facts.call.endedAt) - (leg.answeredAt ?? 0);
  return stayedMs >= greetingMs + minimumMessageMs
    ? verdict('voicemail', null, 'voicemail-left')
    : missed('voicemail-abandoned');
}

function interruptedInVoicemail(facts: {
  readonly call: InterruptedCall | EndedCall;
  readonly settings: VerdictSettings;
  readonly settled: boolean;
}): Verdict | PendingVerdict {
  if (facts.call.evidence.some(({ kind }) => kind === 'voicemail-left')) {
    return verdict('voicemail', null, 'voicemail-left');
  }
  return facts.settled ? missed('interrupted') : pending(facts.call.endedAt, facts.settings);
}

/** The refusal of a number counts only where every leg that answered at all said so. */
function rejected(facts: Facts): boolean {
  if (facts.phones.length === 0) return facts.roots.some((leg) => leg.refused !== null);
  const finals = facts.phones.filter((leg) => leg.final !== null && leg.timedOutAt === null);
  const rangOut = facts.phones.some((leg) => leg.timedOutAt !== null);
  return finals.length > 0 && !rangOut && finals.every((leg) => finalMeans(leg, 'rejected'));
}

/** Our timer, no response, or a transport error ended it. */
function gaveUp(leg: CalleeLeg): boolean {
  return leg.timedOutAt !== null || leg.failure !== null;
}

function unreachable(leg: CalleeLeg): boolean {
  return gaveUp(leg) || finalMeans(leg, 'unreachable');
}

/** A final response says something only where our own timer had not given the leg up already. */
function finalOf(leg: CalleeLeg): FinalResponse | null {
  return leg.timedOutAt === null ? leg.final : null;
}

function finalIs(leg: CalleeLeg, ...statuses: number[]): boolean {
  const final = finalOf(leg);
  return final !== null && statuses.includes(final.status);
}

function finalIsClass(leg: CalleeLeg, ...classes: number[]): boolean {
  const final = finalOf(leg);
  return final !== null && classes.includes(Math.floor(final.status / 100));
}

function finalMeans(leg: CalleeLeg, meaning: keyof typeof means): boolean {
  const final = finalOf(leg);
  return final !== null && means[meaning](final);
}
