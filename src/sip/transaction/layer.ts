import type { ParseFailure, SipMessage, SipRequest, SipResponse } from '../message/message.ts';
import { tagOf } from '../message/name-address.ts';
import { makeResponse } from '../message/response.ts';
import type {
  ClientTransaction,
  ClientTransactionHandlers,
  RequestTarget,
  SipStackOptions,
  SipTimers,
  StackUser,
} from '../stack.types.ts';
import { sourceOf } from '../transport/local-address.ts';
import { TransportError, type Flow, type TransportHandlers, type TransportLayer } from '../transport/transport.ts';
import type { Attempt } from './attempt.ts';
import { ClientRun, type ClientHost } from './client.ts';
import { requestKeys, responseKey, type RequestKeys } from './keys.ts';
import { newServerTransaction, type ServerHost, type ServerRun } from './server.ts';
import { Shares } from './shares.ts';
import { StatelessAnswers } from './stateless.ts';
import type { Targets } from './targets.ts';
import type { TimerQueue } from './timer-queue.ts';

/** Transactions that may live at once. Beyond it new requests outside a dialog get a stateless 503; ours fail with `full`. */
export const MAX_TRANSACTIONS = 100_000;
/** Room above MAX_TRANSACTIONS that only requests within dialogs may take: BYE must pass when INVITE no longer does. */
export const DIALOG_RESERVE = 25_000;
/** What the 503 tells the client to wait. */
export const RETRY_AFTER_S = 10;

export interface TransactionLayerParts {
  readonly transport: TransportLayer;
  readonly timers: SipTimers;
  readonly queue: TimerQueue;
  readonly user: StackUser;
  readonly admit: SipStackOptions['admit'];
  readonly maxTransactions: number;
  /** Told of what was thrown while `what` was handled: the one event is lost, the stack goes on. */
  onDefect(what: string, error: unknown): void;
  readonly targets: Targets;
}

/** Finds the transaction each message belongs to (RFC 3261 17.1.3, 17.2.3) or makes one. */
export class TransactionLayer implements ServerHost, ClientHost, TransportHandlers {
  readonly transport: TransportLayer;
  readonly timers: SipTimers;
  readonly queue: TimerQueue;
  readonly targets: Targets;
  readonly user: StackUser;

  readonly #parts: TransactionLayerParts;
  readonly #stateless: StatelessAnswers;
  /** By `RequestKeys.transaction`. */
  readonly #servers = new Map<string, ServerRun>();
  /** Of `#servers`. */
  readonly #shares = new Shares();
  /** INVITE transactions by `RequestKeys.attempt`: of several, the latest that was not refused when it came. */
  readonly #invites = new Map<string, ServerRun>();
  readonly #attempts = new Map<string, Attempt>();
  /** Who waits for answers on a connection, or for those of a peer over UDP. */
  readonly #waiting = new Map<string, Set<Attempt>>();
  readonly #lookups = new Set<ClientRun>();

  constructor(parts: TransactionLayerParts) {
    this.#parts = parts;
    this.transport = parts.transport;
    this.timers = parts.timers;
    this.queue = parts.queue;
    this.targets = parts.targets;
    this.user = parts.user;
    this.#stateless = new StatelessAnswers(parts.transport);
  }

  get transactionCount(): number {
    return this.#servers.size + this.#attempts.size + this.#lookups.size;
  }

  request(request: SipRequest, target: RequestTarget, handlers: ClientTransactionHandlers): ClientTransaction {
    // 12.2: what has a To tag is within a dialog. (A CANCEL comes not this way: each INVITE has one at most.)
    if (!this.#hasRoom(tagOf(request.headers.get('To')) === null)) {
      throw new TransportError('full', `${this.transactionCount} transactions live already`);
    }
    const run = new ClientRun(this, request, handlers);
    run.start(target);
    return run;
  }

  onMessage(message: SipMessage, flow: Flow): void {
    try {
      if (message.kind === 'request') this.#onRequest(message, flow);
      else this.#onResponse(message, flow);
    } catch (error) {
      this.onDefect(`a message from ${nameOf(flow)}`, error);
    }
  }

  onFailure(failure: ParseFailure, flow: Flow): void {
    try {
      this.#refuseUnreadable(failure, flow);
    } catch (error) {
      this.onDefect(`an unreadable message from ${nameOf(flow)}`, error);
    }
  }

  onClosed(flow: Flow): void {
    try {
      const waiting = this.#waiting.get(flowKey(flow));
      this.#waiting.delete(flowKey(flow));
      for (const attempt of waiting ?? []) attempt.onConnectionClosed();
      this.user.onClosed?.(flow);
    } catch (error) {
      this.onDefect(`the end of the connection of ${nameOf(flow)}`, error);
    }
  }

  onSendError(error: TransportError, flow: Flow): void {
    try {
      const waiting = this.#waiting.get(flowKey(flow));
      if (waiting === undefined) return;
      for (const attempt of waiting) attempt.onPeerUnreachable(error);
    } catch (thrown) {
      this.onDefect(`a send error to ${nameOf(flow)}`, thrown);
    }
  }

  onDefect(what: string, error: unknown): void {
    this.#parts.onDefect(what, error);
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
    for (const attempt of this.#attempts.values()) attempt.close();
    for (const run of this.#lookups) run.close();
    this.#servers.clear();
    this.#invites.clear();
    this.#attempts.clear();
    this.#waiting.clear();
    this.#lookups.clear();
    this.queue.close();
  }

  #refuseUnreadable(failure: ParseFailure, flow: Flow): void {
    const { message, status, reason } = failure;
    // 18.3, 8.2.6: what is answered is a request with enough left of it to find its way back.
    if (status === null || message === null || message.kind !== 'request') return;
    if (!message.headers.has('Via') || !message.headers.has('CSeq')) return;
    this.#stateless.send(message, flow, status, reason);
  }

  #onResponse(response: SipResponse, flow: Flow): void {
    const key = responseKey(response);
    if (key === null) return;
    // A response that belongs to nothing is a late copy, or forged: dropped. (RFC 6026 8.4: there is no stateless forwarding here.)
    this.#attempts.get(key)?.receive(response, flow);
  }

  #onRequest(request: SipRequest, flow: Flow): void {
    const keys = requestKeys(request);
    if (keys === null) return;
    if (request.method === 'ACK') {
      this.#onAck(request, flow, keys);
      return;
    }
    if (request.method === 'CANCEL') {
      this.#onCancel(request, flow, keys);
      return;
    }
    const known = this.#servers.get(keys.transaction);
    if (known !== undefined) {
      known.onRetransmission();
      return;
    }
    if (!this.#admits(request, flow, keys)) return;
    const transaction = newServerTransaction(this, request, flow, keys);
    this.#servers.set(keys.transaction, transaction);
    this.#shares.add(sourceOf(flow.remoteAddress));
    if (request.method === 'INVITE' && !this.#isMerged(keys)) this.#invites.set(keys.attempt, transaction);
    transaction.start();
    // The 100 could not be sent: nobody is there any more.
    if (transaction.open) this.#tellUser(transaction, request, flow);
  }

  #tellUser(transaction: ServerRun, request: SipRequest, flow: Flow): void {
    try {
      this.user.onRequest(transaction, request, flow);
    } catch (error) {
      this.onDefect(`${request.method} from ${nameOf(flow)}`, error);
      // 21.5.1: whoever sent it need not wait until its timers have run.
      transaction.conclude(500);
    }
  }

  /** Refuses statelessly what must not become a transaction. */
  #admits(request: SipRequest, flow: Flow, keys: RequestKeys): boolean {
    const outside = keys.toTag === null;
    if (outside && request.method === 'INVITE' && this.#isMerged(keys)) {
      this.#stateless.send(request, flow, 482, 'Loop Detected');
      return false;
    }
    const refusal = this.#parts.admit?.(request, flow) ?? null;
    if (refusal !== null) {
      this.#stateless.send(request, flow, refusal.status, refusal.reason, refusal);
      return false;
    }
    if (!this.#hasRoom(outside) || (outside && !this.#hasShare(flow))) {
      const headers = [{ name: 'Retry-After', value: String(RETRY_AFTER_S) }];
      this.#stateless.send(request, flow, 503, 'Service Unavailable', { headers });
      return false;
    }
    return true;
  }

  #hasRoom(outsideDialog: boolean): boolean {
    return this.transactionCount < this.#parts.maxTransactions + (outsideDialog ? 0 : DIALOG_RESERVE);
  }

  /** Transactions live for 64*T1: who sends without end would fill the table, and be the only one that is served. */
  #hasShare({ remoteAddress }: Flow): boolean {
    return this.#shares.hasRoom(sourceOf(remoteAddress), this.#parts.maxTransactions - this.transactionCount);
  }

  /**
   * 8.2.2.2: the From tag, Call-ID and CSeq of another transaction that is under way, so the same request came by two ways.
   * After a refusal it is the next branch of a proxy that forks serially (16.7), maybe to another Request-URI.
   */
  #isMerged(keys: RequestKeys): boolean {
    return this.#invites.get(keys.attempt)?.refused === false;
  }

  #onAck(ack: SipRequest, flow: Flow, keys: RequestKeys): void {
    // 17.1.1.3: the ACK to a failure has the branch of its INVITE.
    const sameBranch = this.#servers.get(keys.transaction);
    if (sameBranch !== undefined) {
      sameBranch.onAck(ack, flow);
      return;
    }
    // An ACK without To tag acknowledges nothing; one with our stateless tag acknowledges an answer we have forgotten.
    if (keys.toTag === null || this.#stateless.owns(keys.toTag)) return;
    // 13.2.2.4: the ACK to a 2xx has a branch of its own; Call-ID, CSeq number and both tags are the INVITE's and its answer's.
    const invite = this.#invites.get(keys.attempt);
    if (invite !== undefined && invite.toTag === keys.toTag) invite.onAck(ack, flow);
    else this.user.onAck(ack, flow, null);
  }

  /**
   * 9.2. A CANCEL makes no transaction of its own: its copies find the INVITE's as it did, and get the same 200.
   */
  #onCancel(cancel: SipRequest, flow: Flow, keys: RequestKeys): void {
    const invite = this.#servers.get(keys.transaction) ?? this.#inviteBehindNat(flow, keys);
    if (invite === undefined) {
      this.#stateless.send(cancel, flow, 481, 'Call/Transaction Does Not Exist');
      return;
    }
    // 9.2: "the To tag of the response to the CANCEL and the To tag in the response to the original request SHOULD be the same".
    const { toTag } = invite;
    this.#stateless.send(cancel, flow, 200, 'OK', { toTag });
    // 9.2: after a final response the CANCEL has no effect.
    if (!invite.open) return;
    invite.respond(makeResponse(invite.request, 487, 'Request Terminated', { toTag }));
    this.user.onCancel(invite, cancel, flow);
  }

  /** A client behind NAT may show another sent-by in its CANCEL than in its INVITE; branch, call and flow give it away. */
  #inviteBehindNat(flow: Flow, keys: RequestKeys): ServerRun | undefined {
    const invite = this.#invites.get(keys.attempt);
    return invite !== undefined && invite.keys.branch === keys.branch && flowKey(invite.flow) === flowKey(flow)
      ? invite
      : undefined;
  }

  forgetServer(transaction: ServerRun): void {
    const { keys, flow } = transaction;
    if (this.#servers.delete(keys.transaction)) this.#shares.remove(sourceOf(flow.remoteAddress));
    if (this.#invites.get(keys.attempt) === transaction) this.#invites.delete(keys.attempt);
  }

  enterAttempt(attempt: Attempt): void {
    this.#attempts.set(attempt.key, attempt);
  }

  attachAttempt(attempt: Attempt, flow: Flow): void {
    const key = flowKey(flow);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, new Set([attempt]));
    else waiting.add(attempt);
  }

  forgetAttempt(attempt: Attempt): void {
    this.#attempts.delete(attempt.key);
    if (attempt.flow === null) return;
    const key = flowKey(attempt.flow);
    const waiting = this.#waiting.get(key);
    waiting?.delete(attempt);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }

  enterLookup(run: ClientRun): void {
    this.#lookups.add(run);
  }

  forgetLookup(run: ClientRun): void {
    this.#lookups.delete(run);
  }
}

function nameOf({ protocol, remoteAddress, remotePort }: Flow): string {
  return `${protocol}:${remoteAddress}:${remotePort}`;
}

/** A connection, or a pair of UDP addresses. */
function flowKey(flow: Flow): string {
  if (flow.connectionId !== null) return `#${flow.connectionId}`;
  return `${flow.remoteAddress} ${flow.remotePort} ${flow.localPort}`;
}
