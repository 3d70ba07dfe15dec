/** One SIP message as it was on the wire. */
export interface TracedMessage {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly way: 'received' | 'sent';
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** A byte a character (latin1), secrets blotted out. */
  readonly text: string;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}
