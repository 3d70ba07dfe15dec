import { parseReasons, rings, type LegKind } from '../../call/index.ts';
import { PHONES } from '../access/admission.ts';
import { unassertingInviter } from '../access/assertions.ts';
import type { HeardAt } from './answer-times.ts';
import type { LegReports } from '../calls/call.ts';
import type { Side } from '../calls/dialogs.ts';
import { header, tagOf, type Headers } from '../message/headers.ts';
import { MAX_EARLY_DIALOGS, type GatewayLimits } from '../limits.ts';
import type { Failure } from './outcome.ts';
import type {
  Dialog,
  OutgoingInvite,
  OutgoingInviteHandle,
  OutgoingInviteListener,
  SipRequest,
  SipResponse,
  UserAgent,
} from '../agent/user-agent.ts';
import { watchVoicemail, type VoicemailWatch, type WatchedVoicemail } from '../voicemail/voicemail-watch.ts';

export interface OutboundOffer {
  readonly call: LegReports;
  /** The inbound leg it is for. */
  readonly caller: string;
  readonly kind: LegKind;
  /** The group member (policy.yaml identity) whose phone it rings; null: the called user's own, or nobody's. */
  readonly mailbox: string | null;
  /** The leg whose place it takes; null: nobody's. */
  readonly insteadOf: string | null;
  readonly agent: UserAgent;
  readonly invite: OutgoingInvite;
  /** Its dialogs, under its name. */
  readonly side: (leg: string) => Side;
  readonly ringTimeoutMs: number;
  readonly voicemail: WatchedVoicemail;
  readonly limits: GatewayLimits;
  readonly now: () => number;
}

export interface OutboundListener {
  /** The engine sent it under this Call-ID. */
  sent(callId: string): void;
  provisional(response: SipResponse): void;
  /** It takes no further part in the call. */
  over(leg: OutboundLeg): void;
}

export type RingResult =
  | { readonly kind: 'answered'; readonly response: SipResponse; readonly dialog: Dialog }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Whoever waited for it did not want it any longer. */
  | { readonly kind: 'given-up' };

/**
 * One INVITE that we sent, from its first packet to the end of its dialog, whatever happens in between. Reports every step
 * to its call. What comes after it was given up (a 200 that crossed our CANCEL) is ended without troubling anybody.
 *
 *   inviting --2xx--> answered --BYE, lost--> over     (our BYE to a voicemail system: `ending` until it is answered)
 *      |  \--300-699, silence--------------->  ^
 *      \--ring timer, given up--> cancelled ---/
 */
export class OutboundLeg {
  readonly id: string;
  readonly kind: LegKind;
  readonly target: string;
  readonly side: Side;
  readonly result: Promise<RingResult>;
  readonly #offer: OutboundOffer;
  readonly #listener: OutboundListener;
  readonly #handle: OutgoingInviteHandle;
  readonly #watch: VoicemailWatch;
  #phase: 'inviting' | 'cancelled' | 'answered' | 'ending' | 'over' = 'inviting';
  #cancelledFor: 'ring-timer' | 'caller' | 'gateway' | null = null;
  #resolve: (result: RingResult) => void = () => undefined;
  #timer: NodeJS.Timeout;
  readonly #invitedAt: number;
  /** When the first 180 came. */
  #ringingAt: number | null = null;
  /** When the first 180, or 183 with a description, came. */
  #rangAt: number | null = null;
  /** To tags of those that rang: a proxy behind the target may fork. */
  readonly #rung = new Set<string | null>();
  #alerted = false;
  #dialog: Dialog | null = null;
  /** What its 2xx offered, where our INVITE had no offer. */
  #offered = '';

  constructor(offer: OutboundOffer, listener: OutboundListener) {
    const { call, caller, kind, mailbox, insteadOf, invite, ringTimeoutMs, limits, voicemail, now } = offer;
    this.id = call.nextLegId();
    this.kind = kind;
    this.target = invite.uri;
    this.side = offer.side(this.id);
    this.#offer = offer;
    this.#listener = listener;
    this.result = new Promise((resolve) => (this.#resolve = resolve));
    const { origin } = this.side.facts;
    this.#watch = watchVoicemail({ call, leg: this.id, kind, isPhone: origin?.name === PHONES, voicemail, now });
    this.#invitedAt = now();
    call.report({
      type: 'leg-invited',
      at: this.#invitedAt,
      leg: this.id,
      caller,
      kind,
      target: invite.uri,
      ...(mailbox === null ? {} : { mailbox }),
      ...(insteadOf === null ? {} : { insteadOf }),
    });
    this.#timer = setTimeout(() => this.#ringTimeout(), limits.ringStartMs + ringTimeoutMs);
    const agent = origin?.trustCallerId === false ? unassertingInviter(offer.agent) : offer.agent;
    this.#handle = agent.invite(invite, this.#inviteListener());
  }

  /** What is known of its times where it is answered now. */
  get heardAt(): HeardAt {
    return { invited: this.#invitedAt, rang: this.#ringingAt, alerted: this.#rangAt, answered: this.#offer.now() };
  }

  get dialog(): Dialog | null {
    return this.#dialog;
  }

  /** Who answered it: the voicemail system also where a phone was called. */
  get answeredBy(): LegKind {
    return this.#watch.reached ? 'voicemail' : this.kind;
  }

  /** A request of the answered side, in the dialog. */
  heard(request: SipRequest): void {
    this.#watch.request(request);
  }

  /** Nobody waits for its answer any longer. */
  giveUp(by: 'caller' | 'gateway', headers: Headers): void {
    if (this.#phase === 'answered') this.hangUp(by, headers);
    else this.#cancel(by, headers);
  }

  /** Ends the answered dialog by BYE. */
  hangUp(by: 'caller' | 'gateway' | 'lost', headers: Headers): void {
    if (this.#phase !== 'answered') return;
    this.side.leave();
    if (!this.#watch.awaitsWord) {
      this.#endDialog(headers);
      this.end(by);
      return;
    }
    // The answer may say whether a message was left: the verdict waits for it, but not for long.
    this.#phase = 'ending';
    const at = this.#offer.now();
    this.#timer = setTimeout(() => this.end(by, {}, at), this.#offer.limits.cancelGraceMs);
    this.#endDialog(headers, (response) => this.end(by, response?.headers, at));
  }

  /**
   * The answered dialog is over, or the engine that knew the leg is gone: there is nobody to send anything to.
   * @param word the headers of the other side's BYE, or of its answer to ours
   */
  end(by: 'caller' | 'callee' | 'gateway' | 'lost', word: Headers = {}, at = this.#offer.now()): void {
    if (this.#phase === 'over') return;
    this.#watch.ended(word);
    this.#report({ type: 'leg-ended', by }, at);
    this.#over({ kind: 'given-up' });
  }

  #inviteListener(): OutgoingInviteListener {
    return {
      sent: (sipCallId, contact) => {
        this.#report({ type: 'leg-sent', sipCallId });
        this.side.contact = contact;
        this.#listener.sent(sipCallId);
      },
      provisional: (response) => this.#provisional(response),
      answered: (response, dialog) => this.#answered(response, dialog),
      failed: (response) => this.#failed(response),
    };
  }

  #provisional(response: SipResponse): void {
    if (this.#phase !== 'inviting') return;
    const { status } = response;
    this.side.heardFrom(response, false);
    this.#watch.provisional(response);
    const sdp = response.body !== '';
    this.#report({ type: 'leg-provisional', status, sdp });
    if (rings(status, sdp)) {
      this.#rangAt ??= this.#offer.now();
      if (this.#rung.size < MAX_EARLY_DIALOGS) this.#rung.add(tagOf(header(response.headers, 'to')));
    }
    if (status === 180) this.#ringingAt ??= this.#offer.now();
    if (!this.#alerted && status >= 180 && status < 190) {
      this.#alerted = true;
      const { limits, ringTimeoutMs, now } = this.#offer;
      // A first 18x that comes later than that finds the ring timer running.
      if (now() - this.#invitedAt < limits.ringStartMs) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#ringTimeout(), ringTimeoutMs);
      }
    }
    this.#listener.provisional(response);
  }

  #ringTimeout(): void {
    if (this.#phase !== 'inviting') return;
    this.#report({ type: 'leg-timed-out' });
    const failure: Failure = { kind: 'timed-out', rang: this.#rangAt !== null, alerted: this.#alerted };
    this.#resolve({ kind: 'failed', failure });
    this.#cancel('ring-timer', { reason: 'Q.850;cause=19;text="No answer"' });
  }

  #cancel(why: 'ring-timer' | 'caller' | 'gateway', headers: Headers): void {
    if (this.#phase !== 'inviting') return;
    this.#phase = 'cancelled';
    this.#cancelledFor = why;
    this.side.leave();
    this.#resolve({ kind: 'given-up' });
    this.#handle.cancel(headers);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end('gateway'), this.#offer.limits.cancelGraceMs);
  }

  #answered(response: SipResponse, dialog: Dialog): void {
    this.#dialog = dialog;
    this.#offered = (this.#offer.invite.body ?? '') === '' ? response.body : '';
    if (this.#phase === 'inviting') {
      clearTimeout(this.#timer);
      this.#phase = 'answered';
      this.side.heardFrom(response, true);
      this.#watch.answered(response);
      this.#report({ type: 'leg-answered' });
      this.#resolve({ kind: 'answered', response, dialog });
      return;
    }
    // The 200 crossed our CANCEL (RFC 3261 9.1): it is acknowledged and ended.
    this.#endDialog({});
    if (this.#phase === 'over') return;
    // After our own ring timer the caller has gone elsewhere: for the call nobody answered.
    if (this.#cancelledFor !== 'ring-timer') this.#report({ type: 'leg-answered' });
    this.end('gateway');
  }

  #endDialog(headers: Headers, done?: (response: SipResponse | null) => void): void {
    // RFC 3261 13.2.1: an offer in a 2xx wants its answer in the ACK, even where a BYE follows.
    this.#dialog?.ack({ body: this.#offered });
    this.#dialog?.bye(headers, done);
  }

  #failed(response: SipResponse | null): void {
    if (this.#phase === 'over') return;
    const heard = { rang: this.#rangAt !== null, alerted: this.#alerted };
    // What the engine made up is no word of the other side; a 487 it made up says that our CANCEL was never answered.
    if (response === null || (response.local && response.status !== 487)) {
      const failure = response?.status === 408 ? 'timeout' : 'transport';
      this.#report({ type: 'leg-failed', failure });
      this.#over({ kind: 'failed', failure: { kind: 'failed', failure, sent: response !== null, ...heard } });
      return;
    }
    const { status, phrase, headers } = response;
    const reasons = parseReasons(header(headers, 'reason'));
    this.#report({ type: 'leg-final', status, reasons });
    this.#over({ kind: 'failed', failure: { kind: 'final', status, phrase, headers, reasons, ...heard } });
  }

  #over(result: RingResult): void {
    clearTimeout(this.#timer);
    this.side.leave();
    this.#phase = 'over';
    this.#tellPhones();
    this.#resolve(result);
    this.#listener.over(this);
  }

  /** RFC 3261 13.2.2.4: several To tags are several phones, of whom a proxy passes one answer on. */
  #tellPhones(): void {
    if (this.#rung.size < 2) return;
    const { call, now } = this.#offer;
    const detail = `${this.#rung.size} phones rang behind ${this.target}`;
    call.addEvidence({ at: now(), kind: 'rang', source: this.id, strength: 'strong', detail });
  }

  #report(step: LegStep, at = this.#offer.now()): void {
    this.#offer.call.report({ ...step, at, leg: this.id });
  }
}

type LegStep =
  | { readonly type: 'leg-sent'; readonly sipCallId: string }
  | { readonly type: 'leg-provisional'; readonly status: number; readonly sdp: boolean }
  | { readonly type: 'leg-timed-out' }
  | { readonly type: 'leg-answered' }
  | { readonly type: 'leg-failed'; readonly failure: 'timeout' | 'transport' }
  | { readonly type: 'leg-final'; readonly status: number; readonly reasons: ReturnType<typeof parseReasons> }
  | { readonly type: 'leg-ended'; readonly by: 'caller' | 'callee' | 'gateway' | 'lost' };
