import {
  dialogKeyOfRequest,
  makeResponse,
  newTag,
  type BoundAddress,
  type Flow,
  type ServerTransaction,
  type SipRequest,
  type StackUser,
} from '../sip/index.ts';
import { answerStray, createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts';
import { OutgoingCall, type CallOptions, type CallReport } from './outgoing-call.ts';
import type { Session } from './session.ts';

/** A phone that makes calls, many at once. */
export interface Caller {
  readonly addresses: readonly BoundAddress[];
  /** Resolves when the call has ended; never rejects for what the network does. */
  call(options: CallOptions): Promise<CallReport>;
  /** Hangs up what lives, and closes the sockets. */
  close(): Promise<void>;
}

export async function startCaller(options: EndpointOptions = {}): Promise<Caller> {
  const caller = new LabCaller(options);
  await caller.start();
  return caller;
}

/** One call from a phone made for it. */
export async function placeCall(options: CallOptions & EndpointOptions): Promise<CallReport> {
  const caller = await startCaller(options);
  try {
    return await caller.call(options);
  } finally {
    await caller.close();
  }
}

class LabCaller implements Caller, StackUser {
  readonly #endpoint: Endpoint;
  readonly #live = new Set<OutgoingCall>();
  /** Sessions by Call-ID and tags. */
  readonly #sessions = new Map<string, Session>();

  constructor(options: EndpointOptions) {
    this.#endpoint = createEndpoint(options, this);
  }

  start(): Promise<void> {
    return this.#endpoint.stack.start();
  }

  get addresses(): readonly BoundAddress[] {
    return this.#endpoint.stack.addresses;
  }

  async call(options: CallOptions): Promise<CallReport> {
    const call = new OutgoingCall(this.#endpoint, options, this.#sessions);
    this.#live.add(call);
    try {
      return await call.run();
    } finally {
      this.#live.delete(call);
    }
  }

  async close(): Promise<void> {
    for (const call of this.#live) call.hangUp();
    await this.#endpoint.stack.close();
    for (const call of this.#live) call.abandon();
  }

  onRequest(transaction: ServerTransaction, request: SipRequest, flow: Flow): void {
    const key = dialogKeyOfRequest(request);
    const session = key === null ? undefined : this.#sessions.get(key);
    if (session !== undefined) session.receive(transaction, request, flow);
    else if (request.method === 'INVITE' && key === null) {
      transaction.respond(makeResponse(request, 480, 'Temporarily Unavailable', { toTag: newTag() }));
    } else answerStray(transaction, request, newTag());
  }

  onAck(): void {
    // Of re-INVITEs of the peer: the transaction has taken note of it.
  }

  onCancel(): void {
    // Of re-INVITEs of the peer: they are answered at once, so it came too late or matched nothing.
  }
}
