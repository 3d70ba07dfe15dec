import { lookup } from 'node:dns/promises';
import { Calls } from './calls.ts';
import type { GatewayContext } from './context.ts';
import { ALLOW, header, tagOf, unsupportedOptions } from './headers.ts';
import { createHopPeers, type Resolve } from './hop-peers.ts';
import { LIMITS, RETRY_AFTER_FULL, type GatewayLimits } from './limits.ts';
import { hopUris, watchHops } from './options.ts';
import { createPeerLimits } from './peer-limits.ts';
import { createPeerTable, type PeerTable } from './peers.ts';
import { receive } from './receive.ts';
import { createHopHealth, createRouter } from './routing.ts';
import { connectUserAgent } from './srf.ts';
import type { EngineAddress, EngineStatus, Gateway, GatewayOptions } from './types.ts';
import type { IncomingInvite, Reply, SipRequest, UserAgent } from './user-agent.ts';
import { createVoicemailTargets } from './voicemail-signs.ts';

/** What is held at this moment; all zero when nothing lives. */
export interface Holdings {
  readonly calls: number;
  readonly keys: number;
  readonly callers: number;
  readonly settling: number;
  readonly dialogs: number;
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
  readonly #agents: UserAgent[] = [];
  #draining = false;
  #stopWatching: () => void = () => undefined;
  #stopped: Promise<void> | null = null;

  constructor(options: GatewayOptions, limits: GatewayLimits) {
    const { settings, ledger, log, now } = options;
    this.#options = options;
    this.#peers = createPeerTable(settings.peers);
    this.#context = {
      settings,
      limits,
      policy: options.policy,
      calls: new Calls(ledger, log),
      voicemailTargets: createVoicemailTargets(settings.voicemail),
      hopPeers: createHopPeers(hopUris(settings), this.#peers, resolveHost),
      route: createRouter(settings.routing),
      health: createHopHealth(now),
      peerLimits: createPeerLimits(now, log),
      phones: {
        contactsOf: () => [],
        wayTo: ({ contact }) => ({ uri: contact, proxy: null, route: null, agent: null }),
        contactFailed: () => undefined,
      },
      log,
      now,
    };
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
    return hopUris(this.#options.settings).map((uri) => ({
      uri,
      up: !this.#context.health.isDown(uri),
      since: null,
    }));
  }

  get registered(): Gateway['registered'] {
    return [];
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
      pendingInvites: sum(({ holdings }) => holdings.pendingInvites),
    };
  }

  async start(): Promise<void> {
    const { settings, engines, log } = this.#options;
    const { hopPeers, health } = this.#context;
    const anyAgent = (): UserAgent | null => this.#agents.find(({ connected }) => connected) ?? null;
    // Calls do not wait for names: until a hop's is known, the hop is nobody's.
    void hopPeers.start().then(() => {
      if (this.#stopped === null) this.#stopWatching = watchHops(settings, hopPeers, health, anyAgent, log);
    });
    try {
      await Promise.any(engines.map((engine) => this.#connect(engine)));
    } catch (cause) {
      const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
      const said = errors.map((error) => (error instanceof Error ? error.message : String(error)));
      throw new Error(said.join(' '), { cause });
    }
  }

  get liveCallCount(): number {
    return this.#context.calls.sizes.calls;
  }

  liveCalls(): ReturnType<Gateway['liveCalls']> {
    return this.#context.calls.all().map((call) => call.live());
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
    for (const agent of this.#agents) agent.close();
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
          request: (request, reply) => this.#request(request, reply),
        },
      });
      this.#agents.push(agent);
    });
  }

  /** Calls that the engine carried cannot be talked to any more: they are over, and nobody knows how they went on. */
  #lost(agent: UserAgent): void {
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
    const { request, callId } = invite;
    const { calls, limits, log } = this.#context;
    const peer = this.#peers.find(request.sourceAddress);
    const refuse = (status: number, why: string, headers: Record<string, string> = {}): void => {
      log.info({ from: request.sourceAddress, peer: peer?.name, sipCallId: callId, status, why }, 'INVITE refused');
      invite.reply(status, { headers });
    };
    if (peer === null) {
      refuse(403, 'not one of the peers');
      return;
    }
    const unsupported = unsupportedOptions(request.headers, request.body !== '');
    if (this.#draining) {
      refuse(503, 'the gateway is stopping', RETRY_AFTER_FULL);
    } else if (calls.callerCount >= limits.liveCallers) {
      refuse(503, `${limits.liveCallers} calls live already`, RETRY_AFTER_FULL);
    } else if (callId === '' || tagOf(header(request.headers, 'from')) === null) {
      refuse(400, 'Call-ID or From tag is missing');
    } else if (header(request.headers, 'contact') === undefined) {
      refuse(400, 'Contact is missing');
    } else if (unsupported.length > 0) {
      refuse(420, `requires ${unsupported.join(', ')}`, { unsupported: unsupported.join(', ') });
    } else {
      receive(invite, peer, this.#options, this.#context);
    }
  }

  #request(request: SipRequest, reply: Reply): void {
    const { log } = this.#context;
    const { method, sourceAddress } = request;
    if (this.#peers.find(sourceAddress) === null) {
      log.debug({ from: sourceAddress, method }, 'request refused: not one of the peers');
      reply(403);
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
}

const resolveHost: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);
