import type { Evidence, MessageTotals, VoicemailEvent } from '../call/index.ts';
import type { CallRecord, Journal } from '../journal/index.ts';
import { candidatesIn, TOTALS, visitsIn, type Calls, type LiveCall } from './candidates.ts';
import { judgePending, type Law } from './judge.ts';
import type { KnownTotals } from './known-totals.ts';
import { createLines, type Lines } from './lines.ts';
import { attribute } from './message-totals.ts';
import type { Judged } from './settlement.ts';
import type { LedgerLog } from './types.ts';
import type { Settled } from './unwritten.ts';
import { callOf, evidenceOfEvent, late } from './voicemail-events.ts';

/** Where calls end all the time, the last look has to do. */
export const MAX_LOOKS = 3;
/** Evidence of a settled call; what comes beyond is not kept. */
export const MAX_KEPT_EVIDENCE = 200;

export interface TestimonyOptions {
  readonly journal: Pick<Journal, 'pendingOf' | 'call'>;
  readonly now: () => number;
  readonly log: LedgerLog;
  readonly law: () => Law;
  readonly totals: KnownTotals;
  readonly liveOf: (mailbox: string) => Iterable<LiveCall>;
  /** Resolves when the pending verdicts of this mailbox that are on their way to the journal are in it. */
  readonly written: (mailbox: string) => Promise<unknown>;
  readonly addEvidence: (callId: string, evidence: Evidence) => void;
  readonly commit: (callId: string, judge: () => Judged) => Promise<Settled | null>;
}

/** Puts what voicemail systems tell about mailboxes to the calls it is about, and settles those that waited for it. */
export interface Testimony {
  messageTotals(totals: MessageTotals): void;
  voicemailEvent(event: VoicemailEvent): Promise<string | null>;
}

export function createTestimony(options: TestimonyOptions): Testimony {
  return new Court(options);
}

class Court implements Testimony {
  readonly #options: TestimonyOptions;
  readonly #lines: Lines;
  /** Rises that wait for their turn; those of one mailbox are one. */
  readonly #risen = new Map<string, { rise: number; told: MessageTotals }>();

  constructor(options: TestimonyOptions) {
    this.#options = options;
    this.#lines = createLines(options.log);
  }

  messageTotals(told: MessageTotals): void {
    const rise = this.#options.totals.tell(told);
    if (rise === 0) return;
    const { mailbox } = told;
    const before = this.#risen.get(mailbox);
    if (before === undefined && this.#lines.isFull(mailbox)) return;
    this.#risen.set(mailbox, { rise: rise + (before?.rise ?? 0), told });
    if (before === undefined) void this.#lines.run(mailbox, () => this.#attributeRise(mailbox), undefined);
  }

  voicemailEvent(event: VoicemailEvent): Promise<string | null> {
    const { mailbox, kind, at } = event;
    if (this.#lines.isFull(mailbox)) return Promise.resolve(null);
    const { totals, law } = this.#options;
    if (kind === 'left') totals.announce(mailbox, at + law().settings.voicemail.settleMs);
    return this.#lines.run(mailbox, () => this.#findCall(event), null);
  }

  async #attributeRise(mailbox: string): Promise<void> {
    const entry = this.#risen.get(mailbox);
    this.#risen.delete(mailbox);
    if (entry === undefined) return;
    const calls = await this.#look(mailbox);
    const { rise, told } = entry;
    const { greetingMs, minimumMessageMs } = this.#options.law().settings.voicemail;
    for (const { callId, strength } of attribute(visitsIn(calls, told.at), rise, greetingMs + minimumMessageMs)) {
      const detail = `${mailbox} has ${told.total} messages now, ${rise} more than before (${told.source})`;
      await this.#put(calls, callId, { at: told.at, kind: 'voicemail-left', source: TOTALS, strength, detail });
    }
  }

  async #findCall(event: VoicemailEvent): Promise<string | null> {
    const { law, totals } = this.#options;
    const { mailbox, kind } = event;
    const calls = await this.#look(mailbox);
    const evidence = evidenceOfEvent(event, law().settings.voicemail.minimumMessageMs);
    const found = callOf(event, candidatesIn(calls));
    if (found === null) return this.#keepLate(event, evidence);
    const known = evidenceOf(calls, found);
    if (kind === 'left' && known.some((one) => one.kind === 'voicemail-left' && one.source === TOTALS)) {
      totals.unannounce(mailbox);
    }
    await this.#put(calls, found, evidence);
    return found;
  }

  /** One that ended while the journal was read is neither in what it gave nor live. */
  async #look(mailbox: string): Promise<Calls> {
    const { liveOf, written, journal } = this.#options;
    for (let looks = 1; ; looks++) {
      const before = [...liveOf(mailbox)];
      await written(mailbox);
      const pending = await journal.pendingOf(mailbox);
      const live = [...liveOf(mailbox)];
      if (looks === MAX_LOOKS || before.every((call) => live.includes(call))) return { pending, live };
    }
  }

  /** Decisive evidence settles a call that waits, with it in one transaction; other evidence lets it wait on. */
  async #put({ pending }: Calls, callId: string, evidence: Evidence): Promise<void> {
    const { addEvidence, now, law, commit } = this.#options;
    const record = pending.find(({ id }) => id === callId);
    if (record === undefined) return addEvidence(callId, evidence);
    const judged = judgePending(record, now(), law(), [evidence]);
    if (judged.verdict.outcome === null) return addEvidence(callId, evidence);
    const settled = await commit(callId, () => judged);
    // It had fallen due meanwhile.
    if (settled === 'duplicate') addEvidence(callId, late(evidence));
  }

  /** An event that names a call which has its verdict: it changes nothing, and people who ask why see it. */
  async #keepLate({ call, mailbox }: VoicemailEvent, evidence: Evidence): Promise<string | null> {
    const { journal, addEvidence } = this.#options;
    const record = call === null ? null : await journal.call(call);
    // The journal finds a call by a part of its id, too.
    if (record === null || (record.id !== call && record.sipCallId !== call)) return null;
    if (record.outcome === null || !concerns(record, mailbox)) return null;
    if (record.evidence.length >= MAX_KEPT_EVIDENCE) return null;
    addEvidence(record.id, late(evidence));
    return record.id;
  }
}

function evidenceOf({ pending, live }: Calls, callId: string): readonly Evidence[] {
  const found = pending.find(({ id }) => id === callId) ?? live.find(({ start }) => start.id === callId);
  return found?.evidence ?? [];
}

function concerns({ mailbox: called, state }: CallRecord, mailbox: string): boolean {
  return called === mailbox || (state?.legs.some((leg) => leg.mailbox === mailbox) ?? false);
}
