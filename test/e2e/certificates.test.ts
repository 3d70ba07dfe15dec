import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { type RunningStart, startHere } from '../cli/support.ts';
import { type Credentials, makeAuthority } from '../support/certificates.ts';
import { filesFor } from './support.ts';

const authority = makeAuthority();
const ca = authority.certificate;

interface Shown {
  readonly fingerprint: string;
  readonly protocol: string | null;
}

/** What is shown to who connects there now. */
async function shownBy(port: number): Promise<Shown> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca });
  await once(socket, 'secureConnect');
  const shown = { fingerprint: socket.getPeerCertificate().fingerprint256, protocol: socket.getProtocol() };
  socket.destroy();
  return shown;
}

function get(address: string, path: string, options: RequestOptions = {}): Promise<{ status: number; hsts: unknown }> {
  return new Promise((resolve, reject) => {
    request(`${address}${path}`, { ca, agent: false, ...options }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, hsts: response.headers['strict-transport-security'] });
    })
      .on('error', reject)
      .end();
  });
}

const fingerprintOf = ({ certificate }: Credentials): string => new X509Certificate(certificate).fingerprint256;

async function signalled(gateway: RunningStart, reads: number): Promise<void> {
  gateway.signal('SIGHUP');
  await expect.poll(() => gateway.log().filter(({ msg }) => msg === 'policy read again').length).toBe(reads);
}

it('the administration is served by https, and SIGHUP takes renewed certificates, there and for SIP; what cannot be used changes nothing', async () => {
  const files = await filesFor(
    'peers: [{ name: pbx, allow: [127.0.0.0/8] }]\nrouting: { nextHop: ["sip:127.0.0.1:5999"] }',
    {
      sip: 'listen: [udp://127.0.0.1:0, tls://127.0.0.1:0]\n  tls: { certificate: own.pem, keyFile: own.key }',
      admin: 'https://127.0.0.1:0\n  certificate: own.pem\n  keyFile: own.key',
    },
  );
  const put = async (certificate: string, key: string): Promise<void> => {
    await writeFile(join(files.folder, 'own.pem'), certificate);
    await writeFile(join(files.folder, 'own.key'), key, { mode: 0o600 });
  };
  const [first, second] = [authority.issue(['IP:127.0.0.1']), authority.issue(['IP:127.0.0.1'])];
  await put(first.certificate, first.key);
  const gateway = startHere(files.config);
  const { admin, sip } = (await gateway.logged('ready')) as unknown as { admin: string; sip: readonly string[] };
  const ports = [new URL(admin).port, /^tls:.*:(\d+)$/m.exec(sip.join('\n'))?.[1]].map(Number);
  const shown = () => Promise.all(ports.map(async (port) => (await shownBy(port)).fingerprint));

  expect(admin).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await get(admin, '/healthz')).toEqual({ status: 200, hsts: 'max-age=31536000' });
  await expect(fetch(admin.replace('https', 'http'))).rejects.toThrow();
  await expect(get(admin, '/healthz', { ca: [] })).rejects.toThrow(/certificate/);
  expect(await shown()).toEqual([fingerprintOf(first), fingerprintOf(first)]);

  await put(second.certificate, second.key);
  await signalled(gateway, 1);
  await expect.poll(shown).toEqual([fingerprintOf(second), fingerprintOf(second)]);
  expect((await shownBy(ports[0] ?? 0)).protocol).toBe('TLSv1.3');
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await expect(get(admin, '/healthz', old)).rejects.toThrow(/protocol version|handshake failure|alert/i);

  await put(first.certificate, second.key);
  await signalled(gateway, 2);
  expect(await shown()).toEqual([fingerprintOf(second), fingerprintOf(second)]);
  expect(await gateway.logged('gateway.yaml has mistakes')).toMatchObject({
    problems: expect.arrayContaining([expect.stringMatching(/admin\.keyFile: .* is not the key of/)]) as unknown,
  });
  // Renewing is no change that needs a restart.
  expect(gateway.log().filter(({ msg }) => String(msg).includes('need a restart'))).toEqual([]);
});
