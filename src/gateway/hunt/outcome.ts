import { formatReason, means, type Reason } from '../../call/index.ts';
import type { Headers } from '../message/headers.ts';
import { passFinalHeaders } from '../message/headers.ts';

/** How an attempt to ring somebody ended without an answer. */
export type Failure =
  | {
      readonly kind: 'final';
      readonly status: number;
      readonly phrase: string;
      readonly headers: Headers;
      readonly reasons: readonly Reason[];
      /** It rang: a 180, or a 183 with SDP. */
      readonly rang: boolean;
      /** Any 18x came: nobody else is tried in its place any more. */
      readonly alerted: boolean;
    }
  /** Nothing came back, or nothing could be sent. */
  | {
      readonly kind: 'failed';
      readonly failure: 'timeout' | 'transport';
      /** False where our own engine did not take the INVITE: that says nothing about the hop. */
      readonly sent: boolean;
      readonly rang: boolean;
      readonly alerted: boolean;
    }
  /** Our ring timer. */
  | { readonly kind: 'timed-out'; readonly rang: boolean; readonly alerted: boolean };

/** Who was rung, and how it failed: a phone of this member of a group; null: of the called user. */
export interface Asked {
  readonly failure: Failure;
  readonly mailbox: string | null;
}

/** The next hop is tried only where this one did no work on the call: dead, silent, or 503 before any 18x (design 4.3). */
export function failsOver(failure: Failure): boolean {
  if (failure.alerted) return false;
  return failure.kind === 'failed' || (failure.kind === 'final' && failure.status === 503);
}

/** Why a call is diverted to voicemail, in the words of RFC 5806 (Diversion) and RFC 4458 (cause). */
export interface DiversionCause {
  readonly reason: 'no-answer' | 'user-busy' | 'unavailable' | 'unconditional';
  readonly cause: number;
}

const BUSY: DiversionCause = { reason: 'user-busy', cause: 486 };
const NO_ANSWER: DiversionCause = { reason: 'no-answer', cause: 408 };
/** A call that its user sent away; phone systems hand it to voicemail as they do a busy one. */
const DECLINED: DiversionCause = { reason: 'user-busy', cause: 486 };
const UNREACHABLE: DiversionCause = { reason: 'unavailable', cause: 503 };
/** A 3xx: the phone, or its system, sends the call elsewhere. */
export const REDIRECTED: DiversionCause = { reason: 'unconditional', cause: 302 };

/**
 * Whether, and why, a call that nobody took goes to voicemail: what the verdict (design 4.1) calls missed does, what it calls
 * rejected or failed does not. Null: it does not.
 * @param asked everybody who was rung, in any order
 * @param hasMailbox a number that did not ring is diverted only where it is somebody's
 * @param superseded failures of those in whose place somebody else was rung: that they rang is all that they say
 */
export function diversionCause(
  asked: readonly Asked[],
  hasMailbox: boolean,
  superseded: readonly Failure[] = [],
): DiversionCause | null {
  const deciding = decidingAmong(asked);
  const finals = deciding.filter(isFinal);
  const rang = [...asked.map(({ failure }) => failure), ...superseded].some((failure) => failure.rang);
  const rangOut = deciding.some(({ kind }) => kind === 'timed-out');
  if (finals.some(means.busy)) return BUSY;
  if (finals.some(means.declined)) return DECLINED;
  if (finals.some(means.unwanted)) return null;
  if (finals.length > 0 && !rangOut && finals.every(means.rejected)) return null;
  if (rang && deciding.some(isNoAnswer)) return NO_ANSWER;
  if (rang || !hasMailbox || !deciding.some((failure) => !isFinal(failure) || means.unreachable(failure))) return null;
  return rangOut ? NO_ANSWER : UNREACHABLE;
}

/**
 * Whose responses say why nobody answered, as the verdict has it: a 6xx speaks for all phones of its user, and for no other
 * member of a group; then those that rang until somebody gave up, though others were busy; else all of them.
 */
function decidingAmong(asked: readonly Asked[]): readonly Failure[] {
  const saysGlobally = ({ failure }: Asked): boolean => isFinal(failure) && failure.status >= 600;
  const spokenFor = new Set(asked.filter(saysGlobally).map(({ mailbox }) => mailbox));
  const failures = asked
    .filter((one) => saysGlobally(one) || !spokenFor.has(one.mailbox))
    .map(({ failure }) => failure);
  const rangOut = failures.filter((failure) => failure.rang && (!isFinal(failure) || saysNothing(failure)));
  return rangOut.length > 0 ? rangOut : failures;
}

type Final = Extract<Failure, { kind: 'final' }>;

/** A phone that is not there to be asked. */
export const NOT_REGISTERED: Final = {
  kind: 'final',
  status: 480,
  phrase: 'Temporarily Unavailable',
  headers: {},
  reasons: [],
  rang: false,
  alerted: false,
};

function isFinal(failure: Failure): failure is Final {
  return failure.kind === 'final';
}

/** A 4xx or 5xx that gives no reason of the user's or of the number's. */
function saysNothing(final: Final): boolean {
  const says = [means.busy, means.declined, means.unwanted, means.rejected];
  return final.status >= 400 && final.status < 600 && !says.some((meaning) => meaning(final));
}

/** Of somebody who rang. */
function isNoAnswer(failure: Failure): boolean {
  return !isFinal(failure) || failure.status === 606 || (failure.status >= 400 && failure.status < 600);
}

export interface FinalAnswer {
  readonly status: number;
  /** The other side's own words; absent: the standard ones. */
  readonly phrase?: string;
  readonly headers: Record<string, string>;
}

/** What the caller gets for a call that nobody took (design 4.3). */
export function finalAnswer(failure: Failure): FinalAnswer {
  switch (failure.kind) {
    case 'timed-out':
      return { status: 480, headers: { reason: formatReason({ protocol: 'Q.850', cause: 19, text: 'No answer' }) } };
    case 'failed':
      return { status: 503, headers: {} };
    case 'final':
      return relayed(failure);
  }
}

/** A final response as it goes on to the other side, in a dialog or before there is one. */
export function relayed(response: {
  readonly status: number;
  readonly phrase: string;
  readonly headers: Headers;
}): FinalAnswer {
  const status = relayedStatus(response.status);
  const headers = passFinalHeaders(response.status, response.headers);
  return status === response.status ? { status, phrase: response.phrase, headers } : { status, headers };
}

/** Status codes that have a meaning of their own on the other side. */
function relayedStatus(status: number): number {
  // A redirection that was not followed: its Contact is for us, not for the caller.
  if (status >= 300 && status < 400) return 480;
  switch (status) {
    // The challenge was for us (credentials of the next hop), and it failed.
    case 401:
    case 407:
      return 403;
    // Only we cancel our INVITEs: a 487 that we did not ask for says that the other side gave up.
    case 487:
      return 480;
    // RFC 3261 16.7 step 6: a 503 would tell the caller that this gateway is overloaded.
    case 503:
      return 500;
    default:
      return status;
  }
}

/** For the log. */
export function failureText(failure: Failure): string {
  switch (failure.kind) {
    case 'final':
      return `${failure.status} ${failure.phrase}`;
    case 'failed':
      return failure.failure === 'timeout' ? 'no response' : 'could not be reached';
    case 'timed-out':
      return 'no answer';
  }
}
