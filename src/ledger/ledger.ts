import type { CallStart, CallState, Evidence, MessageTotals, VoicemailEvent } from '../call/index.ts';
import type { Key } from './backlog.ts';
import { byMailbox } from './by-mailbox.ts';
import { judgeEnded, judgeInterrupted, type Law } from './judge.ts';
import { createKnownTotals, type KnownTotals } from './known-totals.ts';
import { LiveCalls } from './live-calls.ts';
import { baselineEvidence, silenceEvidence } from './message-totals.ts';
import { settlementOf, viewOf, type Judged } from './settlement.ts';
import { createSweeps, type Sweeps } from './sweeps.ts';
import { createTestimony, type Testimony } from './testimony.ts';
import type { CallLedger, LedgerOptions } from './types.ts';
import type { Settled } from './unwritten.ts';
import { createWriteQueue, type WriteQueue } from './write-queue.ts';

/** The longest that a call waits for its first record (design.md section 7). */
export const BEGIN_WAIT_MS = 50;
/** How long `stop` waits for the journal. */
export const STOP_FLUSH_MS = 5_000;

/**
 * The judge: keeps the journal's record of every call as it goes, asks `call/` for the verdict at its end, decides by the
 * policy that holds then, and commits the whole in one transaction.
 */
export function createLedger(options: LedgerOptions): CallLedger {
  return new Judge(options);
}

class Judge implements CallLedger {
  readonly #options: LedgerOptions;
  readonly #live = new LiveCalls();
  /** Pending verdicts on their way to the journal. */
  readonly #settling = byMailbox<Promise<unknown>>();
  readonly #queue: WriteQueue;
  readonly #totals: KnownTotals;
  readonly #testimony: Testimony;
  readonly #sweeps: Sweeps;
  #stopped = false;

  constructor(options: LedgerOptions) {
    const { journal, policy, settings, now, schedule, log } = options;
    const listeningSince = now();
    const law = (): Law => this.#law();
    const commit = (callId: string, judge: () => Judged): Promise<Settled | null> => this.#commit(callId, judge);
    this.#options = options;
    this.#queue = createWriteQueue({ journal, now, schedule, log, onDropped: (callId) => this.#live.forget(callId) });
    this.#totals = createKnownTotals({
      journal,
      exists: (mailbox) => policy.current().mailbox(mailbox) !== undefined,
      sameMessageMs: settings.voicemail.settleMs,
      schedule,
      log,
    });
    this.#testimony = createTestimony({
      journal,
      now,
      log,
      law,
      totals: this.#totals,
      liveOf: (mailbox) => this.#live.of(mailbox),
      written: (mailbox) => Promise.all(this.#settling.of(mailbox)),
      addEvidence: (callId, evidence) => this.addEvidence(callId, evidence),
      commit,
    });
    this.#sweeps = createSweeps({
      journal,
      now,
      schedule,
      log,
      law,
      commit,
      silence: (record, at) =>
        silenceEvidence({ ...record, known: this.#totals.of(record.mailbox ?? ''), listeningSince, now: at }),
      isLive: (callId) => this.#live.has(callId),
      isUnwritten: (callId) => this.#queue.has(callId),
    });
  }

  #law(): Law {
    const { settings, policy } = this.#options;
    return { settings, policy: policy.current() };
  }

  begin(start: CallStart): Promise<void> {
    if (this.#stopped || this.#live.has(start.id)) return Promise.resolve();
    this.#live.begin(start);
    const written = this.#queue.begin(start);
    if (!this.#queue.flowing) {
      // The journal fails: waiting for it would be in vain.
      this.#noteLate(start.id);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const cancel = this.#options.schedule(() => {
        this.#noteLate(start.id);
        resolve();
      }, BEGIN_WAIT_MS);
      void written.then(() => {
        cancel();
        resolve();
      });
    });
  }

  #noteLate(callId: string): void {
    const at = this.#options.now();
    const detail = 'the call went on before its first record was written';
    this.addEvidence(callId, { at, kind: 'journalled-late', source: 'gateway', strength: 'certain', detail });
  }

  rang(callId: string, at: number): void {
    if (this.#live.rang(callId, at)) this.#queue.rang(this.#keyOf(callId), at);
  }

  answered(callId: string, at: number, by: 'phone' | 'voicemail'): void {
    const answer = { at, by };
    if (!this.#live.answered(callId, answer)) return;
    this.#queue.answered(this.#keyOf(callId), answer);
    if (by === 'voicemail') this.#reachedVoicemail(callId, at);
  }

  ended(callId: string, state: CallState, at: number): void {
    const call = this.#live.get(callId);
    if (call === undefined) return;
    this.#live.forget(callId);
    void this.#commit(callId, () => judgeEnded(call, state, at, this.#law()));
  }

  addEvidence(callId: string, evidence: Evidence): void {
    if (this.#stopped) return;
    if (this.#live.has(callId) && !this.#live.addEvidence(callId, evidence)) return;
    if (evidence.kind === 'voicemail-reached') this.#reachedVoicemail(callId, evidence.at);
    // A call that is not live may have a pending verdict: it is judged by what the journal has then.
    this.#queue.addEvidence(this.#keyOf(callId), evidence);
  }

  #reachedVoicemail(callId: string, at: number): void {
    if (!this.#live.reachedVoicemail(callId, at)) return;
    const mailbox = this.#live.get(callId)?.start.mailbox ?? null;
    const known = mailbox === null ? undefined : this.#totals.of(mailbox);
    if (mailbox !== null && known !== undefined) this.addEvidence(callId, baselineEvidence(mailbox, known, at));
  }

  messageTotals(told: MessageTotals): void {
    if (!this.#stopped) this.#testimony.messageTotals(told);
  }

  voicemailEvent(event: VoicemailEvent): Promise<string | null> {
    return this.#stopped ? Promise.resolve(null) : this.#testimony.voicemailEvent(event);
  }

  /** Nothing thrown here may reach a call; a call that could not be judged stays unfinished, and the next start finds it. */
  async #commit(callId: string, judge: () => Judged): Promise<Settled | null> {
    const { policy, settings, newId, now, log, onSettled } = this.#options;
    try {
      const judged = this.#withBaseline(judge());
      const settlement = settlementOf(judged, { policy: policy.current(), node: settings.node, newId, now: now() });
      const { id, mailbox } = judged.start;
      const writing = this.#queue.settle({ callId: id, hasMailbox: mailbox !== null }, settlement);
      const waitsFor = judged.verdict.outcome === null ? mailboxesOf(judged) : [];
      for (const whose of waitsFor) this.#settling.add(whose, writing);
      const settled = await writing;
      for (const whose of waitsFor) this.#settling.delete(whose, writing);
      if (settled === 'settled') onSettled?.(viewOf(judged, settlement, settings.node));
      return settled;
    } catch (error) {
      log.error({ callId, error: error instanceof Error ? error.stack : String(error) }, 'a call could not be settled');
      return null;
    }
  }

  /** A pending verdict waits for a count where there is one to compare it with. */
  #withBaseline(judged: Judged): Judged {
    const { start, course, verdict, evidence } = judged;
    const known = this.#totals.of(start.mailbox ?? '');
    if (start.mailbox === null || known === undefined || verdict.outcome !== null) return judged;
    if (evidence.some(({ kind }) => kind === 'message-totals')) return judged;
    const baseline = baselineEvidence(start.mailbox, known, course.endedAt);
    return { ...judged, evidence: [...evidence, baseline], newEvidence: [...judged.newEvidence, baseline] };
  }

  /** What is told of a call that has ended counts as a mailbox's: it is not the first to go where memory is short. */
  #keyOf(callId: string): Key {
    const call = this.#live.get(callId);
    return { callId, hasMailbox: call === undefined || call.start.mailbox !== null };
  }

  settleDue(at: number): Promise<void> {
    return this.#sweeps.settleDue(at);
  }

  recover(): Promise<void> {
    // Asked for first, so there first: what is found interrupted may wait for a count.
    void this.#totals.load();
    return this.#sweeps.recover();
  }

  get ready(): boolean {
    return this.#queue.ready;
  }

  get queueDepth(): number {
    return this.#queue.depth;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#sweeps.stop();
    const { now, log } = this.#options;
    const detail = 'the gateway was stopped during the call';
    for (const call of this.#live.all()) {
      void this.#commit(call.start.id, () => judgeInterrupted(call, now(), detail, this.#law()));
    }
    this.#live.clear();
    await this.#queue.flush(STOP_FLUSH_MS);
    const { depth } = this.#queue;
    if (depth > 0) log.error({ calls: depth }, 'stopped with records that the journal did not take');
    this.#totals.stop();
    this.#queue.stop();
  }
}

/** Whom evidence about a call may name: the called user, and the members of a group whose phones rang. */
function mailboxesOf({ start, course }: Judged): string[] {
  const members = (course.state?.legs ?? []).flatMap(({ mailbox }) => mailbox ?? []);
  return [...new Set(start.mailbox === null ? members : [start.mailbox, ...members])];
}
