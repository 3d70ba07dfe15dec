/** What the sockets may hold and how long they wait. */
export interface TransportLimits {
  /** Connections of the layer, in and out together. Beyond it a stranger's goes for one who is expected; else new ones are closed at once. */
  readonly maxConnections: number;
  /** Inbound connections from one address. */
  readonly maxConnectionsPerSource: number;
  /** Bytes that wait for a peer to read; beyond it the connection is closed. */
  readonly maxWriteQueueBytes: number;
  /** Memory that messages which are not complete take on all connections; beyond it the one with the most is closed. */
  readonly maxHeldBytes: number;
  /** How long a connection of ours may take to open. */
  readonly connectTimeoutMs: number;
  /** How long a peer may take for the rest of a message once it began, and for its first one (slow loris). */
  readonly messageTimeoutMs: number;
  /** How long the TLS and WebSocket handshakes of an accepted connection may take together. */
  readonly handshakeTimeoutMs: number;
  /** How long a connection of somebody who is not expected stays open until a request of it is let in. */
  readonly idleStrangerMs: number;
  /** Body of a message on such a connection. */
  readonly maxStrangerBodyBytes: number;
  /** How often a connection that matters is asked whether it still lives (RFC 5626 3.5.1), as often as drachtio-server does. */
  readonly keepAliveMs: number;
  /** How long a peer that has answered before may take for its answer (RFC 5626 4.4.1). */
  readonly pongTimeoutMs: number;
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  maxConnections: 10_000,
  maxConnectionsPerSource: 1_000,
  maxWriteQueueBytes: 4_194_304,
  maxHeldBytes: 67_108_864,
  connectTimeoutMs: 4_000,
  messageTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  idleStrangerMs: 20_000,
  maxStrangerBodyBytes: 65_536,
  keepAliveMs: 45_000,
  pongTimeoutMs: 10_000,
};

/** The kernel keeps this much for us while the loop is busy: some 4,000 INVITEs. Best effort (net.core.rmem_max). */
export const UDP_RECEIVE_BUFFER_BYTES = 4_194_304;
/** 65,535 less the UDP header and an IPv4 header without options (RFC 768, RFC 791). */
export const MAX_UDP_PAYLOAD_BYTES = 65_507;
/** The kernel asks idle TCP peers whether they still live, as often as drachtio-server does. */
export const TCP_KEEP_ALIVE_MS = 45_000;
/** Request line and header fields of a WebSocket handshake. */
export const MAX_HTTP_HEAD_BYTES = 16_384;
/** Fragments of a WebSocket message, and segments of a frame: 1 MiB in segments of an MTU of 576 makes 2,100. */
export const MAX_WEBSOCKET_PIECES = 4_096;
/** Messages of all streams that are taken in one turn of the event loop, some milliseconds: datagrams are read between two. */
export const MESSAGES_PER_TURN = 64;
/** The same of one stream, so that others have their share of the turn. */
export const MESSAGES_PER_CONNECTION = 16;
/** Lines a minute about TLS handshakes that failed and web sites that were refused; the rest is counted. */
export const NOTICE_LINES_PER_MINUTE = 10;
