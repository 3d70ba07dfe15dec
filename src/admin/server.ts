import { type AddressInfo, isIP } from 'node:net';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { addEventsDoor } from './events-door.ts';
import { sendProblem, setSecurityHeaders } from './reply.ts';
import type { Admin, AdminLog, AdminOptions, Readiness } from './types.ts';

/** A voicemail event has a few hundred bytes. */
export const MAX_BODY_BYTES = 64 * 1024;
export const MAX_HEADER_BYTES = 16 * 1024;
/** A client has this long to send its whole request. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** An idle connection is kept this long. */
export const KEEP_ALIVE_MS = 5_000;
export const MAX_CONNECTIONS = 256;
/** A check that hangs (a journal on a dead disk) counts as failed after this. */
export const READINESS_TIMEOUT_MS = 2_000;

const OTHER_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Serves `GET /healthz` (200: alive), `GET /readyz` (200 or 503, with each check) and `GET /metrics` (Prometheus); takes
 * `POST /api/v1/voicemail-events` where there is a receiver.
 * @throws where the address is not loopback (without `allowRemote`) or cannot be bound
 */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const { host, port } = options.listen;
  if (options.allowRemote !== true && !isLoopback(host)) {
    throw new Error(`admin.listen: ${host} is not a loopback address. Use 127.0.0.1 or ::1.`);
  }
  const app = createServer(options.log);
  addRoutes(app, options);
  if (options.voicemailEvents !== undefined) addEventsDoor(app, options.voicemailEvents, options.log);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`admin.listen: ${host}:${port} cannot be bound (${reason}). Choose another port.`, { cause });
  }
  const { port: bound } = app.server.address() as AddressInfo;
  return {
    address: `http://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: () => app.close(),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function createServer(log: AdminLog): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS * 2,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: REQUEST_TIMEOUT_MS },
    forceCloseConnections: 'idle',
    frameworkErrors: (error, _request, reply) => answerError(error, reply, log),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.addHook('onSend', (_request, reply, payload, done) => {
    setSecurityHeaders(reply);
    done(null, payload);
  });
  app.setNotFoundHandler((request, reply) => {
    sendProblem(reply, 404, `There is nothing at ${request.url.split('?', 1)[0] ?? ''}.`);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(error, reply, log));
  return app;
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
function answerError(error: FastifyError, reply: FastifyReply, log: AdminLog): void {
  const status = error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500;
  if (status >= 500) log.error({ err: error }, 'an admin request failed');
  sendProblem(reply, status, status >= 500 ? 'The request could not be answered; the log says why.' : error.message);
}
