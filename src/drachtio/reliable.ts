import {
  beginReliable,
  newRSeq,
  nextReliable,
  orderOfReliable,
  parseCSeq,
  parseRAck,
  parseRSeq,
  type ReliableInput,
  type ReliableState,
  type ReliableTimer,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import type { EngineCore } from './core.ts';
import { cancelFor, deliverCancel, refuse, settle } from './incoming-requests.ts';
import type { Dialog, IncomingRequest, ReceivedResponses, ReliableResponses } from './records.ts';
import type { EngineTimer } from './timers.ts';

/** Reliable provisional responses (RFC 3262, drachtio-protocol 3.8). */

/** Responses that one INVITE may have waiting for a PRACK; a call has three or four. */
export const MAX_WAITING_PROVISIONALS = 16;

/** A header that lists option tags has 100rel among them. */
export function names100rel(message: SipRequest | SipResponse, header: 'Require' | 'Supported'): boolean {
  return message.headers.has(header) && message.headers.elements(header).some((tag) => tag.toLowerCase() === '100rel');
}

/** Those that an application sends to one INVITE, until each has its PRACK. */
export class ReliableProvisionals implements ReliableResponses {
  readonly #core: EngineCore;
  readonly #incoming: IncomingRequest;
  readonly #onReleased: (response: SipResponse) => void;
  readonly #timers = new Map<ReliableTimer, EngineTimer>();
  #state: ReliableState<SipResponse> = beginReliable(newRSeq());
  #sent: Buffer | null = null;
  #refused = false;

  /** @param onReleased told when the 2xx that waited for the PRACKs was sent */
  constructor(core: EngineCore, incoming: IncomingRequest, onReleased: (response: SipResponse) => void) {
    this.#core = core;
    this.#incoming = incoming;
    this.#onReleased = onReleased;
  }

  get nextRSeq(): number {
    return this.#state.sequence + 1;
  }

  get isFull(): boolean {
    return this.#state.waiting.length >= MAX_WAITING_PROVISIONALS;
  }

  /** What its PRACK, which is still to come, has in its RAck before the method; null where none is. */
  get unacknowledged(): number | null {
    return this.#state.outstanding?.rseq ?? null;
  }

  /** Sends a response that has RSeq `nextRSeq`, or keeps it until those before it are acknowledged: then null. */
  provisional(response: SipResponse): Buffer | null {
    return this.#step({ kind: 'provisional', response, describes: response.body.length > 0 });
  }

  /** Sends a final response, or keeps a 2xx that has to wait: then null. */
  final(response: SipResponse): Buffer | null {
    return this.#step({ kind: 'final', response, success: response.status < 300 });
  }

  /** False where the PRACK acknowledges nothing. */
  prack(rseq: number): boolean {
    this.#refused = false;
    this.#step({ kind: 'prack', rseq });
    return !this.#refused;
  }

  close(): void {
    for (const timer of this.#timers.values()) {
      this.#core.timers.stop(timer);
    }
    this.#timers.clear();
  }

  #step(input: ReliableInput<SipResponse>): Buffer | null {
    const { state, actions } = nextReliable(this.#state, input, this.#core.stack.timers);
    this.#state = state;
    this.#sent = null;
    for (const action of actions) {
      switch (action.do) {
        case 'send':
          this.#send(action.response);
          break;
        case 'start':
          this.#start(action.timer, action.delayMs);
          break;
        case 'stop':
          this.#stop(action.timer);
          break;
        case 'refuse':
          this.#refused = true;
          break;
        case 'give-up':
          this.#giveUp();
          break;
      }
    }
    return this.#sent;
  }

  #send(response: SipResponse): void {
    const { transaction } = this.#incoming;
    // The caller's connection may have broken just now.
    if (!transaction.open) {
      return;
    }
    this.#sent = transaction.respond(response);
    if (this.#incoming.held && response.status >= 200) {
      this.#incoming.held = false;
      this.#onReleased(response);
    }
  }

  #start(name: ReliableTimer, delayMs: number): void {
    this.#stop(name);
    const timer = this.#core.timers.start('a reliable provisional response', delayMs, () => {
      this.#timers.delete(name);
      this.#step({ kind: 'timer', timer: name });
    });
    this.#timers.set(name, timer);
  }

  #stop(name: ReliableTimer): void {
    this.#core.timers.stop(this.#timers.get(name) ?? null);
    this.#timers.delete(name);
  }

  /** RFC 3262 3: the INVITE is rejected. The application hears what amounts to it, as from a caller that gave up. */
  #giveUp(): void {
    const incoming = this.#incoming;
    const { transaction } = incoming;
    refuse(transaction, 504, 'Server Time-out', incoming.toTag === '' ? {} : { toTag: incoming.toTag });
    if (!incoming.inDialog) {
      const cancel = cancelFor(transaction.request);
      cancel.headers.set('Reason', 'SIP;cause=504;text="PRACK timeout"');
      deliverCancel(this.#core, incoming, cancel, transaction.flow);
    }
    settle(this.#core, incoming);
  }
}

/** A PRACK of the peer: answers it here unless it is to be delivered, which true says. */
export function receivePrack(transaction: ServerTransaction, prack: SipRequest, dialog: Dialog): boolean {
  const rack = parseRAck(prack.headers.get('RAck') ?? '');
  if (rack === null) {
    refuse(transaction, 400, 'Bad RAck');
    return false;
  }
  const key = `${rack.rseq} ${rack.cseq}`;
  const invite = rack.method.toUpperCase() === 'INVITE' ? inviteOf(dialog, rack.cseq) : null;
  const late = invite === null && dialog.latePrack === key;
  const wasHeld = invite?.held === true;
  if (late) {
    dialog.latePrack = '';
  } else if (invite?.reliable?.prack(rack.rseq) !== true) {
    refuse(transaction, 481, 'Call/Transaction Does Not Exist');
    return false;
  }
  // The application has answered the call already; drachtio-srf would refuse what it takes for an unknown request of the dialog.
  if ((late || wasHeld) && prack.body.length === 0) {
    refuse(transaction, 200, 'OK');
    return false;
  }
  return true;
}

function inviteOf(dialog: Dialog, sequence: number): IncomingRequest | null {
  const isIt = ({ transaction: { request } }: IncomingRequest): boolean =>
    request.method === 'INVITE' && parseCSeq(request.headers.get('CSeq') ?? '')?.sequence === sequence;
  if (dialog.invite !== null && isIt(dialog.invite)) {
    return dialog.invite;
  }
  for (const pending of dialog.unanswered) {
    if (isIt(pending)) {
      return pending;
    }
  }
  return null;
}

/** The reliable provisional responses to one INVITE of an application: each of its early dialogs counts by itself. */
export class ReceivedReliables implements ReceivedResponses {
  readonly #max: number;
  /** The latest RSeq, by To tag. */
  readonly #latest = new Map<string, number>();
  /** Delivered, and not acknowledged by the application. */
  readonly #unacknowledged: { readonly tag: string; readonly rseq: number }[] = [];

  /** @param max To tags, and responses without PRACK, that are kept */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether a reliable provisional response is to be delivered: a copy, or one that another should have come before, is not. */
  receive(response: SipResponse, tag: string | null): boolean {
    const rseq = parseRSeq(response.headers.get('RSeq') ?? '');
    if (rseq === null || tag === null) {
      // Nobody could acknowledge it.
      return false;
    }
    const last = this.#latest.get(tag);
    const room = last !== undefined || this.#latest.size < this.#max;
    if (!room || orderOfReliable(last, rseq) !== 'next' || this.#unacknowledged.length >= this.#max) {
      return false;
    }
    this.#latest.set(tag, rseq);
    this.#unacknowledged.push({ tag, rseq });
    return true;
  }

  /**
   * What a PRACK of the application acknowledges: the oldest with that number, in that early dialog where it names one.
   * @param rseq null where the application leaves it to us
   * @param tag '' where it names none
   */
  acknowledge(rseq: number | null, tag: string): { readonly tag: string; readonly rseq: number } | null {
    const index = this.#unacknowledged.findIndex(
      (each) => (rseq === null || each.rseq === rseq) && (tag === '' || each.tag === tag),
    );
    return index === -1 ? null : (this.#unacknowledged.splice(index, 1)[0] ?? null);
  }
}
