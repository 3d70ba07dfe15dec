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
  'voicemail-duration',
  'voicemail-left',
  'voicemail-blank',
  'voicemail-access',
  'interrupted',
  'journalled-late',
  'ambiguous',
  'joined',
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
