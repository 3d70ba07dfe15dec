import type { LiveCall, LiveEvent } from './contract/calls.ts';
import type { AllHandlers } from './handlers.ts';
import type { Sessions } from './sign-in/sessions.ts';
import type { Allowance } from './sign-in/throttle.ts';

/** What happens in the gateway. */
export interface LiveSource {
  calls(): { readonly calls: readonly LiveCall[]; readonly total: number };
  /** Listeners are told of everything but `calls`, which is asked for. Answers how to stop. */
  subscribe(listener: (event: Exclude<LiveEvent, { kind: 'calls' }>) => void): () => void;
}

/** What the HTTP API works on, once the gateway has come so far. */
export interface Api {
  readonly handlers: AllHandlers;
  readonly sessions: Sessions;
  /** What accounts may change that have nothing to manage. */
  readonly ownChanges: Allowance;
  readonly live: LiveSource;
}
