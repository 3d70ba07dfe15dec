/** gateway.yaml after loading: plain data, times in milliseconds, paths absolute, secrets read from their files. */
export interface GatewayConfig {
  /** The file itself, absolute. */
  readonly path: string;
  /** This gateway's name in the journal. */
  readonly node: string;
  readonly sip: SipConfig;
  readonly peers: readonly PeerConfig[];
  readonly routing: {
    /** The catch-all, tried in order. */
    readonly nextHop: readonly NextHopConfig[];
    /** First match wins. */
    readonly routes: readonly RouteConfig[];
    readonly ringTimeoutMs: number;
  };
  readonly voicemail: VoicemailConfig;
  /** policy.yaml, absolute. */
  readonly policy: string;
  readonly journal: { readonly kind: 'sqlite'; readonly path: string };
  readonly notification: NotificationConfig;
  readonly admin: { readonly listen: { readonly host: string; readonly port: number } };
  readonly lab: {
    /** A phone that rings and never answers is the catch-all's first hop's owner. */ readonly phone: boolean;
  };
  readonly stopTimeoutMs: number;
}

export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** A certificate, with those between it and its authority, and its key: PEM texts. */
export interface CredentialsConfig {
  readonly certificate: string;
  readonly key: string;
}

export interface TlsConfig extends CredentialsConfig {
  /** PEM: who connects must show a certificate of these authorities. */
  readonly clientCa?: string;
  /** PEM: authorities of those we connect to, beside the system's. */
  readonly serverCa?: string;
  /** Other credentials, by the name that is asked for. */
  readonly hosts?: Readonly<Record<string, CredentialsConfig>>;
  /** Where the keys were read from, absolute. */
  readonly keyFiles: readonly string[];
}

export interface SipConfig {
  readonly engine: 'embedded' | 'drachtio';
  /** Where the embedded engine listens; empty with engine drachtio. */
  readonly listen: readonly { readonly protocol: Protocol; readonly address: string; readonly port: number }[];
  /** Needed for tls and wss. */
  readonly tls?: TlsConfig;
  /** Web sites whose pages may open a WebSocket; every one where it is absent. */
  readonly origins?: readonly string[];
  /** Host shown to peers in place of the bound address. */
  readonly advertise?: string;
  /** CIDRs: peers in them are shown the bound address all the same. */
  readonly localNet: readonly string[];
  /** The drachtio-servers; empty with engine embedded. */
  readonly drachtio: readonly { readonly host: string; readonly port: number; readonly secret: string }[];
  /** No response at all from a hop for this long: the next one is tried. */
  readonly timerBMs: number;
}

export type VoicemailOwner = 'gateway' | 'upstream' | 'downstream' | 'none';

export interface PeerConfig {
  readonly name: string;
  /** CIDRs. */
  readonly allow: readonly string[];
  readonly dialPlan?: string;
  readonly calledFrom: 'request-uri' | 'to' | 'p-called-party-id';
  readonly forks: boolean;
  readonly trustReason: boolean;
  /** Send OPTIONS to it this often; null never. */
  readonly optionsMs: number | null;
  readonly maxCalls: number | null;
  readonly maxCallsPerSecond: number | null;
}

export interface NextHopConfig {
  /** `sip:host:port;transport=tcp`. */
  readonly uri: string;
  readonly prefix?: string;
  readonly username?: string;
  readonly password?: string;
}

export interface RouteConfig {
  readonly from?: string;
  /** Regular expression on the called number. */
  readonly to?: string;
  readonly nextHop: readonly NextHopConfig[];
  readonly hairpin: boolean;
}

export interface VoicemailConfig {
  readonly owner: VoicemailOwner;
  readonly target: string | null;
  readonly greetingMs: number;
  readonly minimumMessageMs: number;
  readonly settleMs: number;
}

export interface NotificationConfig {
  readonly transport: {
    /** `maildir:/absolute/path`, `smtp://host:port` or `smtps://…`, without a password. */
    readonly uri: string;
    readonly username?: string;
    readonly password?: string;
    /** PEM of the authority that signed the mail server's certificate. */
    readonly ca?: string;
  };
  /** `Missed calls <missed-calls@example.com>`. */
  readonly from: string;
  readonly replyTo?: string;
}
