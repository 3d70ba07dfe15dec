import type { SipMessage } from '../sip/index.ts';
import type { EngineCore } from './core.ts';
import { deliveredText } from './protocol/delivery.ts';
import { cdrLine } from './protocol/token-line.ts';

/** Call detail records (drachtio-protocol 2.5), where the engine was started with `cdrs`. */

export const CDR_VERBS: ReadonlySet<string> = new Set(['cdr:attempt', 'cdr:start', 'cdr:stop']);

export type CdrRole = 'uac' | 'uas' | 'proxy-uac' | 'proxy-uas';
export type CdrReason =
  'call-rejected' | 'call-canceled' | 'normal-release' | 'session-expired' | 'system-initiated-termination';

/** Who sent `message`. */
export type CdrSource = 'network' | 'application';

/** An INVITE that would make a dialog. */
export function cdrAttempt(core: EngineCore, source: CdrSource, message: SipMessage): void {
  report(core, 'cdr:attempt', source, '', message);
}

/** Its 2xx. */
export function cdrStart(core: EngineCore, source: CdrSource, role: CdrRole, message: SipMessage): void {
  report(core, 'cdr:start', source, role, message);
}

/** The failure, CANCEL or BYE that ended it. */
export function cdrStop(core: EngineCore, source: CdrSource, reason: CdrReason, message: SipMessage): void {
  report(core, 'cdr:stop', source, reason, message);
}

function report(core: EngineCore, verb: string, source: CdrSource, detail: string, message: SipMessage): void {
  // The application whose turn it is gets it, whoever's call it was; one that is behind goes without.
  const client = core.cdrs ? core.routes.pick(verb) : null;
  if (client !== null && !client.isOverrun()) {
    client.send(cdrLine(verb, source, core.now(), detail), deliveredText(message));
  }
}
