import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assumptions, type GatewayConfig } from '../../src/config/index.ts';
import { readConfig } from '../../src/config/load.ts';
import { problemLines, type Problem } from '../../src/yamlfile/index.ts';
import { makeAuthority, type Credentials } from '../support/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcg-config-tls-'));
const path = join(folder, 'gateway.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

const DAY_MS = 86_400_000;
const authority = makeAuthority();
const own = authority.issue(['DNS:gw.example.com'], 365);
const other = authority.issue(['DNS:voice.example.net'], 365);
put('gw', own);
put('other', other);
put('old', authority.issue(['DNS:gw.example.com'], -1));
writeFileSync(join(folder, 'ca.pem'), authority.certificate);
writeFileSync(join(folder, 'nonsense.pem'), 'nonsense');

function put(name: string, { certificate, key }: Credentials): void {
  writeFileSync(join(folder, `${name}.pem`), certificate);
  writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 });
}

function read(sip: string, nowMs = Date.now(), more = '') {
  const rest =
    'peers: [{ name: pbx, allow: [192.0.2.10] }]\nrouting: { nextHop: ["sip:pbx.example.com;transport=tls"] }\npolicy: policy.yaml\njournal: sqlite:gateway.db\nnotification: { transport: maildir:mail, from: gw@example.com }\n';
  return readConfig(`sip: ${sip}\n${rest}${more}`, path, {}, nowMs);
}

function config(tls: string, more = ''): GatewayConfig {
  const reading = read(`{ listen: [tls://0.0.0.0:5061, wss://0.0.0.0:443], tls: { ${tls} }${more} }`);
  if (!reading.ok) throw new Error(problemLines(path, reading.problems).join('\n'));
  return reading.config;
}

function problems(tls: string, nowMs?: number): readonly Problem[] {
  const reading = read(`{ listen: [tls://0.0.0.0:5061], tls: { ${tls} } }`, nowMs);
  return reading.ok ? [] : reading.problems;
}

const told = (tls: string, nowMs?: number): string[] =>
  problems(tls, nowMs).map((problem) => `${problem.path}: ${problem.message}`);

const OWN = 'certificate: gw.pem, keyFile: gw.key';

describe('sip.tls', () => {
  it('is read into texts, for the engine on its thread', () => {
    const hosts = 'hosts: { voice.example.net: { certificate: other.pem, keyFile: other.key } }';
    const { sip } = config(
      `${OWN}, clientCa: ca.pem, serverCa: ca.pem, ${hosts}`,
      ', origins: [https://Phone.example.com:443/]',
    );
    const trimmed = ({ certificate, key }: Credentials) => ({ certificate: certificate.trimEnd(), key: key.trimEnd() });
    expect(sip.tls).toEqual({
      ...trimmed(own),
      clientCa: authority.certificate.trimEnd(),
      serverCa: authority.certificate.trimEnd(),
      hosts: { 'voice.example.net': trimmed(other) },
      keyFiles: [join(folder, 'gw.key'), join(folder, 'other.key')],
    });
    expect(sip.origins).toEqual(['https://phone.example.com']);
    expect(sip.listen.map(({ protocol }) => protocol)).toEqual(['tls', 'wss']);
  });

  it.each([
    [
      'files that are not there',
      'certificate: a, keyFile: b',
      ['certificate: "a" does not exist', 'keyFile: "b" does not exist'],
    ],
    [
      'a key of another certificate',
      'certificate: gw.pem, keyFile: other.key',
      ['keyFile: "other.key" is not the key of the certificate "gw.pem"'],
    ],
    [
      'no certificate',
      'certificate: nonsense.pem, keyFile: gw.key',
      ['certificate: "nonsense.pem" holds no certificate that can be read'],
    ],
    [
      'no key',
      'certificate: gw.pem, keyFile: nonsense.pem',
      ['keyFile: "nonsense.pem" holds no private key that can be read'],
    ],
    [
      'an authority that is none',
      `${OWN}, clientCa: nonsense.pem`,
      ['clientCa: "nonsense.pem" holds no certificate that can be read'],
    ],
    [
      'another host’s',
      `${OWN}, hosts: { a.example: { certificate: other.pem, keyFile: gw.key } }`,
      ['hosts.a.example.keyFile: "gw.key" is not the key of the certificate "other.pem"'],
    ],
  ])('tells of %s', (_, tls, expected) => {
    expect(told(tls)).toEqual(expected.map((line) => `sip.tls.${line}.`));
  });

  it('tells of a name of a host that is none', () => {
    expect(told(`${OWN}, hosts: { "a b": { certificate: other.pem, keyFile: other.key } }`)).toEqual([
      'sip.tls.hosts.a b: "a b" is not a host name.',
    ]);
  });

  it('tells of a key behind a passphrase, and how to unlock it', () => {
    execFileSync('openssl', ['pkey', '-in', 'gw.key', '-aes256', '-passout', 'pass:x', '-out', 'locked.key'], {
      cwd: folder,
    });
    const [problem] = problems('certificate: gw.pem, keyFile: locked.key');
    expect(problem?.message).toBe('the key "locked.key" is locked by a passphrase.');
    expect(problem?.remedy).toContain('openssl pkey -in locked.key');
  });

  it('tells of a certificate that has expired, or does not hold yet', () => {
    expect(told('certificate: old.pem, keyFile: old.key')).toEqual([
      expect.stringMatching(/^sip\.tls\.certificate: the certificate "old\.pem" has expired on \d{4}-\d\d-\d\d\.$/),
    ]);
    expect(told(OWN, Date.now() - 2 * DAY_MS)).toEqual([
      expect.stringMatching(/^sip\.tls\.certificate: the certificate "gw\.pem" is not valid before /),
    ]);
  });

  it('tells where nothing listens by TLS', () => {
    const reading = read(`{ listen: [udp://0.0.0.0:5060], tls: { ${OWN} } }`);
    expect(reading.ok ? [] : reading.problems.map(({ path: at }) => at)).toEqual(['sip.tls', 'routing.nextHop[0]']);
  });
});

describe('the certificate of admin', () => {
  const mistakes = (admin: string): string[] => {
    const reading = read(`{ listen: [tls://0.0.0.0:5061], tls: { ${OWN} } }`, Date.now(), `admin: { ${admin} }\n`);
    const problems = reading.ok ? [] : reading.problems.filter((problem) => problem.path.startsWith('admin'));
    return problems.map((problem) => `${problem.path}: ${problem.message}`);
  };

  it('is the key’s own, as those of sip.tls', () => {
    expect(mistakes(`listen: "https://0.0.0.0:8443", ${OWN}`)).toEqual([]);
    expect(mistakes('listen: "https://0.0.0.0:8443", certificate: gw.pem, keyFile: other.key')).toEqual([
      'admin.keyFile: "other.key" is not the key of the certificate "gw.pem".',
    ]);
    expect(mistakes('listen: "https://0.0.0.0:8443", certificate: old.pem, keyFile: old.key')).toEqual([
      expect.stringMatching(/^admin\.certificate: the certificate "old\.pem" has expired on /),
    ]);
  });
});

describe('mcg check warns', () => {
  it('of a key that others may read', () => {
    const quiet = assumptions(config(OWN)).join('\n');
    expect(quiet).not.toContain('private key');
    chmodSync(join(folder, 'other.key'), 0o640);
    expect(assumptions(config('certificate: other.pem, keyFile: other.key'))).toContain(
      `others may read the private key ${join(folder, 'other.key')}: chmod 600 it.`,
    );
  });

  it('of a certificate that expires within 30 days', () => {
    const soon = (days: number): string[] =>
      assumptions(config(OWN), Date.now() + days * DAY_MS).filter((line) => line.includes('expires'));
    expect(soon(334)).toEqual([]);
    expect(soon(336)).toEqual([expect.stringMatching(/^a certificate of sip\.tls expires on /)]);
    const reading = read(
      `{ listen: [tls://0.0.0.0:5061], tls: { ${OWN} } }`,
      Date.now(),
      `admin: { listen: "https://0.0.0.0:8443", ${OWN} }\n`,
    );
    expect(reading.ok ? assumptions(reading.config, Date.now() + 336 * DAY_MS) : []).toContainEqual(
      expect.stringMatching(/^the certificate of admin expires on .* SIGHUP\.$/),
    );
  });

  it('of client certificates that everybody needs, and of web sites that are not named', () => {
    expect(assumptions(config(`${OWN}, clientCa: ca.pem`)).join('\n')).toContain(
      'must show a certificate of that authority',
    );
    expect(assumptions(config(OWN)).join('\n')).toContain('sip.origins is left out');
    expect(assumptions(config(OWN, ', origins: [https://a.example]')).join('\n')).not.toContain('sip.origins');
  });
});
