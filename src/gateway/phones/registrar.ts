import { parseAddress, withoutHeaders } from '../message/address.ts';
import { connectionKey, register } from './bindings.ts';
import type { PhoneWay, RegisteredPhones } from '../context.ts';
import type { Failure } from '../hunt/outcome.ts';
import type { GatewayLog, PhoneAccount, RegistrarSettings, Registration, Registrations } from '../types.ts';
import type { Reply, SipRequest, UserAgent } from '../agent/user-agent.ts';

/** Contacts of all phones together; one more gets 503 with Retry-After. As many as the engine remembers connections of. */
export const MAX_REGISTRATIONS = 100_000;
/** What has expired is left out at once, and taken away so often. */
export const SWEEP_MS = 30_000;
/** Addresses-of-record that are written at once. */
const SAVES_AT_ONCE = 16;
/** How long the last writes may take when the gateway stops. */
const LAST_SAVES_MS = 5_000;

export interface RegistrarOptions {
  /** Null: nobody registers here. */
  readonly settings: RegistrarSettings | null;
  readonly registrations: Registrations;
  /** Whether there is an account of this number now. */
  readonly isPhone: (number: string) => boolean;
  readonly log: GatewayLog;
  readonly now: () => number;
  readonly maxRegistrations?: number;
}

/** A REGISTER, and who has shown a password for it. */
export interface RegisterFacts {
  readonly request: SipRequest;
  readonly account: PhoneAccount;
  /** Its source is one of the peers. */
  readonly fromPeer: boolean;
  readonly agent: UserAgent;
}

/**
 * The registrar (RFC 3261 10.3): what is registered, in memory; written behind, so that a slow journal delays no phone. What
 * could not be written is written with the next change or sweep.
 */
export class Registrar implements RegisteredPhones {
  readonly #options: RegistrarOptions;
  readonly #max: number;
  readonly #bindings = new Map<string, readonly Registration[]>();
  /** Those that a connection leads to, by what the engine knows that by. */
  readonly #connected = new Map<string, Registration>();
  /** Of this life. */
  readonly #agents = new WeakMap<Registration, UserAgent>();
  readonly #unsaved = new Set<string>();
  #count = 0;
  #saving: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#max = options.maxRegistrations ?? MAX_REGISTRATIONS;
  }

  /** What stands now. */
  get registered(): readonly Registration[] {
    const now = this.#options.now();
    return [...this.#bindings.values()].flat().filter(({ expiresAt }) => expiresAt > now);
  }

  /** Reads what an earlier life left: contacts over UDP, whose way is still there. */
  async start(): Promise<void> {
    const { settings, registrations, isPhone, log, now } = this.#options;
    if (settings === null) return;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    const kept = await registrations.load().catch((error: unknown) => {
      log.error({ error }, 'the registrations could not be read: phones are rung once they have registered again');
      return [];
    });
    for (const registration of kept) {
      const { aor, expiresAt } = registration;
      const standing = this.#bindings.get(aor) ?? [];
      const stands = expiresAt > now() && isOverUdp(registration) && isPhone(aor);
      // Who has registered meanwhile has said it better.
      if (!stands || standing.some((binding) => this.#agents.has(binding)) || this.#count >= this.#max) continue;
      this.#put(aor, [...standing, registration]);
    }
  }

  /** Answers a REGISTER whose sender has shown the password for the address-of-record in it. */
  answer({ request, account, fromPeer, agent }: RegisterFacts, reply: Reply): void {
    const { settings, log, now } = this.#options;
    const { headers, source } = request;
    const aor = account.number;
    if (settings === null) {
      reply(403);
      return;
    }
    const before = this.#bindings.get(aor) ?? [];
    const limits = { ...settings, room: this.#max - this.#count };
    const isTaken = (contact: string): boolean => this.#isTaken(contact, aor);
    const result = register(before, { aor, headers, source, pathTrusted: fromPeer, isTaken }, now(), limits);
    if (result.why !== undefined) {
      log.info({ from: source, aor, status: result.status, why: result.why }, 'REGISTER refused');
    } else if (result.contacts !== before) {
      for (const contact of result.contacts) if (!before.includes(contact)) this.#agents.set(contact, agent);
      this.#put(aor, result.contacts);
      this.#save(aor);
      this.#tell(aor, before, result.contacts);
    }
    reply(result.status, { headers: result.headers });
  }

  /** The contacts of these numbers, those with the highest q first (RFC 3261 20.10). */
  contactsOf(numbers: Iterable<string>): readonly Registration[] {
    if (this.#count === 0) return [];
    const now = this.#options.now();
    const standing = [...new Set(numbers)].flatMap((number) => this.#bindings.get(number) ?? []);
    return standing.filter(({ expiresAt }) => expiresAt > now).sort((a, b) => b.q - a.q);
  }

  /**
   * For UDP it is sent where the REGISTER came from (RFC 3581), behind a proxy to the first of its Path, else over the connection
   * that it registered on, which the engine knows by the Contact. The host of a Contact is never dialled.
   */
  wayTo(registration: Registration): PhoneWay {
    const { contact, path, source } = registration;
    const registeredAt = this.#agents.get(registration);
    const agent = registeredAt?.connected === true ? registeredAt : null;
    const uri = withoutHeaders(contact);
    const [first] = path;
    if (first !== undefined) {
      return { uri, proxy: parseAddress(first)?.uri ?? null, route: path.join(', '), agent };
    }
    const proxy = isOverUdp(registration) ? `sip:${source.slice('udp/'.length)};transport=udp` : null;
    return { uri, proxy, route: null, agent };
  }

  /** An INVITE to it failed: where its connection is gone, so is the phone (RFC 5626 5.3). */
  contactFailed(registration: Registration, failure: Failure): void {
    const gone =
      failure.kind === 'final'
        ? failure.status === 430
        : failure.kind === 'failed' && failure.failure === 'transport' && failure.sent;
    if (!gone || this.wayTo(registration).proxy !== null) return;
    const { aor, contact, source } = registration;
    this.#drop(aor, (binding) => binding.contact === contact && binding.source === source, 'its connection is gone');
  }

  /** An engine is gone, and every connection of it. */
  engineLost(agent: UserAgent): void {
    for (const aor of this.#bindings.keys()) {
      const ofEngine = (binding: Registration): boolean => !isOverUdp(binding) && this.#agents.get(binding) === agent;
      this.#drop(aor, ofEngine, 'its connection is gone with the SIP engine');
    }
  }

  isPhone(number: string): boolean {
    return this.#options.isPhone(number);
  }

  /** There are other accounts now. */
  accountsChanged(): void {
    for (const aor of this.#bindings.keys()) {
      if (!this.isPhone(aor)) this.#drop(aor, () => true, 'there is no such account any more');
    }
  }

  /** Resolves when what is known has been written, or cannot be. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#write();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_SAVES_MS)));
    await Promise.race([this.#saving, late]);
    clearTimeout(timer);
  }

  #isTaken(contact: string, aor: string): boolean {
    const holder = this.#connected.get(connectionKey(contact));
    return holder !== undefined && holder.aor !== aor && holder.expiresAt > this.#options.now();
  }

  #put(aor: string, contacts: readonly Registration[]): void {
    const before = this.#bindings.get(aor) ?? [];
    for (const binding of before) {
      const key = connectionKey(binding.contact);
      if (this.#connected.get(key) === binding) this.#connected.delete(key);
    }
    for (const binding of contacts)
      if (!isOverUdp(binding)) this.#connected.set(connectionKey(binding.contact), binding);
    this.#count += contacts.length - before.length;
    if (contacts.length === 0) this.#bindings.delete(aor);
    else this.#bindings.set(aor, contacts);
  }

  #drop(aor: string, isGone: (binding: Registration) => boolean, why: string): void {
    const before = this.#bindings.get(aor) ?? [];
    const kept = before.filter((binding) => !isGone(binding));
    if (kept.length === before.length) return;
    this.#put(aor, kept);
    this.#save(aor);
    this.#options.log.info({ aor, contacts: kept.length, why }, 'a phone is no longer registered');
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const aor of this.#bindings.keys()) this.#drop(aor, ({ expiresAt }) => expiresAt <= now, 'it has expired');
    this.#write();
  }

  #tell(aor: string, before: readonly Registration[], after: readonly Registration[]): void {
    const { log, now } = this.#options;
    const of = ({ contact, source, userAgent }: Registration): object => ({ aor, contact, from: source, userAgent });
    for (const binding of after) {
      const known = before.some(({ contact, source }) => contact === binding.contact && source === binding.source);
      const expiresS = Math.ceil((binding.expiresAt - now()) / 1000);
      if (!known) log.info({ ...of(binding), expiresS }, 'a phone has registered');
    }
    for (const binding of before) {
      const replaced = after.some(({ contact }) => contact === binding.contact);
      if (!replaced) log.info({ ...of(binding) }, 'a phone has unregistered');
    }
  }

  #save(aor: string): void {
    this.#unsaved.add(aor);
    this.#write();
  }

  #write(): void {
    if (this.#saving !== null || this.#unsaved.size === 0) return;
    this.#saving = this.#saveAll();
  }

  /** Whatever changes meanwhile goes with the next round, once. */
  async #saveAll(): Promise<void> {
    const { registrations, log } = this.#options;
    while (this.#unsaved.size > 0) {
      const round = [...this.#unsaved].slice(0, SAVES_AT_ONCE);
      for (const aor of round) this.#unsaved.delete(aor);
      const done = await Promise.allSettled(round.map((aor) => registrations.save(aor, this.#lasting(aor))));
      const failed = round.filter((_, index) => done[index]?.status === 'rejected');
      if (failed.length === 0) continue;
      const error: unknown = done.find((result) => result.status === 'rejected')?.reason;
      log.error({ error, phones: failed.length }, 'registrations could not be written; they are tried again');
      for (const aor of failed) this.#unsaved.add(aor);
      break;
    }
    this.#saving = null;
  }

  /** A connection does not outlive us. */
  #lasting(aor: string): readonly Registration[] {
    return (this.#bindings.get(aor) ?? []).filter(isOverUdp);
  }
}

function isOverUdp({ source }: Registration): boolean {
  return source.startsWith('udp/');
}
