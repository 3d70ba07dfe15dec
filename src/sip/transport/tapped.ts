import { serialize } from '../message/serialize.ts';
import type { Flow, TransportHandlers, TransportLayer } from './transport.ts';

/** Told of every SIP message that came in or left. It must not throw, and not wait. */
export type Tap = (way: 'received' | 'sent', bytes: Buffer, flow: Flow) => void;

/**
 * The transports with somebody listening in. What came in is told as it was understood (`received` and `rport` of its top Via are
 * filled in, folded lines are one); keep-alives and what is no SIP are not told.
 */
export function tapped(transport: TransportLayer, tap: Tap | undefined): TransportLayer {
  if (tap === undefined) return transport;
  return {
    start: (handlers) => transport.start(listening(handlers, tap)),
    get addresses() {
      return transport.addresses;
    },
    localFor: (to) => transport.localFor(to),
    send(bytes, to, onSent) {
      transport.send(bytes, to, (error, flow) => {
        if (error === null && flow !== null) tap('sent', bytes, flow);
        onSent(error, flow);
      });
    },
    closeIfSilent: (flow, silentMs) => transport.closeIfSilent(flow, silentMs),
    keep: (flow) => transport.keep(flow),
    isOpen: (flow) => transport.isOpen(flow),
    setTls: (tls) => transport.setTls(tls),
    close: () => transport.close(),
  };
}

function listening(handlers: TransportHandlers, tap: Tap): TransportHandlers {
  return {
    onMessage(message, flow) {
      tap('received', serialize(message), flow);
      handlers.onMessage(message, flow);
    },
    onFailure: (failure, flow) => handlers.onFailure(failure, flow),
    onClosed: (flow) => handlers.onClosed(flow),
    onSendError: (error, flow) => handlers.onSendError?.(error, flow),
    onDefect: (what, error) => handlers.onDefect?.(what, error),
  };
}
