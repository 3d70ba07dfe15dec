import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Two phones on UDP that make and take calls as fast as the other side answers, for tests that need thousands. */
export interface Phones {
  /** Where the callee listens. */
  readonly calleePort: number;
  /** Calls through the engine on this port and gives each up as soon as it rings; resolves once all have their 487. */
  missedCalls(port: number, count: number): Promise<void>;
  close(): void;
}

/** Calls under way at a time. */
const AT_ONCE = 20;

export async function startPhones(): Promise<Phones> {
  const [caller, callee] = [createSocket('udp4'), createSocket('udp4')];
  for (const socket of [caller, callee]) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  }
  /** What each answer to a call brings about, by its Call-ID. */
  const calls = new Map<string, (message: string) => void>();
  caller.on('message', (bytes) => {
    const message = bytes.toString('latin1');
    calls.get(value(message, 'Call-ID'))?.(message);
  });
  callee.on('message', (bytes, { port }) => {
    for (const answer of answersOf(bytes.toString('latin1'), callee.address().port)) callee.send(answer, port);
  });
  let made = 0;

  function missedCall(port: number): Promise<void> {
    made += 1;
    const number = made;
    const from = caller.address().port;
    const request = (method: string, to: string): string =>
      lines(
        `${method} sip:1001@127.0.0.1:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${from};branch=z9hG4bK-${number}`,
        'Max-Forwards: 70',
        `From: <sip:caller@127.0.0.1>;tag=from${number}`,
        `To: ${to}`,
        `Call-ID: missed-${number}`,
        `CSeq: 1 ${method}`,
        `Contact: <sip:caller@127.0.0.1:${from}>`,
      );
    const to = '<sip:1001@127.0.0.1>';
    return new Promise((resolve) => {
      let cancelled = false;
      calls.set(`missed-${number}`, (message) => {
        if (message.startsWith('SIP/2.0 180') && !cancelled) {
          cancelled = true;
          caller.send(request('CANCEL', to), port);
        }
        if (!message.startsWith('SIP/2.0 487')) return;
        caller.send(request('ACK', value(message, 'To')), port);
        calls.delete(`missed-${number}`);
        resolve();
      });
      caller.send(request('INVITE', to), port);
    });
  }

  return {
    calleePort: callee.address().port,
    missedCalls: async (port, count) => {
      let left = count;
      const line = async (): Promise<void> => {
        while (left-- > 0) await missedCall(port);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, line));
    },
    close: () => {
      caller.close();
      callee.close();
    },
  };
}

/** Rings, and takes it that the caller gave up. */
function answersOf(message: string, port: number): string[] {
  const method = message.slice(0, message.indexOf(' '));
  const answer = (status: string, cseq = value(message, 'CSeq')): string =>
    lines(
      `SIP/2.0 ${status}`,
      `Via: ${value(message, 'Via')}`,
      `From: ${value(message, 'From')}`,
      `To: ${value(message, 'To')};tag=callee`,
      `Call-ID: ${value(message, 'Call-ID')}`,
      `CSeq: ${cseq}`,
      `Contact: <sip:callee@127.0.0.1:${port}>`,
    );
  if (method === 'INVITE') return [answer('180 Ringing')];
  if (method !== 'CANCEL') return [];
  return [answer('200 OK'), answer('487 Request Terminated', value(message, 'CSeq').replace('CANCEL', 'INVITE'))];
}

function value(message: string, name: string): string {
  return new RegExp(`^${name}: (.*)\r$`, 'm').exec(message)?.[1] ?? '';
}

function lines(...text: string[]): string {
  return [...text, 'Content-Length: 0', '', ''].join('\r\n');
}
