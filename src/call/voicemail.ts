import type { Evidence, EvidenceStrength } from './evidence.ts';
import { missed, verdict, type PendingVerdict, type Verdict } from './outcome.ts';

/** Who takes an unanswered call to voicemail (design: voicemail.owner). */
export type VoicemailOwner = 'gateway' | 'upstream' | 'downstream' | 'none';

export interface VerdictSettings {
  readonly voicemail: {
    readonly owner: VoicemailOwner;
    /** Peers by name that have an owner of their own (peers[].voicemail); absent: none has. */
    readonly owners?: ReadonlyMap<string, VoicemailOwner>;
    /** Answer to beep. */
    readonly greetingMs: number;
    readonly minimumMessageMs: number;
    /** How long a verdict waits for evidence. */
    readonly settleMs: number;
    /** The voicemail system tells by itself what became of a visit, for any mailbox; absent: no. */
    readonly events?: boolean;
  };
}

/** What a verdict about voicemail rests on, besides the legs. */
export interface VoicemailFacts {
  readonly evidence: readonly Evidence[];
  readonly endedAt: number;
  readonly settings: VerdictSettings;
  /** The wait for evidence is over: the answer is not pending. */
  readonly settled: boolean;
}

/** What became of a visit to voicemail, by somebody's word. The order is that of equals: a message known to be blank was also left. */
const MESSAGE_KINDS = ['voicemail-blank', 'voicemail-left', 'voicemail-none'] as const;
type MessageKind = (typeof MESSAGE_KINDS)[number];
const STRENGTHS: readonly EvidenceStrength[] = ['certain', 'strong', 'weak'];

const LEFT = verdict('voicemail', null, 'voicemail-left');

/** The voicemail system's word, the strongest there is; without any, how long the caller stayed. */
export function visitVerdict(facts: VoicemailFacts, stayedMs: number): Verdict | PendingVerdict {
  const message = messageIn(facts, mayBeTold(facts));
  if (message === 'wait') return pending(facts);
  if (message !== null) return verdictOf(message, missed('voicemail-abandoned'));
  const { greetingMs, minimumMessageMs } = facts.settings.voicemail;
  return stayedMs >= greetingMs + minimumMessageMs ? LEFT : missed('voicemail-abandoned');
}

/** Why how long the caller stayed decides on a visit, and how; null where somebody's word does. */
export function clockNote(facts: VoicemailFacts, stayedMs: number): string | null {
  if (messageIn(facts, false) !== null) return null;
  const { greetingMs, minimumMessageMs, settleMs } = facts.settings.voicemail;
  const why = mayBeTold(facts)
    ? `no word of a message came while it was waited for (settle ${seconds(settleMs)})`
    : 'nothing is known to tell of messages of this mailbox';
  const needed = `${seconds(greetingMs + minimumMessageMs)} (greeting ${seconds(greetingMs)} + minimumMessage ${seconds(minimumMessageMs)})`;
  return `${why}, so the stay decides: ${seconds(stayedMs)}, where a message needs ${needed}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** The gateway ended the call, or died, while the voicemail system had it: how long the caller stayed says nothing. */
export function interruptedVisit(facts: VoicemailFacts): Verdict | PendingVerdict {
  const message = messageIn(facts, true);
  return message === 'wait' ? pending(facts) : verdictOf(message, missed('interrupted'));
}

/**
 * The PBX that sent the call has it back, and perhaps takes it to its voicemail: only evidence can tell.
 * @param otherwise the verdict where no message was left
 * @param wait also where nothing is known to send evidence
 */
export function takenBack(facts: VoicemailFacts, otherwise: Verdict, wait: boolean): Verdict | PendingVerdict {
  const message = messageIn(facts, wait);
  return message === 'wait' ? pending(facts) : verdictOf(message, otherwise);
}

function verdictOf(message: MessageKind | null, nothingLeft: Verdict): Verdict {
  switch (message) {
    case 'voicemail-blank':
      return missed('voicemail-blank');
    case 'voicemail-left':
      return LEFT;
    case 'voicemail-none':
    case null:
      return nothingLeft;
  }
}

/** The word that decides, null where nobody said anything, or `wait` while a better one can still come. */
function messageIn({ evidence, settled }: VoicemailFacts, wait: boolean): MessageKind | 'wait' | null {
  for (const strength of STRENGTHS) {
    for (const kind of MESSAGE_KINDS) {
      if (!evidence.some((one) => one.kind === kind && one.strength === strength)) continue;
      return settled || !wait || isDecisive(kind, strength) ? kind : 'wait';
    }
  }
  return settled || !wait ? null : 'wait';
}

/** Better evidence than the clock can still come, unasked. */
export function mayBeTold({ evidence, settings }: Pick<VoicemailFacts, 'evidence' | 'settings'>): boolean {
  return settings.voicemail.events === true || evidence.some(({ kind }) => kind === 'message-totals');
}

/** Who takes the unanswered calls of this peer to voicemail. */
export function ownerFor({ voicemail }: VerdictSettings, peer: string | undefined): VoicemailOwner {
  return (peer === undefined ? undefined : voicemail.owners?.get(peer)) ?? voicemail.owner;
}

/** What is `strong` may come from counting, and a count that has not risen may still rise. */
function isDecisive(kind: MessageKind, strength: EvidenceStrength): boolean {
  return strength === 'certain' || (strength === 'strong' && kind !== 'voicemail-none');
}

function pending({ endedAt, settings }: VoicemailFacts): PendingVerdict {
  return { outcome: null, pendingUntil: endedAt + settings.voicemail.settleMs };
}
