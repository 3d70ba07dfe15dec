export { ladder } from './ladder.ts';
export { pcap } from './pcap.ts';
export { readCallTrace, type CallTrace } from './reader.ts';
export type { TracedMessage } from './types.ts';
export { createTraceWriter, type TraceWriter } from './writer.ts';
