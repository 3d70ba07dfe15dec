import type { Ledger } from '../../call/index.ts';
import { Call, type CallFacts } from './call.ts';
import { placeOf } from '../hops/routing.ts';
import type { GatewayLog } from '../types.ts';

/** What an INVITE can be recognised by (design 4.2: what makes two INVITEs one call). */
export interface InviteKeys {
  readonly requestUri: string;
  readonly callId: string;
  /** The user name of the registered phone that sent it; null: a peer did. */
  readonly account: string | null;
  /** The peer that sent it where it is not believed about callers (`trustCallerId: false`); else null. */
  readonly unbelieved: string | null;
  /** X-MCG-Call, from a peer. */
  readonly ownCall: string | null;
  /** RFC 7989. */
  readonly sessionUuid: string | null;
  /** Caller and mailbox, where the peer forks. */
  readonly fork: string | null;
  /** Whose number was called. */
  readonly mailbox: string | null;
}

export type Belonging =
  | { readonly kind: 'new' }
  | { readonly kind: 'joined'; readonly call: Call; readonly by: string; readonly returned: boolean }
  /** It has been here before: 482. */
  | { readonly kind: 'loop'; readonly call: Call; readonly why: string };

/** The live calls. Every call leaves it, with all its keys, when its last leg is over. */
export class Calls {
  readonly #ledger: Ledger;
  readonly #log: GatewayLog;
  readonly #calls = new Map<string, Call>();
  /** By `call-id …`, `leg …`, `session …`, `fork …`: a call keeps its key as long as somebody waits for its answer. */
  readonly #byKey = new Map<string, Call>();
  /** Live calls by who began them (`starterOf`). */
  readonly #ofStarter = new Map<string, number>();
  readonly #settling = new Set<Promise<void>>();
  #idle: (() => void)[] = [];
  #callers = 0;

  constructor(ledger: Ledger, log: GatewayLog) {
    this.#ledger = ledger;
    this.#log = log;
  }

  /** Inbound legs alive. */
  get callerCount(): number {
    return this.#callers;
  }

  /** Live calls that this peer or phone began. */
  liveOf(starter: string): number {
    return this.#ofStarter.get(starter) ?? 0;
  }

  get sizes(): { readonly calls: number; readonly keys: number; readonly callers: number; readonly settling: number } {
    return {
      calls: this.#calls.size,
      keys: this.#byKey.size,
      callers: this.#callers,
      settling: this.#settling.size,
    };
  }

  all(): Call[] {
    return [...this.#calls.values()];
  }

  /** Whether an INVITE is part of a live call, and whether it may be. */
  belonging(keys: InviteKeys): Belonging {
    // A proxy sent our own leg back: RFC 3261 16.3 step 4.
    const own = this.#byKey.get(legKey(keys.callId));
    if (own !== undefined) return { kind: 'loop', call: own, why: 'one of our own legs came back with its Call-ID' };
    const named = keys.ownCall === null ? undefined : this.#calls.get(keys.ownCall);
    if (named !== undefined) {
      const place = placeOf(keys.requestUri);
      if (named.places.has(place)) return { kind: 'loop', call: named, why: `the call has been to ${place} before` };
      return { kind: 'joined', call: named, by: 'X-MCG-Call', returned: true };
    }
    for (const [key, by] of joinKeys(keys)) {
      const call = this.#byKey.get(key);
      if (call === undefined) continue;
      // Of a phone it is the same call only where it was its own: whoever knows another's Session-ID or Call-ID is not in its call.
      if (keys.account !== null && call.account !== keys.account) continue;
      // Nor is a peer that is not believed about callers, but in calls of its own.
      if (keys.unbelieved !== null && call.start.peer !== keys.unbelieved) continue;
      // Forks start together: who calls while they talk, or after they hung up, calls again.
      if (by === 'caller and mailbox' && !stillRings(call)) continue;
      // A Session-ID or Call-ID is the caller's to choose: it takes nobody else's call into one that was answered.
      if (isAnswered(call) && call.start.mailbox !== keys.mailbox) continue;
      return { kind: 'joined', call, by, returned: false };
    }
    return { kind: 'new' };
  }

  open(facts: CallFacts): Call {
    const call = new Call(facts, this.#ledger, this.#log);
    this.#calls.set(call.id, call);
    const starter = starterOf(call.start.peer, call.account);
    this.#ofStarter.set(starter, this.liveOf(starter) + 1);
    return call;
  }

  /** An inbound leg lives: its call is found by its keys. */
  enter(call: Call, keys: InviteKeys): void {
    this.#callers += 1;
    for (const [key] of joinKeys(keys)) this.#index(call, key);
  }

  /** The engine named an outbound leg. */
  enterLeg(call: Call, callId: string): void {
    // A leg that its call did not wait for any longer may still be named.
    if (this.#calls.has(call.id)) this.#index(call, legKey(callId));
  }

  /** An inbound leg is over; with the last one, the call is. */
  leave(call: Call, at: number): void {
    this.#callers -= 1;
    if (call.callers.size > 0) return;
    this.#calls.delete(call.id);
    this.#release(starterOf(call.start.peer, call.account));
    for (const key of call.keys) this.#byKey.delete(key);
    const settled = call.ended(at).finally(() => {
      this.#settling.delete(settled);
      this.#tellIdle();
    });
    this.#settling.add(settled);
  }

  /** Resolves when no call lives and the ledger knows of the end of each. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #release(starter: string): void {
    const left = this.liveOf(starter) - 1;
    if (left > 0) this.#ofStarter.set(starter, left);
    else this.#ofStarter.delete(starter);
  }

  #isIdle(): boolean {
    return this.#calls.size === 0 && this.#settling.size === 0;
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }

  #index(call: Call, key: string): void {
    const holder = this.#byKey.get(key);
    if (holder === call || (holder !== undefined && stillRings(holder))) return;
    // Nor does a phone take what another call is known by while that lives.
    if (holder !== undefined && call.account !== null && call.account !== holder.account) return;
    holder?.keys.delete(key);
    this.#byKey.set(key, call);
    call.keys.add(key);
  }
}

/** Whose calls are counted together: a peer's, or those of one account of a phone. No peer's name has a slash. */
export function starterOf(peer: string, account: string | null): string {
  return account === null ? peer : `${peer}/${account}`;
}

/** Somebody waits for its answer. */
function stillRings(call: Call): boolean {
  return !isAnswered(call) && [...call.callers].some(({ wanted }) => wanted);
}

function isAnswered(call: Call): boolean {
  return call.state.callers.some(({ answeredAt }) => answeredAt !== null);
}

function legKey(callId: string): string {
  return `leg ${callId}`;
}

/** Strongest first. */
function joinKeys({ callId, sessionUuid, fork }: InviteKeys): [key: string, by: string][] {
  const keys: [string, string][] = [];
  if (sessionUuid !== null) keys.push([`session ${sessionUuid}`, 'Session-ID']);
  keys.push([`call-id ${callId}`, 'Call-ID']);
  if (fork !== null) keys.push([`fork ${fork}`, 'caller and mailbox']);
  return keys;
}
