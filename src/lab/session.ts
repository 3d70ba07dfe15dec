import {
  makeResponse,
  receiveRequest,
  refreshTarget,
  requestInDialog,
  type Dialog,
  type Flow,
  type ServerTransaction,
  type SipRequest,
} from '../sip/index.ts';
import { contactFor, hostFor, SDP_TYPE, type Endpoint } from './endpoint.ts';
import { answerSdp, newSessionId, offerSdp, type SdpParty } from './sdp.ts';

/** Why a confirmed dialog ended. */
export type SessionEnd = 'hung-up' | 'peer-hung-up' | 'no-ack';

/** A confirmed dialog of a lab phone, on either side: answers what the peer sends in it, hangs up. */
export class Session {
  readonly #endpoint: Endpoint;
  readonly #onEnd: (end: SessionEnd, bye: SipRequest | null) => void;
  readonly #party: SdpParty;
  #dialog: Dialog;
  #ended = false;

  constructor(
    endpoint: Endpoint,
    dialog: Dialog,
    party: SdpParty,
    onEnd: (end: SessionEnd, bye: SipRequest | null) => void,
  ) {
    this.#endpoint = endpoint;
    this.#dialog = dialog;
    this.#party = party;
    this.#onEnd = onEnd;
  }

  /** A request of the peer in this dialog. */
  receive(transaction: ServerTransaction, request: SipRequest, flow: Flow): void {
    const { dialog, outOfOrder } = receiveRequest(this.#dialog, request);
    if (outOfOrder) {
      // RFC 3261 12.2.2.
      transaction.respond(makeResponse(request, 500, 'CSeq Out Of Order'));
      return;
    }
    this.#dialog = dialog;
    if (request.method === 'BYE') {
      transaction.respond(makeResponse(request, 200, 'OK'));
      this.#end('peer-hung-up', request);
    } else if (request.method === 'INVITE' || request.method === 'UPDATE') {
      this.#renegotiate(transaction, request, flow);
    } else if (['INFO', 'OPTIONS', 'NOTIFY', 'MESSAGE'].includes(request.method)) {
      transaction.respond(makeResponse(request, 200, 'OK'));
    } else {
      transaction.respond(makeResponse(request, 405, 'Method Not Allowed'));
    }
  }

  /** BYE; what the peer answers changes nothing. */
  hangUp(end: SessionEnd = 'hung-up'): void {
    if (this.#ended) return;
    const { dialog, request, nextHop } = requestInDialog(this.#dialog, 'BYE');
    this.#dialog = dialog;
    const done = (): void => this.#end(end, null);
    try {
      this.#endpoint.stack.request(
        request,
        { uri: nextHop },
        {
          onResponse: (response) => {
            if (response.status >= 200) done();
          },
          onTimeout: done,
          onTransportError: done,
        },
      );
    } catch {
      // No transport reaches the peer's Contact: the call is over all the same.
      done();
    }
  }

  /** RFC 3261 14.2, RFC 3311: the media may change, the session goes on; an INVITE without SDP asks for our offer. */
  #renegotiate(transaction: ServerTransaction, request: SipRequest, flow: Flow): void {
    const offered = request.body.length > 0;
    const wanted = offered || request.method === 'INVITE';
    const sdp = offered ? answerSdp(request.body.toString('latin1'), this.#party) : offerSdp(this.#party);
    if (wanted && sdp === null) {
      transaction.respond(makeResponse(request, 488, 'Not Acceptable Here'));
      return;
    }
    this.#dialog = refreshTarget(this.#dialog, request);
    transaction.onAckTimeout = () => this.hangUp('no-ack');
    const headers = [contactFor(this.#endpoint.stack, flow), ...(wanted ? [SDP_TYPE] : [])];
    const body = wanted && sdp !== null ? { body: sdp } : {};
    transaction.respond(makeResponse(request, 200, 'OK', { headers, ...body }));
  }

  #end(end: SessionEnd, bye: SipRequest | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(end, bye);
  }
}

/** The party whom the flow's other end sees in our SDP. */
export function partyFor(endpoint: Endpoint, flow: Flow): SdpParty {
  return { host: hostFor(endpoint.stack, flow), sessionId: newSessionId() };
}
