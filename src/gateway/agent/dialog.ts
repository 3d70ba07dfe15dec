import { RETRY_AFTER } from '../limits.ts';
import type {
  Acknowledge,
  Dialog,
  DialogListener,
  OutgoingInviteHandle,
  OutgoingMessage,
  Reply,
  SipRequest,
  SipResponse,
} from './user-agent.ts';
import type { Headers } from '../message/headers.ts';

/** What a dialog needs of the agent it belongs to. */
export interface DialogAgent {
  sendInDialog(
    dialog: AgentDialog,
    method: string,
    message: OutgoingMessage,
    done: (response: SipResponse | null, ack: Acknowledge) => void,
  ): OutgoingInviteHandle;
  forget(dialog: AgentDialog): void;
}

export interface DialogFacts {
  readonly id: string;
  /** Acknowledges the 2xx that made it; null where that 2xx was ours. */
  readonly ack: Acknowledge | null;
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** A request that came in a dialog. */
export interface InDialogRequest {
  readonly request: SipRequest;
  readonly reply: Reply;
  readonly onCancel: (listener: (cancel: SipRequest) => void) => void;
  /** The engine sent it in our name: a BYE that ended the dialog. */
  readonly silent: boolean;
}

/** Requests that wait until somebody listens; further ones get 500, as RFC 3261 14.2 has it. */
export const MAX_HELD_REQUESTS = 4;

/** A dialog whose requests may come before somebody listens (while our own 200 is on its way): none of them is lost. */
export class AgentDialog implements Dialog {
  readonly facts: DialogFacts;
  readonly #agent: DialogAgent;
  #ack: Acknowledge | null;
  #listener: DialogListener | null = null;
  readonly #held = new Set<InDialogRequest>();
  #ended: { readonly bye: SipRequest; readonly silent: boolean } | null = null;

  constructor(facts: DialogFacts, agent: DialogAgent) {
    this.facts = facts;
    this.#agent = agent;
    this.#ack = facts.ack;
  }

  get listener(): DialogListener | null {
    return this.#listener;
  }

  set listener(listener: DialogListener | null) {
    this.#listener = listener;
    if (listener === null) return;
    for (const { request, reply, onCancel } of this.#takeHeld()) listener.request(request, reply, onCancel);
    if (this.#ended !== null) listener.ended(this.#ended.bye, this.#ended.silent);
  }

  #takeHeld(): InDialogRequest[] {
    const held = [...this.#held];
    this.#held.clear();
    return held;
  }

  #hold(received: InDialogRequest): void {
    if (this.#held.size >= MAX_HELD_REQUESTS) {
      received.reply(500, { headers: RETRY_AFTER });
      return;
    }
    this.#held.add(received);
    // The engine has answered it.
    received.onCancel(() => this.#held.delete(received));
  }

  receive(received: InDialogRequest): void {
    const { request, reply, onCancel, silent } = received;
    if (request.method === 'BYE') {
      this.#agent.forget(this);
      if (!silent) reply(200);
      // RFC 3261 15.1.2: what is still open ends with the dialog.
      for (const held of this.#takeHeld()) held.reply(487);
      this.#ended = { bye: request, silent };
      this.#listener?.ended(request, silent);
    } else if (request.method === 'ACK') {
      this.#listener?.ack(request);
    } else if (this.#listener === null) {
      this.#hold(received);
    } else {
      this.#listener.request(request, reply, onCancel);
    }
  }

  ack(message: OutgoingMessage): void {
    const ack = this.#ack;
    this.#ack = null;
    ack?.(message);
  }

  request(
    method: string,
    message: OutgoingMessage,
    done: (response: SipResponse | null, ack: Acknowledge) => void,
  ): OutgoingInviteHandle {
    return this.#agent.sendInDialog(this, method, message, done);
  }

  bye(headers: Headers = {}, done: (response: SipResponse | null) => void = () => undefined): void {
    this.#listener = null;
    for (const held of this.#takeHeld()) held.reply(481);
    this.#agent.forget(this);
    this.ack({});
    this.request('BYE', { headers }, done);
  }
}
