import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { later } from '../drachtio/support.ts';

/**
 * An engine that does exactly what a test says, in the frames of drachtio's client protocol: for orders of events that no
 * real one can be made to show at will, and for habits of the real server that the embedded engine does not have.
 */
export interface ScriptedEngine {
  readonly address: { readonly host: string; readonly port: number; readonly secret: string };
  /** The next SIP command of the application that matches: its id is for `ok` and `nok`. */
  command(match: RegExp): Promise<SipCommand>;
  count(match: RegExp): number;
  /** A request from the network. */
  request(text: string, transaction: string, dialog?: string): void;
  /** A response from the network to a request of the application. */
  response(text: string, transaction: string, dialog: string): void;
  /** A BYE that the engine sent in the application's name. */
  unsolicited(text: string, dialog: string): void;
  /** From now on it reads, and answers nothing: as if it hung. Connections are taken all the same. */
  hang(): void;
  goOn(): void;
  /** How many connections it has taken. */
  readonly connections: number;
  /** How often it was asked whether it is there. */
  readonly pings: number;
  /** Waits until it was asked so often. */
  pinged(times: number): Promise<void>;
}

export interface SipCommand {
  readonly id: string;
  readonly text: string;
  /** The request was sent, in this transaction. */
  sent(transaction: string): void;
  /** The response was sent. */
  responded(transaction: string, dialog: string): void;
  refused(why: string): void;
}

export async function startScriptedEngine(): Promise<ScriptedEngine> {
  const commands: SipCommand[] = [];
  const seen: string[] = [];
  const waiting: (() => void)[] = [];
  let application: Socket | null = null;
  const send = (frame: string): void => {
    application?.write(`${Buffer.byteLength(frame)}#${frame}`);
  };
  const toNetwork = (id: string, rest: string, text: string): void =>
    send(
      `${randomUUID()}|response|${id}|OK|application|1|udp|127.0.0.1|5060|00:00:00.000000|${rest}Msg sent:|\r\n${text}`,
    );

  let hanging = false;
  let connections = 0;
  let pings = 0;
  const receive = (payload: string): void => {
    const end = payload.indexOf('\r\n');
    const [id = '', type] = (end === -1 ? payload : payload.slice(0, end)).split('|');
    if (type === 'ping') pings += 1;
    if (hanging) return;
    if (type !== 'sip') {
      for (const resolve of waiting.splice(0)) resolve();
      send(
        `${randomUUID()}|response|${id}|OK${type === 'authenticate' ? '|udp/127.0.0.1:5060|v0.9.0|udp/127.0.0.1:5060' : ''}`,
      );
      return;
    }
    const text = payload.slice(end + 2);
    seen.push(text);
    commands.push({
      id,
      text,
      sent: (transaction) => toNetwork(id, `${transaction}|`, complete(text)),
      responded: (transaction, dialog) => toNetwork(id, `${transaction}|${dialog}||`, complete(text)),
      refused: (why) => send(`${randomUUID()}|response|${id}|NOK|${why}`),
    });
    for (const resolve of waiting.splice(0)) resolve();
  };

  const server = createServer((socket) => {
    application = socket;
    connections += 1;
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let mark = pending.indexOf('#'); mark > 0; mark = pending.indexOf('#')) {
        const length = Number(pending.toString('latin1', 0, mark));
        if (pending.length < mark + 1 + length) return;
        receive(pending.toString('utf8', mark + 1, mark + 1 + length));
        pending = pending.subarray(mark + 1 + length);
      }
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  later(async () => {
    application?.destroy();
    server.close();
    await once(server, 'close');
  });
  const network = (source: string, text: string, transaction: string, dialog: string, rest = ''): void =>
    send(
      `${randomUUID()}|sip|${source}|1|udp|127.0.0.1|5060|00:00:00.000000|${transaction}|${dialog}|${rest}\r\n${wire(text)}`,
    );
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, secret: 'cymru' },
    async command(match) {
      for (;;) {
        const index = commands.findIndex(({ text }) => match.test(text));
        const [found] = index === -1 ? [] : commands.splice(index, 1);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    count: (match) => seen.filter((text) => match.test(text)).length,
    request: (text, transaction, dialog = '') => network('network', text, transaction, dialog, '127.0.0.1|5060'),
    response: (text, transaction, dialog) => network('network', text, transaction, dialog),
    hang: () => void (hanging = true),
    goOn: () => void (hanging = false),
    get pings() {
      return pings;
    },
    async pinged(times) {
      for (;;) {
        if (pings >= times) return;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    get connections() {
      return connections;
    },
    unsolicited: (text, dialog) => network('application', text, 'unsolicited', dialog),
  };
}

/** Headers, and after an empty line a body of one line. */
function wire(text: string): string {
  const [head = '', body = ''] = text.trim().split('\n\n');
  return `${head.replaceAll(/\n\s*/g, '\r\n')}\r\n\r\n${body}`;
}

/** As an engine sends it on: with what the application left to it. */
function complete(text: string): string {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const has = (name: string): boolean => new RegExp(`^${name}:`, 'im').test(head);
  const lines = head.split('\r\n');
  if (!has('call-id')) lines.push('Call-ID: out-1');
  if (!has('cseq')) lines.push(`CSeq: 1 ${lines[0]?.split(' ', 1)[0] ?? ''}`);
  if (!has('contact')) lines.push('Contact: <sip:127.0.0.1:5060>');
  return `${lines.map((line) => (/^(from|to):/i.test(line) && !/;tag=/.test(line) ? `${line};tag=engine` : line)).join('\r\n')}\r\n\r\n${body}`;
}
