import type { Ledger, VerdictSettings } from '../call/index.ts';
import type { CallView, Journal } from '../journal/index.ts';
import type { PolicyStore } from '../policy/index.ts';

export interface LedgerSettings extends VerdictSettings {
  /** This gateway's name, as in the journal. */
  readonly node: string;
}

/** Calls `callback` once after `delayMs`; the returned function cancels that. */
export type Schedule = (callback: () => void, delayMs: number) => () => void;

export interface LedgerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LedgerOptions {
  readonly journal: Journal;
  readonly policy: Pick<PolicyStore, 'current'>;
  readonly settings: LedgerSettings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A new UUIDv7. */
  readonly newId: () => string;
  readonly schedule: Schedule;
  readonly log: LedgerLog;
  /**
   * Called when a settlement is committed: once with a verdict for every call, and before that once with outcome null for
   * a call whose verdict is pending. What it throws is logged.
   */
  readonly onSettled?: (call: CallView) => void;
}

/** The judge, with what the program around it needs. */
export interface CallLedger extends Ledger {
  /**
   * To be called once at start: settles the calls of an earlier life, which nobody ended, as interrupted. Resolves when they
   * have been read, after 5 s at most; they are settled in the background, and calls may come meanwhile. Never rejects:
   * what fails is logged and tried again.
   */
  recover(): Promise<void>;
  /** The journal takes what it is given, in reasonable time. */
  readonly ready: boolean;
  /** Calls with something not yet written. */
  readonly queueDepth: number;
  /** How often the waiting records of a call were given up: more waited than memory may hold, or the journal refused them for good. */
  readonly dropped: number;
  /** Settles what still lives as interrupted, writes what waits (for a bounded time), and releases the timers. */
  stop(): Promise<void>;
}
