import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContext,
  type TlsOptions,
} from 'node:tls';

/** Who we are: PEM texts. */
export interface TlsCredentials {
  /** The certificate, and those between it and its authority. */
  readonly certificate: string;
  readonly key: string;
}

/** What TLS needs; plain data. */
export interface TlsSettings extends TlsCredentials {
  /** Authorities of those who connect to us, PEM. With it whoever shows no certificate of theirs is not let in. */
  readonly clientCa?: string;
  /** Authorities of those we connect to, PEM, beside the system's. */
  readonly serverCa?: string;
  /** Other credentials for those who ask for such a name (SNI, RFC 6066 3). */
  readonly hosts?: Readonly<Record<string, TlsCredentials>>;
}

const MIN_VERSION = 'TLSv1.2';

/** For those who connect to us. Throws where certificate and key are none, or no pair. */
export function serverOptions({ certificate, key, clientCa }: TlsSettings): TlsOptions {
  return {
    cert: certificate,
    key,
    minVersion: MIN_VERSION,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

/** Throws, in OpenSSL's words, where anything in it cannot be used. */
export function checkTls(settings: TlsSettings): void {
  for (const credentials of [settings, ...Object.values(settings.hosts ?? {})]) {
    createSecureContext(serverOptions({ ...settings, ...credentials }));
  }
}

/** For those we connect to: our certificate is shown to who asks for one. */
export function clientContext({ certificate, key, serverCa }: TlsSettings): SecureContext {
  const system = getCACertificates('system');
  const authorities = system.length > 0 ? system : getCACertificates('default');
  return createSecureContext({
    cert: certificate,
    key,
    minVersion: MIN_VERSION,
    ca: serverCa === undefined ? authorities : [...authorities, serverCa],
  });
}

/**
 * Whether the certificate is that of `host` (RFC 5922 7.1): a SIP URI without user part, a DNS name or an address in it.
 * Undefined where it is. Wildcards are taken, against RFC 5922 7.2: the certificates of carriers have them.
 */
export function identityError(host: string, certificate: PeerCertificate): Error | undefined {
  const uris = (certificate.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('URI:sip:'));
  if (uris.some((name) => name.slice('URI:sip:'.length).toLowerCase() === host.toLowerCase())) return undefined;
  return checkServerIdentity(host, certificate);
}
