import type { SendMailOptions } from 'nodemailer';
import type { RenderedMail } from '../types.ts';

/** nodemailer writes header names in a case of its own; these are Exchange's. */
const headerNames = new Map(
  ['X-CallingTelephoneNumber', 'X-CalledTelephoneNumber', 'X-CallID'].map((name) => [name.toLowerCase(), name]),
);

/** The mail as nodemailer takes it. Its MIME boundaries come from the notification, so that a repeat is the same message. */
export function messageOptions(mail: RenderedMail): SendMailOptions {
  return {
    messageId: mail.messageId,
    from: mail.from,
    to: mail.to,
    ...(mail.replyTo === undefined ? {} : { replyTo: mail.replyTo }),
    subject: mail.subject,
    date: mail.date,
    headers: { ...mail.headers },
    text: mail.text,
    html: mail.html,
    normalizeHeaderKey: (name) => headerNames.get(name.toLowerCase()) ?? name,
    baseBoundary: mail.id,
    // Nothing in a mail of ours is read from a file or fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Why an address cannot be mailed at all, however often it is tried; null where it can. */
export function addressProblem(address: string): string | null {
  return /^[^\s@<>,;:"\\()[\]]+@[^\s@<>,;:"\\()]+$/.test(address)
    ? null
    : `"${address}" is not an e-mail address: correct the mailbox's emailAddress.`;
}
