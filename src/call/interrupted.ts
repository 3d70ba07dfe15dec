import type { Evidence, EvidenceKind } from './evidence.ts';
import { ELSEWHERE, missed, unmailed, verdict, VOICEMAIL_ACCESS, type Judgement } from './outcome.ts';
import { interruptedVisit, type VerdictSettings } from './voicemail.ts';

/** A call whose gateway died: only what the journal had is known of it (the table's last line). */
export interface InterruptedCall {
  readonly answeredBy: 'phone' | 'voicemail' | null;
  readonly evidence: readonly Evidence[];
  readonly endedAt: number;
}

/** The verdict on a call that ended because the gateway or its engine died. */
export function judgeInterrupted(
  call: InterruptedCall,
  settings: VerdictSettings,
  { settled }: { readonly settled: boolean },
): Judgement {
  const { evidence, endedAt } = call;
  const has = (kind: EvidenceKind): boolean => evidence.some((one) => one.kind === kind);
  const answeredBy = answererOf(call);
  const rule = RULES[answeredBy ?? 'nobody'];
  if (has('voicemail-access')) {
    return { rule, verdict: answeredBy === null ? unmailed(missed('interrupted')) : VOICEMAIL_ACCESS };
  }
  if (answeredBy === 'phone') return { rule, verdict: verdict('answered', 'interrupted', 'answered') };
  // Nothing of the call's own signalling is told before its end: this comes from outside.
  if (has('answered')) return { rule: ANSWERED_OUTSIDE, verdict: ELSEWHERE };
  if (answeredBy === null) return { rule, verdict: missed('interrupted') };
  return { rule, verdict: interruptedVisit({ evidence, endedAt, settings, settled }) };
}

/**
 * Who had answered. The journal does not say which leg it was: where a voicemail system is known to have been reached, the
 * answer was its, unless the call went on from there to somebody else's phone.
 */
export function answererOf({ answeredBy, evidence }: InterruptedCall): InterruptedCall['answeredBy'] {
  const reached = evidence.filter(({ kind }) => kind === 'voicemail-reached').map(({ at }) => at);
  if (answeredBy !== 'phone' || reached.length === 0) return answeredBy;
  const last = Math.max(...reached);
  const wentOn = evidence.some(({ kind, at }) => (kind === 'taken-over' || kind === 'transferred') && at >= last);
  return wentOn ? 'phone' : 'voicemail';
}

/** The last line of the table (design.md 4.1), in words. */
const RULES = {
  nobody: 'the gateway stopped before anybody answered',
  phone: 'the gateway stopped while a phone had answered',
  voicemail: 'the gateway stopped while the voicemail system had the call',
} as const;
export const INTERRUPTED_RULES: readonly string[] = Object.values(RULES);
export const ANSWERED_OUTSIDE = 'somebody answered where the gateway does not see it';
