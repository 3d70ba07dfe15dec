import {
  ackInDialog,
  confirmAsUac,
  dialogAsUac,
  dialogKey,
  encodeText,
  formatNameAddress,
  newCallId,
  newTag,
  parseCSeq,
  parseNameAddress,
  SipHeaders,
  tagOf,
  type BoundAddress,
  type ClientTransaction,
  type Dialog,
  type HeaderField,
  type SipRequest,
  type SipResponse,
  type TransportError,
} from '../sip/index.ts';
import { SDP_TYPE, uriOf, type Endpoint } from './endpoint.ts';
import { answerSdp, newSessionId, offerSdp, type SdpParty } from './sdp.ts';
import { Session } from './session.ts';

export interface CallOptions {
  /** URI or name-address; a display name may be Unicode: `"Zoë" <sip:zoe@example.com>`. */
  readonly from: string;
  /** URI that is dialled: Request-URI and To. */
  readonly to: string;
  /** URI of the next hop, where it is not `to`: a gateway, a proxy. No Route header is added. */
  readonly via?: string;
  /** Hangs up so long after the INVITE, whatever has happened: CANCEL before an answer, BYE after. */
  readonly hangUpAfterMs?: number;
  /** CANCELs so long after the first 18x, unless it was answered. */
  readonly hangUpAfterRingingMs?: number;
  /** BYEs so long after the answer. */
  readonly hangUpAfterAnswerMs?: number;
  /** Further header fields of the INVITE. */
  readonly headers?: readonly HeaderField[];
  /** Header fields of the CANCEL, such as Reason. */
  readonly cancelHeaders?: readonly HeaderField[];
  readonly callId?: string;
  /** False: the INVITE has no SDP, the offer comes in the 200 and our answer goes with the ACK. */
  readonly offer?: boolean;
  /** Shown in the offer: where we receive RTP; absent: the discard port. */
  readonly rtpPort?: number;
  /** Told as it happens. */
  readonly onEvent?: (event: CallEvent) => void;
  /** Aborted: hangs up now. */
  readonly signal?: AbortSignal;
}

export interface ReceivedResponse {
  readonly status: number;
  readonly reason: string;
  /** Since the INVITE. */
  readonly atMs: number;
  readonly toTag: string | null;
  readonly response: SipResponse;
}

export type CallEvent =
  | { readonly kind: 'provisional' | 'final'; readonly response: ReceivedResponse }
  | { readonly kind: 'cancelling' }
  | { readonly kind: 'ended'; readonly end: CallEnd };

/**
 * `refused`: a failure response; `cancelled`: the 487 to our CANCEL (or a failure that crossed it); `hung-up`: our BYE;
 * `peer-hung-up`: theirs; `timeout`: no final response; `unreachable`: `error` says why.
 */
export type CallEnd = 'refused' | 'cancelled' | 'hung-up' | 'peer-hung-up' | 'timeout' | 'unreachable';

export interface CallReport {
  readonly callId: string;
  readonly invite: SipRequest;
  /** The caller's clock at the INVITE; all `…Ms` count from here. */
  readonly startedAt: number;
  readonly provisionals: readonly ReceivedResponse[];
  /** The first final response to the INVITE. */
  readonly final: ReceivedResponse | null;
  readonly end: CallEnd;
  readonly error: TransportError | null;
  readonly answeredMs: number | null;
  readonly endedMs: number;
  readonly talkedMs: number | null;
  /** The peer's BYE, with its Reason. */
  readonly bye: SipRequest | null;
  /** 2xx of other branches (a forking proxy): each was acknowledged and hung up (RFC 3261 13.2.2.4). */
  readonly otherAnswers: number;
}

/** One call that we make: from its INVITE to its report. */
export class OutgoingCall {
  readonly #endpoint: Endpoint;
  readonly #options: CallOptions;
  readonly #sessions: Map<string, Session>;
  readonly #startedAt: number;
  readonly #callId: string;
  readonly #provisionals: ReceivedResponse[] = [];
  readonly #timers = new Set<unknown>();
  readonly #abort = (): void => this.hangUp();
  #resolve: (report: CallReport) => void = () => undefined;
  #transaction: ClientTransaction | null = null;
  #invite: SipRequest | null = null;
  #party: SdpParty = { host: '127.0.0.1', sessionId: 0 };
  #dialog: Dialog | null = null;
  #session: Session | null = null;
  #final: ReceivedResponse | null = null;
  #answeredMs: number | null = null;
  #cancelled = false;
  #otherAnswers = 0;
  #ended = false;

  constructor(endpoint: Endpoint, options: CallOptions, sessions: Map<string, Session>) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#sessions = sessions;
    this.#startedAt = endpoint.clock.now();
    this.#callId = options.callId ?? newCallId();
  }

  run(): Promise<CallReport> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      try {
        this.#start();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  hangUp(): void {
    if (this.#ended) return;
    if (this.#session !== null) this.#session.hangUp();
    else if (this.#final === null && !this.#cancelled) this.#cancel();
  }

  /** The sockets are gone: nothing more will be heard. */
  abandon(): void {
    this.#end(this.#session === null ? 'cancelled' : 'hung-up', null);
  }

  #start(): void {
    const { stack } = this.#endpoint;
    const target = { uri: this.#options.via ?? this.#options.to };
    const bound = stack.localFor(target);
    if (bound === undefined) throw new Error(`no transport of this phone reaches ${target.uri}`);
    const { rtpPort } = this.#options;
    this.#party = { host: bound.host, sessionId: newSessionId(), ...(rtpPort === undefined ? {} : { port: rtpPort }) };
    const invite = this.#makeInvite(bound);
    this.#invite = invite;
    this.#transaction = stack.request(invite, target, {
      // Until a name is looked up, which of our addresses its owner can answer to is a guess.
      onLocal: (local) => this.#show(invite, local),
      onResponse: (response) => this.#onResponse(response),
      onTimeout: () => this.#end(this.#cancelled ? 'cancelled' : 'timeout', null),
      onTransportError: (error) => this.#end('unreachable', null, error),
    });
    const { hangUpAfterMs, signal } = this.#options;
    if (hangUpAfterMs !== undefined) this.#after(hangUpAfterMs, () => this.hangUp());
    signal?.addEventListener('abort', this.#abort);
    if (signal?.aborted === true) this.hangUp();
  }

  /** Contact and SDP show the address that the INVITE leaves from. */
  #show(invite: SipRequest & { body: Buffer }, local: BoundAddress): void {
    invite.headers.set('Contact', `<${uriOf(local)}>`);
    this.#party = { ...this.#party, host: local.host };
    if (this.#options.offer !== false) invite.body = offerSdp(this.#party);
  }

  #makeInvite(bound: BoundAddress): SipRequest & { body: Buffer } {
    const { from, to, headers = [], offer = true } = this.#options;
    const caller = parseNameAddress(encodeText(from));
    if (caller === null) throw new Error(`"${from}" is no SIP address to call from`);
    const tagged = { ...caller, params: new Map([...caller.params, ['tag', newTag()]]) };
    const fields: HeaderField[] = [
      { name: 'From', value: formatNameAddress(tagged) },
      { name: 'To', value: `<${to}>` },
      { name: 'Call-ID', value: this.#callId },
      { name: 'CSeq', value: '1 INVITE' },
      { name: 'Contact', value: `<${uriOf(bound)}>` },
      ...headers,
      ...(offer ? [SDP_TYPE] : []),
    ];
    const body = offer ? offerSdp(this.#party) : Buffer.alloc(0);
    return { kind: 'request', method: 'INVITE', uri: to, headers: new SipHeaders(fields), body };
  }

  #onResponse(response: SipResponse): void {
    const received: ReceivedResponse = {
      status: response.status,
      reason: response.reason,
      atMs: this.#elapsedMs(),
      toTag: tagOf(response.headers.get('To')),
      response,
    };
    if (response.status < 200) this.#onProvisional(received);
    else if (response.status < 300) this.#onAnswer(received);
    else {
      this.#final = received;
      this.#options.onEvent?.({ kind: 'final', response: received });
      this.#end(this.#cancelled ? 'cancelled' : 'refused', null);
    }
  }

  #onProvisional(received: ReceivedResponse): void {
    this.#provisionals.push(received);
    this.#options.onEvent?.({ kind: 'provisional', response: received });
    const { hangUpAfterRingingMs } = this.#options;
    if (hangUpAfterRingingMs === undefined || this.#provisionals.length > 1) return;
    this.#after(hangUpAfterRingingMs, () => {
      if (this.#final === null) this.hangUp();
    });
  }

  #onAnswer(received: ReceivedResponse): void {
    const invite = this.#transaction?.request ?? this.#invite;
    const dialog = invite === null ? null : dialogAsUac(invite, received.response);
    if (dialog === null) {
      this.#end('refused', null);
      return;
    }
    this.#acknowledge(dialog, received.response);
    if (this.#final !== null) {
      // RFC 3261 13.2.2.4: another branch answered too; we talk to the first.
      this.#otherAnswers++;
      new Session(this.#endpoint, dialog, this.#party, () => undefined).hangUp();
      return;
    }
    this.#final = received;
    this.#answeredMs = received.atMs;
    this.#dialog = confirmAsUac(dialog, received.response);
    this.#talk(this.#dialog);
    this.#options.onEvent?.({ kind: 'final', response: received });
    const { hangUpAfterAnswerMs } = this.#options;
    // The answer crossed our CANCEL (RFC 3261 9.1): nobody is here to talk.
    if (this.#cancelled) this.hangUp();
    else if (hangUpAfterAnswerMs !== undefined) this.#after(hangUpAfterAnswerMs, () => this.hangUp());
  }

  #talk(dialog: Dialog): void {
    const key = dialogKey(dialog.callId, dialog.localTag, dialog.remoteTag);
    this.#session = new Session(this.#endpoint, dialog, this.#party, (end, bye) => {
      this.#sessions.delete(key);
      this.#end(end === 'peer-hung-up' ? 'peer-hung-up' : 'hung-up', bye);
    });
    this.#sessions.set(key, this.#session);
  }

  #acknowledge(dialog: Dialog, response: SipResponse): void {
    const delayed = this.#options.offer === false;
    const answer = delayed ? answerSdp(response.body.toString('latin1'), this.#party) : null;
    const parts = answer === null ? {} : { headers: [SDP_TYPE], body: answer };
    const sequence = parseCSeq(response.headers.get('CSeq') ?? '')?.sequence ?? 1;
    const { request, nextHop } = ackInDialog(dialog, sequence, parts);
    this.#transaction?.acknowledge(request, { uri: nextHop });
  }

  #cancel(): void {
    this.#cancelled = true;
    this.#options.onEvent?.({ kind: 'cancelling' });
    this.#transaction?.cancel(this.#options.cancelHeaders);
  }

  #end(end: CallEnd, bye: SipRequest | null, error: TransportError | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) this.#endpoint.clock.clearTimeout(timer);
    this.#timers.clear();
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#options.onEvent?.({ kind: 'ended', end });
    this.#resolve(this.#report(end, bye, error));
  }

  #report(end: CallEnd, bye: SipRequest | null, error: TransportError | null): CallReport {
    const invite = this.#transaction?.request ?? this.#invite;
    if (invite === null) throw new Error('a call that was not made has no report');
    const endedMs = this.#elapsedMs();
    return {
      callId: this.#callId,
      invite,
      startedAt: this.#startedAt,
      provisionals: this.#provisionals,
      final: this.#final,
      end,
      error,
      answeredMs: this.#answeredMs,
      endedMs,
      talkedMs: this.#answeredMs === null ? null : endedMs - this.#answeredMs,
      bye,
      otherAnswers: this.#otherAnswers,
    };
  }

  #after(delayMs: number, callback: () => void): void {
    const timer = this.#endpoint.clock.setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, delayMs);
    this.#timers.add(timer);
  }

  #elapsedMs(): number {
    return this.#endpoint.clock.now() - this.#startedAt;
  }
}
