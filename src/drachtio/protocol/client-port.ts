import { createServer, type Server } from 'node:net';
import { Client, type ClientHandlers } from './client.ts';
import type { EngineLimits } from '../limits.ts';

/** The port that applications connect to. */
export interface ClientPort {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function openClientPort(
  address: { readonly host: string; readonly port: number },
  limits: EngineLimits,
  handlers: ClientHandlers,
): Promise<ClientPort> {
  const clients = new Set<Client>();
  const server = createServer((socket) => {
    if (clients.size >= limits.maxClients && !makeRoom(clients)) {
      handlers.onRefused(`an application was refused: ${limits.maxClients} are connected already`);
      socket.destroy();
      return;
    }
    const client = new Client(socket, limits, {
      onCommand: (sender, command) => handlers.onCommand(sender, command),
      onClosed: (closed) => {
        clients.delete(closed);
        handlers.onClosed(closed);
      },
      onRefused: (text) => handlers.onRefused(text),
      onDefect: (what, error) => handlers.onDefect(what, error),
      log: (level, text) => handlers.log(level, text),
    });
    clients.add(client);
  });
  await listen(server, address);
  // A server that listens may still report a failed accept (out of descriptors); that is no reason to end.
  server.on('error', (error) => handlers.log('warn', `client port: ${error.message}`));
  const bound = server.address();
  return {
    host: address.host,
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) {
          client.end();
        }
      }),
  };
}

/** Whoever does not know the secret must not keep out who does: the one that has waited longest for it gives its place. */
function makeRoom(clients: ReadonlySet<Client>): boolean {
  for (const client of clients) {
    if (!client.authenticated) {
      client.abort('did not authenticate before others came');
      return true;
    }
  }
  return false;
}

function listen(server: Server, address: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      const where = `${address.host}:${address.port}`;
      reject(new Error(`cannot listen for applications on ${where}: ${error.message}`, { cause: error }));
    };
    server.once('error', refuse);
    server.listen(address.port, address.host, () => {
      server.removeListener('error', refuse);
      resolve();
    });
  });
}
