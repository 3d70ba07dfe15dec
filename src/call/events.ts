/**
 * What can happen to a call. The gateway reports these as they happen; `advance` (state.ts) folds them into a CallState,
 * from which `classify` (classifier.ts) reads the verdict. Times are milliseconds since the epoch.
 */

/** One value of a Reason header (RFC 3326): `SIP;cause=200;text="Call completed elsewhere"`, `Q.850;cause=17`. */
export interface Reason {
  readonly protocol: 'SIP' | 'Q.850';
  readonly cause: number;
  readonly text?: string;
}

/** A leg is named by the gateway, uniquely within its call: `caller`, `caller-2` for inbound INVITEs, `leg-1`, … outbound. */
export type LegId = string;

/** Whom an outbound leg rings: somebody's phone (or the PBX in front of it), or the voicemail system. */
export type LegKind = 'phone' | 'voicemail';

export type CallEvent =
  /** An INVITE of this call reached us. `returned`: it is one of our own legs that came back (loop-back, spiral). */
  | {
      readonly type: 'caller-invited';
      readonly at: number;
      readonly caller: LegId;
      readonly returned: boolean;
      /** Its Call-ID on the wire. */
      readonly sipCallId?: string;
    }
  /** We sent an INVITE on behalf of inbound leg `caller`. */
  | {
      readonly type: 'leg-invited';
      readonly at: number;
      readonly leg: LegId;
      readonly caller: LegId;
      readonly kind: LegKind;
      readonly target: string;
      /** The group member whose phone it rings (policy.yaml identity); absent: the called user's own, or nobody's. */
      readonly mailbox?: string;
      /**
       * The leg whose place it takes: one that failed over (503, dead), is asked again (421, 422), or sent the call on by a 3xx that
       * was followed. What that one answered is no word about the called user. Absent: it takes nobody's place.
       */
      readonly insteadOf?: LegId;
    }
  /** The engine sent that INVITE under this Call-ID. */
  | { readonly type: 'leg-sent'; readonly at: number; readonly leg: LegId; readonly sipCallId: string }
  /** A 101-199 came. `sdp`: it carried a session description. */
  | {
      readonly type: 'leg-provisional';
      readonly at: number;
      readonly leg: LegId;
      readonly status: number;
      readonly sdp: boolean;
    }
  /** A 2xx came. */
  | { readonly type: 'leg-answered'; readonly at: number; readonly leg: LegId }
  /** A 300-699 came from the other side. */
  | {
      readonly type: 'leg-final';
      readonly at: number;
      readonly leg: LegId;
      readonly status: number;
      readonly reasons: readonly Reason[];
    }
  /** Nothing came back within timer B (`timeout`), or the message could not be sent at all (`transport`). */
  | {
      readonly type: 'leg-failed';
      readonly at: number;
      readonly leg: LegId;
      readonly failure: 'timeout' | 'transport';
    }
  /** Our own ring timer gave the leg up; the 487 that follows says nothing new. */
  | { readonly type: 'leg-timed-out'; readonly at: number; readonly leg: LegId }
  /** An answered leg ended. `by`: who said BYE first, or `lost` where a side went silent. */
  | {
      readonly type: 'leg-ended';
      readonly at: number;
      readonly leg: LegId;
      readonly by: 'caller' | 'callee' | 'gateway' | 'lost';
    }
  /** Our 200 to this inbound INVITE left: from here on the caller is connected to `leg`. */
  | { readonly type: 'answer-relayed'; readonly at: number; readonly caller: LegId; readonly leg: LegId }
  /** The caller gave up before we answered: CANCEL, an early BYE, or its connection was lost. */
  | {
      readonly type: 'caller-cancelled';
      readonly at: number;
      readonly caller: LegId;
      readonly reasons: readonly Reason[];
      /** Whether this peer's Reason is believed (peers[].trustReason). */
      readonly trusted: boolean;
    }
  /** The gateway itself refused the INVITE (403, 404 no route, 482, 483, 503 while draining, …). */
  | {
      readonly type: 'refused';
      readonly at: number;
      readonly caller: LegId;
      readonly status: number;
      readonly why: string;
    }
  /** Inbound leg `caller` is over, with all its outbound legs. */
  | { readonly type: 'caller-ended'; readonly at: number; readonly caller: LegId };
