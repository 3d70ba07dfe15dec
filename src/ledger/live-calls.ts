import type { CallStart, Evidence } from '../call/index.ts';
import { byMailbox, type ByMailbox } from './by-mailbox.ts';
import type { LiveCall } from './candidates.ts';
import { outranks, type Answer, type Reported } from './judge.ts';

/** Evidence from outside the signalling that one call may have. */
export const MAX_EVIDENCE = 100;

type Changing = { -readonly [Key in 'rangAt' | 'answered' | 'reachedAt']: (Reported & LiveCall)[Key] };
type Entry = Changing & { readonly start: CallStart; readonly evidence: Evidence[] };

/** What has been reported of the calls that have not ended. Each report answers whether it told anything new. */
export class LiveCalls {
  readonly #calls = new Map<string, Entry>();
  readonly #byMailbox: ByMailbox<Entry> = byMailbox();

  has(callId: string): boolean {
    return this.#calls.has(callId);
  }

  get(callId: string): (Reported & LiveCall) | undefined {
    return this.#calls.get(callId);
  }

  /** Those whose called user has this mailbox. */
  of(mailbox: string): Iterable<LiveCall> {
    return this.#byMailbox.of(mailbox);
  }

  all(): Iterable<Reported> {
    return this.#calls.values();
  }

  begin(start: CallStart): void {
    const call: Entry = { start, evidence: [...start.evidence], rangAt: null, answered: null, reachedAt: null };
    this.#calls.set(start.id, call);
    if (start.mailbox !== null) this.#byMailbox.add(start.mailbox, call);
  }

  rang(callId: string, at: number): boolean {
    const call = this.#calls.get(callId);
    if (call === undefined || call.rangAt !== null) return false;
    call.rangAt = at;
    return true;
  }

  answered(callId: string, answer: Answer): boolean {
    const call = this.#calls.get(callId);
    if (call === undefined || !outranks(answer, call.answered)) return false;
    call.answered = answer;
    return true;
  }

  reachedVoicemail(callId: string, at: number): boolean {
    const call = this.#calls.get(callId);
    if (call === undefined || call.reachedAt !== null) return false;
    call.reachedAt = at;
    return true;
  }

  /** False: there is no such call, or it has as much as it may have. */
  addEvidence(callId: string, evidence: Evidence): boolean {
    const call = this.#calls.get(callId);
    if (call === undefined || call.evidence.length >= MAX_EVIDENCE) return false;
    call.evidence.push(evidence);
    return true;
  }

  forget(callId: string): void {
    const call = this.#calls.get(callId);
    this.#calls.delete(callId);
    if (call !== undefined && call.start.mailbox !== null) this.#byMailbox.delete(call.start.mailbox, call);
  }

  clear(): void {
    this.#calls.clear();
    this.#byMailbox.clear();
  }
}
