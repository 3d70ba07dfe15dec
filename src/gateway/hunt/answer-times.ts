import type { Peer } from '../types.ts';

/** When one leg was heard of, in milliseconds since the epoch. */
export interface HeardAt {
  readonly invited: number;
  /** The first 180; null: none came. */
  readonly rang: number | null;
  /** The first 180, or 183 with a description: a trunk may ring in the audio alone. Null: neither came. */
  readonly alerted: number | null;
  readonly answered: number;
}

/** What the time of an answer says about who gave it. It is a guess, whoever makes it. */
export interface Suspicion {
  /** A network's voicemail cut in, and nobody's phone ever rang: who still rings may go on. */
  readonly cutIn: boolean;
  /** One plain clause. */
  readonly detail: string;
}

/** Whether an answer came when a voicemail system answers (mission: Lync's PSTNVoicemailEscapeTimer, and fixed forwarding times). */
export function suspicionOf(
  { invited, rang, alerted, answered }: HeardAt,
  { voicemailEscapeMs, answersAfter }: Pick<Peer, 'voicemailEscapeMs' | 'answersAfter'>,
): Suspicion | null {
  if (voicemailEscapeMs !== null && rang === null && answered - invited < voicemailEscapeMs) {
    const detail = `answered ${seconds(answered - invited)} after the INVITE without ringing, as a switched-off phone’s voicemail does`;
    return { cutIn: true, detail };
  }
  if (answersAfter === null || alerted === null) return null;
  const rangMs = answered - alerted;
  if (rangMs < answersAfter.fromMs || rangMs > answersAfter.toMs) return null;
  return { cutIn: false, detail: `answered after ringing for ${seconds(rangMs)}, when its voicemail does` };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
