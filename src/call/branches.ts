import type { Answers } from './answers.ts';
import { means, type FinalResponse } from './final-response.ts';
import type { CalleeLeg } from './state.ts';

/**
 * The phones whose responses decide why nobody answered, where several were called: none in whose place another phone was
 * called. A forking proxy forwards the best response (RFC 3261 16.7 step 6: a 6xx before all others, then what the caller can
 * do most with); here the best one is what says most about the called side. A 6xx speaks for its user and ended the search
 * there; of a group, not for the other members. Then phones that rang until somebody gave up: where one rang out, the call
 * was not answered, though another was busy. Else all of them.
 */
export function decidingAmong(called: readonly CalleeLeg[], answers: Answers): readonly CalleeLeg[] {
  const last = called.filter(({ supersededBy }) => !called.some(({ id }) => id === supersededBy));
  const global = last.filter((leg) => finalIsClass(leg, 6));
  const phones = last.filter((leg) => global.includes(leg) || !global.some(({ mailbox }) => mailbox === leg.mailbox));
  const rangOut = phones.filter((leg) => leg.rangAt !== null && (tookNothing(leg, answers) || saysNothing(leg)));
  return rangOut.length > 0 ? rangOut : phones;
}

/** No answer of a person's, and no response: our timer, silence, a transport error, or an answer that is voicemail's. */
export function tookNothing(leg: CalleeLeg, answers: Answers): boolean {
  return leg.timedOutAt !== null || leg.failure !== null || answers.isVoicemail(leg);
}

/** A 4xx or 5xx that gives no reason of the user's or of the number's. */
function saysNothing(leg: CalleeLeg): boolean {
  return (
    finalIsClass(leg, 4, 5) &&
    !(['busy', 'declined', 'unwanted', 'rejected'] as const).some((one) => finalMeans(leg, one))
  );
}

/** A final response says something only where our own timer had not given the leg up already. */
function finalOf(leg: CalleeLeg): FinalResponse | null {
  return leg.timedOutAt === null ? leg.final : null;
}

export function finalIs(leg: CalleeLeg, ...statuses: number[]): boolean {
  const final = finalOf(leg);
  return final !== null && statuses.includes(final.status);
}

export function finalIsClass(leg: CalleeLeg, ...classes: number[]): boolean {
  const final = finalOf(leg);
  return final !== null && classes.includes(Math.floor(final.status / 100));
}

export function finalMeans(leg: CalleeLeg, meaning: keyof typeof means): boolean {
  const final = finalOf(leg);
  return final !== null && means[meaning](final);
}
