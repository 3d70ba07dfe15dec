import { composeMail } from './email/message.ts';
import { renderMail } from './render.ts';
import { sampleNotification } from './sample.ts';
import type { MailSettings } from './types.ts';

/** Writes mails and throws them away: the first one costs 30 ms (time zones, tables of encodings), and calls would wait for it. */
export function warmUp(settings: MailSettings): void {
  for (const language of ['en-GB', 'fr-FR']) composeMail(renderMail(sampleNotification({ language }), settings));
}
