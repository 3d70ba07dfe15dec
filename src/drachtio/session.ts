import {
  nextSession,
  parseSessionExpires,
  randomFraction,
  refreshTarget,
  requestInDialog,
  SESSION_OFF,
  type ClientTransaction,
  type Flow,
  type HeaderField,
  type Refresher,
  type RequestTarget,
  type SessionExpires,
  type SessionTimerInput,
  type SessionTimerState,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import type { EngineCore } from './core.ts';
import { acknowledge, endDialog } from './ended-dialogs.ts';
import { dialogTarget } from './next-hop.ts';
import { ownContact } from './text/own-address.ts';
import type { Dialog, IncomingRequest, SessionTimer } from './records.ts';
import type { EngineTimer } from './timers.ts';

/** Session timers (RFC 4028, drachtio-protocol 3.10). */

/** Re-INVITEs of the application that may wait while ours is under way. */
const MAX_HELD_COMMANDS = 8;

const REFRESHING: ReadonlySet<string> = new Set(['INVITE', 'UPDATE']);

/** Keeps how our side of the session is described in a message that goes out (or, a request of ours, was accepted). */
export function rememberLocal(dialog: Dialog, message: SipRequest | SipResponse): void {
  const { local } = dialog;
  const { headers, body } = message;
  local.contact = headers.get('Contact') ?? local.contact;
  const contentType = headers.get('Content-Type') ?? '';
  if (body.length > 0 && !contentType.toLowerCase().startsWith('message/')) {
    local.contentType = contentType;
    // What an application wrote is a part of a larger buffer, which must not live as long as the call.
    local.body = Buffer.from(body);
  }
}

/** Whether a re-INVITE or UPDATE of the peer asks for a shorter session than there may be (RFC 4028 9: 422). */
export function asksTooShort(core: EngineCore, request: SipRequest): boolean {
  const asked = REFRESHING.has(request.method) ? parseSessionExpires(request.headers.get('Session-Expires')) : null;
  return asked !== null && asked.seconds < core.limits.minSessionExpiresS;
}

/** Completes the application's 2xx to an INVITE or UPDATE of the peer with what was agreed on about the session's length. */
export function answerSession(
  core: EngineCore,
  { dialog, transaction: { request } }: IncomingRequest,
  response: SipResponse,
): void {
  if (dialog === null || !REFRESHING.has(request.method) || (dialog.state === null && request.method === 'UPDATE')) {
    return;
  }
  const { headers } = response;
  const supported = request.headers.elements('Supported').some((tag) => tag.toLowerCase() === 'timer');
  const own = parseSessionExpires(headers.get('Session-Expires'));
  const asked = parseSessionExpires(request.headers.get('Session-Expires'));
  const session = own ?? answerTo(core, asked, dialog.session);
  if (session === null) {
    return;
  }
  // 9: a 2xx must say who refreshes; a caller that knows no timers cannot.
  const refresher = session.refresher ?? asked?.refresher ?? (supported ? 'uac' : 'uas');
  headers.set('Session-Expires', `${session.seconds};refresher=${refresher}`);
  const required = headers.elements('Require');
  // 9: with refresher=uac the response MUST require `timer`, where the caller knows it.
  if (supported && refresher === 'uac' && !required.some((tag) => tag.toLowerCase() === 'timer')) {
    headers.set('Require', [...required, 'timer'].join(', '));
  }
}

/** What the engine answers for an application that says nothing of the session's length; null for nothing. */
function answerTo(core: EngineCore, asked: SessionExpires | null, running: SessionTimer | null): SessionExpires | null {
  const current = running?.running === true ? running : null;
  if (asked === null) {
    // 9: the peer's request is silent about a session that we refresh: we go on, which binds nobody else.
    return current?.refresher === 'local' ? { seconds: current.seconds, refresher: 'uas' } : null;
  }
  // Whoever has refreshed goes on with it; an offer that leaves it open is no beginning (drachtio-protocol 3.10).
  const goesOn = current === null ? null : current.refresher === 'remote' ? 'uac' : 'uas';
  const refresher = asked.refresher ?? goesOn;
  return refresher === null ? null : { seconds: Math.max(core.limits.minSessionExpiresS, asked.seconds), refresher };
}

/** Keeps a running session timer alive in the application's own re-INVITE or UPDATE (RFC 4028 7.4). */
export function offerSession(core: EngineCore, dialog: Dialog, request: SipRequest): void {
  const { session } = dialog;
  if (session === null || !session.running || !REFRESHING.has(request.method)) {
    return;
  }
  const { headers } = request;
  if (!headers.has('Session-Expires')) {
    const refresher = session.refresher === 'local' ? 'uac' : 'uas';
    headers.append('Session-Expires', `${session.seconds};refresher=${refresher}`);
    if (!headers.has('Min-SE')) {
      headers.append('Min-SE', String(core.limits.minSessionExpiresS));
    }
  }
  if (!headers.elements('Supported').some((tag) => tag.toLowerCase() === 'timer')) {
    headers.append('Supported', 'timer');
  }
}

/** A 2xx to an INVITE or UPDATE begins the session anew. `role`: ours in that transaction. */
export function sessionAgreed(
  core: EngineCore,
  dialog: Dialog,
  method: string,
  role: 'uac' | 'uas',
  response: SipResponse,
): void {
  // 7.4: an UPDATE before the answer names none; in an early dialog there is no session that could run out.
  // Nor is there one in a dialog that has ended meanwhile.
  if (!REFRESHING.has(method) || dialog.state === null || core.dialogs.get(dialog.id) !== dialog) {
    return;
  }
  const agreed = parseSessionExpires(response.headers.get('Session-Expires'));
  if (agreed === null) {
    // 7.2: there is no session timer any more. Where we refresh, a peer that knows none does not keep us from it.
    const weRefresh = role === 'uac' && dialog.session?.refresher === 'local';
    if (!weRefresh) {
      dialog.session?.agreed(null);
      return;
    }
  }
  const session = (dialog.session ??= new DialogSession(core, dialog));
  const refresher: Refresher = (agreed?.refresher ?? 'uac') === role ? 'local' : 'remote';
  session.agreed({ seconds: agreed?.seconds ?? session.seconds, refresher });
}

/** An INVITE of the application is under way in the dialog (RFC 3261 14.1). */
export function isInviting(core: EngineCore, { ours }: Dialog): boolean {
  return ours !== null && core.invites.has(ours.transaction.id);
}

/** The session timer of one dialog. */
export class DialogSession implements SessionTimer {
  readonly #core: EngineCore;
  readonly #dialog: Dialog;
  #state: SessionTimerState = SESSION_OFF;
  #timer: EngineTimer | null = null;
  #held: (() => void)[] = [];
  /** Our refresh; null where none is under way. */
  #refreshed: ClientTransaction | null = null;
  #closed = false;

  constructor(core: EngineCore, dialog: Dialog) {
    this.#core = core;
    this.#dialog = dialog;
  }

  get running(): boolean {
    return this.#state.name === 'running' || this.#state.name === 'refreshing';
  }

  /** Our refresh is under way. */
  get refreshing(): boolean {
    return this.#state.name === 'refreshing';
  }

  get refresher(): Refresher {
    return this.#state.refresher;
  }

  get seconds(): number {
    return this.#state.seconds;
  }

  /** @param session null where the 2xx named none */
  agreed(session: { readonly seconds: number; readonly refresher: Refresher } | null): void {
    // 4: nobody may ask for less; a peer that does so must not make us refresh the session all the time, or end it at once.
    const shortest = this.#core.limits.minSessionExpiresS;
    const bounded = session === null ? null : { ...session, seconds: Math.max(shortest, session.seconds) };
    this.#step({ kind: 'negotiated', session: bounded, fraction: randomFraction() });
  }

  /** Runs `command` once our refresh is over; false where too many wait. */
  hold(command: () => void): boolean {
    return this.#held.length < MAX_HELD_COMMANDS && this.#held.push(command) > 0;
  }

  rest(): void {
    this.#closed = true;
    this.#stop();
  }

  /** The dialog has ended. */
  close(): void {
    this.rest();
    // A peer that never answers our refresh would be waited for for ever.
    if (this.#refreshed?.request.method === 'INVITE') {
      this.#refreshed.cancel();
    }
    this.#refreshed = null;
    this.#release();
  }

  #step(input: SessionTimerInput): void {
    if (this.#closed) {
      return;
    }
    const { sessionRefreshJitterMs: jitterMs, sessionGlareMs: glareMs } = this.#core.limits;
    const rules = { jitterMs, glareMs, ownsCallId: this.#dialog.role === 'uac' };
    const { state, actions } = nextSession(this.#state, input, rules);
    this.#state = state;
    for (const action of actions) {
      switch (action.do) {
        case 'start':
          this.#start(action.delayMs);
          break;
        case 'stop':
          this.#stop();
          break;
        case 'refresh':
          this.#refresh();
          break;
        case 'expire':
          this.#stop();
          endDialog(this.#core, this.#dialog, 'Session timer expired');
          break;
      }
    }
  }

  #start(delayMs: number): void {
    this.#stop();
    this.#timer = this.#core.timers.start('a session timer', delayMs, () => {
      this.#timer = null;
      this.#step({ kind: 'timer', busy: this.#isBusy(), fraction: randomFraction() });
    });
  }

  #stop(): void {
    this.#core.timers.stop(this.#timer);
    this.#timer = null;
  }

  /** RFC 3261 14.1: one INVITE at a time, its ACK included. */
  #isBusy(): boolean {
    const { ours, unanswered, unacknowledged, heldBye } = this.#dialog;
    if (unacknowledged.size > 0 || heldBye !== null || isInviting(this.#core, this.#dialog)) {
      return true;
    }
    if (ours !== null && ours.succeeded && !ours.acknowledged) {
      return true;
    }
    for (const { transaction } of unanswered) {
      if (transaction.request.method === 'INVITE') {
        return true;
      }
    }
    return false;
  }

  #refresh(): void {
    const { client, state, role, flow } = this.#dialog;
    if (client.closed || state === null) {
      // Nobody is left who could end this call.
      this.#refused(480);
      return;
    }
    const target = dialogTarget(role, state, flow);
    const { method, headers, body } = this.#refreshParts(target);
    const next = requestInDialog(state, method, { headers, body });
    this.#dialog.state = next.dialog;
    let sent: ClientTransaction | null = null;
    try {
      sent = this.#refreshed = this.#core.stack.request(next.request, target, {
        onResponse: (response, from) => {
          if (sent !== null && response.status >= 200) {
            this.#answered(sent, response, from);
          }
        },
        onTimeout: () => this.#refused(408),
        onTransportError: () => this.#refused(503),
      });
    } catch (error) {
      this.#core.log('info', `a session refresh could not be sent: ${String(error)}`);
      this.#refused(503);
    }
  }

  /** A re-INVITE that repeats what we described last; an UPDATE where we have described nothing (RFC 4028 7.4). */
  #refreshParts(target: RequestTarget): { method: string; headers: HeaderField[]; body: Buffer } {
    const { contact, contentType, body } = this.#dialog.local;
    const own = this.#core.stack.localFor(target);
    const headers: HeaderField[] = [
      { name: 'Contact', value: contact !== '' || own === undefined ? contact : ownContact(own) },
      { name: 'Supported', value: 'timer' },
      { name: 'Session-Expires', value: `${this.#state.seconds};refresher=uac` },
      { name: 'Min-SE', value: String(this.#core.limits.minSessionExpiresS) },
    ];
    if (body.length === 0) {
      return { method: 'UPDATE', headers, body };
    }
    headers.push({ name: 'Content-Type', value: contentType });
    return { method: 'INVITE', headers, body };
  }

  #answered(refresh: ClientTransaction, response: SipResponse, flow: Flow): void {
    if (response.status >= 300) {
      this.#refused(response.status);
      return;
    }
    this.#refreshed = null;
    const dialog = this.#dialog;
    const state = dialog.state === null ? null : refreshTarget(dialog.state, response);
    if (state !== null && refresh.request.method === 'INVITE') {
      // Also where the dialog has ended meanwhile: the 2xx would be repeated without it.
      acknowledge(this.#core, refresh, dialog.role, state, flow);
    }
    if (this.#closed || state === null) {
      this.#release();
      return;
    }
    dialog.state = state;
    this.#core.dialogs.setFlow(dialog, flow);
    const { seconds } = this.#state;
    const agreed = parseSessionExpires(response.headers.get('Session-Expires'));
    // A peer that knows no timers answers without one: we go on refreshing (RFC 4028 7.2).
    this.agreed({
      seconds: agreed?.seconds ?? seconds,
      refresher: agreed?.refresher === 'uas' ? 'remote' : 'local',
    });
    this.#release();
  }

  #refused(status: number): void {
    this.#refreshed = null;
    this.#step({ kind: 'refused', status, fraction: randomFraction() });
    this.#release();
  }

  #release(): void {
    for (const command of this.#held.splice(0)) {
      command();
    }
  }
}
