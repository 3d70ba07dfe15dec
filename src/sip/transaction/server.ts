import type { SipRequest, SipResponse } from '../message/message.ts';
import { tagOf } from '../message/name-address.ts';
import { makeResponse } from '../message/response.ts';
import { serialize } from '../message/serialize.ts';
import type { ServerTransaction, SipTimers, StackUser } from '../stack.types.ts';
import type { Destination, Flow, TransportError, TransportLayer } from '../transport/transport.ts';
import { destinationOfVia } from '../transport/via-destination.ts';
import { newTag, newTransactionId } from '../ids.ts';
import { inviteServer } from './invite-server.ts';
import type { RequestKeys } from './keys.ts';
import type { Action, Machine, Rules, ServerInput, TimerName, Transition } from './machine.ts';
import { nonInviteServer } from './non-invite-server.ts';
import { TransactionTimers, type TimerQueue } from './timer-queue.ts';

/** What a transaction needs from the layer it lives in. */
export interface ServerHost {
  readonly transport: TransportLayer;
  readonly timers: SipTimers;
  readonly queue: TimerQueue;
  readonly user: StackUser;
  /** Told of what was thrown while `what` was done: the rest goes on. */
  onDefect(what: string, error: unknown): void;
  forgetServer(transaction: ServerRun): void;
}

/** A server transaction as its layer sees it. */
export interface ServerRun extends ServerTransaction {
  readonly keys: RequestKeys;
  /** The tag of the To of our responses: that of the last one, else the request's, else a new one. */
  readonly toTag: string;
  /** It was answered 300-699. */
  readonly refused: boolean;
  /** To be called once the layer has entered it in its tables. */
  start(): void;
  /** A copy of the request came in. */
  onRetransmission(): void;
  onAck(ack: SipRequest, flow: Flow): void;
  /** Gives this final status by itself, where there is none yet. */
  conclude(status: number): void;
  /** The stack goes down. */
  close(): void;
}

const REQUEST: ServerInput = { kind: 'request' };
const ACK: ServerInput = { kind: 'ack' };
const SETTLED: ServerInput = { kind: 'settled' };
const TRANSPORT_ERROR: ServerInput = { kind: 'transport-error' };

/** Carries out what the machine of one server transaction decides. */
export class ServerTransactionRun<State extends { readonly name: string }> implements ServerRun {
  readonly id = newTransactionId();
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly keys: RequestKeys;
  onAckTimeout: (() => void) | null = null;
  onTerminated: ((error: TransportError | null) => void) | null = null;

  readonly #host: ServerHost;
  readonly #machine: Machine<State, ServerInput>;
  readonly #rules: Rules;
  readonly #timers: TransactionTimers;
  readonly #first: Transition<State>;
  #state: State;
  #toTag: string | null;
  /** The last response. */
  #bytes: Buffer | null = null;
  #open = true;
  #refused = false;
  #busy = false;
  /** A send that failed while the machine's decision was being carried out. */
  #failed = false;
  #error: TransportError | null = null;

  constructor(
    host: ServerHost,
    machine: Machine<State, ServerInput>,
    request: SipRequest,
    flow: Flow,
    keys: RequestKeys,
  ) {
    this.request = request;
    this.flow = flow;
    this.keys = keys;
    this.#host = host;
    this.#machine = machine;
    this.#rules = { timers: host.timers, reliable: flow.protocol !== 'udp' };
    this.#timers = new TransactionTimers(host.queue, this);
    this.#toTag = keys.toTag;
    this.#first = machine.start(this.#rules);
    this.#state = this.#first.state;
  }

  start(): void {
    if (this.request.method === 'INVITE') this.#bytes = serialize(makeResponse(this.request, 100, 'Trying'));
    this.#enter(this.#first, null);
  }

  get open(): boolean {
    return this.#open;
  }

  get refused(): boolean {
    return this.#refused;
  }

  get toTag(): string {
    this.#toTag ??= newTag();
    return this.#toTag;
  }

  respond(response: SipResponse): Buffer {
    if (!this.#open) throw new Error(`${this.request.method} ${this.id} has had its final answer, or has ended`);
    const bytes = serialize(response);
    this.#bytes = bytes;
    // An 18x may have borne another tag (13.2.1: a dialog of its own); the ACK will bear that of the 2xx.
    this.#toTag = tagOf(response.headers.get('To')) ?? this.#toTag;
    if (response.status >= 200) this.#open = false;
    this.#refused = response.status >= 300;
    this.#step({ kind: 'respond', status: response.status });
    return bytes;
  }

  onRetransmission(): void {
    this.#step(REQUEST);
  }

  repeat(): void {
    if (this.#open) this.#step(REQUEST);
  }

  onAck(ack: SipRequest, flow: Flow): void {
    this.#step(ACK, { ack, flow });
  }

  stopRepeating(): void {
    this.#step(SETTLED);
  }

  onTimer(timer: TimerName): void {
    this.#timers.stop(timer);
    this.#step({ kind: 'timer', timer });
  }

  close(): void {
    this.#open = false;
    this.#timers.stopAll();
  }

  #step(input: ServerInput, acknowledgement: { ack: SipRequest; flow: Flow } | null = null): void {
    this.#enter(this.#machine.next(this.#state, input, this.#rules), acknowledgement);
  }

  #enter({ state, actions }: Transition<State>, acknowledgement: { ack: SipRequest; flow: Flow } | null): void {
    const ended = state.name === 'terminated' && this.#state.name !== 'terminated';
    this.#state = state;
    if (ended) {
      this.#open = false;
      this.#timers.stopAll();
      this.#host.forgetServer(this);
    }
    this.#busy = true;
    for (const action of actions) {
      try {
        this.#perform(action, acknowledgement);
      } catch (error) {
        // What the user throws must not keep the machine from its timers.
        this.#host.onDefect(`${action.do} of ${this.request.method} from ${this.flow.remoteAddress}`, error);
      }
    }
    this.#busy = false;
    if (!this.#failed) return;
    this.#failed = false;
    this.#step(TRANSPORT_ERROR);
  }

  #perform(action: Action, acknowledgement: { ack: SipRequest; flow: Flow } | null): void {
    switch (action.do) {
      case 'send':
        this.#send();
        break;
      case 'deliver':
        if (acknowledgement !== null) this.#host.user.onAck(acknowledgement.ack, acknowledgement.flow, this);
        break;
      case 'timeout':
        this.onAckTimeout?.();
        break;
      case 'fail':
        this.onTerminated?.(this.#error);
        break;
      case 'conclude':
        this.conclude(action.status);
        break;
      case 'start':
        this.#timers.start(action.timer, action.delayMs);
        break;
      case 'stop':
        this.#timers.stop(action.timer);
        break;
      case 'ack':
      case 'cancel':
        throw new Error(`a server transaction does not ${action.do}`);
    }
  }

  conclude(status: number): void {
    if (!this.#open) return;
    const reason = status === 408 ? 'Request Timeout' : 'Server Internal Error';
    this.respond(makeResponse(this.request, status, reason, { toTag: this.toTag }));
    this.onTerminated?.(null);
  }

  #send(): void {
    if (this.#bytes === null) return;
    this.#host.transport.send(this.#bytes, this.#responseTarget(), this.#onSent);
  }

  /**
   * 18.2.2: over the connection the request came by; where that has closed, over a new one to its Via. RFC 3581 4: over UDP to
   * the address and port the request came from, asked for by `rport` or not.
   */
  #responseTarget(): Flow | Destination {
    if (this.#host.transport.isOpen(this.flow)) return this.flow;
    return destinationOfVia(this.keys.via) ?? this.flow;
  }

  readonly #onSent = (error: TransportError | null): void => {
    if (error === null) return;
    this.#error = error;
    if (this.#busy) this.#failed = true;
    else this.#step(TRANSPORT_ERROR);
  };
}

export function newServerTransaction(host: ServerHost, request: SipRequest, flow: Flow, keys: RequestKeys): ServerRun {
  return request.method === 'INVITE'
    ? new ServerTransactionRun(host, inviteServer, request, flow, keys)
    : new ServerTransactionRun(host, nonInviteServer, request, flow, keys);
}
