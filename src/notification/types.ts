import type { Journal, NotificationRecord } from '../journal/index.ts';
import type { NotificationLog } from './log.ts';
import type { TemplateStore } from './templates/store.ts';

export type { NotificationLog };

/** A rendered e-mail, ready for a channel. Every string in it is safe as it stands: header values hold no CR, LF or control. */
export interface RenderedMail {
  /** The notification's id (UUIDv7). Channels that store by name use it, so that a repeat is recognised. */
  readonly id: string;
  /** 1 for the first send. A later one may find that the mail is there already. */
  readonly attempt: number;
  /** With its angle brackets. The same at every attempt. */
  readonly messageId: string;
  readonly from: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly replyTo?: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly date: Date;
  readonly headers: Readonly<Record<string, string>>;
}

/** What became of one attempt. Only the e-mail channel knows SMTP codes. */
export type DeliveryResult =
  | { readonly kind: 'sent' }
  /** Try again later. */
  | { readonly kind: 'retry'; readonly error: string }
  /** Permanent refusal of the recipient or the message. */
  | { readonly kind: 'dead'; readonly error: string };

/** A way to hand mail over: `maildir:` or `smtp(s)://`. Never throws. */
export interface MailTransport {
  send(mail: RenderedMail): Promise<DeliveryResult>;
  close(): Promise<void>;
}

/** Who the mails come from; `Name <address>` or a bare address. */
export interface MailSettings {
  readonly from: string;
  readonly replyTo?: string;
}

/** The notification worker: claims from the journal, sends, completes. */
export interface NotificationWorker {
  start(): Promise<void>;
  /** A hint that something is due; polling alone is correct. */
  wake(): void;
  /** Sends in hand now. */
  readonly active: number;
  /** Called with each attempt's result. */
  onResult: ((notification: NotificationRecord, result: DeliveryResult) => void) | null;
  /** Stops claiming, finishes the sends in hand (at most `timeoutMs`). */
  stop(timeoutMs: number): Promise<void>;
}

/** Time, passed in, so that tests can let it elapse. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

export interface DeliveryLimits {
  /** Notifications in hand at once; the transport may send fewer at a time and queues the rest. */
  readonly concurrency: number;
  /** A notification that could not be delivered for this long after its creation is dead. */
  readonly maxAgeMs: number;
  readonly leaseMs: number;
  readonly renewMs: number;
  /** The journal is asked at least this often whether something is due. */
  readonly pollMs: number;
}

export interface NotificationWorkerOptions {
  readonly journal: Pick<Journal, 'releaseClaims' | 'claim' | 'renew' | 'complete' | 'fail' | 'nextDueAt'>;
  readonly transport: MailTransport;
  readonly mail: MailSettings;
  /** Absent: the texts that come with the program. */
  readonly templates?: Pick<TemplateStore, 'overridesFor' | 'failed'>;
  /** Names this worker in claims: unique among all workers that share the journal. */
  readonly owner: string;
  readonly log: NotificationLog;
  /** 0 (inclusive) to 1 (exclusive): the jitter of retries. */
  readonly random: () => number;
  readonly clock?: Clock;
  readonly limits?: Partial<DeliveryLimits>;
}
