import type { ListenAddress, SipTimers, TlsSettings } from '../sip/index.ts';
import type { DigestOptions } from './admission.ts';
import type { EngineLimits } from './limits.ts';

/** What an embedded engine needs; plain data, so that it can be handed to its thread. */
export interface EngineOptions {
  readonly listen: readonly ListenAddress[];
  /** Host shown to peers in place of the bound address. */
  readonly advertise?: string;
  /** CIDRs: peers in them are shown the bound address all the same. */
  readonly localNet?: readonly string[];
  /** Needed to listen for tls and wss, and to call by tls. */
  readonly tls?: TlsSettings;
  /** Web sites whose pages may open a WebSocket, `https://phone.example.com`; every one where it is absent. */
  readonly origins?: readonly string[];
  readonly timers?: Partial<SipTimers>;
  /** A request over so many bytes goes by TCP: 1,300 by default; Infinity as drachtio-server does it, never. */
  readonly udpMtuBytes?: number;
  /** Where drachtio applications connect: 127.0.0.1, port 0 for a free one. */
  readonly client: { readonly host: string; readonly port: number };
  readonly secret: string;
  /**
   * CIDRs of the peers that may send requests outside a dialog; everybody else gets a stateless 403. Absent: everybody may.
   * OPTIONS from strangers get the same 403.
   */
  readonly allow?: readonly string[];
  /** Strangers get a stateless 401 in place of the 403, and who answers it goes to the application. Needs `allow` to have strangers. */
  readonly digest?: DigestOptions;
  /** Whether applications that route `cdr:attempt`, `cdr:start` and `cdr:stop` get call detail records; false by default. */
  readonly cdrs?: boolean;
  /** Messages are written down in this folder (trace/), at most so many bytes; nothing is by default. */
  readonly trace?: { readonly path: string; readonly maxBytes: number };
  /** Bounds other than the usual ones (limits.ts). */
  readonly limits?: Partial<EngineLimits>;
}

/** How late an event loop ran since it was last asked. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How a running engine does. */
export interface EngineMeasures {
  readonly loopDelay: LoopDelay;
  /** How often something was thrown in it, since its thread began; each cost one message or command. */
  readonly defects: number;
}

export interface Engine {
  /** Where srf.connect goes. */
  readonly client: { readonly host: string; readonly port: number };
  readonly secret: string;
  /** `udp://127.0.0.1:5060`, … as bound. */
  readonly sipAddresses: readonly string[];
  close(): Promise<void>;
}
