import { isToken } from './grammar.ts';
import { canonicalName } from './headers.ts';
import type { HeaderField, SipMessage } from './message.ts';

/** Line breaks, and characters that are no byte: cut to one, U+010A would become a line feed. */
const notPlain = /[\r\n\u0100-\uffff]/;
const notInRequestUri = /[^!-~\u0080-\u00ff]/;

/**
 * The message's bytes. Header names and values go out as they are held; Content-Length is set to the body's length in
 * bytes. Throws where a name or value could smuggle a line in, or holds characters that are no bytes (see `encodeText`):
 * parsed messages never do, so this is an error of the code that wrote the header.
 */
export function serialize(message: SipMessage): Buffer {
  let head = startLine(message);
  let hasContentLength = false;
  for (const field of message.headers.fields) {
    if (isContentLength(field.name)) {
      if (hasContentLength) continue;
      hasContentLength = true;
      head += `${field.name}: ${message.body.length}\r\n`;
    } else {
      assertField(field);
      head += `${field.name}: ${field.value}\r\n`;
    }
  }
  head += hasContentLength ? '\r\n' : `Content-Length: ${message.body.length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + message.body.length);
  bytes.write(head, 'latin1');
  bytes.set(message.body, head.length);
  return bytes;
}

function isContentLength(name: string): boolean {
  // Its two spellings have 14 characters and 1: most names need no look-up.
  return (name.length === 14 || name.length === 1) && canonicalName(name) === 'content-length';
}

function startLine(message: SipMessage): string {
  if (message.kind === 'request') {
    if (!isToken(message.method)) throw new Error(`${JSON.stringify(message.method)} is no SIP method`);
    if (message.uri === '' || notInRequestUri.test(message.uri)) {
      throw new Error(`${JSON.stringify(message.uri)} is no Request-URI`);
    }
    return `${message.method} ${message.uri} SIP/2.0\r\n`;
  }
  if (!Number.isInteger(message.status) || message.status < 100 || message.status > 699) {
    throw new Error(`${message.status} is no SIP status`);
  }
  if (notPlain.test(message.reason)) {
    throw new Error(
      `the reason phrase ${JSON.stringify(message.reason)} holds a line break or characters beyond a byte`,
    );
  }
  return `SIP/2.0 ${message.status} ${message.reason}\r\n`;
}

function assertField(field: HeaderField): void {
  if (!isToken(field.name)) throw new Error(`${JSON.stringify(field.name)} is no header name`);
  if (notPlain.test(field.value) && !isFolded(field.value)) {
    throw new Error(
      `the value ${JSON.stringify(field.value)} of ${field.name} holds a line break or characters beyond a byte`,
    );
  }
}

/** Every line break is CR LF followed by a blank and something more (RFC 3261 7.3.1), every character a byte. */
function isFolded(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > 0xff || code === 0x0a) return false;
    if (code !== 0x0d) continue;
    const next = value.charCodeAt(index + 2);
    if (value.charCodeAt(index + 1) !== 0x0a || (next !== 0x20 && next !== 0x09)) return false;
    index += 2;
  }
  return true;
}
