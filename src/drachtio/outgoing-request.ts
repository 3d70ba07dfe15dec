import {
  confirmAsUac,
  dialogAsUac,
  makeResponse,
  refreshTarget,
  tagOf,
  type BoundAddress,
  type ClientTransaction,
  type ClientTransactionHandlers,
  type Dialog as DialogState,
  type Flow,
  type Headers,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import { cdrStart, cdrStop } from './cdr.ts';
import type { Client } from './protocol/client.ts';
import type { EngineCore } from './core.ts';
import { deliveredText } from './protocol/delivery.ts';
import { namesOf, newDialogId, update } from './dialogs.ts';
import { acknowledge, acknowledgeAndEnd, forgetDialog, forgetLater } from './ended-dialogs.ts';
import { showOwn } from './text/own-address.ts';
import type { Dialog, OutgoingInvite, PendingSubscribe } from './records.ts';
import { names100rel, ReceivedReliables } from './reliable.ts';
import { rememberLocal, sessionAgreed } from './session.ts';
import { endsSubscription, subscriptionGranted } from './subscriptions.ts';
import type { EngineTimer } from './timers.ts';
import { sipLine, type Way } from './protocol/token-line.ts';
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
  /** Where the application knows it by an id already; else the transaction's. */
  readonly txnId: string | null;
}

/** A request of an application, from the moment it is sent until its final response was delivered. */
export class OutgoingRequest implements ClientTransactionHandlers, OutgoingInvite, PendingSubscribe {
  readonly client: Client;
  readonly request: SipRequest;
  cancelled = false;
  unwanted = false;
  acknowledged = false;
  notified: Dialog | null = null;
  readonly #core: EngineCore;
  readonly #dialog: Dialog | null;
  readonly #inDialog: boolean;
  readonly #byConnection: boolean;
  readonly #written: Headers | null;
  #transaction: ClientTransaction | null = null;
  #dialogId: string;
  #txnId: string | null;
  #reliable: ReceivedReliables | null = null;
  #timerC: EngineTimer | null = null;
  #succeeded = false;
  #done = false;

  constructor(context: OutgoingContext) {
    this.client = context.client;
    this.#core = context.core;
    this.request = context.request;
    this.#txnId = context.txnId;

    this.#dialog = context.dialog;
    this.#inDialog = context.inDialog;
    this.#byConnection = context.byConnection;
    this.#written = context.written;
    this.#dialogId = context.dialog?.id ?? '';
  }

  get transaction(): ClientTransaction {
    if (this.#transaction === null) {
      throw new Error(`${this.request.method} has not been sent yet`);
    }
    return this.#transaction;
  }

  get reliable(): ReceivedReliables {
    this.#reliable ??= new ReceivedReliables(this.#core.limits.maxEarlyDialogs);
    return this.#reliable;
  }

  get succeeded(): boolean {
    return this.#succeeded;
  }

  /** To be called once, with what `stack.request` returned. */
  sent(transaction: ClientTransaction): void {
    this.#transaction = transaction;
    this.#txnId ??= transaction.id;
    if (this.request.method === 'INVITE') {
      this.#core.invites.set(transaction.id, this);
      this.#awaitAnswer();
    } else if (this.request.method === 'BYE') {
      this.#dialog?.session?.rest();
    } else if (this.request.method === 'SUBSCRIBE' && !this.#inDialog) {
      const id = newDialogId(namesOf(this.request));
      if (id !== null) {
        this.#dialogId = id;
        this.#core.subscribes.set(id, this);
      }
    }
  }

  onLocal(local: BoundAddress): void {
    if (this.#written !== null) {
      showOwn(this.request.headers, this.#written, local);
    }
  }

  onResponse(response: SipResponse, flow: Flow): void {
    if (response.status >= 200 && response.status < 300 && this.request.method === 'INVITE') {
      this.#onAnswer(response, flow);
      return;
    }
    if (this.#done) {
      return;
    }
    if (response.status < 200) {
      const reliably = this.request.method === 'INVITE' && names100rel(response, 'Require');
      if (reliably && !this.reliable.receive(response, tagOf(response.headers.get('To')))) {
        return;
      }
      this.#rememberEarly(response, flow);
      this.#awaitAnswer();
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
    const response = makeResponse(this.request, status, reason);
    this.#finish(response, null);
    this.#deliver(response, null);
    // Where its dialog has ended before it: a peer that never answers it would be waited for for ever.
    this.#cancel();
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
      rememberLocal(dialog, this.request);
    } else {
      dialog.state = this.#confirmed(dialog, response);
      // Those of other branches may still be answered.
      dialog.early.delete(dialog.state?.remoteTag ?? '');
      // Our own address may have been unknown when it was written.
      dialog.local.contact = this.request.headers.get('Contact') ?? '';
      cdrStart(this.#core, 'network', 'uac', response);
    }
    sessionAgreed(this.#core, dialog, 'INVITE', 'uac', response);
    this.#core.dialogs.setFlow(dialog, flow);
    this.#close();
    this.#deliver(response, flow);
  }

  /** The answer of another branch, or one that nobody waits for any more. */
  #refuseAnswer(dialog: Dialog, response: SipResponse, flow: Flow): void {
    const state = this.#inDialog ? dialog.state : this.#confirmed(dialog, response);
    if (state !== null && this.#inDialog && this.#done) {
      // A re-INVITE that was told as failed: its application knows whether the call goes on.
      acknowledge(this.#core, this.transaction, dialog.role, refreshTarget(state, response), flow);
    } else if (state !== null) {
      acknowledgeAndEnd(this.#core, this.transaction, dialog.role, state, flow);
    }
    if (!this.#done) {
      this.#close();
      this.#core.dialogs.remove(dialog);
    }
  }

  /** The dialog of a 2xx; where it was early its numbers go on, for a PRACK may have taken one. */
  #confirmed(dialog: Dialog, response: SipResponse): DialogState | null {
    const early = dialog.early.get(tagOf(response.headers.get('To')) ?? '');
    return early === undefined ? dialogAsUac(this.request, response) : confirmAsUac(early, response);
  }

  /** Each To tag is an early dialog of its own (RFC 3261 12.1.2). */
  #rememberEarly(response: SipResponse, flow: Flow): void {
    const dialog = this.#dialog;
    const tag = tagOf(response.headers.get('To'));
    if (dialog === null || this.#inDialog || tag === null) {
      return;
    }
    const known = dialog.early.get(tag);
    if (known !== undefined) {
      // The one that was heard of last comes last.
      dialog.early.delete(tag);
      dialog.early.set(tag, known);
      this.#core.dialogs.setFlow(dialog, flow);
      return;
    }
    const early = dialog.early.size < this.#core.limits.maxEarlyDialogs ? dialogAsUac(this.request, response) : null;
    if (early !== null) {
      dialog.early.set(tag, early);
      this.#core.dialogs.setFlow(dialog, flow);
    }
  }

  #refresh(response: SipResponse): void {
    const dialog = this.#dialog;
    const state = dialog?.state ?? dialog?.early.get(tagOf(response.headers.get('To')) ?? '') ?? null;
    if (dialog !== null && state !== null) {
      update(dialog, refreshTarget(state, response));
    }
  }

  #finish(response: SipResponse, flow: Flow | null): void {
    this.#close();
    if (this.#dialog === null) {
      this.#subscribed(response, flow);
    } else if (!this.#inDialog) {
      this.#failed(this.#dialog, response);
    } else if (this.#endsDialog(this.#dialog, response.status)) {
      forgetDialog(this.#core, this.#dialog);
    } else {
      this.#refresh(response);
      this.#agreed(this.#dialog, response);
      if (this.request.method === 'BYE') {
        // Challenged; one that nobody repeats is the end all the same.
        forgetLater(this.#core, this.#dialog, this.#core.stack.timers.t1x64Ms);
      }
    }
  }

  /** An INVITE that makes no dialog. */
  #failed(dialog: Dialog, response: SipResponse): void {
    const canceled = response.status === 487 && this.cancelled;
    cdrStop(this.#core, 'network', canceled ? 'call-canceled' : 'call-rejected', response);
    forgetDialog(this.#core, dialog);
  }

  /** A 2xx to UPDATE or PRACK: what was described in it holds. */
  #agreed(dialog: Dialog, response: SipResponse): void {
    const { method } = this.request;
    if (response.status < 300) {
      subscriptionGranted(this.#core, dialog, this.request, response);
    }
    if (response.status < 300 && (method === 'UPDATE' || method === 'PRACK')) {
      rememberLocal(dialog, this.request);
      sessionAgreed(this.#core, dialog, method, 'uac', response);
    }
  }

  /** Timer C (drachtio-protocol 3.7): who rings, or tries, for too long is cancelled. */
  #awaitAnswer(): void {
    if (this.request.method !== 'INVITE') {
      return;
    }
    const { timers, limits } = this.#core;
    timers.stop(this.#timerC);
    this.#timerC = timers.start('timer C', limits.ringingTimeoutMs, () => this.#cancel());
  }

  #cancel(): void {
    if (this.request.method === 'INVITE' && !this.cancelled) {
      this.cancelled = true;
      this.#transaction?.cancel();
    }
  }

  /** A challenged BYE is repeated with credentials, for which the dialog is still needed (drachtio-protocol 3.9). */
  #endsDialog(dialog: Dialog, status: number): boolean {
    if (this.request.method === 'BYE') {
      return status !== 401 && status !== 407;
    }
    return dialog.kind === 'subscription' && endsSubscription(this.request, status);
  }

  #subscribed(response: SipResponse, flow: Flow | null): void {
    const dialogs = this.#core.dialogs;
    const id = this.request.method === 'SUBSCRIBE' ? newDialogId(namesOf(this.request)) : null;
    if (id === null) {
      return;
    }
    this.#dialogId = id;
    this.#core.subscribes.delete(id);
    if (this.notified !== null && response.status >= 300) {
      forgetDialog(this.#core, this.notified);
    }
    if (flow !== null && response.status < 300 && dialogs.get(id) === undefined && dialogs.hasRoom()) {
      const dialog = dialogs.create(id, 'uac', this.client, 'subscription');
      dialog.state = dialogAsUac(this.request, response);
      dialogs.setFlow(dialog, flow);
    }
    const subscription = dialogs.get(id);
    if (subscription !== undefined && response.status < 300) {
      subscriptionGranted(this.#core, subscription, this.request, response);
    }
  }

  #close(): void {
    this.#done = true;
    this.#core.timers.stop(this.#timerC);
    if (this.#transaction !== null) {
      this.#core.invites.delete(this.#transaction.id);
    }
  }

  #deliver(response: SipResponse, flow: Flow | null): void {
    if (this.client.closed) {
      return;
    }
    const text = deliveredText(response);
    const bytes = flow === null ? 0 : text.length;
    const way = flow === null ? NOWHERE : peerWay(flow);
    const line = sipLine('network', bytes, way, this.#core.now(), this.#txnId ?? '', this.#dialogId, null);
    this.client.send(line, text);
  }
}
