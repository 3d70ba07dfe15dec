import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Random } from './random.ts';

/**
 * A phone on UDP that sends whatever it is told to and answers whatever comes: 200 to requests, ACK to most answers. It
 * remembers the dialogs it got into, and nothing else.
 */
export interface Phone {
  readonly port: number;
  send(bytes: Buffer | string): void;
  /** Resolves when the engine's application has answered: what was sent before has been read. */
  ping(): Promise<void>;
  /** Rejects where any step of it has no answer. */
  call(): Promise<void>;
  /** A request in one of the last dialogs, null where there is none. */
  requestInDialog(id: string, random: Random): Buffer | null;
  close(): Promise<void>;
}

interface StandingDialog {
  readonly callId: string;
  readonly fromTag: string;
  readonly toTag: string;
}

const METHODS = ['BYE', 'ACK', 'INFO', 'UPDATE', 'INVITE', 'REFER', 'NOTIFY', 'MESSAGE', 'OPTIONS', 'PRACK', 'CANCEL'];
const SDP = 'v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
const MAX_DIALOGS = 50;
const ANSWER_TIMEOUT_MS = 10_000;

function header(text: string, name: string): string {
  return new RegExp(`^${name}[ \t]*:[ \t]*(.*)\r$`, 'im').exec(text)?.[1] ?? '';
}

function tag(value: string): string {
  return /;tag=([^;\s]+)/.exec(value)?.[1] ?? '';
}

export async function openPhone(enginePort: number): Promise<Phone> {
  const socket = createSocket('udp4');
  const dialogs: StandingDialog[] = [];
  const waiting = new Map<string, (text: string) => void>();
  let closed = false;
  let counter = 0;
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const send = (bytes: Buffer | string): void => {
    const datagram = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    // What fits no datagram cannot be sent.
    if (!closed && datagram.length <= 65_507) socket.send(datagram, enginePort, '127.0.0.1');
  };

  const request = (method: string, id: string, { callId, fromTag, toTag }: StandingDialog, sequence: number): string =>
    `${method} sip:1001@127.0.0.1:${enginePort} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${id}\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:alice@127.0.0.1>;tag=${fromTag}\r\n` +
    `To: <sip:1001@127.0.0.1>${toTag === '' ? '' : `;tag=${toTag}`}\r\nCall-ID: ${callId}\r\nCSeq: ${sequence} ${method}\r\n` +
    `Contact: <sip:alice@127.0.0.1:${port}>\r\n` +
    (method === 'INVITE'
      ? `Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`
      : 'Content-Length: 0\r\n\r\n');

  const onResponse = (text: string): void => {
    const callId = header(text, 'Call-ID');
    const waiter = waiting.get(`${text.slice(8, 11)} ${callId} ${header(text, 'CSeq')}`);
    if (waiter !== undefined) return waiter(text);
    if (!/^SIP\/2\.0 200 [^]*^CSeq:\s*\d+ INVITE\r$/m.test(text)) return;
    const dialog = { callId, fromTag: tag(header(text, 'From')), toTag: tag(header(text, 'To')) };
    counter += 1;
    if (counter % 4 !== 0) send(request('ACK', `ack${counter}`, dialog, Number.parseInt(header(text, 'CSeq'), 10)));
    if (dialogs.push(dialog) > MAX_DIALOGS) dialogs.shift();
  };
  const onRequest = (text: string): void => {
    if (text.startsWith('ACK ')) return;
    const copied = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(text, name)}\r\n`).join('');
    counter += 1;
    const status = text.startsWith('INVITE ')
      ? [486, 200, 180, 407][counter % 4]
      : text.startsWith('SUBSCRIBE ')
        ? 489
        : 200;
    const to = `To: ${header(text, 'To').replace(/;tag=.*/, '')};tag=phone${counter}\r\n`;
    const contact = `Contact: <sip:bob@127.0.0.1:${port}>\r\n`;
    send(`SIP/2.0 ${status} Whatever\r\n${copied}${to}${contact}Content-Length: 0\r\n\r\n`);
  };
  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1');
    if (text.startsWith('SIP/2.0')) onResponse(text);
    else onRequest(text);
  });

  /** Sends until it is answered: the kernel may have had to drop it. */
  const ask = (text: string, key: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearInterval(again);
        clearTimeout(timer);
        waiting.delete(key);
      };
      const again = setInterval(() => send(text), 500);
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no ${key} came within ${ANSWER_TIMEOUT_MS} ms`));
      }, ANSWER_TIMEOUT_MS);
      waiting.set(key, (answer) => {
        end();
        resolve(answer);
      });
      send(text);
    });

  return {
    port,
    send,
    async ping() {
      counter += 1;
      const callId = `ping-${port}-${counter}`;
      const dialog = { callId, fromTag: 'ping', toTag: '' };
      await ask(request('OPTIONS', callId, dialog, 1), `200 ${callId} 1 OPTIONS`);
    },
    async call() {
      counter += 1;
      const callId = `good-${port}-${counter}`;
      const early = { callId, fromTag: 'good', toTag: '' };
      const ok = await ask(request('INVITE', callId, early, 1), `200 ${callId} 1 INVITE`);
      const dialog = { ...early, toTag: tag(header(ok, 'To')) };
      send(request('ACK', `${callId}-ack`, dialog, 1));
      await ask(request('BYE', `${callId}-bye`, dialog, 2), `200 ${callId} 2 BYE`);
    },
    requestInDialog(id, random) {
      if (dialogs.length === 0) return null;
      const method = random.pick(METHODS);
      return Buffer.from(request(method, id, random.pick(dialogs), 2 + random.below(20)), 'latin1');
    },
    close: async () => {
      closed = true;
      socket.close();
      await once(socket, 'close');
    },
  };
}
