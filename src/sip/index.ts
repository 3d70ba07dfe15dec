export type * from './message/message.ts';
export type * from './stack.types.ts';
export type { BoundAddress, Destination, Flow, ListenAddress, TransportProtocol } from './transport/transport.ts';
