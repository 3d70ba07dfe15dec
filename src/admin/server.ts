import { type AddressInfo, isIP, type Server as NetServer } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { JOURNAL_ERRORS, JournalError } from '../journal/index.ts';
import type { Api } from './served.ts';
import { serveEvents } from './events.ts';
import { addEventsDoor } from './events-door.ts';
import { Refusal } from './handlers.ts';
import { serveOpenApi } from './openapi.ts';
import { servePages } from './pages.ts';
import { sendProblem, setSecurityHeaders } from './reply.ts';
import { serveOperations } from './serve.ts';
import type { Admin, AdminLog, AdminOptions, Readiness } from './types.ts';

/** A voicemail event has a few hundred bytes. */
export const MAX_BODY_BYTES = 64 * 1024;
export const MAX_HEADER_BYTES = 16 * 1024;
/** A client has this long to send its whole request. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** An idle connection is kept this long. */
export const KEEP_ALIVE_MS = 5_000;
export const MAX_CONNECTIONS = 256;
/** Of one address: nobody alone keeps others, and the health checks, out. */
export const MAX_CONNECTIONS_PER_ADDRESS = 128;
/** A name in an address: names have 64 characters, of which each may take up to twelve when it is encoded. */
export const MAX_PARAM_LENGTH = 1_024;
/** A check that hangs (a journal on a dead disk) counts as failed after this. */
export const READINESS_TIMEOUT_MS = 2_000;

const OTHER_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Requests to the API that one address may make in a minute: a page asks for a handful at a time. */
export const MAX_REQUESTS_PER_MINUTE = 1_200;
/** Addresses whose requests are counted. */
const MAX_COUNTED_ADDRESSES = 5_000;

/**
 * Serves `GET /healthz` (200: alive), `GET /readyz` (200 or 503, with each check) and `GET /metrics` (Prometheus), the HTTP API
 * and the pages; takes `POST /api/v1/voicemail-events` where there is a receiver.
 * @throws where the address is not loopback (without TLS) or cannot be bound
 */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const { host, port } = options.listen;
  if (options.tls === undefined && !isLoopback(host)) {
    throw new Error(
      `admin.listen: plain http is taken on loopback only, and ${host} is not. Use https://${host}:${port} with certificate and keyFile.`,
    );
  }
  const app = createServer(options);
  addRoutes(app, options);
  if (options.voicemailEvents !== undefined) addEventsDoor(app, options.voicemailEvents, options.log);
  let address = options.publicUrl ?? '';
  try {
    if (options.api !== undefined) await addApi(app, options, options.api, () => address);
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`admin.listen: ${host}:${port} cannot be bound (${reason}). Choose another port.`, { cause });
  }
  const { port: bound } = app.server.address() as AddressInfo;
  const scheme = options.tls === undefined ? 'http' : 'https';
  address = options.publicUrl ?? `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`;
  return {
    address,
    port: bound,
    setTls({ certificate, key }) {
      if (app.server instanceof TlsServer) app.server.setSecureContext(secureContext({ certificate, key }));
    },
    close: () => app.close(),
  };
}

async function addApi(
  app: FastifyInstance,
  { version = '0', maxRequestsPerMinute = MAX_REQUESTS_PER_MINUTE, log }: AdminOptions,
  api: () => Api | null,
  origin: () => string,
): Promise<void> {
  const served = { api, origin };
  await app.register(cookie);
  await app.register(async (within) => {
    within.setErrorHandler((error, request, reply) => answerRefusal(error, request, reply, log));
    await within.register(rateLimit, {
      max: maxRequestsPerMinute,
      timeWindow: 60_000,
      cache: MAX_COUNTED_ADDRESSES,
      errorResponseBuilder: (_request, { after }) =>
        new Refusal(429, `Too many requests came from this address: wait ${after}.`),
    });
    await serveOpenApi(within, version);
    serveOperations(within, served);
    serveEvents(within, served);
  });
  await servePages(app);
}

/** What an operation throws, and what was wrong with what came in. */
function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply, log: AdminLog): FastifyReply {
  if (error instanceof Refusal) {
    if (error.retryAfterS !== null) reply.header('retry-after', String(error.retryAfterS));
    return sendProblem(reply, error.status, error.message, error.errors);
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message = 'It is wrong.' }) => ({
      path: instancePath.slice(1).replaceAll('/', '.'),
      message,
    }));
    const where = error.validationContext ?? 'request';
    return sendProblem(reply, 400, `The ${where === 'querystring' ? 'query' : where} cannot be used.`, errors);
  }
  if (error instanceof JournalError && error.code === 'cursor') {
    return sendProblem(reply, 400, 'The query cannot be used.', [{ path: 'after', message: error.message }]);
  }
  if (error instanceof JournalError && JOURNAL_ERRORS[error.code].retryable) {
    log.error({ error: error.message, url: request.routeOptions.url }, 'the journal could not answer an admin request');
    reply.header('retry-after', '2');
    return sendProblem(reply, 503, 'The journal cannot be read or written now; the log says why.');
  }
  return answerError(error as FastifyError, reply, log);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** RFC 9325 3.1.1: nothing older than TLS 1.2. */
function secureContext({ certificate, key }: NonNullable<AdminOptions['tls']>) {
  return { cert: certificate, key, minVersion: 'TLSv1.2' as const };
}

/**
 * By plain http: names that anybody may have lead here would let a page of another site read and write as if it were ours
 * (DNS rebinding). By https no certificate is valid for such a name.
 */
function isOwnName(host: string | undefined, publicUrl: string | undefined): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return host === undefined;
  const { hostname } = new URL(`http://${host}`);
  return (
    isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 ||
    /(^|\.)localhost$/.test(hostname) ||
    (publicUrl !== undefined && hostname === new URL(publicUrl).hostname)
  );
}

function createServer({ log, tls, publicUrl }: AdminOptions): FastifyInstance {
  const limits = {
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS * 2,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle' as const,
    // A proxy on this machine says who comes through it; nobody else is believed.
    trustProxy: publicUrl === undefined ? false : 'loopback',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) =>
      void answerError(error, reply, log),
  };
  const http = { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: REQUEST_TIMEOUT_MS };
  const app = (
    tls === undefined ? fastify({ ...limits, http }) : fastify({ ...limits, https: { ...http, ...secureContext(tls) } })
  ) as FastifyInstance;
  app.server.maxConnections = MAX_CONNECTIONS;
  limitConnections(app.server);
  app.addHook('onRequest', (request, reply, done) => {
    if (tls !== undefined || isOwnName(request.headers.host, publicUrl)) {
      done();
      return;
    }
    // RFC 9110 15.5.20.
    sendProblem(
      reply,
      421,
      'This is not the administration’s name: use localhost, its IP address, or admin.publicUrl.',
    );
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    setSecurityHeaders(reply);
    // RFC 6797: a browser that has seen it once over https comes by no other way.
    if (tls !== undefined) reply.header('strict-transport-security', 'max-age=31536000');
    done(null, payload);
  });
  app.setNotFoundHandler((request, reply) => {
    sendProblem(reply, 404, `There is nothing at ${request.url.split('?', 1)[0] ?? ''}.`);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(error, reply, log));
  return app;
}

function limitConnections(server: NetServer): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    if (count > MAX_CONNECTIONS_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

function addRoutes(app: FastifyInstance, options: AdminOptions): void {
  const readiness = coalesced(() => boundedReadiness(options));
  const pages: Record<string, () => Promise<Page>> = {
    '/healthz': () => Promise.resolve(json(200, { status: 'alive' })),
    async '/readyz'() {
      const told = await readiness();
      return json(told.ready ? 200 : 503, told);
    },
    '/metrics': async () => ({ status: 200, ...(await options.metrics()) }),
  };
  for (const [url, make] of Object.entries(pages)) {
    app.get(url, async (_request, reply) => {
      const { status, contentType, body } = await make();
      return reply.code(status).type(contentType).send(body);
    });
    app.route({
      method: OTHER_METHODS,
      url,
      // Before the body is read.
      onRequest(request, reply) {
        reply.header('allow', 'GET, HEAD');
        sendProblem(reply, 405, `${request.method} is not for ${url}: it can only be read.`);
      },
      handler: (_request, reply) => reply.send(),
    });
  }
}

function json(status: number, body: object): Page {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}

/** Many probes at once are one question. */
function coalesced<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null;
  return () => {
    asked ??= ask().finally(() => {
      asked = null;
    });
    return asked;
  };
}

async function boundedReadiness({ status, log }: AdminOptions): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${READINESS_TIMEOUT_MS / 1000} s`)),
      READINESS_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([status.readiness(), late]);
  } catch (error) {
    log.warn({ err: error }, 'readiness could not be told');
    const detail = error instanceof Error ? error.message : String(error);
    return { ready: false, checks: [{ name: 'readiness', ok: false, detail }] };
  } finally {
    clearTimeout(timer);
  }
}

/** 4xx are the client's business and say what was wrong; of a 5xx the log has the reason and the client has none. */
function answerError(error: FastifyError, reply: FastifyReply, log: AdminLog): FastifyReply {
  const status = error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500;
  if (status >= 500) log.error({ err: error }, 'an admin request failed');
  return sendProblem(
    reply,
    status,
    status >= 500 ? 'The request could not be answered; the log says why.' : error.message,
  );
}
