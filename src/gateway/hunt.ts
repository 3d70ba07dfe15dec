import { formatReason, type Evidence, type LegKind } from '../call/index.ts';
import { bestFailure } from './best-failure.ts';
import type { Call } from './call.ts';
import type { GatewayContext } from './context.ts';
import { demandedOptions, header, supporting, type Headers } from './headers.ts';
import { redirectedTo } from './identity.ts';
import { OutboundLeg, type RingResult } from './outbound.ts';
import { failsOver, failureText, REDIRECTED, type Failure } from './outcome.ts';
import { outgoingHeaders } from './outgoing.ts';
import { placeOf } from './routing.ts';
import type { Branch, Destination, Plan, Target } from './targets.ts';
import type { Dialog, IncomingInvite, OutgoingInvite, SipResponse } from './user-agent.ts';

export interface HuntFacts {
  readonly call: Call;
  /** The inbound leg that waits for the answer. */
  readonly caller: string;
  readonly invite: IncomingInvite;
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
  readonly all: readonly Failure[];
}

/** Those whom one 6xx ends: a user's phones, and whomever these send the call on to. */
interface Scope {
  readonly parent: Scope | null;
  ended: boolean;
}

const ELSEWHERE = formatReason({ protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' });

/**
 * The search for somebody who answers one INVITE that came in: it rings plans, follows redirections, lets the first answer
 * win and ends the others. Its legs outlive it: each is open until the last word of the other side, or its own patience.
 */
export class Hunt {
  readonly #context: GatewayContext;
  readonly #facts: HuntFacts;
  readonly #listener: HuntListener;
  readonly #open = new Map<OutboundLeg, Scope>();
  /** Numbers that it has rung: none is rung twice. */
  readonly #been = new Set<string | null>();
  readonly #failures: Failure[] = [];
  /** Branches that ring, or may ring later. */
  #branches = 0;
  #redirects = 0;
  #over = false;

  constructor(facts: HuntFacts, context: GatewayContext, listener: HuntListener) {
    this.#facts = facts;
    this.#context = context;
    this.#listener = listener;
  }

  /** Legs that have not ended. */
  get open(): number {
    return this.#open.size;
  }

  /** Rings whom the plan names. Null: answered (and told), or nobody waits any more. */
  async ring(plan: Plan): Promise<HuntFailure | null> {
    this.#failures.length = 0;
    const best = await this.#ringPlan(plan, null);
    return best === null || this.#over ? null : { best, all: [...this.#failures] };
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

  async #ringPlan({ group, stages }: Plan, parent: Scope | null): Promise<Failure | null> {
    if (group !== null) this.#tellGroup(stages.flat(), group.ring);
    const scopes = new Map<string, Scope>();
    const scopeOf = ({ user }: Branch): Scope => {
      const scope = scopes.get(user) ?? { parent, ended: false };
      scopes.set(user, scope);
      return scope;
    };
    for (const { number } of stages.flat()) this.#been.add(number);
    this.#branches += stages.flat().length;
    const failures: Failure[] = [];
    for (const stage of stages) {
      const results = await Promise.all(stage.map((branch) => this.#ringBranch(branch, scopeOf(branch))));
      if (this.#over) return null;
      for (const failure of results) if (failure !== null) failures.push(failure);
    }
    return bestFailure(failures, group === null ? 'user' : 'group');
  }

  /** Null: it was given up. */
  async #ringBranch(branch: Branch, scope: Scope): Promise<Failure | null> {
    const failure = await this.#ringTargets(branch, scope);
    this.#branches -= 1;
    if (failure === null || this.#stopped(scope)) return null;
    if (failure.kind === 'final' && failure.status >= 300 && failure.status < 400) {
      return this.#follow(branch, scope, failure);
    }
    if (failure.kind === 'final' && failure.status >= 600) this.#endAll(scope, failure.status);
    return failure;
  }

  /** Tries next hops in order, as long as the one before did no work on the call (design 4.3). */
  async #ringTargets(branch: Branch, scope: Scope): Promise<Failure | null> {
    const { health, log } = this.#context;
    let failure: Failure | null = null;
    for (const [index, target] of branch.targets.entries()) {
      failure = await this.#ring(target, branch, scope);
      if (failure === null) return null;
      this.#failures.push(failure);
      if (!failsOver(failure)) {
        if (target.hop !== null) health.up(target.hop.uri);
        return failure;
      }
      if (target.hop !== null && (failure.kind !== 'failed' || failure.sent)) health.down(target.hop.uri);
      const next = branch.targets[index + 1]?.uri;
      log.warn({ call: this.#facts.call.id, target: target.uri, why: failureText(failure), next }, 'next hop failed');
    }
    return failure;
  }

  /** A 3xx is followed by the user part of its Contact, through the routes; its host is never dialled (design 4.3). */
  async #follow(branch: Branch, scope: Scope, failure: Extract<Failure, { kind: 'final' }>): Promise<Failure | null> {
    const { limits, log } = this.#context;
    const { call } = this.#facts;
    const next = redirectedTo(header(failure.headers, 'contact'));
    const allowed =
      next !== null &&
      this.#redirects < limits.redirects &&
      !this.#listener.committed() &&
      !this.#been.has(next.number) &&
      branch.targets.every(({ kind }) => kind === 'phone');
    const plan = allowed ? this.#facts.plan({ ...next, why: REDIRECTED }) : null;
    const followed = plan !== null && plan.stages.length > 0;
    log.info({ call: call.id, status: failure.status, to: next?.number, followed }, 'call redirected');
    if (!followed || next === null) return failure;
    this.#redirects += 1;
    const from = branch.number ?? branch.user;
    const detail = `${failure.status} ${failure.phrase}: the call for ${from} went on to ${next.number}`;
    this.#tell({ kind: 'redirected', source: branch.user, strength: 'certain', detail });
    return this.#ringPlan(plan, scope);
  }

  /** Rings one target. Null: answered, or nobody waits for it any more. */
  async #ring(
    target: Target,
    branch: Branch,
    scope: Scope,
    supported: readonly string[] = [],
  ): Promise<Failure | null> {
    // The caller may have gone while something was awaited.
    if (this.#stopped(scope)) return null;
    if (this.#facts.call.legCount >= this.#context.limits.legsPerCall) {
      this.#context.log.warn({ call: this.#facts.call.id, target: target.uri }, 'too many legs of one call: not rung');
      return { kind: 'failed', failure: 'transport', sent: false, rang: false, alerted: false };
    }
    const leg = this.#invite(target, branch, scope, supported);
    const result = await leg.result;
    if (result.kind === 'failed') {
      const { failure } = result;
      const demanded = failure.kind === 'final' && failure.status === 421 ? demandedOptions(failure.headers) : [];
      // RFC 3261 21.4.15: what it insists on is offered to it, once.
      if (supported.length === 0 && demanded.length > 0) return this.#ring(target, branch, scope, demanded);
      return this.#over ? null : failure;
    }
    if (result.kind === 'answered') this.#answered(leg, target, result);
    return null;
  }

  #answered(leg: OutboundLeg, { hop }: Target, { response, dialog }: Extract<RingResult, { kind: 'answered' }>): void {
    if (hop !== null) this.#context.health.up(hop.uri);
    if (this.#over) {
      leg.giveUp('gateway', { reason: ELSEWHERE });
      return;
    }
    this.#over = true;
    this.#listener.answered(leg, response, dialog);
    for (const other of this.#open.keys()) if (other !== leg) other.giveUp('gateway', { reason: ELSEWHERE });
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

  #invite(target: Target, { ringTimeoutMs, mailbox, why }: Branch, scope: Scope, supported: readonly string[]) {
    const { limits, calls, now } = this.#context;
    const { call, caller, invite } = this.#facts;
    call.places.add(placeOf(target.uri));
    const leg: OutboundLeg = new OutboundLeg(
      {
        call,
        caller,
        kind: target.kind,
        mailbox,
        agent: invite.agent,
        invite: this.#outgoing(target, why, supported),
        ringTimeoutMs,
        limits,
        now,
      },
      {
        sent: (callId) => calls.enterLeg(call, callId),
        provisional: (response) => this.#listener.provisional(response, target.kind, this.#branches > 1),
        over: (over) => {
          this.#open.delete(over);
          this.#listener.over();
        },
      },
    );
    this.#open.set(leg, scope);
    return leg;
  }

  #outgoing({ uri, kind, hop }: Target, diversion: Branch['why'], supported: readonly string[]): OutgoingInvite {
    const { call, invite } = this.#facts;
    const { headers: incoming, body } = invite.request;
    const toPeer = this.#context.hopPeers.at(uri) !== null;
    const calledUri = call.start.calleeUri;
    const headers = outgoingHeaders({ incoming, callId: call.id, uri, toPeer, kind, calledUri, diversion });
    const { username, password = '' } = hop ?? {};
    const credentials = username === undefined ? {} : { credentials: { username, password } };
    return { uri, headers: supporting(headers, supported), body, ...credentials };
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
