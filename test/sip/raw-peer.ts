import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket as TcpSocket } from 'node:net';
import { parseMessage } from '../../src/sip/message/parse.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../src/sip/message/message.ts';
import { Inbox } from './inbox.ts';

/** The other end of the wire, without a stack: it sends what the test writes, and answers nothing by itself. */
export interface RawPeer {
  readonly port: number;
  readonly messages: Inbox<SipMessage>;
  send(bytes: string | Buffer): void;
  close(): void;
}

/** The next request of this method. */
export async function requestAt(peer: RawPeer, method: string): Promise<SipRequest> {
  const message = await peer.messages.next((each) => each.kind === 'request' && each.method === method);
  if (message.kind !== 'request') throw new Error('not a request');
  return message;
}

/** The next response with this status. */
export async function responseAt(peer: RawPeer, status: number): Promise<SipResponse> {
  const message = await peer.messages.next((each) => each.kind === 'response' && each.status === status);
  if (message.kind !== 'response') throw new Error('not a response');
  return message;
}

function take(inbox: Inbox<SipMessage>, bytes: Buffer): void {
  const outcome = parseMessage(bytes, 'datagram');
  if (!outcome.ok) throw new Error(`the stack sent what cannot be read: ${outcome.problem}`);
  inbox.push(outcome.message);
}

export async function udpPeer(
  to: { port: number } = { port: 0 },
  address = '127.0.0.1',
  port = 0,
): Promise<RawPeer & { to: { port: number } }> {
  const socket: Socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const messages = new Inbox<SipMessage>();
  socket.on('message', (bytes) => take(messages, bytes));
  socket.bind(port, address);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    messages,
    to,
    send: (bytes) => socket.send(bytes, to.port, address.includes(':') ? address : '127.0.0.1'),
    close: () => socket.close(),
  };
}

/** One connection; a message of the stack comes in one piece on loopback, or several at once. */
function tcpPeer(socket: TcpSocket): RawPeer {
  const messages = new Inbox<SipMessage>();
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      // Keep-alives (RFC 5626 3.5.1).
      while (rest[0] === 0x0d && rest[1] === 0x0a) rest = rest.subarray(2);
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = rest.subarray(0, end).toString('latin1');
      const size = end + 4 + Number(/^Content-Length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (rest.length < size) return;
      take(messages, rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  });
  socket.on('error', () => undefined);
  return {
    port: socket.localPort ?? 0,
    messages,
    send: (bytes) => void socket.write(bytes),
    close: () => socket.destroy(),
  };
}

export async function tcpClient(port: number): Promise<RawPeer> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return tcpPeer(socket);
}

export async function tcpServer(port = 0): Promise<{ port: number; peers: Inbox<RawPeer>; close(): void }> {
  const peers = new Inbox<RawPeer>();
  const sockets = new Set<TcpSocket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    peers.push(tcpPeer(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    peers,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
