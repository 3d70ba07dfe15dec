import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { OPERATIONS, type OperationName } from '../../../src/admin/contract.ts';
import type { Operation } from '../../../src/admin/contract/operation.ts';
import { type Handlers, Refusal } from '../../../src/admin/handlers.ts';
import type { Caller } from '../../../src/cmdlet/index.ts';

/** Where `npm run build:web` puts the pages. */
export const WEB_ROOT = join(import.meta.dirname, '../../../dist/admin/web');
export const COOKIE = 'example-session';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};

type AnyHandler = (asked: {
  params: unknown;
  query: unknown;
  body: unknown;
  caller: Caller;
  ifMatch: string | null;
  signal: AbortSignal;
}) => Promise<{ body: unknown; etag?: string }>;

export interface ExampleServer {
  readonly origin: string;
  /** What the browser's CSP said, `/csp` being its report-uri. */
  readonly violations: readonly string[];
  close(): Promise<void>;
}

export interface ExampleOptions {
  readonly handlers: Partial<Handlers<OperationName>>;
  /** Who the cookie's value is; undefined: nobody. */
  callerOf(cookie: string): Caller | undefined;
  readonly port?: number;
  readonly webRoot?: string;
}

/**
 * Serves the built pages and answers the contract with examples, for looking at pages and for tests of pages alone. What it
 * answers is held against the contract's schemas, so that no example is one that the gateway could not give. It is a support
 * for tests: the gateway's own server is src/admin/server.ts.
 */
export async function startExampleServer(options: ExampleOptions): Promise<ExampleServer> {
  const violations: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, options, violations).catch((error: unknown) => {
      const refusal = error instanceof Refusal ? error : null;
      const status = refusal?.status ?? 500;
      const detail = error instanceof Error ? error.message : String(error);
      if (refusal === null) violations.push(`${request.method} ${request.url}: ${detail}`);
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'about:blank', title: 'Refused', status, detail, errors: refusal?.errors }));
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    violations,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ExampleOptions,
  violations: string[],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://example');
  if (url.pathname === '/csp') {
    violations.push(await textOf(request));
    return void response.writeHead(204).end();
  }
  if (!url.pathname.startsWith('/api/')) return serveFile(url.pathname, response, options.webRoot ?? WEB_ROOT);
  const found = find(request.method ?? '', url.pathname);
  if (found === null) throw new Refusal(404, `There is nothing at ${url.pathname}.`);
  const { name, operation, params } = found;
  const cookie = /example-session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const caller = options.callerOf(decodeURIComponent(cookie));
  admit(operation, caller);
  const handler = options.handlers[name] as AnyHandler | undefined;
  if (handler === undefined) throw new Refusal(404, `No example for ${name}.`);
  const raw = await textOf(request);
  const ifMatch = request.headers['if-match'] ?? null;
  if (operation.versioned === true && operation.method !== 'GET' && ifMatch === null)
    throw new Refusal(428, 'If-Match');
  const { body, etag } = await handler({
    params: operation.params?.parse(params),
    query: operation.query?.parse(Object.fromEntries(url.searchParams)),
    body: raw === '' ? undefined : operation.body?.parse(JSON.parse(raw)),
    caller: caller ?? ({ permissions: new Set() } as unknown as Caller),
    ifMatch,
    signal: new AbortController().signal,
  });
  if (etag !== undefined) response.setHeader('etag', etag);
  if (name === 'signIn' || name === 'firstAccount') {
    const { account } = body as { account: { name: string } };
    response.setHeader(
      'set-cookie',
      `${COOKIE}=${encodeURIComponent(account.name)}; Path=/; HttpOnly; SameSite=Strict`,
    );
  }
  if (name === 'signOut') response.setHeader('set-cookie', `${COOKIE}=; Path=/; Max-Age=0`);
  if (operation.response === null) return void response.writeHead(204).end();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(operation.response.parse(body)));
}

function admit({ permission }: Operation, caller: Caller | undefined): void {
  if (permission === 'anyone') return;
  if (caller === undefined) throw new Refusal(401, 'Nobody is signed in.');
  if (permission !== 'signed-in' && !caller.permissions.has(permission))
    throw new Refusal(403, `It wants ${permission}.`);
}

function find(method: string, path: string) {
  for (const [name, operation] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    const keys = [...operation.path.matchAll(/:(\w+)/g)].map(([, key]) => key ?? '');
    const match = new RegExp(`^${operation.path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '([^/]+)')}$`).exec(path);
    if (operation.method !== method || match === null) continue;
    const params = Object.fromEntries(keys.map((key, index) => [key, decodeURIComponent(match[index + 1] ?? '')]));
    return { name, operation, params };
  }
  return null;
}

async function serveFile(path: string, response: ServerResponse, root: string): Promise<void> {
  const isAsset = path.startsWith('/assets/');
  const file = isAsset ? path : '/index.html';
  const text = await readFile(join(root, file), 'utf8').catch(() => null);
  if (text === null) throw new Refusal(404, `There is no file ${file}.`);
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
  const nonce = 'bm9uY2Utb2YtdGhlLWV4YW1wbGU';
  response.setHeader(
    'content-security-policy',
    `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; img-src 'self'; ` +
      `font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; report-uri /csp`,
  );
  response.end(isAsset ? text : text.replaceAll('__CSP_NONCE__', nonce));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}
