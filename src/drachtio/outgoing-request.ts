import {
  confirmAsUac,
  dialogAsUac,
  makeResponse,
  refreshTarget,
  tagOf,
  type BoundAddress,
  type ClientTransaction,
  type ClientTransactionHandlers,
  type Flow,
  type Headers,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import type { Client } from './client.ts';
import type { EngineCore } from './core.ts';
import { deliveredText } from './delivery.ts';
import { namesOf, newDialogId, update } from './dialogs.ts';
import { acknowledgeAndEnd, forgetDialog } from './ended-dialogs.ts';
import { showOwn } from './own-address.ts';
import type { Dialog, OutgoingInvite } from './records.ts';
import { sipLine, type Way } from './token-line.ts';
import { peerWay } from './way.ts';

/** The way of responses that nobody sent: the engine makes them where a request fails (drachtio-protocol 2.3). */
const NOWHERE: Way = { protocol: 'udp', address: '', port: 0 };

export interface OutgoingContext {
  readonly core: EngineCore;
  readonly client: Client;
  readonly request: SipRequest;
  /** The dialog it belongs to, or would create; null for requests that do neither. */
  readonly dialog: Dialog | null;
  /** It is sent inside `dialog`. */
  readonly inDialog: boolean;
  /** The connection that alone leads to this peer has ended, or may have: a failure means that the peer is gone. */
  readonly byConnection: boolean;
  /** The headers as built while our own address was not known; null where it was. */
  readonly written: Headers | null;
}

/** A request of an application, from the moment it is sent until its final response was delivered. */
export class OutgoingRequest implements ClientTransactionHandlers, OutgoingInvite {
  readonly client: Client;
  cancelled = false;
  acknowledged = false;
  readonly #core: EngineCore;
  readonly #request: SipRequest;
  readonly #dialog: Dialog | null;
  readonly #inDialog: boolean;
  readonly #byConnection: boolean;
  readonly #written: Headers | null;
  #transaction: ClientTransaction | null = null;
  #dialogId: string;
  #succeeded = false;
  #done = false;

  constructor(context: OutgoingContext) {
    this.client = context.client;
    this.#core = context.core;
    this.#request = context.request;
    this.#dialog = context.dialog;
    this.#inDialog = context.inDialog;
    this.#byConnection = context.byConnection;
    this.#written = context.written;
    this.#dialogId = context.dialog?.id ?? '';
  }

  get transaction(): ClientTransaction {
    if (this.#transaction === null) {
      throw new Error(`${this.#request.method} has not been sent yet`);
    }
    return this.#transaction;
  }

  get succeeded(): boolean {
    return this.#succeeded;
  }

  /** To be called once, with what `stack.request` returned. */
  sent(transaction: ClientTransaction): void {
    this.#transaction = transaction;
    if (this.#request.method === 'INVITE') {
      this.#core.invites.set(transaction.id, this);
    }
  }

  onLocal(local: BoundAddress): void {
    if (this.#written !== null) {
      showOwn(this.#request.headers, this.#written, local);
    }
  }

  onResponse(response: SipResponse, flow: Flow): void {
    if (response.status >= 200 && response.status < 300 && this.#request.method === 'INVITE') {
      this.#onAnswer(response, flow);
      return;
    }
    if (this.#done) {
      return;
    }
    if (response.status < 200) {
      this.#rememberEarly(response, flow);
    } else {
      this.#finish(response, flow);
    }
    this.#deliver(response, flow);
  }

  onTimeout(): void {
    this.conclude(408, 'Request Timeout');
  }

  onTransportError(error: { readonly code: string }): void {
    if (this.#byConnection) {
      this.conclude(410, 'Gone');
    } else {
      this.conclude(503, error.code === 'dns' ? 'DNS Error' : 'Service Unavailable');
    }
  }

  conclude(status: number, reason: string): void {
    if (this.#done) {
      return;
    }
    const response = makeResponse(this.transaction.request, status, reason);
    this.#finish(response, null);
    this.#deliver(response, null);
  }

  /** A 2xx to an INVITE; the stack gives one of each To tag. */
  #onAnswer(response: SipResponse, flow: Flow): void {
    const dialog = this.#dialog;
    if (dialog === null) {
      return;
    }
    if (this.#done || this.client.closed) {
      this.#refuseAnswer(dialog, response, flow);
      return;
    }
    this.#succeeded = true;
    if (this.#inDialog) {
      this.#refresh(response);
    } else {
      const early = dialog.early.get(tagOf(response.headers.get('To')) ?? '');
      dialog.state = early === undefined ? dialogAsUac(this.#request, response) : confirmAsUac(early, response);
      dialog.early.clear();
    }
    this.#core.dialogs.setFlow(dialog, flow);
    this.#close();
    this.#deliver(response, flow);
  }

  /** The answer of another branch, or one that nobody waits for any more. */
  #refuseAnswer(dialog: Dialog, response: SipResponse, flow: Flow): void {
    const state = this.#inDialog ? dialog.state : dialogAsUac(this.#request, response);
    if (state !== null) {
      acknowledgeAndEnd(this.#core, this.transaction, dialog.role, state, flow);
    }
    if (!this.#done) {
      this.#close();
      this.#core.dialogs.remove(dialog);
    }
  }

  /** Each To tag is an early dialog of its own (RFC 3261 12.1.2). */
  #rememberEarly(response: SipResponse, flow: Flow): void {
    const dialog = this.#dialog;
    const tag = tagOf(response.headers.get('To'));
    if (dialog === null || this.#inDialog || tag === null || dialog.early.has(tag)) {
      return;
    }
    const early = dialog.early.size < this.#core.limits.maxEarlyDialogs ? dialogAsUac(this.#request, response) : null;
    if (early !== null) {
      dialog.early.set(tag, early);
      this.#core.dialogs.setFlow(dialog, flow);
    }
  }

  #refresh(response: SipResponse): void {
    const state = this.#dialog?.state ?? null;
    if (this.#dialog !== null && state !== null) {
      update(this.#dialog, refreshTarget(state, response));
    }
  }

  #finish(response: SipResponse, flow: Flow | null): void {
    this.#close();
    if (this.#dialog === null) {
      this.#subscribed(response, flow);
    } else if (!this.#inDialog || this.#endsDialog(response.status)) {
      forgetDialog(this.#core, this.#dialog);
    } else {
      this.#refresh(response);
    }
  }

  /** A challenged BYE is repeated with credentials, for which the dialog is still needed (drachtio-protocol 3.9). */
  #endsDialog(status: number): boolean {
    return this.#request.method === 'BYE' && status !== 401 && status !== 407;
  }

  #subscribed(response: SipResponse, flow: Flow | null): void {
    const dialogs = this.#core.dialogs;
    const id = this.#request.method === 'SUBSCRIBE' ? newDialogId(namesOf(this.#request)) : null;
    if (id === null) {
      return;
    }
    this.#dialogId = id;
    if (flow !== null && response.status < 300 && dialogs.get(id) === undefined && dialogs.hasRoom()) {
      const dialog = dialogs.create(id, 'uac', this.client);
      dialog.state = dialogAsUac(this.#request, response);
      dialogs.setFlow(dialog, flow);
    }
  }

  #close(): void {
    this.#done = true;
    this.#core.invites.delete(this.transaction.id);
  }

  #deliver(response: SipResponse, flow: Flow | null): void {
    if (this.client.closed) {
      return;
    }
    const text = deliveredText(response);
    const bytes = flow === null ? 0 : text.length;
    const way = flow === null ? NOWHERE : peerWay(flow);
    const line = sipLine('network', bytes, way, this.#core.now(), this.transaction.id, this.#dialogId, null);
    this.client.send(line, text);
  }
}
