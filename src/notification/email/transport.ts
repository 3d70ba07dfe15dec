import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { MailTransport } from '../types.ts';
import { openMaildir } from './maildir.ts';
import { type SmtpOptions, type SmtpTimeouts, openSmtp } from './smtp.ts';

export interface MailTransportOptions {
  /** What a relative `maildir:` path is relative to. */
  readonly baseFolder?: string;
  /** In place of what the URI carries, so that secrets can stay out of it. */
  readonly username?: string;
  readonly password?: string;
  /** PEM of the authority that signed the mail server's certificate. */
  readonly ca?: string;
  readonly connections?: number;
  readonly timeouts?: Partial<SmtpTimeouts>;
}

/** The transport setting cannot be used; the message says what to write instead. */
export class MailTransportError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MailTransportError';
  }
}

/**
 * Opens `maildir:PATH`, `smtp://[user:password@]host[:port]` (25) or `smtps://…` (465). `smtp:` takes
 * `?tls=off|opportunistic|required`; without it TLS is required where a password goes to another machine, else used where
 * offered.
 * @throws {MailTransportError} where the setting is wrong or a Maildir cannot be made; a mail server is not asked yet
 */
export async function openMailTransport(setting: string, options: MailTransportOptions = {}): Promise<MailTransport> {
  if (setting.startsWith('maildir:')) {
    const folder = resolve(options.baseFolder ?? '.', decodePath(setting.slice('maildir:'.length)));
    try {
      return await openMaildir(folder);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new MailTransportError(
        `The Maildir ${folder} cannot be made: ${reason}. Let the gateway's user write there.`,
        { cause },
      );
    }
  }
  return openSmtp(smtpOptions(setting, options));
}

function decodePath(path: string): string {
  if (path === '') throw new MailTransportError('maildir: names no folder. Write maildir:../var/mail.');
  return path;
}

/** Pure, for tests and for checking a configuration without connecting. */
export function smtpOptions(setting: string, options: MailTransportOptions = {}): SmtpOptions {
  const uri = parseUri(setting);
  const username = options.username ?? (uri.username === '' ? undefined : decodeURIComponent(uri.username));
  const password = options.password ?? (uri.password === '' ? undefined : decodeURIComponent(uri.password));
  const host = uri.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: uri.port === '' ? (uri.protocol === 'smtps:' ? 465 : 25) : Number(uri.port),
    tls: tlsMode(uri, username !== undefined && !isLoopback(host)),
    ...(username === undefined ? {} : { username, password: password ?? '' }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.connections === undefined ? {} : { connections: options.connections }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
  };
}

function parseUri(setting: string): URL {
  const uri = URL.canParse(setting) ? new URL(setting) : null;
  if (uri === null || !['smtp:', 'smtps:'].includes(uri.protocol) || uri.hostname === '') {
    throw new MailTransportError(
      `"${hideSecret(setting)}" is no mail transport. Write smtp://host:port, smtps://host or maildir:folder.`,
    );
  }
  if (uri.pathname.length > 1 || uri.hash !== '') {
    throw new MailTransportError(`"${hideSecret(setting)}": nothing may follow the port but ?tls=…`);
  }
  return uri;
}

function hideSecret(setting: string): string {
  return setting.replace(/\/\/[^@/]*@/, '//***@');
}

function tlsMode(uri: URL, secretsTravel: boolean): SmtpOptions['tls'] {
  const asked = uri.searchParams.get('tls');
  if (uri.protocol === 'smtps:') return 'implicit';
  if (asked === null) return secretsTravel ? 'required' : 'opportunistic';
  if (asked === 'off' || asked === 'opportunistic' || asked === 'required') return asked;
  throw new MailTransportError(`"${hideSecret(uri.href)}": tls is off, opportunistic or required.`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}
