import type { Mailbox, PolicyStore } from '../../policy/index.ts';
import { hostPort, parseUri } from '../message/address.ts';
import { MESSAGE_SUMMARY_TYPE } from './message-summary.ts';
import { MESSAGE_SUMMARY_EVENT, type MessageWaiting } from './message-waiting.ts';
import { afterAnswer, afterNotify, type Step } from './subscription-steps.ts';
import type { GatewayLog, NextHop } from '../types.ts';
import type { Reply, SipRequest, SipResponse, Subscription, UserAgent } from '../agent/user-agent.ts';

/** Mailboxes that are subscribed to; the others' totals are known only if they are told unasked. */
export const MAX_SUBSCRIPTIONS = 10_000;
/** SUBSCRIBEs are sent one by one, so many in a second at most: a system that starts is not met by all of them at once. */
export const SUBSCRIBES_PER_SECOND = 50;
/** How long `stop` waits for the answers to what it sends. */
export const STOP_WAIT_MS = 2_000;
/** `stop` sends so many times faster: the other side has but to forget. */
const STOP_HASTE = 20;

export interface SubscriptionsParts {
  readonly settings: { readonly subscribe: string; readonly expiresMs: number };
  /** Where one of them is the same system, its credentials are used. */
  readonly hops: readonly NextHop[];
  readonly policy: Pick<PolicyStore, 'current' | 'onChange'>;
  readonly messages: Pick<MessageWaiting, 'subscribed'>;
  /** Any connected engine; null: none just now. */
  readonly agent: () => UserAgent | null;
  readonly log: GatewayLog;
  readonly perSecond?: number;
  readonly max?: number;
}

/** One SUBSCRIBE for each mailbox that has an extension, for as long as the gateway runs (RFC 6665, RFC 3842). */
export interface MailboxSubscriptions {
  /** An engine is connected. */
  connected(): void;
  /** The engine is gone, and every subscription that was made over it. */
  lost(agent: UserAgent): void;
  /** Mailboxes, and how many of them are subscribed to at this moment. */
  readonly size: { readonly mailboxes: number; readonly standing: number };
  /** Unsubscribes; resolves when all have answered, or it took too long. */
  stop(): Promise<void>;
}

interface Watched {
  readonly identity: string;
  readonly extension: string;
  readonly uri: string;
  expiresMs: number;
  failures: number;
  /** A SUBSCRIBE is under way. */
  asking: boolean;
  /** Null: it is not subscribed to. */
  standing: { readonly subscription: Subscription; readonly agent: UserAgent; granted: boolean } | null;
  timer: NodeJS.Timeout | undefined;
  gone: boolean;
}

export function subscribeToMailboxes(parts: SubscriptionsParts): MailboxSubscriptions {
  return new Subscriber(parts);
}

class Subscriber implements MailboxSubscriptions {
  readonly #parts: SubscriptionsParts;
  readonly #watched = new Map<string, Watched>();
  /** Whose turn it is to be asked for, in order. */
  readonly #queue = new Set<Watched>();
  readonly #credentials: Pick<NextHop, 'username' | 'password'>;
  readonly #ignorePolicy: () => void;
  #pacing: NodeJS.Timeout | undefined;
  #stopped = false;
  #saidFull = false;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
    const at = addressOf(parts.settings.subscribe);
    this.#credentials = parts.hops.find(({ uri, username }) => username !== undefined && addressOf(uri) === at) ?? {};
    this.#ignorePolicy = parts.policy.onChange(() => this.#follow());
    this.#follow();
  }

  get size(): MailboxSubscriptions['size'] {
    const standing = [...this.#watched.values()].filter((watched) => watched.standing?.granted === true).length;
    return { mailboxes: this.#watched.size, standing };
  }

  connected(): void {
    this.#pace();
  }

  lost(agent: UserAgent): void {
    for (const watched of this.#watched.values()) {
      if (watched.standing?.agent !== agent) continue;
      watched.standing = null;
      watched.asking = false;
      this.#in(watched, 0);
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#ignorePolicy();
    clearInterval(this.#pacing);
    this.#queue.clear();
    const standing = [...this.#watched.values()].filter((watched) => watched.standing?.granted === true);
    for (const watched of this.#watched.values()) clearTimeout(watched.timer);
    const late = AbortSignal.timeout(STOP_WAIT_MS);
    const tooLate = new Promise((resolve) => late.addEventListener('abort', resolve));
    const asked: Promise<void>[] = [];
    for (let at = 0; at < standing.length && !late.aborted; at += STOP_HASTE) {
      asked.push(...standing.slice(at, at + STOP_HASTE).map((watched) => this.#unsubscribe(watched)));
      await new Promise((resolve) => setTimeout(resolve, this.#intervalMs));
    }
    await Promise.race([Promise.all(asked), tooLate]);
    this.#watched.clear();
  }

  get #intervalMs(): number {
    return 1_000 / (this.#parts.perSecond ?? SUBSCRIBES_PER_SECOND);
  }

  /** The policy is another one: whoever is new in it is subscribed to, whoever is gone no longer. */
  #follow(): void {
    const { policy, settings, log, max = MAX_SUBSCRIPTIONS } = this.#parts;
    const wanted = new Set<string>();
    let full = false;
    for (const { identity, extensions } of policy.current().mailboxes()) {
      const [extension] = extensions;
      const uri = extension === undefined ? null : accountAt(extension, settings.subscribe);
      if (extension === undefined || uri === null) continue;
      full = wanted.size >= max;
      if (full) break;
      wanted.add(identity);
      this.#watch(identity, extension, uri);
    }
    if (full && !this.#saidFull) {
      log.warn(
        { max },
        'more mailboxes than are subscribed to: the totals of the others are known only if they are told unasked',
      );
    }
    this.#saidFull = full;
    for (const watched of this.#watched.values()) if (!wanted.has(watched.identity)) this.#forget(watched);
  }

  #watch(identity: string, extension: string, uri: string): void {
    const known = this.#watched.get(identity);
    if (known?.uri === uri) return;
    if (known !== undefined) this.#forget(known);
    const watched: Watched = {
      identity,
      extension,
      uri,
      expiresMs: this.#parts.settings.expiresMs,
      failures: 0,
      asking: false,
      standing: null,
      timer: undefined,
      gone: false,
    };
    this.#watched.set(identity, watched);
    this.#in(watched, 0);
  }

  #forget(watched: Watched): void {
    watched.gone = true;
    clearTimeout(watched.timer);
    this.#queue.delete(watched);
    this.#watched.delete(watched.identity);
    // Where its first answer is still to come, that unsubscribes it.
    void this.#unsubscribe(watched);
  }

  #in(watched: Watched, delayMs: number): void {
    clearTimeout(watched.timer);
    if (this.#stopped || watched.gone) return;
    if (delayMs > 0) {
      watched.timer = setTimeout(() => this.#in(watched, 0), delayMs);
      return;
    }
    this.#queue.add(watched);
    this.#pace();
  }

  #pace(): void {
    if (this.#pacing !== undefined || this.#stopped || this.#queue.size === 0) return;
    this.#pacing = setInterval(() => this.#next(), this.#intervalMs);
  }

  #next(): void {
    const agent = this.#parts.agent();
    const [watched] = this.#queue;
    if (agent === null || watched === undefined) {
      clearInterval(this.#pacing);
      this.#pacing = undefined;
      return;
    }
    this.#queue.delete(watched);
    if (watched.asking) return;
    watched.asking = true;
    if (watched.standing === null) this.#subscribe(watched, agent);
    else this.#refresh(watched, watched.standing.subscription);
  }

  #subscribe(watched: Watched, agent: UserAgent): void {
    const { username, password = '' } = this.#credentials;
    const headers = {
      ...this.#headers(watched.expiresMs),
      // RFC 3842 4.1: who asks for the messages of a mailbox is its user. The engine puts its own address in.
      from: `<sip:${userOf(watched.extension)}@localhost>`,
      'max-forwards': '70',
    };
    const credentials = username === undefined ? {} : { credentials: { username, password } };
    const subscription: Subscription = agent.subscribe(
      { uri: watched.uri, headers, ...credentials },
      {
        answered: (response) => {
          if (watched.standing?.subscription !== subscription) return;
          if (response !== null && response.status < 300) watched.standing.granted = true;
          this.#answered(watched, response);
        },
        notify: (notify, reply) => this.#notified(watched, subscription, notify, reply),
      },
    );
    watched.standing = { subscription, agent, granted: false };
  }

  #refresh(watched: Watched, subscription: Subscription): void {
    subscription.refresh(this.#headers(watched.expiresMs), (response) => {
      // Forgotten meanwhile: it is being ended.
      if (watched.gone || watched.standing?.subscription !== subscription) return;
      // What stood until now may fail anew; a system that ends each subscription at once is not asked again at once.
      if (response !== null && response.status < 300) watched.failures = 0;
      this.#answered(watched, response);
    });
  }

  #answered(watched: Watched, response: SipResponse | null): void {
    watched.asking = false;
    if (watched.gone) {
      void this.#unsubscribe(watched);
      return;
    }
    const step = afterAnswer(response, watched.expiresMs, watched.failures);
    const level = step.kind === 'refresh' || step.inMs === 0 || watched.failures > 0 ? 'debug' : 'info';
    const fields = { mailbox: watched.identity, uri: watched.uri, status: response?.status, againInMs: step.inMs };
    this.#parts.log[level](
      fields,
      step.kind === 'refresh' ? 'subscribed to a mailbox' : 'no subscription to a mailbox',
    );
    this.#take(watched, step);
  }

  #notified(watched: Watched, subscription: Subscription, notify: SipRequest, reply: Reply): void {
    const mailbox: Mailbox | undefined = this.#parts.policy.current().mailbox(watched.identity);
    if (watched.standing?.subscription !== subscription || mailbox === undefined) {
      reply(200);
      return;
    }
    this.#parts.messages.subscribed(notify, mailbox, reply);
    const step = this.#stopped || watched.gone ? null : afterNotify(notify.headers, watched.failures);
    // Its answer is still under way: that says what to do next.
    if (step !== null && watched.standing.granted) this.#take(watched, step);
  }

  #take(watched: Watched, step: Step): void {
    if (step.kind === 'renew') {
      watched.standing?.subscription.close();
      watched.standing = null;
      watched.asking = false;
      watched.failures += 1;
      watched.expiresMs = step.expiresMs ?? watched.expiresMs;
    }
    this.#in(watched, step.inMs);
  }

  /** Resolves when the other side has answered, or cannot. */
  async #unsubscribe(watched: Watched): Promise<void> {
    const { standing } = watched;
    if (standing?.granted !== true) return;
    const { subscription } = standing;
    await new Promise<void>((resolve) => subscription.refresh(this.#headers(0), () => resolve()));
    subscription.close();
  }

  #headers(expiresMs: number): Record<string, string> {
    return {
      event: MESSAGE_SUMMARY_EVENT,
      accept: MESSAGE_SUMMARY_TYPE,
      expires: String(Math.round(expiresMs / 1_000)),
    };
  }
}

/** An extension's account on the system that is asked, whatever user its address names. */
export function accountAt(extension: string, system: string): string | null {
  const at = parseUri(system);
  return at === null || at.host === '' ? null : `${at.scheme}:${userOf(extension)}@${hostPort(at)}${at.parameters}`;
}

/** RFC 3261 25.1: what a user part may not hold is escaped. */
function userOf(extension: string): string {
  return extension.toWellFormed().replaceAll(/[^\w.!~*'()&=+$,/-]/gu, encodeURIComponent);
}

function addressOf(uri: string): string {
  const parsed = parseUri(uri);
  return parsed === null ? uri : hostPort(parsed);
}
