import { parseReasons, type LegKind, type Reason } from '../call/index.ts';
import { parseUri, numberOf } from './address.ts';
import { bridge, type BridgeEnd } from './bridge.ts';
import type { Call, Caller } from './call.ts';
import type { Calls } from './calls.ts';
import { createEarlyMedia, type EarlyMedia } from './early-media.ts';
import { demandedOptions, header, passHeaders, sessionAnswer, supporting, type Headers } from './headers.ts';
import { redirectedTo } from './identity.ts';
import type { GatewayLimits } from './limits.ts';
import { OutboundLeg } from './outbound.ts';
import {
  diversionCause,
  failsOver,
  finalAnswer,
  REDIRECTED,
  type DiversionCause,
  type Failure,
  type FinalAnswer,
} from './outcome.ts';
import { outgoingHeaders } from './outgoing.ts';
import type { HopPeers } from './hop-peers.ts';
import type { PeerLimits } from './peer-limits.ts';
import { dial, placeOf, type HopHealth, type Router } from './routing.ts';
import type { GatewayLog, GatewaySettings, NextHop, Peer } from './types.ts';
import type { Dialog, IncomingInvite, SipResponse } from './user-agent.ts';

/** What every leg of a gateway shares. */
export interface GatewayContext {
  readonly settings: GatewaySettings;
  readonly limits: GatewayLimits;
  readonly calls: Calls;
  readonly hopPeers: HopPeers;
  readonly route: Router;
  readonly health: HopHealth;
  readonly peerLimits: PeerLimits;
  readonly log: GatewayLog;
  readonly now: () => number;
}

export interface InboundFacts {
  readonly call: Call;
  readonly invite: IncomingInvite;
  readonly peer: Peer;
  /** The number that is dialled onwards, and the URI it stood in. */
  readonly dialled: { readonly number: string | null; readonly uri: string };
  /** One of our own legs that came back: whoever sent it out diverts it, not we. */
  readonly returned: boolean;
}

interface Target {
  readonly hop: NextHop;
  readonly uri: string;
  readonly kind: LegKind;
}

/** A number to ring, and why the call goes there where it is not the one that was dialled. */
interface Destination {
  readonly number: string | null;
  readonly uri: string;
  readonly why: DiversionCause | null;
}

/**
 * An INVITE that came in, until everything it caused is over: it rings its targets one after the other, relays the answer,
 * diverts to voicemail, and ends. One of a call's caller legs.
 */
export class InboundLeg implements Caller {
  readonly id: string;
  readonly call: Call;
  readonly #context: GatewayContext;
  readonly #facts: InboundFacts;
  readonly #open = new Set<OutboundLeg>();
  readonly #earlyMedia: EarlyMedia;
  /** `waiting` for an answer of ours; `answering` once our 200 is on its way; `done` when the caller needs nothing more. */
  #phase: 'waiting' | 'answering' | 'talking' | 'done' = 'waiting';
  #dialog: Dialog | null = null;
  #answeredBy: OutboundLeg | null = null;
  #unbridge: () => void = () => undefined;
  #over = false;

  constructor(facts: InboundFacts, context: GatewayContext) {
    const { call, invite, returned } = facts;
    this.call = call;
    this.id = call.nextCallerId();
    this.#facts = facts;
    this.#context = context;
    this.#earlyMedia = createEarlyMedia(invite.reply, (why) => this.#callerGone(why));
    call.callers.add(this);
    call.report({ type: 'caller-invited', at: context.now(), caller: this.id, returned });
    invite.listen({ cancelled: (cancel) => this.#cancelled(cancel.headers) });
  }

  get wanted(): boolean {
    return this.#phase !== 'done';
  }

  get agent(): IncomingInvite['agent'] {
    return this.#facts.invite.agent;
  }

  /** Rings whom the call is for. Resolves when the caller has its final answer, or wants none any more. */
  async run(): Promise<void> {
    await this.call.begun;
    const { dialled } = this.#facts;
    const failure = await this.#ringNumber({ ...dialled, why: null });
    if (failure === null) return;
    if (failure === 'no route') {
      this.refuse(404, `no route for ${dialled.number ?? dialled.uri}`);
      return;
    }
    if (await this.#divert(failure)) return;
    this.#reject(finalAnswer(failure));
  }

  /** The gateway itself turns the INVITE down. */
  refuse(status: number, why: string, headers: Headers = {}): void {
    if (this.#phase !== 'waiting') return;
    const { call, invite, peer } = this.#facts;
    const { log, now } = this.#context;
    log.info({ call: call.id, peer: peer.name, sipCallId: invite.callId, status, why }, 'INVITE refused');
    call.report({ type: 'refused', at: now(), caller: this.id, status, why });
    this.#reject({ status, headers: { ...headers } });
  }

  /** The gateway stops: whoever rings or talks is ended. */
  interrupt(): void {
    const headers = { reason: 'SIP;cause=503;text="Gateway is stopping"' };
    if (this.#phase === 'waiting') this.#reject({ status: 503, headers });
    this.#phase = 'done';
    this.#dialog?.bye(headers);
    for (const leg of this.#open) leg.giveUp('gateway', headers);
    this.#settle();
  }

  /** The engine that carried it is gone, and every dialog with it. */
  lost(): void {
    this.#phase = 'done';
    for (const leg of this.#open) leg.end('lost');
    this.#settle();
  }

  /** Rings a number's targets, following redirections. Null: answered, or nobody waits any more. */
  async #ringNumber(first: Destination): Promise<Failure | 'no route' | null> {
    const { limits, log } = this.#context;
    let destination = first;
    const been = new Set([first.number]);
    for (let redirects = 0; ; redirects += 1) {
      const targets = this.#targets(destination);
      if (targets.length === 0 && redirects === 0) return this.#phase === 'waiting' ? 'no route' : null;
      const failure = await this.#ringTargets(targets, destination);
      if (failure?.kind !== 'final' || failure.status < 300 || failure.status >= 400) return failure;
      const next = redirectedTo(header(failure.headers, 'contact'));
      const followed =
        next !== null &&
        redirects < limits.redirects &&
        !this.#earlyMedia.started &&
        !been.has(next.number) &&
        this.#targets({ ...next, why: REDIRECTED }).length > 0;
      log.info({ call: this.call.id, status: failure.status, to: next?.number, followed }, 'call redirected');
      if (!followed) return failure;
      been.add(next.number);
      destination = { ...next, why: REDIRECTED };
    }
  }

  #targets({ number, uri }: Destination): Target[] {
    const { settings, route, health } = this.#context;
    const { peer } = this.#facts;
    const { target } = settings.voicemail;
    const isPilot = number !== null && number === voicemailNumber(settings);
    const kind = isPilot ? 'voicemail' : 'phone';
    const hops =
      isPilot && settings.voicemail.owner === 'gateway' && target !== null
        ? [{ uri: target }]
        : health.order(route({ peer: peer.name, number }));
    return hops.flatMap((hop) => {
      const dialled = dial(hop, uri);
      return dialled === null ? [] : [{ hop, uri: dialled, kind }];
    });
  }

  /** Tries next hops in order, as long as the one before did no work on the call (design 4.3). */
  async #ringTargets(targets: readonly Target[], destination: Destination): Promise<Failure | null> {
    const { health, log } = this.#context;
    let failure: Failure = { kind: 'failed', failure: 'transport', sent: false, rang: false, alerted: false };
    for (const [index, target] of targets.entries()) {
      const result = await this.#ring(target, destination.why);
      if (result === null) return null;
      failure = result;
      if (!failsOver(failure)) {
        health.up(target.hop.uri);
        return failure;
      }
      if (failure.kind !== 'failed' || failure.sent) health.down(target.hop.uri);
      const next = targets[index + 1]?.uri;
      log.warn({ call: this.call.id, target: target.uri, why: failureText(failure), next }, 'next hop failed');
    }
    return failure;
  }

  /** Rings one target. Null: answered (and relayed), or nobody waits any more. */
  async #ring(target: Target, why: DiversionCause | null, supported: readonly string[] = []): Promise<Failure | null> {
    // The caller may have gone while something was awaited.
    if (this.#phase !== 'waiting') return null;
    const leg = this.#invite(target, why, supported);
    const result = await leg.result;
    if (result.kind === 'failed') {
      const { failure } = result;
      const demanded = failure.kind === 'final' && failure.status === 421 ? demandedOptions(failure.headers) : [];
      // RFC 3261 21.4.15: what it insists on is offered to it, once.
      if (supported.length === 0 && demanded.length > 0) return this.#ring(target, why, demanded);
      return this.#phase === 'waiting' ? failure : null;
    }
    if (result.kind === 'answered') {
      this.#context.health.up(target.hop.uri);
      this.#answer(leg, result.response, result.dialog);
    }
    return null;
  }

  #invite(target: Target, why: DiversionCause | null, supported: readonly string[]): OutboundLeg {
    const { settings, limits, calls, hopPeers, now } = this.#context;
    const { call, invite } = this.#facts;
    const { headers: incoming, body } = invite.request;
    const toPeer = hopPeers.at(target.uri) !== null;
    call.places.add(placeOf(target.uri));
    const { username, password } = target.hop;
    const leg: OutboundLeg = new OutboundLeg(
      {
        call,
        caller: this.id,
        kind: target.kind,
        agent: invite.agent,
        invite: {
          uri: target.uri,
          headers: supporting(
            outgoingHeaders({
              incoming,
              callId: call.id,
              uri: target.uri,
              toPeer,
              kind: target.kind,
              calledUri: call.start.calleeUri,
              diversion: why,
            }),
            supported,
          ),
          body,
          ...(username === undefined ? {} : { credentials: { username, password: password ?? '' } }),
        },
        ringTimeoutMs: settings.routing.ringTimeoutMs,
        limits,
        now,
      },
      {
        sent: (callId) => calls.enterLeg(call, callId),
        provisional: (response) => this.#earlyMedia.provisional(response, this.#mayDivert(target.kind)),
        over: (over) => {
          this.#open.delete(over);
          this.#settle();
        },
      },
    );
    this.#open.add(leg);
    return leg;
  }

  /** Whether the call may still go to voicemail if this target does not take it. */
  #mayDivert(kind: LegKind): boolean {
    const { owner, target } = this.#context.settings.voicemail;
    return owner === 'gateway' && target !== null && kind === 'phone' && !this.#facts.returned;
  }

  /** Takes a call that nobody took to voicemail. True: the caller needs nothing more from us. */
  async #divert(failure: Failure): Promise<boolean> {
    const { target } = this.#context.settings.voicemail;
    const why = diversionCause(failure, this.call.start.mailbox !== null);
    const isPilot = this.#facts.dialled.number === voicemailNumber(this.#context.settings);
    if (target === null || why === null || isPilot || !this.#mayDivert('phone')) return false;
    const hop = { uri: target };
    const uri = dial(hop, this.call.start.calleeUri);
    if (uri === null) return false;
    const refused = await this.#ring({ hop, uri, kind: 'voicemail' }, why);
    if (refused === null) return true;
    this.#context.log.warn({ call: this.call.id, target: uri, why: failureText(refused) }, 'voicemail did not answer');
    return false;
  }

  #answer(leg: OutboundLeg, response: SipResponse, callee: Dialog): void {
    if (this.#phase !== 'waiting') {
      leg.giveUp('caller', {});
      return;
    }
    const { invite } = this.#facts;
    const delayedOffer = invite.request.body === '';
    if (!delayedOffer) callee.ack({});
    this.#phase = 'answering';
    this.#answeredBy = leg;
    invite.answer(
      { headers: { ...passHeaders(response.headers), ...sessionAnswer(invite.request.headers) }, body: response.body },
      (dialog) => this.#connected(leg, dialog, callee, delayedOffer),
      (why) => this.#callerGone(why),
    );
  }

  /** Our 200 has left. */
  #connected(leg: OutboundLeg, caller: Dialog, callee: Dialog, delayedOffer: boolean): void {
    if (this.#phase !== 'answering') {
      // Ended by the gateway while the answer was on its way.
      caller.bye();
      return;
    }
    const { call } = this.#facts;
    const at = this.#context.now();
    this.#phase = 'talking';
    this.#dialog = caller;
    call.report({ type: 'answer-relayed', at, caller: this.id, leg: leg.id });
    // One of our own legs that came back is no caller: the call is answered when its root is.
    if (!this.#facts.returned) call.answered(at, leg.kind);
    const { probeMs } = this.#context.limits;
    this.#unbridge = bridge({ caller, callee, delayedOffer, probeMs }, (end) => this.#hungUp(leg, end));
  }

  #hungUp(leg: OutboundLeg, { by, open, headers }: BridgeEnd): void {
    this.#phase = 'done';
    const callerIsUp = this.#dialog !== null && open.includes(this.#dialog);
    if (callerIsUp) this.#dialog?.bye(headers);
    const calleeIsUp = leg.dialog !== null && open.includes(leg.dialog);
    if (calleeIsUp && by !== 'callee') leg.hangUp(by, headers);
    else leg.end(by);
    this.#settle();
  }

  /** CANCEL: RFC 3261 9.2; the engine has answered it and the INVITE. */
  #cancelled(headers: Headers): void {
    this.#gone(parseReasons(header(headers, 'reason')), passHeaders(headers));
  }

  /** A response could not be sent because the INVITE is over: its CANCEL was faster, or its connection is gone. */
  #callerGone(why: string): void {
    this.#context.log.debug({ call: this.call.id, caller: this.id, why }, 'the caller is gone');
    this.#gone([], {});
  }

  #gone(reasons: readonly Reason[], headers: Headers): void {
    if (this.#phase !== 'waiting' && this.#phase !== 'answering') return;
    this.#phase = 'done';
    const { peer } = this.#facts;
    const at = this.#context.now();
    this.#context.log.debug({ call: this.call.id, caller: this.id, reasons }, 'the caller gave up');
    this.call.report({ type: 'caller-cancelled', at, caller: this.id, reasons, trusted: peer.trustReason });
    for (const leg of this.#open) leg.giveUp(leg === this.#answeredBy ? 'gateway' : 'caller', headers);
    this.#settle();
  }

  #reject(answer: FinalAnswer): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'done';
    const { status, phrase, headers } = answer;
    this.#facts.invite.reply(status, phrase === undefined ? { headers } : { headers, phrase });
    this.#settle();
  }

  /** The leg is over when the caller needs nothing more and nothing is left of what was rung for it. */
  #settle(): void {
    if (this.#over || this.#phase !== 'done') return;
    this.#unbridge();
    if (this.#open.size > 0) return;
    this.#over = true;
    const at = this.#context.now();
    this.call.report({ type: 'caller-ended', at, caller: this.id });
    this.call.callers.delete(this);
    this.#context.calls.leave(this.call, at);
  }
}

/** The number under which people listen to their messages: the user part of the voicemail target. */
export function voicemailNumber({ voicemail }: GatewaySettings): string | null {
  return voicemail.target === null ? null : numberOf(parseUri(voicemail.target));
}

function failureText(failure: Failure): string {
  switch (failure.kind) {
    case 'final':
      return `${failure.status} ${failure.phrase}`;
    case 'failed':
      return failure.failure === 'timeout' ? 'no response' : 'could not be reached';
    case 'timed-out':
      return 'no answer';
  }
}
