import type { Ledger } from '../call/index.ts';
import type { PolicyStore } from '../policy/index.ts';

export interface NextHop {
  /** `sip:host:port;transport=tcp`. */
  readonly uri: string;
  /** Put before the called number on this hop. */
  readonly prefix?: string;
  readonly username?: string;
  readonly password?: string;
}

export interface Peer {
  readonly name: string;
  /** CIDRs. */
  readonly allow: readonly string[];
  readonly dialPlan?: string;
  readonly calledFrom: 'request-uri' | 'to' | 'p-called-party-id';
  readonly forks: boolean;
  readonly trustReason: boolean;
  /** Send OPTIONS to it this often; null never. */
  readonly optionsMs: number | null;
  /** Calls of it that may live at once; beyond, 503. Null: any number. */
  readonly maxCalls: number | null;
  /** Calls that it may start in a second, a burst of so many at most; beyond, 503. Null: any number. */
  readonly maxCallsPerSecond: number | null;
}

export interface Route {
  /** Peer name; any peer where absent. */
  readonly from?: string;
  /** Regular expression on the called number; any where absent. */
  readonly to?: string;
  readonly nextHop: readonly NextHop[];
}

export interface Voicemail {
  readonly owner: 'gateway' | 'upstream' | 'downstream' | 'none';
  readonly target: string | null;
  readonly greetingMs: number;
  readonly minimumMessageMs: number;
  readonly settleMs: number;
}

/** Structural part of gateway.yaml that the application needs; app/ fills it from config/. */
export interface GatewaySettings {
  readonly peers: readonly Peer[];
  readonly routing: {
    readonly nextHop: readonly NextHop[];
    readonly routes: readonly Route[];
    readonly ringTimeoutMs: number;
  };
  readonly voicemail: Voicemail;
}

/** A drachtio-server, or the embedded engine: the application does not know which. */
export interface EngineAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

export interface EngineStatus {
  /** `127.0.0.1:9022`. */
  readonly address: string;
  readonly connected: boolean;
}

export interface GatewayLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface GatewayOptions {
  readonly engines: readonly EngineAddress[];
  readonly settings: GatewaySettings;
  readonly ledger: Ledger;
  readonly policy: PolicyStore;
  readonly log: GatewayLog;
  readonly now: () => number;
  /** A fresh UUIDv7. */
  readonly newCallId: () => string;
}

export interface LiveCall {
  readonly id: string;
  readonly caller: string;
  readonly callee: string;
  readonly startedAt: number;
  readonly phase: 'routing' | 'ringing' | 'talking' | 'voicemail';
}

export interface Gateway {
  /** Connects; resolves when the first engine said OK. Goes on reconnecting afterwards. */
  start(): Promise<void>;
  /** At least one engine is connected. */
  readonly connected: boolean;
  /** Each of them, in the order of the configuration. */
  readonly engines: readonly EngineStatus[];
  /** SIP addresses as the engines report them (`udp/127.0.0.1:5060`). */
  readonly sipAddresses: readonly string[];
  liveCalls(): readonly LiveCall[];
  /** How many `liveCalls` would tell, without looking at any. */
  readonly liveCallCount: number;
  /** Refuses new calls with 503 and waits until none lives, at most `timeoutMs`; then ends what is left and reports it to the ledger. */
  drain(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}
