import { parseFragment } from '../sip/index.ts';
import { answer } from './answers.ts';
import { CDR_VERBS } from './cdr.ts';
import type { Client } from './protocol/client.ts';
import { logRefusal, type EngineCore } from './core.ts';
import { sameSecret } from './ids.ts';
import { sendCancel, sendInDialog } from './outgoing-in-dialog.ts';
import { sendRequest } from './outgoing.ts';
import { METHODS } from './text/requests.ts';
import { noLine, nokLine, okLine, type Command } from './protocol/token-line.ts';

/** srf pings only servers of v0.8.2 or later; we behave as the 0.9.10 which drachtio-protocol.md describes. */
export const VERSION = 'v0.9.10-mcg';

/** One command of an application; exactly one answer (drachtio-protocol 1). */
export function receiveCommand(core: EngineCore, client: Client, command: Command): void {
  const [id = '', type, argument = ''] = command.tokens;
  if (type === undefined) {
    breach(client, id, 'Invalid message format');
    return;
  }
  if (type === 'authenticate') {
    authenticate(core, client, id, argument);
    return;
  }
  if (!client.authenticated) {
    breach(client, id, 'authenticate first');
    return;
  }
  switch (type) {
    case 'sip':
      receiveSip(core, client, command);
      break;
    case 'ping':
      client.send(okLine(id, 'pong'));
      break;
    case 'route':
      // Always OK; a verb that is no lower-case method never matches a request (drachtio-protocol 1.3).
      if (CDR_VERBS.has(argument) || (METHODS.has(argument.toUpperCase()) && argument === argument.toLowerCase())) {
        core.routes.add(argument, client);
      }
      client.send(okLine(id));
      break;
    case 'remove_route':
      core.routes.remove(argument, client);
      client.send(okLine(id));
      break;
    case 'proxy':
      client.send(nokLine(id, 'the embedded engine does not proxy: answer the request, or build on createB2BUA'));
      break;
    default:
      breach(client, id, 'Unknown message type');
  }
}

/** `NO` is for breaches of the protocol; the connection ends with it. */
function breach(client: Client, id: string, reason: string): void {
  client.send(noLine(id, reason));
  client.end();
}

function authenticate(core: EngineCore, client: Client, id: string, secret: string): void {
  if (!sameSecret(secret, core.secret)) {
    logRefusal(core, `application ${client.name}: incorrect secret`);
    breach(client, id, 'incorrect secret');
    return;
  }
  client.admit();
  if (!core.applications.has(client)) {
    core.applications.add(client);
    core.log('info', `application ${client.name} is connected`);
  }
  const { addresses } = core.stack;
  const shown = addresses.map(({ protocol, host, port }) => hostPort(protocol, host, port)).join(',');
  const bound = addresses.map(({ protocol, address, port }) => hostPort(protocol, address, port)).join(',');
  client.send(okLine(id, `${shown}|${VERSION}|${bound}`));
}

function hostPort(protocol: string, host: string, port: number): string {
  return `${protocol}/${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `sip|<txnId>|<dialogId>[|<routeUrl>]`, in the order of decision of drachtio-protocol 1.4. */
function receiveSip(core: EngineCore, client: Client, command: Command): void {
  const [id = '', , txnId = '', dialogId = '', routeUrl = ''] = command.tokens;
  if (command.text === null) {
    breach(client, id, 'Invalid message format');
    return;
  }
  const parsed = parseFragment(command.text);
  if (!parsed.ok) {
    client.send(nokLine(id, refusalOf(command.text, parsed.problem)));
    return;
  }
  const app = parsed.message;
  if (app.kind === 'response') {
    if (txnId === '') {
      breach(client, id, 'transaction id missing');
    } else {
      answer(core, client, id, txnId, app);
    }
  } else if (!METHODS.has(app.method)) {
    client.send(nokLine(id, `invalid request-uri: ${app.method} ${app.uri} SIP/2.0`));
  } else if (dialogId !== '') {
    sendInDialog(core, client, id, dialogId, app);
  } else if (txnId === '') {
    sendRequest(core, client, id, app, routeUrl);
  } else if (app.method === 'CANCEL') {
    sendCancel(core, client, id, txnId, app);
  } else {
    client.send(nokLine(id, `only CANCEL may name a transaction, not ${app.method}`));
  }
}

/** `text` is no SIP message. Line breaks of its own must not get into our first line. */
function refusalOf(text: Buffer, problem: string): string {
  const end = text.indexOf('\r');
  const startLine = text.toString('latin1', 0, end === -1 ? text.length : end);
  const inHeaders = /^(Bad Header Line|Bad Line End|Too Many Header Fields)/.test(problem);
  const reason = startLine.startsWith('SIP/') || inHeaders ? problem : `invalid request-uri: ${startLine} (${problem})`;
  return reason.replace(/[\r\n|]/g, ' ').slice(0, 300);
}
