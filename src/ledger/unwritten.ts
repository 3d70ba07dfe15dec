import type { CallStart, Evidence } from '../call/index.ts';
import type { Journal, Settlement } from '../journal/index.ts';
import type { Answer } from './judge.ts';

export type Settled = 'settled' | 'duplicate' | 'dropped';

/** What is still to be written of one call, in this order; a settlement carries what stands after it. */
export interface Unwritten {
  readonly callId: string;
  /** Nobody can be notified of it. */
  readonly expendable: boolean;
  readonly since: number;
  start: { readonly record: CallStart; readonly written: () => void } | null;
  settlement: { readonly record: Settlement; readonly result: (settled: Settled) => void } | null;
  rangAt: number | null;
  answered: Answer | null;
  evidence: Evidence[];
  /** The journal has a write of it in hand. */
  inHand: boolean;
}

export function nothingOf(callId: string, expendable: boolean, since: number): Unwritten {
  return {
    callId,
    expendable,
    since,
    start: null,
    settlement: null,
    rangAt: null,
    answered: null,
    evidence: [],
    inHand: false,
  };
}

export function isDone(entry: Unwritten): boolean {
  return (
    entry.start === null &&
    entry.settlement === null &&
    entry.rangAt === null &&
    entry.answered === null &&
    entry.evidence.length === 0
  );
}

/** Begins the call's next write; its promise gives the function that marks it as written. */
export async function nextWrite(journal: Journal, entry: Unwritten): Promise<() => void> {
  const { start, settlement, rangAt, answered, evidence } = entry;
  if (start !== null) {
    await journal.begin(start.record);
    return () => {
      entry.start = null;
      start.written();
    };
  }
  if (settlement !== null) {
    const { record, result } = settlement;
    const added = evidence.length;
    const fresh = await journal.settle(
      added === 0 ? record : { ...record, evidence: [...evidence, ...record.evidence] },
    );
    return () => {
      entry.settlement = null;
      // The settlement has said all of this. Evidence that came while it was written is still to come.
      entry.rangAt = null;
      entry.answered = null;
      entry.evidence = fresh ? entry.evidence.slice(added) : [];
      result(fresh ? 'settled' : 'duplicate');
    };
  }
  if (rangAt !== null) {
    await journal.rang(entry.callId, rangAt);
    return () => {
      entry.rangAt = null;
    };
  }
  if (answered !== null) {
    await journal.answered(entry.callId, answered.at, answered.by);
    return () => {
      // A phone may have answered while the voicemail system's answer was written.
      if (entry.answered === answered) entry.answered = null;
    };
  }
  const added = evidence.length;
  await journal.addEvidence(entry.callId, evidence.slice());
  return () => {
    entry.evidence = entry.evidence.slice(added);
  };
}
