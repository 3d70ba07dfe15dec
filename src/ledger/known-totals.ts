import type { MessageTotals } from '../call/index.ts';
import type { Journal } from '../journal/index.ts';
import { createTotalsWriter, type TotalsWriter, type TotalsWriterOptions } from './totals-writer.ts';

/** Mailboxes whose totals are kept: as many as a policy is made for (design.md section 5). */
export const MAX_KNOWN_TOTALS = 100_000;
/** Sources that are told apart for one mailbox; of more, the one that has been silent longest is forgotten. */
export const MAX_SOURCES = 4;
/** Messages that are known of otherwise, and that no total of a source has shown yet. */
export const MAX_ANNOUNCED = 100;

/** `MessageTotals.source` of what came by POST /api/v1/voicemail-events. */
export const EVENT_SOURCE = 'event';

/** What was last told of a mailbox. */
export interface KnownTotal {
  readonly total: number;
  readonly at: number;
  /** Told by events, which come with changes only: no news is news however old. Not kept over a restart. */
  readonly changesOnly: boolean;
  /** No source was heard of for the first time after this. */
  readonly since: number;
}

export interface KnownTotalsOptions extends Omit<TotalsWriterOptions, 'current'> {
  readonly journal: Pick<Journal, 'messageTotals' | 'saveMessageTotals'>;
  /** The mailbox is in the policy that holds now. */
  readonly exists: (mailbox: string) => boolean;
  /** How long a rise that one source told may be followed by the same rise, told by another. */
  readonly sameMessageMs: number;
}

/**
 * The last known number of messages of each mailbox, source by source: in memory, and the latest of them behind it in the
 * journal. Two systems that both keep messages for a user count each its own, and what one has is no change of the other's.
 */
export interface KnownTotals {
  load(): Promise<void>;
  /** What the source that spoke last told. */
  of(mailbox: string): KnownTotal | undefined;
  /**
   * Takes a total and answers by how much it rose, less what was announced. Equal counts are refreshes, a fall says nothing
   * about a message (the user may have deleted several), and where this source had told nothing before nothing can be
   * compared: all 0. Nor does a rise count that another source has just told of.
   */
  tell(totals: MessageTotals): number;
  /** A message of this mailbox is accounted for: until then, the next rise by one is no news. */
  announce(mailbox: string, until: number): void;
  /** The latest announcement was of a message that had been counted already. */
  unannounce(mailbox: string): void;
  stop(): void;
}

interface Told extends KnownTotal {
  /** Null: the journal does not say. */
  readonly source: string | null;
  /** Until when messages are expected that it has not shown yet. */
  readonly expects: readonly number[];
}

const NOTHING: readonly number[] = [];

export function createKnownTotals(options: KnownTotalsOptions): KnownTotals {
  return new TotalsBySource(options);
}

class TotalsBySource implements KnownTotals {
  readonly #options: KnownTotalsOptions;
  readonly #writer: TotalsWriter;
  /** Who spoke last comes first. */
  readonly #known = new Map<string, readonly Told[]>();
  #stopped = false;

  constructor(options: KnownTotalsOptions) {
    this.#options = options;
    this.#writer = createTotalsWriter({ ...options, current: (mailbox) => this.of(mailbox) });
  }

  async load(): Promise<void> {
    const { journal, exists, log } = this.#options;
    try {
      for (const { mailbox, total, at } of await journal.messageTotals()) {
        if (this.#known.has(mailbox) || !exists(mailbox) || !this.#hasRoom(mailbox)) continue;
        this.#known.set(mailbox, [{ source: null, total, at, changesOnly: false, since: at, expects: NOTHING }]);
      }
    } catch (error) {
      log.error({ error: String(error) }, 'message totals cannot be read; they are learned anew');
    }
  }

  of(mailbox: string): KnownTotal | undefined {
    return this.#known.get(mailbox)?.[0];
  }

  tell({ mailbox, total, at, source }: MessageTotals): number {
    const { exists, sameMessageMs } = this.#options;
    if (this.#stopped || !exists(mailbox) || !this.#hasRoom(mailbox)) return 0;
    const sources = this.#known.get(mailbox) ?? [];
    // What an earlier life was told is the first's who speaks now.
    const before = sources.find((one) => one.source === source) ?? sources.find((one) => one.source === null);
    if (before !== undefined && before.at > at) return 0;
    const risen = before === undefined ? 0 : Math.max(0, total - before.total);
    const expects = before === undefined || risen === 0 ? (before?.expects ?? NOTHING) : stillTo(before, at);
    const shown = Math.min(risen, expects.length);
    const since = before === undefined ? at : (sources[0]?.since ?? at);
    const told = { source, total, at, changesOnly: source === EVENT_SOURCE, since, expects: expects.slice(shown) };
    const others = sources.filter((one) => one !== before);
    const rise = risen - shown;
    const until = Array.from<number>({ length: Math.min(rise, MAX_ANNOUNCED) }).fill(at + sameMessageMs);
    this.#known.set(mailbox, [told, ...others.map((one) => expecting(one, until))].slice(0, MAX_SOURCES));
    this.#writer.changed(mailbox);
    return rise;
  }

  announce(mailbox: string, until: number): void {
    this.#change(mailbox, (told) => expecting(told, [until]));
  }

  unannounce(mailbox: string): void {
    this.#change(mailbox, (told) => ({ ...told, expects: told.expects.slice(0, -1) }));
  }

  stop(): void {
    this.#stopped = true;
    this.#writer.stop();
  }

  /** Without a total before it, there is no rise to be explained. */
  #change(mailbox: string, change: (told: Told) => Told): void {
    const sources = this.#known.get(mailbox);
    if (sources !== undefined) this.#known.set(mailbox, sources.map(change));
  }

  #hasRoom(mailbox: string): boolean {
    if (this.#known.has(mailbox) || this.#known.size < MAX_KNOWN_TOTALS) return true;
    for (const other of this.#known.keys()) if (!this.#options.exists(other)) this.#known.delete(other);
    return this.#known.size < MAX_KNOWN_TOTALS;
  }
}

function stillTo({ expects }: Told, at: number): readonly number[] {
  return expects.filter((until) => until >= at);
}

function expecting(told: Told, until: readonly number[]): Told {
  return until.length === 0 ? told : { ...told, expects: [...told.expects, ...until].slice(-MAX_ANNOUNCED) };
}
