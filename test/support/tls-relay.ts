import { once } from 'node:events';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type ConnectionOptions } from 'node:tls';
import type { Credentials } from './certificates.ts';

export interface Relay {
  close(): void;
}

interface End {
  readonly host: string;
  readonly port: number;
}

/** TLS for a program that has only TCP (Debian's sipp): what connects at `listen` goes on by TLS to `to`, from the same address. */
export function tlsOutwards(listen: End, to: End, ca: string): Promise<Relay> {
  // Node's types keep localAddress for net.connect.
  const options: ConnectionOptions & { localAddress: string } = { ...to, ca, localAddress: listen.host };
  const server = createServer((socket) => join(socket, connectTls(options)));
  return opened(server, listen);
}

/** The other way: what comes by TLS at `listen` goes on by TCP to `to`. */
export function tlsInwards(listen: End, to: End, { certificate, key }: Credentials): Promise<Relay> {
  const server = createTlsServer({ cert: certificate, key }, (socket) => join(socket, connectTcp(to)));
  return opened(server, listen);
}

async function opened(server: Server, { host, port }: End): Promise<Relay> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function join(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  const end = (): void => {
    one.destroy();
    other.destroy();
  };
  for (const socket of [one, other]) socket.on('error', end).on('close', end);
}
