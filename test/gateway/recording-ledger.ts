import {
  classify,
  evidenceOf,
  rangAt,
  rangMs,
  type CallStart,
  type CallState,
  type Evidence,
  type Ledger,
  type MessageTotals,
  type PendingVerdict,
  type Verdict,
  type VoicemailEvent,
} from '../../src/call/index.ts';
import { decide } from '../../src/ledger/index.ts';
import type { Policy } from '../../src/policy/index.ts';
import type { Voicemail } from '../../src/gateway/index.ts';

export interface EndedCall {
  readonly id: string;
  readonly start: CallStart;
  readonly state: CallState;
  readonly evidence: readonly Evidence[];
  readonly verdict: Verdict | PendingVerdict;
  /** As the ledger makes them: `notify alice (missed)`, `skip nobody (no-mailbox)`; none while the verdict waits. */
  readonly decisions: readonly string[];
}

/** A ledger that keeps what it is told, judges with the real table, and checks that it is told in order. */
export class RecordingLedger implements Ledger {
  readonly started: CallStart[] = [];
  readonly rings: string[] = [];
  readonly answers: { readonly id: string; readonly by: 'phone' | 'voicemail' }[] = [];
  readonly over: EndedCall[] = [];
  /** What went wrong in the way it was called. */
  readonly complaints: string[] = [];
  /** Until it resolves, `begin` does not. */
  journal: Promise<void> = Promise.resolve();
  readonly #voicemail: Voicemail;
  readonly #evidence = new Map<string, Evidence[]>();
  readonly #live = new Set<string>();
  #waiting: (() => void)[] = [];

  readonly #policy: Policy;

  constructor(voicemail: Voicemail, policy: Policy) {
    this.#policy = policy;
    this.#voicemail = voicemail;
  }

  async begin(start: CallStart): Promise<void> {
    this.started.push(start);
    this.#live.add(start.id);
    this.#evidence.set(start.id, [...start.evidence]);
    await this.journal;
  }

  readonly totals: MessageTotals[] = [];
  readonly voicemailEvents: VoicemailEvent[] = [];

  messageTotals(totals: MessageTotals): void {
    this.totals.push(totals);
  }

  async voicemailEvent(event: VoicemailEvent): Promise<string | null> {
    this.voicemailEvents.push(event);
    return null;
  }

  rang(id: string): void {
    this.#expectLive(id, 'rang');
    this.rings.push(id);
  }

  answered(id: string, _at: number, by: 'phone' | 'voicemail'): void {
    this.#expectLive(id, 'answered');
    this.answers.push({ id, by });
  }

  ended(id: string, state: CallState, at: number): void {
    this.#expectLive(id, 'ended');
    this.#live.delete(id);
    const start = this.started.find((call) => call.id === id);
    if (start === undefined) throw new Error(`call ${id} ended and never began`);
    const evidence = [...(this.#evidence.get(id) ?? []), ...evidenceOf(state, at)];
    const verdict = classify(
      { state, evidence, endedAt: at, hasMailbox: start.mailbox !== null || start.group !== null },
      { voicemail: this.#voicemail },
      { settled: false },
    );
    if (state.callers.some(({ endedAt }) => endedAt === null)) this.complaints.push(`${id}: a caller leg has no end`);
    if (state.legs.some(({ endedAt }) => endedAt === null)) this.complaints.push(`${id}: an outbound leg has no end`);
    this.over.push({
      id,
      start,
      state,
      evidence,
      verdict,
      decisions: this.#decide(start, state, evidence, verdict, at),
    });
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #decide(
    call: CallStart,
    state: CallState,
    evidence: readonly Evidence[],
    verdict: Verdict | PendingVerdict,
    endedAt: number,
  ): string[] {
    if (verdict.outcome === null) return [];
    const rang = { rangAt: rangAt(state), rangMs: rangMs(state, endedAt) };
    return decide({ call, verdict, ...rang, endedAt, state, evidence, policy: this.#policy }).map(
      ({ record: { decision, mailbox, reason } }) => `${decision} ${mailbox ?? 'nobody'} (${reason})`,
    );
  }

  addEvidence(id: string, evidence: Evidence): void {
    this.#expectLive(id, 'addEvidence');
    this.#evidence.get(id)?.push(evidence);
  }

  async settleDue(): Promise<void> {
    // Nothing waits here.
  }

  /** The n-th call that ended, counted from 1. */
  async call(n = 1): Promise<EndedCall> {
    for (;;) {
      const found = this.over[n - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #expectLive(id: string, what: string): void {
    if (!this.#live.has(id)) this.complaints.push(`${what} for ${id}, which is not live`);
  }
}
