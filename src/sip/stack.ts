import { systemClock } from './clock.ts';
import { Defects } from './defects.ts';
import { randomFraction } from './ids.ts';
import type { SipUri } from './message/message.ts';
import { parseUri } from './message/uri.ts';
import { DEFAULT_TIMERS, type RequestTarget, type SipStack, type SipStackOptions, type StackUser } from './stack.types.ts';
import { MAX_TRANSACTIONS, TransactionLayer } from './transaction/layer.ts';
import { TimerQueue } from './transaction/timer-queue.ts';
import { createTransportLayer } from './transport/layer.ts';
import { createResolver } from './transport/resolver.ts';
import type { Hop } from './transaction/client.ts';
import type { BoundAddress, Destination, Flow, TransportLayer } from './transport/transport.ts';

/** Puts transports, resolver and transactions together. `start` binds the sockets. */
export function createSipStack(options: SipStackOptions): SipStack {
  const clock = options.clock ?? systemClock;
  const timers = { ...DEFAULT_TIMERS, ...options.timers };
  const resolver = createResolver({
    random: randomFraction,
    ...(options.names === undefined ? {} : { names: options.names }),
  });
  const transport = createTransportLayer(options.listen, {
    clock,
    log: (text) => options.log?.('info', text),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.origins === undefined ? {} : { origins: options.origins }),
    ...(options.isExpected === undefined ? {} : { isExpected: options.isExpected }),
    ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
    ...(options.localNet === undefined ? {} : { localNet: options.localNet }),
  });

  /** Nothing that a message sets off, here or in the user's code, may end the engine. */
  const defects = new Defects(clock, (text) => options.log?.('warn', text));
  const onDefect = defects.report.bind(defects);

  const resolve = (uri: SipUri, by: Flow | undefined): readonly Hop[] | Promise<readonly Hop[]> => {
    const hops = resolver.resolve(uri);
    if (by?.protocol !== 'udp') return hops;
    // One who called us at this socket knows no other of ours, and may take nothing from another (symmetric NAT, firewalls).
    const known = (hop: Destination): Hop =>
      hop.protocol === 'udp' && hop.address === by.remoteAddress ? { ...by, remotePort: hop.port } : hop;
    return hops instanceof Promise ? hops.then((found) => found.map(known)) : hops.map(known);
  };

  const localForTarget = (target: RequestTarget): BoundAddress | undefined => {
    if ('flow' in target) return transport.localFor(target.flow);
    const uri = parseUri(target.uri);
    if (uri === null) return undefined;
    const hops = resolve(uri, target.by);
    // A name of both families is reached by the one that is bound (RFC 3263 4.3 tries them in turn).
    if (!(hops instanceof Promise)) return firstDefined(hops, (hop) => transport.localFor(hop));
    // The request that follows asks for the same name, and hears how the look-up ended.
    hops.catch(() => undefined);
    const named = uri.params.get('transport')?.toLowerCase() ?? (uri.scheme === 'sips' ? 'tls' : null);
    return transport.addresses.find(({ protocol }) => named === null || protocol === named);
  };

  const layer = new TransactionLayer({
    transport,
    timers,
    queue: new TimerQueue(clock, onDefect),
    user: keepingConnections(options.user, transport),
    admit: options.admit,
    maxTransactions: options.maxTransactions ?? MAX_TRANSACTIONS,
    hopsOf(target) {
      if ('flow' in target) return [target.flow];
      const uri = parseUri(target.uri);
      // `localForTarget` has refused what is no SIP URI.
      return uri === null ? [] : resolve(uri, target.by);
    },
    localFor: (hop) => transport.localFor(hop),
    localForTarget,
    onDefect,
  });

  return {
    start: () => transport.start(layer),
    get addresses() {
      return transport.addresses;
    },
    timers,
    localFor: localForTarget,
    request: (request, target, handlers) => layer.request(request, target, handlers),
    get transactionCount() {
      return layer.transactionCount;
    },
    get defectCount() {
      return defects.count;
    },
    async close() {
      layer.close();
      await transport.close();
    },
  };
}

/** Whose request was admitted may keep the connection that it came by. */
function keepingConnections(user: StackUser, transport: TransportLayer): StackUser {
  return {
    onRequest(transaction, request, flow) {
      transport.keep(flow);
      user.onRequest(transaction, request, flow);
    },
    onAck: (ack, flow, transaction) => user.onAck(ack, flow, transaction),
    onCancel: (transaction, cancel, flow) => user.onCancel(transaction, cancel, flow),
    onClosed: (flow) => user.onClosed?.(flow),
  };
}

function firstDefined<T, R>(of: readonly T[], find: (each: T) => R | undefined): R | undefined {
  for (const each of of) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}
