import type { ADMIN_ROLES } from './admin-schema.ts';
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
  /** Null: no phones register here. */
  readonly registrar: RegistrarConfig | null;
  /** Null: nothing is switched by calling. */
  readonly featureCodes: FeatureCodesConfig | null;
  /** Null: nothing is kept. */
  readonly trace: TraceConfig | null;
  /** policy.yaml, absolute. */
  readonly policy: string;
  readonly journal: { readonly kind: 'sqlite'; readonly path: string };
  readonly notification: NotificationConfig;
  readonly admin: AdminConfig;
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

/** What kind of system a peer is. */
export const PROFILES = ['generic', 'asterisk', 'freeswitch', 'cucm', 'lync', 'exchange-um'] as const;
export type Profile = (typeof PROFILES)[number];

export interface PeerConfig {
  readonly name: string;
  /** The system behind it: sets the defaults of the keys below (sip-config/README.md explains each). */
  readonly profile: Profile;
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
  readonly voicemail: VoicemailOwner | null;
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
  /** Further addresses that are voicemail wherever they turn up: user parts (`*97`, `5000`) and URIs. */
  readonly targets: readonly string[];
  /** Where message totals (RFC 3842) are asked for, a SUBSCRIBE for each mailbox; null: only what comes unasked counts. */
  readonly mwi: { readonly subscribe: string; readonly expiresMs: number } | null;
  /** What POST /api/v1/voicemail-events must show; null: there is no such door. */
  readonly eventToken: string | null;
  /** The header of a voicemail system's BYE that says whether a message was left (`yes`, `no`, or its seconds), in lower case. */
  readonly byeHeader: string | null;
}

/** Phones that register here. */
export interface RegistrarConfig {
  /** RFC 7616: shown to who is asked for a password. */
  readonly realm: string;
  /** The file of phones, absolute (phones.yaml). */
  readonly phones: string;
  /** The dial plan in which numbers called by phones are looked up; all of them where it is left out. */
  readonly dialPlan?: string;
  readonly minExpiresMs: number;
  readonly maxExpiresMs: number;
  /** Contacts that one phone number may have at once. */
  readonly maxContacts: number;
}

/** One account of phones.yaml. */
export interface PhoneConfig {
  readonly username: string;
  /** The user part of its address-of-record: the number or name that rings it. Default: the username. */
  readonly number: string;
  /** RFC 7616 3.4.2: hex of H(username:realm:password), by algorithm. */
  readonly ha1: { readonly md5: string | null; readonly sha256: string | null };
}

/** What users dial to switch their own notifications. */
export interface FeatureCodesConfig {
  readonly notificationsOn: string;
  readonly notificationsOff: string;
}

/** SIP messages are kept for `mcg trace`. */
export interface TraceConfig {
  /** A folder, absolute. */
  readonly path: string;
  /** All files together. */
  readonly maxBytes: number;
}

export interface AdminConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Null: http, on loopback. */
  readonly tls: CredentialsConfig | null;
  /** `https://telephony.example.com`; null: as it is bound. */
  readonly publicUrl: string | null;
  readonly oidc: readonly OidcConfig[];
}

export interface OidcConfig {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly scope: string;
  readonly trustEmail: boolean;
  readonly rolesClaim: string;
  readonly roles: Readonly<Record<string, (typeof ADMIN_ROLES)[number]>>;
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
  /** The folder of texts that take the place of the built-in ones; absolute, need not be there. */
  readonly templates: string;
}
