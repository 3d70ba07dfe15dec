import type { Ledger } from '../../call/index.ts';
import type { Mailbox } from '../../policy/index.ts';
import { numberOf, parseAddress, parseUri } from '../message/address.ts';
import type { GatewayContext } from '../context.ts';
import { header, maxForwards, passHeaders, withoutTag, type Headers } from '../message/headers.ts';
import { MESSAGE_SUMMARY_TYPE, parseMessageSummary, totalOf, type MessageSummary } from './message-summary.ts';
import { createPassedOn, type PassedOn } from './passed-on.ts';
import { dial } from '../hops/routing.ts';
import { voicemailOwner } from '../hunt/plan.ts';
import type { Peer, Voicemail } from '../types.ts';
import type { Reply, SipRequest, UserAgent } from '../agent/user-agent.ts';

export const MESSAGE_SUMMARY_EVENT = 'message-summary';
/** On a NOTIFY that we passed on: where it comes back, it goes no further. */
const PASSED_HEADER = 'X-MCG-Notify';
/** Phones of one mailbox that one NOTIFY is passed on to. */
export const MAX_NOTIFIED_PHONES = 20;

export interface MessageWaitingParts {
  readonly context: GatewayContext;
  readonly ledger: Pick<Ledger, 'messageTotals'>;
  /** Any connected engine; null: none just now. */
  readonly agent: () => UserAgent | null;
}

/** What voicemail systems say of mailboxes (RFC 3842): the ledger hears the totals, the phones get the NOTIFY itself. */
export interface MessageWaiting {
  /**
   * A NOTIFY of a peer outside any dialog, as Exchange UM sends it: unasked, `Subscription-State: terminated`. Answered by
   * itself: what becomes of it behind us is nothing to its sender, who would only send it again.
   */
  receive(notify: SipRequest, peer: Peer, reply: Reply): void;
  /** A NOTIFY of a subscription of ours: where that is, the phones behind the next hops have their own. */
  subscribed(notify: SipRequest, mailbox: Mailbox, reply: Reply): void;
}

/** Somebody's messages: a mailbox, or a number that has none here. */
interface Addressed {
  readonly number: string | null;
  readonly uri: string;
  readonly mailbox: Mailbox | null;
}

export function createMessageWaiting(parts: MessageWaitingParts): MessageWaiting {
  return new SummaryRelay(parts);
}

class SummaryRelay implements MessageWaiting {
  readonly #parts: MessageWaitingParts;
  readonly #passedOn: PassedOn;
  /** Peers of whom it was said that their totals do not count. */
  readonly #saidOf = new Set<string>();

  constructor(parts: MessageWaitingParts) {
    this.#parts = parts;
    this.#passedOn = createPassedOn(parts.context.now);
  }

  receive(notify: SipRequest, peer: Peer, reply: Reply): void {
    if (eventOf(notify.headers) !== MESSAGE_SUMMARY_EVENT) {
      // RFC 6665 4.1.3: it belongs to no subscription of ours.
      reply(481);
      return;
    }
    const summary = summaryOf(notify);
    const to = this.#addressed(notify, summary, peer);
    if (to.mailbox !== null && this.#knowsMessages(peer)) {
      this.#tell(to.mailbox, summary, `NOTIFY from ${peer.name}`);
    }
    const passed = this.#passOn(notify, to, peer);
    const known = to.mailbox !== null || passed;
    const { log } = this.#parts.context;
    if (!known) log.debug({ peer: peer.name, uri: to.uri }, 'NOTIFY of messages for a number that nobody has here');
    // Exchange UM takes 200 and 480 for an answer; after anything else it sends the same again for minutes.
    reply(known ? 200 : 480);
  }

  subscribed(notify: SipRequest, mailbox: Mailbox, reply: Reply): void {
    const [number = null] = mailbox.extensions;
    this.#tell(mailbox, summaryOf(notify), `NOTIFY from ${notify.sourceAddress}`);
    reply(200);
    this.#passOn(notify, { number, uri: notify.uri, mailbox }, null);
  }

  /** Whether it is a voicemail system, or has one behind it: anybody else's word on somebody's messages is a lamp, and no evidence. */
  #knowsMessages(peer: Peer): boolean {
    const { settings, hopPeers, log } = this.#parts.context;
    const owner = voicemailOwner(peer, settings);
    // Of everybody's voicemail (`voicemail.owner`) a peer that is not believed about callers does not tell either; of its own it does.
    const isBelieved = peer.trustCallerId || (peer.voicemail ?? null) !== null;
    if (isBelieved && (owner === 'upstream' || owner === 'downstream')) return true;
    if (voicemailUris(settings.voicemail).some((uri) => hopPeers.at(uri)?.name === peer.name)) return true;
    if (!this.#saidOf.has(peer.name)) {
      this.#saidOf.add(peer.name);
      const why =
        'neither has it a voicemail of its own (voicemail: upstream or downstream) nor is voicemail.target there';
      log.info({ peer: peer.name, why }, 'message totals of a peer are passed on, but do not count');
    }
    return false;
  }

  #tell({ identity }: Mailbox, summary: MessageSummary | null, source: string): void {
    const total = summary === null ? null : totalOf(summary);
    const { ledger, context } = this.#parts;
    if (total !== null) ledger.messageTotals({ mailbox: identity, at: context.now(), total, source });
  }

  #addressed(notify: SipRequest, summary: MessageSummary | null, { dialPlan }: Peer): Addressed {
    const to = addressOf(notify.headers, 'to');
    const candidates = [accountUri(summary?.account ?? null), to, notify.uri].flatMap((uri) => {
      const parsed = parseUri(uri);
      return parsed === null ? [] : [{ uri, number: numberOf(parsed) }];
    });
    const policy = this.#parts.context.policy.current();
    for (const { uri, number } of candidates) {
      const found = policy.findMailbox({ user: number, uri }, dialPlan);
      if (found.kind === 'found') return { uri, number, mailbox: found.mailbox };
    }
    // An account's name need not be anybody's number (Asterisk writes `asterisk`): To is.
    const nobody = candidates.find(({ uri }) => uri === to) ?? { uri: notify.uri, number: null };
    return { ...nobody, mailbox: null };
  }

  /** @param peer whose NOTIFY it is; null: it goes to registered phones alone. @returns whether somebody gets it, or has it already */
  #passOn(notify: SipRequest, to: Addressed, peer: Peer | null): boolean {
    const circles = header(notify.headers, PASSED_HEADER.toLowerCase()) !== undefined;
    if (circles || maxForwards(notify.headers) === 0) return false;
    const mailbox = to.mailbox?.identity ?? to.number ?? to.uri;
    if (!this.#passedOn.isNew(mailbox, notify.body)) return true;
    return this.#toPhones(notify, to) || (peer !== null && this.#toHops(notify, to, peer));
  }

  #toPhones(notify: SipRequest, { number, mailbox }: Addressed): boolean {
    const { phones } = this.#parts.context;
    const registered = phones
      .contactsOf(numbersOf(number, mailbox))
      .filter(({ source }) => source !== notify.source)
      .slice(0, MAX_NOTIFIED_PHONES);
    for (const registration of registered) {
      const { uri, proxy, route, agent } = phones.wayTo(registration);
      const headers = passedHeaders(notify.headers, route);
      const extra = { body: notify.body, ...(proxy === null ? {} : { proxy }) };
      (agent ?? this.#parts.agent())?.request('NOTIFY', uri, headers, (status) => this.#said(uri, status), extra);
    }
    return registered.length > 0;
  }

  #toHops(notify: SipRequest, { number, uri }: Addressed, peer: Peer): boolean {
    const { route, health, hopPeers, voicemailTargets } = this.#parts.context;
    const targets = health.order(route({ peer: peer.name, number })).flatMap((hop) => {
      const at = parseUri(hop.uri);
      // Never back to where it came from; nor to a hop that is one phone, whoever's messages these are.
      if (at === null || at.user !== null || hopPeers.at(hop.uri)?.name === peer.name) return [];
      const target = at.host === bareHost(notify.sourceAddress) ? null : dial(hop, uri);
      return target === null || voicemailTargets.sign(target) !== null ? [] : [target];
    });
    const headers = { ...passedHeaders(notify.headers, null), [PASSED_HEADER]: '1' };
    this.#toFirst(targets, headers, notify.body);
    return targets.length > 0;
  }

  #toFirst([target, ...others]: readonly string[], headers: Headers, body: string): void {
    if (target === undefined) return;
    const done = (status: number | null): void => {
      this.#said(target, status);
      // Nobody there: the next one may be.
      if (status === null || status === 408 || status === 503) this.#toFirst(others, headers, body);
    };
    this.#parts.agent()?.request('NOTIFY', target, headers, done, { body });
  }

  #said(target: string, status: number | null): void {
    this.#parts.context.log.debug({ target, status }, 'NOTIFY passed on');
  }
}

/** Where voicemail systems are, as far as the configuration says so. */
export function voicemailUris({ target, targets, mwi }: Voicemail): string[] {
  const named = [...targets, target ?? '', mwi?.subscribe ?? ''];
  return named.filter((uri) => (parseUri(uri)?.host ?? '') !== '');
}

/** RFC 6665 8.2.1: the event package, without its parameters. */
export function eventOf(headers: Headers): string {
  return (header(headers, 'event') ?? header(headers, 'o') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function summaryOf({ headers, body }: SipRequest): MessageSummary | null {
  const type = (header(headers, 'content-type') ?? header(headers, 'c') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return type === MESSAGE_SUMMARY_TYPE ? parseMessageSummary(body) : null;
}

/** RFC 3842 5.2: Message-Account is a URI; some systems write a mere number. */
function accountUri(account: string | null): string {
  if (account === null) return '';
  return parseAddress(account)?.uri ?? (/^[+\w.*#-]+$/.test(account) ? `tel:${account}` : '');
}

function addressOf(headers: Headers, name: string): string {
  return parseAddress(header(headers, name) ?? '')?.uri ?? '';
}

/** The user parts of the addresses-of-record under which the phones of a mailbox may have registered. */
function numbersOf(number: string | null, mailbox: Mailbox | null): string[] {
  const addresses = mailbox?.sipAddresses.flatMap((address) => numberOf(parseUri(address)) ?? []) ?? [];
  return [...new Set([...(number === null ? [] : [number]), ...(mailbox?.extensions ?? []), ...addresses])];
}

/** Everything end to end goes on: Event, Subscription-State, the type of the body. */
function passedHeaders(incoming: Headers, route: string | null): Record<string, string> {
  const headers = passHeaders(incoming);
  const from = withoutTag(header(incoming, 'from'));
  const to = withoutTag(header(incoming, 'to'));
  if (from !== undefined) headers['from'] = from;
  if (to !== undefined) headers['to'] = to;
  if (route !== null) headers['route'] = route;
  headers['max-forwards'] = String(maxForwards(incoming) - 1);
  return headers;
}

function bareHost(address: string): string {
  return address.replace(/^\[|\]$/g, '').toLowerCase();
}
