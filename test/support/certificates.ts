import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key as PEM texts. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

/** An authority of the test's own, made by openssl. */
export interface Authority extends Credentials {
  /** A certificate for these names, `DNS:pbx.example.com` or `IP:127.0.0.1`. `days`: below 0 it has expired. */
  issue(names: readonly string[], days?: number): Credentials;
}

export function makeAuthority(name = 'test authority'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'mcg-ca-'));
  try {
    const own = selfSigned(folder, name);
    return { ...own, issue: (names, days = 2) => issued(own, names, days) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(folder: string, args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

function selfSigned(folder: string, name: string): Credentials {
  openssl(folder, ['req', '-x509', ...NEW_KEY, '-keyout', 'key', '-out', 'crt', '-days', '2', '-subj', `/CN=${name}`]);
  return read(folder);
}

function issued(authority: Credentials, names: readonly string[], days: number): Credentials {
  const folder = mkdtempSync(join(tmpdir(), 'mcg-cert-'));
  try {
    writeFileSync(join(folder, 'ca.crt'), authority.certificate);
    writeFileSync(join(folder, 'ca.key'), authority.key);
    writeFileSync(join(folder, 'ext'), `subjectAltName=${names.join(',')}\n`);
    openssl(folder, ['req', ...NEW_KEY, '-keyout', 'key', '-out', 'csr', '-subj', '/CN=a test']);
    const sign = ['x509', '-req', '-in', 'csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'crt'];
    openssl(folder, [...sign, '-days', String(days), '-extfile', 'ext']);
    return read(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function read(folder: string): Credentials {
  const [certificate, key] = ['crt', 'key'].map((name) => readFileSync(join(folder, name), 'utf8'));
  return { certificate: certificate ?? '', key: key ?? '' };
}
