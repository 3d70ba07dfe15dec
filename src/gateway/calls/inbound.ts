import { parseReasons, type LegKind, type Reason } from '../../call/index.ts';
import { bridge, type BridgeEnd } from './bridge.ts';
import type { Call, Caller } from './call.ts';
import type { GatewayContext } from '../context.ts';
import type { Side } from './dialogs.ts';
import { createEarlyMedia, type EarlyMedia } from './early-media.ts';
import { header, passHeaders, sessionAnswer, tagOf, type Headers } from '../message/headers.ts';
import { ELSEWHERE, Hunt, type HuntFailure } from '../hunt/hunt.ts';
import type { OutboundLeg } from '../hunt/outbound.ts';
import { diversionCause, failureText, finalAnswer, NOT_REGISTERED, type FinalAnswer } from '../hunt/outcome.ts';
import { ringPlan, voicemailOwner } from '../hunt/plan.ts';
import { callerSide, referralsBetween } from './sides.ts';
import { voicemailPlan, type Destination, type Plan } from '../hunt/targets.ts';
import type { Peer } from '../types.ts';
import type { Dialog, IncomingInvite, SipRequest, SipResponse } from '../agent/user-agent.ts';

export interface InboundFacts {
  readonly call: Call;
  readonly invite: IncomingInvite;
  readonly peer: Peer;
  /** The number that is dialled onwards, and the URI it stood in. */
  readonly dialled: { readonly number: string | null; readonly uri: string };
  /** One of our own legs that came back: whoever sent it out diverts it, not we. */
  readonly returned: boolean;
}

/**
 * An INVITE that came in, until everything it caused is over: the hunt for somebody who answers, the answer,
 * the diversion to voicemail, the end. One of a call's caller legs.
 */
export class InboundLeg implements Caller {
  readonly id: string;
  readonly call: Call;
  readonly #context: GatewayContext;
  readonly #facts: InboundFacts;
  readonly #side: Side;
  readonly #hunt: Hunt;
  readonly #earlyMedia: EarlyMedia;
  /** `waiting` for an answer of ours; `answering` once our 200 is on its way; `done` when the caller needs nothing more. */
  #phase: 'waiting' | 'answering' | 'talking' | 'done' = 'waiting';
  #dialog: Dialog | null = null;
  #answeredBy: OutboundLeg | null = null;
  #unbridge: () => void = () => undefined;
  #replacedTimer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(facts: InboundFacts, context: GatewayContext) {
    const { call, invite, peer, returned } = facts;
    this.call = call;
    this.id = call.nextCallerId();
    this.#facts = facts;
    this.#context = context;
    this.#earlyMedia = createEarlyMedia(invite.reply, (why) => this.#callerGone(why));
    this.#side = callerSide(
      { call, invite, peer, carrier: { id: this.id, replaced: () => this.#replaced() } },
      context,
    );
    const plan = (to: Destination): Plan => this.#planFor(to);
    this.#hunt = new Hunt({ call, caller: this.id, side: this.#side, invite, peer, plan }, context, {
      answered: (leg, response, dialog) => this.#answer(leg, response, dialog),
      provisional: (response, kind, mayFollow) =>
        this.#earlyMedia.provisional(response, mayFollow || this.#mayDivert(kind)),
      committed: () => this.#earlyMedia.started,
      over: () => this.#settle(),
    });
    call.callers.add(this);
    const sipCallId = invite.callId;
    call.report({ type: 'caller-invited', at: context.now(), caller: this.id, returned, sipCallId });
    const fromTag = tagOf(header(invite.request.headers, 'from')) ?? '';
    invite.listen({
      cancelled: (cancel) => this.#cancelled(cancel.headers),
      responded: (toTag, contact) => {
        this.#side.contact ??= contact;
        this.#side.heard(invite.callId, toTag, fromTag, false);
      },
    });
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
    const plan = this.#planFor({ ...dialled, diversions: [] });
    if (plan.stages.length === 0) {
      await this.#nobodyToRing(plan);
      return;
    }
    const failure = await this.#hunt.ring(plan);
    if (failure === null || (await this.#divert(failure))) return;
    this.#reject(finalAnswer(failure.best));
  }

  #planFor(destination: Destination): Plan {
    return ringPlan(destination, this.#facts.peer, this.#context, this.call.start.caller);
  }

  /** RFC 3261 21.4.18: where phones register, who is known here is only absent, and may have voicemail. */
  async #nobodyToRing({ group }: Plan): Promise<void> {
    const { settings, phones } = this.#context;
    const { number, uri } = this.#facts.dialled;
    const isKnown = group !== null || this.call.start.mailbox !== null || (number !== null && phones.isPhone(number));
    if (settings.registrar === null || !isKnown) {
      const called = group === null ? 'no route for' : 'nobody can be rung of the group at';
      this.refuse(404, `${called} ${number ?? uri}`);
      return;
    }
    if (await this.#divert({ best: NOT_REGISTERED, all: [{ failure: NOT_REGISTERED, mailbox: null }], superseded: [] }))
      return;
    this.refuse(NOT_REGISTERED.status, `no phone of ${number ?? uri} is registered`);
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
    this.#end(503, { reason: 'SIP;cause=503;text="Gateway is stopping"' });
  }

  /**
   * Another phone took the place of one of the two sides: nobody else need answer. Whoever was asked ends the dialog that was
   * replaced (RFC 3891 3); where it does not, we do.
   */
  #replaced(): void {
    // Its BYE may be faster than its 200.
    if (this.#phase === 'done') return;
    if (this.#phase === 'waiting') this.#hunt.giveUp(() => 'gateway', { reason: ELSEWHERE });
    const end = (): void => this.#end(487, { reason: ELSEWHERE });
    this.#replacedTimer ??= setTimeout(end, this.#context.limits.replacedGraceMs);
  }

  #end(status: number, headers: Record<string, string>): void {
    if (this.#phase === 'waiting') this.#reject({ status, headers });
    this.#phase = 'done';
    this.#dialog?.bye(headers);
    this.#hunt.giveUp(() => 'gateway', headers);
    this.#settle();
  }

  /** The engine that carried it is gone, and every dialog with it. */
  lost(): void {
    this.#phase = 'done';
    this.#hunt.lost();
    this.#settle();
  }

  /** Whether the call may still go to voicemail if a target of this kind does not take it. */
  #mayDivert(kind: LegKind): boolean {
    const { target } = this.#context.settings.voicemail;
    const { group, mailbox } = this.call.start;
    // A message for a group without a mailbox would be nobody's.
    if (group !== null && mailbox === null) return false;
    return (
      voicemailOwner(this.#facts.peer, this.#context.settings) === 'gateway' &&
      target !== null &&
      kind === 'phone' &&
      !this.#facts.returned
    );
  }

  /** Takes a call that nobody took to voicemail. True: the caller needs nothing more from us. */
  async #divert({ all, superseded }: HuntFailure): Promise<boolean> {
    const { settings, voicemailTargets, log } = this.#context;
    const { target } = settings.voicemail;
    const why = diversionCause(all, this.call.start.mailbox !== null, superseded);
    const isPilot = voicemailTargets.sign(this.#facts.dialled.uri) !== null;
    if (target === null || why === null || isPilot || !this.#mayDivert('phone')) return false;
    const diversion = { by: this.#facts.dialled.uri, why };
    const plan = voicemailPlan(target, this.call.start.calleeUri, diversion, settings.routing.ringTimeoutMs);
    if (plan.stages.length === 0) return false;
    const refused = await this.#hunt.ring(plan);
    if (refused === null) return true;
    log.warn({ call: this.call.id, target, why: failureText(refused.best) }, 'voicemail did not answer');
    return false;
  }

  #answer(leg: OutboundLeg, response: SipResponse, callee: Dialog): void {
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
    this.#side.confirm();
    this.#side.other = leg.side;
    call.report({ type: 'answer-relayed', at, caller: this.id, leg: leg.id });
    // One of our own legs that came back is no caller: the call is answered when its root is.
    if (!this.#facts.returned) call.answered(at, leg.answeredBy);
    const { probeMs } = this.#context.limits;
    const heard = (request: SipRequest): void => leg.heard(request);
    const referrals = referralsBetween(this.#side, leg.side, this.#context);
    const sides = { caller, callee, delayedOffer, probeMs, heard, referrals };
    this.#unbridge = bridge(sides, (end) => this.#hungUp(leg, end));
  }

  #hungUp(leg: OutboundLeg, { by, open, headers }: BridgeEnd): void {
    this.#phase = 'done';
    const callerIsUp = this.#dialog !== null && open.includes(this.#dialog);
    if (callerIsUp) this.#dialog?.bye(headers);
    const calleeIsUp = leg.dialog !== null && open.includes(leg.dialog);
    if (calleeIsUp && by !== 'callee') leg.hangUp(by, headers);
    else leg.end(by, by === 'callee' ? headers : {});
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
    this.#hunt.giveUp((leg) => (leg === this.#answeredBy ? 'gateway' : 'caller'), headers);
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
    this.#side.leave();
    clearTimeout(this.#replacedTimer);
    this.#unbridge();
    if (this.#hunt.open > 0) return;
    this.#over = true;
    const at = this.#context.now();
    this.call.report({ type: 'caller-ended', at, caller: this.id });
    this.call.callers.delete(this);
    this.#context.calls.leave(this.call, at);
  }
}
