import type { Evidence } from '../call/index.ts';
import type { KnownTotal } from './known-totals.ts';

/** What was counted before a call, so that its verdict waits for what is counted after. */
export function baselineEvidence(mailbox: string, { total }: KnownTotal, at: number): Evidence {
  const detail = `${mailbox} had ${total} ${total === 1 ? 'message' : 'messages'} before this call`;
  return { at, kind: 'message-totals', source: 'gateway', strength: 'certain', detail };
}

/** One call's stay in the voicemail system. */
export interface Visit {
  readonly callId: string;
  /** When voicemail answered it, or the call began where that was not seen. */
  readonly since: number;
  /** How long the caller stayed (so far); null where it was not seen: another system took the call back, or the gateway died. */
  readonly stayMs: number | null;
  readonly live: boolean;
}

export interface Credit {
  readonly callId: string;
  /** `weak` where another visit was as likely. */
  readonly strength: 'strong' | 'weak';
}

/**
 * Which visits left the messages by which a mailbox's total rose: at most one each. First those that are over and stayed past
 * greeting and minimum message, then those nobody saw the length of, then callers who are still there that long (a
 * message is counted when it has been delivered, so mostly after its visit), then short visits that are over (callers can
 * skip a greeting). Of equals the longest stay comes first, of unknown ones the oldest. A short visit that goes on is
 * never the one: the message is another's, perhaps of a call that never came through here.
 */
export function attribute(visits: readonly Visit[], rise: number, minimumStayMs: number): Credit[] {
  const ranked = visits
    .map((visit) => ({ ...visit, rank: rankOf(visit, minimumStayMs) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || (b.stayMs ?? 0) - (a.stayMs ?? 0) || a.since - b.since);
  const rival = ranked[rise]?.rank ?? null;
  return ranked.slice(0, rise).map(({ callId, rank }) => ({ callId, strength: rank === rival ? 'weak' : 'strong' }));
}

function rankOf({ stayMs, live }: Visit, minimumStayMs: number): number | null {
  if (stayMs === null) return 1;
  if (stayMs >= minimumStayMs) return live ? 2 : 0;
  return live ? null : 3;
}

/** Exchange UM refreshes every mailbox at least every 12 h (mission facts 5.3), a subscription more often: silent longer, a source is gone. */
export const SOURCE_SILENT_MS = 13 * 3_600_000;

export interface Silence {
  readonly mailbox: string | null;
  readonly endedAt: number | null;
  readonly evidence: readonly Evidence[];
  readonly known: KnownTotal | undefined;
  /** From when on this gateway heard what was told. */
  readonly listeningSince: number;
  readonly now: number;
}

/**
 * What it says that the total of a call's mailbox did not rise while its verdict waited: nothing was left. Systems that tell
 * totals tell every change, so silence counts too, but only of a source that is not known to have gone, and only where we
 * were there to hear it: either a total was told after the call, or the gateway has run since before the call's end.
 */
export function silenceEvidence({ mailbox, endedAt, evidence, known, listeningSince, now }: Silence): Evidence | null {
  if (mailbox === null || known === undefined || endedAt === null) return null;
  const kinds = new Set(evidence.map(({ kind }) => kind));
  if (!kinds.has('message-totals') || kinds.has('voicemail-left')) return null;
  // A source first heard of after the call counts what it counts: there is nothing to compare it with.
  if (known.since > endedAt) return null;
  const told = known.at > endedAt;
  const present = listeningSince <= endedAt && (known.changesOnly || now - known.at <= SOURCE_SILENT_MS);
  if (!told && !present) return null;
  const detail = `${mailbox} has no message more than before this call`;
  return { at: now, kind: 'voicemail-none', source: 'message totals', strength: 'strong', detail };
}
