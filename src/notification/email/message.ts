import MimeNode from 'nodemailer/lib/mime-node';
import { encode, wrap } from 'nodemailer/lib/qp';
import type { RenderedMail } from '../types.ts';

/** RFC 5322 2.1.1: no line may be longer, without its CRLF. */
export const MAX_LINE_LENGTH = 998;

export interface ComposedMail {
  readonly envelope: { readonly from: string | false; readonly to: string[] };
  /** The whole message (RFC 5322), lines ended by CRLF. */
  readonly message: string;
}

/** nodemailer writes header names in a case of its own; these are Exchange's. */
const headerNames = new Map(
  ['X-CallingTelephoneNumber', 'X-CalledTelephoneNumber', 'X-CallID'].map((name) => [name.toLowerCase(), name]),
);

/**
 * The message as it goes over the wire or into a file. nodemailer encodes and folds the headers; the two parts are put under
 * them here, in one piece and unencoded where that is allowed: to stream them through its encoders costs three times as much
 * as to send the mail. Its boundary comes from the notification, so that a repeat is the same message.
 */
export function composeMail(mail: RenderedMail): ComposedMail {
  const boundary = `mcg-${mail.id.replace(/[^\w-]/g, '_').slice(0, 40)}`;
  const root = new MimeNode(`multipart/alternative; boundary=${boundary}`, {
    baseBoundary: boundary,
    normalizeHeaderKey: (name) => headerNames.get(name.toLowerCase()) ?? name,
  });
  root.setHeader({
    ...mail.headers,
    From: mail.from,
    To: { ...mail.to },
    ...(mail.replyTo === undefined ? {} : { 'Reply-To': mail.replyTo }),
    Subject: mail.subject,
    'Message-ID': mail.messageId,
    Date: mail.date,
  });
  const parts = [part('text/plain', mail.text), part('text/html', mail.html)];
  const body = parts.map((content) => `--${boundary}\r\n${content}\r\n`).join('');
  return { envelope: root.getEnvelope(), message: `${root.buildHeaders()}\r\n\r\n${body}--${boundary}--\r\n` };
}

function part(type: string, content: string): string {
  const lines = content.replace(/\r?\n/g, '\r\n');
  const plain = isPlain(lines);
  const encoding = plain ? '7bit' : 'quoted-printable';
  const encoded = plain ? lines : wrap(encode(lines));
  return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${encoded}`;
}

/** RFC 2045 2.7: ASCII in lines that are not too long needs no encoding. */
function isPlain(lines: string): boolean {
  return /^[\t\r\n -~]*$/.test(lines) && lines.split('\r\n').every(({ length }) => length <= MAX_LINE_LENGTH);
}

/** Why an address cannot be mailed at all, however often it is tried; null where it can. */
export function addressProblem(address: string): string | null {
  return /^[^\s@<>,;:"\\()[\]]+@[^\s@<>,;:"\\()]+$/.test(address)
    ? null
    : `"${address}" is not an e-mail address: correct the mailbox's emailAddress.`;
}
