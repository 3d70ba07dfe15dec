import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { CallState, VerdictSettings } from '../../src/call/index.ts';
import { openSqliteJournal, type CallView, type Journal } from '../../src/journal/index.ts';
import { createLedger, type CallLedger, type LedgerSettings, type Schedule } from '../../src/ledger/index.ts';
import { loadPolicy, type Policy } from '../../src/policy/index.ts';
import { temporaryFolder } from '../journal/samples.ts';
import { ended, START, type Story } from '../support/call-events.ts';

/** Time that passes when the test says so. */
export interface ManualClock {
  readonly now: () => number;
  readonly schedule: Schedule;
  /** Runs, in order, everything that falls due. */
  advance(ms: number): void;
  readonly timers: number;
}

export function manualClock(start = START): ManualClock {
  let time = start;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => time,
    schedule(callback, delayMs) {
      const timer = { at: time + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = time + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        time = Math.max(time, next.at);
        next.callback();
      }
      time = until;
    },
    get timers() {
      return timers.size;
    },
  };
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** A journal that does what the test says at each write: pass it on, reject it, or never answer. */
export type Behaviour = 'works' | 'hangs' | Error;
export interface FaultyJournal {
  readonly journal: Journal;
  /** Every write that was asked for, in order. */
  readonly asked: string[];
  /** Decides about a write; the default lets all through. */
  behave: (write: string, callId: string) => Behaviour;
}

export function faultyJournal(inner: Journal): FaultyJournal {
  const faulty: { -readonly [K in keyof FaultyJournal]: FaultyJournal[K] } = {
    journal: inner,
    asked: [],
    behave: () => 'works',
  };
  function through<T>(write: string, callId: string, go: () => Promise<T>): Promise<T> {
    faulty.asked.push(`${write} ${callId}`);
    const behaviour = faulty.behave(write, callId);
    if (behaviour === 'works') return go();
    return behaviour === 'hangs' ? new Promise(() => undefined) : Promise.reject(behaviour);
  }
  faulty.journal = {
    ...inner,
    begin: (start) => through('begin', start.id, () => inner.begin(start)),
    rang: (callId, at) => through('rang', callId, () => inner.rang(callId, at)),
    answered: (callId, at, by) => through('answered', callId, () => inner.answered(callId, at, by)),
    addEvidence: (callId, evidence) => through('addEvidence', callId, () => inner.addEvidence(callId, evidence)),
    settle: (settlement) => through('settle', settlement.callId, () => inner.settle(settlement)),
    unfinished: () => through('unfinished', '', () => inner.unfinished()),
    pendingDue: (now, limit) => through('pendingDue', '', () => inner.pendingDue(now, limit)),
    probe: () => through('probe', '', () => inner.probe()),
  };
  return faulty;
}

const POLICY = `
dialPlans:
  - { name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", defaultLanguage: fr-FR, timeZone: Europe/Paris }
mailboxPolicies:
  - { name: Paris Default Policy, dialPlan: Paris, allowMissedCallNotifications: true }
  - { name: Silent, dialPlan: Paris, allowMissedCallNotifications: false }
mailboxes:
  - { identity: alice, displayName: Alice Martin, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Paris Default Policy }
  - { identity: bruno, emailAddress: bruno@example.com, extensions: ["1002"], mailboxPolicy: Silent }
`;

export function policyFrom(text: string): Policy {
  const load = loadPolicy(text);
  if (!load.ok) throw new Error(JSON.stringify(load.problems));
  return load.policy;
}

/** One gateway's life on a journal in a temporary folder; several can follow each other on it. */
export interface Bench {
  readonly clock: ManualClock;
  readonly ledger: CallLedger;
  readonly journal: Journal;
  readonly faulty: FaultyJournal;
  readonly log: LogLine[];
  /** What `onSettled` was told. */
  readonly settled: CallView[];
  /** Resolves with what `onSettled` is told of this call, verdict or not. */
  settling(callId: string): Promise<CallView>;
  setPolicy(text: string): void;
  /** Lets the disk work until nothing waits, and the injected time pass by `advanceMs` at every look. */
  drain(advanceMs?: number): Promise<void>;
  /** Another life: a new ledger on the same journal, as after a crash of the first. */
  restart(node?: string): Promise<Bench>;
  end(): Promise<void>;
}

export interface BenchOptions {
  readonly owner?: VerdictSettings['voicemail']['owner'];
  readonly onSettled?: (call: CallView) => void;
}

export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const folder = temporaryFolder();
  return life(folder, manualClock(), 'gw1', options);
}

async function life(
  folder: ReturnType<typeof temporaryFolder>,
  clock: ManualClock,
  node: string,
  options: BenchOptions,
): Promise<Bench> {
  const journal = await openSqliteJournal({ path: join(folder.path, 'gateway.db'), node, now: clock.now });
  const faulty = faultyJournal(journal);
  const log: LogLine[] = [];
  const settled: CallView[] = [];
  const waiters = new Map<string, (call: CallView) => void>();
  let policy = policyFrom(POLICY);
  const settings: LedgerSettings = {
    node,
    voicemail: { owner: options.owner ?? 'none', greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: 90_000 },
  };
  const logger =
    (level: LogLine['level']) =>
    (fields: object, message: string): void => {
      log.push({ level, fields, message });
    };
  const ledger = createLedger({
    journal: faulty.journal,
    policy: { current: () => policy },
    settings,
    now: clock.now,
    newId: uuidv7,
    schedule: clock.schedule,
    log: { info: logger('info'), warn: logger('warn'), error: logger('error') },
    onSettled: (call) => {
      settled.push(call);
      waiters.get(call.id)?.(call);
      options.onSettled?.(call);
    },
  });
  return {
    clock,
    ledger,
    journal,
    faulty,
    log,
    settled,
    settling: (callId) =>
      new Promise((resolve) => {
        waiters.set(callId, resolve);
      }),
    setPolicy(text) {
      policy = policyFrom(text);
    },
    async drain(advanceMs = 0) {
      while (ledger.queueDepth > 0) {
        await new Promise(setImmediate);
        clock.advance(advanceMs);
      }
    },
    async restart(next = node) {
      await journal.close();
      return life(folder, clock, next, options);
    },
    async end() {
      faulty.behave = () => 'works';
      const stopping = ledger.stop();
      clock.advance(10_000);
      await stopping;
      await journal.close();
      folder.remove();
    },
  };
}

/** The state of a call at the end of its story. */
export function stateOf(story: Story): CallState {
  return ended(story).state;
}

export { POLICY };
