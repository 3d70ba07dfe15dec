/** An INVITE that waits for its final answer. */
export interface PendingInvite<Cancel> {
  readonly callId: string;
  readonly fromTag: string | null;
  cancelled(cancel: Cancel): void;
  /** Makes the framework know it again: it keeps one INVITE a Call-ID, and forgets even that one with another's end. */
  restore(): void;
}

/**
 * The INVITEs that wait for their final answer. The framework knows them by Call-ID alone: with two of one Call-ID, a CANCEL
 * reaches the wrong one and the next is lost. Here a CANCEL finds its own by the From tag, and whoever still waits is restored.
 */
export class PendingInvites<Cancel> {
  readonly #byCallId = new Map<string, PendingInvite<Cancel>[]>();

  get size(): number {
    return this.#byCallId.size;
  }

  add(pending: PendingInvite<Cancel>): void {
    this.#byCallId.set(pending.callId, [...(this.#byCallId.get(pending.callId) ?? []), pending]);
  }

  /** A CANCEL came, which the framework took for `told`. */
  cancelled(told: PendingInvite<Cancel>, fromTag: string | null, cancel: Cancel): void {
    const found = this.#byCallId.get(told.callId)?.find((pending) => pending.fromTag === fromTag) ?? told;
    this.remove(found);
    found.cancelled(cancel);
  }

  /** It got its final answer. */
  remove(over: PendingInvite<Cancel>): void {
    const left = (this.#byCallId.get(over.callId) ?? []).filter((pending) => pending !== over);
    const next = left[0];
    if (next === undefined) {
      this.#byCallId.delete(over.callId);
      return;
    }
    this.#byCallId.set(over.callId, left);
    // The framework forgets the Call-ID right after it has told of a CANCEL or taken an answer.
    queueMicrotask(() => next.restore());
  }

  clear(): void {
    this.#byCallId.clear();
  }
}
