/** One thing that must hold before calls are sent here. */
export interface ReadinessCheck {
  /** `sip`, `policy`, `journal`, `draining`, … */
  readonly name: string;
  readonly ok: boolean;
  /** For the person who reads it: what is wrong, or what is so. */
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
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
  /** Also off loopback. Nothing here is protected by a sign-in yet: leave it to those who know their network. */
  readonly allowRemote?: boolean;
  readonly status: AdminStatus;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly log: AdminLog;
}

export interface Admin {
  /** `http://127.0.0.1:8080`, as bound. */
  readonly address: string;
  readonly port: number;
  /** Stops listening, lets answers in hand go out, ends idle connections. */
  close(): Promise<void>;
}
