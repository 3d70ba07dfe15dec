import type { Evidence } from './evidence.ts';
import { answersTo, type CalleeLeg, type CallerLeg, type CallState } from './state.ts';

/** Who of a call's legs took it: somebody, or a voicemail system. */
export interface Answers {
  /** A leg of a person's whose answer reached a caller; one of them silences the whole call. */
  readonly human: CalleeLeg | null;
  /** The legs of voicemail systems whose answers reached a caller, where no person's did; else none. */
  readonly voicemail: readonly CalleeLeg[];
  /** Whoever answered this leg, or was called by it, is known to be a voicemail system. */
  readonly isVoicemail: (leg: CalleeLeg) => boolean;
}

export function answersIn(call: { readonly state: CallState; readonly evidence: readonly Evidence[] }): Answers {
  const { callers, legs } = call.state;
  const reached = new Set(call.evidence.filter(({ kind }) => kind === 'voicemail-reached').map(({ source }) => source));
  const answeredTo = (some: readonly CallerLeg[]): CalleeLeg[] => {
    const ids = new Set(some.flatMap(answersTo));
    return legs.filter(({ id }) => ids.has(id));
  };
  const given = answeredTo(callers.filter(({ returned }) => !returned));
  // Loop-back: the PBX that has our leg calls its phones through us, and its answer to us is one of theirs.
  const behind = given.length === 0 ? [] : answeredTo(callers.filter(({ returned }) => returned));
  const isMarked = (leg: CalleeLeg): boolean =>
    leg.kind === 'voicemail' || (reached.has(leg.id) && leg.answeredAt !== null);
  const visits = behind.filter(isMarked);
  const isVoicemail = (leg: CalleeLeg): boolean =>
    isMarked(leg) || (given.includes(leg) && visits.some((visit) => answeredBefore(visit, leg)));
  const isHuman = (leg: CalleeLeg): boolean => !isVoicemail(leg);
  const human = given.find(isHuman) ?? behind.find(isHuman) ?? null;
  return { human, voicemail: human === null ? given : [], isVoicemail };
}

function answeredBefore(one: CalleeLeg, other: CalleeLeg): boolean {
  return one.answeredAt !== null && other.answeredAt !== null && one.answeredAt <= other.answeredAt;
}
