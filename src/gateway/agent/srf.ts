import Srf from 'drachtio-srf';
import { AgentDialog, type DialogAgent, type DialogFacts } from './dialog.ts';
import { watchEngine } from './engine-watch.ts';
import { tagOf, type Headers } from '../message/headers.ts';
import { RETRY_AFTER } from '../limits.ts';
import { PendingInvites, type PendingInvite } from './pending-invites.ts';
import { dropDecodedNames, hasUnknownBody, readMessage, readResponse } from './received.ts';
import { acknowledge, attempt, outgoing, type SentListener } from './sending.ts';
import { respond, tellSent, type Guard } from './responding.ts';
import { Requests } from './requests.ts';
import { learnStatus } from './statuses.ts';
import { Subscriptions } from './subscribing.ts';
import type {
  Acknowledge,
  IncomingInvite,
  IncomingInviteListener,
  OutgoingInvite,
  OutgoingInviteHandle,
  OutgoingInviteListener,
  OutgoingMessage,
  OutgoingSubscribe,
  Reply,
  SipResponse,
  Subscription,
  SubscriptionListener,
  UserAgent,
  UserAgentOptions,
} from './user-agent.ts';

/** Methods that the engine gives us outside a dialog; the rest it answers by itself. */
const ROUTED = ['invite', 'options', 'message', 'notify', 'info', 'refer', 'subscribe', 'register', 'publish'];
const RECONNECT_MAX_MS = 1_000;
/** Without its body an offer would mean something else. */
const OFFERS: ReadonlySet<string> = new Set(['INVITE', 'UPDATE']);
/** RFC 3261 21.4.13. */
const ACCEPT = { accept: 'application/sdp' } as const;

/**
 * An engine connection on drachtio-srf's agent and routing, without its Dialog class and its createUAC, createUAS and
 * createB2BUA: those answer early UPDATEs and requests that come before a listener by themselves, hang in `modify` after one
 * rejected re-INVITE, lose a BYE that comes in the same segment as its 200, and have no word for a 2xx other than 200.
 */
export function connectUserAgent(options: UserAgentOptions): UserAgent {
  return new SrfUserAgent(options);
}

class SrfUserAgent implements UserAgent, DialogAgent {
  readonly #srf = new Srf();
  readonly #options: UserAgentOptions;
  /** An error thrown into the framework would end the process or the connection. */
  readonly #guard: Guard =
    (listener) =>
    (...args) => {
      try {
        listener(...args);
      } catch (error) {
        this.#options.log.error({ error }, 'a SIP event could not be handled');
      }
    };
  readonly #requests = new Requests(this.#srf, this.#guard);
  readonly #reconnect: { retryMaxDelay: number; maxAttempts?: number } = { retryMaxDelay: RECONNECT_MAX_MS };
  readonly #dialogs = new Map<string, AgentDialog>();
  readonly #pending = new PendingInvites<Srf.Message>();
  readonly #subscriptions = new Subscriptions((uri, options, listener) => this.#sendAlone(uri, options, listener));
  #sipAddresses: readonly string[] = [];
  #connected = false;
  #unreachable = false;
  #closed = false;
  readonly #stopWatch: () => void;

  constructor(options: UserAgentOptions) {
    this.#options = options;
    const { host, port, secret } = options.engine;
    this.#srf.on('connect', this.#guard(this.#onConnect.bind(this)));
    this.#srf.on('close', this.#guard(this.#onClose.bind(this)));
    this.#srf.on('error', (error) => this.#sayUnreachable({ error }, 'cannot be reached'));
    const handle = this.#guard(this.#receive.bind(this));
    for (const method of ROUTED) this.#srf.use(method, (request, response) => handle(request, response));
    this.#srf.use((request, response) => handle(request, response));
    this.#srf.connect({ host, port, secret, reconnect: this.#reconnect });
    this.#stopWatch = watchEngine(
      options.limits,
      () => this.#srf.app.client,
      () => this.#sayUnreachable({}, 'does not answer'),
    );
  }

  get connected(): boolean {
    return this.#connected;
  }

  get sipAddresses(): readonly string[] {
    return this.#sipAddresses;
  }

  get holdings(): UserAgent['holdings'] {
    return {
      dialogs: this.#dialogs.size,
      pendingInvites: this.#pending.size,
      unanswered: this.#requests.unanswered,
    };
  }

  invite(offer: OutgoingInvite, listener: OutgoingInviteListener): OutgoingInviteHandle {
    const { uri, proxy, credentials } = offer;
    const request = {
      method: 'INVITE',
      ...outgoing(offer),
      ...(proxy === undefined ? {} : { proxy }),
    };
    return this.#requests.sendAs(credentials, uri, request, {
      sent: (sent) => listener.sent(sent.get('call-id') ?? '', sent.get('contact') ?? null),
      update: (update, response) => this.#earlyUpdate(update, response),
      provisional: (response, ack) => {
        // RFC 3262 4.
        if (response.get('rseq') !== undefined) ack({});
        listener.provisional(readResponse(response));
      },
      final: (response, ack) => {
        if (response === null || response.status >= 300) {
          listener.failed(response === null ? null : readResponse(response));
          return;
        }
        const facts = { id: response.stackDialogId ?? '', ack: acknowledge(ack) };
        const dialog = this.#open(credentials === undefined ? facts : { ...facts, credentials });
        listener.answered(readResponse(response), dialog);
      },
    });
  }

  request(
    method: string,
    uri: string,
    headers: Headers,
    done: (status: number | null) => void,
    { body = '', proxy }: { readonly body?: string; readonly proxy?: string } = {},
  ): void {
    const options = { method, ...outgoing({ headers, body }), ...(proxy === undefined ? {} : { proxy }) };
    this.#sendAlone(uri, options, { final: (response) => done(response?.status ?? null) });
  }

  subscribe(offer: OutgoingSubscribe, listener: SubscriptionListener): Subscription {
    return this.#subscriptions.open(offer, listener);
  }

  sendInDialog(
    dialog: AgentDialog,
    method: string,
    message: OutgoingMessage,
    done: (response: SipResponse | null, ack: Acknowledge) => void,
  ): OutgoingInviteHandle {
    const { id, credentials } = dialog.facts;
    const options = { method, ...outgoing(message), stackDialogId: id };
    return this.#requests.sendAs(credentials, 'sip:placeholder', options, {
      // While a request of ours is pending, the framework hands the other side's UPDATEs to it instead of the dialog.
      update: (request, response) => this.#receiveInDialog(dialog, request, response),
      final: (response, ack) => done(response === null ? null : readResponse(response), acknowledge(ack)),
    });
  }

  forget(dialog: AgentDialog): void {
    this.#dialogs.delete(dialog.facts.id);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWatch();
    this.#connected = false;
    this.#dialogs.clear();
    this.#reconnect.maxAttempts = 1;
    // Throws where there is no connection just now; an attempt under way ends in #onConnect.
    attempt(() => this.#srf.disconnect());
  }

  /** Tried again every second, said once. */
  #sayUnreachable(fields: object, what: string): void {
    const { engine, log } = this.#options;
    const level = this.#unreachable ? 'debug' : 'warn';
    log[level](
      { ...fields, host: engine.host, port: engine.port },
      `the SIP engine ${what}; it is tried again and again`,
    );
    this.#unreachable = true;
  }

  #onConnect(error: Error | null, hostports?: string): void {
    if (this.#closed) {
      attempt(() => this.#srf.disconnect());
      return;
    }
    if (error !== null) {
      this.#unreachable = true;
      this.#options.listener.refused();
      return;
    }
    this.#connected = true;
    this.#unreachable = false;
    this.#sipAddresses = (hostports ?? '').split(',').filter((address) => address !== '');
    this.#options.listener.connected();
  }

  #onClose(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#dialogs.clear();
    this.#pending.clear();
    this.#subscriptions.clear();
    this.#options.listener.lost();
    // After the calls, which know by now that their engine is gone.
    this.#requests.giveUp();
  }

  #open(facts: DialogFacts): AgentDialog {
    const dialog = new AgentDialog(facts, this);
    this.#dialogs.set(facts.id, dialog);
    return dialog;
  }

  /** A request that belongs to no call. */
  #sendAlone(uri: string, options: Srf.RequestOptions, listener: Omit<SentListener, 'update'>): void {
    this.#requests.send(uri, options, {
      ...listener,
      update: (update, response) => this.#earlyUpdate(update, response),
    });
  }

  #receive(request: Srf.Request, response: Srf.Response): void {
    dropDecodedNames(request);
    if (request.method === 'PRACK') {
      // The engine knows its response (RFC 3262 3). An offer in it would need an answer that nobody has.
      return this.#replyWith(response)((request.body ?? '') === '' ? 200 : 488);
    }
    const dialogId = request.stackDialogId ?? '';
    const dialog = dialogId === '' ? undefined : this.#dialogs.get(dialogId);
    if (dialog !== undefined) {
      this.#receiveInDialog(dialog, request, response);
      return;
    }
    if (request.method === 'ACK' || request.source === 'application') return;
    const reply = this.#replyWith(response);
    if (this.#subscriptions.receive(request, reply)) return;
    // RFC 3261 15.1.2, but a BYE that crossed ours found what it wanted.
    if (request.method === 'BYE') reply(200);
    else if (dialogId !== '' || tagOf(request.get('to')) !== null) reply(481);
    else if (request.method === 'INVITE') this.#receiveInvite(request, response);
    else this.#options.listener.request(readMessage(request, request), reply);
  }

  #receiveInDialog(dialog: AgentDialog, request: Srf.Request, response: Srf.Response): void {
    if (OFFERS.has(request.method) && hasUnknownBody(request)) {
      this.#replyWith(response)(415, { headers: ACCEPT });
      return;
    }
    dialog.receive({
      request: readMessage(request, request),
      reply: this.#replyWith(response),
      silent: request.source === 'application',
      onCancel: (listener) =>
        request.on(
          'cancel',
          this.#guard((cancel: Srf.Message) => listener(readMessage(cancel, request))),
        ),
    });
  }

  #receiveInvite(request: Srf.Request, response: Srf.Response): void {
    if (hasUnknownBody(request)) {
      this.#replyWith(response)(415, { headers: ACCEPT });
      return;
    }
    const callId = request.get('call-id') ?? '';
    const held: { listener: IncomingInviteListener | null } = { listener: null };
    const pending: PendingInvite<Srf.Message> = {
      callId,
      fromTag: tagOf(request.get('from')),
      cancelled: (cancel) => held.listener?.cancelled(readMessage(cancel, request)),
      restore: () => {
        const connection = request.agent.mapServer.get(request.socket);
        connection?.pendingNetworkInvites.set(callId, { req: request, res: response });
      },
    };
    this.#pending.add(pending);
    request.on(
      'cancel',
      this.#guard((cancel: Srf.Message) => this.#pending.cancelled(pending, tagOf(cancel.get('from')), cancel)),
    );
    request.on('update', (update, reply) => this.#earlyUpdate(update, reply));
    const responded = (sent: Srf.Message | null): void => tellSent(sent, held.listener);
    const send = this.#replyWith(response, responded);
    const invite: IncomingInvite = {
      request: readMessage(request, request),
      callId,
      agent: this,
      listen: (listener) => {
        held.listener = listener;
      },
      reply: (status, message, failed) => {
        send(status, message, failed);
        if (status >= 200) this.#pending.remove(pending);
      },
      answer: (message, answered, failed) => {
        respond(response, 200, message, this.#guard, (why, sent) => {
          responded(sent);
          if (why === null) answered(this.#open({ id: response.stackDialogId ?? '', ack: null }));
          else failed(why);
        });
        this.#pending.remove(pending);
      },
    };
    this.#options.listener.invite(invite);
  }

  /** RFC 3311 5.2: before the answer there is nothing an offer could change yet; without one there is nothing to decide. */
  #earlyUpdate(request: Srf.Request, response: Srf.Response): void {
    const reply = this.#replyWith(response);
    if ((request.body ?? '') === '') reply(200);
    else reply(500, { headers: RETRY_AFTER });
  }

  #replyWith(response: Srf.Response, responded?: (sent: Srf.Message | null) => void): Reply {
    return (status, message = {}, failed) => {
      const done = (why: string | null, sent: Srf.Message | null): void => {
        if (why !== null) failed?.(why);
        else responded?.(sent);
      };
      learnStatus(status);
      attempt(() => respond(response, status, message, this.#guard, done));
    };
  }
}
