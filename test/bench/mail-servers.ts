import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';

/** After so long without a mail, none is under way: longer than the gateway's first retry. */
const QUIET_MS = 5_000;

export interface MailServer {
  /** `smtp://127.0.0.1:PORT`. */
  readonly uri: string;
  close(): Promise<void>;
}

export interface AcceptingServer extends MailServer {
  /** When each mail was accepted, by its X-CallID: milliseconds since the epoch. */
  readonly acceptedAt: ReadonlyMap<string, number>;
  /** Waits until so many were accepted since the start, or none has come for a while: calls that failed bring no mail. */
  accepted(count: number): Promise<void>;
  /** Waits until none has come for a while. */
  quiet(): Promise<void>;
}

/** A mail server that takes everything and forgets it. */
export async function acceptingServer(): Promise<AcceptingServer> {
  const acceptedAt = new Map<string, number>();
  let latestAt = 0;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onData: (stream, _session, callback) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const callId = /^X-CallID: (.*?)\r?$/m.exec(Buffer.concat(parts).toString('latin1'))?.[1] ?? '';
        latestAt = Date.now();
        acceptedAt.set(callId, latestAt);
        callback();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const accepted = async (count: number): Promise<void> => {
    const began = Date.now();
    while (acceptedAt.size < count && Date.now() - Math.max(began, latestAt) < QUIET_MS) await setTimeout(20);
  };
  return {
    uri: `smtp://127.0.0.1:${port}`,
    acceptedAt,
    accepted,
    quiet: () => accepted(Infinity),
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
