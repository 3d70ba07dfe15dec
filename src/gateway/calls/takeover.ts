import type { CallEvent, Evidence } from '../../call/index.ts';
import { bridge, type BridgeEnd } from './bridge.ts';
import type { Call, Caller, LegReports } from './call.ts';
import type { InviteKeys } from './calls.ts';
import type { GatewayContext } from '../context.ts';
import { formatReplaces, parseReplaces, type Replaces, type Side, type Way } from './dialogs.ts';
import { createEarlyMedia, type EarlyMedia } from './early-media.ts';
import {
  header,
  maxForwards,
  passHeaders,
  requiredEndToEnd,
  sessionAnswer,
  tagOf,
  type Headers,
} from '../message/headers.ts';
import { ELSEWHERE } from '../hunt/hunt.ts';
import { callerOf } from '../message/identity.ts';
import { OutboundLeg } from '../hunt/outbound.ts';
import { finalAnswer, type FinalAnswer } from '../hunt/outcome.ts';
import { outgoingHeaders } from '../message/outgoing.ts';
import { placeOf } from '../hops/routing.ts';
import { calleeSide, callerSide, referralsBetween } from './sides.ts';
import { trunkInvite } from '../message/trunk.ts';
import type { Peer } from '../types.ts';
import type { Dialog, IncomingInvite, OutgoingInvite, SipRequest, SipResponse } from '../agent/user-agent.ts';

/**
 * An INVITE that names a dialog of ours in Replaces (RFC 3891): pickup, park retrieve, the last step of an attended transfer.
 * It goes on to the other side of the call that the dialog is part of, with that side's own dialog named in it.
 * @param keys of the INVITE, as calls.ts knows it
 * @returns false: it names none of ours, and is an INVITE like any other
 */
export function takeOver(invite: IncomingInvite, peer: Peer, keys: InviteKeys, context: GatewayContext): boolean {
  const { headers } = invite.request;
  const value = header(headers, 'replaces');
  if (value === undefined) return false;
  const refuse = (status: number, why: string): true => {
    context.log.info({ peer: peer.name, sipCallId: invite.callId, status, why }, 'INVITE refused');
    invite.reply(status);
    return true;
  };
  const replaces = parseReplaces(value);
  if (replaces === null || header(headers, 'join') !== undefined) {
    return refuse(400, 'it wants to replace several dialogs, or does not say which');
  }
  const named = context.dialogs.find(replaces);
  if (named.kind === 'unknown') return false;
  // RFC 3891 3: whoever hung up wants no more of it.
  if (named.kind === 'over') return refuse(603, 'the dialog that it wants to replace is over');
  if (named.kind === 'none') return refuse(481, 'the dialog that it wants to replace is not to be replaced');
  const { target, replaced } = named;
  const { call } = target.facts;
  // RFC 3891 3: whoever only wants to pick up what rings gets nobody's call.
  if (replaces.earlyOnly && target.isConfirmed) return refuse(486, 'the call that it wants to pick up was answered');
  if (maxForwards(headers) === 0) return refuse(483, 'Max-Forwards is 0');
  const { legsPerCall, callersPerCall } = context.limits;
  if (call.legCount >= legsPerCall || call.callerCount >= callersPerCall)
    return refuse(482, 'too many INVITEs of one call');
  const way = target.facts.way();
  const own = target.named(replaces.earlyOnly);
  if (way === null || own === null) return refuse(480, 'the other side of the dialog cannot be called');
  const leg = new TakeoverLeg({ invite, peer, target, replaced, way, named: own }, context);
  context.calls.enter(call, { ...keys, sessionUuid: null, fork: null });
  leg.run();
  return true;
}

interface TakeoverFacts {
  readonly invite: IncomingInvite;
  readonly peer: Peer;
  /** Who is asked to talk to the sender. */
  readonly target: Side;
  /** Whose place the sender takes; null where several rang. */
  readonly replaced: Side | null;
  readonly way: Way;
  /** The dialog of ours that the target is to replace, as it knows it. */
  readonly named: Replaces;
}

/** What happens to a takeover is told to the call once it succeeds: an attempt that fails changes nothing of it. */
class HeldReports implements LegReports {
  readonly #call: Call;
  #held: (() => void)[] | null = [];

  constructor(call: Call) {
    this.#call = call;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  nextLegId(): string {
    return this.#call.nextLegId();
  }

  report(event: CallEvent): void {
    this.#tell(() => this.#call.report(event));
  }

  addEvidence(evidence: Evidence): void {
    this.#tell(() => this.#call.addEvidence(evidence));
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const tell of held) tell();
  }

  #tell(tell: () => void): void {
    if (this.#held === null) tell();
    else this.#held.push(tell);
  }
}

/** One INVITE that takes over, until the call that it makes is over. One of the call's caller legs. */
class TakeoverLeg implements Caller {
  readonly id: string;
  readonly call: Call;
  readonly #context: GatewayContext;
  readonly #facts: TakeoverFacts;
  readonly #reports: HeldReports;
  readonly #side: Side;
  readonly #leg: OutboundLeg;
  readonly #earlyMedia: EarlyMedia;
  #phase: 'waiting' | 'answering' | 'talking' | 'done' = 'waiting';
  #legIsOver = false;
  #dialog: Dialog | null = null;
  #unbridge: () => void = () => undefined;
  #replacedTimer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(facts: TakeoverFacts, context: GatewayContext) {
    const { invite, peer, target } = facts;
    const { call } = target.facts;
    this.#facts = facts;
    this.#context = context;
    this.call = call;
    this.id = call.nextCallerId();
    this.#reports = new HeldReports(call);
    this.#earlyMedia = createEarlyMedia(invite.reply, (why) => this.#gone({}, why));
    this.#side = callerSide(
      { call, invite, peer, carrier: { id: this.id, replaced: () => this.#replaced() } },
      context,
    );
    const at = context.now();
    this.#reports.report({ type: 'caller-invited', at, caller: this.id, returned: false, sipCallId: invite.callId });
    call.callers.add(this);
    const fromTag = tagOf(header(invite.request.headers, 'from')) ?? '';
    invite.listen({
      cancelled: (cancel) => this.#gone(passHeaders(cancel.headers), 'it was cancelled'),
      responded: (toTag, contact) => {
        this.#side.contact ??= contact;
        this.#side.heard(invite.callId, toTag, fromTag, false);
      },
    });
    this.#leg = this.#invite();
  }

  get wanted(): boolean {
    return this.#phase !== 'done';
  }

  get agent(): IncomingInvite['agent'] {
    return this.#facts.invite.agent;
  }

  run(): void {
    void this.#leg.result.then((result) => {
      if (this.#phase !== 'waiting') return;
      if (result.kind === 'answered') this.#answer(result.response, result.dialog);
      else if (result.kind === 'failed') this.#reject(finalAnswer(result.failure));
    });
  }

  interrupt(): void {
    this.#end(503, { reason: 'SIP;cause=503;text="Gateway is stopping"' });
  }

  lost(): void {
    this.#phase = 'done';
    this.#leg.end('lost');
    this.#settle();
  }

  #invite(): OutboundLeg {
    const { target, way } = this.#facts;
    const { settings, limits, calls, voicemailTargets, now } = this.#context;
    const { agent, trunk } = way;
    const invite = this.#outgoing();
    const { call } = this;
    for (const uri of [invite.uri, this.#facts.invite.request.uri]) call.places.add(placeOf(uri));
    const side = (leg: string): Side => {
      const isPhone = trunk === null && target.facts.origin !== null;
      return calleeSide({ caller: this.#side, leg, invite, agent, trunk, isPhone }, this.#context);
    };
    const kind = call.state.legs.find(({ id }) => id === target.facts.leg)?.kind ?? 'phone';
    const { ringTimeoutMs } = settings.routing;
    const voicemail = { ...settings.voicemail, known: voicemailTargets };
    const offer = {
      caller: this.id,
      kind,
      mailbox: null,
      insteadOf: null,
      agent,
      invite,
      side,
      ringTimeoutMs,
      voicemail,
      limits,
      now,
    };
    return new OutboundLeg(
      { ...offer, call: this.#reports },
      {
        sent: (callId) => calls.enterLeg(call, callId),
        provisional: (response) => this.#earlyMedia.provisional(response, false),
        over: () => {
          this.#legIsOver = true;
          this.#settle();
        },
      },
    );
  }

  #outgoing(): OutgoingInvite {
    const { invite, peer, way, named } = this.#facts;
    const { policy } = this.#context;
    const { headers: incoming, body } = invite.request;
    const { uri, trunk, route, proxy, credentials } = way;
    const { calleeUri: calledUri } = this.call.start;
    const { trustCallerId: trusted } = peer;
    const plain = {
      incoming,
      callId: this.call.id,
      uri,
      calledUri,
      kind: 'phone',
      isGroup: false,
      diversions: [],
    } as const;
    const made = outgoingHeaders({ ...plain, toPeer: trunk !== null, trusted });
    const toE164 = (number: string): string | null =>
      peer.dialPlan === undefined ? null : policy.current().toE164(number, peer.dialPlan);
    const asked = { ...made, replaces: formatReplaces(named), ...requiredEndToEnd(incoming) };
    const facts = { trunk, demanded: null, incoming, calledUri, hop: null, hasOffer: body !== '', toE164 };
    const { headers } = trunkInvite({ uri, headers: asked }, facts);
    return {
      uri,
      headers: route === null ? headers : { ...headers, route },
      body,
      ...(proxy === undefined ? {} : { proxy }),
      ...(credentials === undefined ? {} : { credentials }),
    };
  }

  #answer(response: SipResponse, callee: Dialog): void {
    const { invite } = this.#facts;
    const delayedOffer = invite.request.body === '';
    if (!delayedOffer) callee.ack({});
    this.#phase = 'answering';
    invite.answer(
      { headers: { ...passHeaders(response.headers), ...sessionAnswer(invite.request.headers) }, body: response.body },
      (dialog) => this.#connected(dialog, callee, delayedOffer),
      (why) => this.#gone({}, why),
    );
  }

  /** Our 200 has left: whoever it is from has taken the call over. */
  #connected(caller: Dialog, callee: Dialog, delayedOffer: boolean): void {
    if (this.#phase !== 'answering') {
      caller.bye();
      return;
    }
    this.#phase = 'talking';
    this.#dialog = caller;
    const leg = this.#leg;
    this.#side.confirm();
    this.#side.other = leg.side;
    this.#tell();
    const { probeMs } = this.#context.limits;
    const heard = (request: SipRequest): void => leg.heard(request);
    const referrals = referralsBetween(this.#side, leg.side, this.#context);
    const sides = { caller, callee, delayedOffer, probeMs, heard, referrals };
    this.#unbridge = bridge(sides, (end) => this.#hungUp(end));
    this.#facts.target.facts.carrier.replaced();
  }

  #tell(): void {
    const { invite, peer, target, replaced } = this.#facts;
    const { call } = this;
    const at = this.#context.now();
    const leg = this.#leg.id;
    this.#reports.release();
    call.report({ type: 'answer-relayed', at, caller: this.id, leg });
    // Whoever called us is connected to somebody else now.
    if (target.facts.initiated) call.report({ type: 'answer-relayed', at, caller: target.facts.carrier.id, leg });
    call.answered(at, this.#leg.answeredBy);
    const { number, hidden } = callerOf(invite.request.headers, peer.trustCallerId);
    const who = hidden ? 'somebody' : (number ?? 'somebody');
    const detail = `${who} took the place of ${replaced?.facts.leg ?? 'those who rang'} and talks to ${target.facts.leg} (Replaces)`;
    call.addEvidence({ at, kind: 'taken-over', source: leg, strength: 'certain', detail });
  }

  #hungUp({ by, open, headers }: BridgeEnd): void {
    this.#phase = 'done';
    if (this.#dialog !== null && open.includes(this.#dialog)) this.#dialog.bye(headers);
    const calleeIsUp = this.#leg.dialog !== null && open.includes(this.#leg.dialog);
    if (calleeIsUp && by !== 'callee') this.#leg.hangUp(by, headers);
    else this.#leg.end(by, by === 'callee' ? headers : {});
    this.#settle();
  }

  #gone(headers: Headers, why: string): void {
    if (this.#phase !== 'waiting' && this.#phase !== 'answering') return;
    this.#phase = 'done';
    this.#context.log.debug({ call: this.call.id, caller: this.id, why }, 'a takeover was given up');
    this.#leg.giveUp('caller', headers);
    this.#settle();
  }

  #reject({ status, phrase, headers }: FinalAnswer): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'done';
    this.#facts.invite.reply(status, phrase === undefined ? { headers } : { headers, phrase });
    this.#settle();
  }

  #replaced(): void {
    if (this.#phase === 'done') return;
    this.#replacedTimer ??= setTimeout(
      () => this.#end(487, { reason: ELSEWHERE }),
      this.#context.limits.replacedGraceMs,
    );
  }

  #end(status: number, headers: Record<string, string>): void {
    if (this.#phase === 'waiting') this.#reject({ status, headers });
    this.#phase = 'done';
    this.#dialog?.bye(headers);
    this.#leg.giveUp('gateway', headers);
    this.#settle();
  }

  #settle(): void {
    if (this.#over || this.#phase !== 'done') return;
    this.#side.leave();
    clearTimeout(this.#replacedTimer);
    this.#unbridge();
    if (!this.#legIsOver) return;
    this.#over = true;
    const at = this.#context.now();
    if (!this.#reports.isHeld) this.call.report({ type: 'caller-ended', at, caller: this.id });
    this.call.callers.delete(this);
    this.#context.calls.leave(this.call, at);
  }
}
