import type { LogLevel } from '../core.ts';
import type { TlsSettings } from '../../sip/index.ts';
import type { EngineMeasures, EngineOptions } from '../types.ts';

/** What the engine's thread says to the one that started it. */
export type FromEngine =
  | {
      readonly kind: 'started';
      readonly client: { readonly host: string; readonly port: number };
      readonly sipAddresses: readonly string[];
    }
  /** It could not start: why, in words for an operator. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly text: string }
  | { readonly kind: 'measured'; readonly measures: EngineMeasures }
  | { readonly kind: 'closed' };

export type ToEngine =
  { readonly kind: 'close' } | { readonly kind: 'measure' } | { readonly kind: 'tls'; readonly tls: TlsSettings };

/** The worker's `workerData`. */
export type EngineThreadData = EngineOptions;
