/** A fact that bears on an outcome. All of it is kept, in the order in which it came. */

export const EVIDENCE_KINDS = [
  'rang',
  'answered',
  'answer-crossed',
  'final-response',
  'reason',
  'caller-cancelled',
  'ring-timer',
  'timeout',
  'transport-error',
  'refused',
  'diverted',
  'talk-time',
  /** Whoever answered the leg that is the source is a voicemail system. */
  'voicemail-reached',
  /** How many messages the mailbox had before the call: what comes later can be compared. */
  'message-totals',
  'voicemail-duration',
  'voicemail-left',
  'voicemail-blank',
  /** The voicemail system says that no message was left. */
  'voicemail-none',
  'voicemail-access',
  'interrupted',
  'journalled-late',
  'ambiguous',
  'joined',
  /** The call went on to another number, because the one before said so (3xx). */
  'redirected',
  /** Another phone took the call over (Replaces): pickup, park retrieve, attended transfer. */
  'taken-over',
  /** An answered side was asked to call somebody else (REFER). */
  'transferred',
  /** A group was called: who of it rang. */
  'group',
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

export type EvidenceStrength = 'certain' | 'strong' | 'weak';

export interface Evidence {
  /** When it was seen, milliseconds since the epoch. */
  readonly at: number;
  readonly kind: EvidenceKind;
  /** Who said so: `caller`, a leg's id, `gateway`, `voicemail`, … */
  readonly source: string;
  readonly strength: EvidenceStrength;
  /** One plain clause, e.g. `486 Busy Here from sip:1001@127.0.0.1:5090`. */
  readonly detail: string;
}
