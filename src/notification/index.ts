export { FIRST_RETRY_MS, LONGEST_RETRY_MS, retryDelayMs } from './backoff.ts';
export { MailTransportError, openMailTransport, smtpOptions } from './email/transport.ts';
export type { MailTransportOptions } from './email/transport.ts';
export { renderMail } from './render.ts';
export type * from './types.ts';
export { createNotificationWorker } from './worker.ts';
