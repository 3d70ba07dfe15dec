import { connect, type Socket } from 'node:net';
import type { Engine } from '../../src/drachtio/index.ts';
import { refreshed } from './corpus.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

/** Somebody who speaks an application's protocol, or nearly: `<length>#<id>|<command>` (drachtio-protocol 1.1). */
export interface FrameClient {
  /** One frame. Where the length is wrong too, over a connection of its own: the engine may wait for the rest for ever. */
  send(random: Random, others: readonly Buffer[]): Promise<void>;
  /** What was sent has been answered, or the connection closed. */
  settle(): Promise<void>;
  close(): void;
}

/** How many answers may be owed. */
const AT_ONCE = 20;
const LENGTHS = [
  '',
  '0',
  '-1',
  '00000005',
  '9'.repeat(8),
  '9'.repeat(9),
  '1000000000000000',
  '1e9',
  '0x10',
  ' 5',
  '5 ',
  '٣',
  '#',
  'a',
];

function framed(payload: Buffer, length = String(payload.length)): Buffer {
  return Buffer.concat([Buffer.from(`${length}#`), payload]);
}

/** However it ends: the engine may reset a connection. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

export function openFrameClient(engine: Engine, sinkPort: number): FrameClient {
  const { host, port } = engine.client;
  const authenticate = framed(Buffer.from(`a|authenticate|${engine.secret}|`));
  let socket: Socket | null = null;
  let owed = 0;
  let pong: (() => void) | null = null;

  const open = (): Socket => {
    if (socket !== null && !socket.destroyed && socket.writable) return socket;
    const fresh = connect(port, host);
    fresh.on('error', () => undefined);
    fresh.on('data', (chunk: Buffer) => (chunk.includes('|OK|pong') ? pong?.() : undefined));
    fresh.write(authenticate);
    socket = fresh;
    return fresh;
  };
  const settle = async (): Promise<void> => {
    owed = 0;
    const current = socket;
    if (current === null || current.destroyed || !current.writable) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        pong = null;
        current.off('close', done);
        resolve();
      };
      pong = done;
      current.once('close', done);
      current.write(framed(Buffer.from('p|ping')));
    });
  };
  const alone = async (bytes: Buffer): Promise<void> => {
    const own = connect(port, host);
    own.on('error', () => undefined);
    own.resume();
    own.end(Buffer.concat([authenticate, bytes]));
    await closeOf(own);
  };

  return {
    async send(random, others) {
      const payload = payloadOf(random, others, sinkPort);
      const turn = random.below(10);
      if (turn === 0) {
        await alone(framed(payload, random.pick(LENGTHS)));
      } else if (turn === 1) {
        await alone(mutated(framed(Buffer.from('id|ping')), random, [Buffer.from('5#x|ping')]));
      } else {
        open().write(framed(payload));
        owed += 1;
        if (owed >= AT_ONCE) await settle();
      }
    },
    settle,
    close: () => void socket?.destroy(),
  };
}

/** What is addressed to somebody goes to `sinkPort` on this machine, whatever a mutation makes of the rest. */
function payloadOf(random: Random, others: readonly Buffer[], sinkPort: number): Buffer {
  const sip = Buffer.concat([
    Buffer.from('\r\n'),
    mutated(refreshed(random.pick(others), `f${random.below(2 ** 31)}`), random, others),
  ]);
  const kind = random.below(6);
  if (kind <= 2) return Buffer.concat([Buffer.from(`id|sip|||sip:127.0.0.1:${sinkPort}`), sip]);
  if (kind === 3) return Buffer.concat([Buffer.from('id|sip|unknown-transaction|'), sip]);
  if (kind === 4) return Buffer.concat([Buffer.from('id|sip||unknown-dialog'), sip]);
  const line = random.pick([
    'id|ping',
    'id|route|invite2',
    'id|remove_route|info',
    'id|proxy|x|||||||',
    'id|authenticate|x|',
    'id|sip|x|y',
    '|||',
  ]);
  return mutated(Buffer.from(line), random, [Buffer.from('id|sip|||')]);
}
