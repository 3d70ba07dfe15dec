import { hostPort, numberOf, parseUri, type Uri } from '../message/address.ts';
import type { GatewaySettings, NextHop } from '../types.ts';

export interface RouteQuestion {
  readonly peer: string;
  /** The called number as dialled; null where the Request-URI has none. */
  readonly number: string | null;
}

/** Next hops for a call in the order in which they are configured: the first route that matches, else the catch-all. */
export type Router = (question: RouteQuestion) => readonly NextHop[];

/** @throws Error naming the route whose `to` is no regular expression. */
export function createRouter(routing: GatewaySettings['routing']): Router {
  const routes = routing.routes.map(({ from, to, nextHop }, index) => ({
    from,
    to: to === undefined ? null : regularExpression(to, index),
    nextHop,
  }));
  return ({ peer, number }) =>
    routes.find(({ from, to }) => (from === undefined || from === peer) && (to === null || to.test(number ?? '')))
      ?.nextHop ?? routing.nextHop;
}

function regularExpression(text: string, index: number): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (cause) {
    throw new Error(`routing.routes[${index}].to: '${text}' is no regular expression`, { cause });
  }
}

/**
 * The Request-URI for a number on a next hop: the hop's host, port and parameters, the hop's prefix before the number. A
 * hop that names a user is dialled as it stands.
 * @param called the URI that was called: its user part goes on as it was written, with `user=phone`
 * @returns null where there is nobody to dial: neither the hop nor the call has a user part
 */
export function dial(hop: NextHop, called: string): string | null {
  const at = parseUri(hop.uri);
  if (at === null) return null;
  if (at.user !== null) return hop.uri;
  const to = parseUri(called);
  if (to === null || to.user === null) return null;
  const scheme = at.scheme === 'tel' ? 'sip' : at.scheme;
  return `${scheme}:${hop.prefix ?? ''}${to.user}@${hostPort(at)}${at.parameters}${isPhone(to, at) ? ';user=phone' : ''}`;
}

/** RFC 3261 19.1.1: `user=phone` says that the user part is a telephone number; a `tel:` URI always is one. */
function isPhone(called: Uri, hop: Uri): boolean {
  return !saysPhone(hop) && (called.scheme === 'tel' || saysPhone(called));
}

function saysPhone({ parameters }: Uri): boolean {
  return /;user=phone(;|$)/i.test(parameters);
}

/**
 * What makes two Request-URIs the same place in one call's way: the number where there is one, whatever name or address of
 * ours stands behind the @; else the URI.
 */
export function placeOf(requestUri: string): string {
  const uri = parseUri(requestUri);
  return numberOf(uri) ?? (uri === null ? requestUri : hostPort(uri));
}
