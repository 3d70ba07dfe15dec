import { formatReason, type Evidence, type LegKind } from '../../call/index.ts';
import { phonesPeer } from '../access/admission.ts';
import { suspicionOf } from './answer-times.ts';
import { bestFailure } from './best-failure.ts';
import type { Call } from '../calls/call.ts';
import type { GatewayContext, PhoneWay } from '../context.ts';
import type { Side } from '../calls/dialogs.ts';
import { header, type Headers } from '../message/headers.ts';
import { bestContact, redirectedTo } from '../message/identity.ts';
import { OutboundLeg, type RingResult } from './outbound.ts';
import { failsOver, failureText, REDIRECTED, type Asked, type Failure } from './outcome.ts';
import { outgoingHeaders } from '../message/outgoing.ts';
import { dial, placeOf } from '../hops/routing.ts';
import { ringPlan } from './plan.ts';
import { calleeSide } from '../calls/sides.ts';
import { onBehalfOf, type Branch, type Destination, type Plan, type Target } from './targets.ts';
import { demandsOf, MAX_NAMED_HOPS, trunkInvite, type Demands } from '../message/trunk.ts';
import type { Peer } from '../types.ts';
import type { Dialog, IncomingInvite, OutgoingInvite, SipResponse } from '../agent/user-agent.ts';
import type { WatchedVoicemail } from '../voicemail/voicemail-watch.ts';

export interface HuntFacts {
  readonly call: Call;
  /** The inbound leg that waits for the answer. */
  readonly caller: string;
  readonly side: Side;
  readonly invite: IncomingInvite;
  /** Who sent it. */
  readonly peer: Peer;
  /** Whom a number rings. */
  readonly plan: (destination: Destination) => Plan;
}

export interface HuntListener {
  /** The first answer: nobody else rings any more. */
  answered(leg: OutboundLeg, response: SipResponse, dialog: Dialog): void;
  /** @param mayFollow somebody else of this hunt may still answer */
  provisional(response: SipResponse, kind: LegKind, mayFollow: boolean): void;
  /** The caller has heard early media of somebody: it follows nobody else any more. */
  committed(): boolean;
  /** One leg less is open. */
  over(): void;
}

/** Nobody took the call. */
export interface HuntFailure {
  /** What the caller is told (RFC 3261 16.7 step 6). */
  readonly best: Failure;
  /** How each of those who were rung failed. */
  readonly all: readonly Asked[];
  /** How those failed in whose place somebody else was rung: no word about the called user. */
  readonly superseded: readonly Failure[];
}

/** Those whom one 6xx ends: a user's phones, and whomever these send the call on to. */
interface Scope {
  readonly parent: Scope | null;
  ended: boolean;
}

/** What is tried to reach somebody. */
interface Attempt {
  readonly branch: Branch;
  readonly scope: Scope;
  /** In whose place: a next hop that failed, or who sent the call on. */
  readonly insteadOf: Failure | null;
}

type Answered = Extract<RingResult, { kind: 'answered' }>;

const NOBODY: Plan = { number: null, group: null, stages: [] };
/** For those who need not ring any longer. */
export const ELSEWHERE = formatReason({ protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' });

/**
 * The search for somebody who answers one INVITE that came in: it rings plans, follows redirections, lets the first answer
 * win and ends the others. Its legs outlive it: each is open until the last word of the other side, or its own patience.
 */
export class Hunt {
  readonly #context: GatewayContext;
  readonly #facts: HuntFacts;
  readonly #listener: HuntListener;
  readonly #voicemail: WatchedVoicemail;
  readonly #open = new Map<OutboundLeg, Scope>();
  /** Numbers that it has rung: none is rung twice. */
  readonly #been = new Set<string | null>();
  /** How those who were rung failed, and which leg it was; null: none was sent. */
  readonly #failures = new Map<Failure, { readonly leg: string | null; readonly mailbox: string | null }>();
  readonly #superseded = new Set<Failure>();
  /** Branches that ring, or may ring later. */
  #branches = 0;
  #redirects = 0;
  #over = false;

  constructor(facts: HuntFacts, context: GatewayContext, listener: HuntListener) {
    this.#facts = facts;
    this.#context = context;
    this.#listener = listener;
    this.#voicemail = { ...context.settings.voicemail, known: context.voicemailTargets };
  }

  /** Legs that have not ended. */
  get open(): number {
    return this.#open.size;
  }

  /** Rings whom the plan names. Null: answered (and told), or nobody waits any more. */
  async ring(plan: Plan): Promise<HuntFailure | null> {
    this.#failures.clear();
    this.#superseded.clear();
    const best = await this.#ringPlan(plan, null, null);
    if (best === null || this.#over) return null;
    const all = [...this.#failures]
      .filter(([failure]) => !this.#superseded.has(failure))
      .map(([failure, { mailbox }]) => ({ failure, mailbox }));
    return { best, all, superseded: [...this.#superseded] };
  }

  /** Nobody waits for an answer any longer: what rings is given up, and nothing else is rung. */
  giveUp(by: (leg: OutboundLeg) => 'caller' | 'gateway', headers: Headers): void {
    this.#over = true;
    for (const leg of this.#open.keys()) leg.giveUp(by(leg), headers);
  }

  /** The engine that carried the legs is gone. */
  lost(): void {
    this.#over = true;
    for (const leg of this.#open.keys()) leg.end('lost');
  }

  async #ringPlan(
    { number: called, group, stages }: Plan,
    parent: Scope | null,
    insteadOf: Failure | null,
  ): Promise<Failure | null> {
    if (group !== null) this.#tellGroup(stages.flat(), group.ring);
    const scopes = new Map<string, Scope>();
    const scopeOf = ({ user }: Branch): Scope => {
      const scope = scopes.get(user) ?? { parent, ended: false };
      scopes.set(user, scope);
      return scope;
    };
    for (const number of [called, ...stages.flat().map((branch) => branch.number)]) this.#been.add(number);
    this.#branches += stages.flat().length;
    const failures: Failure[] = [];
    for (const stage of stages) {
      const results = await Promise.all(
        stage.map((branch) => this.#ringBranch({ branch, scope: scopeOf(branch), insteadOf })),
      );
      if (this.#over) return null;
      for (const failure of results) if (failure !== null) failures.push(failure);
    }
    return bestFailure(failures, group === null ? 'user' : 'group');
  }

  /** Null: it was given up. */
  async #ringBranch(attempt: Attempt): Promise<Failure | null> {
    const { branch, scope } = attempt;
    const failure = await this.#ringTargets(attempt);
    this.#branches -= 1;
    if (failure === null || this.#stopped(scope)) return null;
    const contact = redirectionOf(failure);
    if (contact !== null) return this.#follow(branch, scope, failure, contact);
    if (failure.kind === 'final' && failure.status >= 600) this.#endAll(scope, failure.status);
    return failure;
  }

  /** Tries next hops in order, as long as the one before did no work on the call (design 4.3). */
  async #ringTargets(attempt: Attempt): Promise<Failure | null> {
    const { health, log } = this.#context;
    const { targets } = attempt.branch;
    let failure: Failure | null = null;
    for (const [index, target] of targets.entries()) {
      failure = await this.#ringTarget(target, failure === null ? attempt : { ...attempt, insteadOf: failure });
      if (failure === null) return null;
      if (!failsOver(failure)) {
        if (target.hop !== null) health.up(target.hop.uri);
        return failure;
      }
      if (target.hop !== null && (failure.kind !== 'failed' || failure.sent)) health.down(target.hop.uri);
      const next = targets[index + 1]?.uri;
      log.warn({ call: this.#facts.call.id, target: target.uri, why: failureText(failure), next }, 'next hop failed');
    }
    return failure;
  }

  /** Rings a target, and where it sends us if it is one of those whose word on that is taken (Exchange UM's 302). */
  async #ringTarget(target: Target, attempt: Attempt, named = 0): Promise<Failure | null> {
    const failure = await this.#ring(target, attempt);
    if (failure === null) return null;
    if (target.registration !== null) this.#context.phones.contactFailed(target.registration, failure);
    const next = named < MAX_NAMED_HOPS && this.#mayFollow() ? await this.#namedBy(target, failure) : null;
    if (next === null) return failure;
    this.#redirects += 1;
    const fields = { call: this.#facts.call.id, why: failureText(failure), to: next.uri };
    this.#context.log.info(fields, 'next hop named another');
    return this.#ringTarget(next, { ...attempt, insteadOf: failure }, named + 1);
  }

  /** Whom a peer with `followRedirects` names in its 3xx, where that is the same peer; else null. */
  async #namedBy(target: Target, failure: Failure): Promise<Target | null> {
    const { hopPeers } = this.#context;
    const trunk = this.#trunkOf(target);
    const contact = trunk?.followRedirects === true ? bestContact(redirectionOf(failure) ?? undefined) : null;
    const uri = contact === null ? null : dial({ uri: contact }, target.uri);
    if (trunk === null || uri === null || !(await hopPeers.leadsTo(uri, trunk))) return null;
    return { ...target, uri, trunk };
  }

  /** The peer whose settings an INVITE to a next hop goes by. */
  #trunkOf({ uri, registration, trunk }: Target): Peer | null {
    return registration === null ? (trunk ?? this.#context.hopPeers.at(uri)) : null;
  }

  /** A 3xx is followed by the user part of its Contact, through the routes; its host is never dialled (design 4.3). */
  async #follow(branch: Branch, scope: Scope, failure: Failure, contact: string): Promise<Failure | null> {
    const next = redirectedTo(contact);
    const allowed =
      next !== null &&
      this.#mayFollow() &&
      !this.#been.has(next.number) &&
      branch.targets.every(({ kind }) => kind === 'phone');
    const diversions = [...branch.diversions, { by: branch.uri, why: REDIRECTED }];
    const plan =
      allowed && this.#mayDial(branch, { ...next, diversions })
        ? onBehalfOf(branch, this.#facts.plan({ ...next, diversions }))
        : NOBODY;
    const followed = plan.stages.length > 0;
    const fields = { call: this.#facts.call.id, why: failureText(failure), to: next?.number, followed };
    this.#context.log.info(fields, 'call redirected');
    if (!followed || next === null) return failure;
    this.#redirects += 1;
    const from = branch.number ?? branch.user;
    const detail = `${failureText(failure)}: the call for ${from} went on to ${next.number}`;
    this.#tell({ kind: 'redirected', source: 'gateway', strength: 'certain', detail });
    return this.#ringPlan(plan, scope, failure);
  }

  /** Nobody's phone has a number dialled by its callers that it may not dial itself. */
  #mayDial({ targets }: Branch, destination: Destination): boolean {
    if (targets.every(({ registration }) => registration === null)) return true;
    return ringPlan(destination, phonesPeer(this.#context.settings), this.#context).stages.length > 0;
  }

  #mayFollow(): boolean {
    return this.#redirects < this.#context.limits.redirects && !this.#listener.committed();
  }

  /** Rings one target. Null: answered, or nobody waits for it any more. */
  async #ring(target: Target, attempt: Attempt, demanded: Demands | null = null): Promise<Failure | null> {
    // The caller may have gone while something was awaited.
    if (this.#stopped(attempt.scope)) return null;
    if (this.#facts.call.legCount >= this.#context.limits.legsPerCall) {
      this.#context.log.warn({ call: this.#facts.call.id, target: target.uri }, 'too many legs of one call: not rung');
      const unsent = { kind: 'failed', failure: 'transport', sent: false, rang: false, alerted: false } as const;
      return this.#failed(unsent, null, attempt.branch);
    }
    const leg = this.#invite(target, attempt, demanded);
    const result = await leg.result;
    if (result.kind === 'given-up') return null;
    const failure = result.kind === 'failed' ? result.failure : this.#answered(leg, target, result);
    if (failure === null) return null;
    this.#failed(failure, leg.id, attempt.branch);
    const demands = demandsOf(failure);
    // RFC 3261 21.4.15, RFC 4028 7.4: what it insists on it gets, once.
    if (demanded === null && demands !== null) return this.#ring(target, { ...attempt, insteadOf: failure }, demands);
    return this.#over ? null : failure;
  }

  #failed(failure: Failure, leg: string | null, { mailbox }: Branch): Failure {
    this.#failures.set(failure, { leg, mailbox });
    return failure;
  }

  /** The first answer wins; but a voicemail system's that cut in wins nothing where somebody's phone may still ring. */
  #answered(leg: OutboundLeg, target: Target, answer: Answered): Failure | null {
    const { hop, uri, kind } = target;
    if (hop !== null) this.#context.health.up(hop.uri);
    if (this.#over) {
      leg.giveUp('gateway', { reason: ELSEWHERE });
      return null;
    }
    const trunk = kind === 'phone' ? this.#trunkOf(target) : null;
    const suspicion = trunk === null ? null : suspicionOf(leg.heardAt, trunk);
    if (suspicion !== null) {
      const dropped = suspicion.cutIn && this.#branches > 1;
      const detail = `${uri} ${suspicion.detail}${dropped ? '; the others rang on' : ''}`;
      this.#tell({ kind: 'voicemail-reached', source: leg.id, strength: 'weak', detail });
      if (dropped) {
        leg.giveUp('gateway', {});
        return { kind: 'timed-out', rang: false, alerted: false };
      }
    }
    this.#over = true;
    this.#listener.answered(leg, answer.response, answer.dialog);
    for (const other of this.#open.keys()) if (other !== leg) other.giveUp('gateway', { reason: ELSEWHERE });
    return null;
  }

  #stopped(scope: Scope): boolean {
    return this.#over || isEnded(scope);
  }

  /** RFC 3261 16.7 step 5; RFC 3326 2: the phones are told why. */
  #endAll(scope: Scope, status: number): void {
    scope.ended = true;
    const reason = formatReason({ protocol: 'SIP', cause: status });
    for (const [leg, of] of this.#open) if (isEnded(of)) leg.giveUp('gateway', { reason });
  }

  #invite(target: Target, { branch, scope, insteadOf: place }: Attempt, demanded: Demands | null): OutboundLeg {
    const { ringTimeoutMs, mailbox, diversions } = branch;
    const { limits, calls, phones, now } = this.#context;
    const { call, caller, invite } = this.#facts;
    const { kind, registration } = target;
    const way = registration === null ? null : phones.wayTo(registration);
    const agent = way?.agent ?? invite.agent;
    const offer = this.#outgoing(target, way, diversions, demanded);
    const insteadOf = place === null ? null : (this.#failures.get(place)?.leg ?? null);
    if (place !== null) this.#superseded.add(place);
    // As it was dialled and as its trunk writes it: either may come back.
    for (const uri of [target.uri, offer.uri]) call.places.add(placeOf(uri));
    const voicemail = this.#voicemail;
    const side = (name: string): Side => {
      const facts = { caller: this.#facts.side, leg: name, invite: offer, agent, trunk: this.#trunkOf(target) };
      return calleeSide({ ...facts, isPhone: registration !== null }, this.#context);
    };
    const leg: OutboundLeg = new OutboundLeg(
      { call, caller, kind, mailbox, insteadOf, agent, invite: offer, side, ringTimeoutMs, voicemail, limits, now },
      {
        sent: (callId) => calls.enterLeg(call, callId),
        provisional: (response) => this.#listener.provisional(response, kind, this.#branches > 1),
        over: (over) => {
          this.#open.delete(over);
          this.#listener.over();
        },
      },
    );
    this.#open.set(leg, scope);
    return leg;
  }

  #outgoing(
    target: Target,
    way: PhoneWay | null,
    diversions: Branch['diversions'],
    demanded: Demands | null,
  ): OutgoingInvite {
    const { call, invite, peer } = this.#facts;
    const { hopPeers, policy } = this.#context;
    const { headers: incoming, body } = invite.request;
    const { kind, hop } = target;
    const asked = way?.uri ?? target.uri;
    const trunk = this.#trunkOf(target);
    const { calleeUri: calledUri, group } = call.start;
    const facts = { incoming, callId: call.id, uri: asked, kind, calledUri, isGroup: group !== null, diversions };
    const toPeer = trunk !== null || hopPeers.at(asked) !== null;
    const made = outgoingHeaders({ ...facts, toPeer, trusted: peer.trustCallerId });
    const toE164 = (number: string): string | null =>
      peer.dialPlan === undefined ? null : policy.current().toE164(number, peer.dialPlan);
    const { uri, headers } = trunkInvite(
      { uri: asked, headers: made },
      { trunk, incoming, calledUri, hop, hasOffer: body !== '', toE164, demanded },
    );
    if (way !== null && way.route !== null) headers['route'] = way.route;
    const { username, password = '' } = hop ?? {};
    return {
      uri,
      headers,
      body,
      ...(way === null || way.proxy === null ? {} : { proxy: way.proxy }),
      ...(username === undefined ? {} : { credentials: { username, password } }),
    };
  }

  #tellGroup(branches: readonly Branch[], ring: 'simultaneous' | 'serial'): void {
    const members = [...new Set(branches.map(({ user }) => user))];
    const how = ring === 'serial' ? 'one after the other' : 'at the same time';
    const detail = members.length === 0 ? 'the group has nobody to ring' : `rings ${members.join(', ')}, ${how}`;
    this.#tell({ kind: 'group', source: 'gateway', strength: 'certain', detail });
  }

  #tell(evidence: Omit<Evidence, 'at'>): void {
    this.#facts.call.addEvidence({ at: this.#context.now(), ...evidence });
  }
}

function isEnded({ ended, parent }: Scope): boolean {
  return ended || (parent !== null && isEnded(parent));
}

/** The Contact of a 3xx, empty where it has none; null for any other failure. */
function redirectionOf(failure: Failure): string | null {
  if (failure.kind !== 'final' || failure.status < 300 || failure.status >= 400) return null;
  return header(failure.headers, 'contact') ?? '';
}
