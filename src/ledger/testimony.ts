import type { CalleeLeg, CallStart, Evidence, MessageTotals, VoicemailEvent } from '../call/index.ts';
import type { CallRecord, Journal } from '../journal/index.ts';
import { judgePending, type Law } from './judge.ts';
import { attribute, type KnownTotals, type Visit } from './message-totals.ts';
import type { Judged } from './settlement.ts';
import type { LedgerLog } from './types.ts';
import type { Settled } from './unwritten.ts';
import { callOf, evidenceOfEvent, type Candidate } from './voicemail-events.ts';

/** What voicemail systems told, and waits to be put to calls; beyond, it is lost, and said to be. */
export const MAX_WAITING_TESTIMONY = 1_000;

/** Where calls end all the time, the last look has to do. */
const MAX_LOOKS = 3;

/** A call that lives, and that somebody or voicemail has answered. */
export interface LiveVisit {
  readonly start: CallStart;
  readonly evidence: readonly Evidence[];
  readonly reachedAt: number | null;
}

export interface TestimonyOptions {
  readonly journal: Pick<Journal, 'pendingOf'>;
  readonly now: () => number;
  readonly log: LedgerLog;
  readonly law: () => Law;
  readonly totals: KnownTotals;
  readonly liveOf: (mailbox: string) => Iterable<LiveVisit>;
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
  const { journal, now, log, law, totals, liveOf, written, addEvidence, commit } = options;
  /** Of each mailbox one thing at a time: what one total explains is not there for the next. */
  const lines = new Map<string, Promise<unknown>>();
  /** Rises that wait for their turn; those of one mailbox are one. */
  const risen = new Map<string, { rise: number; told: MessageTotals }>();
  let waiting = 0;

  function isFull(mailbox: string): boolean {
    if (waiting < MAX_WAITING_TESTIMONY) return false;
    log.warn({ mailbox, waiting }, 'too much waits that voicemail systems told: evidence is lost');
    return true;
  }

  function inLine<T>(mailbox: string, task: () => Promise<T>, otherwise: T): Promise<T> {
    waiting++;
    const result = (lines.get(mailbox) ?? Promise.resolve()).then(task).catch((error: unknown) => {
      log.error({ mailbox, error: String(error) }, 'what a voicemail system told could not be put to a call');
      return otherwise;
    });
    const end = result.then(() => {
      waiting--;
      if (lines.get(mailbox) === end) lines.delete(mailbox);
    });
    lines.set(mailbox, end);
    return result;
  }

  /** The calls that something may be about. One that ended while the journal was read is neither in what it gave nor live. */
  async function look(mailbox: string): Promise<{ pending: CallRecord[]; live: LiveVisit[] }> {
    for (let looks = 1; ; looks++) {
      const before = [...liveOf(mailbox)];
      await written(mailbox);
      const pending = await journal.pendingOf(mailbox);
      const live = [...liveOf(mailbox)];
      if (looks === MAX_LOOKS || before.every((call) => live.includes(call))) return { pending, live };
    }
  }

  /** Decisive evidence settles a call that waits, with it in one transaction; other evidence lets it wait on. */
  async function put(record: CallRecord | undefined, callId: string, evidence: Evidence): Promise<void> {
    if (record === undefined) return addEvidence(callId, evidence);
    const judged = judgePending({ ...record, evidence: [...record.evidence, evidence] }, now(), law());
    if (judged.verdict.outcome === null) return addEvidence(callId, evidence);
    const settled = await commit(callId, () => ({ ...judged, newEvidence: [evidence] }));
    // It had fallen due meanwhile: the evidence is kept, and changes nothing.
    if (settled === 'duplicate') addEvidence(callId, evidence);
  }

  async function attributeRise(mailbox: string): Promise<void> {
    const entry = risen.get(mailbox);
    risen.delete(mailbox);
    if (entry === undefined) return;
    const { pending, live } = await look(mailbox);
    const { rise, told } = entry;
    const { greetingMs, minimumMessageMs } = law().settings.voicemail;
    const visits = [
      ...pending.filter(({ evidence }) => !isTold(evidence)).map(visitIn),
      ...live.filter(({ evidence }) => !isTold(evidence)).flatMap((call) => liveVisit(call, told.at)),
    ].filter(({ since }) => since <= told.at);
    for (const { callId, strength } of attribute(visits, rise, greetingMs + minimumMessageMs)) {
      const detail = `${mailbox} has ${told.total} messages now, ${rise} more than before (${told.source})`;
      const evidence: Evidence = { at: told.at, kind: 'voicemail-left', source: TOTALS, strength, detail };
      const record = pending.find(({ id }) => id === callId);
      await put(record, callId, evidence);
    }
  }

  async function findCall(event: VoicemailEvent): Promise<string | null> {
    const { mailbox } = event;
    const { pending, live } = await look(mailbox);
    const found = callOf(event, [...pending.map(pendingCandidate), ...live.map(liveCandidate)]);
    if (found === null) return null;
    const record = pending.find(({ id }) => id === found);
    const known = record?.evidence ?? live.find(({ start }) => start.id === found)?.evidence ?? [];
    if (event.kind === 'left' && known.some(({ kind, source }) => kind === 'voicemail-left' && source === TOTALS)) {
      totals.unannounce(mailbox);
    }
    await put(record, found, evidenceOfEvent(event, law().settings.voicemail.minimumMessageMs));
    return found;
  }

  return {
    messageTotals(told) {
      const rise = totals.tell(told);
      if (rise === 0) return;
      const { mailbox } = told;
      const before = risen.get(mailbox);
      if (before === undefined && isFull(mailbox)) return;
      risen.set(mailbox, { rise: rise + (before?.rise ?? 0), told });
      if (before === undefined) void inLine(mailbox, () => attributeRise(mailbox), undefined);
    },

    voicemailEvent(event) {
      if (isFull(event.mailbox)) return Promise.resolve(null);
      if (event.kind === 'left') {
        totals.announce(event.mailbox, event.at + law().settings.voicemail.settleMs);
      }
      return inLine(event.mailbox, () => findCall(event), null);
    },
  };
}

/** Who says so where totals were compared. */
const TOTALS = 'message totals';

const SAYINGS: ReadonlySet<string> = new Set(['voicemail-left', 'voicemail-blank', 'voicemail-none']);

/** Somebody has said what became of this visit: it is not the one that an unexplained message came from. */
function isTold(evidence: readonly Evidence[]): boolean {
  return evidence.some(
    ({ kind, strength }) => kind === 'voicemail-left' || (SAYINGS.has(kind) && strength === 'certain'),
  );
}

function visitIn({ id, state, evidence, startedAt }: CallRecord): Visit {
  const reached = new Set(evidence.filter(({ kind }) => kind === 'voicemail-reached').map(({ source }) => source));
  const isVisit = (leg: CalleeLeg): boolean => leg.kind === 'voicemail' || reached.has(leg.id);
  const leg = state?.legs.find((one) => isVisit(one) && one.answeredAt !== null);
  const { answeredAt = null, endedAt = null } = leg ?? {};
  const stayMs = answeredAt === null || endedAt === null ? null : endedAt - answeredAt;
  return { callId: id, since: answeredAt ?? startedAt, stayMs, live: false };
}

function liveVisit({ start, reachedAt }: LiveVisit, at: number): Visit[] {
  return reachedAt === null ? [] : [{ callId: start.id, since: reachedAt, stayMs: at - reachedAt, live: true }];
}

function pendingCandidate({ id, sipCallId, state, caller, startedAt, evidence }: CallRecord): Candidate {
  const legs = [...(state?.callers ?? []), ...(state?.legs ?? [])].flatMap((leg) => leg.sipCallId ?? []);
  return { callId: id, sipCallIds: [sipCallId, ...legs], caller, startedAt, reached: true, told: isCertain(evidence) };
}

function liveCandidate({ start, evidence, reachedAt }: LiveVisit): Candidate {
  const { id, sipCallId, caller, startedAt } = start;
  const reached = reachedAt !== null;
  return { callId: id, sipCallIds: [sipCallId], caller, startedAt, reached, told: isCertain(evidence) };
}

/** The voicemail system itself has spoken; what was counted is only a guess which call it was. */
function isCertain(evidence: readonly Evidence[]): boolean {
  return evidence.some(({ kind, strength }) => strength === 'certain' && SAYINGS.has(kind));
}
