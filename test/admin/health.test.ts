import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Admin, type AdminOptions, type Readiness, startAdmin } from '../../src/admin/index.ts';
import {
  MAX_BODY_BYTES,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
  MAX_HEADER_BYTES,
  READINESS_TIMEOUT_MS,
} from '../../src/admin/server.ts';

const READY: Readiness = { ready: true, checks: [{ name: 'journal', ok: true, detail: 'writable' }] };

async function start(changes: Partial<AdminOptions> = {}): Promise<Admin> {
  const admin = await startAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    status: { readiness: () => Promise.resolve(READY) },
    metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: 'mcg_live_calls 3\n' }),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    ...changes,
  });
  onTestFinished(() => admin.close());
  return admin;
}

/** The whole answer to raw bytes. */
async function exchange(port: number, bytes: string, localAddress = '127.0.0.1'): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  await once(socket, 'connect');
  socket.write(bytes);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

const HEALTHZ = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** A connection that says nothing. */
async function occupy(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

describe('health', () => {
  it('says on /healthz that it is alive, whatever else fails', async () => {
    const admin = await start({ status: { readiness: () => Promise.reject(new Error('no')) } });
    const response = await fetch(`${admin.address}/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'alive' });
  });

  it('answers /readyz with 200 and each check where all hold', async () => {
    const response = await fetch(`${(await start()).address}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(READY);
  });

  it('answers /readyz with 503 and the check that fails', async () => {
    const checks = [{ name: 'draining', ok: false, detail: 'the gateway is stopping' }];
    const admin = await start({ status: { readiness: () => Promise.resolve({ ready: false, checks }) } });
    const response = await fetch(`${admin.address}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, checks });
  });

  it('counts a check that throws as not ready, and says why', async () => {
    const admin = await start({ status: { readiness: () => Promise.reject(new Error('disk I/O error')) } });
    const response = await fetch(`${admin.address}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      ready: false,
      checks: [{ name: 'readiness', ok: false, detail: 'disk I/O error' }],
    });
  });

  it('counts a check that hangs as not ready, and asks it once for many probes', async () => {
    let asked = 0;
    const admin = await start({
      status: {
        readiness() {
          asked += 1;
          return new Promise(() => {});
        },
      },
    });
    const began = performance.now();
    const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(`${admin.address}/readyz`)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([503]));
    expect(asked).toBe(1);
    expect(performance.now() - began).toBeGreaterThanOrEqual(READINESS_TIMEOUT_MS - 50);
  });

  it('serves metrics with their own content type', async () => {
    const response = await fetch(`${(await start()).address}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await response.text()).toBe('mcg_live_calls 3\n');
  });

  it('hides the reason of a failure from the client and gives it to the log', async () => {
    const logged: object[] = [];
    const admin = await start({
      metrics: () => Promise.reject(new Error('inner secret')),
      log: { debug() {}, info() {}, warn() {}, error: (fields) => logged.push(fields) },
    });
    const response = await fetch(`${admin.address}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('inner secret');
    expect(logged).toMatchObject([{ err: { message: 'inner secret' } }]);
  });
});

describe('refusals', () => {
  it('answers an unknown path with 404 as problem+json (RFC 9457)', async () => {
    const response = await fetch(`${(await start()).address}/nothing?x=1`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is nothing at /nothing.',
    });
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('answers %s with 405 and what is allowed', async (method) => {
    const body = method === 'POST' ? { body: '<not json>', headers: { 'content-type': 'text/strange' } } : {};
    const response = await fetch(`${(await start()).address}/healthz`, { method, ...body });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('answers a path that does not decode with 400 as problem+json', async () => {
    const response = await fetch(`${(await start()).address}/%zz`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: 400 });
  });

  it('refuses a body over the limit with 413', async () => {
    const response = await fetch(`${(await start()).address}/nothing`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `"${'x'.repeat(MAX_BODY_BYTES)}"`,
    });
    expect(response.status).toBe(413);
  });

  it('refuses headers over the limit with 431', async () => {
    const { port } = await start();
    const answer = await exchange(
      port,
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('answers what is not HTTP with 400 and ends the connection', async () => {
    const { port } = await start();
    expect(await exchange(port, 'INVITE sip:1001@example.com SIP/2.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('sets security headers on answers and refusals alike', async () => {
    const { address } = await start();
    for (const path of ['/healthz', '/nothing', '/%zz']) {
      const { headers } = await fetch(address + path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('the listener', () => {
  it('is not opened off loopback without TLS', async () => {
    await expect(start({ listen: { host: '0.0.0.0', port: 0 } })).rejects.toThrow(
      /plain http is taken on loopback only/,
    );
  });

  it('speaks IPv6', async () => {
    const admin = await start({ listen: { host: '::1', port: 0 } });
    expect(admin.address).toBe(`http://[::1]:${admin.port}`);
    expect((await fetch(`${admin.address}/healthz`)).status).toBe(200);
  });

  it('says which address is taken', async () => {
    const { port } = await start();
    await expect(start({ listen: { host: '127.0.0.1', port } })).rejects.toThrow(`127.0.0.1:${port} cannot be bound`);
  });

  it(`takes ${MAX_CONNECTIONS} connections at once; one more is ended unheard`, async () => {
    const { port } = await start();
    for (let i = 0; i < MAX_CONNECTIONS; i++) await occupy(port, `127.0.1.${1 + (i % 4)}`);
    expect(await exchange(port, HEALTHZ)).toBe('');
  });

  it(`takes ${MAX_CONNECTIONS_PER_ADDRESS} of them from one address (MAX_CONNECTIONS_PER_ADDRESS), and others when those have gone`, async () => {
    const { port } = await start();
    const sockets = [];
    for (let i = 0; i < MAX_CONNECTIONS_PER_ADDRESS; i++) sockets.push(await occupy(port, '127.0.1.1'));
    expect(await exchange(port, HEALTHZ, '127.0.1.1')).toBe('');
    expect(await exchange(port, HEALTHZ, '127.0.1.2')).toContain('200 OK');
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => exchange(port, HEALTHZ, '127.0.1.1')).toContain('200 OK');
  });

  it.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', 'a b'])(
    'is not read under a name that somebody else chose: %s',
    async (host) => {
      const { port } = await start({ publicUrl: 'https://admin.example.com' });
      for (const path of ['/metrics', '/readyz', '/']) {
        const answer = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      }
    },
  );

  it.each(['127.0.0.1', '[::1]:8080', 'localhost:8080', 'ADMIN.example.com'])(
    'is read under a name of its own: %s',
    async (host) => {
      const { port } = await start({ publicUrl: 'https://admin.example.com' });
      const request = `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      expect(await exchange(port, request)).toContain('200 OK');
    },
  );

  it('closes while a client keeps its connection open', async () => {
    const admin = await start();
    const socket = connect(admin.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await admin.close();
    await closed;
    await expect(fetch(`${admin.address}/healthz`)).rejects.toThrow();
  });
});
