import {
  createSipStack,
  formatHostPort,
  makeResponse,
  systemClock,
  tagOf,
  type BoundAddress,
  type Clock,
  type Flow,
  type HeaderField,
  type ListenAddress,
  type NameService,
  type ServerTransaction,
  type SipRequest,
  type SipStack,
  type SipTimers,
  type StackUser,
} from '../sip/index.ts';

export const LOOPBACK: readonly ListenAddress[] = [
  { protocol: 'udp', address: '127.0.0.1', port: 0 },
  { protocol: 'tcp', address: '127.0.0.1', port: 0 },
];

/** RFC 3261 20.5. */
const ALLOW: HeaderField = { name: 'Allow', value: 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY' };
const ACCEPT: HeaderField = { name: 'Accept', value: 'application/sdp' };
export const SDP_TYPE: HeaderField = { name: 'Content-Type', value: 'application/sdp' };

export interface EndpointOptions {
  /** UDP and TCP on 127.0.0.1, free ports, where absent. */
  readonly listen?: readonly ListenAddress[];
  readonly advertise?: string;
  readonly timers?: Partial<SipTimers>;
  readonly clock?: Clock;
  /** The system's where absent. */
  readonly names?: NameService;
  readonly log?: (text: string) => void;
}

/** A stack with its clock: what phones and callers are made of. */
export interface Endpoint {
  readonly stack: SipStack;
  readonly clock: Clock;
}

export function createEndpoint(options: EndpointOptions, user: StackUser): Endpoint {
  const clock = options.clock ?? systemClock;
  const { advertise, timers, names, log } = options;
  const stack = createSipStack({
    listen: options.listen ?? LOOPBACK,
    clock,
    user,
    ...(advertise === undefined ? {} : { advertise }),
    ...(timers === undefined ? {} : { timers }),
    ...(names === undefined ? {} : { names }),
    ...(log === undefined ? {} : { log: (level, text) => log(`${level}: ${text}`) }),
  });
  return { stack, clock };
}

/** `sip:user@host:port;transport=tcp`: where a bound address is reached. */
export function uriOf(bound: BoundAddress, user?: string): string {
  const who = user === undefined || user === '' ? '' : `${user}@`;
  const transport = bound.protocol === 'udp' ? '' : `;transport=${bound.protocol}`;
  return `sip:${who}${formatHostPort(bound.host, bound.port)}${transport}`;
}

/** The Contact for whoever sits at the other end of the flow. */
export function contactFor(stack: SipStack, flow: Flow): HeaderField {
  const bound = stack.localFor({ flow });
  return { name: 'Contact', value: bound === undefined ? '<sip:127.0.0.1>' : `<${uriOf(bound)}>` };
}

/** The host we show to whoever sits at the other end of the flow. */
export function hostFor(stack: SipStack, flow: Flow): string {
  return stack.localFor({ flow })?.host ?? flow.localAddress;
}

/** Extensions that a request requires and we lack (RFC 3261 8.2.2.3): it was answered 420. */
export function refuseExtensions(transaction: ServerTransaction, request: SipRequest, toTag: string): boolean {
  const required = request.headers.elements('Require');
  if (required.length === 0) return false;
  const headers = [{ name: 'Unsupported', value: required.join(', ') }];
  transaction.respond(makeResponse(request, 420, 'Bad Extension', { toTag, headers }));
  return true;
}

/** Whatever comes outside a dialog and is no INVITE: OPTIONS and NOTIFY 200, in-dialog requests of no dialog 481, others 405. */
export function answerStray(transaction: ServerTransaction, request: SipRequest, toTag: string): void {
  if (tagOf(request.headers.get('To')) !== null && request.method !== 'OPTIONS') {
    transaction.respond(makeResponse(request, 481, 'Call/Transaction Does Not Exist'));
  } else if (request.method === 'OPTIONS' || request.method === 'NOTIFY') {
    transaction.respond(makeResponse(request, 200, 'OK', { toTag, headers: [ALLOW, ACCEPT] }));
  } else {
    transaction.respond(makeResponse(request, 405, 'Method Not Allowed', { toTag, headers: [ALLOW] }));
  }
}
