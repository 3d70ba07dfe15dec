import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { shown, type Mistake, type Path } from '../yamlfile/index.ts';
import type { SecretFiles } from './files.ts';
import type { GatewayConfig } from './types.ts';
import { isHost } from './values.ts';

/** What is wrong with the certificates and keys of `sip.tls` and `admin`, and what is merely unwise. */

const DAY_MS = 86_400_000;
/** Said by `mcg check` from then on. */
const EXPIRES_SOON_MS = 30 * DAY_MS;

/** A part of gateway.yaml as it was written. */
type Written = Readonly<Record<string, unknown>>;

/** Files that cannot be read are told elsewhere. */
export function* tlsMistakes(tls: Written, admin: Written, files: SecretFiles, nowMs: number): Generator<Mistake> {
  yield* credentialMistakes(admin, ['admin'], files, nowMs);

  const path = ['sip', 'tls'];
  yield* credentialMistakes(tls, path, files, nowMs);
  for (const key of ['clientCa', 'serverCa']) {
    const file = tls[key];
    const text = typeof file === 'string' ? files.read(file) : null;
    if (text === null || certificateOf(text) !== null) continue;
    yield noCertificate([...path, key], String(file));
  }
  const { hosts } = tls;
  if (typeof hosts !== 'object' || hosts === null) return;
  for (const [name, credentials] of Object.entries(hosts)) {
    if (typeof credentials !== 'object' || credentials === null) continue;
    if (!isHost(name)) {
      const remedy = 'Write the name that peers call the gateway by: voice.example.net.';
      yield { path: [...path, 'hosts', name], at: 'key', message: `${shown(name)} is not a host name`, remedy };
    }
    yield* credentialMistakes(credentials as Written, [...path, 'hosts', name], files, nowMs);
  }
}

function* credentialMistakes(written: Written, path: Path, files: SecretFiles, nowMs: number): Generator<Mistake> {
  const { certificate: file, keyFile } = written;
  const certificateText = typeof file === 'string' ? files.read(file) : null;
  const keyText = typeof keyFile === 'string' ? files.read(keyFile) : null;
  const certificate = certificateText === null ? null : certificateOf(certificateText);
  const key = keyText === null ? null : keyOf(keyText);
  if (certificateText !== null && certificate === null) yield noCertificate([...path, 'certificate'], String(file));
  if (keyText !== null && key === null) yield noKey([...path, 'keyFile'], String(keyFile), keyText);
  if (certificate !== null) yield* dateMistakes(certificate, [...path, 'certificate'], String(file), nowMs);
  if (certificate !== null && key !== null && !certificate.checkPrivateKey(key)) {
    const message = `${JSON.stringify(keyFile)} is not the key of the certificate ${JSON.stringify(file)}`;
    const remedy =
      'Name the key that this certificate was made for; of a chain, the gateway’s own certificate comes first.';
    yield { path: [...path, 'keyFile'], message, remedy };
  }
}

function* dateMistakes(certificate: X509Certificate, path: Path, file: string, nowMs: number): Generator<Mistake> {
  const { validFromDate, validToDate } = certificate;
  const named = `the certificate ${JSON.stringify(file)}`;
  if (validToDate.getTime() < nowMs) {
    const message = `${named} has expired on ${dayOf(validToDate)}`;
    yield { path, message, remedy: 'Have it renewed, and put the new one in its place.' };
  } else if (validFromDate.getTime() > nowMs) {
    const message = `${named} is not valid before ${dayOf(validFromDate)}`;
    yield { path, message, remedy: 'Use another one until then, or set the clock of this machine.' };
  }
}

function noCertificate(path: Path, file: string): Mistake {
  const remedy = 'Name a PEM file: it has a line -----BEGIN CERTIFICATE-----.';
  return { path, message: `${JSON.stringify(file)} holds no certificate that can be read`, remedy };
}

function noKey(path: Path, file: string, text: string): Mistake {
  const locked = text.includes('ENCRYPTED');
  return {
    path,
    message: locked
      ? `the key ${JSON.stringify(file)} is locked by a passphrase`
      : `${JSON.stringify(file)} holds no private key that can be read`,
    remedy: locked
      ? `Unlock it (openssl pkey -in ${file} -out unlocked.pem), and let the gateway's user alone read it.`
      : 'Name a PEM file: it has a line -----BEGIN PRIVATE KEY-----.',
  };
}

function certificateOf(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text);
  } catch {
    return null;
  }
}

function keyOf(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** What TLS takes for granted, and what is unwise about its files, in sentences for `mcg check`. */
export function* tlsAssumptions({ sip, admin }: GatewayConfig, nowMs: number): Generator<string> {
  const { tls, listen, origins } = sip;
  if (admin.tls !== null) yield* expirySoon('the certificate of admin', admin.tls.certificate, nowMs);
  if (tls !== undefined) {
    for (const file of tls.keyFiles)
      if (isReadByOthers(file)) yield `others may read the private key ${file}: chmod 600 it.`;
    for (const { certificate } of [tls, ...Object.values(tls.hosts ?? {})]) {
      yield* expirySoon('a certificate of sip.tls', certificate, nowMs);
    }
    if (tls.clientCa !== undefined) {
      yield 'sip.tls.clientCa is set: whoever connects by tls or wss must show a certificate of that authority, browsers too.';
    }
  }
  if (origins === undefined && listen.some(({ protocol }) => protocol === 'ws' || protocol === 'wss')) {
    yield 'sip.origins is left out: a page of any web site can call through the WebSocket, where somebody opens it at an address that peers allow. List your own sites.';
  }
}

function* expirySoon(what: string, text: string, nowMs: number): Generator<string> {
  const until = certificateOf(text)?.validToDate;
  if (until === undefined || until.getTime() - nowMs > EXPIRES_SOON_MS) return;
  yield `${what} expires on ${dayOf(until)}: have it renewed, and tell the gateway by SIGHUP.`;
}

function isReadByOthers(file: string): boolean {
  try {
    return (statSync(file).mode & 0o077) !== 0;
  } catch {
    return false;
  }
}
