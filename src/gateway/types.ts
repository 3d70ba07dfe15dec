import type { Ledger, Party } from '../call/index.ts';
import type { DigestAlgorithm } from '../digest/index.ts';
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
  /** CIDRs; may be empty where it has `digest`. */
  readonly allow: readonly string[];
  /** Whoever answers our challenge so is this peer, wherever it calls from. */
  readonly digest: { readonly username: string; readonly password: string } | null;
  readonly dialPlan?: string;
  readonly calledFrom: 'request-uri' | 'to' | 'p-called-party-id';
  readonly forks: boolean;
  readonly trustReason: boolean;
  /** Its P-Asserted-Identity is believed; else its From is the caller. */
  readonly trustCallerId: boolean;
  /** Who takes its unanswered calls to voicemail; null: `voicemail.owner`. */
  readonly voicemail: Voicemail['owner'] | null;
  /** Send OPTIONS to it this often; null never. */
  readonly optionsMs: number | null;
  /** Calls of it that may live at once; beyond, 503. Null: any number. */
  readonly maxCalls: number | null;
  /** Calls that it may start in a second, a burst of so many at most; beyond, 503. Null: any number. */
  readonly maxCallsPerSecond: number | null;

  // The rest says how calls are sent to it, and what its answers mean.
  /** An answer so long after the first ring is probably its voicemail's (weak evidence). */
  readonly answersAfter: { readonly fromMs: number; readonly toMs: number } | null;
  /** An answer sooner than this after the INVITE, without a 180, is a carrier's voicemail (Lync: PSTNVoicemailEscapeTimer). */
  readonly voicemailEscapeMs: number | null;
  /**
   * Headers of the INVITEs that reach it. `pass`: of extension headers (X-…, P-…) only these, and P-Asserted-Identity; null: all.
   * `drop`: not these. In lower case.
   */
  readonly headers: { readonly pass: readonly string[] | null; readonly drop: readonly string[] };
  /** Diversion and History-Info towards it: `all` that a call brings or that we make, `single`: one Diversion at most, no History-Info; `none`. */
  readonly diversion: 'all' | 'single' | 'none';
  /** 100rel (RFC 3262) towards it: named in Supported, in Require, or only where it insists. */
  readonly reliableProvisional: 'off' | 'supported' | 'required';
  /** Session-Expires (RFC 4028) that we ask it for; null: we do not. */
  readonly sessionExpiresMs: number | null;
  /** How called and calling numbers are written towards it. */
  readonly numberFormat: 'as-dialled' | 'e164';
  /** `;user=phone` behind every number. */
  readonly userPhone: boolean;
  /** A 302 of it is followed to its Contact's host and port (Exchange UM); else only by the user part, through the routes. */
  readonly followRedirects: boolean;
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
  /** Further addresses that are voicemail wherever they turn up: user parts (`*97`, `5000`) and URIs. */
  readonly targets: readonly string[];
  /** Where message totals (RFC 3842) are asked for, a SUBSCRIBE for each mailbox; null: only what comes unasked counts. */
  readonly mwi: { readonly subscribe: string; readonly expiresMs: number } | null;
  /** The header of a voicemail system's BYE that says whether a message was left, in lower case. */
  readonly byeHeader: string | null;
}

/** How passwords are asked for (RFC 7616). */
export interface DigestSettings {
  readonly realm: string;
  /** Makes nonces that only we can have made; the embedded engine has the same key. */
  readonly nonceKey: string;
  /**
   * What is offered, the preferred one first; by default SHA-256 and MD5. With a drachtio-server `['MD5']`: it writes two challenges
   * on one line, which phones do not read.
   */
  readonly algorithms?: readonly DigestAlgorithm[];
}

export interface RegistrarSettings extends DigestSettings {
  readonly dialPlan?: string;
  readonly minExpiresMs: number;
  readonly maxExpiresMs: number;
  readonly maxContacts: number;
}

/** A phone that may register, and call once it has shown its password. */
export interface PhoneAccount {
  readonly username: string;
  /** The user part of its address-of-record. */
  readonly number: string;
  readonly ha1: { readonly md5: string | null; readonly sha256: string | null };
}

/** The accounts of phones.yaml; read again on SIGHUP. */
export interface PhoneDirectory {
  find(username: string): PhoneAccount | undefined;
  /** Whether there is an account of this number; where it is absent, the number is taken for the username. */
  hasNumber?(number: string): boolean;
  /** Those that every account has an HA1 of; where it is absent, all that are offered. */
  readonly algorithms?: readonly DigestAlgorithm[];
}

/** One contact of a registered phone; kept over a restart where it came over UDP. */
export interface Registration {
  readonly aor: string;
  readonly contact: string;
  readonly instance: string | null;
  readonly regId: number | null;
  readonly path: readonly string[];
  readonly q: number;
  readonly callId: string;
  readonly cseq: number;
  readonly userAgent: string;
  /** `udp/192.0.2.7:5060`. */
  readonly source: string;
  readonly expiresAt: number;
}

/** Where registrations are kept (the journal). Neither waits for the other; a failing one loses nothing that lives. */
export interface Registrations {
  load(): Promise<readonly Registration[]>;
  save(aor: string, contacts: readonly Registration[]): Promise<void>;
}

export interface FeatureCodes {
  readonly notificationsOn: string;
  readonly notificationsOff: string;
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
  /** Null: no phones register here. */
  readonly registrar: RegistrarSettings | null;
  /** Where peers have `digest` although no phones register; `registrar` says the same otherwise. */
  readonly digest?: DigestSettings | null;
  readonly featureCodes: FeatureCodes | null;
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
  readonly phones: PhoneDirectory;
  readonly registrations: Registrations;
  /** Sets a user's own switch (missedCallNotificationEnabled); rejects, with a sentence for the log, where it cannot. */
  readonly switchNotifications: (mailbox: string, on: boolean) => Promise<void>;
  readonly log: GatewayLog;
  readonly now: () => number;
  /** A fresh UUIDv7. */
  readonly newCallId: () => string;
}

export interface LiveCall {
  readonly id: string;
  readonly caller: Party;
  readonly callee: string;
  /** The called user's (policy.yaml identity); null: none. */
  readonly mailbox: string | null;
  readonly peer: string;
  readonly startedAt: number;
  readonly phase: 'routing' | 'ringing' | 'talking' | 'voicemail';
}

/** A next hop that is asked by OPTIONS, or that failed lately. */
export interface HopStatus {
  readonly uri: string;
  readonly up: boolean;
  /** When it changed last; null: never since the start. */
  readonly since: number | null;
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
  /** Every next hop of the configuration. */
  readonly hops: readonly HopStatus[];
  /** What is registered now, by address-of-record. */
  readonly registered: readonly Registration[];
  /** The accounts of `GatewayOptions.phones` are others now: those that are gone lose their contacts. */
  phonesChanged(): void;
  /** The newest first, so many of them at most. */
  liveCalls(limit?: number): readonly LiveCall[];
  /** How many `liveCalls` would tell, without looking at any. */
  readonly liveCallCount: number;
  /** How many of them this peer, or a phone that registered here, began. */
  liveCallsOf(peer: string): number;
  /** Refuses new calls with 503 and waits until none lives, at most `timeoutMs`; then ends what is left and reports it to the ledger. */
  drain(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}
