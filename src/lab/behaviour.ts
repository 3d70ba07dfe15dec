import type { HeaderField } from '../sip/index.ts';

/** What a lab phone does with one call. Without `afterMs` at once; with it, it rings so long first. */
export type CallBehaviour =
  /** Rings (180) until the caller gives up. `earlyMedia`: 183 with SDP instead. */
  | { readonly kind: 'ring'; readonly earlyMedia?: boolean }
  /** Talks until the caller hangs up, or hangs up itself after `hangUpAfterMs`. */
  | {
      readonly kind: 'answer';
      readonly afterMs?: number;
      readonly hangUpAfterMs?: number;
      readonly earlyMedia?: boolean;
    }
  /** 486, 603, 480. */
  | { readonly kind: 'busy' | 'decline' | 'unavailable'; readonly afterMs?: number }
  /** Any other failure, with headers such as Reason or Contact. */
  | {
      readonly kind: 'refuse';
      readonly status: number;
      readonly reason: string;
      readonly afterMs?: number;
      readonly headers?: readonly HeaderField[];
    }
  /** Answers at once and records: how long, is in `PhoneCall.talkedMs`. */
  | { readonly kind: 'voicemail'; readonly hangUpAfterMs?: number }
  /** 100 Trying, and nothing more. */
  | { readonly kind: 'trying' };

/** `silent`: reads nothing and answers nothing, not even 100: a dead host whose address still exists. */
export type Behaviour = CallBehaviour | { readonly kind: 'silent' };

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderField[];
}

/** The failure a behaviour ends in, null where it does not. */
export function refusalOf(behaviour: CallBehaviour): Refusal | null {
  switch (behaviour.kind) {
    case 'busy':
      return { status: 486, reason: 'Busy Here', headers: [] };
    case 'decline':
      return { status: 603, reason: 'Decline', headers: [] };
    case 'unavailable':
      return { status: 480, reason: 'Temporarily Unavailable', headers: [] };
    case 'refuse':
      return { status: behaviour.status, reason: behaviour.reason, headers: behaviour.headers ?? [] };
    case 'ring':
    case 'answer':
    case 'voicemail':
    case 'trying':
      return null;
  }
}
