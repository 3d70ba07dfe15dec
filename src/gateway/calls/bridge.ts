import { ALLOW, METHODS, header, passHeaders } from '../message/headers.ts';
import { relayed } from '../hunt/outcome.ts';
import type { Referrals } from './transfer.ts';
import type {
  Acknowledge,
  Dialog,
  DialogListener,
  OutgoingMessage,
  Reply,
  SipRequest,
  SipResponse,
} from '../agent/user-agent.ts';

export interface BridgeEnd {
  /** Which side ended; `lost` where a side went silent or no longer knows the dialog. */
  readonly by: 'caller' | 'callee' | 'lost';
  /** The dialogs that are still up and want their BYE. */
  readonly open: readonly Dialog[];
  /** The headers of the BYE that came. */
  readonly headers: Record<string, string>;
}

export interface BridgeSides {
  readonly caller: Dialog;
  readonly callee: Dialog;
  /** The caller's INVITE had no offer: its ACK goes on (RFC 3261 13.2.1). */
  readonly delayedOffer: boolean;
  /** How often both sides are asked whether they are still there. */
  readonly probeMs: number;
  /** Every request of the callee but BYE and ACK. */
  readonly heard?: (request: SipRequest) => void;
  /** What becomes of the REFERs of each side. */
  readonly referrals: { readonly caller: Referrals; readonly callee: Referrals };
}

/**
 * Carries the requests of one dialog to the other and the answers back, both ways, until one of them ends.
 * @param ended told once
 * @returns ends it without telling
 */
export function bridge(
  { caller, callee, delayedOffer, probeMs, heard, referrals }: BridgeSides,
  ended: (end: BridgeEnd) => void,
): () => void {
  let over = false;
  const stop = (): void => {
    over = true;
    clearInterval(probing);
  };
  const end = (by: BridgeEnd['by'], open: readonly Dialog[], bye: SipRequest | null): void => {
    if (over) return;
    stop();
    ended({ by, open, headers: bye === null ? {} : passHeaders(bye.headers) });
  };
  const lost = (): void => end('lost', [caller, callee], null);
  const fromCaller = createRelay(callee, referrals.caller, referrals.callee, lost);
  const fromCallee = createRelay(caller, referrals.callee, referrals.caller, lost);
  const probing = setInterval(() => {
    for (const dialog of [caller, callee]) probe(dialog, lost);
  }, probeMs);
  if (delayedOffer) fromCaller.awaitAck(null, (message) => callee.ack(message));
  caller.listener = {
    request: fromCaller.request,
    ack: fromCaller.ack,
    ended: (bye, silent) => end(silent ? 'lost' : 'caller', [callee], bye),
  };
  callee.listener = {
    request: (request, reply, onCancel) => {
      heard?.(request);
      fromCallee.request(request, reply, onCancel);
    },
    ack: fromCallee.ack,
    ended: (bye, silent) => end(silent ? 'lost' : 'callee', [caller], bye),
  };
  return stop;
}

/** Asks by OPTIONS (RFC 3261 11): any answer but these says that somebody is there and knows of the call. */
function probe(dialog: Dialog, lost: () => void): void {
  dialog.request('OPTIONS', {}, (response) => {
    if (response === null || isOver(response)) lost();
  });
}

/** RFC 3261 12.2.1.2: a dialog that the other side does not know, or about which it says nothing, is over. */
function isOver({ status }: SipResponse): boolean {
  return status === 481 || status === 408;
}

interface Relay extends Pick<DialogListener, 'request' | 'ack'> {
  awaitAck(cseq: number | null, ack: Acknowledge): void;
}

/**
 * Requests that come in on one dialog, for the other one.
 * @param own the REFERs that come in here
 * @param others those whose NOTIFYs come in here
 */
function createRelay(to: Dialog, own: Referrals, others: Referrals, lost: () => void): Relay {
  /** The ACK that carries the answer of a delayed offer; a dialog has one INVITE at a time. */
  let awaited: { readonly cseq: number | null; readonly ack: Acknowledge } | null = null;
  const awaitAck: Relay['awaitAck'] = (cseq, ack) => {
    awaited = { cseq, ack };
  };
  return {
    awaitAck,
    ack(ack) {
      if (awaited === null || (awaited.cseq !== null && awaited.cseq !== cseqOf(ack))) return;
      const waiting = awaited;
      awaited = null;
      waiting.ack(messageOf(ack));
    },
    request(request, reply, onCancel) {
      const refusal = refusalOf(request);
      if (refusal !== null) {
        reply(refusal, refusal === 405 ? { headers: { allow: ALLOW } } : {});
        return;
      }
      const message = request.method === 'REFER' ? own.pass(request) : messageOf(request, others);
      if (typeof message === 'number') {
        reply(message);
        return;
      }
      const handle = to.request(request.method, message, (response, ack) => {
        if (response === null) {
          reply(481);
          lost();
          return;
        }
        if (request.method === 'REFER') own.answered(request, response);
        if (request.method === 'INVITE' && response.status < 300) answerInvite(request, response, reply, ack, awaitAck);
        else replyWith(reply, response);
        // RFC 5057 5.1: what a NOTIFY finds gone is its subscription, not the call.
        if (isOver(response) && request.method !== 'NOTIFY') lost();
      });
      onCancel((cancel) => handle.cancel(passHeaders(cancel.headers)));
    },
  };
}

/** A re-INVITE that was accepted: with an offer in it, the ACK is ours to send; without, the other side's ACK has the answer. */
function answerInvite(
  request: SipRequest,
  response: SipResponse,
  reply: Reply,
  ack: Acknowledge,
  awaitAck: Relay['awaitAck'],
): void {
  if (request.body !== '') {
    ack({});
    replyWith(reply, response);
    return;
  }
  awaitAck(cseqOf(request), ack);
  // Cancelled meanwhile: no ACK will come, but this 2xx wants one, with an answer to its offer.
  replyWith(reply, response, () => ack({ body: response.body }));
}

function replyWith(reply: Reply, response: SipResponse, failed?: () => void): void {
  const { status, phrase, headers } = relayed(response);
  const message = { headers, body: response.body, ...(phrase === undefined ? {} : { phrase }) };
  if (failed === undefined) reply(status, message);
  else reply(status, message, failed);
}

/** Requests that do not pass: what belongs to one side only. */
function refusalOf({ method, headers }: SipRequest): number | null {
  // RFC 3891 3: it stands in an INVITE that makes a dialog, and nowhere else.
  if (header(headers, 'replaces') !== undefined) return 400;
  if (method === 'PRACK') return 481;
  if (method === 'SUBSCRIBE') return 489;
  const passed: readonly string[] = METHODS;
  return passed.includes(method) ? null : 405;
}

function messageOf(message: SipRequest, referrals?: Referrals): OutgoingMessage {
  const headers = passHeaders(message.headers);
  const notified = message.method === 'NOTIFY' && referrals !== undefined ? referrals.notified(headers) : headers;
  return { headers: notified, body: message.body };
}

function cseqOf({ headers }: SipRequest): number | null {
  const number = Number.parseInt(header(headers, 'cseq') ?? '', 10);
  return Number.isNaN(number) ? null : number;
}
