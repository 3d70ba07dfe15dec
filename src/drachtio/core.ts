import type { Defects, LineBudget, Shares, SipStack } from '../sip/index.ts';
import type { Client } from './protocol/client.ts';
import type { DialogTable } from './dialogs.ts';
import type { EngineLimits } from './limits.ts';
import type { IncomingRequest, OutgoingInvite, PendingSubscribe } from './records.ts';
import type { RegisteredContacts } from './registered-contacts.ts';
import type { Routes } from './protocol/routes.ts';
import type { EngineTimers } from './timers.ts';

export type LogLevel = 'warn' | 'info' | 'debug';

/** What the parts of one engine share. */
export interface EngineCore {
  readonly stack: SipStack;
  readonly limits: EngineLimits;
  readonly secret: string;
  readonly routes: Routes;
  /** The connections that know the secret. */
  readonly applications: Set<Client>;
  readonly dialogs: DialogTable;
  /** Requests from the network without a final answer, by txnId. */
  readonly incoming: Map<string, IncomingRequest>;
  /** How many of `incoming` each source has. */
  readonly shares: Shares;
  /** The applications' INVITEs without a final answer, by txnId. */
  readonly invites: Map<string, OutgoingInvite>;
  /** The applications' SUBSCRIBEs without a final answer, by the id of the dialog that they would make. */
  readonly subscribes: Map<string, PendingSubscribe>;
  readonly contacts: RegisteredContacts;
  readonly timers: EngineTimers;
  /** Whether call detail records are sent. */
  readonly cdrs: boolean;
  /** What was thrown while a command was carried out, or an application forgotten: that alone is lost. */
  readonly defects: Defects;
  /** Lines about requests refused at a limit, and about who does not know the secret: a flood of them must not become a flood of lines. */
  readonly refusals: LineBudget;
  readonly now: () => number;
  readonly log: (level: LogLevel, text: string) => void;
}

/** A line about somebody who was turned away, as long as there are not too many. */
export function logRefusal(core: Pick<EngineCore, 'refusals' | 'log'>, text: string): void {
  const before = core.refusals.take();
  if (before !== null) {
    core.log('warn', `${text}${before}`);
  }
}
