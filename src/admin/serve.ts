import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Permission } from '../cmdlet/index.ts';
import type { Api } from './served.ts';
import { type OperationName, OPERATIONS } from './contract.ts';
import { type Operation, problem } from './contract/operation.ts';
import { type Answer, type Asked, type Cookie, type Handler, Refusal } from './handlers.ts';
import { sendProblem } from './reply.ts';
import { identify } from './sign-in/guard.ts';
import type { Identity } from './sign-in/sessions.ts';
import { MAX_OWN_CHANGES } from './sign-in/throttle.ts';

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity | null;
    api: Api | null;
  }
}

export interface ServeOptions {
  /** Null while the gateway starts. */
  readonly api: () => Api | null;
  /** `https://admin.example.com`, as browsers reach it. */
  readonly origin: () => string;
}

/** Whoever has one of these does it for others. */
const MANAGING: readonly Permission[] = ['policy.write', 'mailboxes.write', 'mailboxes.switch', 'accounts.write'];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A route for each operation of the contract: who may, what goes in, what comes out, and how refusals leave. */
export function serveOperations(app: FastifyInstance, options: ServeOptions): void {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // A form of another site can post text without asking first; nothing here reads it.
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('identity', null);
  app.decorateRequest('api', null);
  const methods = new Map<string, string[]>();
  for (const [name, operation] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    methods.set(operation.path, [...(methods.get(operation.path) ?? []), operation.method]);
    if (name !== 'events') addRoute(app, name, operation, options);
  }
  for (const [url, allowed] of methods) refuseOthers(app, url, allowed);
}

function addRoute(
  app: FastifyInstance,
  name: Exclude<OperationName, 'events'>,
  operation: Operation,
  options: ServeOptions,
): void {
  app.route({
    method: operation.method,
    url: operation.path,
    ...(operation.maxBodyBytes === undefined ? {} : { bodyLimit: operation.maxBodyBytes }),
    schema: schemaOf(name, operation),
    // Before the body is read.
    onRequest: (request, reply) => admit(request, reply, operation, options),
    async handler(request, reply) {
      const api = request.api;
      if (api === null) return reply;
      const ifMatch = versionOf(request);
      if (operation.versioned === true && operation.method !== 'GET' && ifMatch === null) {
        throw new Refusal(428, 'Say in If-Match which version of the policy file the change is based on (its ETag).');
      }
      const handler = api.handlers[name] as unknown as Handler<Operation>;
      const answer = await handler(askedOf(request, reply, ifMatch, options));
      return send(reply, operation, answer);
    },
  });
}

function schemaOf(name: string, operation: Operation): object {
  const { summary, tag, permission, params, query, body, response, contentType } = operation;
  return {
    operationId: name,
    summary,
    tags: [tag],
    description: permission === 'anyone' ? 'Without a sign-in.' : `Permission: ${permission}.`,
    security: permission === 'anyone' ? [] : [{ token: [] }, { session: [] }],
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    response: {
      ...(response === null
        ? { 204: z.undefined().describe('Done.') }
        : {
            200:
              contentType === undefined
                ? response
                : { description: summary, content: { [contentType]: { schema: response } } },
          }),
      '4xx': { description: 'A refusal', content: { 'application/problem+json': { schema: problem } } },
    },
  };
}

/** Answers where the request may not go on. */
export async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  { api: current, origin }: ServeOptions,
): Promise<void> {
  const api = current();
  request.api = api;
  if (api === null) {
    reply.header('retry-after', '1');
    sendProblem(reply, 503, 'The gateway is starting: ask again in a moment.');
    return;
  }
  const { permission } = operation;
  const found = await identify(request, api.sessions, { changes: operation.method !== 'GET', origin: origin() });
  if ('refused' in found && (permission !== 'anyone' || found.isForeign === true)) {
    if (found.status === 401) reply.header('www-authenticate', 'Bearer realm="missed-call-gateway"');
    sendProblem(reply, found.status, found.refused);
    return;
  }
  if ('refused' in found) return;
  request.identity = found;
  const { name, permissions } = found.caller;
  if (permission !== 'anyone' && permission !== 'signed-in' && !permissions.has(permission)) {
    const who = found.session === null ? 'this token or its account has not' : 'none of your roles comes with';
    sendProblem(reply, 403, `This needs the permission ${permission}, which ${who}.`);
    return;
  }
  // Whoever manages nothing has few things to change, and shall not push out of the audit what others did.
  if (operation.method === 'GET' || MANAGING.some((one) => permissions.has(one))) return;
  const waitS = Math.ceil(api.ownChanges.take(name) / 1_000);
  if (waitS === 0) return;
  reply.header('retry-after', String(waitS));
  sendProblem(reply, 429, `You have changed ${MAX_OWN_CHANGES} things within an hour: wait ${waitS} s.`);
}

function askedOf(
  request: FastifyRequest,
  reply: FastifyReply,
  ifMatch: string | null,
  { origin }: ServeOptions,
): Asked<Operation> {
  const abort = new AbortController();
  reply.raw.once('close', () => abort.abort());
  const caller = request.identity?.caller ?? {
    name: '',
    by: 'anyone' as const,
    source: request.ip,
    permissions: new Set<never>(),
    mailbox: null,
  };
  return {
    params: request.params as never,
    query: request.query as never,
    body: request.body,
    caller,
    identity: request.identity,
    ifMatch,
    url: new URL(request.url, origin()),
    cookies: request.cookies,
    signal: abort.signal,
  };
}

/** RFC 9110 13.1.1; a weak one names no version. */
function versionOf(request: FastifyRequest): string | null {
  return /^"([^"]{1,256})"$/.exec(request.headers['if-match'] ?? '')?.[1] ?? null;
}

function send(reply: FastifyReply, operation: Operation, answer: Answer<Operation>): FastifyReply {
  const { body, etag, cookies = [], redirect } = answer;
  if (etag !== undefined) reply.header('etag', `"${etag}"`);
  for (const cookie of cookies) setCookie(reply, cookie);
  if (redirect !== undefined) return reply.redirect(redirect, 303);
  if (operation.contentType === 'text/csv') {
    const file = operation.path.split('/').at(-1) ?? 'export.csv';
    reply.header('content-disposition', `attachment; filename="${file}"`).type('text/csv; charset=utf-8');
    return reply.serializer((text: string) => text).send(Readable.from(body as AsyncIterable<string>));
  }
  if (operation.contentType === 'text/html') return sendMail(reply, String(body));
  if (operation.response === null) return reply.code(204).send();
  return reply.send(body);
}

/** A mail as it will look: in a frame of ours, where nothing in it runs or loads. */
function sendMail(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .headers({
      'content-security-policy':
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
      'x-frame-options': 'SAMEORIGIN',
    })
    .type('text/html; charset=utf-8')
    .serializer((text: string) => text)
    .send(html);
}

/** `__Host-`: of this host alone, over https alone (or to loopback, which browsers trust as much), for no script to read. */
function setCookie(reply: FastifyReply, { name, value, sameSite, maxAgeS }: Cookie): void {
  const options = { path: '/', secure: true, httpOnly: true, sameSite } as const;
  if (value === null) reply.clearCookie(name, options);
  else reply.setCookie(name, value, { ...options, ...(maxAgeS === undefined ? {} : { maxAge: maxAgeS }) });
}

function refuseOthers(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : [])].join(', ');
  app.route({
    method: [...METHODS.filter((method) => !allowed.includes(method)), 'OPTIONS'],
    url,
    schema: { hide: true },
    onRequest(request, reply) {
      reply.header('allow', allow);
      sendProblem(reply, 405, `${request.method} is not for ${url}: there is ${allow}.`);
    },
    handler: (_request, reply) => reply.send(),
  });
}
