import type { Evidence, MessageTotals } from '../call/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LedgerLog, Schedule } from './types.ts';

/** Mailboxes whose totals are kept: as many as a policy is made for (design.md section 5). */
export const MAX_KNOWN_TOTALS = 100_000;
/** Messages that the voicemail system has told of by events, and that no total has shown yet. */
export const MAX_ANNOUNCED = 100;
/** After a write that failed, the next one. */
export const SAVE_RETRY_MS = 5_000;
/** Totals handed to the journal at once. */
const SAVES_AT_ONCE = 100;

/** What was last told of a mailbox. */
export interface KnownTotal {
  readonly total: number;
  readonly at: number;
  /** Told by events, which come with changes only: no news is news however old. Not kept over a restart. */
  readonly changesOnly: boolean;
}

export interface KnownTotalsOptions {
  readonly journal: Pick<Journal, 'messageTotals' | 'saveMessageTotals'>;
  /** The mailbox is in the policy that holds now. */
  readonly exists: (mailbox: string) => boolean;
  readonly schedule: Schedule;
  readonly log: LedgerLog;
}

/** The last known number of messages of each mailbox: in memory, and behind it in the journal. */
export interface KnownTotals {
  load(): Promise<void>;
  of(mailbox: string): KnownTotal | undefined;
  /**
   * Takes a total and answers by how much it rose, less what was announced. Equal counts are refreshes, a fall says nothing
   * about a message (the user may have deleted several), and where nothing was known before nothing can be compared: all 0.
   */
  tell(totals: MessageTotals): number;
  /** A message of this mailbox is accounted for: until then, the next rise by one is no news. */
  announce(mailbox: string, until: number): void;
  /** The latest announcement was of a message that had been counted already. */
  unannounce(mailbox: string): void;
  stop(): void;
}

export function createKnownTotals({ journal, exists, schedule, log }: KnownTotalsOptions): KnownTotals {
  const known = new Map<string, KnownTotal>();
  const announced = new Map<string, number[]>();
  const unsaved = new Set<string>();
  let saving: Promise<void> | null = null;
  let cancelRetry: (() => void) | null = null;
  let fails = false;
  let stopped = false;

  function hasRoom(mailbox: string): boolean {
    if (known.has(mailbox) || known.size < MAX_KNOWN_TOTALS) return true;
    for (const other of known.keys()) if (!exists(other)) known.delete(other);
    return known.size < MAX_KNOWN_TOTALS;
  }

  /** What comes while a write is under way goes into the next one, once a mailbox. */
  async function save(): Promise<void> {
    while (unsaved.size > 0) {
      const batch = [...unsaved].slice(0, SAVES_AT_ONCE);
      for (const mailbox of batch) unsaved.delete(mailbox);
      const writes = batch.map(async (mailbox) => {
        const entry = known.get(mailbox);
        if (entry === undefined) return;
        await journal.saveMessageTotals({ mailbox, total: entry.total, at: entry.at }).catch((error: unknown) => {
          unsaved.add(mailbox);
          throw error;
        });
      });
      const failed = (await Promise.allSettled(writes)).find(({ status }) => status === 'rejected');
      if (failed !== undefined) return retryLater((failed as PromiseRejectedResult).reason);
      fails = false;
    }
  }

  function retryLater(error: unknown): void {
    if (!fails) log.error({ error: String(error) }, 'message totals cannot be written; they are tried again');
    fails = true;
    if (!stopped) cancelRetry = schedule(startSaving, SAVE_RETRY_MS);
  }

  function startSaving(): void {
    cancelRetry = null;
    saving ??= save().finally(() => {
      saving = null;
    });
  }

  /** How many of these messages were announced, and not shown by a total yet. */
  function expected(mailbox: string, rise: number, at: number): number {
    const waiting = (announced.get(mailbox) ?? []).filter((until) => until >= at);
    const taken = Math.min(rise, waiting.length);
    if (waiting.length > taken) announced.set(mailbox, waiting.slice(taken));
    else announced.delete(mailbox);
    return taken;
  }

  return {
    async load() {
      try {
        for (const { mailbox, total, at } of await journal.messageTotals()) {
          if (!known.has(mailbox) && exists(mailbox) && hasRoom(mailbox)) {
            known.set(mailbox, { total, at, changesOnly: false });
          }
        }
      } catch (error) {
        log.error({ error: String(error) }, 'message totals cannot be read; they are learned anew');
      }
    },

    of: (mailbox) => known.get(mailbox),

    tell({ mailbox, total, at, source }) {
      if (stopped || !exists(mailbox) || !hasRoom(mailbox)) return 0;
      const before = known.get(mailbox);
      if (before !== undefined && before.at > at) return 0;
      known.set(mailbox, { total, at, changesOnly: source === EVENT_SOURCE });
      unsaved.add(mailbox);
      if (cancelRetry === null) startSaving();
      const rise = before === undefined ? 0 : Math.max(0, total - before.total);
      return rise === 0 ? 0 : rise - expected(mailbox, rise, at);
    },

    announce(mailbox, until) {
      // Without a total before it, there is no rise to be explained.
      if (!known.has(mailbox)) return;
      const waiting = announced.get(mailbox) ?? [];
      announced.set(mailbox, [...waiting, until].slice(-MAX_ANNOUNCED));
    },

    unannounce(mailbox) {
      const waiting = announced.get(mailbox) ?? [];
      if (waiting.length > 1) announced.set(mailbox, waiting.slice(0, -1));
      else announced.delete(mailbox);
    },

    stop() {
      stopped = true;
      cancelRetry?.();
    },
  };
}

/** `MessageTotals.source` of what came by POST /api/v1/voicemail-events. */
export const EVENT_SOURCE = 'event';

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
  const told = known.at > endedAt;
  const present = listeningSince <= endedAt && (known.changesOnly || now - known.at <= SOURCE_SILENT_MS);
  if (!told && !present) return null;
  const detail = `${mailbox} has no message more than before this call`;
  return { at: now, kind: 'voicemail-none', source: 'message totals', strength: 'strong', detail };
}
