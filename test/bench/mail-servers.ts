import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { until } from '../support/gateway-process.ts';

export interface MailServer {
  /** `smtp://127.0.0.1:PORT`. */
  readonly uri: string;
  close(): Promise<void>;
}

export interface AcceptingServer extends MailServer {
  /** When each mail was accepted, by its X-CallID: milliseconds since the epoch. */
  readonly acceptedAt: ReadonlyMap<string, number>;
  /** Waits until so many were accepted since the start. */
  accepted(count: number): Promise<void>;
}

/** A mail server that takes everything and forgets it. */
export async function acceptingServer(): Promise<AcceptingServer> {
  const acceptedAt = new Map<string, number>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onData: (stream, _session, callback) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const callId = /^X-CallID: (.*?)\r?$/m.exec(Buffer.concat(parts).toString('latin1'))?.[1] ?? '';
        acceptedAt.set(callId, Date.now());
        callback();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    uri: `smtp://127.0.0.1:${port}`,
    acceptedAt,
    accepted: async (count) => {
      await until(30_000, `${count} mails`, () => Promise.resolve(acceptedAt.size >= count || null));
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A mail server that hangs: takes connections and never says a word, so that mails stay queued. */
export async function hangingServer(): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    uri: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
