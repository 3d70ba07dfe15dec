import type { Call } from './call.ts';
import { header, tagOf } from '../message/headers.ts';
import { MAX_EARLY_DIALOGS } from '../limits.ts';
import type { Origin } from '../access/peers.ts';
import type { Peer } from '../types.ts';
import type { OutgoingInvite, SipResponse, UserAgent } from '../agent/user-agent.ts';

/** Which dialog a new one takes the place of, as the side that is asked knows it: its own tag first (RFC 3891 6.1). */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  readonly earlyOnly: boolean;
}

/** Null where it is malformed, or names several dialogs. */
export function parseReplaces(value: string): Replaces | null {
  // RFC 3891 6.1: no comma is part of a Call-ID; a repeated header reads as a list.
  if (value.includes(',')) return null;
  const [callId = '', ...parameters] = value.split(';').map((part) => part.trim());
  const found = new Map<string, string>();
  for (const parameter of parameters) {
    const [name = '', tag = ''] = parameter.split('=', 2).map((part) => part.trim());
    const lower = name.toLowerCase();
    if (found.has(lower)) return null;
    found.set(lower, tag);
  }
  const toTag = found.get('to-tag') ?? '';
  const fromTag = found.get('from-tag') ?? '';
  if (!/^\S+$/.test(callId) || !/^\S+$/.test(toTag) || !/^\S+$/.test(fromTag)) return null;
  return { callId, toTag, fromTag, earlyOnly: found.has('early-only') };
}

export function formatReplaces({ callId, toTag, fromTag, earlyOnly }: Replaces): string {
  return `${callId};to-tag=${toTag};from-tag=${fromTag}${earlyOnly ? ';early-only' : ''}`;
}

/** How a new INVITE gets to whom a dialog is with. */
export interface Way extends Pick<OutgoingInvite, 'uri' | 'proxy' | 'credentials'> {
  /** The value of a Route header; null where there is none. */
  readonly route: string | null;
  readonly agent: UserAgent;
  /** The peer whose settings it goes by; null: a phone, or nobody we know. */
  readonly trunk: Peer | null;
}

/** Whoever carries the two sides of a call. */
export interface Carrier {
  /** Of the caller's leg. */
  readonly id: string;
  /** Somebody took the place of one of the sides: what is left of them is to end. */
  replaced(): void;
}

export interface SideFacts {
  readonly call: Call;
  /** The leg's name in the call. */
  readonly leg: string;
  /** The other side sent the INVITE. */
  readonly initiated: boolean;
  readonly carrier: Carrier;
  /** As whom it would call us: what decides where it may be sent on. Null: nobody that may. */
  readonly origin: Origin | null;
  /** Null where nobody can be called there. */
  readonly way: () => Way | null;
}

export interface DialogTags {
  readonly local: string;
  readonly remote: string;
}

/** One of the two sides of a call that we carry: our dialogs with whoever is there, of which at most one is confirmed. */
export class Side {
  readonly facts: SideFacts;
  /** With whom it is connected, or waits to be. */
  other: Side | null = null;
  /** Our own address, as this side was told it; null until it was. */
  contact: string | null = null;
  readonly #dialogs: Dialogs;
  readonly #remoteTags = new Set<string>();
  #callId: string | null = null;
  #localTag = '';
  #confirmed: string | null = null;
  #left = false;

  constructor(facts: SideFacts, dialogs: Dialogs) {
    this.facts = facts;
    this.#dialogs = dialogs;
  }

  get isConfirmed(): boolean {
    return this.#confirmed !== null;
  }

  get callId(): string | null {
    return this.#callId;
  }

  /** A response with a To tag went over it: it has a dialog. */
  heard(callId: string, localTag: string, remoteTag: string, confirmed: boolean): void {
    if (this.#left) return;
    if (confirmed) this.#confirmed = remoteTag;
    else if (this.#remoteTags.size >= MAX_EARLY_DIALOGS) return;
    this.#remoteTags.add(remoteTag);
    if (this.#callId !== null) return;
    this.#callId = callId;
    this.#localTag = localTag;
    this.#dialogs.add(this, callId);
  }

  /** The same for an INVITE that we sent. */
  heardFrom({ headers }: SipResponse, confirmed: boolean): void {
    const callId = header(headers, 'call-id');
    const localTag = tagOf(header(headers, 'from'));
    const remoteTag = tagOf(header(headers, 'to'));
    if (callId === undefined || localTag === null || remoteTag === null) return;
    this.heard(callId.trim(), localTag, remoteTag, confirmed);
  }

  /** The only dialog of it is confirmed: the 2xx was ours. */
  confirm(): void {
    const [only = null] = this.#remoteTags;
    this.#confirmed = only;
  }

  /** Whether its dialog has these tags. */
  has(localTag: string, remoteTag: string): boolean {
    return (
      this.#localTag === localTag && (this.#confirmed ?? remoteTag) === remoteTag && this.#remoteTags.has(remoteTag)
    );
  }

  /** Its dialog as the other end knows it, to be named in an INVITE to it. Null where it has none yet. */
  named(earlyOnly: boolean): Replaces | null {
    const [first = null] = this.#remoteTags;
    const toTag = this.#confirmed ?? first;
    if (this.#callId === null || toTag === null) return null;
    return { callId: this.#callId, toTag, fromTag: this.#localTag, earlyOnly };
  }

  /** The dialog in which they talked; null where there was none. */
  get talked(): DialogTags | null {
    return this.#confirmed === null ? null : { local: this.#localTag, remote: this.#confirmed };
  }

  /** Its dialogs are over. */
  leave(): void {
    this.#left = true;
    if (this.#callId !== null) this.#dialogs.remove(this, this.#callId);
  }
}

export type Named =
  /** `target`: who is asked to replace its dialog with us; `replaced`: whose place is taken, null while several ring. */
  | { readonly kind: 'found'; readonly target: Side; readonly replaced: Side | null }
  /** They have hung up. */
  | { readonly kind: 'over' }
  /** It has other tags than our dialogs of that Call-ID, never was more than early, or nobody may replace it. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** Whoever replaces a dialog that ended so lately comes too late, and rings nobody anew: 64*T1, by which its INVITE is answered. */
export const ENDED_DIALOG_MS = 32_000;
export const MAX_ENDED_DIALOGS = 10_000;

interface Ended {
  readonly at: number;
  /** Those in which somebody talked. */
  readonly dialogs: readonly DialogTags[];
}

/** The dialogs of all live legs, early and confirmed, on both sides, by their Call-IDs. */
export class Dialogs {
  readonly #sides = new Map<string, Set<Side>>();
  /** By Call-ID; the oldest first. */
  readonly #ended = new Map<string, Ended>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many live Call-IDs have a dialog. */
  get size(): number {
    return this.#sides.size;
  }

  add(side: Side, callId: string): void {
    const sides = this.#sides.get(callId);
    if (sides === undefined) this.#sides.set(callId, new Set([side]));
    else sides.add(side);
    this.#ended.delete(callId);
  }

  remove(side: Side, callId: string): void {
    const sides = this.#sides.get(callId);
    if (sides === undefined || !sides.delete(side)) return;
    if (sides.size === 0) this.#sides.delete(callId);
    for (const [ended, { at }] of this.#ended) {
      if (this.#now() - at < ENDED_DIALOG_MS && this.#ended.size < MAX_ENDED_DIALOGS) break;
      this.#ended.delete(ended);
    }
    const before = this.#ended.get(callId)?.dialogs ?? [];
    this.#ended.delete(callId);
    this.#ended.set(callId, { at: this.#now(), dialogs: side.talked === null ? before : [...before, side.talked] });
  }

  find({ callId, toTag, fromTag }: Replaces): Named {
    const sides = this.#sides.get(callId) ?? [];
    for (const side of sides) {
      // RFC 3891 3: to-tag is ours. Whoever names it so takes the place of the far end.
      if (side.has(toTag, fromTag)) return found(side.other, side);
      // As the far end knows it: it is the one who is asked, and its other side whose place is taken.
      if (side.has(fromTag, toTag)) return found(side, side.other);
    }
    const ended = this.#ended.get(callId);
    if (ended === undefined || this.#now() - ended.at >= ENDED_DIALOG_MS) {
      return { kind: this.#sides.has(callId) ? 'none' : 'unknown' };
    }
    const isOver = ended.dialogs.some(
      ({ local, remote }) => (local === toTag && remote === fromTag) || (local === fromTag && remote === toTag),
    );
    return { kind: isOver ? 'over' : 'none' };
  }
}

/** RFC 3891 3: an early dialog is replaced only by whoever initiated it. */
function found(target: Side | null, replaced: Side | null): Named {
  if (target === null || (!target.isConfirmed && !target.facts.initiated)) return { kind: 'none' };
  return target.named(false) === null ? { kind: 'none' } : { kind: 'found', target, replaced };
}
