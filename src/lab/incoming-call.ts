import {
  confirmAsUas,
  decodeText,
  dialogAsUas,
  dialogKey,
  makeResponse,
  parseNameAddress,
  parseUri,
  type Dialog,
  type Flow,
  type HeaderField,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import { refusalOf, type CallBehaviour } from './behaviour.ts';
import { answerStray, contactFor, SDP_TYPE, type Endpoint } from './endpoint.ts';
import { answerSdp, offerSdp, type SdpParty } from './sdp.ts';
import { partyFor, Session, type SessionEnd } from './session.ts';

const PROGRESS_INTERVAL_MS = 60_000;

export interface PhoneEvent {
  readonly kind: 'invited' | 'ringing' | 'answered' | 'acknowledged' | 'ended';
  readonly call: PhoneCall;
}

/** How a call at a phone ended. */
export type PhoneCallEnd = 'cancelled' | 'refused' | 'failed' | SessionEnd;

/** A call as the phone has seen it. Times are those of the phone's clock, null for what did not happen. */
export interface PhoneCall {
  readonly callId: string;
  /** URI of From. */
  readonly caller: string;
  /** Display name of From, or null. */
  readonly callerName: string | null;
  /** User part of the Request-URI. */
  readonly called: string;
  readonly invite: SipRequest;
  readonly invitedAt: number;
  readonly ringingAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly end: PhoneCallEnd | null;
  /** From our 200 to the end; null where it was not answered or still talks. */
  readonly talkedMs: number | null;
  /** The CANCEL or BYE that ended it, with its Reason; null where the peer did not end it. */
  readonly endedBy: SipRequest | null;
  readonly ended: Promise<void>;
  /** BYE where it talks, 480 where it does not. */
  hangUp(): void;
}

/** One call at a phone: invited, perhaps ringing, perhaps answered, ended. */
/** Where it receives audio, as far as that is not where SIP reaches it. */
export type AudioPlace = Partial<Pick<SdpParty, 'host' | 'port'>>;

export class IncomingCall implements PhoneCall {
  readonly callId: string;
  readonly caller: string;
  readonly callerName: string | null;
  readonly called: string;
  readonly invite: SipRequest;
  readonly invitedAt: number;
  readonly key: string;
  readonly transaction: ServerTransaction;
  readonly ended: Promise<void>;
  ringingAt: number | null = null;
  answeredAt: number | null = null;
  endedAt: number | null = null;
  end: PhoneCallEnd | null = null;
  endedBy: SipRequest | null = null;

  readonly #endpoint: Endpoint;
  readonly #flow: Flow;
  readonly #toTag: string;
  readonly #happened: (kind: PhoneEvent['kind'], call: IncomingCall) => void;
  readonly #party: SdpParty;
  #session: Session | null = null;
  #timer: unknown = null;
  #progressTimer: unknown = null;
  #resolveEnded: () => void = () => undefined;

  constructor(
    endpoint: Endpoint,
    transaction: ServerTransaction,
    flow: Flow,
    toTag: string,
    happened: (kind: PhoneEvent['kind'], call: IncomingCall) => void,
    audio: AudioPlace = {},
  ) {
    const { headers, uri } = transaction.request;
    const from = parseNameAddress(headers.get('From') ?? '');
    this.callId = headers.get('Call-ID') ?? '';
    this.caller = from?.uri ?? '';
    this.callerName = decodeText(from?.displayName ?? '') || null;
    this.called = parseUri(uri)?.user ?? uri;
    this.invite = transaction.request;
    this.invitedAt = endpoint.clock.now();
    this.key = dialogKey(this.callId, toTag, from?.params.get('tag') ?? '');
    this.transaction = transaction;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#endpoint = endpoint;
    this.#flow = flow;
    this.#toTag = toTag;
    this.#happened = happened;
    this.#party = { ...partyFor(endpoint, flow), ...audio };
    transaction.onTerminated = () => this.#ended('failed', null);
  }

  get talkedMs(): number | null {
    return this.answeredAt === null || this.endedAt === null ? null : this.endedAt - this.answeredAt;
  }

  behave(behaviour: CallBehaviour): void {
    if (behaviour.kind === 'trying') return;
    if (behaviour.kind === 'voicemail') {
      this.#answer(behaviour.hangUpAfterMs);
      return;
    }
    if (behaviour.kind === 'ring') {
      this.#ring(behaviour.earlyMedia === true);
      return;
    }
    const refusal = refusalOf(behaviour);
    const finish = (): void => {
      if (refusal !== null) this.#refuse(refusal.status, refusal.reason, refusal.headers);
      else if (behaviour.kind === 'answer') this.#answer(behaviour.hangUpAfterMs);
    };
    if (behaviour.afterMs === undefined) {
      finish();
      return;
    }
    this.#ring(behaviour.kind === 'answer' && behaviour.earlyMedia === true);
    this.#after(behaviour.afterMs, finish);
  }

  /** A request in the call's dialog, early or confirmed. */
  receive(transaction: ServerTransaction, request: SipRequest, flow: Flow): void {
    if (this.#session !== null) {
      this.#session.receive(transaction, request, flow);
    } else if (request.method === 'BYE') {
      // RFC 3261 15.1.2: a caller may end an early dialog so; the INVITE still wants its answer.
      transaction.respond(makeResponse(request, 200, 'OK'));
      this.endedBy = request;
      this.#refuse(487, 'Request Terminated');
    } else {
      answerStray(transaction, request, this.#toTag);
    }
  }

  acknowledged(): void {
    if (this.#session !== null) this.#happened('acknowledged', this);
  }

  cancelled(cancel: SipRequest): void {
    this.#ended('cancelled', cancel);
  }

  /** The phone is switched off. */
  drop(): void {
    this.hangUp();
  }

  /** BYE where it talks, 480 where it does not. */
  hangUp(): void {
    if (this.#session !== null) this.#session.hangUp();
    else this.#refuse(480, 'Temporarily Unavailable');
  }

  #ring(earlyMedia: boolean): void {
    const sdp = earlyMedia ? this.#sdp() : null;
    this.ringingAt = this.#endpoint.clock.now();
    this.#sendProgress(sdp);
    this.#happened('ringing', this);
  }

  /** RFC 3261 13.3.1.1: once a minute, lest a proxy give the call up (16.6, timer C). */
  #sendProgress(sdp: Buffer | null): void {
    if (sdp === null) this.#respond(180, 'Ringing');
    else this.#respond(183, 'Session Progress', [SDP_TYPE], sdp);
    this.#progressTimer = this.#endpoint.clock.setTimeout(() => this.#sendProgress(sdp), PROGRESS_INTERVAL_MS);
  }

  #answer(hangUpAfterMs: number | undefined): void {
    if (!this.transaction.open) return;
    const sdp = this.#sdp();
    if (sdp === null) {
      this.#refuse(488, 'Not Acceptable Here');
      return;
    }
    this.transaction.onAckTimeout = () => this.#session?.hangUp('no-ack');
    const response = this.#respond(200, 'OK', [SDP_TYPE], sdp);
    const dialog: Dialog | null = response === null ? null : dialogAsUas(this.invite, response);
    if (dialog === null) {
      this.#ended('failed', null);
      return;
    }
    this.answeredAt = this.#endpoint.clock.now();
    this.#stopTimers();
    this.#session = new Session(this.#endpoint, confirmAsUas(dialog), this.#party, (end, bye) => this.#ended(end, bye));
    this.#happened('answered', this);
    if (hangUpAfterMs !== undefined) this.#after(hangUpAfterMs, () => this.#session?.hangUp());
  }

  /** The answer to the caller's offer, or an offer where it made none (RFC 3261 13.3.1.4). */
  #sdp(): Buffer | null {
    return this.invite.body.length > 0
      ? answerSdp(this.invite.body.toString('latin1'), this.#party)
      : offerSdp(this.#party);
  }

  #refuse(status: number, reason: string, headers: readonly HeaderField[] = []): void {
    if (this.end !== null) return;
    this.#respond(status, reason, headers);
    this.#ended('refused', this.endedBy);
  }

  #respond(status: number, reason: string, headers: readonly HeaderField[] = [], body?: Buffer): SipResponse | null {
    if (!this.transaction.open) return null;
    const contact = status < 300 ? [contactFor(this.#endpoint.stack, this.#flow)] : [];
    const response = makeResponse(this.invite, status, reason, {
      toTag: this.#toTag,
      headers: [...contact, ...headers],
      ...(body === undefined ? {} : { body }),
    });
    this.transaction.respond(response);
    return response;
  }

  #after(delayMs: number, callback: () => void): void {
    this.#timer = this.#endpoint.clock.setTimeout(() => {
      this.#timer = null;
      callback();
    }, delayMs);
  }

  #ended(end: PhoneCallEnd, by: SipRequest | null): void {
    if (this.end !== null) return;
    this.end = end;
    this.endedBy = by;
    this.endedAt = this.#endpoint.clock.now();
    this.#stopTimers();
    this.#happened('ended', this);
    this.#resolveEnded();
  }

  #stopTimers(): void {
    for (const timer of [this.#timer, this.#progressTimer]) {
      if (timer !== null) this.#endpoint.clock.clearTimeout(timer);
    }
    this.#timer = null;
    this.#progressTimer = null;
  }
}
