import type { Api } from './served.ts';

/** One thing that must hold before calls are sent here. */
export interface ReadinessCheck {
  /** `sip`, `policy`, `journal`, `draining`, … */
  readonly name: string;
  readonly ok: boolean;
  /** For the person who reads it: what is wrong, or what is so. */
  readonly detail: string;
  /** All goes on, but somebody should look at it. */
  readonly attention?: boolean;
  /** The same as `detail`, for who says it in another language. */
  readonly code?: string;
  readonly values?: Readonly<Record<string, string | number>>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
  /** The next hops that are watched; like what follows, absent until the gateway has come so far. */
  readonly hops?: readonly Hop[];
  /** Contacts of registered phones. */
  readonly registrations?: number;
  readonly liveCalls?: number;
}

/** A next hop, and whether calls reach it. */
export interface Hop {
  readonly uri: string;
  readonly up: boolean;
  /** When that changed last, ISO 8601; null: never since the start. */
  readonly since: string | null;
}

/** What a voicemail system or a PBX posts: what became of one call (`event`), the number of messages in the mailbox, or both. */
export interface VoicemailEventReport {
  /** policy.yaml identity; either it or `number` is given. */
  readonly mailbox?: string;
  /** A number or SIP address of the mailbox. */
  readonly number?: string;
  /** Of a visit to voicemail; `answered`: somebody answered where the gateway does not see it. */
  readonly event?: 'left' | 'blank' | 'none' | 'answered';
  /** Our id of the call, or a Call-ID of one of its legs. */
  readonly call?: string;
  /** The caller's number. */
  readonly caller?: string;
  /** Of the message. */
  readonly durationSeconds?: number;
  readonly messages?: { readonly new: number; readonly old: number };
}

/** Where voicemail systems tell what became of a call. */
export interface VoicemailEventDoor {
  /** What they must show. */
  readonly token: string;
  readonly now: () => number;
  /** How long its answer waits for `receive`; 5 s where left out. */
  readonly answerWithinMs?: number;
  /** Answers the call that the event was taken as evidence for; null: none, or counts only. */
  receive(report: VoicemailEventReport): Promise<{ readonly call: string | null } | 'unknown-mailbox' | 'starting'>;
}

/** What the running gateway tells about itself. */
export interface AdminStatus {
  readiness(): Promise<Readiness>;
}

export interface AdminLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface AdminOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** For https; plain http is taken on loopback only. PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  /** As browsers reach it: `https://admin.example.com`. Left out: as it is bound. */
  readonly publicUrl?: string | undefined;
  readonly status: AdminStatus;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly log: AdminLog;
  /** Absent: there is no such route. */
  readonly voicemailEvents?: VoicemailEventDoor;
  /** The HTTP API; null while the gateway starts. Absent: neither it nor the pages are served. */
  readonly api?: (() => Api | null) | undefined;
  /** Of this program. */
  readonly version?: string | undefined;
  /** Requests to the API that one address may make in a minute. */
  readonly maxRequestsPerMinute?: number | undefined;
}

export interface Admin {
  /** `http://127.0.0.1:8080`, as bound; or as `publicUrl` says. */
  readonly address: string;
  readonly port: number;
  /** Another certificate for connections from now on. Throws, and nothing has changed, where it is no pair with the key. */
  setTls(tls: { readonly certificate: string; readonly key: string }): void;
  /** Stops listening, lets answers in hand go out, ends idle connections. */
  close(): Promise<void>;
}
