import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { type AddressInfo, isIP } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { DOCUMENT, ICON, STYLE } from './document.ts';
import type { LabFacts, LabMail } from './types.ts';

export interface SoftphoneOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly facts: LabFacts;
  /** Newest first. */
  readonly mails: () => Promise<readonly LabMail[]>;
}

export interface SoftphoneServer {
  /** `http://127.0.0.1:8081/`. */
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly type: string;
  readonly body: string;
}

/** Serves the softphone's page. It shows the lab's passwords to whoever asks: it is for a lab, on loopback. */
export async function serveSoftphone({ listen, facts, mails }: SoftphoneOptions): Promise<SoftphoneServer> {
  const server = createServer((request, response) => {
    if (!isOwnHost(request.headers.host ?? '')) {
      send(response, { type: 'text/plain', body: 'Open this page as localhost or by its IP address.\n' }, 421);
      return;
    }
    answerTo(request, facts, mails).then(
      (answer) => send(response, answer),
      // What failed names files of this machine.
      () => send(response, { type: 'text/plain', body: 'The lab cannot read this.\n' }, 500),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** By a name of its own another site could have its pages read ours (DNS rebinding): the passwords are in it. */
function isOwnHost(host: string): boolean {
  const name = host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
  return name.toLowerCase() === 'localhost' || isIP(name) !== 0;
}

async function answerTo(
  { url = '', method }: IncomingMessage,
  facts: LabFacts,
  mails: SoftphoneOptions['mails'],
): Promise<Answer | null> {
  if (method !== 'GET') return null;
  const path = url.split('?', 1)[0] ?? '';
  switch (path) {
    case '/':
      return { type: 'text/html', body: DOCUMENT };
    case '/icon.svg':
      return { type: 'image/svg+xml', body: ICON };
    case '/style.css':
      return { type: 'text/css', body: STYLE };
    case '/lab.json':
      return { type: 'application/json', body: JSON.stringify(facts) };
    case '/mails.json':
      return { type: 'application/json', body: JSON.stringify(await mails()) };
    case '/page/main.js':
      return program('main');
    case '/page/phone.js':
      return program('phone');
    default:
      return path.startsWith('/sip.js/') ? library(path.slice('/sip.js/'.length)) : null;
  }
}

/** The page's own program: as built, or from source without its types. */
async function program(name: string): Promise<Answer> {
  const extension = extname(import.meta.url);
  const source = await readFile(new URL(`./page/${name}${extension}`, import.meta.url), 'utf8');
  const plain = extension === '.ts' ? stripTypeScriptTypes(source) : source;
  const body = plain
    .replaceAll("from 'sip.js'", "from '/sip.js/index.js'")
    .replaceAll("from './phone.ts'", "from './phone.js'");
  return { type: 'text/javascript', body };
}

/** SIP.js as it is published: a browser loads its modules as they are. */
async function library(path: string): Promise<Answer | null> {
  if (!/^[\w-]+(\/[\w-]+)*\.js$/.test(path)) return null;
  const root = dirname(createRequire(import.meta.url).resolve('sip.js'));
  const body = await readFile(join(root, path), 'utf8').catch(() => null);
  return body === null ? null : { type: 'text/javascript', body };
}

function send(response: ServerResponse, answer: Answer | null, status = 200): void {
  response.writeHead(answer === null ? 404 : status, {
    'content-type': `${answer?.type ?? 'text/plain'}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Pages of other sites get nothing of the lab, and the page loads nothing of theirs.
    'content-security-policy': "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'",
  });
  response.end(answer?.body ?? 'There is nothing here.\n');
}
