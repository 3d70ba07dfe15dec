import type { CallEvent, LegId, LegKind, Reason } from './events.ts';

/** An inbound INVITE of the call: the caller's leg. */
export interface CallerLeg {
  readonly id: LegId;
  /** Its Call-ID on the wire; null where nobody told. */
  readonly sipCallId: string | null;
  readonly invitedAt: number;
  readonly returned: boolean;
  readonly answeredAt: number | null;
  /** The outbound leg whose answer we relayed. */
  readonly answeredBy: LegId | null;
  /** Legs whose answers came to it later: other phones that took the call over. Absent where none did. */
  readonly takenOverBy?: readonly LegId[];
  readonly cancelledAt: number | null;
  readonly cancelReasons: readonly Reason[];
  readonly cancelTrusted: boolean;
  /** A record of an earlier version does not say when. */
  readonly refused: { readonly status: number; readonly why: string; readonly at?: number } | null;
  readonly endedAt: number | null;
}

/** An outbound INVITE of the call. */
export interface CalleeLeg {
  readonly id: LegId;
  readonly caller: LegId;
  readonly kind: LegKind;
  readonly target: string;
  /** The group member whose phone it rings; null: the called user's own, or nobody's. */
  readonly mailbox: string | null;
  readonly sipCallId: string | null;
  readonly invitedAt: number;
  /** First 180, or 183 with SDP. */
  readonly rangAt: number | null;
  readonly answeredAt: number | null;
  readonly timedOutAt: number | null;
  readonly final: { readonly at: number; readonly status: number; readonly reasons: readonly Reason[] } | null;
  readonly failure: { readonly at: number; readonly kind: 'timeout' | 'transport' } | null;
  readonly endedAt: number | null;
  /** The first leg that was called in its place. Absent where none was. */
  readonly supersededBy?: LegId;
  readonly endedBy: 'caller' | 'callee' | 'gateway' | 'lost' | null;
}

/** Everything that has happened to a call so far. Plain data: it survives JSON. */
export interface CallState {
  /** A call to a voicemail pilot without diversion, or from the mailbox's own number: somebody listens to messages. */
  readonly voicemailAccess: boolean;
  readonly callers: readonly CallerLeg[];
  readonly legs: readonly CalleeLeg[];
}

export function newCall(facts: { readonly voicemailAccess: boolean }): CallState {
  return { voicemailAccess: facts.voicemailAccess, callers: [], legs: [] };
}

/** RFC 3261 13.2.2.1 and design: something rings on a 180, or on a 183 that carries early media. */
export function rings(status: number, sdp: boolean): boolean {
  return status === 180 || (status === 183 && sdp);
}

/** Folds one event into the state. An event about an unknown leg, or one that cannot follow, changes nothing. */
export function advance(state: CallState, event: CallEvent): CallState {
  switch (event.type) {
    case 'caller-invited':
      if (state.callers.some(({ id }) => id === event.caller)) return state;
      return { ...state, callers: [...state.callers, newCallerLeg(event)] };
    case 'leg-invited':
      if (state.legs.some(({ id }) => id === event.leg)) return state;
      return { ...state, legs: [...superseded(state.legs, event), newCalleeLeg(event)] };
    case 'leg-sent':
      return updateLeg(state, event.leg, (leg) => ({ ...leg, sipCallId: event.sipCallId }));
    case 'leg-provisional':
      return updateLeg(state, event.leg, (leg) =>
        leg.rangAt === null && !concluded(leg) && rings(event.status, event.sdp) ? { ...leg, rangAt: event.at } : leg,
      );
    case 'leg-answered':
      return updateLeg(state, event.leg, (leg) => (concluded(leg) ? leg : { ...leg, answeredAt: event.at }));
    case 'leg-final':
      return updateLeg(state, event.leg, (leg) =>
        concluded(leg)
          ? leg
          : { ...leg, final: { at: event.at, status: event.status, reasons: event.reasons }, endedAt: event.at },
      );
    case 'leg-failed':
      return updateLeg(state, event.leg, (leg) =>
        concluded(leg) ? leg : { ...leg, failure: { at: event.at, kind: event.failure }, endedAt: event.at },
      );
    case 'leg-timed-out':
      return updateLeg(state, event.leg, (leg) =>
        concluded(leg) || leg.timedOutAt !== null ? leg : { ...leg, timedOutAt: event.at },
      );
    case 'leg-ended':
      return updateLeg(state, event.leg, (leg) =>
        leg.endedAt === null ? { ...leg, endedAt: event.at, endedBy: event.by } : leg,
      );
    case 'answer-relayed':
      return updateCaller(state, event.caller, (caller) => connected(caller, event.at, event.leg));
    case 'caller-cancelled':
      return updateCaller(state, event.caller, (caller) =>
        // RFC 3261 9.2: a CANCEL has no effect on a request that has been answered.
        caller.answeredAt === null && caller.cancelledAt === null
          ? { ...caller, cancelledAt: event.at, cancelReasons: event.reasons, cancelTrusted: event.trusted }
          : caller,
      );
    case 'refused':
      return updateCaller(state, event.caller, (caller) => ({
        ...caller,
        refused: caller.refused ?? { status: event.status, why: event.why, at: event.at },
      }));
    case 'caller-ended':
      return updateCaller(state, event.caller, (caller) => ({ ...caller, endedAt: caller.endedAt ?? event.at }));
  }
}

function connected(caller: CallerLeg, at: number, leg: LegId): CallerLeg {
  if (caller.cancelledAt !== null || answersTo(caller).includes(leg)) return caller;
  if (caller.answeredAt === null) return { ...caller, answeredAt: at, answeredBy: leg };
  return { ...caller, takenOverBy: [...(caller.takenOverBy ?? []), leg] };
}

/** The outbound legs that this caller has been connected to, one after the other. */
export function answersTo({ answeredBy, takenOverBy = [] }: CallerLeg): readonly LegId[] {
  return answeredBy === null ? takenOverBy : [answeredBy, ...takenOverBy];
}

function superseded(
  legs: readonly CalleeLeg[],
  { leg: by, insteadOf }: Extract<CallEvent, { type: 'leg-invited' }>,
): readonly CalleeLeg[] {
  if (insteadOf === undefined) return legs;
  return legs.map((leg) =>
    leg.id === insteadOf && leg.supersededBy === undefined ? { ...leg, supersededBy: by } : leg,
  );
}

/** A leg that has its final answer takes no second one. */
function concluded(leg: CalleeLeg): boolean {
  return leg.answeredAt !== null || leg.final !== null || leg.failure !== null;
}

function newCallerLeg(event: Extract<CallEvent, { type: 'caller-invited' }>): CallerLeg {
  return {
    id: event.caller,
    sipCallId: event.sipCallId ?? null,
    invitedAt: event.at,
    returned: event.returned,
    answeredAt: null,
    answeredBy: null,
    cancelledAt: null,
    cancelReasons: [],
    cancelTrusted: false,
    refused: null,
    endedAt: null,
  };
}

function newCalleeLeg(event: Extract<CallEvent, { type: 'leg-invited' }>): CalleeLeg {
  return {
    id: event.leg,
    caller: event.caller,
    kind: event.kind,
    target: event.target,
    mailbox: event.mailbox ?? null,
    sipCallId: null,
    invitedAt: event.at,
    rangAt: null,
    answeredAt: null,
    timedOutAt: null,
    final: null,
    failure: null,
    endedAt: null,
    endedBy: null,
  };
}

function updateLeg(state: CallState, id: LegId, change: (leg: CalleeLeg) => CalleeLeg): CallState {
  return { ...state, legs: state.legs.map((leg) => (leg.id === id ? change(leg) : leg)) };
}

function updateCaller(state: CallState, id: LegId, change: (caller: CallerLeg) => CallerLeg): CallState {
  return { ...state, callers: state.callers.map((caller) => (caller.id === id ? change(caller) : caller)) };
}

/** When anything of the call first rang (design: on any leg), or null. */
export function rangAt(state: CallState): number | null {
  return earliest(state.legs.map((leg) => leg.rangAt));
}

/**
 * How long phones rang: from the first ring to the answer, or until the last of them stopped; null if no phone rang.
 * @param counts which phones; all of them where left out
 */
export function rangMs(
  state: CallState,
  endedAt: number,
  counts: (leg: CalleeLeg) => boolean = () => true,
): number | null {
  const phones = state.legs.filter((leg) => leg.kind === 'phone' && leg.rangAt !== null && counts(leg));
  const from = earliest(phones.map((leg) => leg.rangAt));
  if (from === null) return null;
  const relayed = new Set(state.callers.flatMap(answersTo));
  const answered = earliest(phones.map((leg) => (relayed.has(leg.id) ? leg.answeredAt : null)));
  const until = answered ?? Math.max(...phones.map((leg) => stoppedRingingAt(state, leg) ?? endedAt));
  return Math.max(0, Math.min(until, endedAt) - from);
}

function stoppedRingingAt(state: CallState, leg: CalleeLeg): number | null {
  const caller = state.callers.find(({ id }) => id === leg.caller);
  return earliest([leg.answeredAt, leg.timedOutAt, caller?.cancelledAt ?? null, leg.endedAt]);
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
