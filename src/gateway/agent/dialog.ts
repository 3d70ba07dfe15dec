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

/** A dialog whose requests may come before somebody listens: none of them is lost. */
export class AgentDialog implements Dialog {
  readonly facts: DialogFacts;
  readonly #agent: DialogAgent;
  #ack: Acknowledge | null;
  #listener: DialogListener | null = null;
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
    if (this.#ended !== null) listener?.ended(this.#ended.bye, this.#ended.silent);
  }

  receive({ request, reply, onCancel, silent }: InDialogRequest): void {
    if (request.method === 'BYE') {
      this.#agent.forget(this);
      if (!silent) reply(200);
      this.#ended = { bye: request, silent };
      this.#listener?.ended(request, silent);
    } else if (request.method === 'ACK') {
      this.#listener?.ack(request);
    } else if (this.#listener === null) {
      reply(500, { headers: RETRY_AFTER });
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
    this.#agent.forget(this);
    this.ack({});
    this.request('BYE', { headers }, done);
  }
}
