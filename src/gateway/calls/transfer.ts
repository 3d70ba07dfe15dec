import { hostPort, numberOf, parseAddress, parseUri, splitList, type Uri } from '../message/address.ts';
import type { GatewayContext } from '../context.ts';
import { parseReplaces, type Replaces, type Side } from './dialogs.ts';
import { header, passHeaders, requiredEndToEnd, type Headers } from '../message/headers.ts';
import { ringPlan } from '../hunt/plan.ts';
import type { OutgoingMessage, SipRequest, SipResponse } from '../agent/user-agent.ts';

/** REFERs from one side of an answered call to the other, and the NOTIFYs that come back for them (RFC 3515). */
export interface Referrals {
  /** The REFER as the other side gets it, or the status that refuses it. */
  pass(refer: SipRequest): OutgoingMessage | number;
  answered(refer: SipRequest, response: SipResponse): void;
  /** The headers of a NOTIFY on its way back: its subscription is named as the side that asked knows it. */
  notified(headers: Headers): Headers;
}

/** Whom a Refer-To says to call. */
export interface ReferTo {
  readonly uri: Uri;
  readonly number: string | null;
  /** The dialog whose place the new one takes; null: a blind transfer. */
  readonly replaces: Replaces | null;
  /** What may stand behind the `?` of the URI, as it was written. */
  readonly headers: readonly string[];
}

/** REFERs of one side whose subscriptions are told apart. */
export const MAX_REFERRALS = 16;

/**
 * Headers that a Refer-To may put into the new INVITE. Others would be said by whoever is referred, who may be believed where the
 * one who refers is not (RFC 3261 19.1.5).
 */
const REFERRED_HEADERS: ReadonlySet<string> = new Set(['replaces', 'require', 'user-to-user']);

/** Null where it is no request to call somebody. */
export function readReferTo(value: string): ReferTo | null {
  const address = splitList(value).length === 1 ? parseAddress(value) : null;
  if (address === null) return null;
  const [base = '', ...rest] = address.uri.split('?');
  const uri = parseUri(base);
  const method = /;method=([^;]*)/i.exec(uri?.parameters ?? '')?.[1] ?? 'INVITE';
  if (uri === null || method.toUpperCase() !== 'INVITE') return null;
  const headers = rest
    .join('?')
    .split('&')
    .filter((field) => REFERRED_HEADERS.has(nameOf(field)));
  const named = headers.filter((field) => nameOf(field) === 'replaces');
  const written = named[0] === undefined ? null : decoded(named[0].slice(named[0].indexOf('=') + 1));
  const replaces = written === null ? null : parseReplaces(written);
  if (named.length > 1 || (named.length === 1 && replaces === null)) return null;
  return { uri, number: numberOf(uri), replaces, headers };
}

function nameOf(field: string): string {
  return field.split('=', 1)[0]?.toLowerCase() ?? '';
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The same number at our own address, where the INVITE that follows comes to us. Its `Replaces` stays: it names our dialog. */
export function referToUs({ uri, headers }: ReferTo, contact: string): string | null {
  const us = parseUri(parseAddress(contact)?.uri ?? '');
  if (us === null) return null;
  const user = uri.user === null ? '' : `${uri.user}@`;
  const phone = uri.scheme === 'tel' || /;user=phone(;|$)/i.test(uri.parameters) ? ';user=phone' : '';
  const asked = headers.length === 0 ? '' : `?${headers.join('&')}`;
  return `<${us.scheme}:${user}${hostPort(us)}${us.parameters}${phone}${asked}>`;
}

/** @param from who asks; `to` is asked to call somebody else */
export function createReferrals(from: Side, to: Side, context: GatewayContext): Referrals {
  const { call } = from.facts;
  /** By the CSeq that each was sent with, on both sides; the oldest first. */
  const known: { readonly theirs: number; ours: number | null }[] = [];
  /** Of all REFERs that came, also those that went no further. */
  let count = 0;

  const refuse = (status: number, why: string): number => {
    context.log.info({ call: call.id, from: from.facts.leg, status, why }, 'REFER refused');
    return status;
  };
  const leadsSomewhere = ({ number, uri, replaces }: ReferTo): boolean => {
    if (replaces !== null && context.dialogs.find(replaces).kind === 'found') return true;
    if (number === null) return false;
    const destination = { number, uri: `sip:${uri.user}@${hostPort(uri) || 'localhost'}`, diversions: [] };
    // Both: nobody has a number dialled by somebody else that it may not dial itself.
    return [from, to].every(
      ({ facts: { origin } }) => origin !== null && ringPlan(destination, origin, context).stages.length > 0,
    );
  };
  return {
    pass(refer) {
      const { headers, body } = refer;
      count += 1;
      // RFC 3515 2.4.2: exactly one.
      const value = header(headers, 'refer-to') ?? header(headers, 'r') ?? '';
      if (splitList(value).length !== 1) return refuse(400, 'it has no Refer-To, or several');
      const referTo = readReferTo(value);
      if (referTo === null || !leadsSomewhere(referTo)) return refuse(603, `nobody can be called at ${value}`);
      const ours = to.contact === null ? null : referToUs(referTo, to.contact);
      if (ours === null) return refuse(603, 'the other side does not know our address');
      known.push({ theirs: cseqOf(headers) ?? 0, ours: null });
      if (known.length > MAX_REFERRALS) known.shift();
      return { headers: { ...passHeaders(headers), ...requiredEndToEnd(headers), 'refer-to': ours }, body };
    },
    answered(refer, response) {
      const entry = known.find(({ theirs }) => theirs === cseqOf(refer.headers));
      if (entry !== undefined) entry.ours = cseqOf(response.headers);
      if (response.status < 200 || response.status >= 300) return;
      const referTo = readReferTo(header(refer.headers, 'refer-to') ?? header(refer.headers, 'r') ?? '');
      const whom = referTo?.number ?? 'somebody else';
      const how = referTo?.replaces === null ? '' : ', in place of a call that is up';
      const detail = `${from.facts.leg} asked ${to.facts.leg} to call ${whom}${how} (REFER)`;
      call.addEvidence({ at: context.now(), kind: 'transferred', source: from.facts.leg, strength: 'strong', detail });
    },
    notified(headers) {
      const event = header(headers, 'event') ?? header(headers, 'o') ?? '';
      if (!/^\s*refer\s*(;|$)/i.test(event)) return headers;
      const id = /;\s*id\s*=\s*(\d+)/i.exec(event)?.[1];
      // RFC 3515 2.4.6: the CSeq of its REFER, which the first one's need not say. A NOTIFY may be faster than the 202.
      const named = known.find(({ ours }) => ours === Number(id)) ?? known.find(({ ours }) => ours === null);
      const entry = id === undefined ? known[0] : named;
      if (entry === undefined || (id === undefined && count === 1)) return headers;
      const others = Object.entries(headers).filter(([name]) => !/^(event|o)$/i.test(name));
      return { ...Object.fromEntries(others), event: `refer;id=${entry.theirs}` };
    },
  };
}

function cseqOf(headers: Headers): number | null {
  const number = Number.parseInt(header(headers, 'cseq') ?? '', 10);
  return Number.isNaN(number) ? null : number;
}
