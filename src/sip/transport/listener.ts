import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../message/limits.ts';
import type { Connection } from './connection.ts';
import { MAX_HTTP_HEAD_BYTES, MAX_WEBSOCKET_PIECES, TCP_KEEP_ALIVE_MS } from './limits.ts';
import { StreamWire } from './stream-wire.ts';
import { serverOptions, type TlsSettings } from './tls.ts';
import type { ListenAddress } from './transport.ts';
import { WebSocketWire } from './websocket-wire.ts';

/** RFC 7118 4.1. */
const SUBPROTOCOL = 'sip';

export interface StreamListenOptions {
  /** Needed for tls and wss. */
  readonly tls?: TlsSettings;
  /** Web sites whose pages may open a WebSocket, `https://phone.example.com`; every one where it is absent. */
  readonly origins?: readonly string[];
  /** Takes a place for this socket; null where there is none, and the socket is gone. */
  accept(socket: Socket): Connection | null;
  /** A TLS handshake failed; for an operator. */
  readonly onHandshakeFailed: (source: string, error: Error) => void;
  /** A page of a web site that is not named in `origins` was turned away; for an operator. */
  readonly onOriginRefused: (source: string, origin: string) => void;
}

/** A listening socket of a stream protocol. What a peer does in its handshakes costs its own connection alone. */
export interface StreamListener {
  readonly port: number;
  /** Who connects from now on is shown these; throws where one cannot be used. Nothing where TLS is not spoken. */
  readonly setTls: (tls: TlsSettings) => void;
  readonly close: () => Promise<void>;
}

/** Listens for TCP, TLS, WebSocket or WebSocket over TLS. Rejects where the port or the certificate cannot be used. */
export async function listenStream(listen: ListenAddress, options: StreamListenOptions): Promise<StreamListener> {
  const { protocol } = listen;
  const handshakes = new Handshakes();
  const open = (socket: Socket): void => {
    const connection = handshakes.end(socket);
    if (connection === null) socket.destroy();
    else connection.opened(new StreamWire(socket, connection));
  };
  const web = protocol === 'ws' || protocol === 'wss' ? webSocketServer(handshakes, options) : null;
  const begin = web === null ? open : (socket: Socket): void => void web.emit('connection', socket);
  let secure = protocol === 'tls' || protocol === 'wss' ? tlsServer(options, begin) : null;
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS },
    (socket) => {
      const connection = options.accept(socket);
      if (connection === null) return;
      handshakes.begin(socket, connection);
      if (secure === null) begin(socket);
      else secure.emit('connection', socket);
    },
  );
  await listening(server, listen);
  const address = server.address();
  return {
    port: address === null || typeof address === 'string' ? listen.port : address.port,
    setTls(tls) {
      // It binds nothing: connections that are open, or in their handshake, stay with the one before.
      if (secure !== null) secure = tlsServer({ ...options, tls }, begin);
    },
    close: () =>
      new Promise((resolve) => {
        web?.close();
        server.close(() => resolve());
      }),
  };
}

/** Connections that are not open yet, by both ends of their socket: Node.js does not tell which socket a TLS one is over. */
class Handshakes {
  readonly #byEnds = new Map<string, Connection>();

  begin(socket: Socket, connection: Connection): void {
    const key = endsOf(socket);
    this.#byEnds.set(key, connection);
    socket.once('close', () => {
      if (this.#byEnds.get(key) === connection) this.#byEnds.delete(key);
    });
  }

  /** The connection of a socket, or of TLS over it; null where it has gone meanwhile. */
  end(socket: Socket): Connection | null {
    const key = endsOf(socket);
    const connection = this.#byEnds.get(key);
    this.#byEnds.delete(key);
    return connection ?? null;
  }
}

function endsOf({ remoteAddress = '', remotePort = 0, localAddress = '' }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

function listening(server: Server, listen: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: listen.address, port: listen.port, ipv6Only: isIP(listen.address) === 6 }, () => {
      server.off('error', reject);
      // Running out of file descriptors is reported here; the server goes on listening.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function tlsServer({ tls, onHandshakeFailed }: StreamListenOptions, onSecure: (socket: Socket) => void): TlsServer {
  if (tls === undefined) throw new Error('TLS needs a certificate and its key');
  const server = createTlsServer(serverOptions(tls), onSecure);
  for (const [name, { certificate, key }] of Object.entries(tls.hosts ?? {})) {
    server.addContext(name, { ...serverOptions({ ...tls, certificate, key }) });
  }
  server.on('tlsClientError', (error, socket) => onHandshakeFailed(socket.remoteAddress ?? 'a client', error));
  return server;
}

/** Speaks HTTP as far as the handshake of RFC 6455 4.2. */
function webSocketServer(handshakes: Handshakes, options: StreamListenOptions): HttpServer {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // Answered by the wire, where the peer reads.
    autoPong: false,
    maxPayload: MAX_HEAD_BYTES + MAX_BODY_BYTES,
    // Every piece costs some hundred bytes beside its content, which nobody counts.
    maxFragments: MAX_WEBSOCKET_PIECES,
    maxBufferedChunks: MAX_WEBSOCKET_PIECES,
    handleProtocols: () => SUBPROTOCOL,
  });
  const server = createHttpServer({ maxHeaderSize: MAX_HTTP_HEAD_BYTES }, (_request, response) => {
    // RFC 9110 15.5.22.
    response.writeHead(426, { Connection: 'Upgrade, close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
    response.end('This is no web server: it speaks SIP over WebSocket (RFC 7118).\n');
  });
  // Node.js answers an expectation it does not know, and keeps the connection.
  server.on('checkExpectation', (_, response) => response.writeHead(417, { Connection: 'close' }).end());
  server.on('upgrade', (request, stream, head) => {
    // What net and tls have emitted is a socket.
    const socket = stream as Socket;
    socket.on('error', () => undefined);
    const refusal = refusalOf(request, options);
    if (refusal !== null) {
      socket.end(refusal);
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = handshakes.end(socket);
      if (connection === null) webSocket.terminate();
      else connection.opened(new WebSocketWire(webSocket, socket, connection));
    });
  });
  return server;
}

/** The whole HTTP answer where this WebSocket is not to be opened. */
function refusalOf(
  { headers, socket }: IncomingMessage,
  { origins, onOriginRefused }: StreamListenOptions,
): string | null {
  const { origin } = headers;
  if (origins !== undefined && origin !== undefined && !origins.includes(origin.toLowerCase())) {
    onOriginRefused(socket.remoteAddress ?? 'a client', origin);
    return httpRefusal('403 Forbidden', 'Pages of this site may not call here.');
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (offered.includes(SUBPROTOCOL)) return null;
  return httpRefusal('400 Bad Request', 'Open this WebSocket with the subprotocol sip (RFC 7118).');
}

function httpRefusal(status: string, why: string): string {
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${why.length + 1}\r\n\r\n${why}\n`;
}
