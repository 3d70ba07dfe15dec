import type { Evidence } from './evidence.ts';
import type { CallState } from './state.ts';

/** One end of a call as the caller's or the called user's headers show it. All strings are hostile input. */
export interface Party {
  /** The user part: digits, `+E.164`, or a SIP user name. Null where there is none. */
  readonly number: string | null;
  /** The whole URI, `sip:` or `tel:`. */
  readonly uri: string;
  readonly displayName: string | null;
  /** The party asked for privacy (RFC 3323 `Privacy: id`, or an anonymous From): nobody may be shown who it was. */
  readonly hidden: boolean;
}

/** What is known of a call when its first INVITE arrives; journalled before anything rings. */
export interface CallStart {
  /** Ours, a UUIDv7. */
  readonly id: string;
  /** The Call-ID of the first INVITE. */
  readonly sipCallId: string;
  readonly caller: Party;
  /** The called number: as dialled, or the oldest diverting number that has a mailbox. */
  readonly callee: string;
  readonly calleeUri: string;
  /** The called user's mailbox (policy.yaml identity), null where the number has none. */
  readonly mailbox: string | null;
  /** The group that was called (policy.yaml identity), null where the number is no group's. `mailbox` is then the group's own. */
  readonly group: string | null;
  /** Name of the peer the call came from. */
  readonly peer: string;
  readonly startedAt: number;
  readonly evidence: readonly Evidence[];
}

/** How many messages a mailbox has, as its voicemail system tells (RFC 3842 5.2: `Voice-Message: new/old`). */
export interface MessageTotals {
  /** policy.yaml identity. */
  readonly mailbox: string;
  readonly at: number;
  /** New and old ones together: the user may listen meanwhile. */
  readonly total: number;
  /** Who said so: `NOTIFY from pbx`, `event`. */
  readonly source: string;
}

/** What the system that has the call tells by itself (POST /api/v1/voicemail-events): of a visit to voicemail, or of an answer. */
export interface VoicemailEvent {
  readonly mailbox: string;
  readonly at: number;
  /** `answered`: somebody answered where the gateway does not see it. */
  readonly kind: 'left' | 'blank' | 'none' | 'answered';
  /** Which call it was, where the system knows: a Call-ID of any of its legs, or ours. */
  readonly call: string | null;
  /** The caller's number, where the system knows it. */
  readonly caller: string | null;
  readonly durationMs: number | null;
  readonly source: string;
}

/**
 * The judge, as the gateway sees it. Nothing here waits for mail or look-ups, none of it throws for a failing journal:
 * calls outrank notices (the ledger queues in bounded memory and reports through readiness).
 */
export interface Ledger {
  /**
   * Journals the call's first record. Resolves when it is committed or after at most 50 ms, whichever is first; the
   * gateway sends its outgoing INVITE after that.
   */
  begin(start: CallStart): Promise<void>;
  /** The first time anything rang for this call. */
  rang(callId: string, at: number): void;
  /** A phone (or voicemail) answered and our 200 left towards the caller. */
  answered(callId: string, at: number, by: 'phone' | 'voicemail'): void;
  /** The last leg ended: judges, decides, and commits outcome, evidence, decisions and notifications in one transaction. */
  ended(callId: string, state: CallState, at: number): void;
  /** Evidence from outside the call's signalling (an MWI change, an event from the voicemail system). */
  addEvidence(callId: string, evidence: Evidence): void;
  /** Totals of a mailbox: compared with those before, they say whether a call that waits for its verdict left a message. */
  messageTotals(totals: MessageTotals): void;
  /**
   * Resolves with the id of the call that it was taken as evidence for, null where none of the mailbox waits or lives. Where it
   * names a call that is settled, it is kept as evidence, and the verdict stands.
   */
  voicemailEvent(event: VoicemailEvent): Promise<string | null>;
  /** Judges the calls whose pending verdict is due at `now`. */
  settleDue(now: number): Promise<void>;
}
