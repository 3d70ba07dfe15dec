import type { AdminJournal, CallView, Journal } from '../../journal/index.ts';
import type { MailSettings, MailTransport, TemplateStore } from '../../notification/index.ts';
import type { Peer, Registration } from '../contract.ts';
import type { LiveSource } from '../served.ts';
import type { AdminLog, Hop, Readiness } from '../types.ts';
import type { PolicyContext } from './policy-file/edits.ts';
import type { Previews } from './previews.ts';

/** What the operations work on. */
export interface OperationContext extends PolicyContext {
  readonly journal: Journal & AdminJournal;
  readonly live: LiveSource;
  /** The way from evidence to mail in plain sentences. */
  readonly explain: (call: CallView, language: 'en' | 'fr') => string[];
  readonly mail: MailSettings;
  readonly templates: TemplateStore;
  readonly transport: MailTransport;
  /** Something is due now. */
  readonly wake: () => void;
  readonly status: GatewayStatus;
  readonly previews: Previews;
  readonly log: AdminLog;
  readonly node: string;
  readonly version: string;
  readonly startedAt: number;
}

/** What the running gateway tells of itself. */
export interface GatewayStatus {
  readiness(): Promise<Readiness>;
  peers(): readonly Peer[];
  hops(): readonly Hop[];
  registrations(): readonly Registration[];
}
