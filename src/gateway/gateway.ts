import { lookup } from 'node:dns/promises';
import { createAdmission, PHONES, type Admission, type Refused } from './access/admission.ts';
import { unassertingInvite } from './access/assertions.ts';
import { Calls } from './calls/calls.ts';
import type { GatewayContext } from './context.ts';
import { Dialogs } from './calls/dialogs.ts';
import { createFeatureCodeCalls } from './phones/feature-codes.ts';
import { ALLOW, header, tagOf, unsupportedOptions } from './message/headers.ts';
import { sourceOf } from './access/guesses.ts';
import { createHopHealth } from './hops/hop-health.ts';
import { createHopPeers, type Resolve } from './hops/hop-peers.ts';
import { LIMITS, REFUSAL_LINE_MS, RETRY_AFTER_FULL, type GatewayLimits } from './limits.ts';
import { createMessageWaiting, voicemailUris, type MessageWaiting } from './voicemail/message-waiting.ts';
import { hopUris, watchHops } from './hops/options.ts';
import { createPeerLimits } from './access/peer-limits.ts';
import { createPeerTable, type PeerTable } from './access/peers.ts';
import { createSeldom, type Seldom } from './access/seldom.ts';
import { receive } from './calls/receive.ts';
import { Registrar } from './phones/registrar.ts';
import { createRouter } from './hops/routing.ts';
import { connectUserAgent } from './agent/srf.ts';
import { subscribeToMailboxes, type MailboxSubscriptions } from './voicemail/subscriptions.ts';
import type { EngineAddress, EngineStatus, Gateway, GatewayOptions } from './types.ts';
import type { IncomingInvite, Reply, SipRequest, UserAgent } from './agent/user-agent.ts';
import { createVoicemailTargets } from './voicemail/voicemail-signs.ts';

/** What is held at this moment; all zero when nothing lives. */
export interface Holdings {
  readonly calls: number;
  readonly keys: number;
  readonly callers: number;
  readonly settling: number;
  readonly dialogs: number;
  /** Call-IDs by which a dialog can be taken over. */
  readonly named: number;
  readonly pendingInvites: number;
}

/** @throws Error where a CIDR or a route's regular expression cannot be read */
export function createGateway(options: GatewayOptions): Gateway {
  return new SipGateway(options, LIMITS);
}

export class SipGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly #context: GatewayContext;
  readonly #peers: PeerTable;
  readonly #admission: Admission;
  readonly #registrar: Registrar;
  readonly #agents: UserAgent[] = [];
  readonly #messages: MessageWaiting;
  readonly #refusals: Seldom;
  #subscriptions: MailboxSubscriptions | null = null;
  #draining = false;
  #stopWatching: () => void = () => undefined;
  #stopped: Promise<void> | null = null;

  constructor(options: GatewayOptions, limits: GatewayLimits) {
    const { settings, ledger, phones, registrations, log, now } = options;
    this.#options = options;
    this.#refusals = createSeldom(now, REFUSAL_LINE_MS);
    this.#peers = createPeerTable(settings.peers);
    this.#admission = createAdmission({ settings, peers: this.#peers, phones, now });
    const isPhone = (number: string): boolean => phones.hasNumber?.(number) ?? phones.find(number)?.number === number;
    this.#registrar = new Registrar({ settings: settings.registrar, registrations, isPhone, log, now });
    this.#context = {
      settings,
      limits,
      policy: options.policy,
      calls: new Calls(ledger, log),
      dialogs: new Dialogs(now),
      voicemailTargets: createVoicemailTargets(settings.voicemail),
      featureCodes: createFeatureCodeCalls({ ...options, codes: settings.featureCodes, limits }),
      hopPeers: createHopPeers([...hopUris(settings), ...voicemailUris(settings.voicemail)], this.#peers, resolveHost),
      route: createRouter(settings.routing),
      health: createHopHealth(now),
      peerLimits: createPeerLimits(now, log),
      phones: this.#registrar,
      log,
      now,
    };
    this.#messages = createMessageWaiting({ context: this.#context, ledger, agent: () => this.#anyAgent() });
  }

  get connected(): boolean {
    return this.#agents.some(({ connected }) => connected);
  }

  get engines(): readonly EngineStatus[] {
    return this.#options.engines.map(({ host, port }, index) => ({
      address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      connected: this.#agents[index]?.connected === true,
    }));
  }

  get hops(): Gateway['hops'] {
    const hops = new Set(hopUris(this.#options.settings));
    return [...hops].map((uri) => {
      const { up, since } = this.#context.health.state(uri);
      return { uri, up, since };
    });
  }

  get registered(): Gateway['registered'] {
    return this.#registrar.registered;
  }

  phonesChanged(): void {
    this.#registrar.accountsChanged();
  }

  get sipAddresses(): readonly string[] {
    return this.#agents.flatMap(({ sipAddresses }) => sipAddresses);
  }

  get holdings(): Holdings {
    const sum = (count: (agent: UserAgent) => number): number =>
      this.#agents.reduce((total, agent) => total + count(agent), 0);
    return {
      ...this.#context.calls.sizes,
      dialogs: sum(({ holdings }) => holdings.dialogs),
      named: this.#context.dialogs.size,
      pendingInvites: sum(({ holdings }) => holdings.pendingInvites),
    };
  }

  async start(): Promise<void> {
    const { settings, engines, log } = this.#options;
    const { hopPeers, health } = this.#context;
    // Before the first engine, so that no call finds a phone missing that is registered.
    await this.#registrar.start();
    // Calls do not wait for names: until a hop's is known, the hop is nobody's.
    void hopPeers.start().then(() => {
      if (this.#stopped === null)
        this.#stopWatching = watchHops(settings, hopPeers, health, () => this.#anyAgent(), log);
    });
    try {
      await Promise.any(engines.map((engine) => this.#connect(engine)));
    } catch (cause) {
      const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
      const said = errors.map((error) => (error instanceof Error ? error.message : String(error)));
      throw new Error(said.join(' '), { cause });
    }
    if (this.#stopped === null) this.#subscribe();
  }

  #anyAgent(): UserAgent | null {
    return this.#agents.find(({ connected }) => connected) ?? null;
  }

  #subscribe(): void {
    const { settings, policy, log } = this.#options;
    const { routing, voicemail } = settings;
    if (voicemail.mwi === null) return;
    const hops = [...routing.nextHop, ...routing.routes.flatMap(({ nextHop }) => nextHop)];
    const parts = { settings: voicemail.mwi, hops, policy, messages: this.#messages, log };
    this.#subscriptions = subscribeToMailboxes({ ...parts, agent: () => this.#anyAgent() });
  }

  get liveCallCount(): number {
    return this.#context.calls.sizes.calls;
  }

  liveCallsOf(peer: string): number {
    return this.#context.calls.liveOf(peer);
  }

  liveCalls(limit = Infinity): ReturnType<Gateway['liveCalls']> {
    const all = this.#context.calls.all().toReversed();
    return all.slice(0, limit).map((call) => call.live());
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const { calls } = this.#context;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([calls.idle(), timeout]);
    clearTimeout(timer);
    this.#interruptAll();
    await calls.idle();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopWatching();
    this.#context.hopPeers.stop();
    await this.drain(0);
    this.#context.featureCodes.stop();
    await this.#subscriptions?.stop();
    for (const agent of this.#agents) agent.close();
    await this.#registrar.stop();
  }

  #interruptAll(): void {
    for (const call of this.#context.calls.all()) {
      const callers = [...call.callers];
      if (callers.some(({ wanted }) => wanted)) {
        call.interrupted(this.#context.now(), 'the gateway stopped while the call was up');
      }
      for (const leg of callers) leg.interrupt();
    }
  }

  /** Resolves with the engine's first OK; rejects where it does not accept our secret. */
  async #connect(engine: EngineAddress): Promise<void> {
    const { log } = this.#options;
    const where = { host: engine.host, port: engine.port };
    let refused = false;
    await new Promise<void>((resolve, reject) => {
      const agent: UserAgent = connectUserAgent({
        engine,
        limits: this.#context.limits,
        log,
        listener: {
          connected: () => {
            refused = false;
            log.info({ ...where, sipAddresses: agent.sipAddresses }, 'connected to the SIP engine');
            this.#subscriptions?.connected();
            resolve();
          },
          refused: () => {
            // Tried again every second, said once.
            if (!refused) log.error(where, 'the SIP engine does not accept the secret');
            refused = true;
            reject(new Error(`The SIP engine at ${engine.host}:${engine.port} does not accept the secret.`));
          },
          lost: () => {
            log.warn(where, 'the connection to the SIP engine is lost');
            this.#lost(agent);
          },
          invite: (invite) => this.#invite(invite),
          request: (request, reply) => this.#request(request, reply, agent),
        },
      });
      this.#agents.push(agent);
    });
  }

  /** Calls that the engine carried cannot be talked to any more: they are over, and nobody knows how they went on. */
  #lost(agent: UserAgent): void {
    this.#registrar.engineLost(agent);
    this.#subscriptions?.lost(agent);
    for (const call of this.#context.calls.all()) {
      const legs = [...call.callers].filter((leg) => leg.agent === agent);
      if (legs.length === 0) continue;
      if (legs.some(({ wanted }) => wanted)) {
        call.interrupted(this.#context.now(), 'the connection to the SIP engine was lost while the call was up');
      }
      for (const leg of legs) leg.lost();
    }
  }

  /** What is refused here costs one answer and is no call: nothing of it is journalled. */
  #invite(invite: IncomingInvite): void {
    const admitted = this.#admission.admit(invite.request);
    if (admitted.kind === 'refused') {
      this.#refuse(invite.request, admitted, invite.reply);
      return;
    }
    const { request, peer, account } = admitted;
    const refusal = this.#refusalOf(request, invite.callId);
    if (refusal !== null) {
      this.#refuse(request, refusal, invite.reply, peer.name);
      return;
    }
    const believed = peer.trustCallerId ? invite : unassertingInvite({ ...invite, request });
    receive(believed, { peer, account }, this.#options, this.#context);
  }

  /** Why an INVITE of somebody who may call is none that we can carry. */
  #refusalOf({ headers, body }: SipRequest, callId: string): Refused | null {
    const { calls, limits } = this.#context;
    const unsupported = unsupportedOptions(headers, body !== '').join(', ');
    if (this.#draining) return refused(503, 'the gateway is stopping', RETRY_AFTER_FULL);
    if (calls.callerCount >= limits.liveCallers) {
      return refused(503, `${limits.liveCallers} calls live already`, RETRY_AFTER_FULL);
    }
    if (callId === '' || tagOf(header(headers, 'from')) === null) return refused(400, 'Call-ID or From tag is missing');
    if (header(headers, 'contact') === undefined) return refused(400, 'Contact is missing');
    return unsupported === '' ? null : refused(420, `requires ${unsupported}`, { unsupported });
  }

  #refuse(
    { method, source, sourceAddress, headers }: SipRequest,
    { status, headers: said, why }: Refused,
    reply: Reply,
    peer?: string,
  ): void {
    // A challenge is how everybody begins.
    const level = method === 'OPTIONS' || why === null ? 'debug' : 'info';
    const isPeer = peer !== undefined && peer !== PHONES;
    // A peer's are a matter of its configuration; anybody else's may be a flood.
    const count = isPeer || level === 'debug' ? 1 : this.#refusals.count(sourceOf(sourceAddress));
    if (count !== null) {
      const sipCallId = header(headers, 'call-id');
      const fields = { from: source, peer, sipCallId, status, why, ...(count > 1 ? { refused: count } : {}) };
      this.#context.log[level](fields, `${method} refused`);
    }
    reply(status, { headers: said });
  }

  #request(request: SipRequest, reply: Reply, agent: UserAgent): void {
    if (request.method === 'REGISTER') {
      this.#register(request, reply, agent);
      return;
    }
    const admitted = this.#admission.admit(request);
    if (admitted.kind === 'refused') {
      this.#refuse(request, admitted, reply);
      return;
    }
    const { method } = request;
    if (method === 'NOTIFY' && admitted.account === null) {
      this.#messages.receive(request, admitted.peer, reply);
    } else if (method !== 'OPTIONS') {
      // RFC 6665 4.1.3 and the like: what belongs to a dialog or subscription belongs to none of ours.
      if (method === 'NOTIFY' || method === 'INFO') reply(481);
      else if (method === 'REFER') reply(603);
      else reply(405, { headers: { allow: ALLOW } });
    } else if (this.#draining) {
      reply(503, { headers: RETRY_AFTER_FULL });
    } else {
      reply(200, { headers: { allow: ALLOW, accept: 'application/sdp' } });
    }
  }

  #register(request: SipRequest, reply: Reply, agent: UserAgent): void {
    const registrant = this.#admission.admitRegister(request);
    if (registrant.kind === 'refused') this.#refuse(request, registrant, reply);
    else this.#registrar.answer({ request, ...registrant, agent }, reply);
  }
}

function refused(status: number, why: string, headers: Readonly<Record<string, string>> = {}): Refused {
  return { kind: 'refused', status, headers, why };
}

const resolveHost: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);
