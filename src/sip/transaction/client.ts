import type { HeaderField, SipRequest, SipResponse } from '../message/message.ts';
import { tagOf } from '../message/name-address.ts';
import { makeResponse } from '../message/response.ts';
import { serialize } from '../message/serialize.ts';
import { formatVia } from '../message/via.ts';
import { newBranch, newTransactionId } from '../ids.ts';
import type { ClientTransaction, ClientTransactionHandlers, RequestTarget } from '../stack.types.ts';
import { TransportError, type BoundAddress, type Flow } from '../transport/transport.ts';
import { ClientAttempt, type Attempt, type AttemptHost, type AttemptOwner } from './attempt.ts';
import { inviteClient } from './invite-client.ts';
import { nonInviteClient } from './non-invite-client.ts';
import { MAX_FORWARDS, cancelFor } from './requests.ts';
import type { Hop, Targets } from './targets.ts';

/** 2xx of so many different To tags are taken to one INVITE: a proxy that forks wider is none we want to talk to. */
export const MAX_FORKED_ANSWERS = 32;

export interface ClientHost extends AttemptHost {
  readonly targets: Targets;
  /** The run waits for a look-up. */
  enterLookup(run: ClientRun): void;
  forgetLookup(run: ClientRun): void;
}

/** RFC 3326: the phone that is cancelled since another one answered need not call it a missed call. */
const ELSEWHERE: readonly HeaderField[] = [{ name: 'Reason', value: 'SIP;cause=200;text="Call completed elsewhere"' }];

/**
 * One request of ours and whatever becomes of it: its attempts, one address after the other, its CANCEL, the ACKs to its 2xx.
 * The state of each attempt is the machine's; here is only what spans several.
 *
 * All addresses together have 64*T1, each an equal share of what is left, an INVITE no more than timer B: RFC 4321 1.2 shows
 * that who waits 64*T1 for each tells its caller too late. An attempt that was given up still hears late answers (see
 * invite-client.ts) while the next runs, as two branches of a fork would.
 */
export class ClientRun implements ClientTransaction, AttemptOwner {
  readonly id = newTransactionId();
  readonly request: SipRequest;

  readonly #host: ClientHost;
  readonly #handlers: ClientTransactionHandlers;
  /** Addresses not tried yet. */
  #hops: readonly Hop[] = [];
  /** `transport=udp`, or a flow: size moves it nowhere (18.1.1). */
  #fixed = true;
  /** 64*T1 after the first attempt; null before. */
  #deadlineMs: number | null = null;
  /** The latest, or the one that was answered. */
  #attempt: Attempt | null = null;
  /** The attempt that takes TCP for the size of the request alone; its UDP address is next. */
  #trial: Attempt | null = null;
  #bytes: Buffer | null = null;
  /** Our Via is on top. */
  #stamped = false;
  /** What the CANCEL says besides; null while nobody wants one. */
  #cancelHeaders: readonly HeaderField[] | null = null;
  /** A response above 100 went up: the request has arrived, so it is tried nowhere else. */
  #answered = false;
  /** The user was told how it ended. */
  #done = false;
  /** The ACK to each 2xx, by To tag; null until the user gave it. */
  readonly #acks = new Map<string, { bytes: Buffer; hop: Hop } | null>();

  constructor(host: ClientHost, request: SipRequest, handlers: ClientTransactionHandlers) {
    this.#host = host;
    this.request = request;
    this.#handlers = handlers;
  }

  get flow(): Flow | null {
    return this.#attempt?.flow ?? null;
  }

  get bytes(): Buffer {
    this.#bytes ??= serialize(this.request);
    return this.#bytes;
  }

  /** Throws `no-transport` where no bound transport fits the target; every later error goes to the handlers. */
  start(target: RequestTarget): void {
    const { headers } = this.request;
    const { hops, local, fixed } = this.#host.targets.reach(target);
    if (local === undefined) {
      ignored(hops);
      throw noTransport(target);
    }
    if (!headers.has('Max-Forwards')) headers.append('Max-Forwards', String(MAX_FORWARDS));
    this.#fixed = fixed;
    if (!(hops instanceof Promise)) {
      this.#begin(hops);
      return;
    }
    this.#stamp(local);
    this.#host.enterLookup(this);
    hops
      .finally(() => this.#host.forgetLookup(this))
      .then(
        (found) => this.#begin(found),
        (error: unknown) => this.onFailed(asTransportError(error), null),
      )
      .catch((error: unknown) => this.#host.onDefect('a look-up', error));
  }

  cancel(extra: readonly HeaderField[] = []): SipRequest | null {
    if (this.request.method !== 'INVITE')
      throw new Error(`only an INVITE can be cancelled, not ${this.request.method}`);
    if (this.#done) return null;
    if (this.#cancelHeaders !== null) throw new Error(`the INVITE ${this.id} has been cancelled already`);
    this.#cancelHeaders = extra;
    this.#attempt?.cancel();
    return cancelFor(this.request, extra);
  }

  acknowledge(ack: SipRequest, target: RequestTarget): Buffer {
    const { headers } = ack;
    const { hops, local } = this.#host.targets.reach(target);
    if (local === undefined) {
      ignored(hops);
      throw noTransport(target);
    }
    if (!headers.has('Max-Forwards')) headers.append('Max-Forwards', String(MAX_FORWARDS));
    // 13.2.2.4 and 17.1.1.3: the ACK to a 2xx is a request of its own, with a branch of its own.
    headers.prepend('Via', viaFor(local, newBranch()));
    const bytes = serialize(ack);
    const remember = (found: readonly Hop[]): void => {
      const hop = found.find((each) => this.#host.targets.localFor(each) !== undefined);
      if (hop === undefined) return;
      this.#acks.set(tagOf(headers.get('To')) ?? '', { bytes, hop });
      this.#sendAck(bytes, hop);
    };
    // An address that cannot be found leaves the 2xx unacknowledged; its sender ends the dialog after 64*T1 (13.3.1.4).
    if (hops instanceof Promise) {
      hops.then(remember, () => undefined).catch((error: unknown) => this.#host.onDefect('an ACK', error));
    } else remember(hops);
    return bytes;
  }

  onResponse(response: SipResponse, flow: Flow, attempt: Attempt): void {
    const { status } = response;
    if (status !== 503) this.#host.targets.answered(attempt.to);
    if (status === 100) return;
    if (status >= 200 && status < 300 && this.request.method === 'INVITE') {
      this.#onAnswer(response, flow, attempt);
      return;
    }
    if (this.#done) return;
    // RFC 3263 4.3: a 503 means that the next address may do better. The same server by UDP will not.
    if (status === 503) {
      this.#host.targets.failed(attempt.to);
      if (attempt === this.#trial) this.#hops = this.#hops.slice(1);
      if (this.#tryNext()) return;
    }
    this.#answered = true;
    if (status >= 200) this.#end(() => this.#handlers.onResponse(response, flow));
    else this.#handlers.onResponse(response, flow);
  }

  /** RFC 3261 13.2.2.4: each 2xx of another To tag is another dialog; a repeated 2xx gets its ACK again and goes no further. */
  #onAnswer(response: SipResponse, flow: Flow, attempt: Attempt): void {
    const tag = tagOf(response.headers.get('To')) ?? '';
    const known = this.#acks.get(tag);
    if (known !== undefined) {
      if (known !== null) this.#sendAck(known.bytes, known.hop);
      return;
    }
    if (this.#acks.size >= MAX_FORKED_ANSWERS) return;
    this.#acks.set(tag, null);
    if (this.#done) {
      this.#handlers.onResponse(response, flow);
      return;
    }
    const other = this.#attempt;
    this.#attempt = attempt;
    // 16.7 step 10: the first 2xx is the answer, whichever branch it is of, and the others are cancelled.
    if (other !== attempt && other !== null && this.#cancelHeaders === null) {
      this.#cancelHeaders = ELSEWHERE;
      other.cancel();
    }
    this.#end(() => this.#handlers.onResponse(response, flow));
  }

  onTimeout(attempt: Attempt): void {
    // RFC 3263 4.3: no answer in time is a failure of this address.
    this.#host.targets.failed(attempt.to);
    if (attempt !== this.#attempt || this.#tryNext()) return;
    this.#end(() => this.#handlers.onTimeout());
  }

  onFailed(error: TransportError, attempt: Attempt | null): void {
    const { targets } = this.#host;
    if (attempt !== null && attempt === this.#trial) targets.refusedTcp(attempt.to);
    else if (attempt !== null && error.code !== 'too-large') targets.failed(attempt.to);
    if (attempt !== this.#attempt || this.#tryNext()) return;
    // Cancelled before it was sent: then it need not be.
    if (this.#cancelHeaders === null || attempt === null || attempt.flow !== null) this.#failed(error);
    else this.#conclude(487, unusedFlow(attempt.to, targets.localFor(attempt.to)));
  }

  onConcluded(status: number, attempt: Attempt): void {
    if (attempt.flow === null) return;
    this.#conclude(status, attempt.flow);
  }

  sendCancel(attempt: Attempt): void {
    const { branch, way: to } = attempt;
    const request = cancelFor(attempt.request, this.#cancelHeaders ?? []);
    const parts = { request, branch, bytes: serialize(request), to, owner: DEAF };
    new ClientAttempt(this.#host, nonInviteClient, parts).start();
  }

  #begin(hops: readonly Hop[]): void {
    const [first] = hops;
    if (this.#done) return;
    if (first === undefined) this.#failed(new TransportError('dns', 'no address was found for the target'));
    // Cancelled before it was sent: then it need not be.
    else if (this.#cancelHeaders !== null) {
      this.#conclude(487, unusedFlow(first, this.#host.targets.localFor(first)));
    } else {
      this.#hops = hops;
      this.#tryNext();
    }
  }

  /** False where there is no address left, or no time. */
  #tryNext(): boolean {
    if (this.#answered || this.#done || this.#cancelHeaders !== null) return false;
    const [next, ...others] = this.#hops;
    const { queue, timers } = this.#host;
    const leftMs = this.#deadlineMs === null ? timers.t1x64Ms : this.#deadlineMs - queue.nowMs;
    if (next === undefined || leftMs <= 0) return false;
    this.#deadlineMs ??= queue.nowMs + leftMs;
    this.#attempt?.keepRequest();
    this.#hops = others;
    this.#try(next, leftMs);
    return true;
  }

  /** RFC 3263 4.3: each address is a new client transaction with a branch of its own. */
  #try(hop: Hop, leftMs: number): void {
    const { targets } = this.#host;
    const local = targets.localFor(hop);
    if (local === undefined) {
      this.#attempt = null;
      this.onFailed(new TransportError('no-transport', `no ${hop.protocol} transport is bound to send from`), null);
      return;
    }
    let to = hop;
    let branch = this.#write(local);
    // 18.1.1: what the path MTU may not hold goes "over a congestion controlled transport", and by UDP where that is refused.
    const tcp = this.#fixed ? null : targets.overTcp(hop, this.bytes.length);
    const tcpLocal = tcp === null ? undefined : targets.localFor(tcp);
    if (tcp !== null && tcpLocal !== undefined) {
      to = tcp;
      this.#hops = [hop, ...this.#hops];
      branch = this.#write(tcpLocal);
    }
    const others = this.#hops.length;
    const share = { silenceMs: leftMs / (others + 1), totalMs: leftMs };
    const alone = others === 0 && leftMs === this.#host.timers.t1x64Ms;
    const parts = { request: this.request, branch, bytes: this.bytes, to, owner: this, ...(alone ? {} : { share }) };
    const attempt =
      this.request.method === 'INVITE'
        ? new ClientAttempt(this.#host, inviteClient, parts)
        : new ClientAttempt(this.#host, nonInviteClient, parts);
    this.#attempt = attempt;
    this.#trial = to === hop ? null : attempt;
    attempt.start();
  }

  /** The request as it goes to an address that sees this one of ours; returns its branch. */
  #write(local: BoundAddress): string {
    const branch = this.#stamp(local);
    try {
      this.#handlers.onLocal?.(local);
    } catch (error) {
      this.#host.onDefect(`our ${this.request.method}`, error);
    }
    this.#bytes = serialize(this.request);
    return branch;
  }

  #stamp(local: BoundAddress): string {
    const branch = newBranch();
    const via = viaFor(local, branch);
    if (this.#stamped) this.request.headers.setFirstElement('Via', via);
    else this.request.headers.prepend('Via', via);
    this.#stamped = true;
    return branch;
  }

  #failed(error: TransportError): void {
    // A send may fail while `request` still runs; its caller must have the transaction in hand first.
    queueMicrotask(() => {
      try {
        this.#end(() => this.#handlers.onTransportError(error));
      } catch (thrown) {
        this.#host.onDefect('a transport error', thrown);
      }
    });
  }

  #conclude(status: number, flow: Flow): void {
    const response = makeResponse(this.request, status, 'Request Terminated');
    this.#end(() => this.#handlers.onResponse(response, flow));
  }

  #end(tell: () => void): void {
    if (this.#done) return;
    this.#done = true;
    tell();
  }

  #sendAck(bytes: Buffer, hop: Hop): void {
    // A lost ACK is asked for again by the next copy of the 2xx.
    this.#host.transport.send(bytes, hop, () => undefined);
  }

  /** The stack goes down. */
  close(): void {
    this.#done = true;
  }
}

/** Nobody waits for the answer to a CANCEL: the INVITE's own tells how it went. */
const DEAF: AttemptOwner = {
  onResponse: () => undefined,
  onTimeout: () => undefined,
  onFailed: () => undefined,
  onConcluded: () => undefined,
  sendCancel: () => undefined,
};

/** RFC 3261 18.1.1 and RFC 3581 3. */
function viaFor(local: BoundAddress, branch: string): string {
  const params = new Map([
    ['rport', ''],
    ['branch', branch],
  ]);
  return formatVia({ transport: local.protocol.toUpperCase(), host: local.host, port: local.port, params });
}

/** A look-up that nobody waits for any more. */
function ignored(hops: readonly Hop[] | Promise<readonly Hop[]>): void {
  if (hops instanceof Promise) hops.catch(() => undefined);
}

function unusedFlow(hop: Hop, local: BoundAddress | undefined): Flow {
  if ('connectionId' in hop) return hop;
  return {
    protocol: hop.protocol,
    localAddress: local?.address ?? '',
    localPort: local?.port ?? 0,
    remoteAddress: hop.address,
    remotePort: hop.port,
    connectionId: null,
  };
}

function noTransport(target: RequestTarget): TransportError {
  const name = 'uri' in target ? target.uri : `${target.flow.protocol} ${target.flow.remoteAddress}`;
  return new TransportError('no-transport', `no bound transport can reach ${name}`);
}

function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError('failed', error instanceof Error ? error.message : String(error), { cause: error });
}
