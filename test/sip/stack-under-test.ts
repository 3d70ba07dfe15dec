import { expect, onTestFinished } from 'vitest';
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts';
import { createSipStack } from '../../src/sip/stack.ts';
import type {
  ClientTransactionHandlers,
  ServerTransaction,
  SipStack,
  SipStackOptions,
} from '../../src/sip/stack.types.ts';
import type { Flow, TransportError } from '../../src/sip/transport/transport.ts';
import { manualClock, type ManualClock } from './clock.ts';
import { Inbox } from './inbox.ts';
import { tcpClient, tcpServer, udpPeer, type RawPeer } from './raw-peer.ts';

export interface Arrival {
  readonly transaction: ServerTransaction;
  readonly request: SipRequest;
  readonly flow: Flow;
}

export interface StackUnderTest {
  readonly stack: SipStack;
  readonly clock: ManualClock;
  readonly requests: Inbox<Arrival>;
  readonly acks: Inbox<{ ack: SipRequest; transaction: ServerTransaction | null }>;
  readonly cancels: Inbox<{ transaction: ServerTransaction; cancel: SipRequest }>;
  readonly closed: Inbox<Flow>;
  /** Bound port of this protocol. */
  readonly port: (protocol: 'udp' | 'tcp', address?: string) => number;
  /** A raw UDP socket that sends to the stack. */
  peer(): Promise<RawPeer>;
}

/** A stack over UDP and TCP on 127.0.0.1 with a clock of the test's; everything is closed when the test ends. */
export async function startStack(options: Partial<SipStackOptions> = {}): Promise<StackUnderTest> {
  const clock = manualClock();
  const requests = new Inbox<Arrival>();
  const acks: StackUnderTest['acks'] = new Inbox();
  const cancels: StackUnderTest['cancels'] = new Inbox();
  const closed = new Inbox<Flow>();
  const logged: string[] = [];
  const stack = createSipStack({
    listen: [
      { protocol: 'udp', address: '127.0.0.1', port: 0 },
      { protocol: 'tcp', address: '127.0.0.1', port: 0 },
    ],
    clock,
    log: (level, text) => logged.push(`${level}: ${text}`),
    user: {
      onRequest: (transaction, request, flow) => requests.push({ transaction, request, flow }),
      onAck: (ack, _flow, transaction) => acks.push({ ack, transaction }),
      onCancel: (transaction, cancel) => cancels.push({ transaction, cancel }),
      onClosed: (flow) => closed.push(flow),
    },
    ...options,
  });
  await stack.start();
  onTestFinished(async () => {
    await stack.close();
    // A defect that the stack has caught is a defect all the same.
    expect(logged.filter((line) => line.startsWith('warn'))).toEqual([]);
  });
  const port = (protocol: string, address = '127.0.0.1'): number =>
    stack.addresses.find((bound) => bound.protocol === protocol && bound.address === address)?.port ?? 0;
  return { stack, clock, requests, acks, cancels, closed, port, peer: () => peerOf({ port: port('udp') }) };
}

export async function peerOf(to: { port: number }, address?: string, port?: number): Promise<RawPeer> {
  const peer = await udpPeer(to, address, port);
  onTestFinished(() => peer.close());
  return peer;
}

export async function tcpPeerOf(port: number): Promise<RawPeer> {
  const peer = await tcpClient(port);
  onTestFinished(() => peer.close());
  return peer;
}

export async function listeningPeer(): Promise<Awaited<ReturnType<typeof tcpServer>>> {
  const server = await tcpServer();
  onTestFinished(() => server.close());
  return server;
}

/** What becomes of a client transaction, in order. */
export interface Outcomes extends ClientTransactionHandlers {
  readonly responses: Inbox<SipResponse>;
  readonly ends: Inbox<'timeout' | TransportError>;
}

export function outcomes(): Outcomes {
  const responses = new Inbox<SipResponse>();
  const ends = new Inbox<'timeout' | TransportError>();
  return {
    responses,
    ends,
    onResponse: (response) => responses.push(response),
    onTimeout: () => ends.push('timeout'),
    onTransportError: (error) => ends.push(error),
  };
}
