import type { SipRequest, SipResponse } from '../message/message.ts';
import { serialize } from '../message/serialize.ts';
import type { SipTimers } from '../stack.types.ts';
import { TransportError, type Destination, type Flow, type TransportLayer } from '../transport/transport.ts';
import { clientKey } from './keys.ts';
import type { Action, ClientInput, Machine, Rules, Share, TimerName, Transition } from './machine.ts';
import { ackForFailure } from './requests.ts';
import { TransactionTimers, type TimerQueue } from './timer-queue.ts';

/** What a client transaction needs from the layer it lives in. */
export interface AttemptHost {
  readonly transport: TransportLayer;
  readonly timers: SipTimers;
  readonly queue: TimerQueue;
  /** Told of what was thrown while `what` was done: the rest goes on. */
  onDefect(what: string, error: unknown): void;
  enterAttempt(attempt: Attempt): void;
  forgetAttempt(attempt: Attempt): void;
  /** The attempt waits for its answer on its flow now. */
  attachAttempt(attempt: Attempt, flow: Flow): void;
}

/** What an attempt reports to the request it belongs to. */
export interface AttemptOwner {
  /** `flow` is where the response came from. */
  onResponse(response: SipResponse, flow: Flow, attempt: Attempt): void;
  onTimeout(attempt: Attempt): void;
  onFailed(error: TransportError, attempt: Attempt): void;
  /** The transaction made this final status up. */
  onConcluded(status: number, attempt: Attempt): void;
  sendCancel(attempt: Attempt): void;
}

export interface AttemptParts {
  /** As it is sent, its Via on top; what is like it later (`keepRequest`) makes the CANCEL and the ACK to a failure. */
  readonly request: SipRequest;
  readonly branch: string;
  readonly bytes: Buffer;
  readonly to: Flow | Destination;
  readonly owner: AttemptOwner;
  readonly share?: Share;
}

/** A client transaction as its layer and its request see it. */
export interface Attempt {
  /** 17.1.3. */
  readonly key: string;
  readonly branch: string;
  readonly to: Flow | Destination;
  /** Where it was sent, once that is known. */
  readonly flow: Flow | null;
  /** Where its ACK and CANCEL go: over its flow; to its address where that has closed since. */
  readonly way: Flow | Destination;
  readonly request: SipRequest;
  start(): void;
  receive(response: SipResponse, flow: Flow): void;
  cancel(): void;
  /** The request is about to change, for another address: this one keeps it as it was sent here. */
  keepRequest(): void;
  onConnectionClosed(): void;
  /** The system refused a datagram to the peer it waits for; it need not have been this one's. */
  onPeerUnreachable(error: TransportError): void;
  /** The stack goes down. */
  close(): void;
}

const CANCEL: ClientInput = { kind: 'cancel' };
const TRANSPORT_ERROR: ClientInput = { kind: 'transport-error' };

/**
 * One client transaction of RFC 3261 17.1: one branch, to one address. A request that is tried at several addresses (RFC 3263 4.3)
 * is several of these.
 */
export class ClientAttempt<State extends { readonly name: string }> implements Attempt {
  readonly key: string;
  readonly branch: string;
  readonly to: Flow | Destination;
  request: SipRequest;
  readonly #host: AttemptHost;
  readonly #machine: Machine<State, ClientInput>;
  readonly #parts: AttemptParts;
  readonly #rules: Rules;
  readonly #timers: TransactionTimers;
  readonly #first: Transition<State>;
  #state: State;
  #flow: Flow | null;
  /** The ACK to a failure, kept for its copies. */
  #ack: Buffer | null = null;
  #answered = false;
  #attached = false;
  #busy = false;
  /** A send that failed while the machine's decision was being carried out. */
  #failed = false;
  #error: TransportError | null = null;

  constructor(host: AttemptHost, machine: Machine<State, ClientInput>, parts: AttemptParts) {
    this.key = clientKey(parts.branch, parts.request.method);
    this.branch = parts.branch;
    this.to = parts.to;
    this.request = parts.request;
    this.#host = host;
    this.#machine = machine;
    this.#parts = parts;
    const reliable = parts.to.protocol !== 'udp';
    const { timers } = host;
    this.#rules = parts.share === undefined ? { timers, reliable } : { timers, reliable, share: parts.share };
    this.#timers = new TransactionTimers(host.queue, this);
    this.#flow = 'connectionId' in parts.to ? parts.to : null;
    this.#first = machine.start(this.#rules);
    this.#state = this.#first.state;
  }

  start(): void {
    this.#host.enterAttempt(this);
    this.#enter(this.#first, null);
  }

  get flow(): Flow | null {
    return this.#flow;
  }

  get way(): Flow | Destination {
    return this.#flow !== null && this.#host.transport.isOpen(this.#flow) ? this.#flow : this.to;
  }

  receive(response: SipResponse, flow: Flow): void {
    this.#answered = true;
    this.#step({ kind: 'response', status: response.status }, { response, flow });
  }

  cancel(): void {
    this.#step(CANCEL);
  }

  keepRequest(): void {
    this.request = { ...this.request, headers: this.request.headers.clone() };
  }

  onConnectionClosed(): void {
    this.#error = new TransportError('closed', 'the connection closed before the answer came');
    this.#step(TRANSPORT_ERROR);
  }

  onPeerUnreachable(error: TransportError): void {
    if (this.#answered) return;
    this.#error = error;
    this.#step(TRANSPORT_ERROR);
  }

  onTimer(timer: TimerName): void {
    this.#timers.stop(timer);
    this.#step({ kind: 'timer', timer });
  }

  close(): void {
    this.#timers.stopAll();
  }

  #step(input: ClientInput, received: { response: SipResponse; flow: Flow } | null = null): void {
    this.#enter(this.#machine.next(this.#state, input, this.#rules), received);
  }

  #enter({ state, actions }: Transition<State>, received: { response: SipResponse; flow: Flow } | null): void {
    const ended = state.name === 'terminated' && this.#state.name !== 'terminated';
    this.#state = state;
    if (ended) {
      this.#timers.stopAll();
      this.#host.forgetAttempt(this);
    }
    this.#busy = true;
    for (const action of actions) {
      try {
        this.#perform(action, received);
      } catch (error) {
        // What the user throws must not keep the machine from its timers.
        const address = 'connectionId' in this.to ? this.to.remoteAddress : this.to.address;
        this.#host.onDefect(`${action.do} of our ${this.request.method} to ${address}`, error);
      }
    }
    this.#busy = false;
    if (!this.#failed) return;
    this.#failed = false;
    this.#step(TRANSPORT_ERROR);
  }

  #perform(action: Action, received: { response: SipResponse; flow: Flow } | null): void {
    const { owner } = this.#parts;
    switch (action.do) {
      case 'send':
        this.#send(this.#parts.bytes);
        break;
      case 'ack':
        if (received === null) break;
        this.#ack ??= serialize(ackForFailure(this.request, received.response));
        this.#send(this.#ack);
        break;
      case 'cancel':
        owner.sendCancel(this);
        break;
      case 'deliver':
        if (received !== null) owner.onResponse(received.response, received.flow, this);
        break;
      case 'timeout':
        this.#leaveSilent();
        owner.onTimeout(this);
        break;
      case 'fail':
        owner.onFailed(this.#error ?? new TransportError('failed', 'the request could not be sent'), this);
        break;
      case 'conclude':
        owner.onConcluded(action.status, this);
        break;
      case 'start':
        this.#timers.start(action.timer, action.delayMs);
        break;
      case 'stop':
        this.#timers.stop(action.timer);
        break;
    }
  }

  /** Timer B or F fired: a connection that gave no sign of life meanwhile must not take the next request too. */
  #leaveSilent(): void {
    const { t1x64Ms, timerBMs = t1x64Ms } = this.#host.timers;
    const waitedMs = this.request.method === 'INVITE' ? timerBMs : t1x64Ms;
    if (this.#flow === null) return;
    this.#host.transport.closeIfSilent(this.#flow, Math.min(waitedMs, this.#rules.share?.silenceMs ?? waitedMs));
  }

  /** Once a flow is known everything goes over it: copies, ACK and CANCEL belong where the request went (9.1, 17.1.1.3). */
  #send(bytes: Buffer): void {
    this.#host.transport.send(bytes, this.way, this.#onSent);
  }

  readonly #onSent = (error: TransportError | null, flow: Flow | null): void => {
    if (error === null) {
      this.#adopt(flow);
      return;
    }
    this.#error = error;
    if (this.#busy) this.#failed = true;
    else this.#step(TRANSPORT_ERROR);
  };

  #adopt(flow: Flow | null): void {
    if (flow === null || this.#attached || this.#state.name === 'terminated') return;
    this.#attached = true;
    this.#flow = flow;
    this.#host.attachAttempt(this, flow);
  }
}
