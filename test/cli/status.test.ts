import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAdmin, type Readiness } from '../../src/admin/index.ts';
import { inProcess } from '../e2e/support.ts';
import { type Credentials, makeAuthority } from '../support/certificates.ts';

const TOLD: Readiness = {
  ready: true,
  checks: [{ name: 'sip', ok: true, detail: 'connected' }],
  hops: [
    { uri: 'sip:pbx.example', up: true, since: null },
    { uri: 'sip:spare.example', up: false, since: '2026-11-23T21:00:00.000Z' },
  ],
  registrations: 3,
  liveCalls: 12,
};

async function running(told: Readiness, tls?: Credentials): Promise<number> {
  const admin = await startAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    tls,
    status: { readiness: () => Promise.resolve(told) },
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  onTestFinished(() => admin.close());
  return admin.port;
}

/** The shipped configuration, with another admin listener. */
function configFor(port: number, tls?: Credentials): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcg-status-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'gateway.yaml');
  const shipped = readFileSync(new URL('../../sip-config/gateway.yaml', import.meta.url), 'utf8');
  writeFileSync(join(folder, 'own.pem'), tls?.certificate ?? '');
  writeFileSync(join(folder, 'own.key'), tls?.key ?? '');
  const listen = `https://127.0.0.1:${port}\n  certificate: own.pem\n  keyFile: own.key`;
  const written = tls === undefined ? `http://127.0.0.1:${port}` : listen;
  writeFileSync(path, shipped.replace(/^( +listen: )http:\/\/127\.0\.0\.1:8080/m, `$1${written}`));
  return path;
}

const status = (port: number, ...argv: string[]) => inProcess('status', '--config', configFor(port), ...argv);

describe('mcg status', () => {
  it('shows the checks, the next hops, registrations and live calls of the running gateway', async () => {
    const { code, stdout } = await status(await running(TOLD));
    expect(code).toBe(0);
    expect(stdout).toContain('The gateway is ready.');
    expect(stdout).toMatch(/sip\s+│ ok\s+│ connected/);
    expect(stdout).toMatch(/sip:pbx\.example\s+│ up\s+│ the start/);
    expect(stdout).toMatch(/sip:spare\.example\s+│ DOWN\s+│ 2026-11-23T21:00:00/);
    expect(stdout).toMatch(/Registered contacts: 3\nLive calls: 12\n$/);
  });

  it('asks by https where the administration is served so, whatever name its certificate has', async () => {
    const tls = makeAuthority().issue(['DNS:admin.example.com']);
    const config = configFor(await running(TOLD, tls), tls);
    const { code, stdout, stderr } = await inProcess('status', '--config', config);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('The gateway is ready.');
  });

  it('gives it as JSON', async () => {
    const { stdout } = await status(await running(TOLD), '--json');
    expect(JSON.parse(stdout)).toEqual(TOLD);
  });

  it('ends with 1 where the gateway is not ready, and shows why; control characters reach no terminal', async () => {
    const checks = [{ name: 'journal', ok: false, detail: 'not writable\u001b[2J' }];
    const { code, stdout } = await status(await running({ ready: false, checks }));
    expect(code).toBe(1);
    expect(stdout).toContain('NOT ready');
    expect(stdout).toMatch(/journal\s+│ FAILS\s+│ not writable·\[2J/);
    expect(stdout).not.toContain('Live calls');
  });

  it('says where it asked, where no gateway runs', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const { code, stderr } = await status(port);
    expect(code).toBe(1);
    expect(stderr).toContain(`No gateway answers at http://127.0.0.1:${port}`);
    expect(stderr).toContain('mcg start');
  });

  it('cannot ask a gateway that takes any free port', async () => {
    const { code, stderr } = await status(0);
    expect(code).toBe(1);
    expect(stderr).toContain('port 0');
  });

  it('says so where something else answers', async () => {
    const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { code, stderr } = await status((other.address() as AddressInfo).port);
    expect(code).toBe(1);
    expect(stderr).toContain('is not a gateway');
  });
});
