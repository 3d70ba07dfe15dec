import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { CSRF_HEADER, SESSION_COOKIE } from './sign-in/guard.ts';

export const OPENAPI_PATH = '/api/v1/openapi.json';
/** To be read with a browser. */
export const DOCS_PATH = '/api/docs';

/**
 * The OpenAPI 3.1 document, made of the contract. It is open to whoever reaches the listener: it says what everybody can
 * read in the sources, and nothing of this gateway.
 */
export async function serveOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Missed Call Gateway',
        version,
        description: `Lists come in pages: \`next\` is given back as \`after\`. Refusals are application/problem+json (RFC 9457). What changes the policy file wants its ETag in If-Match. With a session, changes want its CSRF token as ${CSRF_HEADER}.`,
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'An API token of an account.' },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'A sign-in by the pages.' },
        },
      },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, {
    routePrefix: DOCS_PATH,
    staticCSP: true,
    uiConfig: { deepLinking: true, displayOperationId: true },
  });
  app.get(OPENAPI_PATH, { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
}
