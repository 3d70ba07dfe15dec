import {
  createTransportLayer,
  dialogKeyOfRequest,
  makeResponse,
  newTag,
  type BoundAddress,
  type Flow,
  type ServerTransaction,
  type SipRequest,
  type StackUser,
} from '../sip/index.ts';
import type { Behaviour, CallBehaviour } from './behaviour.ts';
import {
  answerStray,
  createEndpoint,
  LOOPBACK,
  refuseExtensions,
  uriOf,
  type Endpoint,
  type EndpointOptions,
} from './endpoint.ts';
import { sendRequest, type RequestParts } from './request.ts';
import { type AudioPlace, IncomingCall, type PhoneCall, type PhoneEvent } from './incoming-call.ts';

/** Calls that a phone takes part in at once; more get 486. */
export const MAX_LIVE_CALLS = 10_000;
/** Calls that a phone remembers in `calls`; older ones are forgotten. */
export const MAX_REMEMBERED_CALLS = 1_000;

export interface PhoneOptions extends EndpointOptions {
  /** What it does with every call, or asked for each with its INVITE. */
  readonly behaviour: Behaviour | ((invite: SipRequest) => CallBehaviour);
  readonly onEvent?: (event: PhoneEvent) => void;
  /** MAX_LIVE_CALLS where absent. */
  readonly maxLiveCalls?: number;
  /** Shown in its session descriptions; absent: the discard port. */
  readonly rtpPort?: number;
  /** The same, the address; absent: the one at which SIP reaches it. */
  readonly rtpAddress?: string;
}

export interface Phone {
  readonly addresses: readonly BoundAddress[];
  /** `sip:127.0.0.1:5090`, a next hop to the phone. */
  uri(protocol?: 'udp' | 'tcp', user?: string): string;
  /** The latest calls, oldest first. */
  readonly calls: readonly PhoneCall[];
  /** The calls one by one, in their order: the first that was not taken yet, or the next to come. */
  nextCall(): Promise<PhoneCall>;
  /** Sends a request outside a dialog, from the phone's own address. Resolves with its final status, null where none came. */
  request(parts: RequestParts): Promise<number | null>;
  /** Refuses what rings (480), hangs up what talks, and closes the sockets. */
  close(): Promise<void>;
}

/** A phone that behaves as told, over real sockets. It is there when the promise resolves. */
export async function startPhone(options: PhoneOptions): Promise<Phone> {
  const { behaviour } = options;
  if (typeof behaviour !== 'function' && behaviour.kind === 'silent') return startSilentPhone(options);
  const phone = new LabPhone(options, typeof behaviour === 'function' ? behaviour : () => behaviour);
  await phone.start();
  return phone;
}

class LabPhone implements Phone, StackUser {
  readonly #endpoint: Endpoint;
  readonly #behaviourFor: (invite: SipRequest) => CallBehaviour;
  readonly #onEvent: (event: PhoneEvent) => void;
  /** Calls that live, by Call-ID and tags. */
  readonly #live = new Map<string, IncomingCall>();
  readonly #calls: IncomingCall[] = [];
  readonly #untaken: IncomingCall[] = [];
  readonly #maxLiveCalls: number;
  readonly #audio: AudioPlace;
  readonly #waiting: ((call: PhoneCall) => void)[] = [];

  constructor(options: PhoneOptions, behaviourFor: (invite: SipRequest) => CallBehaviour) {
    this.#endpoint = createEndpoint(options, this);
    this.#behaviourFor = behaviourFor;
    this.#maxLiveCalls = options.maxLiveCalls ?? MAX_LIVE_CALLS;
    this.#audio = {
      ...(options.rtpAddress === undefined ? {} : { host: options.rtpAddress }),
      ...(options.rtpPort === undefined ? {} : { port: options.rtpPort }),
    };
    this.#onEvent = options.onEvent ?? (() => undefined);
  }

  start(): Promise<void> {
    return this.#endpoint.stack.start();
  }

  get addresses(): readonly BoundAddress[] {
    return this.#endpoint.stack.addresses;
  }

  uri(protocol: 'udp' | 'tcp' = 'udp', user?: string): string {
    return uriOfProtocol(this.addresses, protocol, user);
  }

  get calls(): readonly PhoneCall[] {
    return this.#calls;
  }

  nextCall(): Promise<PhoneCall> {
    const call = this.#untaken.shift();
    return call === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(call);
  }

  request(parts: RequestParts): Promise<number | null> {
    return sendRequest(this.#endpoint, parts);
  }

  async close(): Promise<void> {
    for (const call of this.#live.values()) call.drop();
    await this.#endpoint.stack.close();
  }

  onRequest(transaction: ServerTransaction, request: SipRequest, flow: Flow): void {
    const key = dialogKeyOfRequest(request);
    const call = key === null ? undefined : this.#live.get(key);
    if (call !== undefined) call.receive(transaction, request, flow);
    else if (request.method === 'INVITE' && key === null) this.#invited(transaction, request, flow);
    else answerStray(transaction, request, newTag());
  }

  onAck(ack: SipRequest): void {
    const key = dialogKeyOfRequest(ack);
    if (key !== null) this.#live.get(key)?.acknowledged();
  }

  onCancel(transaction: ServerTransaction, cancel: SipRequest): void {
    for (const call of this.#live.values()) {
      if (call.transaction === transaction) call.cancelled(cancel);
    }
  }

  #invited(transaction: ServerTransaction, invite: SipRequest, flow: Flow): void {
    const toTag = newTag();
    if (refuseExtensions(transaction, invite, toTag)) return;
    if (this.#live.size >= this.#maxLiveCalls) {
      transaction.respond(makeResponse(invite, 486, 'Busy Here', { toTag }));
      return;
    }
    const happened = (kind: PhoneEvent['kind'], of: IncomingCall): void => this.#happened(kind, of);
    const call = new IncomingCall(this.#endpoint, transaction, flow, toTag, happened, this.#audio);
    this.#live.set(call.key, call);
    this.#remember(call);
    this.#happened('invited', call);
    call.behave(this.#behaviourFor(invite));
  }

  #remember(call: IncomingCall): void {
    pushBounded(this.#calls, call);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) pushBounded(this.#untaken, call);
    else waiting(call);
  }

  #happened(kind: PhoneEvent['kind'], call: IncomingCall): void {
    if (kind === 'ended') this.#live.delete(call.key);
    this.#onEvent({ kind, call });
  }
}

function pushBounded<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MAX_REMEMBERED_CALLS) list.shift();
}

/** Sockets that take everything and say nothing. */
async function startSilentPhone(options: PhoneOptions): Promise<Phone> {
  const layer = createTransportLayer(options.listen ?? LOOPBACK);
  await layer.start({ onMessage: () => undefined, onFailure: () => undefined, onClosed: () => undefined });
  return {
    addresses: layer.addresses,
    uri: (protocol = 'udp', user) => uriOfProtocol(layer.addresses, protocol, user),
    calls: [],
    nextCall: () => Promise.reject(new Error('a silent phone sees no calls')),
    request: () => Promise.reject(new Error('a silent phone says nothing')),
    close: () => layer.close(),
  };
}

function uriOfProtocol(addresses: readonly BoundAddress[], protocol: 'udp' | 'tcp', user?: string): string {
  const bound = addresses.find((address) => address.protocol === protocol);
  if (bound === undefined) throw new Error(`the phone does not listen on ${protocol}`);
  return uriOf(bound, user);
}
