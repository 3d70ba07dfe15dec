import type { ConnectionOptions } from 'node:tls';
import nodemailer from 'nodemailer';
import type { NodemailerError, SMTPPoolOptions } from 'nodemailer';
import { plainText } from '../text.ts';
import type { DeliveryResult, MailTransport } from '../types.ts';
import { addressProblem, composeMail } from './message.ts';

export interface SmtpTimeouts {
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Silence of the server; RFC 5321 4.5.3.2 asks for 5 minutes at most steps. */
  readonly socketMs: number;
  /** One whole send with its wait for a connection: a server may drip its answers for ever, which no silence shows. */
  readonly sendMs: number;
}

export const SMTP_TIMEOUTS: SmtpTimeouts = {
  connectMs: 10_000,
  greetingMs: 30_000,
  socketMs: 300_000,
  sendMs: 900_000,
};
/** Connections to the mail server at once. */
export const SMTP_CONNECTIONS = 10;
/** Mails over one connection before it is replaced. */
export const SMTP_MAILS_PER_CONNECTION = 1_000;
/** Longest error that is kept of a server's answer. */
export const MAX_ERROR_LENGTH = 300;

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** `implicit`: from the first byte (smtps). `required`: by STARTTLS, else nothing is sent. `opportunistic`: where offered. */
  readonly tls: 'implicit' | 'required' | 'opportunistic' | 'off';
  readonly username?: string;
  readonly password?: string;
  /** PEM; trusted besides, or instead of, the system's authorities. */
  readonly ca?: string;
  readonly connections?: number;
  readonly timeouts?: Partial<SmtpTimeouts>;
}

/** A pool of connections to one mail server (submission or relay), kept open between mails. */
export function openSmtp(options: SmtpOptions): MailTransport {
  const timeouts = { ...SMTP_TIMEOUTS, ...options.timeouts };
  const transporter = nodemailer.createTransport({ pool: true, ...poolOptions(options, timeouts) });
  // Errors of idle connections; those of a send come back from it.
  transporter.on('error', () => {});
  return {
    async send(mail): Promise<DeliveryResult> {
      const problem = addressProblem(mail.to.address);
      if (problem !== null) return { kind: 'dead', error: problem };
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), timeouts.sendMs);
      try {
        const { envelope, message } = composeMail(mail);
        // A boundary that nobody will see, because nodemailer draws random bytes for one where none is given.
        const { messageId, id: baseBoundary } = mail;
        await transporter.sendMail({ envelope, raw: message, messageId, baseBoundary, signal: deadline.signal });
        return { kind: 'sent' };
      } catch (error) {
        if (deadline.signal.aborted) return { kind: 'retry', error: `no result within ${timeouts.sendMs} ms` };
        return deliveryFailure(error instanceof Error ? error : new Error(String(error)));
      } finally {
        clearTimeout(timer);
      }
    },
    close(): Promise<void> {
      transporter.close({ force: true });
      return Promise.resolve();
    },
  };
}

function poolOptions(options: SmtpOptions, timeouts: SmtpTimeouts): SMTPPoolOptions {
  return {
    host: options.host,
    port: options.port,
    secure: options.tls === 'implicit',
    requireTLS: options.tls === 'required',
    ignoreTLS: options.tls === 'off',
    opportunisticTLS: options.tls === 'opportunistic',
    tls: tlsOptions(options),
    ...(options.username === undefined ? {} : { auth: { user: options.username, pass: options.password ?? '' } }),
    maxConnections: options.connections ?? SMTP_CONNECTIONS,
    maxMessages: SMTP_MAILS_PER_CONNECTION,
    // Once, for a kept connection that turns out to be dead; every other repeat is the worker's.
    maxRequeues: 1,
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.socketMs,
    dnsTimeout: timeouts.connectMs,
  };
}

/**
 * RFC 7435: where encryption is a bonus, a certificate that nobody can check is still better than clear text, and mail
 * servers ship with self-signed ones. Where it is asked for, or a password goes over it, the certificate must be right.
 */
function tlsOptions(options: SmtpOptions): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: options.tls !== 'opportunistic',
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  };
}

/**
 * Which failures are for ever. A 5xx to the recipient or to the message is; at connect, EHLO, STARTTLS, AUTH or MAIL FROM it
 * tells of the server or of our settings, which somebody will put right. 4xx, time-outs and lost connections pass.
 */
export function deliveryFailure(error: NodemailerError): DeliveryResult {
  // What the server said, where it said something: nodemailer puts its own words before it.
  const text = plainText(error.response ?? error.message, MAX_ERROR_LENGTH);
  const where = error.command === undefined || error.command === 'API' ? '' : `${error.command}: `;
  const aboutMail = error.command === 'RCPT TO' || error.command === 'DATA';
  const dead = aboutMail && error.permanent === true && !concernsSession(error.responseCode);
  return { kind: dead ? 'dead' : 'retry', error: `${where}${text}` };
}

/** RFC 4954 6, RFC 3207 4: "authentication required" and "issue STARTTLS first" may come to any command, also to RCPT. */
function concernsSession(responseCode: number | undefined): boolean {
  return responseCode === 530 || responseCode === 534 || responseCode === 535 || responseCode === 538;
}
