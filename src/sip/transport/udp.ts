import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { TransportError, type ListenAddress } from './transport.ts';
import { MAX_UDP_PAYLOAD_BYTES, UDP_RECEIVE_BUFFER_BYTES } from './limits.ts';

export interface UdpHandlers {
  onDatagram(bytes: Buffer, remote: RemoteInfo): void;
  /** The system refused a datagram that `send` had taken (no route, no permission). */
  onSendError(error: TransportError, address: string, port: number): void;
}

/** One bound UDP socket. Nothing that the network does to it is thrown. */
export class UdpSocket {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #handlers: UdpHandlers;

  private constructor(socket: Socket, handlers: UdpHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.address = socket.address().address;
    this.port = socket.address().port;
    socket.on('message', (bytes, remote) => handlers.onDatagram(bytes, remote));
    // Reported by the datagram's own callback, or about nothing in particular: a UDP socket survives its errors.
    socket.on('error', () => undefined);
  }

  static async bind(listen: ListenAddress, handlers: UdpHandlers): Promise<UdpSocket> {
    const socket = createSocket({
      // 0.0.0.0 and [::] may both be bound to one port; libuv refuses the flag for IPv4.
      ...(isIP(listen.address) === 6 ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' }),
      // Addresses are literals here; Node would ask its resolver a tick later, and keep a closure for each datagram.
      lookup: (address, _options, callback) => callback(null, address, isIP(address)),
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(listen.port, listen.address, () => {
          socket.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    enlargeReceiveBuffer(socket);
    return new UdpSocket(socket, handlers);
  }

  /** The error of a datagram that cannot be sent at all; null where it was handed to the system. */
  send(bytes: Buffer, address: string, port: number): TransportError | null {
    if (bytes.length > MAX_UDP_PAYLOAD_BYTES) {
      return new TransportError('too-large', `${bytes.length} bytes do not fit into one UDP datagram`);
    }
    if (port < 1 || port > 65_535 || isIP(address) === 0) {
      return new TransportError('failed', `udp:${address}:${port} is no address to send to`);
    }
    try {
      this.#socket.send(bytes, port, address, (error) => {
        if (error) this.#handlers.onSendError(udpError(error, address, port), address, port);
      });
      return null;
    } catch (error) {
      return udpError(error, address, port);
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}

function udpError(cause: unknown, address: string, port: number): TransportError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TransportError('failed', `udp:${address}:${port}: ${text}`, { cause });
}

/** The kernel caps it at net.core.rmem_max and may refuse: then the default has to do. */
function enlargeReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(UDP_RECEIVE_BUFFER_BYTES);
  } catch {
    // Best effort.
  }
}
