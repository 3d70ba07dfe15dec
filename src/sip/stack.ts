import { systemClock } from './clock.ts';
import { Defects } from './defects.ts';
import { randomFraction } from './ids.ts';
import { DEFAULT_TIMERS, type SipStack, type SipStackOptions, type StackUser } from './stack.types.ts';
import { MAX_TRANSACTIONS, TransactionLayer } from './transaction/layer.ts';
import { DEFAULT_UDP_MTU_BYTES, createTargets } from './transaction/targets.ts';
import { TimerQueue } from './transaction/timer-queue.ts';
import { createTransportLayer } from './transport/layer.ts';
import { createOwnUris } from './transport/own-uri.ts';
import { createResolver } from './transport/resolver.ts';
import { tapped } from './transport/tapped.ts';
import type { TransportLayer } from './transport/transport.ts';

/** Puts transports, resolver and transactions together. `start` binds the sockets. */
export function createSipStack(options: SipStackOptions): SipStack {
  const clock = options.clock ?? systemClock;
  const timers = { ...DEFAULT_TIMERS, ...options.timers };
  const transports = createTransportLayer(options.listen, {
    clock,
    log: (text) => options.log?.('info', text),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.origins === undefined ? {} : { origins: options.origins }),
    ...(options.isExpected === undefined ? {} : { isExpected: options.isExpected }),
    ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
    ...(options.localNet === undefined ? {} : { localNet: options.localNet }),
  });
  const transport = tapped(transports, options.tap);

  const resolver = createResolver({
    random: randomFraction,
    clock,
    supports: (protocol) => transport.addresses.some((bound) => bound.protocol === protocol),
    ...(options.names === undefined ? {} : { names: options.names }),
  });
  const targets = createTargets({
    resolver,
    transport,
    clock,
    udpMtuBytes: options.udpMtuBytes ?? DEFAULT_UDP_MTU_BYTES,
  });

  /** Nothing that a message sets off, here or in the user's code, may end the engine. */
  const defects = new Defects(clock, (text) => options.log?.('warn', text));
  const onDefect = defects.report.bind(defects);

  const layer = new TransactionLayer({
    transport,
    timers,
    queue: new TimerQueue(clock, onDefect),
    user: keepingConnections(options, transport),
    admit: options.admit,
    maxTransactions: options.maxTransactions ?? MAX_TRANSACTIONS,
    targets,
    onDefect,
  });

  return {
    start: () => transport.start(layer),
    get addresses() {
      return transport.addresses;
    },
    timers,
    localFor(target) {
      const { hops, local } = targets.reach(target);
      // The request that follows asks for the same name, and hears how the look-up ended.
      if (hops instanceof Promise) hops.catch(() => undefined);
      return local;
    },
    isOwn: createOwnUris(() => transport.addresses),
    request: (request, target, handlers) => layer.request(request, target, handlers),
    keep: (flow) => transport.keep(flow),
    isOpen: (flow) => transport.isOpen(flow),
    get transactionCount() {
      return layer.transactionCount;
    },
    get defectCount() {
      return defects.count;
    },
    setTls: (tls) => transport.setTls(tls),
    async close() {
      layer.close();
      await transport.close();
    },
  };
}

/** Whose request was admitted may keep the connection that it came by. */
function keepingConnections({ user, keeps }: SipStackOptions, transport: TransportLayer): StackUser {
  return {
    onRequest(transaction, request, flow) {
      if (keeps === undefined || keeps(request, flow)) transport.keep(flow);
      user.onRequest(transaction, request, flow);
    },
    onAck: (ack, flow, transaction) => user.onAck(ack, flow, transaction),
    onCancel: (transaction, cancel, flow) => user.onCancel(transaction, cancel, flow),
    onClosed: (flow) => user.onClosed?.(flow),
  };
}
