import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { newSecret } from './ids.ts';

/** Put into index.html by its build, wherever a nonce belongs. */
const NONCE = '__CSP_NONCE__';
/** What the name of a part holds is a digest of it: another part has another name. */
const KEPT_FOREVER = 'public, max-age=31536000, immutable';

/** Where the build puts the pages: beside this file in the package, in `dist` of a checkout. */
function folderOfPages(): string {
  const fromSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSource ? '../../dist/admin/web' : './web', import.meta.url));
}

/** The admin centre: its parts, and its one page for every address that is none of the API's. */
export async function servePages(app: FastifyInstance, folder = folderOfPages()): Promise<void> {
  const index = join(folder, 'index.html');
  const page = existsSync(index) ? readFileSync(index, 'utf8') : null;
  if (page !== null) {
    await app.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      index: false,
      // The build has put `x.js.br` beside `x.js`.
      preCompressed: true,
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (reply) => {
        reply.header('cache-control', KEPT_FOREVER);
        reply.header('content-security-policy', "default-src 'none'");
      },
      schemaHide: true,
    });
  }
  app.get('/', { schema: { hide: true } }, (_request, reply) => sendPage(reply, page));
  // An address within the pages, as a bookmark has it: it may end in a name with a dot, but no page stands at /favicon.ico.
  app.get('/*', { schema: { hide: true } }, (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    if (/^\/(api|assets)(\/|$)|^\/[^/]*\.\w+$/.test(path)) return reply.callNotFound();
    return sendPage(reply, page);
  });
}

function sendPage(reply: FastifyReply, page: string | null): FastifyReply {
  if (page === null) {
    const help =
      'The admin centre is not built here: run `npm run prepare` and start the gateway again. The API is at /api/v1.\n';
    return reply.code(503).type('text/plain; charset=utf-8').send(help);
  }
  const nonce = newSecret();
  return reply
    .headers({
      'content-security-policy': [
        "default-src 'none'",
        `script-src 'self' 'nonce-${nonce}'`,
        `style-src 'self' 'nonce-${nonce}'`,
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ].join('; '),
    })
    .type('text/html; charset=utf-8')
    .send(page.replaceAll(NONCE, nonce));
}
