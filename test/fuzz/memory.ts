import { strict as assert } from 'node:assert';
import {
  Defects,
  DEFAULT_TIMERS,
  makeResponse,
  MAX_TRANSACTIONS,
  parseMessage,
  serialize,
  SipHeaders,
  stampTopVia,
  type BoundAddress,
  type ClientTransaction,
  type Flow,
  type ServerTransaction,
  type StackUser,
  type TransportLayer,
} from '../../src/sip/index.ts';
import { TransactionLayer } from '../../src/sip/transaction/layer.ts';
import { TimerQueue } from '../../src/sip/transaction/timer-queue.ts';
import { manualClock } from '../sip/clock.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

/**
 * The transactions, over a transport that is a function call and a clock of the test's, so that all their timers run while a
 * fuzz test does.
 */
export interface MemoryStack {
  /** One message comes in. */
  receive(bytes: Buffer, random: Random): void;
  /** A request goes out, and is answered by something like a response. */
  exchange(random: Random, others: readonly Buffer[]): void;
  /** Lets all timers run, and asserts that nothing is left and nothing was thrown. */
  drain(): void;
}

const BOUND: BoundAddress = { protocol: 'udp', address: '127.0.0.1', port: 5_060, host: '127.0.0.1' };
const UDP: Flow = {
  protocol: 'udp',
  localAddress: '127.0.0.1',
  localPort: 5_060,
  remoteAddress: '127.0.0.1',
  remotePort: 5_070,
  connectionId: null,
};
const TCP: Flow = { ...UDP, protocol: 'tcp', connectionId: 1 };
/** Longer than any transaction lives: 128*T1 and what follows its end. */
const FOREVER_MS = 400_000;
const STATUSES = [180, 183, 200, 202, 302, 404, 486, 503, 603];

export function createMemoryStack(): MemoryStack {
  const clock = manualClock();
  const thrown: string[] = [];
  const defects = new Defects(clock, (text) => thrown.push(text));
  const onDefect = defects.report.bind(defects);
  const queue = new TimerQueue(clock, onDefect);
  let random: Random | null = null;
  const open = new Set<ServerTransaction>();
  /** INVITEs of ours without a final response, not cancelled. */
  const calling = new Set<ClientTransaction>();
  let sent: Buffer | null = null;

  const transport: TransportLayer = {
    start: () => Promise.resolve(),
    addresses: [BOUND],
    localFor: () => BOUND,
    send(bytes, to, onSent) {
      sent = bytes;
      onSent(null, 'connectionId' in to ? to : UDP);
    },
    closeIfSilent: () => undefined,
    keep: () => undefined,
    isOpen: () => true,
    setTls: () => undefined,
    close: () => Promise.resolve(),
  };
  const answer = (transaction: ServerTransaction, status: number): void => {
    if (!transaction.open) return;
    transaction.respond(makeResponse(transaction.request, status, 'Whatever', { toTag: 'callee' }));
    if (!transaction.open) open.delete(transaction);
  };
  const user: StackUser = {
    onRequest(transaction) {
      open.add(transaction);
      // What gets no answer here is answered by the stack, or before the end.
      if (random?.chance(0.8) === true) answer(transaction, random.pick(STATUSES));
      if (random?.chance(0.5) === true) answer(transaction, random.pick(STATUSES));
    },
    onAck: () => undefined,
    onCancel: (transaction) => void open.delete(transaction),
  };
  const layer = new TransactionLayer({
    transport,
    timers: DEFAULT_TIMERS,
    queue,
    user,
    admit: undefined,
    maxTransactions: MAX_TRANSACTIONS,
    onDefect,
    targets: {
      reach: () => ({ hops: [UDP], local: BOUND, fixed: true }),
      localFor: () => BOUND,
      overTcp: () => null,
      refusedTcp: () => undefined,
      failed: () => undefined,
      answered: () => undefined,
    },
  });

  const receive = (bytes: Buffer, by: Random): void => {
    random = by;
    const flow = by.chance(0.7) ? UDP : TCP;
    const outcome = parseMessage(bytes, 'datagram');
    if (!outcome.ok) {
      layer.onFailure(outcome, flow);
      return;
    }
    if (outcome.message.kind === 'request') stampTopVia(outcome.message, flow.remoteAddress, flow.remotePort);
    layer.onMessage(outcome.message, flow);
  };

  return {
    receive,
    exchange(by, others) {
      const method = by.pick(['INVITE', 'INVITE', 'OPTIONS', 'BYE']);
      const headers = new SipHeaders([
        { name: 'From', value: '<sip:gateway@127.0.0.1>;tag=ours' },
        { name: 'To', value: '<sip:bob@127.0.0.1>' },
        { name: 'Call-ID', value: 'ours' },
        { name: 'CSeq', value: `5 ${method}` },
      ]);
      const request = { kind: 'request' as const, method, uri: 'sip:bob@127.0.0.1', headers, body: Buffer.alloc(0) };
      sent = null;
      const ended = (): void => void calling.delete(transaction);
      const transaction = layer.request(
        request,
        { flow: UDP },
        {
          onResponse: ({ status }) => (status >= 200 ? ended() : undefined),
          onTimeout: ended,
          onTransportError: ended,
        },
      );
      if (method === 'INVITE') calling.add(transaction);
      const written = sent === null ? null : parseMessage(sent, 'stream');
      assert.ok(written?.ok === true && written.message.kind === 'request', 'what leaves cannot be read');
      for (let left = 1 + by.below(3); left > 0; left -= 1) {
        const toTag = by.pick(['one', 'other']);
        const response = serialize(makeResponse(written.message, by.pick([100, ...STATUSES]), 'Whatever', { toTag }));
        receive(by.chance(0.5) ? response : mutated(response, by, others), by);
        if (by.chance(0.2) && calling.delete(transaction)) transaction.cancel();
      }
    },
    drain() {
      // An INVITE that rings does so until it is answered.
      for (const transaction of open) answer(transaction, 486);
      open.clear();
      for (const transaction of calling) transaction.cancel();
      calling.clear();
      clock.advance(FOREVER_MS);
      assert.deepEqual(thrown.splice(0), [], 'the transactions survived a defect of theirs');
      assert.equal(layer.transactionCount, 0, 'transactions are left when all timers have run');
      assert.equal(queue.size, 0, 'timers are left when all have run');
      assert.equal(clock.alarms, 0, 'an alarm is left when all timers have run');
    },
  };
}
