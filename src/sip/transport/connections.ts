import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Clock } from '../stack.types.ts';
import { Connection, type ConnectionHandlers } from './connection.ts';
import { TCP_KEEP_ALIVE_MS, type TransportLimits } from './limits.ts';
import { sourceOf } from './local-address.ts';
import { StreamWire } from './stream-wire.ts';
import { clientContext, identityError, type TlsSettings } from './tls.ts';
import { Turns } from './turns.ts';
import { TransportError, type Destination, type Flow, type TransportProtocol } from './transport.ts';
import type { Framed } from './framer.ts';

export interface ConnectionTableParts {
  readonly limits: TransportLimits;
  readonly clock: Clock;
  /** Whether a source may keep a connection on which no request was let in. */
  isExpected(address: string): boolean;
  readonly onFramed: (framed: Framed, flow: Flow) => void;
  /** Of a connection that was open. */
  onClosed(flow: Flow): void;
  readonly onDefect: (what: string, error: unknown) => void;
  /** TLS with a peer that we called failed; for an operator. */
  onHandshakeFailed(peer: string, error: Error): void;
}

/** Every connection of a layer, by id and by destination, within its limits. */
export class ConnectionTable {
  readonly #parts: ConnectionTableParts;
  readonly #connections = new Map<number, Connection>();
  /** The connection that a destination is reached by. */
  readonly #byDestination = new Map<string, Connection>();
  readonly #acceptedBySource = new Map<string, number>();
  readonly #turns = new Turns();
  #clientContext: SecureContext | null = null;
  #nextId = 1;
  #heldBytes = 0;
  #closing = false;

  constructor(parts: ConnectionTableParts) {
    this.#parts = parts;
  }

  /** For connections that are made from now on. The system has hundreds of authorities: some 20 ms. Throws where one cannot be used. */
  setTls(tls: TlsSettings): void {
    this.#clientContext = clientContext(tls);
  }

  get(id: number): Connection | undefined {
    return this.#connections.get(id);
  }

  /** Null, and the socket is gone, where the limits leave it no place. */
  accept(protocol: TransportProtocol, socket: Socket): Connection | null {
    const { limits } = this.#parts;
    const address = socket.remoteAddress;
    const source = address === undefined ? undefined : sourceOf(address);
    const fromSource = this.#acceptedBySource.get(source ?? '') ?? 0;
    const expected = address !== undefined && this.#parts.isExpected(address);
    if (
      address === undefined ||
      source === undefined ||
      this.#closing ||
      fromSource >= limits.maxConnectionsPerSource ||
      !this.#hasPlace(expected)
    ) {
      socket.destroy();
      return null;
    }
    this.#acceptedBySource.set(source, fromSource + 1);
    const remote = { protocol, address, port: socket.remotePort ?? 0 };
    // Whoever connects by TLS may be anyone at that address (RFC 5923 8.2), and no WebSocket has a destination.
    const key = protocol === 'tcp' ? destinationKey(remote) : null;
    return this.#add(remote, key, socket, source, expected);
  }

  /** A request over it was let in: it may stay, and may be used for ours. */
  keep(id: number): void {
    const connection = this.#connections.get(id);
    if (connection?.usable !== true) return;
    const { protocol, remoteAddress: address, remotePort: port, reusable } = connection;
    connection.keep();
    if (!reusable && protocol === 'tcp')
      this.#byDestination.set(destinationKey({ protocol, address, port }), connection);
  }

  /** The connection to this destination, made where there is none. `localAddress`: null lets the system choose. */
  reach(to: Destination, localAddress: string | null): Connection | TransportError {
    const { maxConnections } = this.#parts.limits;
    const key = destinationKey(to);
    const known = this.#byDestination.get(key);
    if (known?.usable === true) return known;
    if (to.protocol === 'ws' || to.protocol === 'wss') {
      // RFC 7118 4: the client opens it; a browser cannot be called but over its own.
      return new TransportError('no-transport', `no WebSocket is opened to ${to.address}`);
    }
    if (to.port < 1 || to.port > 65_535) {
      return new TransportError('failed', `${to.protocol}:${to.address}:${to.port} is no address to send to`);
    }
    if (!this.#hasPlace(true)) {
      return new TransportError('failed', `${maxConnections} connections are open, no more are made`);
    }
    return to.protocol === 'tls' ? this.#connectTls(to, key, localAddress) : this.#connectTcp(to, key, localAddress);
  }

  close(): void {
    this.#closing = true;
    for (const connection of this.#connections.values()) connection.close();
  }

  #connectTcp(to: Destination, key: string, localAddress: string | null): Connection {
    const socket = connect(socketOptions(to, localAddress));
    const connection = this.#add(to, key, socket, null, true);
    socket.on('connect', () => connection.opened(new StreamWire(socket, connection)));
    return connection;
  }

  #connectTls(to: Destination, key: string, localAddress: string | null): Connection | TransportError {
    const secureContext = this.#clientContext;
    if (secureContext === null) return new TransportError('no-transport', 'TLS needs a certificate and its key');
    const host = to.serverName ?? to.address;
    const socket = connectTls({
      ...socketOptions(to, localAddress),
      secureContext,
      // Said here, or NODE_TLS_REJECT_UNAUTHORIZED=0 would turn it off.
      rejectUnauthorized: true,
      // RFC 6066 3: no address. RFC 5922 7.2: the name is compared with the one that the caller wrote.
      ...(to.serverName === undefined ? {} : { servername: to.serverName }),
      checkServerIdentity: (_, certificate) => identityError(host, certificate),
    });
    const connection = this.#add(to, key, socket, null, true);
    let secure = false;
    socket.on('secureConnect', () => {
      secure = true;
      connection.opened(new StreamWire(socket, connection));
    });
    socket.on('error', (error) => {
      if (!secure && isAboutTls(error)) this.#parts.onHandshakeFailed(`${to.address}:${to.port} (${host})`, error);
    });
    return connection;
  }

  /** `key`: the destination that it stands for, if any. `source`: who it counts for, null for those that we make. */
  #add(to: Destination, key: string | null, socket: Socket, source: string | null, expected: boolean): Connection {
    const { limits, clock } = this.#parts;
    const handlers: ConnectionHandlers = {
      onFramed: this.#parts.onFramed,
      onClosed: (closed, flow) => {
        if (source !== null) this.#releaseSource(source);
        this.#connections.delete(closed.id);
        if (key !== null && this.#byDestination.get(key) === closed) this.#byDestination.delete(key);
        if (flow !== null) this.#parts.onClosed(flow);
      },
      onHeld: this.#onHeld,
      onDefect: this.#parts.onDefect,
    };
    const connection = new Connection({
      id: this.#nextId++,
      protocol: to.protocol,
      remoteAddress: to.address,
      remotePort: to.port,
      socket,
      ours: source === null,
      openTimeoutMs: source === null ? (to.connectTimeoutMs ?? limits.connectTimeoutMs) : limits.handshakeTimeoutMs,
      expected,
      handlers,
      limits,
      clock,
      turns: this.#turns,
    });
    this.#connections.set(connection.id, connection);
    if (key !== null && expected) this.#byDestination.set(key, connection);
    return connection;
  }

  /** Where all places are taken one who is expected has that of the stranger who came first. */
  #hasPlace(expected: boolean): boolean {
    if (this.#connections.size < this.#parts.limits.maxConnections) return true;
    if (!expected) return false;
    for (const each of this.#connections.values()) {
      if (each.reusable || !each.usable) continue;
      each.close(new TransportError('failed', 'its place was needed for one who is expected'));
      return true;
    }
    return false;
  }

  /** Who holds most is closed: one that stuffs us must not cost those their place who are a segment behind. */
  readonly #onHeld = (changeBytes: number): void => {
    const { maxHeldBytes } = this.#parts.limits;
    this.#heldBytes += changeBytes;
    if (this.#heldBytes <= maxHeldBytes) return;
    // Before this change the budget was kept, and the largest has at least what was added: one is enough.
    let most: Connection | null = null;
    for (const each of this.#connections.values()) if (each.heldBytes > (most?.heldBytes ?? 0)) most = each;
    most?.close(new TransportError('failed', `incomplete messages take over ${maxHeldBytes} bytes`));
  };

  #releaseSource(source: string): void {
    const left = (this.#acceptedBySource.get(source) ?? 1) - 1;
    if (left > 0) this.#acceptedBySource.set(source, left);
    else this.#acceptedBySource.delete(source);
  }
}

/** Of TLS the name belongs to it that was verified: another name at the same address is somebody else (RFC 5923 9.3). */
function destinationKey({ protocol, address, port, serverName = address }: Destination): string {
  const key = `${protocol} ${address}:${port}`;
  return protocol === 'tls' ? `${key} ${serverName.toLowerCase()}` : key;
}

function socketOptions({ address, port }: Destination, localAddress: string | null) {
  return {
    host: address,
    port,
    ...(localAddress === null ? {} : { localAddress }),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  };
}

/** Not that nobody was there: of certificates and protocol versions. */
function isAboutTls({ code = '' }: NodeJS.ErrnoException): boolean {
  return !['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'].includes(code);
}
