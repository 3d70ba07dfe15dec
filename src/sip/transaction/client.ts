import type { HeaderField, SipRequest, SipResponse } from '../message/message.ts';
import { tagOf } from '../message/name-address.ts';
import { makeResponse } from '../message/response.ts';
import { serialize } from '../message/serialize.ts';
import { formatVia } from '../message/via.ts';
import { newBranch, newTransactionId } from '../ids.ts';
import type { ClientTransaction, ClientTransactionHandlers, RequestTarget } from '../stack.types.ts';
import { TransportError, type BoundAddress, type Destination, type Flow } from '../transport/transport.ts';
import { ClientAttempt, type Attempt, type AttemptHost, type AttemptOwner } from './attempt.ts';
import { inviteClient } from './invite-client.ts';
import { nonInviteClient } from './non-invite-client.ts';
import { MAX_FORWARDS, ackForFailure, cancelFor } from './requests.ts';

/** 2xx of so many different To tags are taken to one INVITE: a proxy that forks wider is none we want to talk to. */
export const MAX_FORKED_ANSWERS = 32;

/** One address a request may go to. */
export type Hop = Flow | Destination;

export interface ClientHost extends AttemptHost {
  /** RFC 3263; hops at once for what needs no look-up. Throws or rejects with a TransportError. */
  hopsOf(target: RequestTarget): readonly Hop[] | Promise<readonly Hop[]>;
  /** The address our Via shows to this hop. */
  localFor(hop: Hop): BoundAddress | undefined;
  /** The address shown while the hop is not known yet. */
  localForTarget(target: RequestTarget): BoundAddress | undefined;
  /** The run waits for a look-up. */
  enterLookup(run: ClientRun): void;
  forgetLookup(run: ClientRun): void;
}

/**
 * One request of ours and whatever becomes of it: its attempts, one address after the other, its CANCEL, the ACKs to its 2xx.
 * The state of each attempt is the machine's; here is only what spans several.
 */
export class ClientRun implements ClientTransaction, AttemptOwner {
  readonly id = newTransactionId();
  readonly request: SipRequest;

  readonly #host: ClientHost;
  readonly #handlers: ClientTransactionHandlers;
  /** Addresses not tried yet. */
  #hops: readonly Hop[] = [];
  #attempt: Attempt | null = null;
  #branch = '';
  #bytes: Buffer | null = null;
  #cancel: SipRequest | null = null;
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
    if (!headers.has('Max-Forwards')) headers.append('Max-Forwards', String(MAX_FORWARDS));
    const shown = this.#host.localForTarget(target);
    if (shown === undefined) throw noTransport(target);
    headers.prepend('Via', this.#via(shown));
    const hops = this.#host.hopsOf(target);
    if (!(hops instanceof Promise)) {
      this.#begin(hops);
      return;
    }
    this.#host.enterLookup(this);
    hops
      .finally(() => this.#host.forgetLookup(this))
      .then(
        (found) => this.#begin(found),
        (error: unknown) => this.onFailed(asTransportError(error)),
      )
      .catch((error: unknown) => this.#host.onDefect('a look-up', error));
  }

  cancel(extra: readonly HeaderField[] = []): SipRequest | null {
    if (this.request.method !== 'INVITE')
      throw new Error(`only an INVITE can be cancelled, not ${this.request.method}`);
    if (this.#cancel !== null) throw new Error(`the INVITE ${this.id} has been cancelled already`);
    if (this.#done) return null;
    this.#cancel = cancelFor(this.request, extra);
    this.#attempt?.cancel();
    return this.#cancel;
  }

  acknowledge(ack: SipRequest, target: RequestTarget): Buffer {
    const { headers } = ack;
    const shown = this.#host.localForTarget(target);
    if (shown === undefined) throw noTransport(target);
    if (!headers.has('Max-Forwards')) headers.append('Max-Forwards', String(MAX_FORWARDS));
    // 13.2.2.4 and 17.1.1.3: the ACK to a 2xx is a request of its own, with a branch of its own.
    headers.prepend('Via', viaFor(shown, newBranch()));
    const bytes = serialize(ack);
    const remember = (found: readonly Hop[]): void => {
      const hop = found.find((each) => this.#host.localFor(each) !== undefined);
      if (hop === undefined) return;
      this.#acks.set(tagOf(headers.get('To')) ?? '', { bytes, hop });
      this.#sendAck(bytes, hop);
    };
    const hops = this.#host.hopsOf(target);
    // An address that cannot be found leaves the 2xx unacknowledged; its sender ends the dialog after 64*T1 (13.3.1.4).
    if (hops instanceof Promise) {
      hops.then(remember, () => undefined).catch((error: unknown) => this.#host.onDefect('an ACK', error));
    } else remember(hops);
    return bytes;
  }

  onResponse(response: SipResponse, flow: Flow): void {
    const { status } = response;
    if (status === 100) return;
    if (status >= 200 && status < 300 && this.request.method === 'INVITE') {
      this.#onAnswer(response, flow);
      return;
    }
    // RFC 3263 4.3: a 503 means that the next address may do better.
    if (status === 503 && this.#tryNext()) return;
    this.#answered = true;
    if (status < 200) this.#handlers.onResponse(response, flow);
    else this.#end(() => this.#handlers.onResponse(response, flow));
  }

  /** RFC 3261 13.2.2.4: each 2xx of another To tag is another dialog; a repeated 2xx gets its ACK again and goes no further. */
  #onAnswer(response: SipResponse, flow: Flow): void {
    const tag = tagOf(response.headers.get('To')) ?? '';
    const known = this.#acks.get(tag);
    if (known !== undefined) {
      if (known !== null) this.#sendAck(known.bytes, known.hop);
      return;
    }
    if (this.#acks.size >= MAX_FORKED_ANSWERS) return;
    this.#acks.set(tag, null);
    if (this.#done) this.#handlers.onResponse(response, flow);
    else this.#end(() => this.#handlers.onResponse(response, flow));
  }

  onTimeout(): void {
    // RFC 3263 4.3: no answer in time is a failure of this address.
    if (this.#tryNext()) return;
    this.#end(() => this.#handlers.onTimeout());
  }

  onFailed(error: TransportError): void {
    if (this.#tryNext()) return;
    // A send may fail while `request` still runs; its caller must have the transaction in hand first.
    queueMicrotask(() => {
      try {
        this.#end(() => this.#handlers.onTransportError(error));
      } catch (thrown) {
        this.#host.onDefect('a transport error', thrown);
      }
    });
  }

  onConcluded(status: number): void {
    const flow = this.#attempt?.flow;
    if (flow === undefined || flow === null) return;
    this.#conclude(status, flow);
  }

  acknowledgeFailure(response: SipResponse): Buffer {
    return serialize(ackForFailure(this.request, response));
  }

  sendCancel(): void {
    const flow = this.#attempt?.flow;
    if (this.#cancel === null || flow === undefined || flow === null) return;
    const parts = { method: 'CANCEL', branch: this.#branch, bytes: serialize(this.#cancel), to: flow, owner: DEAF };
    new ClientAttempt(this.#host, nonInviteClient, parts).start();
  }

  #begin(hops: readonly Hop[]): void {
    const [first, ...others] = hops;
    if (this.#done) return;
    if (first === undefined) {
      this.onFailed(new TransportError('dns', 'no address was found for the target'));
      return;
    }
    this.#hops = others;
    // Cancelled before it was sent: then it need not be.
    if (this.#cancel !== null) this.#conclude(487, unusedFlow(first, this.#host.localFor(first)));
    else this.#try(first);
  }

  #tryNext(): boolean {
    const [next, ...others] = this.#hops;
    if (next === undefined || this.#answered || this.#cancel !== null) return false;
    this.#hops = others;
    this.#try(next);
    return true;
  }

  /** RFC 3263 4.3: each address is a new client transaction with a branch of its own. */
  #try(hop: Hop): void {
    const local = this.#host.localFor(hop);
    if (local === undefined) {
      this.onFailed(new TransportError('no-transport', `no ${hop.protocol} transport is bound to send from`));
      return;
    }
    this.request.headers.setFirstElement('Via', this.#via(local));
    this.#tellLocal(local);
    this.#bytes = serialize(this.request);
    // 18.1.1 would send what is larger than the path MTU less 200 bytes over TCP. That has its place here; until then it goes in
    // fragments, and what fits no datagram fails with `too-large`.
    const parts = { method: this.request.method, branch: this.#branch, bytes: this.#bytes, to: hop, owner: this };
    this.#attempt =
      this.request.method === 'INVITE'
        ? new ClientAttempt(this.#host, inviteClient, parts)
        : new ClientAttempt(this.#host, nonInviteClient, parts);
    this.#attempt.start();
  }

  #tellLocal(local: BoundAddress): void {
    try {
      this.#handlers.onLocal?.(local);
    } catch (error) {
      this.#host.onDefect(`our ${this.request.method}`, error);
    }
  }

  #via(local: BoundAddress): string {
    this.#branch = newBranch();
    return viaFor(local, this.#branch);
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
  acknowledgeFailure: () => Buffer.alloc(0),
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
