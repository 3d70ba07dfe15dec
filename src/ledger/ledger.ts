import type { CallStart, Evidence } from '../call/index.ts';
import type { Key } from './backlog.ts';
import { byMailbox } from './by-mailbox.ts';
import { judgeEnded, judgeInterrupted, outranks, type Law, type Reported } from './judge.ts';
import { baselineEvidence, createKnownTotals, silenceEvidence } from './message-totals.ts';
import { settlementOf, viewOf, type Judged } from './settlement.ts';
import { createSweeps } from './sweeps.ts';
import { createTestimony } from './testimony.ts';
import type { CallLedger, LedgerOptions } from './types.ts';
import type { Settled } from './unwritten.ts';
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
  /** When voicemail was known to have it. */
  reachedAt: number | null;
}

/**
 * The judge: keeps the journal's record of every call as it goes, asks `call/` for the verdict at its end, decides by the
 * policy that holds then, and commits the whole in one transaction.
 */
export function createLedger(options: LedgerOptions): CallLedger {
  const { journal, policy, settings, now, newId, schedule, log, onSettled } = options;
  const live = new Map<string, LiveCall>();
  /** Those of them that somebody, or voicemail, has answered. */
  const answeredCalls = byMailbox<LiveCall>();
  /** Pending verdicts on their way to the journal. */
  const settling = byMailbox<Promise<unknown>>();
  const listeningSince = now();
  let stopped = false;
  const queue = createWriteQueue({ journal, now, schedule, log, onDropped: forget });
  const law = (): Law => ({ settings, policy: policy.current() });
  const exists = (mailbox: string): boolean => policy.current().mailbox(mailbox) !== undefined;
  const totals = createKnownTotals({ journal, exists, schedule, log });
  const testimony = createTestimony({
    journal,
    now,
    log,
    law,
    totals,
    liveOf: (mailbox) => answeredCalls.of(mailbox),
    written: (mailbox) => Promise.all(settling.of(mailbox)),
    addEvidence,
    commit,
  });
  const sweeps = createSweeps({
    journal,
    now,
    schedule,
    log,
    law,
    commit,
    silence: (record, at) =>
      silenceEvidence({ ...record, known: totals.of(record.mailbox ?? ''), listeningSince, now: at }),
    isLive: (callId) => live.has(callId),
    isUnwritten: (callId) => queue.has(callId),
  });

  /** Nothing thrown here may reach a call; a call that could not be judged stays unfinished, and the next start finds it. */
  async function commit(callId: string, judge: () => Judged): Promise<Settled | null> {
    try {
      const judged = withBaseline(judge());
      const made = { policy: policy.current(), node: settings.node, newId, now: now() };
      const settlement = settlementOf(judged, made);
      const writing = queue.settle(keyOf(judged.start), settlement);
      const waitsFor = judged.verdict.outcome === null ? mailboxesOf(judged) : [];
      for (const mailbox of waitsFor) settling.add(mailbox, writing);
      const settled = await writing;
      for (const mailbox of waitsFor) settling.delete(mailbox, writing);
      if (settled === 'settled') onSettled?.(viewOf(judged, settlement, settings.node));
      return settled;
    } catch (error) {
      log.error({ callId, error: error instanceof Error ? error.stack : String(error) }, 'a call could not be settled');
      return null;
    }
  }

  function forget(callId: string): void {
    const call = live.get(callId);
    live.delete(callId);
    if (call !== undefined && call.start.mailbox !== null) answeredCalls.delete(call.start.mailbox, call);
  }

  /** A pending verdict waits for a count where there is one to compare it with. */
  function withBaseline(judged: Judged): Judged {
    const { start, course, verdict, evidence } = judged;
    const known = totals.of(start.mailbox ?? '');
    if (start.mailbox === null || known === undefined || verdict.outcome !== null) return judged;
    if (evidence.some(({ kind }) => kind === 'message-totals')) return judged;
    const baseline = baselineEvidence(start.mailbox, known, course.endedAt);
    return { ...judged, evidence: [...evidence, baseline], newEvidence: [...judged.newEvidence, baseline] };
  }

  function reachedVoicemail(call: LiveCall, at: number): void {
    const { mailbox } = call.start;
    if (mailbox === null || call.reachedAt !== null) return;
    call.reachedAt = at;
    answeredCalls.add(mailbox, call);
    const known = totals.of(mailbox);
    if (known !== undefined) addEvidence(call.start.id, baselineEvidence(mailbox, known, at));
  }

  function addEvidence(callId: string, evidence: Evidence): void {
    if (stopped) return;
    const call = live.get(callId);
    if (call !== undefined && call.evidence.length >= MAX_EVIDENCE) return;
    call?.evidence.push(evidence);
    if (call !== undefined && evidence.kind === 'voicemail-reached') reachedVoicemail(call, evidence.at);
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
      live.set(start.id, { start, evidence: [...start.evidence], rangAt: null, answered: null, reachedAt: null });
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
      if (by === 'voicemail') reachedVoicemail(call, at);
      else if (call.start.mailbox !== null) answeredCalls.add(call.start.mailbox, call);
    },

    ended(callId, state, at) {
      const call = live.get(callId);
      if (call === undefined) return;
      forget(callId);
      void commit(callId, () => judgeEnded(call, state, at, law()));
    },

    addEvidence,
    messageTotals(told) {
      if (!stopped) testimony.messageTotals(told);
    },
    voicemailEvent: (event) => (stopped ? Promise.resolve(null) : testimony.voicemailEvent(event)),
    settleDue: (at) => sweeps.settleDue(at),
    recover() {
      // Asked for first, so there first: what is found interrupted may wait for a count.
      void totals.load();
      return sweeps.recover();
    },

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
      answeredCalls.clear();
      await queue.flush(STOP_FLUSH_MS);
      if (queue.depth > 0) log.error({ calls: queue.depth }, 'stopped with records that the journal did not take');
      totals.stop();
      queue.stop();
    },
  };
}

/** Whom evidence about a call may name: the called user, and the members of a group whose phones rang. */
function mailboxesOf({ start, course }: Judged): string[] {
  const members = (course.state?.legs ?? []).flatMap(({ mailbox }) => mailbox ?? []);
  return [...new Set(start.mailbox === null ? members : [start.mailbox, ...members])];
}

function keyOf({ id, mailbox }: CallStart): Key {
  return { callId: id, hasMailbox: mailbox !== null };
}
