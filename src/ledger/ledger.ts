import type { CallStart, Evidence } from '../call/index.ts';
import type { Key } from './backlog.ts';
import { judgeEnded, judgeInterrupted, outranks, type Law, type Reported } from './judge.ts';
import { settlementOf, viewOf, type Judged } from './settlement.ts';
import { createSweeps } from './sweeps.ts';
import type { CallLedger, LedgerOptions } from './types.ts';
import { createWriteQueue } from './write-queue.ts';

/** The longest that a call waits for its first record (design.md section 7). */
export const BEGIN_WAIT_MS = 50;
/** Evidence from outside the signalling that one call may have. */
export const MAX_EVIDENCE = 100;
/** How long `stop` waits for the journal. */
export const STOP_FLUSH_MS = 5_000;

interface LiveCall extends Reported {
  readonly evidence: Evidence[];
  rangAt: number | null;
  answered: Reported['answered'];
}

/**
 * The judge: keeps the journal's record of every call as it goes, asks `call/` for the verdict at its end, decides by the
 * policy that holds then, and commits the whole in one transaction.
 */
export function createLedger(options: LedgerOptions): CallLedger {
  const { journal, policy, settings, now, newId, schedule, log, onSettled } = options;
  const live = new Map<string, LiveCall>();
  let stopped = false;
  const queue = createWriteQueue({ journal, now, schedule, log, onDropped: (callId) => live.delete(callId) });
  const law = (): Law => ({ settings, policy: policy.current() });
  const sweeps = createSweeps({
    journal,
    now,
    schedule,
    log,
    law,
    commit,
    isLive: (callId) => live.has(callId),
    isUnwritten: (callId) => queue.has(callId),
  });

  /** Nothing thrown here may reach a call; a call that could not be judged stays unfinished, and the next start finds it. */
  async function commit(callId: string, judge: () => Judged): Promise<void> {
    try {
      const judged = judge();
      const made = { policy: policy.current(), node: settings.node, newId, now: now() };
      const settlement = settlementOf(judged, made);
      const settled = await queue.settle(keyOf(judged.start), settlement);
      if (settled === 'settled') onSettled?.(viewOf(judged, settlement, settings.node));
    } catch (error) {
      log.error({ callId, error: error instanceof Error ? error.stack : String(error) }, 'a call could not be settled');
    }
  }

  function addEvidence(callId: string, evidence: Evidence): void {
    if (stopped) return;
    const call = live.get(callId);
    if (call !== undefined && call.evidence.length >= MAX_EVIDENCE) return;
    call?.evidence.push(evidence);
    // A call that is not live may have a pending verdict: it is judged by what the journal has then.
    queue.addEvidence(call === undefined ? { callId, hasMailbox: true } : keyOf(call.start), evidence);
  }

  function noteLate(callId: string): void {
    const detail = 'the call went on before its first record was written';
    addEvidence(callId, { at: now(), kind: 'journalled-late', source: 'gateway', strength: 'certain', detail });
  }

  return {
    begin(start) {
      if (stopped || live.has(start.id)) return Promise.resolve();
      live.set(start.id, { start, evidence: [...start.evidence], rangAt: null, answered: null });
      const written = queue.begin(start);
      if (!queue.flowing) {
        // The journal fails: waiting for it would be in vain.
        noteLate(start.id);
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const cancel = schedule(() => {
          noteLate(start.id);
          resolve();
        }, BEGIN_WAIT_MS);
        void written.then(() => {
          cancel();
          resolve();
        });
      });
    },

    rang(callId, at) {
      const call = live.get(callId);
      if (call === undefined || call.rangAt !== null) return;
      call.rangAt = at;
      queue.rang(keyOf(call.start), at);
    },

    answered(callId, at, by) {
      const call = live.get(callId);
      const answer = { at, by };
      if (call === undefined || !outranks(answer, call.answered)) return;
      call.answered = answer;
      queue.answered(keyOf(call.start), answer);
    },

    ended(callId, state, at) {
      const call = live.get(callId);
      if (call === undefined) return;
      live.delete(callId);
      void commit(callId, () => judgeEnded(call, state, at, law()));
    },

    addEvidence,
    messageTotals: () => undefined,
    voicemailEvent: async () => null,
    settleDue: (at) => sweeps.settleDue(at),
    recover: () => sweeps.recover(),

    get ready() {
      return queue.ready;
    },
    get queueDepth() {
      return queue.depth;
    },
    get dropped() {
      return queue.dropped;
    },

    async stop() {
      if (stopped) return;
      stopped = true;
      sweeps.stop();
      const detail = 'the gateway was stopped during the call';
      for (const call of live.values()) void commit(call.start.id, () => judgeInterrupted(call, now(), detail, law()));
      live.clear();
      await queue.flush(STOP_FLUSH_MS);
      if (queue.depth > 0) log.error({ calls: queue.depth }, 'stopped with records that the journal did not take');
      queue.stop();
    },
  };
}

function keyOf({ id, mailbox }: CallStart): Key {
  return { callId: id, hasMailbox: mailbox !== null };
}
