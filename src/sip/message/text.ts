/**
 * Header text is held as one character per byte (message.ts). People read and write Unicode: these two functions are the
 * way between them (RFC 3261 7.3.1 and 25.1: text in headers is UTF-8).
 */

const beyondAscii = /[\u0080-\uffff]/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Header text for people: its bytes read as UTF-8, or left as latin1 where they are none. */
export function decodeText(latin1: string): string {
  if (!beyondAscii.test(latin1)) return latin1;
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}

/** People's text as header text: its UTF-8 bytes, one character each. */
export function encodeText(unicode: string): string {
  return beyondAscii.test(unicode) ? Buffer.from(unicode, 'utf8').toString('latin1') : unicode;
}
