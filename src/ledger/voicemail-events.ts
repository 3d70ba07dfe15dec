import type { Evidence, Party, VoicemailEvent } from '../call/index.ts';

/** A call that an event may be about. */
export interface Candidate {
  readonly callId: string;
  /** The Call-IDs of its legs, as far as they are known. */
  readonly sipCallIds: readonly string[];
  readonly caller: Party;
  readonly startedAt: number;
  /** Who has it, or had it last, as far as is known here: voicemail, somebody, or nobody yet. */
  readonly phase: 'ringing' | 'answered' | 'voicemail';
  /** It has been told about already. */
  readonly told: boolean;
}

/** Digits that two numbers must share, counted from the end, where one is written with more in front. */
const SHARED_DIGITS = 6;

/**
 * The call that an event is about: the one it names; else, of those that nothing was told about yet, the caller's latest;
 * else the mailbox's latest. An event that names a caller is never about a call that is known to be somebody else's.
 */
export function callOf(event: VoicemailEvent, candidates: readonly Candidate[]): string | null {
  const { call, caller, kind } = event;
  const possible = candidates.filter(({ phase }) => canBe(kind, phase));
  const named = possible.find(
    ({ callId, sipCallIds }) => call !== null && (callId === call || sipCallIds.includes(call)),
  );
  if (named !== undefined) return named.callId;
  const visited = ({ phase }: Candidate): number => (kind !== 'answered' && phase === 'voicemail' ? 1 : 0);
  const latestFirst = possible
    .filter(({ told }) => !told)
    .sort((a, b) => visited(b) - visited(a) || b.startedAt - a.startedAt);
  if (caller === null || digitsOf(caller) === '') return latestFirst[0]?.callId ?? null;
  const fits = (unknown: boolean) =>
    latestFirst.find(({ caller: { number } }) => (number === null ? unknown : sameNumber(number, caller)));
  return (fits(false) ?? fits(true))?.callId ?? null;
}

/** Nobody leaves a message while it rings; and of a call that somebody answered here, no other answer is told. */
function canBe(kind: VoicemailEvent['kind'], phase: Candidate['phase']): boolean {
  return phase !== (kind === 'answered' ? 'answered' : 'ringing');
}

/** `+33 1 99 00 12 34`, `0033199001234` and `0199001234` are one number; `1001` is no other's end. */
export function sameNumber(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [digitsOf(one), digitsOf(other)];
  const [longer, shorter] = a.length >= b.length ? [a, b] : [b, a];
  return longer === shorter || (shorter.length >= SHARED_DIGITS && longer.endsWith(shorter));
}

/** Without what is dialled before a number: zeros of national and international access. */
function digitsOf(number: string): string {
  return number.replaceAll(/\D/g, '').replace(/^0+/, '');
}

/** Who says so where an event tells of an answer: none of the call's legs. */
const OUTSIDE = 'outside';

/**
 * What an event tells, as evidence. A message shorter than `minimumMessage` counts as blank: that setting says what a message is,
 * and a caller who was cut off wants to be called back.
 */
export function evidenceOfEvent(event: VoicemailEvent, minimumMessageMs: number): Evidence {
  const { kind, at, durationMs, source } = event;
  if (kind === 'answered') {
    const detail = `somebody answered where the gateway does not see it (${source})`;
    return { at, kind, source: OUTSIDE, strength: 'certain', detail };
  }
  const short = kind === 'left' && durationMs !== null && durationMs < minimumMessageMs;
  const length = durationMs === null ? '' : ` of ${(durationMs / 1_000).toFixed(1)} s`;
  const words = {
    left: `a message${length} was left`,
    blank: `the message${length} is silent or too short`,
    none: 'no message was left',
  };
  return {
    at,
    kind: short ? 'voicemail-blank' : `voicemail-${kind}`,
    source: 'voicemail',
    strength: 'certain',
    detail: `${words[kind]}${short ? ', too short to be one' : ''} (${source})`,
  };
}

/** Somebody has said what became of the call after it left the phones that we see. */
export function isSaying({ kind, source }: Evidence): boolean {
  switch (kind) {
    case 'voicemail-left':
    case 'voicemail-blank':
    case 'voicemail-none':
      return true;
    case 'answered':
      // An answer that the call's own signalling tells of is a leg's.
      return source === OUTSIDE;
    default:
      return false;
  }
}

/** What came when the call had its verdict: kept, so that people can see it, and no more. */
export function late(evidence: Evidence): Evidence {
  return { ...evidence, detail: `${evidence.detail}; it came after the verdict, which stands` };
}
