import { answersIn } from './answers.ts';
import type { Evidence, EvidenceKind, EvidenceStrength } from './evidence.ts';
import { formatReason } from './reason.ts';
import { answersTo, type CalleeLeg, type CallerLeg, type CallState } from './state.ts';

/**
 * The evidence that the call's own signalling gives, in the order of time.
 * @param told from outside: which answers were a voicemail system's
 */
export function evidenceOf(state: CallState, endedAt: number, told: readonly Evidence[] = []): Evidence[] {
  const { isVoicemail } = answersIn({ state, evidence: told });
  const cancelled = new Set(state.callers.filter(({ cancelledAt }) => cancelledAt !== null).map(({ id }) => id));
  const relayed = new Set(state.callers.flatMap(answersTo));
  return [
    ...state.callers.flatMap(callerEvidence),
    ...state.legs.flatMap((leg) => [
      ...ringingEvidence(leg, state.voicemailAccess),
      ...endEvidence(leg, { winner: lostRace(state, leg), successor: successorOf(state, leg) }),
      ...answerEvidence(leg, {
        crossed: cancelled.has(leg.caller) && !relayed.has(leg.id),
        voicemail: isVoicemail(leg),
        endedAt,
      }),
    ]),
    // Last: of one instant with what the legs said, it is the consequence.
    ...state.callers.flatMap(refusal),
  ].sort((a, b) => a.at - b.at);
}

function evidence(
  at: number,
  kind: EvidenceKind,
  source: string,
  detail: string,
  strength: EvidenceStrength = 'certain',
): Evidence {
  return { at, kind, source, strength, detail };
}

/** Told with its time: the call may have been diverted first, and nobody there have taken it. */
function refusal({ refused, invitedAt }: CallerLeg): Evidence[] {
  if (refused === null) return [];
  const { status, why, at = invitedAt } = refused;
  return [evidence(at, 'refused', 'gateway', `the gateway answered ${status}: ${why}`)];
}

function callerEvidence(caller: CallerLeg): Evidence[] {
  const found: Evidence[] = [];
  if (caller.cancelledAt !== null) {
    found.push(evidence(caller.cancelledAt, 'caller-cancelled', caller.id, 'the caller gave up before an answer'));
    for (const reason of caller.cancelReasons) {
      const believed = caller.cancelTrusted ? '' : ' (this peer’s Reason is not believed)';
      const strength = caller.cancelTrusted ? 'strong' : 'weak';
      found.push(
        evidence(caller.cancelledAt, 'reason', caller.id, `CANCEL said ${formatReason(reason)}${believed}`, strength),
      );
    }
  }
  return found;
}

function ringingEvidence(leg: CalleeLeg, voicemailAccess: boolean): Evidence[] {
  const found: Evidence[] = [];
  if (leg.kind === 'voicemail' && !voicemailAccess) {
    found.push(evidence(leg.invitedAt, 'diverted', 'gateway', `diverted to voicemail at ${leg.target}`));
  }
  if (leg.rangAt !== null) found.push(evidence(leg.rangAt, 'rang', leg.id, `${leg.target} rang`));
  return found;
}

/** The leg of the same caller whose answer ended this one: what it said then is about our CANCEL, not about its user. */
function lostRace({ legs }: CallState, { id, caller, final }: CalleeLeg): CalleeLeg | null {
  if (final?.status !== 487) return null;
  return legs.find((leg) => leg.id !== id && leg.caller === caller && (leg.answeredAt ?? Infinity) <= final.at) ?? null;
}

/** The leg that was called in this one's place. */
function successorOf({ legs }: CallState, { supersededBy }: CalleeLeg): CalleeLeg | null {
  return legs.find(({ id }) => id === supersededBy) ?? null;
}

function endEvidence(
  leg: CalleeLeg,
  { winner, successor }: { winner: CalleeLeg | null; successor: CalleeLeg | null },
): Evidence[] {
  const found: Evidence[] = [];
  const next = successor === null ? '' : `; ${successor.target} was called in its place`;
  if (leg.timedOutAt !== null) {
    found.push(evidence(leg.timedOutAt, 'ring-timer', 'gateway', `the ring timer gave ${leg.target} up`));
  }
  if (leg.failure !== null) {
    found.push(
      leg.failure.kind === 'timeout'
        ? evidence(leg.failure.at, 'timeout', leg.id, `${leg.target} did not respond${next}`)
        : evidence(leg.failure.at, 'transport-error', leg.id, `${leg.target} could not be reached${next}`),
    );
  }
  if (leg.final !== null && winner !== null) {
    const detail = `${leg.target} was cancelled: ${winner.target} had answered`;
    found.push(evidence(leg.final.at, 'final-response', leg.id, detail));
  } else if (leg.final !== null && leg.timedOutAt === null) {
    found.push(evidence(leg.final.at, 'final-response', leg.id, `${leg.target} answered ${leg.final.status}${next}`));
    for (const reason of leg.final.reasons) {
      found.push(evidence(leg.final.at, 'reason', leg.id, `${leg.target} said ${formatReason(reason)}`, 'strong'));
    }
  }
  return found;
}

function answerEvidence(
  leg: CalleeLeg,
  { crossed, voicemail, endedAt: callEndedAt }: { crossed: boolean; voicemail: boolean; endedAt: number },
): Evidence[] {
  if (leg.answeredAt === null) return [];
  if (crossed) {
    return [evidence(leg.answeredAt, 'answer-crossed', leg.id, `the answer of ${leg.target} crossed the hang-up`)];
  }
  const endedAt = leg.endedAt ?? callEndedAt;
  const seconds = ((endedAt - leg.answeredAt) / 1_000).toFixed(1);
  const answered = evidence(leg.answeredAt, 'answered', leg.id, `${leg.target} answered`);
  return voicemail
    ? [answered, evidence(endedAt, 'voicemail-duration', leg.id, `${seconds} s in voicemail`, 'weak')]
    : [
        answered,
        evidence(endedAt, 'talk-time', leg.id, `talked for ${seconds} s; ended by ${leg.endedBy ?? 'nobody'}`),
      ];
}
