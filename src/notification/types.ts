import type { NotificationRecord } from '../journal/index.ts';

/** A rendered e-mail, ready for a channel. */
export interface RenderedMail {
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
