import {
  advance,
  newCall,
  rangAt,
  type CallEvent,
  type CallStart,
  type CallState,
  type Evidence,
  type LegKind,
  type Ledger,
} from '../../call/index.ts';
import type { GatewayLog, LiveCall } from '../types.ts';
import type { UserAgent } from '../agent/user-agent.ts';

export interface CallFacts {
  readonly start: CallStart;
  /** The user name of the registered phone that began it; null: a peer did. */
  readonly account: string | null;
  readonly voicemailAccess: boolean;
}

/** An inbound leg, as far as its call needs to know it. */
export interface Caller {
  /** The engine that carries it. */
  readonly agent: UserAgent;
  /** Somebody still waits for an answer or talks; false while only what was rung for it comes to its end. */
  readonly wanted: boolean;
  /** The gateway stops. */
  interrupt(): void;
  /** The engine is gone, and every dialog with it. */
  lost(): void;
}

/** What an outbound leg tells of itself. */
export type LegReports = Pick<Call, 'nextLegId' | 'report' | 'addEvidence'>;

/** A live call: its state, and the way of its events to the ledger. Its legs are in inbound.ts and outbound.ts. */
export class Call {
  readonly start: CallStart;
  readonly account: string | null;
  /** Resolves when the first record is in the journal, or late by the ledger's own measure: nothing rings before. */
  readonly begun: Promise<void>;
  readonly callers = new Set<Caller>();
  /** Numbers and addresses that this call has been to (routing.ts placeOf). */
  readonly places = new Set<string>();
  /** The keys under which calls.ts finds it. */
  readonly keys = new Set<string>();
  readonly #ledger: Ledger;
  readonly #answered = new Set<LegKind>();
  #state: CallState;
  #rang = false;
  #interrupted = false;
  #callers = 0;
  #legs = 0;

  constructor({ start, account, voicemailAccess }: CallFacts, ledger: Ledger, log: GatewayLog) {
    this.start = start;
    this.account = account;
    this.#ledger = ledger;
    this.#state = newCall({ voicemailAccess });
    this.begun = ledger.begin(start).catch((error: unknown) => {
      log.error({ error, call: start.id }, 'the call could not be journalled; it goes on');
    });
  }

  get id(): string {
    return this.start.id;
  }

  get state(): CallState {
    return this.#state;
  }

  /** Inbound legs that it has had. */
  get callerCount(): number {
    return this.#callers;
  }

  /** Outbound INVITEs that it has had. */
  get legCount(): number {
    return this.#legs;
  }

  nextCallerId(): string {
    this.#callers += 1;
    return this.#callers === 1 ? 'caller' : `caller-${this.#callers}`;
  }

  nextLegId(): string {
    this.#legs += 1;
    return `leg-${this.#legs}`;
  }

  report(event: CallEvent): void {
    this.#state = advance(this.#state, event);
    if (event.type === 'leg-provisional' && !this.#rang && rangAt(this.#state) !== null) {
      this.#rang = true;
      this.#ledger.rang(this.id, event.at);
    }
  }

  /** Our 200 left: the journal knows at once, should the gateway die while they talk. */
  answered(at: number, by: LegKind): void {
    if (this.#answered.has(by)) return;
    this.#answered.add(by);
    this.#ledger.answered(this.id, at, by);
  }

  addEvidence(evidence: Evidence): void {
    void this.begun.then(() => this.#ledger.addEvidence(this.id, evidence));
  }

  /** The gateway or its engine ends the call; said once. */
  interrupted(at: number, detail: string): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.addEvidence({ at, kind: 'interrupted', source: 'gateway', strength: 'certain', detail });
  }

  /** The last leg is over. Resolves when the ledger has been told. */
  async ended(at: number): Promise<void> {
    await this.begun;
    this.#ledger.ended(this.id, this.#state, at);
  }

  live(): LiveCall {
    const { id, caller, callee, mailbox, peer, startedAt } = this.start;
    return { id, caller, callee, mailbox, peer, startedAt, phase: this.#phase() };
  }

  #phase(): LiveCall['phase'] {
    const answeredBy = new Set(this.#state.callers.map((caller) => caller.answeredBy));
    const answers = this.#state.legs.filter((leg) => answeredBy.has(leg.id));
    if (answers.some(({ kind }) => kind === 'phone')) return 'talking';
    if (answers.length > 0) return 'voicemail';
    return this.#rang ? 'ringing' : 'routing';
  }
}
